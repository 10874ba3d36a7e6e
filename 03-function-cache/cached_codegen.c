/* SPDX-License-Identifier: MIT */
#include "cached_codegen.h"

/* Emits into a growing, reused buffer, then copies the text once to where it can stay. */
static void emit_unit(const CachedCodegen *codegen, CodegenScratch *scratch, uint32_t file,
                      uint32_t declaration, UnitOutput *output)
{
    UnitLookup lookup;
    const ProgramFile *owner = codegen->program->file(codegen->program, file);
    *output = (UnitOutput){{"", 0}, OUTPUT_WRONG};
    if (declaration >= owner->declarations.count)
        return; /* the file could not be loaded; its owner knows */
    arena_reset(&scratch->arena);
    scratch->text.size = 0;
    unit_lookup_init(&lookup, codegen->program, file, declaration, &scratch->arena);
    lookup.lookup.notes = owner->notes == NULL ? NULL : &scratch->results;
    scratch->diagnostics.path = lookup.unit.path;
    bool is_right = codegen->emit(codegen->language, &lookup.unit, &lookup.lookup,
                                  &scratch->arena, &scratch->text, &scratch->diagnostics);
    if (!is_right)
        return;
    Slice text = buffer_slice(&scratch->text);
    output->text = slice_of(arena_copy(&scratch->results, text), text.size);
    output->origin = OUTPUT_EMITTED;
}

void cached_codegen(const CachedCodegen *codegen, unsigned worker, uint32_t file,
                    uint32_t declaration, Hash128 key, bool is_cacheable, UnitOutput *output)
{
    output->origin = OUTPUT_CACHED;
    if (is_cacheable && codegen->cache != NULL &&
        air_cache_get(codegen->cache, key, &output->text))
        return;
    emit_unit(codegen, &codegen->scratch[worker], file, declaration, output);
}

void codegen_scratch_free(CodegenScratch *scratch)
{
    arena_free(&scratch->arena);
    buffer_free(&scratch->text);
    arena_free(&scratch->results);
    diagnostics_free(&scratch->diagnostics);
}
