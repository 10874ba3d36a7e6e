/* SPDX-License-Identifier: MIT */
/*
 * What `minic --version` prints: the version, the commit, and what `run` would use here.
 *
 * The commit is at the end of the executable, after everything the loader reads. The linker does
 * not know it: so it is not part of the build id, hence of no key, and a commit that changes no
 * code leaves the caches valid.
 */
#ifndef PROGRAM_VERSION_H
#define PROGRAM_VERSION_H

#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Appends lines. */
void program_version(ByteBuffer *text);

#ifdef __cplusplus
}
#endif
#endif
