/* SPDX-License-Identifier: MIT */
/*
 * Variables that need no memory: what compilers call promotion, or mem2reg.
 *
 * A `var` has a place in memory, a store writes to it and a load reads it. But no program can take
 * the address of a Mini variable. Wherever it is certain which store a load would read, the load is
 * not needed: the stored value already has a name. A variable without loads needs no stores and no
 * place either.
 *
 *     var x = a * 2;      %v3 = mul i32 %v0, 2           %v3 = mul i32 %v0, 2
 *                         store i32 %v3, ptr %v4
 *     x = x + 1;          %v5 = load i32, ptr %v4
 *                         %v7 = add i32 %v5, 1           %v7 = add i32 %v3, 1
 *                         store i32 %v7, ptr %v4
 *     return x;           %v9 = load i32, ptr %v4
 *                         ret i32 %v9                    ret i32 %v7
 *
 * The method is the simple half of what LLVM does: one forward pass. Where two paths meet that may
 * have left different values, a variable goes through memory; the other half would put a phi there.
 */
#ifndef AIR_PROMOTE_H
#define AIR_PROMOTE_H

#include "air.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Points each load with a known value at that value, and marks for each variable whether it is
 * still in memory. Without this pass `air` is just as right, and its text longer. `air` is free of
 * errors. Cost: two passes over the instructions. */
void air_promote(Air *air);

#ifdef __cplusplus
}
#endif
#endif
