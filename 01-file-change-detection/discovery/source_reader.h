/* SPDX-License-Identifier: MIT */
/*
 * Where sources come from, if not from the disk: an editor's unsaved buffers, an archive, the tree
 * of a commit.
 *
 * A reader is a pair of functions. One gives a file's stamp, the other its bytes. No reader, NULL,
 * stands for the disk.
 *
 *     static int stamp(void *context, const char *path, FileStamp *now)
 *     {
 *         const Member *member = archive_find(context, path);
 *         if (member == NULL)
 *             return -ENOENT;
 *         *now = file_stamp_of_version(member->hash.low, member->hash.high);
 *         return 0;
 *     }
 *
 *     SourceReader reader = {.stamp = stamp, .read = read, .context = archive};
 *
 * An equal stamp must mean equal bytes, by one of the three rules:
 *
 *     file_stamp_of_version   an exact version: a counter of changes, or a hash that the archive
 *                             has in any case. It needs no clock and is trusted at once
 *     what stat says          of a file on some disk: judged as in file_stamp.h
 *     {0}                     there is no stamp: the file is read in every run, and only its hash
 *                             says whether it changed
 *
 * Overlays are a reader over another one, or over the disk: files whose bytes the caller has,
 * besides all others. They have no stamps, so that they are never taken for what is below.
 *
 *     SourceOverlay unsaved[] = {{"lib/a.mini", slice_from("fn one() i32 { return 1; }")}};
 *     SourceOverlays overlays;
 *     if (source_overlays_make(&overlays, unsaved, 1, dir_fd, NULL, &arena) == NULL)
 *         request.reader = &overlays.reader;
 *
 * Threads: all functions, any thread; so must a reader's be.
 */
#ifndef SOURCE_READER_H
#define SOURCE_READER_H

#include "file_stamp.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Paths are those of source_path.h, and end in NUL. Both functions return 0; or -ENOENT, -ENOTDIR,
 * -EISDIR or -EINVAL if there is no file of that name; or another negative errno if it cannot be
 * read, which fails a build. They are called by several threads at once. */
typedef struct SourceReader {
    /* The stamp of the file as it is now; `*stamp` is {0} before the call. */
    int (*stamp)(void *context, const char *path, FileStamp *stamp);
    /* All bytes of the file, in the arena or lent for as long as the reader is used, with a NUL
     * after the last: arena_copy makes such a copy. Of a file with more than `limit` bytes (0: no
     * limit) no more are needed. `*stamp`, {0} before the call, is the stamp of these bytes, and
     * stays {0} if the file may have changed while it was read. */
    int (*read)(void *context, const char *path, size_t limit, Arena *arena, Slice *bytes,
                FileStamp *stamp);
    void *context;
} SourceReader;

/* What the reader says; of the disk, if it is NULL, what file_stamp_in_mount and file_read_start
 * say of a path from `dir_fd`. Stamp and bytes are empty after an error. Of a reader's bytes, those
 * beyond the limit are cut off, and the stamp is {0} then; without one, 2 GiB are -EFBIG. */
int source_read_bytes(const SourceReader *reader, int dir_fd, const char *path, size_t limit,
                      Arena *arena, Slice *bytes, FileStamp *stamp);
int source_ask_reader(const SourceReader *reader, const char *path, FileStamp *stamp);

static inline int source_stamp(const SourceReader *reader, int dir_fd, const char *path,
                               FileStamp *stamp)
{
    return reader == NULL ? file_stamp_in_mount(dir_fd, path, stamp)
                          : source_ask_reader(reader, path, stamp);
}

/* ---- overlays -------------------------------------------------------------------------------- */

typedef struct SourceOverlay {
    const char *path; /* as the program names the file: from the directory of the entry, or absolute
                         where the language looks in absolute places. Need not be normalised */
    Slice bytes;      /* data NULL: there is no such file, whatever is below */
} SourceOverlay;

typedef struct SourceOverlays { /* must not be moved: the reader leads back to it */
    SourceReader reader;
    const SourceReader *below; /* lent; NULL: the disk */
    int dir_fd;
    SourceOverlay *items; /* paths normalised, ascending, each once */
    size_t count;
} SourceOverlays;

/* Makes a reader of these files, in any order, over `below`. Of two with one path, the last counts.
 * Bytes are lent, what else it keeps is in the arena: both for as long as the reader is used. NULL,
 * or the first of the files whose path can be no file's. */
const SourceOverlay *source_overlays_make(SourceOverlays *overlays, const SourceOverlay *files,
                                          size_t count, int dir_fd, const SourceReader *below,
                                          Arena *arena);

/* The overlay of a file, or NULL. The path is normalised. */
const SourceOverlay *source_overlays_find(const SourceOverlays *overlays, Slice path);

#ifdef __cplusplus
}
#endif
#endif
