/* SPDX-License-Identifier: MIT */
#include "source_reading.h"

#include <stdlib.h>

ScannedImport *import_scan_add(ImportScan *scan, Slice path, uint32_t line, uint32_t column)
{
    if (scan->count == scan->capacity) {
        scan->capacity = scan->capacity == 0 ? 16 : scan->capacity * 2;
        scan->items = memory_resize(scan->items, scan->capacity * sizeof *scan->items);
    }
    scan->items[scan->count] = (ScannedImport){.path = path, .line = line, .column = column};
    return &scan->items[scan->count++];
}

void import_candidates_add(ImportCandidates *candidates, Slice path)
{
    Slice normal;
    if (source_path_normalize(path, candidates->arena, &normal) != PATH_OK)
        return;
    if (candidates->count == candidates->capacity) {
        candidates->capacity = candidates->capacity == 0 ? 16 : candidates->capacity * 2;
        candidates->items = memory_resize(candidates->items,
                                          candidates->capacity * sizeof *candidates->items);
    }
    candidates->items[candidates->count++] = normal;
}

/* ---- where the imports lead -------------------------------------------------------------- */

/* The first candidate with a file; those before it are added to the absent ones. */
static PathError choose(const ImportCandidates *candidates, AskedPaths *asked, ByteBuffer *absents,
                        Slice *path)
{
    for (uint32_t i = 0; i < candidates->count; i++) {
        AskedPath *absent = asked_paths_absent(asked, candidates->items[i]);
        if (absent == NULL) {
            *path = candidates->items[i];
            return PATH_OK;
        }
        buffer_put(absents, slice_of(&absent, sizeof absent));
    }
    return PATH_NOWHERE;
}

static PathError resolve_import(const DiscoveryRequest *request, Slice importer,
                                const ScannedImport *written, ReadingScratch *scratch,
                                ByteBuffer *absents, Slice *path)
{
    if (request->resolve == NULL)
        return source_path_resolve(importer, written->path, scratch->arena, path);
    scratch->candidates.count = 0;
    scratch->candidates.arena = scratch->arena;
    request->resolve(request->language, importer, written, &scratch->candidates);
    return choose(&scratch->candidates, scratch->asked, absents, path);
}

static int compare_asked(const void *a, const void *b)
{
    const AskedPath *const *left = a, *const *right = b;
    return slice_compare((*left)->path, (*right)->path);
}

/* In path order, each once: several imports may ask for one. */
static void keep_absents(Reading *reading, const ByteBuffer *absents)
{
    size_t count = absents->size / sizeof *reading->absents;
    reading->absents = (AskedPath **)(void *)absents->data;
    if (count != 0)
        qsort(reading->absents, count, sizeof *reading->absents, compare_asked);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || reading->absents[i] != reading->absents[i - 1])
            reading->absents[reading->absent_count++] = reading->absents[i];
}

static void resolve_imports(Reading *reading, const DiscoveryRequest *request, Slice importer,
                            ReadingScratch *scratch)
{
    const ImportScan *scan = &scratch->scan;
    ByteBuffer absents = {.arena = scratch->arena};
    ResolvedImport *imports = arena_allocate(scratch->arena, scan->count * sizeof *imports);
    for (uint32_t i = 0; i < scan->count; i++) {
        const ScannedImport *written = &scan->items[i];
        ResolvedImport *import = &imports[i];
        *import = (ResolvedImport){written->path, PATH_OK, written->line, written->column,
                                   FILE_NONE};
        import->error =
            resolve_import(request, importer, written, scratch, &absents, &import->path);
        if (import->error != PATH_OK)
            import->path = written->path;
        if (import->error == PATH_NOWHERE && written->is_optional)
            import->target = FILE_ABSENT;
    }
    reading->imports = imports;
    reading->import_count = scan->count;
    keep_absents(reading, &absents);
}

static bool leads_to(const FileHashCache *last, uint32_t target, const ResolvedImport *import)
{
    if (target == FILE_ABSENT || import->target == FILE_ABSENT)
        return target == import->target;
    return import->error == PATH_OK &&
           slice_equal(import->path, file_hash_cache_path(last, target));
}

bool source_has_imports(const FileHashCache *last, uint32_t file, const Reading *reading)
{
    const FileRecord *record = &last->records[file];
    const uint32_t *numbers = last->imports + record->first_import;
    uint32_t count = reading->import_count;
    if (file_hash_cache_targets(last, file) != count ||
        record->import_count != count + reading->absent_count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (!leads_to(last, numbers[i], &reading->imports[i]))
            return false;
    for (uint32_t i = 0; i < reading->absent_count; i++)
        if (!slice_equal(reading->absents[i]->path,
                         file_hash_cache_path(last, numbers[count + i])))
            return false;
    return true;
}

/* ---- reading ----------------------------------------------------------------------------- */

bool reading_is_cancelled(const DiscoveryRequest *request, ReadingScratch *scratch)
{
    if (request->cancelled != NULL && !scratch->is_cancelled)
        scratch->is_cancelled = request->cancelled(request->cancelled_context);
    return scratch->is_cancelled;
}

void source_read(Reading *reading, const DiscoveryRequest *request, const FileClock *clock,
                 Slice path, const FileRecord *last, bool is_redirected,
                 ReadingScratch *scratch)
{
    static const FileRecord none;
    FileStamp stamp;
    if (last == NULL)
        last = &none;
    *reading = (Reading){.path = path};
    size_t limit = request->largest_source == 0 ? 0 : request->largest_source + 1;
    reading->error = source_read_bytes(request->reader, request->dir_fd, path.data, limit,
                                       scratch->arena, &reading->source, &stamp);
    if (reading->error != 0)
        return;
    reading->known = file_stamp_judge(&stamp, &last->known, clock);
    if (!file_stamp_is_version(&stamp)) {
        reading->inode = stamp.inode;
        reading->device = stamp.device;
    }
    reading->content = hash_keyed(scratch->secret, reading->source);
    reading->is_same = hash_equal(reading->content, last->content);
    if (reading->is_same && !is_redirected)
        return;
    scratch->scan.count = 0;
    scratch->scan.arena = scratch->arena;
    request->scan(request->language, reading->source, &scratch->scan);
    resolve_imports(reading, request, path, scratch);
    reading->is_scanned = true;
}
