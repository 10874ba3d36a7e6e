/* SPDX-License-Identifier: MIT */
/*
 * Builtin types map one to one; a named type is looked up through its owner's references, in the
 * owner's file.
 */
#include "sema_types.h"

AirType type_of_inst(Entities *entities, Entity *owner, const ZirInst *inst)
{
    static const uint8_t builtin[] = {
        [ZIR_TYPE_NONE] = AIR_VOID, [ZIR_TYPE_I32] = AIR_I32,   [ZIR_TYPE_I64] = AIR_I64,
        [ZIR_TYPE_F64] = AIR_F64,   [ZIR_TYPE_BOOL] = AIR_BOOL, [ZIR_TYPE_STR] = AIR_STR,
    };
    if (inst->type != ZIR_TYPE_NAMED)
        return air_type(inst->type < ZIR_TYPE_NAMED ? builtin[inst->type] : AIR_INVALID);
    const Entity *named = entity_reference(entities, owner, inst->b);
    if (named == NULL || !entity_is_usable(named) || named->zir.kind != ZIR_STRUCT)
        return air_type(AIR_INVALID);
    AirType type = {AIR_STRUCT, named->number};
    return type;
}

uint32_t struct_find_field(const Entity *entity, const char *name, uint32_t hint)
{
    uint32_t count = struct_field_count(entity);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t field = hint + i < count ? hint + i : hint + i - count;
        if (field < count && strcmp(struct_field_name(entity, field), name) == 0)
            return field;
    }
    return UINT32_MAX;
}

const char *shown_name(const Entities *entities, Slice name)
{
    if (name.size > SHOWN_NAME_BYTES)
        name.size = SHOWN_NAME_BYTES;
    return arena_copy(entities->scratch, name);
}

const char *type_text(const Entities *entities, AirType type)
{
    static const char *const names[] = {
        [AIR_VOID] = "nothing", [AIR_I32] = "i32",   [AIR_I64] = "i64", [AIR_F64] = "f64",
        [AIR_BOOL] = "bool",    [AIR_STR] = "str",
        [AIR_UNTYPED_INT] = "i32", [AIR_INVALID] = "?",
    };
    if (type.kind != AIR_STRUCT)
        return names[type.kind];
    const Entity *entity = entities->items[type.index];
    Slice name = entity_name(entity), symbol = entity->unit.symbol;
    if (entity->unit.file == entities->items[0]->unit.file)
        return shown_name(entities, name);
    if (name.size > SHOWN_NAME_BYTES)
        symbol.size -= name.size - SHOWN_NAME_BYTES;
    return arena_copy(entities->scratch, symbol);
}
