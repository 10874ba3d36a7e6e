/* SPDX-License-Identifier: MIT */
/*
 * AIR → x86-64 machine code, as blobs (unit_code.h).
 *
 * One forward pass over the instructions; nothing is optimised but what costs nothing: a value that
 * is used at once stays in its register, a branch reads the flags of its comparison, a constant is
 * an operand. x86_emitter.h shows the frame of a function.
 *
 * The same semantics as the LLVM IR (llvm_ir.h), to the last bit.
 */
#ifndef X86_EMIT_H
#define X86_EMIT_H

#include "air.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Appends the code of a function. `air` is free of errors. False, with nothing appended, if the
 * code would pass 2 GiB. */
bool x86_emit_function(const Air *air, ByteBuffer *out);

/* Appends the long strings of the unit, a constant free of errors: each a blob whose code is the
 * text and a NUL. */
void x86_emit_constant(Entities *entities, ByteBuffer *out);

#ifdef __cplusplus
}
#endif
#endif
