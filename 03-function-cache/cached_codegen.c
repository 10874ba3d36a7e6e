/* SPDX-License-Identifier: MIT */
#include "cached_codegen.h"

#include <stdlib.h>

static void keep(CodegenScratch *scratch, const ByteBuffer *text, UnitOutput *output)
{
    output->text = slice_of(arena_copy(&scratch->results, buffer_slice(text)), text->size);
    output->origin = OUTPUT_EMITTED;
}

/* False if there is no such declaration: the file could not be loaded, and its owner knows. */
static bool begin(const CachedCodegen *codegen, CodegenScratch *scratch, uint32_t file,
                  uint32_t declaration, UnitLookup *lookup, UnitOutput *output)
{
    const ProgramFile *owner = codegen->program->file(codegen->program, file);
    *output = (UnitOutput){{"", 0}, OUTPUT_WRONG};
    if (declaration >= owner->declarations.count)
        return false;
    unit_lookup_init(lookup, codegen->program, file, declaration, &scratch->arena);
    lookup->lookup.notes = owner->notes == NULL ? NULL : &scratch->results;
    return true;
}

/* Emits into a growing, reused buffer, then copies the text once to where it can stay. */
static void emit_unit(const CachedCodegen *codegen, CodegenScratch *scratch, uint32_t file,
                      uint32_t declaration, UnitOutput *output)
{
    UnitLookup lookup;
    arena_reset(&scratch->arena);
    scratch->text.size = 0;
    if (!begin(codegen, scratch, file, declaration, &lookup, output))
        return;
    scratch->diagnostics.path = lookup.unit.path;
    if (codegen->emit(codegen->language, &lookup.unit, &lookup.lookup, &scratch->arena,
                      &scratch->text, &scratch->diagnostics))
        keep(scratch, &scratch->text, output);
}

/* ---- many units of one file ---------------------------------------------------------------- */

typedef struct EmittedUnit {
    UnitLookup lookup;
    ByteBuffer text;
    Diagnostics diagnostics;
    UnitOutput *output;
} EmittedUnit;

static void finish(CodegenScratch *scratch, EmittedUnit *emitted, bool is_right)
{
    diagnostics_append(&scratch->diagnostics, &emitted->diagnostics);
    if (is_right)
        keep(scratch, &emitted->text, emitted->output);
    diagnostics_free(&emitted->diagnostics);
    buffer_free(&emitted->text);
}

static void emit_together(const CachedCodegen *codegen, CodegenScratch *scratch, uint32_t file,
                          const WantedUnit *wanted, size_t wanted_count)
{
    size_t count = 0;
    EmittedUnit *emitted = memory_allocate_zeroed(wanted_count, sizeof *emitted);
    UnitEmission *units = memory_allocate_zeroed(wanted_count, sizeof *units);
    arena_reset(&scratch->arena);
    for (size_t i = 0; i < wanted_count; i++) {
        EmittedUnit *unit = &emitted[count];
        unit->output = wanted[i].output;
        if (!begin(codegen, scratch, file, wanted[i].declaration, &unit->lookup, unit->output))
            continue;
        unit->diagnostics.path = unit->lookup.unit.path;
        units[count++] = (UnitEmission){&unit->lookup.unit, &unit->lookup.lookup, &unit->text,
                                        &unit->diagnostics, false};
    }
    if (count != 0)
        codegen->emit_file(codegen->language, units, count, &scratch->arena);
    for (size_t i = 0; i < count; i++)
        finish(scratch, &emitted[i], units[i].is_right);
    free(units);
    free(emitted);
}

void cached_codegen_emit(const CachedCodegen *codegen, unsigned worker, uint32_t file,
                         const WantedUnit *wanted, size_t count)
{
    CodegenScratch *scratch = &codegen->scratch[worker];
    if (codegen->emit_file != NULL)
        emit_together(codegen, scratch, file, wanted, count);
    else
        for (size_t i = 0; i < count; i++)
            emit_unit(codegen, scratch, file, wanted[i].declaration, wanted[i].output);
}

/* ---- with the cache ------------------------------------------------------------------------ */

bool cached_codegen_find(const CachedCodegen *codegen, Hash128 key, bool is_cacheable,
                         UnitOutput *output)
{
    output->origin = OUTPUT_CACHED;
    return is_cacheable && codegen->cache != NULL &&
           air_cache_get(codegen->cache, key, &output->text);
}

void cached_codegen(const CachedCodegen *codegen, unsigned worker, uint32_t file,
                    uint32_t declaration, Hash128 key, bool is_cacheable, UnitOutput *output)
{
    WantedUnit wanted = {declaration, output};
    if (!cached_codegen_find(codegen, key, is_cacheable, output))
        cached_codegen_emit(codegen, worker, file, &wanted, 1);
}

void codegen_scratch_free(CodegenScratch *scratch)
{
    arena_free(&scratch->arena);
    buffer_free(&scratch->text);
    arena_free(&scratch->results);
    diagnostics_free(&scratch->diagnostics);
}
