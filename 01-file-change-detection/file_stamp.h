/* SPDX-License-Identifier: MIT */
/*
 * When a stat may be trusted instead of reading the file.
 *
 * A stamp is what stat tells of a file's content: size, mtime, ctime, inode, device. It is an
 * equality key, never an order: an older mtime (a restored backup, a checkout) is as much a
 * difference as a newer one. ctime is there because a program can restore an mtime and cannot
 * restore a ctime.
 *
 * Equal stamps are not enough. A file system's clock ticks coarsely (1 to 10 ms, 2 s on FAT):
 *
 *     tick 100: the build reads a.mini and records (size 20, mtime 100)
 *     tick 100: the editor saves a.mini again, another 20 bytes
 *     later:    stat says (size 20, mtime 100): "unchanged", and the build is wrong for ever
 *
 * Git calls such entries racily clean. The way out is to record a stamp only if the file could
 * not have been written again within the same tick: its mtime and ctime must be strictly older
 * than the file system's clock was before the file was read. That clock is asked by writing to
 * a file of our own (FileClock): the wall clock will not do, it runs ahead of the file system's.
 * The probe file is written twice, with an fstat after each: from Linux 6.13 on a stamp is fine
 * grained only after somebody has looked at the one before it.
 *
 * A stamp that cannot be trusted is recorded as {0}, "unknown": the next build reads the file.
 *
 * Source: Git, Documentation/technical/racy-git.txt. Threads: all functions, any thread.
 */
#ifndef FILE_STAMP_H
#define FILE_STAMP_H

#include "memory.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct FileStamp { /* {0}: unknown, equal to no file's stamp */
    int64_t size_bytes;
    int64_t mtime_ns; /* since the epoch */
    int64_t ctime_ns;
    uint64_t inode;
    uint64_t device;
} FileStamp;

typedef struct FileClock { /* {0} trusts no stamp */
    int64_t probed_ns;     /* the file system's clock at the probe */
    int64_t wall_ns;       /* the wall clock at the probe */
    uint64_t device;       /* the file system that was asked */
} FileClock;

static inline bool file_stamp_equal(const FileStamp *a, const FileStamp *b)
{
    return a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns &&
           a->size_bytes == b->size_bytes && a->inode == b->inode && a->device == b->device &&
           a->inode != 0;
}

/* The stamp of a path or an open file. 0, -EISDIR or -EINVAL for what is not a regular file, or
 * another negative errno. */
int file_stamp_at(int dir_fd, const char *path, FileStamp *stamp);
int file_stamp_of(int fd, FileStamp *stamp);

/* The same of what stat said already. */
struct stat;
int file_stamp_from(const struct stat *status, FileStamp *stamp);

/* Asks the clock of the file system that holds `dir_fd`. Call it before the files it shall judge
 * are read. The file "clock" in the directory is written for it, and made if it is missing; if
 * something else has that name, it stays as it is, and a file that is removed at once serves
 * instead, at five times the cost. 0 or a negative errno: no file can be made there. The clock is
 * then {0}, and what is read will be read again by the next build. */
int file_clock_probe(FileClock *clock, int dir_fd);

/* `stamp` if a file that has it and was read after the probe may be trusted later, else {0}.
 * On another device than the probe's the stamp must be 3 s older than the wall clock. A zero
 * or future mtime is never trusted. */
FileStamp file_stamp_if_trusted(const FileStamp *stamp, const FileClock *clock);

/* Reads a whole regular file into the arena (NUL-terminated behind its size). `stamp` is the
 * file's stamp if the stats taken before and after reading agree, else {0}: somebody wrote while
 * we read, and what was read may be a mix, to be used for this build and recorded for none.
 * 0, -EISDIR, -EINVAL (not a regular file), -EFBIG (2 GiB or more), or another negative errno. */
int file_read(int dir_fd, const char *path, Arena *arena, Slice *bytes, FileStamp *stamp);

/* The same, but of a file that is larger than `limit` only its first `limit` bytes, with the stamp
 * {0}; so whoever refuses what is too large finds out, and reads no more than that: a file may have
 * holes, and be larger than all memory. A limit of 0 is none. */
int file_read_start(int dir_fd, const char *path, size_t limit, Arena *arena, Slice *bytes,
                    FileStamp *stamp);

#ifdef __cplusplus
}
#endif
#endif
