/* SPDX-License-Identifier: MIT */
#include "ours.h"

#include "import_scanner.h"

#include <stdio.h>
#include <stdlib.h>

size_t ours_find_changed(const FileHashCache *known, int dir_fd, bool *changed)
{
    size_t count = 0;
    FileStamp stamp;
    for (uint32_t i = 0; i < known->count; i++) {
        changed[i] = !file_hash_cache_is_current(known, dir_fd, i, &stamp);
        count += changed[i];
    }
    return count;
}

bool ours_is_unchanged(const MultiLevelCache *cache)
{
    return hash_equal(file_hash_cache_combined(&cache->files, cache->code_fingerprint),
                      cache->manifest.header.combined);
}

int ours_visit(int dir_fd, Slice entry, FileHashCache *files)
{
    Discovery found = {0};
    Diagnostics diagnostics = {0};
    DiscoveryRequest request = {.dir_fd = dir_fd,
                                .clock_dir_fd = -1,
                                .entry = entry,
                                .scan = mini_scan_imports,
                                .executor = &executor_serial,
                                .diagnostics = &diagnostics};
    int status = discover(&found, &request, files);
    discovery_free(&found);
    diagnostics_free(&diagnostics);
    return status;
}

TokenNode *ours_tokens(Slice source, Arena *arena)
{
    Lexer lexer = {source.data, source.data, source.data + source.size};
    TokenNode *first = NULL, **end = &first;
    for (Token token; (token = lexer_next(&lexer)).kind != TOKEN_END;) {
        TokenNode *node = arena_allocate(arena, sizeof *node);
        Slice text = slice_of(source.data + token.offset, token.size);
        *node = (TokenNode){NULL, arena_copy(arena, text), token.kind};
        *end = node;
        end = &node->next;
    }
    return first;
}

void copy_table(const FileHashCache *from, FileHashCache *to)
{
    FileEntry *entries = memory_allocate_zeroed(from->count + 1, sizeof *entries);
    for (uint32_t i = 0; i < from->count; i++) {
        const FileRecord *record = &from->records[i];
        entries[i] = (FileEntry){.path = file_hash_cache_path(from, i),
                                 .known = record->known,
                                 .content = record->content,
                                 .imports = from->imports + record->first_import,
                                 .import_count = record->import_count};
    }
    file_hash_cache_replace(to, from->entry, entries, from->count);
    free(entries);
}

/* ---- the ladder ---------------------------------------------------------------------------- */

static int write_source(int dir_fd, const char *kind, unsigned number, const ByteBuffer *source)
{
    char name[32] = "main.mini";
    if (number != 0 || *kind != 't')
        snprintf(name, sizeof name, "%s%u.mini", kind, number);
    return naive_write(dir_fd, name, buffer_slice(source));
}

static void put_import(ByteBuffer *source, const char *kind, unsigned number)
{
    buffer_put_format(source, "import \"%s%u.mini\" as %s;\n", kind, number, kind);
}

int write_ladder(int dir_fd, unsigned rungs)
{
    ByteBuffer top = {0}, side = {0};
    int status = 0;
    for (unsigned i = 0; i <= rungs && status == 0; i++) {
        top.size = side.size = 0;
        if (i != rungs) {
            put_import(&top, "left", i);
            put_import(&top, "right", i);
            put_import(&side, "top", i + 1);
            status = write_source(dir_fd, "left", i, &side);
            if (status == 0)
                status = write_source(dir_fd, "right", i, &side);
        }
        if (status == 0)
            status = write_source(dir_fd, "top", i, &top);
    }
    buffer_free(&top);
    buffer_free(&side);
    return status;
}
