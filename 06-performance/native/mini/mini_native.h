/* SPDX-License-Identifier: MIT */
/*
 * Mini, plugged in with another product: machine code for x86-64 Linux instead of LLVM IR.
 *
 * Files are lowered alike, so their cached forms are shared; the settings differ, so code of the
 * two kinds never meets. What emit returns, and the prelude, are blobs (unit_code.h).
 */
#ifndef MINI_NATIVE_H
#define MINI_NATIVE_H

#include "mini_compiler.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As mini_compiler_init, which says more; `prelude` receives the blobs of the run-time code. The
 * target, if there is one, changes nothing. */
int mini_native_compiler_init(Compiler *compiler, const MiniSettings *settings,
                              ByteBuffer *prelude);

/* An EmitUnit; `language` is not used. Any thread. */
bool mini_native_emit(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
                      ByteBuffer *text, Diagnostics *diagnostics);

#ifdef __cplusplus
}
#endif
#endif
