/* SPDX-License-Identifier: MIT */
/*
 * Mini, plugged in. See compiler.h for what each function must do.
 *
 * The fingerprint is made of the identity of the running executable (its build id, or a hash of its
 * file), the format versions and the settings: after an edit of the code generator, code of the old
 * one is never used.
 */
#ifndef MINI_COMPILER_H
#define MINI_COMPILER_H

#include "compiler.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct MiniSettings { /* {0}: the defaults */
    const char *target;       /* LLVM target triple, or NULL for this machine's */
} MiniSettings;

/* Fills in `compiler`. `prelude` receives the prelude's text, which `compiler` lends until the
 * caller frees the buffer. `settings` may be NULL. 0; -EINVAL if the target is not one plain word
 * (at most 100 letters, digits, `-_.`); or another negative errno if the executable cannot be identified. */
int mini_compiler_init(Compiler *compiler, const MiniSettings *settings, ByteBuffer *prelude);

#ifdef __cplusplus
}
#endif
#endif
