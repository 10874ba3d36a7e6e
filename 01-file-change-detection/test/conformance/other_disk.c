/* SPDX-License-Identifier: MIT */
/*
 * A library to preload: files on a file system of another kind, and the wall clock of another
 * moment. Each function calls the real one and alters its result. Moments are SECONDS.NANOSECONDS,
 * nine digits, and may be negative.
 *
 *     OTHER_DISK=SUFFIX             it has the files whose paths end so; "": all, directories too
 *     OTHER_DISK_TICKS="T0 T1 ..."  its clock ticks only at these moments of the real one: a file
 *                                   written since Tn has the stamp Tn, in whole seconds, and n s
 *     OTHER_DISK_SHIFT=MOMENT       its clock is this far ahead of ours
 *     OTHER_DISK_DEVICE=NUMBER      its st_dev
 *     OTHER_DISK_NO_CTIME=1         its ctime is the mtime
 *
 *     MOUNT_ID=NUMBER               stx_mnt_id of all files and directories
 *     FILE_SYSTEM_TYPE=NUMBER       f_type of all of them
 *     WALL_CLOCK=MOMENT             the wall clock stands still at that moment
 *     BOOT_ID=FILE                  this run of the system is the one that the file names; if there
 *                                   is no such file, nothing does
 *
 * A server's clock is wrong, and three seconds have passed, because the test says so.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "preloaded.h"

#define SECOND INT64_C(1000000000)
#define UNIQUE_MOUNT_ID 0x4000u /* STATX_MNT_ID_UNIQUE */

static int64_t in_ns(struct timespec time) { return time.tv_sec * SECOND + time.tv_nsec; }

/* Nanoseconds count forward before the epoch too. */
static struct timespec time_of(int64_t ns)
{
    int64_t rest = (ns % SECOND + SECOND) % SECOND;
    return (struct timespec){(ns - rest) / SECOND, rest};
}

static int64_t moment(const char **text)
{
    char *end;
    bool is_negative = strchr(*text, '-') == *text;
    int64_t seconds = strtoll(*text, &end, 10), ns = 0;
    if (*end == '.')
        ns = strtoll(end + 1, &end, 10);
    *text = end + strspn(end, " ");
    return seconds * SECOND + (is_negative ? -ns : ns);
}

/* ---- stamps ------------------------------------------------------------------------------- */

static int64_t real_now(void)
{
    struct timespec now;
    REAL(clock_gettime, clockid_t, struct timespec *)(CLOCK_REALTIME, &now);
    return in_ns(now);
}

/* The stamp by the other clock. One at the epoch or in the future comes from no clock: a program
 * set it. */
static struct timespec bent(struct timespec stamp)
{
    const char *ticks = getenv("OTHER_DISK_TICKS"), *shift = getenv("OTHER_DISK_SHIFT");
    int64_t written = in_ns(stamp), shown = written, first = 0;
    if (written == 0 || written > real_now())
        return stamp;
    for (int64_t n = 0; ticks != NULL && ticks[0] != '\0'; n++) {
        int64_t tick = moment(&ticks);
        if (n == 0)
            first = tick / SECOND;
        if (written >= tick)
            shown = (first + n) * SECOND;
    }
    return time_of(shift == NULL ? shown : shown + moment(&shift));
}

static bool is_there(int fd, const char *path)
{
    const char *suffix = getenv("OTHER_DISK");
    char link[40], target[4096];
    if (suffix == NULL)
        return false;
    if (path == NULL || path[0] == '\0') {
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t size = readlink(link, target, sizeof target - 1);
        target[size < 0 ? 0 : size] = '\0';
        path = target;
    }
    size_t length = strlen(path), end = strlen(suffix);
    return length >= end && strcmp(path + length - end, suffix) == 0;
}

static int bent_status(int result, int fd, const char *path, struct stat *status)
{
    const char *device = getenv("OTHER_DISK_DEVICE");
    if (result != 0 || !is_there(fd, path))
        return result;
    status->st_mtim = bent(status->st_mtim);
    status->st_ctim = getenv("OTHER_DISK_NO_CTIME") ? status->st_mtim : bent(status->st_ctim);
    if (device != NULL)
        status->st_dev = strtoull(device, NULL, 0);
    return result;
}

int stat(const char *path, struct stat *status)
{
    return bent_status(REAL(stat, const char *, struct stat *)(path, status), -1, path, status);
}

int lstat(const char *path, struct stat *status)
{
    return bent_status(REAL(lstat, const char *, struct stat *)(path, status), -1, path, status);
}

int fstat(int fd, struct stat *status)
{
    return bent_status(REAL(fstat, int, struct stat *)(fd, status), fd, NULL, status);
}

int fstatat(int fd, const char *path, struct stat *status, int flags)
{
    int result = REAL(fstatat, int, const char *, struct stat *, int)(fd, path, status, flags);
    return bent_status(result, fd, path, status);
}

/* Where a long has 64 bits, the two structures are one. */
_Static_assert(sizeof(struct stat) == sizeof(struct stat64), "");

int stat64(const char *path, struct stat64 *status) { return stat(path, (struct stat *)status); }

int lstat64(const char *path, struct stat64 *status) { return lstat(path, (struct stat *)status); }

int fstat64(int fd, struct stat64 *status) { return fstat(fd, (struct stat *)status); }

int fstatat64(int fd, const char *path, struct stat64 *status, int flags)
{
    return fstatat(fd, path, (struct stat *)status, flags);
}

static struct statx_timestamp bent_x(struct statx_timestamp stamp)
{
    struct timespec time = bent((struct timespec){stamp.tv_sec, stamp.tv_nsec});
    return (struct statx_timestamp){.tv_sec = time.tv_sec, .tv_nsec = (uint32_t)time.tv_nsec};
}

int statx(int fd, const char *restrict path, int flags, unsigned mask,
          struct statx *restrict status)
{
    int result = REAL(statx, int, const char *, int, unsigned, struct statx *)(fd, path, flags,
                                                                              mask, status);
    const char *device = getenv("OTHER_DISK_DEVICE"), *mount = getenv("MOUNT_ID");
    if (result == 0 && mount != NULL && (mask & (UNIQUE_MOUNT_ID | STATX_MNT_ID)) != 0) {
        status->stx_mask |= mask & (UNIQUE_MOUNT_ID | STATX_MNT_ID);
        status->stx_mnt_id = strtoull(mount, NULL, 0);
    }
    if (result != 0 || !is_there(fd, path))
        return result;
    status->stx_mtime = bent_x(status->stx_mtime);
    status->stx_ctime =
        getenv("OTHER_DISK_NO_CTIME") ? status->stx_mtime : bent_x(status->stx_ctime);
    if (device != NULL) {
        status->stx_dev_major = major(strtoull(device, NULL, 0));
        status->stx_dev_minor = minor(strtoull(device, NULL, 0));
    }
    return result;
}

/* ---- file systems ------------------------------------------------------------------------- */

static int bent_system(int result, struct statfs *system)
{
    const char *type = getenv("FILE_SYSTEM_TYPE");
    if (result == 0 && type != NULL)
        system->f_type = strtoll(type, NULL, 0);
    return result;
}

int statfs(const char *path, struct statfs *system)
{
    return bent_system(REAL(statfs, const char *, struct statfs *)(path, system), system);
}

int fstatfs(int fd, struct statfs *system)
{
    return bent_system(REAL(fstatfs, int, struct statfs *)(fd, system), system);
}

_Static_assert(sizeof(struct statfs) == sizeof(struct statfs64), "");

int statfs64(const char *path, struct statfs64 *system)
{
    return statfs(path, (struct statfs *)system);
}

int fstatfs64(int fd, struct statfs64 *system) { return fstatfs(fd, (struct statfs *)system); }

/* ---- the wall clock ----------------------------------------------------------------------- */

int clock_gettime(clockid_t clock, struct timespec *time)
{
    const char *wall = getenv("WALL_CLOCK");
    if (wall == NULL || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE))
        return REAL(clock_gettime, clockid_t, struct timespec *)(clock, time);
    *time = time_of(moment(&wall));
    return 0;
}

/* ---- the run of the system ---------------------------------------------------------------- */

int openat(int fd, const char *path, int flags, ...)
{
    const char *boot = getenv("BOOT_ID");
    va_list rest;
    va_start(rest, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (boot != NULL && strcmp(path, "/proc/sys/kernel/random/boot_id") == 0)
        path = boot;
    return REAL(openat, int, const char *, int, ...)(fd, path, flags, mode);
}
