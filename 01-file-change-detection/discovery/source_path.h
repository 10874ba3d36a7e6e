/* SPDX-License-Identifier: MIT */
/*
 * The name of a file.
 *
 * A project names its files by their path relative to the directory of its entry file, normalised
 * as text: no ".", no empty part, ".." only at the front. The name goes into keys, symbols and
 * markers: two builds of one tree in two places give the same bytes. Naming does not follow
 * symlinks: a name must not depend on the state of the disk.
 *
 * A leading ".." is allowed: a project may import files from beside its directory. An absolute path
 * in an import is refused, because its name would differ from machine to machine. Only where the
 * language itself says where to look may a file have an absolute name: the headers of a system.
 */
#ifndef SOURCE_PATH_H
#define SOURCE_PATH_H

#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum PathError {
    PATH_OK,
    PATH_EMPTY,     /* "" or a path that ends in a slash, "." or ".." */
    PATH_ABSOLUTE,  /* begins with a slash */
    PATH_HAS_NUL,
    PATH_TOO_LONG,  /* 4096 bytes or more */
    PATH_NOWHERE,   /* there is no file in any of the places where to look */
} PathError;

/* What `import`, written in file `importer`, names. The result is in the arena. */
PathError source_path_resolve(Slice importer, Slice import, Arena *arena, Slice *path);

/* The normalised name of a path from the entry's directory, or of an absolute one, which remains
 * absolute. The result is in the arena, and ends in NUL. */
PathError source_path_normalize(Slice path, Arena *arena, Slice *normal);

/* One line for a user: "the import path is empty". */
const char *path_error_text(PathError error);

#ifdef __cplusplus
}
#endif
#endif
