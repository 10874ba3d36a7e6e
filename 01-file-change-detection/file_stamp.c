/* SPDX-License-Identifier: MIT */
/*
 * Three questions, one function each: what does stat say (file_stamp_at), what time is it by the
 * file system's clock (file_clock_probe), and do the two prove that the next build need not read
 * the file (file_stamp_judge)? file_read asks the first one before and after reading.
 *
 * Rejected: comparing with the wall clock. A file system stamps with the clock of its last tick, so
 * a file written now looks up to 10 ms older than now, and a second write within the tick gets the
 * same stamp; and a file server has its own clock. Also rejected: sleeping until the tick is over,
 * as Mercurial once did; that costs a tick in every build to save one read in some.
 *
 * Patience also reads the wall clock, but twice, and only the time between the two readings counts.
 * If the clock was set forward in between, by more than 3 s less the time that really passed, a
 * stamp is trusted too early; if it was set back, the wait begins again.
 */
#define _GNU_SOURCE /* O_TMPFILE, statx */

#include "file_stamp.h"

#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/vfs.h>
#endif

#define NS_PER_SECOND INT64_C(1000000000)

/* How long a stamp must have been known: more than the coarsest tick in use, FAT's 2 s. */
#define PATIENCE_NS (3 * NS_PER_SECOND)

static const int64_t LARGEST_FILE_BYTES = INT32_MAX;

/* ---- stat --------------------------------------------------------------------------------- */

/* A moment outside the range of 64 bits of nanoseconds (the years 1677 to 2262) becomes the last
 * one in it: in the future, where no probe proves anything. */
static int64_t to_ns(struct timespec time)
{
    if (time.tv_sec >= INT64_MAX / NS_PER_SECOND)
        return INT64_MAX;
    if (time.tv_sec <= INT64_MIN / NS_PER_SECOND)
        return INT64_MAX;
    return (int64_t)time.tv_sec * NS_PER_SECOND + time.tv_nsec;
}

int file_stamp_from(const struct stat *status, FileStamp *stamp)
{
    *stamp = (FileStamp){0};
    if (S_ISDIR(status->st_mode))
        return -EISDIR;
    if (!S_ISREG(status->st_mode))
        return -EINVAL;
    stamp->size_bytes = (int64_t)status->st_size;
    stamp->mtime_ns = to_ns(status->st_mtim);
    stamp->ctime_ns = to_ns(status->st_ctim);
    stamp->inode = (uint64_t)status->st_ino;
    stamp->device = (uint64_t)status->st_dev;
    return 0;
}

int file_stamp_at(int dir_fd, const char *path, FileStamp *stamp)
{
    struct stat status;
    if (fstatat(dir_fd, path, &status, 0) != 0) {
        *stamp = (FileStamp){0};
        return -errno;
    }
    return file_stamp_from(&status, stamp);
}

int file_stamp_of(int fd, FileStamp *stamp)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        *stamp = (FileStamp){0};
        return -errno;
    }
    return file_stamp_from(&status, stamp);
}

FileStamp file_stamp_of_version(uint64_t version, uint64_t space)
{
    if (version == 0)
        return (FileStamp){0};
    return (FileStamp){.size_bytes = -1, .inode = version, .device = space};
}

/* ---- the mount ---------------------------------------------------------------------------- */

#define MOUNT_BIT (UINT64_C(1) << 63)

/* Fixed times are whole seconds, and if nothing sets it, the ctime is the mtime. */
static bool times_say_nothing(const FileStamp *stamp)
{
    return stamp->mtime_ns == stamp->ctime_ns && stamp->mtime_ns % NS_PER_SECOND == 0;
}

static void put_mount(FileStamp *stamp, int dir_fd, const char *path, int flags)
{
#if defined __linux__ && defined STATX_MNT_ID
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U
#endif
    struct statx status;
    if (statx(dir_fd, path, flags, STATX_MNT_ID_UNIQUE, &status) == 0 &&
        (status.stx_mask & STATX_MNT_ID_UNIQUE) != 0)
        stamp->device = status.stx_mnt_id | MOUNT_BIT;
#else
    (void)stamp, (void)dir_fd, (void)path, (void)flags;
#endif
}

int file_stamp_in_mount(int dir_fd, const char *path, FileStamp *stamp)
{
    int status = file_stamp_at(dir_fd, path, stamp);
    if (status == 0 && times_say_nothing(stamp))
        put_mount(stamp, dir_fd, path, 0);
    return status;
}

static int stamp_in_mount_of(int fd, FileStamp *stamp)
{
    int status = file_stamp_of(fd, stamp);
#ifdef AT_EMPTY_PATH
    if (status == 0 && times_say_nothing(stamp))
        put_mount(stamp, fd, "", AT_EMPTY_PATH);
#endif
    return status;
}

/* ---- the clock ---------------------------------------------------------------------------- */

static const char clock_text[] = "The mtime of this file is the time of its file system.\n";

static int write_and_stamp(int fd, FileStamp *stamp)
{
    ssize_t written;
    do
        written = pwrite(fd, clock_text, sizeof clock_text - 1, 0);
    while (written < 0 && errno == EINTR);
    return written < 0 ? -errno : stamp_in_mount_of(fd, stamp);
}

static bool holds_clock_text(int fd)
{
    char text[sizeof clock_text]; /* one byte more than it may hold */
    ssize_t size;
    do
        size = pread(fd, text, sizeof text, 0);
    while (size < 0 && errno == EINTR);
    return size == (ssize_t)sizeof clock_text - 1 && memcmp(text, clock_text, (size_t)size) == 0;
}

/* The file "clock" if it is ours, or if there is none and it can be made. */
static int open_clock(int dir_fd, bool *is_new)
{
    int flags = O_RDWR | O_NOFOLLOW;
    int fd = open_file_at(dir_fd, "clock", flags);
    if (fd < 0 && errno == ENOENT) {
        fd = open_at(dir_fd, "clock", flags | O_CREAT | O_EXCL);
        *is_new = fd >= 0;
        return fd;
    }
    if (fd < 0 || holds_clock_text(fd))
        return fd;
    close(fd);
    return -1;
}

/* A file without a name or, where the system has no such files, with a name for a moment only. */
static int open_nameless(int dir_fd)
{
    int fd = open_nameless_at(dir_fd);
    if (fd >= 0)
        return fd;
    char name[40];
    snprintf(name, sizeof name, "clock.tmp.%ld", (long)getpid());
    fd = open_at(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    unlinkat(dir_fd, name, 0);
    return fd;
}

bool file_system_is_local(int fd)
{
#ifdef __linux__
    static const uint32_t types[] = {
        0x0000ef53, /* ext2, ext3, ext4 */
        0x58465342, /* XFS */
        0x9123683e, /* Btrfs */
        0xf2f52010, /* F2FS */
        0x2fc12fc1, /* ZFS */
        0xca451a4e, /* bcachefs */
        0x01021994, /* tmpfs */
        0x794c7630, /* overlay: all writable files are in one layer */
    };
    struct statfs status;
    if ((fd == AT_FDCWD ? statfs(".", &status) : fstatfs(fd, &status)) != 0)
        return false;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if ((uint32_t)status.f_type == types[i])
            return true;
#else
    (void)fd; /* POSIX has no such call */
#endif
    return false;
}

/* Sets the mtime back, as a program that restores a file may. */
static bool ctime_repeats_mtime(int fd)
{
    const struct timespec moment = {1000000000, 0}, times[2] = {moment, moment};
    FileStamp stamp;
    return futimens(fd, times) == 0 && file_stamp_of(fd, &stamp) == 0 &&
           stamp.ctime_ns == stamp.mtime_ns;
}

int file_clock_probe(FileClock *clock, int dir_fd)
{
    *clock = (FileClock){0};
    struct timespec wall;
    if (clock_gettime(CLOCK_REALTIME, &wall) != 0)
        return -errno;
    clock->wall_ns = to_ns(wall);
    int fd = open_clock(dir_fd, &clock->is_new);
    if (fd < 0)
        fd = open_nameless(dir_fd);
    FileStamp stamp;
    int status = fd < 0 ? fd : write_and_stamp(fd, &stamp);
    if (status == 0 && clock->is_new)
        clock->lacks_ctime = ctime_repeats_mtime(fd);
    if (status == 0)
        status = write_and_stamp(fd, &stamp);
    if (status == 0) {
        clock->device = stamp.device;
        if (file_system_is_local(fd))
            clock->probed_ns = stamp.mtime_ns;
    } else {
        *clock = (FileClock){0};
    }
    if (fd >= 0)
        close(fd); /* the data is not needed */
    return status;
}

/* ---- the judgement ------------------------------------------------------------------------ */

/* Was the file last written in an earlier tick than the probe's, of the same clock? */
static bool probe_proves(const FileStamp *stamp, const FileClock *clock)
{
    int64_t newest = stamp->mtime_ns > stamp->ctime_ns ? stamp->mtime_ns : stamp->ctime_ns;
    bool is_coarser =
        stamp->ctime_ns % NS_PER_SECOND == 0 && clock->probed_ns % NS_PER_SECOND != 0;
    return clock->probed_ns != 0 && stamp->device == clock->device && !is_coarser &&
           newest < clock->probed_ns && stamp->mtime_ns != 0;
}

static int64_t wall_clock_ns(void)
{
    struct timespec now;
    return clock_gettime(CLOCK_REALTIME, &now) == 0 ? to_ns(now) : INT64_MAX;
}

KnownStamp file_stamp_judge(const FileStamp *stamp, const KnownStamp *last, const FileClock *clock)
{
    KnownStamp known = {*stamp, 0};
    if (stamp->inode == 0)
        return (KnownStamp){0};
    if (file_stamp_is_version(stamp) || file_stamp_proves(last, stamp) ||
        probe_proves(stamp, clock))
        return known;
    int64_t since = last->racy_since_ns;
    if (!file_stamp_equal(&last->stamp, stamp) || since < 0 || since > clock->wall_ns)
        known.racy_since_ns = wall_clock_ns(); /* read after the stat */
    else if (clock->wall_ns - since <= PATIENCE_NS)
        known.racy_since_ns = since;
    return known;
}

/* ---- reading ------------------------------------------------------------------------------ */

/* Reads until `size` bytes are there or the file ends. Returns how many, or a negative errno. */
static int64_t read_up_to(int fd, char *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t count = read(fd, bytes + done, size - done);
        if (count == 0)
            break;
        if (count < 0 && errno != EINTR)
            return -errno;
        if (count > 0)
            done += (size_t)count;
    }
    return (int64_t)done;
}

static int read_open(int fd, size_t limit, Arena *arena, Slice *bytes, FileStamp *stamp)
{
    FileStamp before, after;
    int status = stamp_in_mount_of(fd, &before);
    if (status == 0 && limit == 0 && before.size_bytes > LARGEST_FILE_BYTES)
        status = -EFBIG;
    if (status != 0)
        return status;
    size_t wanted = (size_t)before.size_bytes;
    if (limit != 0 && before.size_bytes > (int64_t)limit)
        wanted = limit;
    char *text = arena_allocate(arena, wanted + 1);
    int64_t size = read_up_to(fd, text, wanted);
    if (size < 0)
        return (int)size;
    text[size] = '\0';
    *bytes = slice_of(text, (size_t)size);
    status = stamp_in_mount_of(fd, &after);
    if (status == 0 && size == before.size_bytes && file_stamp_equal(&before, &after))
        *stamp = before;
    return status;
}

int file_read(int dir_fd, const char *path, Arena *arena, Slice *bytes, FileStamp *stamp)
{
    return file_read_start(dir_fd, path, 0, arena, bytes, stamp);
}

int file_read_start(int dir_fd, const char *path, size_t limit, Arena *arena, Slice *bytes,
                    FileStamp *stamp)
{
    *bytes = (Slice){0};
    *stamp = (FileStamp){0};
    int fd = open_file_at(dir_fd, path, O_RDONLY);
    if (fd < 0)
        return errno == ENXIO ? -EINVAL : -errno; /* a socket */
    int status = read_open(fd, limit, arena, bytes, stamp);
    close(fd);
    return status;
}
