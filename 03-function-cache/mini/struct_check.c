/* SPDX-License-Identifier: MIT */
/*
 * The walk returns the structs that this one is made of, innermost first: when a struct is laid
 * out, its contents already are. A struct with a wrong field, or with one that is not laid out when
 * it is needed (it is part of a cycle), is wrong too.
 */
#include "struct_check.h"

#include "sema.h"
#include "sema_types.h"

/* Adds a field to the struct's size and text. False if its type cannot be used. */
static bool lay_out_field(const Entities *entities, Entity *entity, AirType type,
                          ByteBuffer *text)
{
    static const char *const scalars[] = {[AIR_I32] = "i32", [AIR_I64] = "i64",
                                          [AIR_F64] = "double", [AIR_BOOL] = "i1",
                                          [AIR_STR] = "ptr"};
    if (type.kind == AIR_INVALID)
        return false;
    if (type.kind != AIR_STRUCT) {
        entity->leaves++;
        buffer_put(text, slice_from(scalars[type.kind]));
        return true;
    }
    const Entity *part = entities->items[type.index];
    if (part->is_wrong || part->state != ENTITY_DONE)
        return false;
    entity->leaves += 1 + part->leaves;
    buffer_put(text, part->spelled);
    return true;
}

/* Each inner struct counts as a scalar: many without fields still make much text. */
static void lay_out(Entities *entities, Entity *entity)
{
    ByteBuffer text = {0};
    uint32_t count = struct_field_count(entity);
    for (uint32_t field = 0; field < count && !entity->is_wrong; field++) {
        buffer_put(&text, slice_from(field == 0 ? "{ " : ", "));
        AirType type = struct_field_type(entities, entity, field);
        if (!lay_out_field(entities, entity, type, &text) || entity->leaves > MAX_STRUCT_LEAVES)
            entity->is_wrong = true;
    }
    buffer_put(&text, slice_from(count == 0 ? "{}" : " }"));
    if (!entity->is_wrong)
        entity->spelled = slice_of(arena_copy(entities->scratch, buffer_slice(&text)), text.size);
    buffer_free(&text);
    entity_note(entities, entity, struct_is_too_wide(entity));
}

static InterfaceWalk walk_from(Entities *entities, Entity *entity)
{
    InterfaceWalk walk;
    interface_walk_begin(&walk, entities, entity);
    for (Entity *next; (next = interface_walk_next(&walk)) != NULL;)
        if (next != entity && entity_is_hopeless(entities, next))
            next->is_wrong = true;
        else
            lay_out(entities, next);
    return walk;
}

bool struct_check(Entities *entities, Entity *entity, Diagnostics *diagnostics)
{
    InterfaceWalk walk = walk_from(entities, entity);
    Air air;
    const Declaration *at = &entity->unit.declarations->items[entity->unit.declaration];
    if (!interface_walk_report(&walk, diagnostics) && entity->leaves > MAX_STRUCT_LEAVES)
        diagnostics_add(diagnostics, at->line, at->column,
                        "a struct may hold at most %d numbers, bools, strs and structs, nested "
                        "ones included",
                        MAX_STRUCT_LEAVES);
    return sema_check(entities, entity, diagnostics, &air) && !entity->is_wrong;
}

bool struct_is_right(Entities *entities, Entity *entity)
{
    if (entity_is_hopeless(entities, entity))
        return false;
    if (entity->state == ENTITY_NEW)
        walk_from(entities, entity);
    return entity->state == ENTITY_DONE && !entity->is_wrong;
}
