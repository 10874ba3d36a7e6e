/* SPDX-License-Identifier: MIT */
/*
 * AIR → LLVM IR text.
 *
 * The text is in SSA form from the start: parameters, local constants and intermediate values have
 * names. A `var` has a place in memory, an alloca in the entry block, only if its value is not
 * certain (air_promote.h). Pointers are opaque: LLVM 15 or newer.
 *
 * No Mini program has undefined behaviour in it: integers wrap (no nsw), divisions are guarded
 * unless the divisor is a harmless constant, conversions saturate.
 */
#ifndef LLVM_IR_H
#define LLVM_IR_H

#include "air.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Appends the definition of a function and of the strings it uses. `air` is free of errors. */
void llvm_print_function(const Air *air, ByteBuffer *out);

/* Appends what other units need of the unit, a constant free of errors: its long strings
 * (llvm_text.h). */
void llvm_print_constant(Entities *entities, ByteBuffer *out);

/* Appends a comment that shows how a struct, which is free of errors, is written in the text. */
void llvm_print_struct(Entities *entities, Entity *entity, ByteBuffer *out);

#ifdef __cplusplus
}
#endif
#endif
