/* SPDX-License-Identifier: MIT */
/*
 * What emission reports: where it is now, and whether it may be said.
 *
 * The errors of a file hide what is in it. A unit that names something there may or may not deserve
 * its warnings: none of them is reported until that file is mended. A build from nothing, which
 * knows no warnings of the time before, thus reports the same.
 */
#include "build_internal.h"

#include "collections.h"

/* ---- places -------------------------------------------------------------------------------- */

/* Where the declaration is now that the diagnostic points to. */
static void follow_subject(Build *build, Diagnostic *diagnostic)
{
    uint32_t number = file_hash_cache_find(&build->cache.files, diagnostic->path);
    if (number == FILE_NONE)
        return;
    const ProgramFile *file = build_program_file(&build->program, number);
    uint32_t declaration = declarations_find(&file->declarations, diagnostic->subject);
    diagnostic->path = file->path;
    diagnostic->subject = (Slice){"", 0};
    if (declaration == DECLARATION_NONE)
        return;
    diagnostic->line = file->declarations.items[declaration].line;
    diagnostic->column = file->declarations.items[declaration].column;
}

void build_take_diagnostics(Build *build, Diagnostics *from)
{
    size_t first = build->diagnostics.count;
    diagnostics_append(&build->diagnostics, from);
    from->count = 0;
    for (size_t i = first; i < build->diagnostics.count; i++)
        if (build->diagnostics.items[i].subject.size != 0)
            follow_subject(build, &build->diagnostics.items[i]);
}

/* ---- units that are wrong, and nobody says why --------------------------------------------- */

void build_report_silent_unit(Build *build, uint32_t file, uint32_t unit)
{
    UnitLookup lookup;
    Arena arena = {0};
    const Declarations *view = &build_program_file(&build->program, file)->declarations;
    if (unit < view->count) {
        unit_lookup_init(&lookup, &build->program, file, unit, &arena);
        build->diagnostics.path = lookup.unit.path;
        build_report_silence(&build->diagnostics, view->items[unit].line,
                             view->items[unit].column, lookup.unit.symbol);
    }
    arena_free(&arena);
}

/* ---- what is poisoned ---------------------------------------------------------------------- */

typedef struct Named {
    uint32_t file, declaration;
} Named;

typedef struct Closure { /* of a unit: what it names, and what the interfaces of that name */
    Named *reached;
    /* Where each of them is in `reached`, plus 1, at its hash or after it. A map of stb_ds would do,
     * if making one did not write to a global: this runs on several threads. */
    uint32_t *slots;
    size_t slot_count; /* a power of 2, more than twice as many; or 0 */
    bool is_poisoned;
} Closure;

static uint32_t *find_slot(const Closure *closure, Named named)
{
    uint64_t hash = ((uint64_t)named.file << 32 | named.declaration) * 0x9E3779B97F4A7C15;
    for (size_t slot = (size_t)(hash >> 32);; slot++) {
        uint32_t *found = &closure->slots[slot & (closure->slot_count - 1)];
        const Named *there = *found == 0 ? NULL : &closure->reached[*found - 1];
        if (there == NULL ||
            (there->file == named.file && there->declaration == named.declaration))
            return found;
    }
}

static void make_room(Closure *closure)
{
    size_t count = arrlenu(closure->reached);
    if (2 * count < closure->slot_count)
        return;
    memory_free(closure->slots);
    closure->slot_count = closure->slot_count == 0 ? 32 : closure->slot_count * 2;
    closure->slots = memory_allocate_zeroed(closure->slot_count, sizeof *closure->slots);
    for (size_t i = 0; i < count; i++)
        *find_slot(closure, closure->reached[i]) = (uint32_t)i + 1;
}

static void reach(Closure *closure, Named named)
{
    make_room(closure);
    uint32_t *slot = find_slot(closure, named);
    if (*slot != 0)
        return;
    arrput(closure->reached, named);
    *slot = (uint32_t)arrlenu(closure->reached);
}

static void follow(Build *build, Closure *closure, Named from, uint32_t reference_count)
{
    const ProgramFile *file = build_program_file(&build->program, from.file);
    for (uint32_t i = 0; i < reference_count; i++) {
        Named target;
        switch (program_resolve(&build->program, file, from.file,
                                declaration_reference(&file->declarations, from.declaration, i),
                                &target.file, &target.declaration)) {
        case NAME_MISSING: break;
        case NAME_POISONED: closure->is_poisoned = true; break;
        case NAME_FOUND: reach(closure, target); break;
        }
    }
}

static bool names_poisoned(Build *build, uint32_t number, uint32_t unit)
{
    Closure closure = {0};
    const ProgramFile *file = build_program_file(&build->program, number);
    if (unit >= file->declarations.count)
        return false;
    const Declaration *item = &file->declarations.items[unit];
    follow(build, &closure, (Named){number, unit},
           item->interface_reference_count + item->body_reference_count);
    for (ptrdiff_t i = 0; i < arrlen(closure.reached) && !closure.is_poisoned; i++) {
        Named named = closure.reached[i];
        item = &build_program_file(&build->program, named.file)
                    ->declarations.items[named.declaration];
        follow(build, &closure, named, item->interface_reference_count);
    }
    arrfree(closure.reached);
    memory_free(closure.slots);
    return closure.is_poisoned;
}

void build_drop_poisoned_warnings(Build *build, uint32_t file, uint32_t unit,
                                  Diagnostics *diagnostics, size_t first, size_t end)
{
    Diagnostic *items = diagnostics->items;
    size_t kept = first;
    bool keeps = true;
    if (!names_poisoned(build, file, unit))
        return;
    for (size_t i = first; i < end; i++) {
        if (items[i].severity != SEVERITY_NOTE)
            keeps = items[i].severity == SEVERITY_ERROR;
        if (keeps)
            items[kept++] = items[i];
    }
    memmove(&items[kept], &items[end], (diagnostics->count - end) * sizeof *items);
    diagnostics->count -= end - kept;
}
