/* SPDX-License-Identifier: MIT */
/*
 * ZIR → AIR: what each name means and what type each value has.
 *
 * One forward pass over the instructions of one unit. Operands come before their users, so their
 * types are known when needed; only integer literals wait for their context.
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

/* Checks a unit of any kind. True if it is right; otherwise `air` must not be printed. Its own
 * errors are added to `diagnostics` (NULL: not reported); a unit that is wrong only because a
 * constant it uses is wrong adds none, since that constant's unit does. Memory comes from the arena
 * of `entities`. */
bool sema_check(Entities *entities, Entity *unit, Diagnostics *diagnostics, Air *air);

#ifdef __cplusplus
}
#endif
#endif
