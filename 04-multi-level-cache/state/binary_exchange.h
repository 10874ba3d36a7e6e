/* SPDX-License-Identifier: MIT */
/*
 * Checked files (binary_file.h) written in every build.
 *
 * Replacing a file by a new one is expensive: ext4 flushes the new one first, so that a power cut
 * does not leave an empty file under the name. That takes 0.3 ms, and a short build has no time for
 * it twice. So each build writes into existing files, whose blocks are already allocated:
 *
 *     exchange     │ name: old │ spare: older │   overwrite the spare, then exchange the names
 *     overwrite    │ name │                       where a damaged file means the same as a new
 *
 * Threads: any, on different files.
 */
#ifndef BINARY_EXCHANGE_H
#define BINARY_EXCHANGE_H

#include "binary_file.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As binary_file_write, but overwrites the file `spare` and then exchanges the two names, so that
 * `spare` is the old file. Where names cannot be exchanged, or `name` does not exist yet, `spare`
 * is renamed over it. 0 or a negative errno; on failure `name` is as it was, and `spare` any
 * bytes. */
int binary_file_exchange(int dir_fd, const char *name, const char *spare,
                         const BinaryFormat *format, const Slice *parts, size_t part_count,
                         bool sync);

/* Overwrites the file itself. A killed process, or a failure, may leave it damaged: for files that
 * mean the same when damaged as with the new content. 0 or a negative errno; -EBADMSG if it is not
 * a regular file. */
int binary_file_overwrite(int dir_fd, const char *name, const BinaryFormat *format,
                          const Slice *parts, size_t part_count, bool sync);

/* The same, but what has the name and is not a file is replaced. For a small note in the cache. */
int binary_file_note(int dir_fd, const char *name, const BinaryFormat *format, Slice note,
                     bool sync);

#ifdef __cplusplus
}
#endif
#endif
