/* SPDX-License-Identifier: MIT */
/*
 * What the code of every Mini program stands on: the target, two functions of C, and a few lines
 * of LLVM IR for what no single instruction does.
 *
 * A C function that is declared here cannot be declared by a program again; the parser knows
 * their names: printf, strcmp, and main.
 */
#ifndef RUNTIME_PRELUDE_H
#define RUNTIME_PRELUDE_H

#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Appends the prelude for an LLVM target triple, which is one plain word; empty: whatever the
 * tool that reads the output takes as its own. */
void runtime_prelude_put(ByteBuffer *out, Slice target);

#ifdef __cplusplus
}
#endif
#endif
