/* SPDX-License-Identifier: MIT */
/*
 * What comes before all sections: the compiler's own prelude, then, sorted, one line per symbol
 * that a declaration needs declared for the whole program.
 *
 * Few files need any. Each file's requests are hashed into its row, so that an edit elsewhere looks
 * at one number per file, and only a changed request loads the files that have one.
 */
#include "build_internal.h"

#include <stdlib.h>

typedef struct PreludeLine {
    Slice symbol, line, path;
    uint32_t file, line_number, column;
} PreludeLine;

static bool wants_line(const Declaration *item)
{
    return item->prelude_symbol.size != 0;
}

uint64_t build_prelude_digest(const Build *build, const Declarations *declarations)
{
    ByteBuffer key = {0};
    for (uint32_t i = 0; i < declarations->count; i++) {
        const Declaration *item = &declarations->items[i];
        if (!wants_line(item))
            continue;
        key_put_slice(&key, declarations_text(declarations, item->prelude_symbol));
        key_put_slice(&key, declarations_text(declarations, item->prelude_line));
    }
    Slice requests = buffer_slice(&key);
    uint64_t digest = key.size == 0 ? 0 : hash_keyed(build->program.secret, requests).low | 1;
    buffer_free(&key);
    return digest;
}

static uint64_t digest_of(const Build *build, uint32_t file)
{
    const UnitRecord *units;
    if (build->plan.files[file].is_rekeyed)
        return build->plan.files[file].row.prelude_digest;
    return build_recorded(build, file, &units)->prelude_digest;
}

Hash128 build_prelude_key(const Build *build)
{
    ByteBuffer key = {0};
    key_put_hash(&key, build->program.fingerprint);
    for (uint32_t i = 0; i < build->cache.files.count; i++) {
        uint64_t digest = digest_of(build, i);
        if (digest != 0)
            buffer_put(&key, slice_of(&digest, sizeof digest));
    }
    Hash128 hash = hash_keyed(build->program.secret, buffer_slice(&key));
    buffer_free(&key);
    return hash;
}

static void collect(Build *build, uint32_t file, ByteBuffer *lines)
{
    const ProgramFile *loaded = build_program_file(&build->program, file);
    const Declarations *view = &loaded->declarations;
    for (uint32_t i = 0; i < view->count; i++) {
        const Declaration *item = &view->items[i];
        if (!wants_line(item))
            continue;
        PreludeLine line = {declarations_text(view, item->prelude_symbol),
                            declarations_text(view, item->prelude_line),
                            loaded->path, file, item->line, item->column};
        buffer_put(lines, slice_of(&line, sizeof line));
    }
}

static int compare_lines(const void *a, const void *b)
{
    const PreludeLine *left = a, *right = b;
    int order = slice_compare(left->symbol, right->symbol);
    if (order == 0)
        order = (left->file > right->file) - (left->file < right->file);
    if (order == 0)
        order = (left->line_number > right->line_number) - (left->line_number < right->line_number);
    return order;
}

static void report_conflict(Build *build, const PreludeLine *first, const PreludeLine *line)
{
    build->diagnostics.path = line->path;
    diagnostics_add(&build->diagnostics, line->line_number, line->column,
                    "'%.*s' is declared differently in %.*s:%u", (int)line->symbol.size,
                    line->symbol.data, (int)first->path.size, first->path.data,
                    (unsigned)first->line_number);
}

void build_make_prelude(Build *build)
{
    ByteBuffer collected = {0};
    if (build->prelude.is_made)
        return;
    build->prelude.is_made = true;
    buffer_put(&build->prelude.text, build->request.compiler->prelude);
    for (uint32_t i = 0; i < build->cache.files.count; i++)
        if (digest_of(build, i) != 0)
            collect(build, i, &collected);
    PreludeLine *lines = (PreludeLine *)(void *)collected.data;
    size_t count = collected.size / sizeof *lines;
    if (count != 0)
        qsort(lines, count, sizeof *lines, compare_lines);

    const PreludeLine *first = NULL; /* of the lines for one symbol */
    for (size_t i = 0; i < count; i++) {
        if (first == NULL || !slice_equal(first->symbol, lines[i].symbol)) {
            first = &lines[i];
            buffer_put(&build->prelude.text, first->line);
            buffer_put_byte(&build->prelude.text, '\n');
        } else if (!slice_equal(first->line, lines[i].line)) {
            report_conflict(build, first, &lines[i]);
        }
    }
    buffer_free(&collected);
}
