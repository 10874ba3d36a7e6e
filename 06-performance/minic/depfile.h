/* SPDX-License-Identifier: MIT */
/*
 * What an output is made from, in a file that make and ninja read:
 *
 *     main.ll: \
 *       main.mini \
 *       lib.mini
 *
 *     lib.mini:
 *
 * The empty rules keep make from stopping where a file is gone that an older build was made from:
 * then the output is just out of date.
 *
 *     depfile_put(&text, output, paths, count);
 *     status = depfile_write("main.d", buffer_slice(&text));
 */
#ifndef DEPFILE_H
#define DEPFILE_H

#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Appends the rules. The first path is that of the entry. */
void depfile_put(ByteBuffer *text, Slice output, const Slice *paths, size_t count);

/* own_file_write: over a file that is such a list. */
int depfile_write(const char *path, Slice text);

#ifdef __cplusplus
}
#endif
#endif
