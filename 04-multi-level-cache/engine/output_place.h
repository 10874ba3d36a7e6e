/* SPDX-License-Identifier: MIT */
/*
 * Where an output goes: to be asked before its first byte is written.
 *
 * A path can stand for a descriptor that the process was given: "-", "/dev/stdout", "/dev/fd/3".
 * Opening it by that name would be wrong in two ways. A file that a shell opened with >> would be
 * truncated and written from its beginning; and replacing an output by a new file of its name would
 * replace /dev/stdout. So the descriptor itself is written, in order, from its current offset:
 *
 *     OutputPlace place;
 *     int fd, status = output_place_find(&place, path);
 *     if (status == 0 && place.descriptor >= 0)
 *         fd = output_place_open(&place);            a duplicate: write_parts, close_fd
 *
 * Only the name that the user wrote counts. A link found under that name, wherever it leads, came
 * with the files, and perhaps from a stranger: `main.ll -> /proc/self/cwd/../.bashrc`. The same
 * holds for a link in the middle of the name; if it leads to a descriptor, it is refused.
 *
 * A place can also belong to what the build depends on: a source, or a file of the cache.
 */
#ifndef OUTPUT_PLACE_H
#define OUTPUT_PLACE_H

#include "incremental_build.h"

#include <limits.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct OutputPlace {
    int descriptor;      /* -1: a file is meant */
    char path[PATH_MAX]; /* absolute, symlinks in its directory resolved; for a descriptor, as it
                            was written */
} OutputPlace;

/* 0; -EISDIR if the path cannot be that of a file; -ENOENT if its directory is missing; -EBADF if
 * it stands for a descriptor that the process was not given, -ELOOP if it stands for one only
 * through a link; or another negative errno. */
int output_place_find(OutputPlace *place, const char *path);

/* A duplicate of the descriptor, to be written and closed. A descriptor or a negative errno. */
int output_place_open(const OutputPlace *place);

/* Is the regular file `there` ({0}: none) a source of the program, under any name? A look at the
 * file table, and a stat of a source that has the same inode number or no stamp. */
bool output_place_is_source(const Build *build, const FileStamp *there);

/* Is the place in the cache directory, under any name? */
bool output_place_is_in_cache(const Build *build, const OutputPlace *place);

/* Is the regular file `there` one of the cache's? For a file reached by a link or a descriptor,
 * whose directory proves nothing. One stat per file of the cache. */
bool output_place_is_cache_file(const Build *build, const FileStamp *there);

#ifdef __cplusplus
}
#endif
#endif
