/* SPDX-License-Identifier: MIT */
/*
 * Checked files (binary_file.h) that are written in every build.
 *
 * A new file that replaces another costs: ext4 flushes it first, lest a power cut leave an empty
 * file under the name. That takes 0.3 ms, and a short build has no time for it twice. So what
 * each build writes lies in files that are there already, whose blocks have their places:
 *
 *     exchange     │ name: old │ spare: older │   write over the spare, then exchange the names
 *     overwrite    │ name │                       where a damaged file says as much as the new one
 *
 * Threads: any, on different files.
 */
#ifndef BINARY_EXCHANGE_H
#define BINARY_EXCHANGE_H

#include "binary_file.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As binary_file_write, but it is written over the file `spare`, and then the two names are
 * exchanged, so that `spare` is the old file. Where names cannot be exchanged, or
 * `name` is not there yet, `spare` is renamed over it. 0 or a negative errno; on failure `name`
 * is as it was, and `spare` any bytes. */
int binary_file_exchange(int dir_fd, const char *name, const char *spare,
                         const BinaryFormat *format, const Slice *parts, size_t part_count,
                         bool sync);

/* Writes over the file itself. A process that is killed meanwhile, and a failure, may leave it
 * damaged: for what then says as much as the new content does. 0 or a negative errno; -EBADMSG
 * if there is something that is not a regular file. */
int binary_file_overwrite(int dir_fd, const char *name, const BinaryFormat *format,
                          const Slice *parts, size_t part_count, bool sync);

#ifdef __cplusplus
}
#endif
#endif
