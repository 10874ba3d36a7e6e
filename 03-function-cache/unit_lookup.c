/* SPDX-License-Identifier: MIT */
#include "unit_lookup.h"

#ifdef GUARD_LOOKUPS
#include <stdio.h>
#include <stdlib.h>
#endif

static Slice symbol_of(const Program *program, Slice path, uint32_t file, Slice name,
                       Arena *arena)
{
    if (program_is_entry_point(program, file, name))
        return name;
    char *symbol = arena_allocate(arena, path.size + 1 + name.size);
    memcpy(symbol, path.data, path.size);
    symbol[path.size] = ':';
    memcpy(symbol + path.size + 1, name.data, name.size);
    return slice_of(symbol, path.size + 1 + name.size);
}

static Unit describe(Program *program, uint32_t file, uint32_t declaration, Arena *arena)
{
    const ProgramFile *owner = program->file(program, file);
    Slice name = declaration_name(&owner->declarations, declaration);
    return (Unit){
        .declarations = &owner->declarations,
        .ir = owner->ir,
        .ir_is_fresh = owner->ir_is_fresh,
        .file = file,
        .declaration = declaration,
        .path = owner->path,
        .symbol = symbol_of(program, owner->path, file, name, arena),
        .is_entry_point = program_is_entry_point(program, file, name),
    };
}

/* ---- the guard ----------------------------------------------------------------------------- */

#ifdef GUARD_LOOKUPS

struct FoundUnit {
    uint32_t file, declaration;
    struct FoundUnit *next;
};

static void violated(const UnitLookup *self, const Unit *from, const char *what)
{
    fprintf(stderr, "lookup guard: %.*s, asking through %.*s: %s\n", (int)self->unit.symbol.size,
            self->unit.symbol.data, (int)from->symbol.size, from->symbol.data, what);
    abort();
}

static bool is_own(const UnitLookup *self, const Unit *from)
{
    return from->file == self->unit.file && from->declaration == self->unit.declaration;
}

static bool was_found(const UnitLookup *self, const Unit *from)
{
    for (const struct FoundUnit *found = self->found; found != NULL; found = found->next)
        if (found->file == from->file && found->declaration == from->declaration)
            return true;
    return false;
}

/* Body references belong only to the unit's own key. */
static void guard_question(const UnitLookup *self, const Unit *from, uint32_t reference)
{
    const Declaration *item = &from->declarations->items[from->declaration];
    uint32_t allowed = item->interface_reference_count;
    if (is_own(self, from))
        allowed += item->body_reference_count;
    else if (!was_found(self, from))
        violated(self, from, "that unit was never found by this one");
    if (reference >= allowed)
        violated(self, from, "that reference is not part of the key");
}

static void guard_answer(UnitLookup *self, const Unit *from, const Unit *answer)
{
    const ProgramFile *owner = self->program->file(self->program, answer->file);
    if (owner->key_states[answer->declaration] == KEY_UNKNOWN)
        violated(self, from, "its interface key was never computed");
    struct FoundUnit *found = arena_allocate(self->arena, sizeof *found);
    *found = (struct FoundUnit){answer->file, answer->declaration, self->found};
    self->found = found;
}

#endif

/* ------------------------------------------------------------------------------------------- */

/* Of another file that has an interface blob, nothing else is to be seen. */
static void hide_ir(const UnitLookup *self, Unit *found)
{
    if (found->file != self->unit.file &&
        self->program->file(self->program, found->file)->interface.size != 0)
        found->ir = (Slice){"", 0};
}

static Resolution find(const Lookup *lookup, const Unit *from, uint32_t reference, Unit *answer)
{
    UnitLookup *self = (UnitLookup *)(uintptr_t)lookup;
    uint32_t file, declaration;
#ifdef GUARD_LOOKUPS
    guard_question(self, from, reference);
#endif
    const ProgramFile *owner = self->program->file(self->program, from->file);
    const Declaration *item = &owner->declarations.items[from->declaration];
    /* Reference numbers come from an IR blob: a wrong one finds nothing. */
    if (reference >= (uint64_t)item->interface_reference_count + item->body_reference_count)
        return NAME_MISSING;
    Resolution found = program_resolve(
        self->program, owner, from->file,
        declaration_reference(&owner->declarations, from->declaration, reference), &file,
        &declaration);
    if (found == NAME_MISSING)
        *answer = (Unit){.declarations = file < TARGET_ABSENT
                                             ? &self->program->file(self->program, file)->declarations
                                             : NULL};
    if (found != NAME_FOUND)
        return found;
    *answer = describe(self->program, file, declaration, self->arena);
    if (self->program->opened != NULL)
        hide_ir(self, answer);
#ifdef GUARD_LOOKUPS
    guard_answer(self, from, answer);
#endif
    return NAME_FOUND;
}

static const void **note(const Lookup *lookup, const Unit *found)
{
    const UnitLookup *self = (const UnitLookup *)(const void *)lookup;
    const ProgramFile *owner = self->program->file(self->program, found->file);
    bool has_place = owner->notes != NULL && owner->key_states[found->declaration] == KEY_KNOWN;
    return has_place ? &owner->notes[found->declaration] : NULL;
}

static Unit unit(const Lookup *lookup, uint32_t file, uint32_t declaration)
{
    UnitLookup *self = (UnitLookup *)(uintptr_t)lookup;
    Unit found = describe(self->program, file, declaration, self->arena);
    if (self->program->opened != NULL)
        hide_ir(self, &found);
#ifdef GUARD_LOOKUPS
    guard_answer(self, &self->unit, &found);
#endif
    return found;
}

static const void *opened(const Lookup *lookup, const Unit *found)
{
    UnitLookup *self = (UnitLookup *)(uintptr_t)lookup;
#ifdef GUARD_LOOKUPS
    if (!is_own(self, found) && !was_found(self, found))
        violated(self, found, "that unit was never found by this one");
#endif
    const ProgramFile *owner = self->program->file(self->program, found->file);
    return owner->interface.size == 0 ? NULL : self->program->opened(self->program, found->file);
}

void unit_lookup_init(UnitLookup *lookup, Program *program, uint32_t file, uint32_t declaration,
                      Arena *arena)
{
    *lookup = (UnitLookup){
        .lookup = {.find = find, .note = note, .unit = unit, .opened = opened},
        .program = program,
        .arena = arena,
    };
    lookup->unit = describe(program, file, declaration, arena);
}
