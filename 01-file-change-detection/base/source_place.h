/* SPDX-License-Identifier: MIT */
/*
 * Where a source really lies, and which sources an error may quote.
 *
 * A program may import a file outside of its directory, by "../" or through a link, and a tree
 * that somebody else wrote may import something that is no source at all:
 *
 *     import "../../.ssh/id_rsa" as key;       id_rsa:1:1: error: expected a declaration
 *                                              -----BEGIN OPENSSH PRIVATE KEY-----
 *                                              ^
 *
 * and where the errors of a build are published, so is that line. Errors therefore quote only files
 * below one directory, the root: the entry's, or one that the user names. For other files they name
 * the place alone. What counts is where a file lies and not its name, because a link can lead
 * anywhere; a place that cannot be known is outside. A hard link lies where its name is; where the
 * system prevents it (fs.protected_hardlinks), nobody can link a file that they may not read.
 *
 * Threads: any thread.
 */
#ifndef SOURCE_PLACE_H
#define SOURCE_PLACE_H

#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The place of the file `path`, absolute and without links, if it is below the directory `root`;
 * else, or if that cannot be known, NULL. Both are paths from the working directory. The result is
 * in the arena. Some system calls: it is meant for errors. */
const char *source_place_within(const char *root, const char *path, Arena *arena);

#ifdef __cplusplus
}
#endif
#endif
