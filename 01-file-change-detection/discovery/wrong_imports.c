/* SPDX-License-Identifier: MIT */
#include "wrong_imports.h"

#include <errno.h>

static const char *import_error_text(int error)
{
    if (error == -ENOENT || error == -ENOTDIR)
        return "there is no such file";
    if (error == -EISDIR)
        return "it is a directory";
    if (error == -ENAMETOOLONG)
        return "its name is too long";
    if (error == -ELOOP)
        return "its symbolic links lead nowhere";
    return "it is not a regular file";
}

bool wrong_import_error(int error)
{
    return error == -ENOENT || error == -ENOTDIR || error == -EISDIR || error == -EINVAL ||
           error == -ENAMETOOLONG || error == -ELOOP;
}

typedef struct Search {
    const NextTable *now;
    const Discovery *found;
    const GraphWalk *walk;
    const WalkInput *input;
} Search;

static const Reading *reading_of(const Search *search, uint32_t target)
{
    uint32_t known = search->input->last->count;
    return target < known ? search->input->known_readings[target]
                          : search->walk->added[target - known];
}

static void report_import(const Search *search, const ResolvedImport *written, uint32_t target)
{
    Diagnostics *diagnostics = search->input->request->diagnostics;
    const Reading *missing = target == FILE_NONE ? NULL : reading_of(search, target);
    Slice path = missing == NULL ? written->path : missing->path;
    diagnostics_add(diagnostics, written->line, written->column, "cannot import \"%.*s\": %s",
                    (int)path.size, path.data,
                    missing == NULL ? path_error_text(written->error)
                                    : import_error_text(missing->error));
}

static void report_file(const Search *search, uint32_t file)
{
    static const ResolvedImport somewhere = {.line = 1, .column = 1};
    const WalkInput *input = search->input;
    const FileHashCache *now = &search->now->files, *last = input->last;
    const Reading *reading = search->now->readings[file];
    const uint32_t *recorded = NULL;
    Reading again = {.path = file_hash_cache_path(now, file)};
    if (reading == NULL || !reading->is_scanned) {
        /* Recorded imports have no line numbers: the file is read once more to find them. */
        source_read(&again, input->request, input->clock, false, &input->scratch[0]);
        reading = &again;
        recorded = last->imports + last->records[search->found->old_number[file]].first_import;
    }
    input->request->diagnostics->path = file_hash_cache_path(now, file);
    for (uint32_t i = 0; i < now->records[file].import_count; i++) {
        const ResolvedImport *written =
            i < reading->import_count ? &reading->imports[i] : &somewhere;
        if (now->imports[now->records[file].first_import + i] == FILE_NONE)
            report_import(search, written, recorded == NULL ? written->target : recorded[i]);
    }
}

int wrong_imports_report(const NextTable *now, const Discovery *found, const GraphWalk *walk,
                         const WalkInput *input)
{
    Search search = {now, found, walk, input};
    int status = 0;
    for (uint32_t file = 0; file < now->files.count; file++) {
        const FileRecord *record = &now->files.records[file];
        const uint32_t *imports = now->files.imports + record->first_import;
        bool has_gap = false;
        for (uint32_t i = 0; i < record->import_count; i++)
            has_gap |= imports[i] == FILE_NONE;
        if (!has_gap)
            continue;
        report_file(&search, file);
        status = -EBADMSG;
    }
    return status;
}
