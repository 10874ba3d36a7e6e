/* SPDX-License-Identifier: MIT */
#include "whole_file.h"

static void scan_imports(void *language, Slice source, ImportScan *scan)
{
    (void)language, (void)source, (void)scan; /* there are none */
}

static bool lower(void *language, Slice source, const HashSecret *secret, Arena *arena,
                  Diagnostics *diagnostics, Lowered *lowered)
{
    (void)language, (void)diagnostics; /* nothing is wrong */
    DeclarationsBuilder builder = {0};
    Declaration *all = declarations_add(&builder, slice_from("all"), 1, 1);
    all->interface_hash = hash_keyed(secret, slice_from("all"));
    all->body_hash = hash_keyed(secret, source);
    all->ir_size = (uint32_t)source.size;
    lowered->declarations = declarations_finish(&builder, arena);
    lowered->ir = slice_of(arena_copy(arena, source), source.size);
    declarations_builder_free(&builder);
    return true;
}

static bool emit(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
                 ByteBuffer *text, Diagnostics *diagnostics)
{
    (void)language, (void)lookup, (void)scratch, (void)diagnostics;
    buffer_put(text, unit->ir);
    return true;
}

Compiler whole_file_compiler(void)
{
    return (Compiler){
        .fingerprint = hash_bytes(slice_from("whole file 1.0")),
        .entry_point = slice_from("all"),
        .missing_entry_point = slice_from("this cannot be"),
        .prelude = slice_from("; the prelude\n"),
        .scan_imports = scan_imports,
        .lower = lower,
        .emit = emit,
    };
}
