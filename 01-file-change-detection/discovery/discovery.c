/* SPDX-License-Identifier: MIT */
/*
 * Three steps, each only if the previous one found something:
 *
 *     1. stat every file of the last build        one call each; nothing differs: done
 *        and every absent path                    one that appeared, or a file that is gone: the
 *        ask for every value                      files that asked for it are looked at as well
 *     2. read and hash the files that differ      same imports as recorded: update records, done
 *     3. walk the graph from the entry            files came or went: make a new table
 *
 * A cold build has no last build and starts at step 3.
 */
#include "discovery.h"

#include "next_table.h"
#include "search_internal.h"
#include "wrong_imports.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

static int end_cancelled(Search *search)
{
    return search->found->error = -ECANCELED;
}

/* ---- step 3 ------------------------------------------------------------------------------ */

static bool is_entry(const DiscoveryRequest *request, Slice path)
{
    bool is_one = slice_equal(path, request->entry);
    for (uint32_t i = 0; i < request->more_entry_count; i++)
        is_one |= slice_equal(path, request->more_entries[i]);
    return is_one;
}

/* A file that exists and cannot be read is a failure of the machine; so is a missing entry. Of two,
 * the first in path order is reported. */
static void look_for_failure(const Search *search, const Reading *reading, const Reading **failure)
{
    if (reading->error == 0 ||
        (wrong_import_error(reading->error) && !is_entry(search->request, reading->path)))
        return;
    if (*failure == NULL || slice_compare(reading->path, (*failure)->path) < 0)
        *failure = reading;
}

static int check_readable(const Search *search, const GraphWalk *walk)
{
    Discovery *found = search->found;
    const Reading *failure = NULL;
    for (uint32_t i = 0; i < search->cache->count; i++)
        if (walk->roles[i] != IMPORT_VALUE && search->readings[i] != NULL)
            look_for_failure(search, search->readings[i], &failure);
    for (uint32_t i = 0; i < walk->added_count; i++)
        look_for_failure(search, walk->added[i], &failure);
    if (failure == NULL)
        return 0;
    found->error = failure->error;
    found->error_path = arena_copy(search->scratch[0].arena, failure->path);
    return found->error;
}

static int refuse_program(Search *search, int error)
{
    search->found->error_path = search->request->entry.data;
    return search->found->error = error;
}

/* The last build's values that are others now, by their places in the new table. */
static void note_new_values(Search *search, const FileHashCache *last, const FileHashCache *next)
{
    Discovery *found = search->found;
    found->changed_values = memory_allocate((last->value_count + 1) * sizeof(uint32_t));
    for (uint32_t i = 0; i < last->value_count; i++) {
        if (!asked_values_differs(search->values, i))
            continue;
        uint32_t place = file_hash_cache_find_value(next, last->values[i].kind,
                                                    file_hash_cache_value_name(last, i));
        if (place != FILE_NONE)
            found->changed_values[found->changed_value_count++] = place;
    }
}

/* Makes the files of the walk the cache's table. */
static int make_table(Search *search, const GraphWalk *walk, const WalkInput *input)
{
    NextTable next = {0};
    int status = next_table_make(&next, search->found, walk, input);
    if (status != 0) {
        next_table_free(&next);
        return refuse_program(search, status);
    }
    status = wrong_imports_report(&next, search->found, walk, input);
    note_new_values(search, search->cache, &next.files);
    search->was_renumbered = true;
    file_hash_cache_close(search->cache);
    *search->cache = next.files;
    search->cache->has_gaps = status != 0;
    next_table_free(&next);
    return status;
}

static int walk_from_entry(Search *search)
{
    WalkInput input = {search->request, &search->clock,  search->cache,
                       search->readings, search->scratch, search->asked, search->values};
    GraphWalk *walk = memory_allocate_zeroed(1, sizeof *walk);
    search->found->walk = walk;
    graph_walk(walk, &input);
    if (search_was_cancelled(search))
        return end_cancelled(search);
    if (walk->has_too_many_names)
        return refuse_program(search, -EMLINK);
    if (walk->has_too_many_files)
        return refuse_program(search, -E2BIG);
    search->found->files_stat += walk->added_count;
    for (uint32_t i = 0; i < walk->added_count; i++)
        search_count_reading(search->found, walk->added[i]);
    for (uint32_t i = 0; i < search->cache->count; i++)
        if (search->is_current[i] && !search_is_redirected(search, i) &&
            search->readings[i] != NULL)
            search_count_reading(search->found, search->readings[i]);
    int status = check_readable(search, walk);
    return status == 0 ? make_table(search, walk, &input) : status;
}

/* ---- all together ------------------------------------------------------------------------ */

static void report_files(const Search *search)
{
    static const Decision decisions[] = {
        [FILE_TOUCHED] = DECISION_FILE_TOUCHED,
        [FILE_CHANGED] = DECISION_FILE_CHANGED,
        [FILE_ADDED] = DECISION_FILE_ADDED,
        [FILE_REDIRECTED] = DECISION_FILE_REDIRECTED,
        [FILE_OTHER_INPUT] = DECISION_FILE_OTHER_INPUT,
        [FILE_OTHER_ROLE] = DECISION_FILE_OTHER_ROLE,
    };
    const Discovery *found = search->found;
    const Observer *observer = search->request->observer;
    size_t next = 0; /* of the changes, which ascend by file */
    if (!observer_listens(observer))
        return;
    for (uint32_t i = 0; i < found->changed_value_count; i++)
        observe(observer, DECISION_VALUE_CHANGED,
                file_hash_cache_value_name(search->cache, found->changed_values[i]));
    for (uint32_t i = 0; i < search->cache->count; i++) {
        Slice path = file_hash_cache_path(search->cache, i);
        if (next < found->change_count && found->changes[next].file == i)
            observe(observer, decisions[found->changes[next++].kind], path);
        else
            observe(observer, DECISION_FILE_UNCHANGED, path);
    }
}

static bool same_entries(const Search *search)
{
    const DiscoveryRequest *request = search->request;
    const FileHashCache *cache = search->cache;
    if (request->more_entry_count != cache->more_entry_count)
        return false;
    for (uint32_t i = 0; i < request->more_entry_count; i++)
        if (!slice_equal(request->more_entries[i],
                         file_hash_cache_path(cache, cache->more_entries[i])))
            return false;
    return true;
}

/* What another language recorded of absent paths, one without resolve cannot use. */
static bool can_start_from(const FileHashCache *cache, const DiscoveryRequest *request)
{
    return !cache->has_gaps && slice_equal(cache->entry, request->entry) &&
           (cache->absent_count == 0 || request->resolve != NULL);
}

static int run_steps(Search *search)
{
    if (!can_start_from(search->cache, search->request))
        file_hash_cache_replace(search->cache, search->request->entry, NULL, 0);
    bool is_cold = search->cache->count == 0;
    bool has_same_entries = same_entries(search);
    search->found->last_count = search->cache->count;
    search_stat_last(search);
    if (search_was_cancelled(search))
        return end_cancelled(search);
    if (!is_cold && search->stale_count == 0 && has_same_entries)
        return 0;
    /* Before anything is read: anything written after this has a stamp that is not older. */
    if (search->request->clock_dir_fd >= 0)
        search->found->clock_error =
            file_clock_probe(&search->clock, search->request->clock_dir_fd);
    search->readings =
        memory_allocate_zeroed(search->cache->count + 1, sizeof *search->readings);
    if (!is_cold) {
        search_read_stale(search);
        if (search_was_cancelled(search))
            return end_cancelled(search);
        if (has_same_entries && search_graph_is_unchanged(search)) {
            search_update_records(search);
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
    if (search->request->reader != NULL || !search->clock.is_new ||
        fstatat(dir_fd, ".", &directory, 0) != 0)
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

/* In the table as it is; a new one has them already. */
static void update_values(Search *search)
{
    FileHashCache *cache = search->cache;
    if (search->was_renumbered)
        return;
    note_new_values(search, cache, cache);
    for (uint32_t i = 0; i < search->found->changed_value_count; i++) {
        uint32_t place = search->found->changed_values[i];
        file_hash_cache_set_value(cache, place,
                                  asked_values_last(search->values, place)->content);
    }
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
    if (found->error == 0) {
        update_values(&search);
        discovery_add_dependents(found, cache);
        found->values_asked = asked_values_count(search.values);
    }
    asked_values_close(search.values);
    if (search.asked != NULL)
        found->files_stat += asked_paths_count(search.asked);
    asked_paths_close(search.asked);
    found->lacks_ctime = sources_lack_ctime(&search);
    if (found->error == 0)
        report_files(&search);

    for (unsigned i = 0; i < workers; i++) {
        memory_free(search.scratch[i].scan.items);
        memory_free(search.scratch[i].candidates.items);
    }
    memory_free(search.scratch);
    memory_free(search.is_current);
    memory_free(search.is_gone);
    memory_free(search.is_redirected);
    memory_free(search.stale);
    memory_free(search.readings);
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
    memory_free(found->walk);
    memory_free(found->changes);
    memory_free(found->changed_values);
    memory_free(found->old_number);
    memory_free(found->arenas);
    *found = (Discovery){0};
}
