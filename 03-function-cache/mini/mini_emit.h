/* SPDX-License-Identifier: MIT */
/*
 * One unit of Mini → its text in the output: ZIR → AIR → LLVM IR.
 *
 *     function          its definition and its strings
 *     struct            a comment that says how it is spelled
 *     const             its long strings, if there are any
 *     extern fn         nothing, but it is checked like the others
 */
#ifndef MINI_EMIT_H
#define MINI_EMIT_H

#include "codegen.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An EmitUnit; `language` is not used. Any thread. */
bool mini_emit(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
               ByteBuffer *text, Diagnostics *diagnostics);

#ifdef __cplusplus
}
#endif
#endif
