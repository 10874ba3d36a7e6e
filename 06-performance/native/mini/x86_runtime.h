/* SPDX-License-Identifier: MIT */
/*
 * The machine code that every Mini program has: what the prelude is to LLVM IR (runtime_prelude.h).
 *
 *     _start               where the kernel begins: hands main to C's start-up code
 *     mini.print.i32 ...   rax or xmm0 → standard output; one for each scalar type
 *     mini.saturate.i32    xmm0, which does not fit → eax; and i64 → rax
 *     mini.trap.division   rdi: the function, path:name. Says so, and ends by SIGILL
 */
#ifndef X86_RUNTIME_H
#define X86_RUNTIME_H

#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Appends the blobs. */
void x86_put_runtime(ByteBuffer *out);

#ifdef __cplusplus
}
#endif
#endif
