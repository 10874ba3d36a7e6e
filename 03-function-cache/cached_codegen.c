/* SPDX-License-Identifier: MIT */
#include "cached_codegen.h"

#include "kept_warnings.h"

#include <stdlib.h>

/* ---- warnings ------------------------------------------------------------------------------ */

/* What the places of a unit's own warnings follow from, besides the place of its declaration: its
 * part of the IR, or all of it if that is not one. */
static Hash128 form_of(const Program *program, const ProgramFile *owner, uint32_t declaration)
{
    const Declaration *item = &owner->declarations.items[declaration];
    bool is_part = item->ir_offset <= owner->ir.size &&
                   item->ir_size <= owner->ir.size - item->ir_offset;
    Slice part = is_part ? slice_of(owner->ir.data + item->ir_offset, item->ir_size) : owner->ir;
    return hash_keyed(program->secret, part);
}

/* Those from number `first` on, to be kept: that hash, and what kept_warnings_put makes of them. */
static Slice keep_warnings(const CachedCodegen *codegen, const Unit *unit, Arena *results,
                           const Diagnostics *diagnostics, size_t first)
{
    ByteBuffer warnings = {.arena = results};
    if (first == diagnostics->count)
        return (Slice){"", 0};
    const ProgramFile *owner = codegen->program->file(codegen->program, unit->file);
    Hash128 form = form_of(codegen->program, owner, unit->declaration);
    buffer_put(&warnings, slice_of(&form, sizeof form));
    kept_warnings_put(&warnings, diagnostics, first, &unit->declarations->items[unit->declaration]);
    return buffer_slice(&warnings);
}

/* Reports them again. False if it is not known where they are now. */
static bool recall_warnings(const CachedCodegen *codegen, CodegenScratch *scratch, uint32_t file,
                            uint32_t declaration, Slice warnings)
{
    Hash128 form;
    const ProgramFile *owner = codegen->program->file(codegen->program, file);
    if (declaration >= owner->declarations.count || warnings.size < sizeof form)
        return false;
    memcpy(&form, warnings.data, sizeof form);
    if (!hash_equal(form, form_of(codegen->program, owner, declaration)))
        return false;
    scratch->diagnostics.path = owner->path;
    return kept_warnings_get(slice_of(warnings.data + sizeof form, warnings.size - sizeof form),
                             &owner->declarations.items[declaration], &scratch->diagnostics);
}

bool unit_warnings_differ(Slice a, Slice b)
{
    bool are_of_one_form = a.size >= sizeof(Hash128) && b.size >= sizeof(Hash128) &&
                           memcmp(a.data, b.data, sizeof(Hash128)) == 0;
    return (are_of_one_form || a.size == 0 || b.size == 0) && !slice_equal(a, b);
}

/* Nothing follows a place in another file if it is not that of a unit. */
static bool can_be_followed(const Diagnostics *diagnostics, size_t first)
{
    for (size_t i = first; i < diagnostics->count; i++)
        if (diagnostics->items[i].subject.size == 0 &&
            diagnostics->items[i].path.data != diagnostics->path.data)
            return false;
    return true;
}

/* ---- outputs ------------------------------------------------------------------------------- */

/* What emit said was right, with what it reported from number `first` on. */
static void keep(const CachedCodegen *codegen, CodegenScratch *scratch, const Unit *unit,
                 const ByteBuffer *text, const Diagnostics *diagnostics, size_t first,
                 UnitOutput *output)
{
    if (diagnostics_have_error(diagnostics, first))
        return;
    output->text = slice_of(arena_copy(&scratch->results, buffer_slice(text)), text->size);
    output->warnings = keep_warnings(codegen, unit, &scratch->results, diagnostics, first);
    output->origin = can_be_followed(diagnostics, first) ? OUTPUT_EMITTED : OUTPUT_PASSING;
}

/* False if there is no such declaration: the file could not be loaded, and its owner knows. */
static bool begin(const CachedCodegen *codegen, CodegenScratch *scratch, uint32_t file,
                  uint32_t declaration, UnitLookup *lookup, UnitOutput *output)
{
    const ProgramFile *owner = codegen->program->file(codegen->program, file);
    *output = (UnitOutput){.text = {"", 0}, .warnings = {"", 0}, .origin = OUTPUT_WRONG};
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
    size_t first = scratch->diagnostics.count;
    arena_reset(&scratch->arena);
    scratch->text.size = 0;
    if (!begin(codegen, scratch, file, declaration, &lookup, output))
        return;
    scratch->diagnostics.path = lookup.unit.path;
    bool is_right = codegen->emit(codegen->language, &lookup.unit, &lookup.lookup,
                                  &scratch->arena, &scratch->text, &scratch->diagnostics);
    output->reported = scratch->diagnostics.count - first;
    if (is_right)
        keep(codegen, scratch, &lookup.unit, &scratch->text, &scratch->diagnostics, first, output);
}

/* ---- many units of one file ---------------------------------------------------------------- */

typedef struct EmittedUnit {
    UnitLookup lookup;
    ByteBuffer text;
    Diagnostics diagnostics;
    UnitOutput *output;
} EmittedUnit;

static void finish(const CachedCodegen *codegen, CodegenScratch *scratch, EmittedUnit *emitted,
                   bool is_right)
{
    emitted->output->reported = emitted->diagnostics.count;
    if (is_right)
        keep(codegen, scratch, &emitted->lookup.unit, &emitted->text, &emitted->diagnostics, 0,
             emitted->output);
    diagnostics_append(&scratch->diagnostics, &emitted->diagnostics);
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
        finish(codegen, scratch, &emitted[i], units[i].is_right);
    memory_free(units);
    memory_free(emitted);
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

bool cached_codegen_find(const CachedCodegen *codegen, unsigned worker, uint32_t file,
                         uint32_t declaration, Hash128 key, bool is_cacheable, UnitOutput *output)
{
    CodegenScratch *scratch = &codegen->scratch[worker];
    size_t first = scratch->diagnostics.count;
    output->origin = OUTPUT_CACHED;
    bool is_found =
        is_cacheable && codegen->cache != NULL &&
        air_cache_get_with_warnings(codegen->cache, key, &output->text, &output->warnings) &&
        (output->warnings.size == 0 ||
         recall_warnings(codegen, scratch, file, declaration, output->warnings));
    output->reported = scratch->diagnostics.count - first;
    return is_found;
}

void cached_codegen(const CachedCodegen *codegen, unsigned worker, uint32_t file,
                    uint32_t declaration, Hash128 key, bool is_cacheable, UnitOutput *output)
{
    WantedUnit wanted = {declaration, output};
    if (!cached_codegen_find(codegen, worker, file, declaration, key, is_cacheable, output))
        cached_codegen_emit(codegen, worker, file, &wanted, 1);
}

void codegen_scratch_free(CodegenScratch *scratch)
{
    arena_free(&scratch->arena);
    buffer_free(&scratch->text);
    arena_free(&scratch->results);
    diagnostics_free(&scratch->diagnostics);
}
