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

static void append(ImportCandidates *candidates, Slice path)
{
    if (candidates->count == candidates->capacity) {
        candidates->capacity = candidates->capacity == 0 ? 16 : candidates->capacity * 2;
        candidates->items = memory_resize(candidates->items,
                                          candidates->capacity * sizeof *candidates->items);
    }
    candidates->items[candidates->count++] = path;
}

void import_candidates_add(ImportCandidates *candidates, Slice path)
{
    Slice normal;
    if (source_path_normalize(path, candidates->arena, &normal) == PATH_OK)
        append(candidates, normal);
}

PathError import_candidates_find(ResolveImport resolve, void *language, Slice importer,
                                 const ScannedImport *import, ImportCandidates *candidates)
{
    Slice path;
    candidates->count = 0;
    if (resolve != NULL) {
        resolve(language, importer, import, candidates);
        return PATH_OK;
    }
    PathError error = source_path_resolve(importer, import->path, candidates->arena, &path);
    if (error == PATH_OK)
        append(candidates, path);
    return error;
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
    ImportCandidates *candidates = &scratch->candidates;
    candidates->arena = scratch->arena;
    PathError error = import_candidates_find(request->resolve, request->language, importer, written,
                                             candidates);
    if (error != PATH_OK || request->resolve != NULL)
        return error != PATH_OK ? error : choose(candidates, scratch->asked, absents, path);
    *path = candidates->items[0]; /* whether it is there is seen when it is read */
    return PATH_OK;
}

static int compare_asked(const void *a, const void *b)
{
    const AskedPath *const *left = a, *const *right = b;
    return slice_compare((*left)->path, (*right)->path);
}

static int compare_values(const void *a, const void *b)
{
    const AskedValue *left = *(AskedValue *const *)a, *right = *(AskedValue *const *)b;
    int order = slice_compare(left->name, right->name);
    return order != 0 ? order : (left->kind > right->kind) - (left->kind < right->kind);
}

static void keep_values(Reading *reading, ReadingScratch *scratch)
{
    const ImportScan *scan = &scratch->scan;
    uint32_t count = 0;
    ByteBuffer values = {.arena = scratch->arena};
    for (uint32_t i = 0; i < scan->count; i++) {
        const ScannedImport *written = &scan->items[i];
        if (written->role != IMPORT_VALUE)
            continue;
        AskedValue *value = asked_values_get(scratch->values, written->kind, written->path);
        buffer_put(&values, slice_of(&value, sizeof value));
        count++;
    }
    reading->values = (AskedValue **)(void *)values.data;
    if (count != 0)
        qsort(reading->values, count, sizeof *reading->values, compare_values);
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || reading->values[i] != reading->values[i - 1])
            reading->values[reading->value_count++] = reading->values[i];
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

static void resolve_files(Reading *reading, const DiscoveryRequest *request, bool sources,
                          ReadingScratch *scratch, ByteBuffer *absents)
{
    const ImportScan *scan = &scratch->scan;
    for (uint32_t i = 0; i < scan->count; i++) {
        const ScannedImport *written = &scan->items[i];
        if (written->role == IMPORT_VALUE || (written->role == IMPORT_SOURCE) != sources)
            continue;
        ResolvedImport *import = &reading->imports[reading->import_count++];
        *import = (ResolvedImport){written->path, PATH_OK,   written->line, written->column,
                                   FILE_NONE,     written->role};
        import->error =
            resolve_import(request, reading->path, written, scratch, absents, &import->path);
        if (import->error != PATH_OK)
            import->path = written->path;
        if (import->error == PATH_NOWHERE && written->is_optional)
            import->target = FILE_ABSENT;
    }
}

static void resolve_imports(Reading *reading, const DiscoveryRequest *request,
                            ReadingScratch *scratch)
{
    ByteBuffer absents = {.arena = scratch->arena};
    reading->imports =
        arena_allocate(scratch->arena, scratch->scan.count * sizeof *reading->imports);
    reading->import_count = 0;
    resolve_files(reading, request, true, scratch, &absents);
    resolve_files(reading, request, false, scratch, &absents);
    keep_absents(reading, &absents);
    keep_values(reading, scratch);
}

static bool leads_to(const FileHashCache *last, uint32_t place, const ResolvedImport *import)
{
    uint32_t target = last->imports[place];
    ImportRole role = last->roles == NULL ? IMPORT_SOURCE : (ImportRole)last->roles[place];
    if (role != import->role)
        return false;
    if (target == FILE_ABSENT || import->target == FILE_ABSENT)
        return target == import->target;
    return import->error == PATH_OK &&
           slice_equal(import->path, file_hash_cache_path(last, target));
}

static bool is_absent_path(const FileHashCache *last, uint32_t number)
{
    return number >= last->count && number - last->count < last->absent_count;
}

static bool is_value(const FileHashCache *last, uint32_t number, const AskedValue *value)
{
    uint32_t first = last->count + last->absent_count;
    return number >= first && number < FILE_ABSENT &&
           last->values[number - first].kind == value->kind &&
           slice_equal(file_hash_cache_value_name(last, number - first), value->name);
}

bool source_has_imports(const FileHashCache *last, uint32_t file, const Reading *reading)
{
    const FileRecord *record = &last->records[file];
    uint32_t count = reading->import_count, first = record->first_import;
    uint32_t absent = first + count, value = absent + reading->absent_count;
    if (record->import_count != count + reading->absent_count + reading->value_count)
        return false;
    for (uint32_t i = 0; i < count; i++)
        if ((last->imports[first + i] >= last->count && last->imports[first + i] != FILE_ABSENT) ||
            !leads_to(last, first + i, &reading->imports[i]))
            return false;
    for (uint32_t i = 0; i < reading->absent_count; i++)
        if (!is_absent_path(last, last->imports[absent + i]) ||
            !slice_equal(reading->absents[i]->path,
                         file_hash_cache_path(last, last->imports[absent + i])))
            return false;
    for (uint32_t i = 0; i < reading->value_count; i++)
        if (!is_value(last, last->imports[value + i], reading->values[i]))
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

/* Of what is too large, only so much is read as a source. */
static void cut_off(Reading *reading, const DiscoveryRequest *request, ReadingScratch *scratch)
{
    size_t limit = request->largest_source + 1;
    if (request->largest_source == 0 || reading->source.size <= limit)
        return;
    reading->source.size = limit;
    reading->content = hash_keyed(scratch->secret, reading->source);
    reading->known = (KnownStamp){0};
}

void source_scan(Reading *reading, const DiscoveryRequest *request, ReadingScratch *scratch)
{
    cut_off(reading, request, scratch);
    scratch->scan.count = 0;
    scratch->scan.arena = scratch->arena;
    request->scan(request->language, reading->source, &scratch->scan);
    resolve_imports(reading, request, scratch);
    reading->is_scanned = true;
}

void source_read(Reading *reading, const DiscoveryRequest *request, const FileClock *clock,
                 bool is_redirected, ReadingScratch *scratch)
{
    static const FileRecord none;
    FileStamp stamp;
    const FileRecord *last = reading->last == NULL ? &none : reading->last;
    size_t limit =
        request->largest_source == 0 || reading->is_data ? 0 : request->largest_source + 1;
    reading->error = source_read_bytes(request->reader, request->dir_fd, reading->path.data, limit,
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
    if (!reading->is_data && (!reading->is_same || is_redirected))
        source_scan(reading, request, scratch);
}
