/* SPDX-License-Identifier: MIT */
/*
 * Where a source really is, and which sources an error may quote.
 *
 * A program may import a file outside its directory, by "../" or through a link, and a tree from
 * somebody else may import something that is not a source at all:
 *
 *     import "../../.ssh/id_rsa" as key;       id_rsa:1:1: error: expected a declaration
 *                                              -----BEGIN OPENSSH PRIVATE KEY-----
 *                                              ^
 *
 * and if a build's errors are published, that line is too. Errors therefore quote only files below
 * one directory, the root: the entry's, or one that the user names. For other files they give only
 * the position. What counts is where a file is and not its name, because a link can lead anywhere;
 * a file in an unknown place is outside. A hard link is where its name is; with
 * fs.protected_hardlinks, nobody can link a file that they may not read.
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
 * otherwise, or if that is unknown, NULL. Both are relative to the working directory. The result is
 * in the arena. Cost: some system calls; it is meant for errors. */
const char *source_place_within(const char *root, const char *path, Arena *arena);

#ifdef __cplusplus
}
#endif
#endif
