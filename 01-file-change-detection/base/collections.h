/* SPDX-License-Identifier: MIT */
/*
 * The one way in which the stages include stb_ds. Include it in .c files only: no public header
 * shows an stb_ds type.
 *
 * Four traps are closed here. Strict C11 has no `typeof`, which stb_ds needs for maps with struct
 * keys. Its realloc is unchecked, so it gets ours, which ends the process with a clear line. A
 * lookup writes a hidden field of the map: two threads that read one map are a data race. The
 * stages share sorted arrays between threads and keep each map to one thread. And each new map gets
 * a seed of its own from one variable that all threads share: so the first key of a map is put under
 * a lock. The stages do not call sh_new_arena and sh_new_strdup, which take a seed as well.
 */
#ifndef COLLECTIONS_H
#define COLLECTIONS_H

#include "memory.h"

#include <stdlib.h>

#ifndef typeof
#define typeof __typeof__
#endif

#define STBDS_REALLOC(context, pointer, size) memory_resize(pointer, size)
#define STBDS_FREE(context, pointer) memory_free(pointer)

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#include <stb/stb_ds.h>
#pragma GCC diagnostic pop

/* stbds_hmput_key, which hmput and its relatives call. Any number of threads, each with a map of its
 * own. */
void *collections_put_key(void *map, size_t item_size, void *key, size_t key_size, int mode);
#undef stbds_hmput_key_wrapper
#define stbds_hmput_key_wrapper collections_put_key

#endif
