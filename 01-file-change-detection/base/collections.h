/* SPDX-License-Identifier: MIT */
/*
 * The one way in which the stages include stb_ds. Include it in .c files only: no public header
 * shows an stb_ds type.
 *
 * Three traps are closed here. Strict C11 has no `typeof`, which stb_ds needs for maps with struct
 * keys. Its realloc is unchecked, so it gets ours, which ends the process with a clear line. And a
 * lookup writes a hidden field of the map: two threads that read one map are a data race. The
 * stages share sorted arrays between threads and keep each map to one thread.
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

#endif
