/* SPDX-License-Identifier: MIT */
/*
 * What a struct must be: made of types that exist, not of itself, and of a size that can be
 * passed around.
 *
 * Structs are values. A few lines of source can name one with 2^30 scalars (a struct of two structs
 * of two structs of ...), which no later stage could print or compile. The limit is far above what
 * anybody writes. Each use spells the type, and a literal once for each of its fields: one as wide
 * as the limit makes a hundred times as much output as source.
 *
 * A struct is written out wherever it is used, `{ double, { i32, ptr } }`. LLVM has names for
 * types, but wants them defined before the first use in the text: then the place of a section in
 * the output would depend on its contents, and not only on its path.
 */
#ifndef STRUCT_CHECK_H
#define STRUCT_CHECK_H

#include "interface_walk.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { MAX_STRUCT_LEAVES = 256 };

/* Checks the struct that is the unit itself, and adds its errors to `diagnostics`. True if it is
 * right; then its `spelled` is set. */
bool struct_check(Entities *entities, Entity *entity, Diagnostics *diagnostics);

/* The same for a struct that is used, silently: its own unit reports its errors. */
bool struct_is_right(Entities *entities, Entity *entity);

/* True if it has so many fields that it is wrong whatever they are. Do not search for one of them:
 * searching a thousand for each of a thousand is a million steps. */
static inline bool struct_is_too_wide(const Entity *entity)
{
    return entity->zir.interface_count > MAX_STRUCT_LEAVES;
}

#ifdef __cplusplus
}
#endif
#endif
