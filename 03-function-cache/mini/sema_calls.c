/* SPDX-License-Identifier: MIT */
/*
 * Calls and struct literals: lists of values, each of which has a place with a type.
 *
 * Arguments go by position. Fields go by name, in any order; the search for a name begins where a
 * literal in the struct's own order would find it, and a mark per field says whether this literal
 * has already given it. A literal of n fields costs n steps when they are in order.
 */
#include "sema_pass.h"
#include "struct_check.h"

#include <stdio.h>

/* ---- calls ------------------------------------------------------------------------------- */

static void check_argument(SemaPass *pass, Entity *callee, uint32_t arg, uint32_t place)
{
    const ZirInst *parameter = &callee->zir.insts[place];
    AirType type = sema_usable(pass, type_of_inst(pass->entities, callee, parameter));
    uint32_t value = pass->zir->insts[arg].a;
    AirType found = sema_value(pass, arg, value);
    if (air_type_equal(found, type))
        return;
    char what[128];
    snprintf(what, sizeof what, "argument '%.90s': ", entity_text(callee, parameter->a));
    size_t reported = sema_reported(pass);
    sema_expect(pass, arg, value, type, what);
    if (sema_reported(pass) > reported)
        sema_note_declared(pass, callee);
}

AirType sema_check_call(SemaPass *pass, uint32_t at)
{
    const ZirInst *inst = &pass->zir->insts[at];
    Entity *callee = sema_resolve(pass, at, inst->a);
    if (callee == NULL)
        return air_type(AIR_INVALID);
    if (callee->zir.kind != ZIR_FN && callee->zir.kind != ZIR_EXTERN_FN) {
        sema_wrong_kind(pass, at, callee, "a function");
        return air_type(AIR_INVALID);
    }
    pass->insts[at].link = callee->number;
    uint32_t count = entity_parameter_count(callee);
    if (inst->count != count) {
        sema_error(pass, at, "'%s' takes %u argument%s, found %u", sema_name(pass, callee), count,
                   count == 1 ? "" : "s", inst->count);
        sema_note_declared(pass, callee);
    }
    for (uint32_t i = 0; i < inst->count && i < count; i++)
        check_argument(pass, callee, at - inst->count + i, i);
    return sema_usable(pass, type_of_inst(pass->entities, callee, &callee->zir.insts[count]));
}

/* ---- struct literals --------------------------------------------------------------------- */

static void reserve_seen(SemaPass *pass, uint32_t count)
{
    if (count <= pass->seen_count)
        return;
    pass->seen_count = count;
    pass->seen = arena_allocate(pass->entities->scratch, count * sizeof *pass->seen);
    memset(pass->seen, 0xFF, count * sizeof *pass->seen);
}

void sema_no_field(SemaPass *pass, uint32_t at, const Entity *entity, const char *name)
{
    Spelling spelling = spelling_of(slice_from(name));
    for (uint32_t field = 0; field < struct_field_count(entity); field++)
        spelling_try(&spelling, slice_from(struct_field_name(entity, field)));
    sema_error(pass, at, "struct '%s' has no field '%.*s'%s", sema_name(pass, entity),
               SHOWN_NAME_BYTES, name, sema_suggestion(pass, &spelling));
    sema_note_declared(pass, entity);
}

/* One `name: value` of the literal `at`. True if it gives a field that was not given before. */
static bool check_init(SemaPass *pass, Entity *entity, uint32_t at, uint32_t init, uint32_t hint)
{
    const ZirInst *inst = &pass->zir->insts[init];
    const char *name = entity_text(pass->unit, inst->b);
    uint32_t field = struct_find_field(entity, name, hint);
    if (field == UINT32_MAX) {
        sema_no_field(pass, init, entity, name);
        return false;
    }
    if (pass->seen[field] == at) {
        sema_error(pass, init, "field '%.*s' is given twice", SHOWN_NAME_BYTES, name);
        return false;
    }
    pass->seen[field] = at;
    pass->insts[init].link = field;
    AirType type = struct_field_type(pass->entities, entity, field);
    if (!air_type_equal(sema_value(pass, init, inst->a), type)) {
        char what[128];
        snprintf(what, sizeof what, "field '%.90s': ", name);
        sema_expect(pass, init, inst->a, type, what);
    }
    return true;
}

/* Some are reported, and the others counted. */
static void report_missing_fields(SemaPass *pass, const Entity *entity, uint32_t at)
{
    enum { TOLD = 8 };
    uint32_t missing = 0;
    for (uint32_t field = 0; field < struct_field_count(entity); field++)
        if (pass->seen[field] != at && ++missing <= TOLD)
            sema_error(pass, at, "field '%.*s' of struct '%s' is missing", SHOWN_NAME_BYTES,
                       struct_field_name(entity, field), sema_name(pass, entity));
    if (missing > TOLD)
        sema_error(pass, at, "so are %u more fields of struct '%s'", missing - TOLD,
                   sema_name(pass, entity));
}

AirType sema_check_struct_literal(SemaPass *pass, uint32_t at)
{
    const ZirInst *inst = &pass->zir->insts[at];
    Entity *entity = sema_resolve(pass, at, inst->a);
    if (entity == NULL)
        return air_type(AIR_INVALID);
    if (entity->zir.kind != ZIR_STRUCT) {
        sema_wrong_kind(pass, at, entity, "a struct");
        return air_type(AIR_INVALID);
    }
    if (struct_is_too_wide(entity))
        return sema_usable(pass, (AirType){AIR_STRUCT, entity->number});
    reserve_seen(pass, struct_field_count(entity));
    uint32_t given = 0;
    for (uint32_t i = 0; i < inst->count; i++)
        given += check_init(pass, entity, at, at - inst->count + i, i);
    if (given != struct_field_count(entity))
        report_missing_fields(pass, entity, at);
    AirType type = {AIR_STRUCT, entity->number};
    return sema_usable(pass, type);
}
