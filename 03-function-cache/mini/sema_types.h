/* SPDX-License-Identifier: MIT */
/*
 * Types as ZIR writes them → AIR types, and what is known about a type.
 *
 * A struct is identified by its declaration, not by its shape: two structs are the same type if
 * they are the same entity.
 */
#ifndef SEMA_TYPES_H
#define SEMA_TYPES_H

#include "air.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The type that `inst`, an instruction of `owner` with a T, spells: void if it is left out,
 * invalid if it names no struct. */
AirType type_of_inst(Entities *entities, Entity *owner, const ZirInst *inst);

/* The fields of a struct are the instructions of its interface. */
static inline uint32_t struct_field_count(const Entity *entity)
{
    return entity->zir.interface_count;
}

static inline AirType struct_field_type(Entities *entities, Entity *entity, uint32_t field)
{
    return type_of_inst(entities, entity, &entity->zir.insts[field]);
}

static inline const char *struct_field_name(const Entity *entity, uint32_t field)
{
    return entity_text(entity, entity->zir.insts[field].a);
}

/* The place of the field called `name`, or UINT32_MAX. The search begins at `hint`, so that
 * asking for all fields in their order costs one comparison each. */
uint32_t struct_find_field(const Entity *entity, const char *name, uint32_t hint);

/* A name as a message shows it: the first SHOWN_NAME_BYTES of it. A long name that occurs once in
 * the source may be in a thousand messages. Lives as long as the arena. */
enum { SHOWN_NAME_BYTES = 60 };
const char *shown_name(const Entities *entities, Slice name);

/* A type as a message names it: `i32`, `Point`, or `shapes.mini:Point` for a struct of another
 * file. Lives as long as the arena. */
const char *type_text(const Entities *entities, AirType type);

#ifdef __cplusplus
}
#endif
#endif
