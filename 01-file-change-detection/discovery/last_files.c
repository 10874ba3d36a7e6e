/* SPDX-License-Identifier: MIT */
/* Steps 1 and 2 of discovery: what became of the files of the last build. */
#include "search_internal.h"

bool search_was_cancelled(const Search *search)
{
    bool is_cancelled = false;
    for (unsigned i = 0; i < search->request->executor->workers; i++)
        is_cancelled |= search->scratch[i].is_cancelled;
    return is_cancelled;
}

/* ---- step 1 ------------------------------------------------------------------------------ */

static void stat_file(void *arg, size_t index, unsigned worker)
{
    Search *search = arg;
    const DiscoveryRequest *request = search->request;
    const FileHashCache *cache = search->cache;
    FileStamp now;
    if (reading_is_cancelled(request, &search->scratch[worker]))
        return;
    int status = source_stamp(request->reader, request->dir_fd,
                              file_hash_cache_path(cache, (uint32_t)index).data, &now);
    search->is_current[index] = file_stamp_proves(&cache->records[index].known, &now);
    if (search->is_gone != NULL)
        search->is_gone[index] = status != 0;
}

static bool may_lead_elsewhere(const Search *search, uint32_t number)
{
    if (number < search->cache->count)
        return search->is_gone[number];
    return number - search->cache->count < search->cache->absent_count &&
           !asked_paths_last(search->asked, number)->is_absent;
}

static void look_for_redirected(void *arg, size_t index, unsigned worker)
{
    Search *search = arg;
    const FileRecord *record = &search->cache->records[index];
    (void)worker;
    for (uint32_t i = 0; i < record->import_count; i++)
        search->is_redirected[index] |=
            may_lead_elsewhere(search, search->cache->imports[record->first_import + i]);
}

/* Nothing is known of a file that must not be trusted, nor of where its imports lead. */
static void ask_for_absent_paths(Search *search)
{
    const DiscoveryRequest *request = search->request;
    uint32_t count = search->cache->count;
    search->asked = asked_paths_open(request, search->cache, search->is_current);
    for (unsigned i = 0; i < request->executor->workers; i++)
        search->scratch[i].asked = search->asked;
    search->is_redirected = memory_allocate_zeroed(count + 1, sizeof *search->is_redirected);
    if (request->trust_nothing)
        memset(search->is_redirected, true, count);
    else
        executor_run(request->executor, count, look_for_redirected, search);
}

static void stat_all(Search *search)
{
    uint32_t count = search->cache->count;
    search->is_current = memory_allocate_zeroed(count + 1, sizeof *search->is_current);
    if (search->request->resolve != NULL)
        search->is_gone = memory_allocate_zeroed(count + 1, sizeof *search->is_gone);
    if (!search->request->trust_nothing)
        executor_run(search->request->executor, count, stat_file, search);
    search->found->files_stat += count;
    if (search_was_cancelled(search))
        return;
    if (search->request->resolve != NULL)
        ask_for_absent_paths(search);
    search->values = asked_values_open(search->request, search->cache);
    for (unsigned i = 0; i < search->request->executor->workers; i++)
        search->scratch[i].values = search->values;
}

static void list_stale(Search *search)
{
    uint32_t count = search->cache->count;
    for (uint32_t i = 0; i < count; i++)
        search->stale_count += !search->is_current[i] || search_is_redirected(search, i);
    search->stale = memory_allocate((search->stale_count + 1) * sizeof *search->stale);
    for (uint32_t i = 0, n = 0; i < count; i++)
        if (!search->is_current[i] || search_is_redirected(search, i))
            search->stale[n++] = i;
}

void search_stat_last(Search *search)
{
    stat_all(search);
    if (!search_was_cancelled(search))
        list_stale(search);
}

/* ---- step 2 ------------------------------------------------------------------------------ */

static void read_stale(void *arg, size_t index, unsigned worker)
{
    Search *search = arg;
    uint32_t file = search->stale[index];
    ReadingScratch *scratch = &search->scratch[worker];
    if (reading_is_cancelled(search->request, scratch))
        return;
    Reading *reading = arena_allocate(scratch->arena, sizeof *reading);
    *reading = (Reading){.path = file_hash_cache_path(search->cache, file),
                         .last = &search->cache->records[file],
                         .role = file_hash_cache_role(search->cache, file)};
    reading->is_data = reading->role == IMPORT_DATA;
    source_read(reading, search->request, &search->clock, search_is_redirected(search, file),
                scratch);
    reading->is_read = true;
    search->readings[file] = reading;
}

void search_count_reading(Discovery *found, const Reading *reading)
{
    if (reading->error != 0)
        return;
    found->files_hashed++;
    found->bytes_read += reading->source.size;
}

void search_read_stale(Search *search)
{
    executor_run(search->request->executor, search->stale_count, read_stale, search);
    if (search_was_cancelled(search))
        return;
    for (uint32_t i = 0; i < search->stale_count; i++)
        search_count_reading(search->found, search->readings[search->stale[i]]);
}

bool search_graph_is_unchanged(const Search *search)
{
    for (uint32_t i = 0; i < search->stale_count; i++) {
        const Reading *reading = search->readings[search->stale[i]];
        if (reading->error != 0 ||
            (reading->is_scanned && !source_has_imports(search->cache, search->stale[i], reading)))
            return false;
    }
    return true;
}

static void add_change(Discovery *found, uint32_t file, FileChangeKind kind,
                       const Reading *reading)
{
    found->changes[found->change_count++] = (FileChange){file, kind, reading->source};
}

void search_update_records(Search *search)
{
    search->found->changes = memory_allocate((search->stale_count + 1) * sizeof(FileChange));
    for (uint32_t i = 0; i < search->stale_count; i++) {
        uint32_t file = search->stale[i];
        const Reading *reading = search->readings[file];
        const FileRecord *record = &search->cache->records[file];
        add_change(search->found, file, reading->is_same ? FILE_TOUCHED : FILE_CHANGED, reading);
        if (!reading->is_same || memcmp(&record->known, &reading->known, sizeof record->known) != 0)
            file_hash_cache_set(search->cache, file, &reading->known, reading->content);
    }
}
