/* SPDX-License-Identifier: MIT */
/*
 * What a unit names, found once.
 *
 * While one unit is emitted, each declaration that it reaches is an Entity: the unit itself is
 * number 0, the others are numbered as they are met. Two references to one declaration, from any
 * file and under any alias, lead to one entity; the identity of a struct type is therefore the
 * number of its entity.
 *
 *     Entities entities = {0};
 *     entities_init(&entities, unit, lookup, scratch);
 *     Entity *callee = entity_reference(&entities, entities.items[0], 3);   NULL: not found
 *
 * All memory is the arena's. Threads: one set of entities per thread.
 */
#ifndef ENTITIES_H
#define ENTITIES_H

#include "codegen.h"
#include "zir.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ConstValue ConstValue;

typedef enum EntityState { /* of the walk over interface references */
    ENTITY_NEW,
    ENTITY_ACTIVE, /* on the current path */
    ENTITY_DONE,
} EntityState;

typedef struct Entity Entity;
struct Entity {
    Unit unit;
    Zir zir;
    uint32_t number;
    bool is_wrong;     /* its own unit reports why; do not use it */
    bool is_unread;    /* only the kind of its IR is known; the rest is read when needed */
    uint32_t *targets; /* per reference: what it leads to, as entities.c notes it */
    Slice quoted;      /* "path:name" as LLVM writes it; empty until asked for */
    /* of the walk (interface_walk.h) */
    uint8_t state;     /* EntityState */
    uint32_t cursor;   /* its next interface reference to follow */
    uint32_t depth;    /* of the path that leads to it */
    Entity *parent;    /* the previous one on that path */
    uint32_t height;   /* when done: the longest chain of references below it */
    uint32_t leaves;   /* of a struct, when done: scalars and structs it consists of */
    Slice spelled;     /* of a struct, when done and not wrong: its type in LLVM IR */
    const ConstValue *value; /* of a constant, when done and not wrong */
    const void **note;       /* where these results are kept for other units, or NULL */
};

typedef struct Entities {
    Entity **items; /* 0 is the unit being emitted */
    uint32_t count, capacity;
    uint32_t *slots; /* hash table of entity number + 1, by file and declaration */
    uint32_t slot_count;
    const Lookup *lookup;
    Arena *scratch;
    Entity *poisoned; /* stands for everything poisoned; NULL: none was met */
} Entities;

/* False if the unit's own IR is not well formed, or it has a syntax error: then the kind in its zir
 * is ZIR_FN_BROKEN or ZIR_BROKEN. */
bool entities_init(Entities *entities, const Unit *unit, const Lookup *lookup, Arena *scratch);

/* What a reference of `from` leads to, or NULL if there is no such declaration. For something
 * poisoned, an entity that is wrong and not usable. */
Entity *entity_reference(Entities *entities, Entity *from, uint32_t reference);

/* The entity of a declaration that a note names (codegen.h). */
Entity *entity_of(Entities *entities, uint32_t file, uint32_t declaration);

/* Notes the results of the walk, which are in the entity, for later units. An entity met there gets
 * them and is done from the start; if `is_enough`, its IR is not read: only kind and
 * interface_count of `zir` are known. */
void entity_note(const Entities *entities, const Entity *entity, bool is_enough);

/* True if notes are made but this entity has no place for one: its interface leads into a cycle or
 * to something poisoned. Anything made from such a constant or struct is wrong. */
static inline bool entity_is_hopeless(const Entities *entities, const Entity *entity)
{
    return entities->lookup->notes != NULL && entity->note == NULL;
}

static inline Slice entity_name(const Entity *entity)
{
    return declaration_name(entity->unit.declarations, entity->unit.declaration);
}

static inline const char *entity_text(const Entity *entity, uint32_t offset)
{
    return entity->zir.text + offset;
}

/* False if it is poisoned or its IR is damaged; that is reported elsewhere. */
static inline bool entity_is_usable(const Entity *entity)
{
    return entity->zir.insts != NULL || entity->is_unread || entity->state == ENTITY_DONE;
}

static inline uint32_t entity_parameter_count(const Entity *function)
{
    return function->zir.interface_count - 1;
}

/* The entity's symbol between quotes, with every byte that LLVM does not take literally written
 * as \HH. */
Slice entity_quoted_symbol(Entities *entities, Entity *entity);

/* path:name, as a running program names a function of it, also the one where it starts.
 * NUL-terminated; lives as long as the arena. */
const char *entity_place_text(const Entities *entities, const Entity *entity);

#ifdef __cplusplus
}
#endif
#endif
