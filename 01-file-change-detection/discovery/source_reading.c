/* SPDX-License-Identifier: MIT */
#include "source_reading.h"

#include <stdlib.h>

void import_scan_add(ImportScan *scan, Slice path, uint32_t line, uint32_t column)
{
    if (scan->count == scan->capacity) {
        scan->capacity = scan->capacity == 0 ? 16 : scan->capacity * 2;
        scan->items = memory_resize(scan->items, scan->capacity * sizeof *scan->items);
    }
    scan->items[scan->count++] = (ScannedImport){path, line, column};
}

static void resolve_imports(Reading *reading, Slice importer, ReadingScratch *scratch)
{
    const ImportScan *scan = &scratch->scan;
    ResolvedImport *imports = arena_allocate(scratch->arena, scan->count * sizeof *imports);
    for (uint32_t i = 0; i < scan->count; i++) {
        const ScannedImport *written = &scan->items[i];
        ResolvedImport *import = &imports[i];
        *import = (ResolvedImport){written->path, PATH_OK, written->line, written->column,
                                   FILE_NONE};
        import->error =
            source_path_resolve(importer, written->path, scratch->arena, &import->path);
        if (import->error != PATH_OK)
            import->path = written->path;
    }
    reading->imports = imports;
    reading->import_count = scan->count;
}

void source_read(Reading *reading, const DiscoveryRequest *request, const FileClock *clock,
                 Slice path, const FileRecord *last, ReadingScratch *scratch)
{
    static const FileRecord none;
    FileStamp stamp;
    if (last == NULL)
        last = &none;
    *reading = (Reading){.path = path};
    size_t limit = request->largest_source == 0 ? 0 : request->largest_source + 1;
    reading->error = file_read_start(request->dir_fd, path.data, limit, scratch->arena,
                                     &reading->source, &stamp);
    if (reading->error != 0)
        return;
    reading->known = file_stamp_judge(&stamp, &last->known, clock);
    reading->inode = stamp.inode;
    reading->device = stamp.device;
    reading->content = hash_keyed(scratch->secret, reading->source);
    if (hash_equal(reading->content, last->content))
        return;
    scratch->scan.count = 0;
    scratch->scan.arena = scratch->arena;
    request->scan(request->language, reading->source, &scratch->scan);
    resolve_imports(reading, path, scratch);
    reading->is_scanned = true;
}
