/* SPDX-License-Identifier: MIT */
/*
 * ZIR → AIR: what each name means and what type each value has.
 *
 * One forward pass over the instructions of one unit. Operands stand before their users, so
 * their types are known when they are needed; only integer literals wait for their context.
 *
 *     Air air;
 *     if (sema_check(&entities, entities.items[0], diagnostics, &air))
 *         ...                                    every value has a type, every name a meaning
 */
#ifndef SEMA_H
#define SEMA_H

#include "air.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Checks a unit of any kind. True if it is right; otherwise `air` must not be printed. With
 * errors of its own they are added to `diagnostics` (NULL: reported to nobody); a unit that is
 * wrong only because a constant it uses is wrong adds none, since that constant's unit does.
 * Memory is the arena's of `entities`. */
bool sema_check(Entities *entities, Entity *unit, Diagnostics *diagnostics, Air *air);

#ifdef __cplusplus
}
#endif
#endif
