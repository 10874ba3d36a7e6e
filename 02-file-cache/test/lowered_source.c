/* SPDX-License-Identifier: MIT */
#include "lowered_source.h"

#include "scratch.h"

#include <stdio.h>

void lowered_source_open(LoweredSource *source, Slice text)
{
    *source = (LoweredSource){0};
    source->succeeded = mini_lower(text, NULL, &source->arena, &source->diagnostics,
                                   &source->lowered);
    assert_int_equal(source->succeeded, source->diagnostics.count == 0);
    if (source->succeeded)
        assert_true(declarations_view(source->lowered.declarations, &source->declarations));
    else if (source->lowered.ir.size != 0) /* what is known of a file with errors */
        assert_true(declarations_view(source->lowered.declarations, &source->declarations));
}

void lowered_source_close(LoweredSource *source)
{
    arena_free(&source->arena);
    diagnostics_free(&source->diagnostics);
    buffer_free(&source->text);
}

static void view_part(LoweredSource *source, uint32_t number, Zir *zir)
{
    const Declaration *item = &source->declarations.items[number];
    assert_true(zir_view(source->lowered.ir, item->ir_offset, item->ir_size, &source->arena, zir));
}

void lowered_source_part(LoweredSource *source, const char *name, Zir *zir)
{
    uint32_t number = declarations_find(&source->declarations, slice_from(name));
    assert_int_not_equal(number, DECLARATION_NONE);
    view_part(source, number, zir);
}

const char *lowered_source_listing(LoweredSource *source)
{
    source->text.size = 0;
    for (uint32_t i = 0; i < source->declarations.count; i++) {
        Zir zir;
        view_part(source, i, &zir);
        buffer_put(&source->text, declaration_name(&source->declarations, i));
        buffer_put(&source->text, slice_from(":\n"));
        zir_print(&zir, &source->text);
    }
    buffer_put_byte(&source->text, '\0');
    return source->text.data;
}

const char *lowered_source_errors(LoweredSource *source)
{
    source->text.size = 0;
    diagnostics_sort(&source->diagnostics);
    for (size_t i = 0; i < source->diagnostics.count; i++) {
        const Diagnostic *item = &source->diagnostics.items[i];
        char place[32];
        snprintf(place, sizeof place, "%u:%u ", (unsigned)item->line, (unsigned)item->column);
        buffer_put(&source->text, slice_from(place));
        buffer_put(&source->text, slice_from(item->severity == SEVERITY_NOTE ? "note: " : ""));
        buffer_put(&source->text, item->message);
        buffer_put_byte(&source->text, '\n');
    }
    buffer_put_byte(&source->text, '\0');
    return source->text.data;
}
