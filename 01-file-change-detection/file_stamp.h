/* SPDX-License-Identifier: MIT */
/*
 * When a stat may be trusted instead of reading the file.
 *
 * A stamp is what stat says about a file's content: size, mtime, ctime, inode, device. It is an
 * equality key, never an order: an older mtime (a restored backup, a checkout) is as different as a
 * newer one. The ctime is included because a program can restore an mtime but not a ctime.
 *
 * Equal stamps are not enough. A file system's clock ticks coarsely (1 to 10 ms, 2 s on FAT):
 *
 *     tick 100: the build reads a.mini and records (size 20, mtime 100)
 *     tick 100: the editor saves a.mini again, another 20 bytes
 *     later:    stat says (size 20, mtime 100): "unchanged", and the build stays wrong
 *
 * Git calls such entries racily clean. A stamp is trusted only when the file's clock is known to
 * have moved on before the file was read: a later write then gets another stamp. Two things prove
 * that.
 *
 *     The probe. A file of our own is written before anything is read (FileClock). A stamp strictly
 *     older than the probe's belongs to an earlier tick. That compares two clocks, so it holds only
 *     where they are the same one: on the same device, of a kind that is not assembled from others,
 *     with stamps as fine as the probe's.
 *
 *     Patience. Everywhere else (another disk, a file server, merged disks, the future) no clocks
 *     are compared. A stamp is recorded with the moment when it was first seen. A build that still
 *     finds it more than 3 s later reads the file once more and then trusts the stamp. No clock in
 *     use ticks more coarsely than every 2 s: whatever the file's clock says, it has moved on. The
 *     price is one more read of each edited file.
 *
 * The probe file is written twice, with an fstat after each: since Linux 6.13, a stamp is
 * fine-grained only if the file's last stamp was read.
 *
 * Not covered: a writer through mmap, whose stamp comes at any time; a write into the middle of a
 * file that is half done while the file is read, because the stamp comes before the bytes; and,
 * where the ctime only repeats the mtime (exFAT, sshfs), an edit whose mtime was set back.
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
    int64_t size_bytes; /* below 0: this is no stat, see file_stamp_of_version */
    int64_t mtime_ns; /* since the epoch */
    int64_t ctime_ns;
    uint64_t inode;
    uint64_t device; /* or a mount, see file_stamp_in_mount */
} FileStamp;

typedef struct KnownStamp { /* what to record about a file that was read */
    FileStamp stamp;
    int64_t racy_since_ns; /* 0: an equal stamp means equal bytes. Otherwise the file is racily
                            * clean: the wall clock when the stamp was first seen */
} KnownStamp;

typedef struct FileClock { /* {0} proves no stamp, however old */
    int64_t probed_ns; /* the file system's clock at the probe; 0: proves nothing */
    int64_t wall_ns;   /* the wall clock before the probe */
    uint64_t device;   /* the file system that was asked */
    bool is_new;       /* this probe made the file "clock": the first one in its directory */
    bool lacks_ctime;  /* if it is new: the ctime there only repeats the mtime */
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

/* The same, from the result of stat. */
struct stat;
int file_stamp_from(const struct stat *status, FileStamp *stamp);

/* The stamp of a file that is on no disk and has a new version whenever its bytes change
 * (source_reader.h). Equal stamps prove equal bytes, whatever any clock says. `space` keeps apart
 * versions that were counted by different programs, or in different runs of one. Both numbers
 * together may be a hash of the bytes. Version 0 is unknown: {0}. */
FileStamp file_stamp_of_version(uint64_t version, uint64_t space);

static inline bool file_stamp_is_version(const FileStamp *stamp)
{
    return stamp->size_bytes < 0;
}

/* file_stamp_at for a file that others made. Disk images are often built with one fixed time for
 * everything, and one can be replaced by another in which a file has equal size, times and inode.
 * If the times say nothing (mtime and ctime are one whole second), `device` is therefore the unique
 * number of the mount, with the highest bit set, if the kernel has one (Linux 6.8). On a disk that
 * has whole seconds only, each new mount (also that of a new container) costs a read of each
 * file. */
int file_stamp_in_mount(int dir_fd, const char *path, FileStamp *stamp);

/* Is the file system of a descriptor (or AT_FDCWD) known to have one clock for all of its files,
 * and a ctime that no program sets? Disk file systems are. Those that show the files of others
 * (FUSE, NFS, SMB, 9P) are not, nor are unknown ones. One system call. */
bool file_system_is_local(int fd);

/* Asks the clock of the file system that holds `dir_fd`. Call it before reading the files that it
 * is to judge. It writes the file "clock" in the directory, and makes it if it is missing; if
 * something else has that name, that is left alone, and a file that is removed at once serves
 * instead, at five times the cost. 0, or a negative errno if no file can be made there. The clock
 * is then {0}, and the next build reads all files again. */
int file_clock_probe(FileClock *clock, int dir_fd);

/* What to record about a file that was read after the probe and had this stamp: trusted, racily
 * clean, or {0} if `stamp` is unknown. `last` is the previous record; {0} if there is none. */
KnownStamp file_stamp_judge(const FileStamp *stamp, const KnownStamp *last,
                            const FileClock *clock);

/* Does this stat prove that the file holds what it held when `known` was recorded? */
static inline bool file_stamp_proves(const KnownStamp *known, const FileStamp *now)
{
    return known->racy_since_ns == 0 && file_stamp_equal(&known->stamp, now);
}

/* Reads a whole regular file into the arena (NUL-terminated after its last byte). `stamp` is the
 * file's stamp, as by file_stamp_in_mount, if the stats before and after reading agree, else {0}:
 * the file was written meanwhile, and what was read may be a mix, good enough for this build and
 * never recorded. 0, -EISDIR, -EINVAL (not a regular file), -EFBIG (2 GiB or more), or another
 * negative errno. */
int file_read(int dir_fd, const char *path, Arena *arena, Slice *bytes, FileStamp *stamp);

/* The same, but reads only the first `limit` bytes of a larger file, with the stamp {0}. A caller
 * that refuses large files thus finds them without reading them whole: a file may have holes and be
 * larger than memory. A limit of 0 means none. */
int file_read_start(int dir_fd, const char *path, size_t limit, Arena *arena, Slice *bytes,
                    FileStamp *stamp);

#ifdef __cplusplus
}
#endif
#endif
