/* SPDX-License-Identifier: MIT */
/*
 * Constants are made of constants, structs of structs: the walk returns everything that an entity
 * is made of, each after its own parts, and the entity last.
 *
 *     InterfaceWalk walk;
 *     interface_walk_begin(&walk, entities, constant);
 *     while ((entity = interface_walk_next(&walk)) != NULL)
 *         evaluate(entity);                     its operands were evaluated before
 *     interface_walk_report(&walk, diagnostics);
 *
 * Entities returned by an earlier walk are not returned again. A cycle ends the path that ran into
 * it: the entity whose reference closes it is marked wrong, and the evaluation must pass that on.
 * Cost: each interface reference is followed once.
 */
#ifndef INTERFACE_WALK_H
#define INTERFACE_WALK_H

#include "entities.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    MAX_CONSTANT_HEIGHT = 1000, /* of constants that are made from constants */
    MAX_STRUCT_HEIGHT = 32,     /* of structs that hold structs */
    MAX_CYCLE_HEIGHT = 250,    /* of either, if nothing can be noted of them */
};

typedef struct InterfaceWalk {
    Entities *entities;
    Entity *root;
    uint32_t max_height; /* a longer chain is refused */
    uint32_t max_cycle; /* how deep entities without a place for a note are followed */
    bool is_cut;         /* the walk was deeper */
    Entity *top;       /* the last on the current path; NULL: done */
    const char *cycle; /* "a.mini:x -> b.mini:y -> a.mini:x" if root is in one, else NULL */
} InterfaceWalk;

void interface_walk_begin(InterfaceWalk *walk, Entities *entities, Entity *root);

/* The next entity, of the same kind as the root, or NULL. */
Entity *interface_walk_next(InterfaceWalk *walk);

/* After the walk: adds an error, at the root's name, if the root is in a cycle or nested too
 * deeply, and marks it wrong. True if it did. `diagnostics` may be NULL. */
bool interface_walk_report(const InterfaceWalk *walk, Diagnostics *diagnostics);

#ifdef __cplusplus
}
#endif
#endif
