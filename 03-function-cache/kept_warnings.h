/* SPDX-License-Identifier: MIT */
/*
 * Warnings as bytes, to be kept with the result that they came with and reported again with it.
 *
 * A file's lowered form is found by the bytes of the file: its warnings are where they were. A
 * unit's output is found by its key, and its declaration may have moved since. So the lines of a
 * unit's own warnings are kept as distances from that of its declaration.
 *
 *     size_t first = diagnostics.count;
 *     ... warnings are added ...
 *     kept_warnings_put(&blob, &diagnostics, first, declaration);
 *     ...
 *     diagnostics.path = path;
 *     kept_warnings_get(buffer_slice(&blob), declaration, &diagnostics);
 *
 *     blob      record │ record │ ...
 *     record    line, column, severity, five sizes: u32 each │ path │ subject │ message ...
 *
 * The path is empty for diagnostics.path: the blob of a file holds nothing of where the file is.
 */
#ifndef KEPT_WARNINGS_H
#define KEPT_WARNINGS_H

#include "declarations.h"
#include "diagnostics.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Appends the diagnostics from number `first` on; none of them is an error. Places in
 * diagnostics->path are measured from `origin`, unless that is NULL; that of a subject is not kept.
 * A path is that one if it has the same address. */
void kept_warnings_put(ByteBuffer *blob, const Diagnostics *diagnostics, size_t first,
                       const Declaration *origin);

/* Adds what was put; who asks finds the places of subjects. What is added points into the blob.
 * False, and nothing is added, if the blob is not well formed. */
bool kept_warnings_get(Slice blob, const Declaration *origin, Diagnostics *diagnostics);

#ifdef __cplusplus
}
#endif
#endif
