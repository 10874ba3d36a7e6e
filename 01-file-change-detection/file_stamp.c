/* SPDX-License-Identifier: MIT */
/*
 * Three questions, one function each: what does stat say (file_stamp_at), what time is it for
 * the file system (file_clock_probe), and is the answer to the first proof enough for the next
 * build (file_stamp_if_trusted)? file_read asks the first one before and after reading.
 *
 * Rejected: comparing with the wall clock. A file system stamps with the clock of its last
 * tick, so a file written now looks up to 10 ms older than now, and a second write within the
 * tick gets the same stamp. Rejected too: sleeping until the tick is over, which Mercurial
 * once did; it costs a tick in every build to save one read in some.
 */
#define _GNU_SOURCE /* O_TMPFILE */

#include "file_stamp.h"

#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifdef __APPLE__
#define st_mtim st_mtimespec
#define st_ctim st_ctimespec
#endif

#define NS_PER_SECOND INT64_C(1000000000)

/* How much older than the wall clock a stamp of an unprobed file system must be: more than the
 * coarsest tick in use, FAT's 2 s. */
#define OTHER_DEVICE_AGE_NS (3 * NS_PER_SECOND)

static const int64_t LARGEST_FILE_BYTES = INT32_MAX;

/* ---- stat --------------------------------------------------------------------------------- */

/* A moment beyond what 64 bits of nanoseconds reach (the years 1677 to 2262) is the last one
 * that they do: in the future, hence never trusted. */
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

/* ---- the clock ---------------------------------------------------------------------------- */

static const char clock_text[] = "The mtime of this file is the time of its file system.\n";

static int write_and_stamp(int fd, FileStamp *stamp)
{
    ssize_t written;
    do
        written = pwrite(fd, clock_text, sizeof clock_text - 1, 0);
    while (written < 0 && errno == EINTR);
    return written < 0 ? -errno : file_stamp_of(fd, stamp);
}

static bool holds_clock_text(int fd)
{
    char text[sizeof clock_text]; /* one byte more than it may have */
    ssize_t size;
    do
        size = pread(fd, text, sizeof text, 0);
    while (size < 0 && errno == EINTR);
    return size == (ssize_t)sizeof clock_text - 1 && memcmp(text, clock_text, (size_t)size) == 0;
}

/* The file "clock" if it is one of ours, or if there is none and it can be made. */
static int open_clock(int dir_fd)
{
    int flags = O_RDWR | O_NOFOLLOW;
    int fd = open_file_at(dir_fd, "clock", flags);
    if (fd < 0)
        return errno == ENOENT ? open_at(dir_fd, "clock", flags | O_CREAT | O_EXCL) : -1;
    if (holds_clock_text(fd))
        return fd;
    close(fd);
    return -1;
}

/* A file that has no name, or, where there are none, one for a moment only. */
static int open_nameless(int dir_fd)
{
    char name[40];
#ifdef O_TMPFILE
    int nameless = open_at(dir_fd, ".", O_RDWR | O_TMPFILE);
    if (nameless >= 0)
        return nameless;
#endif
    snprintf(name, sizeof name, "clock.tmp.%ld", (long)getpid());
    int fd = open_at(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    unlinkat(dir_fd, name, 0);
    return fd;
}

int file_clock_probe(FileClock *clock, int dir_fd)
{
    *clock = (FileClock){0};
    struct timespec wall;
    if (clock_gettime(CLOCK_REALTIME, &wall) != 0)
        return -errno;
    int fd = open_clock(dir_fd);
    if (fd < 0)
        fd = open_nameless(dir_fd);
    if (fd < 0)
        return fd;
    FileStamp stamp;
    int status = write_and_stamp(fd, &stamp);
    if (status == 0)
        status = write_and_stamp(fd, &stamp);
    close(fd); /* what was written is of no use to anybody */
    if (status == 0)
        *clock = (FileClock){stamp.mtime_ns, to_ns(wall), stamp.device};
    return status;
}

FileStamp file_stamp_if_trusted(const FileStamp *stamp, const FileClock *clock)
{
    const FileStamp unknown = {0};
    int64_t newest = stamp->mtime_ns > stamp->ctime_ns ? stamp->mtime_ns : stamp->ctime_ns;
    if (clock->probed_ns == 0 || stamp->inode == 0)
        return unknown;
    if (stamp->mtime_ns == 0 || stamp->mtime_ns > clock->wall_ns)
        return unknown;
    bool settled = stamp->device == clock->device ? newest < clock->probed_ns
                                                  : newest <= clock->wall_ns - OTHER_DEVICE_AGE_NS;
    return settled ? *stamp : unknown;
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
    int status = file_stamp_of(fd, &before);
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
    status = file_stamp_of(fd, &after);
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
