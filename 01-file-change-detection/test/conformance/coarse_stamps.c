/* SPDX-License-Identifier: MIT */
/*
 * A file system with stamps of two seconds, for programs in any language that ask through the C
 * library: to be preloaded. Each function asks the real one and rounds what it says.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/stat.h>

enum { TICK_S = 2 };

static void round_down(struct timespec *stamp)
{
    stamp->tv_sec -= stamp->tv_sec % TICK_S;
    stamp->tv_nsec = 0;
}

static int rounded(int result, struct stat *status)
{
    if (result == 0) {
        round_down(&status->st_mtim);
        round_down(&status->st_ctim);
    }
    return result;
}

static int rounded64(int result, struct stat64 *status)
{
    if (result == 0) {
        round_down(&status->st_mtim);
        round_down(&status->st_ctim);
    }
    return result;
}

#define REAL(name, ...) ((int (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name))

int stat(const char *path, struct stat *status)
{
    return rounded(REAL(stat, const char *, struct stat *)(path, status), status);
}

int lstat(const char *path, struct stat *status)
{
    return rounded(REAL(lstat, const char *, struct stat *)(path, status), status);
}

int fstat(int fd, struct stat *status)
{
    return rounded(REAL(fstat, int, struct stat *)(fd, status), status);
}

int fstatat(int dir_fd, const char *path, struct stat *status, int flags)
{
    return rounded(REAL(fstatat, int, const char *, struct stat *, int)(dir_fd, path, status, flags),
                   status);
}

int stat64(const char *path, struct stat64 *status)
{
    return rounded64(REAL(stat64, const char *, struct stat64 *)(path, status), status);
}

int lstat64(const char *path, struct stat64 *status)
{
    return rounded64(REAL(lstat64, const char *, struct stat64 *)(path, status), status);
}

int fstat64(int fd, struct stat64 *status)
{
    return rounded64(REAL(fstat64, int, struct stat64 *)(fd, status), status);
}

int fstatat64(int dir_fd, const char *path, struct stat64 *status, int flags)
{
    return rounded64(
        REAL(fstatat64, int, const char *, struct stat64 *, int)(dir_fd, path, status, flags), status);
}

int statx(int dir_fd, const char *restrict path, int flags, unsigned mask,
          struct statx *restrict status)
{
    int result = REAL(statx, int, const char *, int, unsigned, struct statx *)(dir_fd, path, flags,
                                                                              mask, status);
    if (result == 0) {
        status->stx_mtime.tv_sec -= status->stx_mtime.tv_sec % TICK_S;
        status->stx_mtime.tv_nsec = 0;
        status->stx_ctime.tv_sec -= status->stx_ctime.tv_sec % TICK_S;
        status->stx_ctime.tv_nsec = 0;
    }
    return result;
}
