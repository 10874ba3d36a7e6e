/* SPDX-License-Identifier: MIT */
/*
 * The basis of every Mini program's code: the target, four C functions, and a few lines of LLVM
 * IR for what no single instruction does.
 *
 * A program cannot declare a C function that is declared here; the parser knows the names: printf,
 * strcmp, fflush, dprintf, and main.
 */
#ifndef RUNTIME_PRELUDE_H
#define RUNTIME_PRELUDE_H

#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Appends the prelude for an LLVM target triple, which is one plain word; empty: the default of the
 * tool that reads the output. */
void runtime_prelude_put(ByteBuffer *out, Slice target);

#ifdef __cplusplus
}
#endif
#endif
