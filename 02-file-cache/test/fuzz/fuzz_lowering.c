/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a Mini source: lexer, parser, and the scanner that finds imports without them.
 *
 *     what is refused    has errors, each at a place in the source; if it has blobs nevertheless,
 *                        they are as those of
 *     what is accepted   which its own readers accept, with names and instructions at places in the
 *                        source; its imports are those that the scanner finds
 *     always             lowered again, it gives the same bytes
 *
 * And what decides whether a unit is compiled again must not depend on lines: an accepted source
 * with a comment before it, or with other line ends, has the same hashes.
 */
#include "fuzz_input.h"
#include "import_scanner.h"
#include "parser.h"
#include "zir.h"

#include <stdlib.h>

typedef struct Lowering {
    bool succeeded;
    Lowered lowered;
    Diagnostics diagnostics;
    Arena arena;
} Lowering;

static void lowering_open(Lowering *lowering, Slice source)
{
    *lowering = (Lowering){0};
    lowering->succeeded =
        mini_lower(source, NULL, &lowering->arena, &lowering->diagnostics, &lowering->lowered);
}

static void lowering_close(Lowering *lowering)
{
    arena_free(&lowering->arena);
    diagnostics_free(&lowering->diagnostics);
}

/* ---- places ------------------------------------------------------------------------------ */

/* The bytes of the source from a line and column on; fails if that place does not exist. */
static Slice from_place(Slice source, uint32_t line, uint32_t column)
{
    size_t start = 0;
    FUZZ_CHECK(line >= 1 && column >= 1);
    while (--line != 0) {
        const char *newline = memchr(source.data + start, '\n', source.size - start);
        FUZZ_CHECK(newline != NULL);
        start = (size_t)(newline - source.data) + 1;
    }
    const char *newline =
        start == source.size ? NULL : memchr(source.data + start, '\n', source.size - start);
    size_t end = newline == NULL ? source.size : (size_t)(newline - source.data);
    FUZZ_CHECK(column - 1 <= end - start);
    start += column - 1;
    return slice_of(source.data + start, source.size - start);
}

static bool begins_with(Slice text, Slice beginning)
{
    return text.size >= beginning.size &&
           slice_equal(slice_of(text.data, beginning.size), beginning);
}

static void check_errors(const Lowering *lowering, Slice source)
{
    ByteBuffer text = {0};
    FUZZ_CHECK(lowering->succeeded == (lowering->diagnostics.count == 0));
    for (size_t i = 0; i < lowering->diagnostics.count; i++) {
        const Diagnostic *error = &lowering->diagnostics.items[i];
        from_place(source, error->line, error->column);
        FUZZ_CHECK(error->message.size != 0);
        diagnostic_format(error, source, &text);
        FUZZ_CHECK(text.data[text.size - 1] == '\n');
    }
    buffer_free(&text);
}

/* ---- what was accepted ------------------------------------------------------------------- */

static void check_part(const Lowering *lowering, const Declaration *item, Slice source)
{
    Zir zir, interface;
    Arena arena = {0};
    Slice ir = lowering->lowered.ir;
    uint32_t line, column;
    FUZZ_CHECK(zir_view(ir, item->ir_offset, item->ir_size, &arena, &zir));
    FUZZ_CHECK(zir_view_interface(ir, item->ir_offset, item->ir_size, &arena, &interface));
    FUZZ_CHECK(interface.inst_count == zir.interface_count);
    for (uint32_t i = 0; i < zir.inst_count; i++) {
        zir_position(&zir, i, &line, &column);
        from_place(source, line, column);
    }
    arena_free(&arena);
}

static void check_declarations(const Lowering *lowering, Slice source, Declarations *view)
{
    FUZZ_CHECK(declarations_view(lowering->lowered.declarations, view));
    for (uint32_t i = 0; i < view->count; i++) {
        const Declaration *item = &view->items[i];
        Slice name = declarations_text(view, item->name);
        FUZZ_CHECK(begins_with(from_place(source, item->line, item->column), name));
        FUZZ_CHECK(declarations_find(view, name) == i);
        check_part(lowering, item, source);
    }
}

static void check_imports(const Declarations *view, const ImportScan *scan)
{
    FUZZ_CHECK(scan->count == view->import_count);
    for (uint32_t i = 0; i < scan->count; i++) {
        const ImportEntry *parsed = &view->imports[i];
        FUZZ_CHECK(slice_equal(scan->items[i].path, declarations_text(view, parsed->path)));
        FUZZ_CHECK(scan->items[i].line == parsed->line);
        FUZZ_CHECK(scan->items[i].column == parsed->column);
    }
}

/* ---- the same again ---------------------------------------------------------------------- */

static void check_same(const Lowering *a, Slice source)
{
    Lowering b;
    lowering_open(&b, source);
    FUZZ_CHECK(slice_equal(a->lowered.declarations, b.lowered.declarations));
    FUZZ_CHECK(slice_equal(a->lowered.ir, b.lowered.ir));
    FUZZ_CHECK(a->diagnostics.count == b.diagnostics.count);
    for (size_t i = 0; i < b.diagnostics.count; i++)
        FUZZ_CHECK(slice_equal(a->diagnostics.items[i].message, b.diagnostics.items[i].message));
    lowering_close(&b);
}

static void check_same_hashes(const Declarations *before, Slice source)
{
    Lowering lowering;
    Declarations view;
    lowering_open(&lowering, source);
    check_declarations(&lowering, source, &view);
    FUZZ_CHECK(view.count == before->count);
    FUZZ_CHECK(view.reference_count == before->reference_count);
    for (uint32_t i = 0; i < view.count; i++) {
        const Declaration *a = &before->items[i], *b = &view.items[i];
        FUZZ_CHECK(hash_equal(a->interface_hash, b->interface_hash));
        FUZZ_CHECK(hash_equal(a->body_hash, b->body_hash));
        FUZZ_CHECK(a->interface_reference_count == b->interface_reference_count);
        FUZZ_CHECK(a->body_reference_count == b->body_reference_count);
    }
    lowering_close(&lowering);
}

static void check_moved_lines(const Declarations *view, Slice source)
{
    ByteBuffer text = {0};
    buffer_put(&text, slice_from("// moves everything by a line\n"));
    for (size_t i = 0; i < source.size; i++) {
        if (source.data[i] == '\n')
            buffer_put_byte(&text, '\r');
        buffer_put_byte(&text, source.data[i]);
    }
    check_same_hashes(view, buffer_slice(&text));
    buffer_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Lowering lowering;
    Declarations view;
    Slice source = slice_of(data, size);
    lowering_open(&lowering, source);
    ImportScan scan = {.arena = &lowering.arena};
    mini_scan_imports(NULL, source, &scan);
    check_errors(&lowering, source);
    check_same(&lowering, source);
    if (lowering.succeeded) {
        check_declarations(&lowering, source, &view);
        check_imports(&view, &scan);
        check_moved_lines(&view, source);
    } else if (lowering.lowered.declarations.size != 0) {
        check_declarations(&lowering, source, &view);
    } else {
        FUZZ_CHECK(lowering.lowered.ir.size == 0);
    }
    free(scan.items);
    lowering_close(&lowering);
    return 0;
}
