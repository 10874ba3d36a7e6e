/* SPDX-License-Identifier: MIT */
/*
 * A library to preload: a file system whose clock stands still, for programs in any language that
 * use the C library. Each function calls the real one and alters its result.
 *
 *     COARSE_STAMPS=SINCE:UNTIL    all stamps from SINCE on and before UNTIL read as SINCE
 *     COARSE_STAMPS=SINCE:         the same, and there is no later stamp yet
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

static void bend(struct timespec *stamp)
{
    int64_t ns = bent(stamp->tv_sec * SECOND + stamp->tv_nsec);
    *stamp = (struct timespec){ns / SECOND, ns % SECOND};
}

static void bend_x(struct statx_timestamp *stamp)
{
    int64_t ns = bent(stamp->tv_sec * SECOND + stamp->tv_nsec);
    stamp->tv_sec = ns / SECOND;
    stamp->tv_nsec = (uint32_t)(ns % SECOND);
}

static int bent_status(int result, struct stat *status)
{
    if (result == 0) {
        bend(&status->st_mtim);
        bend(&status->st_ctim);
    }
    return result;
}

static int bent_status64(int result, struct stat64 *status)
{
    if (result == 0) {
        bend(&status->st_mtim);
        bend(&status->st_ctim);
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
        bend_x(&status->stx_mtime);
        bend_x(&status->stx_ctime);
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
