/* SPDX-License-Identifier: MIT */
/*
 * Where `minic run` keeps the executables that it patches from run to run: in a directory beside
 * the cache, `.mini_cache.run`, which belongs to the user as the cache does (cache_mark.h). Each
 * entry has a file there, named after it.
 *
 * Threads: one.
 */
#ifndef PROGRAM_PLACE_H
#define PROGRAM_PLACE_H

#include "memory.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sets `*program` to the path of the executable of an entry, in the arena; makes the directory if
 * it is missing, unless the build will report that there is no such entry, or that the cache cannot be
 * used (`trust`: --trust-cache). It must be there before the build is opened, which tells outputs
 * apart by where they lead. 0; or a negative errno, and `error` says why in one line without a
 * newline: nothing can be kept there. -EROFS and -EACCES: the place is read-only, and that is all
 * that is wrong. */
int program_place_find(const char *cache_dir, bool trust, const char *entry, Arena *arena,
                       const char **program, ByteBuffer *error);

typedef struct PlaceCounts {
    uint64_t files, bytes; /* removed */
} PlaceCounts;

/* Removes the executable of an entry; or, if it is NULL, all of them, and the directory. What
 * others have put there stays. */
void program_place_clean(const char *cache_dir, const char *entry, PlaceCounts *removed);

#ifdef __cplusplus
}
#endif
#endif
