/* SPDX-License-Identifier: MIT */
/*
 * A library to preload: a file system whose clock stands still, for programs in any language that
 * use the C library. Each function calls the real one and alters its result.
 *
 *     COARSE_STAMPS=SINCE:UNTIL    all stamps from SINCE on and before UNTIL read as SINCE
 *     COARSE_STAMPS=SINCE:         the same, and there is no later stamp yet
 *
 *     FINE_IF_SEEN=1               but as with Linux from 6.13 on: a file that this process wrote and
 *                                  looked at has a later stamp when it is looked at again
 *
 * as SECONDS.NANOSECONDS, nine digits. Two writes share a stamp because the test says so, not
 * because the machine was quick enough. A tick seems to last at most two seconds, as on FAT: the
 * wall clock runs that long, and then also stands still until the tick is over.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "preloaded.h"

#define SECOND INT64_C(1000000000)
#define TICK (2 * SECOND - 1)

typedef struct Tick {
    int64_t since, until; /* in ns; all of time if unset */
    bool is_over;
} Tick;

static int64_t begun; /* the tick in which this process began, in ns */

__attribute__((constructor)) static void begin(void)
{
    struct timespec now;
    REAL(clock_gettime, clockid_t, struct timespec *)(CLOCK_REALTIME_COARSE, &now);
    begun = now.tv_sec * SECOND + now.tv_nsec;
}

static int64_t moment(const char **text)
{
    char *end;
    int64_t seconds = strtoll(*text, &end, 10), ns = 0;
    if (*end == '.')
        ns = strtoll(end + 1, &end, 10);
    *text = end;
    return seconds * SECOND + ns;
}

static Tick tick_now(void)
{
    const char *text = getenv("COARSE_STAMPS");
    Tick tick = {INT64_MAX, INT64_MAX, true};
    if (text == NULL)
        return tick;
    tick.since = moment(&text);
    tick.is_over = text[0] == ':' && text[1] != '\0';
    if (tick.is_over)
        text++, tick.until = moment(&text);
    return tick;
}

/* How often a file that this process wrote was looked at before. What it did not write is older
 * than the tick in which it began. */
static int64_t looks_before(dev_t device, ino_t inode, int64_t mtime)
{
    static struct { dev_t device; ino_t inode; int64_t looks; } seen[64];
    if (getenv("FINE_IF_SEEN") == NULL || mtime < begun)
        return 0;
    for (int i = 0; i < 64; i++) {
        if (seen[i].looks != 0 && (seen[i].device != device || seen[i].inode != inode))
            continue;
        seen[i].device = device;
        seen[i].inode = inode;
        return seen[i].looks++;
    }
    return 0;
}

static int64_t bent(int64_t stamp)
{
    Tick tick = tick_now();
    return stamp >= tick.since && stamp < tick.until ? tick.since : stamp;
}

static int64_t bent_wall(int64_t now)
{
    Tick tick = tick_now();
    return !tick.is_over && now > tick.since + TICK ? tick.since + TICK : now;
}

static void bend(struct timespec *stamp, int64_t finer)
{
    int64_t ns = bent(stamp->tv_sec * SECOND + stamp->tv_nsec) + finer;
    *stamp = (struct timespec){ns / SECOND, ns % SECOND};
}

static void bend_x(struct statx_timestamp *stamp, int64_t finer)
{
    int64_t ns = bent(stamp->tv_sec * SECOND + stamp->tv_nsec) + finer;
    stamp->tv_sec = ns / SECOND;
    stamp->tv_nsec = (uint32_t)(ns % SECOND);
}

static int bent_status(int result, struct stat *status)
{
    if (result == 0) {
        int64_t mtime = status->st_mtim.tv_sec * SECOND + status->st_mtim.tv_nsec;
        int64_t finer = looks_before(status->st_dev, status->st_ino, mtime);
        bend(&status->st_mtim, finer);
        bend(&status->st_ctim, finer);
    }
    return result;
}

static int bent_status64(int result, struct stat64 *status)
{
    if (result == 0) {
        int64_t mtime = status->st_mtim.tv_sec * SECOND + status->st_mtim.tv_nsec;
        int64_t finer = looks_before(status->st_dev, status->st_ino, mtime);
        bend(&status->st_mtim, finer);
        bend(&status->st_ctim, finer);
    }
    return result;
}

int stat(const char *path, struct stat *status)
{
    return bent_status(REAL(stat, const char *, struct stat *)(path, status), status);
}

int lstat(const char *path, struct stat *status)
{
    return bent_status(REAL(lstat, const char *, struct stat *)(path, status), status);
}

int fstat(int fd, struct stat *status)
{
    return bent_status(REAL(fstat, int, struct stat *)(fd, status), status);
}

int fstatat(int dir_fd, const char *path, struct stat *status, int flags)
{
    return bent_status(REAL(fstatat, int, const char *, struct stat *, int)(dir_fd, path, status, flags),
                   status);
}

int stat64(const char *path, struct stat64 *status)
{
    return bent_status64(REAL(stat64, const char *, struct stat64 *)(path, status), status);
}

int lstat64(const char *path, struct stat64 *status)
{
    return bent_status64(REAL(lstat64, const char *, struct stat64 *)(path, status), status);
}

int fstat64(int fd, struct stat64 *status)
{
    return bent_status64(REAL(fstat64, int, struct stat64 *)(fd, status), status);
}

int fstatat64(int dir_fd, const char *path, struct stat64 *status, int flags)
{
    return bent_status64(
        REAL(fstatat64, int, const char *, struct stat64 *, int)(dir_fd, path, status, flags), status);
}

int statx(int dir_fd, const char *restrict path, int flags, unsigned mask,
          struct statx *restrict status)
{
    int result = REAL(statx, int, const char *, int, unsigned, struct statx *)(dir_fd, path, flags,
                                                                              mask, status);
    if (result == 0) {
        int64_t mtime = status->stx_mtime.tv_sec * SECOND + status->stx_mtime.tv_nsec;
        int64_t finer = looks_before(status->stx_dev_minor, status->stx_ino, mtime);
        bend_x(&status->stx_mtime, finer);
        bend_x(&status->stx_ctime, finer);
    }
    return result;
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = REAL(clock_gettime, clockid_t, struct timespec *)(clock, time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t ns = bent_wall(time->tv_sec * SECOND + time->tv_nsec);
        *time = (struct timespec){ns / SECOND, ns % SECOND};
    }
    return result;
}
