/* SPDX-License-Identifier: MIT */
/*
 * Three steps, each only if the previous one found something:
 *
 *     1. stat every file of the last build        one call each; nothing differs: done
 *     2. read and hash the files that differ      same imports as recorded: update records, done
 *     3. walk the graph from the entry            files came or went: make a new table
 *
 * A cold build has no last build and starts at step 3.
 */
#include "discovery.h"

#include "graph_walk.h"
#include "wrong_imports.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

typedef struct Search {
    Discovery *found;
    const DiscoveryRequest *request;
    FileHashCache *cache;
    FileClock clock;
    ReadingScratch *scratch; /* per worker */
    bool *is_current;        /* per file of the last build: its stat says unchanged */
    uint32_t *stale;         /* the others, ascending */
    uint32_t stale_count;
    Reading **readings;      /* per file of the last build; NULL: unchanged */
} Search;

/* ---- step 1 ------------------------------------------------------------------------------ */

static void stat_file(void *arg, size_t index, unsigned worker)
{
    Search *search = arg;
    FileStamp now;
    (void)worker;
    search->is_current[index] = file_hash_cache_is_current(
        search->cache, search->request->dir_fd, (uint32_t)index, &now);
}

static void stat_all(Search *search)
{
    uint32_t count = search->cache->count;
    search->is_current = memory_allocate_zeroed(count + 1, sizeof *search->is_current);
    if (!search->request->trust_nothing)
        executor_run(search->request->executor, count, stat_file, search);
    search->found->files_stat += count;

    for (uint32_t i = 0; i < count; i++)
        search->stale_count += !search->is_current[i];
    search->stale = memory_allocate((search->stale_count + 1) * sizeof *search->stale);
    for (uint32_t i = 0, n = 0; i < count; i++)
        if (!search->is_current[i])
            search->stale[n++] = i;
}

/* ---- step 2 ------------------------------------------------------------------------------ */

static void read_stale(void *arg, size_t index, unsigned worker)
{
    Search *search = arg;
    uint32_t file = search->stale[index];
    ReadingScratch *scratch = &search->scratch[worker];
    Reading *reading = arena_allocate(scratch->arena, sizeof *reading);
    source_read(reading, search->request, &search->clock,
                file_hash_cache_path(search->cache, file),
                &search->cache->records[file], scratch);
    search->readings[file] = reading;
}

static bool same_imports(const FileHashCache *cache, uint32_t file, const Reading *reading)
{
    const FileRecord *record = &cache->records[file];
    if (!reading->is_scanned)
        return true;
    if (reading->import_count != record->import_count)
        return false;
    for (uint32_t i = 0; i < record->import_count; i++) {
        uint32_t target = cache->imports[record->first_import + i];
        if (reading->imports[i].error != PATH_OK ||
            !slice_equal(reading->imports[i].path, file_hash_cache_path(cache, target)))
            return false;
    }
    return true;
}

static void count_reading(Discovery *found, const Reading *reading)
{
    if (reading->error != 0)
        return;
    found->files_hashed++;
    found->bytes_read += reading->source.size;
}

static bool graph_is_unchanged(const Search *search)
{
    for (uint32_t i = 0; i < search->stale_count; i++) {
        const Reading *reading = search->readings[search->stale[i]];
        if (reading->error != 0 || !same_imports(search->cache, search->stale[i], reading))
            return false;
    }
    return true;
}

static void add_change(Discovery *found, uint32_t file, FileChangeKind kind,
                       const Reading *reading)
{
    found->changes[found->change_count++] = (FileChange){file, kind, reading->source};
}

static void update_records(Search *search)
{
    search->found->changes = memory_allocate((search->stale_count + 1) * sizeof(FileChange));
    for (uint32_t i = 0; i < search->stale_count; i++) {
        uint32_t file = search->stale[i];
        const Reading *reading = search->readings[file];
        const FileRecord *record = &search->cache->records[file];
        bool same = hash_equal(record->content, reading->content);
        add_change(search->found, file, same ? FILE_TOUCHED : FILE_CHANGED, reading);
        if (!same || memcmp(&record->known, &reading->known, sizeof record->known) != 0)
            file_hash_cache_set(search->cache, file, &reading->known, reading->content);
    }
}

/* ---- step 3 ------------------------------------------------------------------------------ */

static int compare_nodes(const void *a, const void *b)
{
    const WalkNode *const *left = a, *const *right = b;
    return slice_compare((*left)->path, (*right)->path);
}

/* A file that exists and cannot be read is a failure of the machine; so is a missing entry. */
static int check_readable(Search *search, const GraphWalk *walk)
{
    Discovery *found = search->found;
    const WalkNode *worst = NULL;
    for (uint32_t n = 0; n < walk->count; n++) {
        const WalkNode *node = walk->nodes[n];
        if (node->reading == NULL || node->reading->error == 0)
            continue;
        if (n != 0 && wrong_import_error(node->reading->error))
            continue;
        if (worst == NULL || slice_compare(node->path, worst->path) < 0)
            worst = node;
    }
    if (worst == NULL)
        return 0;
    found->error = worst->reading->error;
    found->error_path = arena_copy(search->scratch[0].arena, worst->path);
    return found->error;
}

/* True of the node of an import that leads nowhere. */
static bool is_no_file(const WalkNode *node)
{
    return node->reading != NULL && node->reading->error != 0;
}

static uint32_t number_of_target(const GraphWalk *walk, const NodeImport *import)
{
    return import->node == FILE_NONE ? FILE_NONE : walk->nodes[import->node]->number;
}

/* ---- the new table ----------------------------------------------------------------------- */

typedef struct TableLoop { /* one slot of each array per file */
    Search *search;
    const GraphWalk *walk;
    WalkNode **sorted;
    FileEntry *entries;
    bool *is_change, *is_kept; /* the second, per file of the last build */
} TableLoop;

static FileEntry entry_of(const Search *search, const GraphWalk *walk, const WalkNode *node,
                          Arena *arena)
{
    FileEntry entry = {.path = node->path, .import_count = node->import_count};
    if (node->reading != NULL) {
        entry.known = node->reading->known;
        entry.content = node->reading->content;
    } else {
        entry.known = search->cache->records[node->old_file].known;
        entry.content = search->cache->records[node->old_file].content;
    }
    uint32_t *imports = arena_allocate(arena, node->import_count * sizeof *imports);
    for (uint32_t i = 0; i < node->import_count; i++)
        imports[i] = number_of_target(walk, &node->imports[i]);
    entry.imports = imports;
    return entry;
}

static FileChangeKind kind_of_change(const WalkNode *node)
{
    if (node->old_file == FILE_NONE)
        return FILE_ADDED;
    return node->reading->is_scanned ? FILE_CHANGED : FILE_TOUCHED;
}

static void make_entry(void *arg, size_t index, unsigned worker)
{
    const TableLoop *loop = arg;
    Discovery *found = loop->search->found;
    const WalkNode *node = loop->sorted[index];
    loop->entries[index] =
        entry_of(loop->search, loop->walk, node, loop->search->scratch[worker].arena);
    found->old_number[index] = node->old_file;
    if (node->old_file != FILE_NONE)
        loop->is_kept[node->old_file] = true;
    loop->is_change[index] = node->reading != NULL;
    if (node->reading != NULL)
        found->changes[index] =
            (FileChange){(uint32_t)index, kind_of_change(node), node->reading->source};
}

/* Closes the gaps of files without a change. */
static void collect_changes(Discovery *found, const bool *is_change, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (is_change[i])
            found->changes[found->change_count++] = found->changes[i];
}

static void report_removed(Search *search, const bool *is_kept)
{
    for (uint32_t i = 0; i < search->cache->count; i++) {
        if (is_kept[i])
            continue;
        search->found->removed++;
        observe(search->request->observer, DECISION_FILE_REMOVED,
                file_hash_cache_path(search->cache, i));
    }
}

/* True if files came, went or moved; false if only imports between the same files differ. */
static bool numbers_differ(const Search *search, uint32_t count)
{
    if (count != search->cache->count)
        return true;
    for (uint32_t i = 0; i < count; i++)
        if (search->found->old_number[i] != i)
            return true;
    return false;
}

/* The nodes that are files, in path order, numbered. The others' number is FILE_NONE. */
static uint32_t sort_files(const GraphWalk *walk, WalkNode **sorted)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < walk->count; i++) {
        walk->nodes[i]->number = FILE_NONE;
        if (!is_no_file(walk->nodes[i]))
            sorted[count++] = walk->nodes[i];
    }
    qsort(sorted, count, sizeof *sorted, compare_nodes);
    for (uint32_t i = 0; i < count; i++)
        sorted[i]->number = i;
    return count;
}

static int refuse_program(Search *search, int error)
{
    search->found->error_path = search->request->entry.data;
    return search->found->error = error;
}

/* Makes the files of the walk the cache's table. */
static int make_table(Search *search, const GraphWalk *walk)
{
    Discovery *found = search->found;
    FileHashCache *cache = search->cache;
    TableLoop loop = {.search = search, .walk = walk};
    loop.sorted = memory_allocate((walk->count + 1) * sizeof *loop.sorted);
    loop.entries = memory_allocate((walk->count + 1) * sizeof *loop.entries);
    loop.is_change = memory_allocate((walk->count + 1) * sizeof *loop.is_change);
    loop.is_kept = memory_allocate_zeroed(cache->count + 1, sizeof *loop.is_kept);
    uint32_t count = sort_files(walk, loop.sorted);

    found->changes = memory_allocate((count + 1) * sizeof *found->changes);
    found->old_number = memory_allocate((count + 1) * sizeof *found->old_number);
    executor_run(search->request->executor, count, make_entry, &loop);
    collect_changes(found, loop.is_change, count);
    report_removed(search, loop.is_kept);
    found->renumbered = numbers_differ(search, count);
    int status = file_hash_cache_replace(cache, search->request->entry, loop.entries, count);
    free(loop.is_kept);
    free(loop.is_change);
    free(loop.entries);
    free(loop.sorted);
    return status == 0 ? 0 : refuse_program(search, status);
}

static int walk_from_entry(Search *search)
{
    WalkInput input = {search->request, &search->clock, search->cache, search->readings,
                       search->scratch};
    GraphWalk *walk = memory_allocate_zeroed(1, sizeof *walk);
    search->found->walk = walk;
    graph_walk(walk, &input);
    if (walk->has_too_many_names)
        return refuse_program(search, -EMLINK);
    if (walk->has_too_many_files)
        return refuse_program(search, -E2BIG);
    search->found->files_stat += walk->files_read;
    for (uint32_t n = 0; n < walk->count; n++)
        if (walk->nodes[n]->old_file == FILE_NONE)
            count_reading(search->found, walk->nodes[n]->reading);
    int status = check_readable(search, walk);
    if (status != 0)
        return status;
    status = make_table(search, walk);
    if (status != 0)
        return status;
    status = wrong_imports_report(walk, &input);
    search->cache->has_gaps = status != 0;
    return status;
}

/* ---- all together ------------------------------------------------------------------------ */

static void report_files(const Search *search)
{
    static const Decision decisions[] = {
        [FILE_TOUCHED] = DECISION_FILE_TOUCHED,
        [FILE_CHANGED] = DECISION_FILE_CHANGED,
        [FILE_ADDED] = DECISION_FILE_ADDED,
    };
    const Discovery *found = search->found;
    const Observer *observer = search->request->observer;
    size_t next = 0; /* of the changes, which ascend by file */
    if (!observer_listens(observer))
        return;
    for (uint32_t i = 0; i < search->cache->count; i++) {
        Slice path = file_hash_cache_path(search->cache, i);
        if (next < found->change_count && found->changes[next].file == i)
            observe(observer, decisions[found->changes[next++].kind], path);
        else
            observe(observer, DECISION_FILE_UNCHANGED, path);
    }
}

static int run_steps(Search *search)
{
    if (search->cache->has_gaps || !slice_equal(search->cache->entry, search->request->entry))
        file_hash_cache_replace(search->cache, search->request->entry, NULL, 0);
    bool is_cold = search->cache->count == 0;
    if (!is_cold) {
        stat_all(search);
        if (search->stale_count == 0)
            return 0;
    }
    /* Before anything is read: anything written after this has a stamp that is not older. */
    if (search->request->clock_dir_fd >= 0)
        search->found->clock_error =
            file_clock_probe(&search->clock, search->request->clock_dir_fd);
    search->readings =
        memory_allocate_zeroed(search->cache->count + 1, sizeof *search->readings);
    if (!is_cold) {
        executor_run(search->request->executor, search->stale_count, read_stale, search);
        for (uint32_t i = 0; i < search->stale_count; i++)
            count_reading(search->found, search->readings[search->stale[i]]);
        if (graph_is_unchanged(search)) {
            update_records(search);
            return 0;
        }
    }
    return walk_from_entry(search);
}

/* On the device of the caches, the probe has tested this. Nothing is written beside the sources
 * just to find out; on another device, one file whose ctime differs from its mtime proves that
 * there is one. */
static bool sources_lack_ctime(const Search *search)
{
    struct stat directory;
    int dir_fd = search->request->dir_fd;
    if (!search->clock.is_new || fstatat(dir_fd, ".", &directory, 0) != 0)
        return false;
    if ((uint64_t)directory.st_dev == search->clock.device)
        return search->clock.lacks_ctime;
    for (uint32_t i = 0; i < search->cache->count; i++) {
        const FileStamp *stamp = &search->cache->records[i].known.stamp;
        if (stamp->mtime_ns != stamp->ctime_ns)
            return false;
    }
    return !file_system_is_local(dir_fd);
}

int discover(Discovery *found, const DiscoveryRequest *request, FileHashCache *cache)
{
    Search search = {.found = found, .request = request, .cache = cache};
    unsigned workers = request->executor->workers;
    found->arenas = memory_allocate_zeroed(workers, sizeof *found->arenas);
    found->arena_count = workers;
    search.scratch = memory_allocate_zeroed(workers, sizeof *search.scratch);
    for (unsigned i = 0; i < workers; i++) {
        found->arenas[i].source = request->executor->chunks;
        search.scratch[i] = (ReadingScratch){.arena = &found->arenas[i], .secret = cache->secret};
    }

    int status = run_steps(&search);
    found->lacks_ctime = sources_lack_ctime(&search);
    if (found->error == 0)
        report_files(&search);

    for (unsigned i = 0; i < workers; i++)
        free(search.scratch[i].scan.items);
    free(search.scratch);
    free(search.is_current);
    free(search.stale);
    free(search.readings);
    return status;
}

void discovery_forget_sources(Discovery *found)
{
    if (found->walk != NULL)
        graph_walk_free(found->walk);
    for (unsigned i = 0; i < found->arena_count; i++)
        arena_free(&found->arenas[i]);
}

void discovery_free(Discovery *found)
{
    discovery_forget_sources(found);
    free(found->walk);
    free(found->changes);
    free(found->old_number);
    free(found->arenas);
    *found = (Discovery){0};
}
