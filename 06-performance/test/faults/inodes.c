/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into a build, gives files the inode numbers of a file system that makes them up.
 * FAULT_INODES says how:
 *
 *     new    another one at each look
 *     one    the same for all files and directories
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int change_number(int result, struct stat *status)
{
    static atomic_ulong looks;
    const char *wanted = getenv("FAULT_INODES");
    if (result != 0 || wanted == NULL)
        return result;
    status->st_ino = strcmp(wanted, "one") == 0 ? 7 : 1000 + atomic_fetch_add(&looks, 1);
    return result;
}

int stat(const char *restrict path, struct stat *restrict status)
{
    int (*real)(const char *, struct stat *) =
        (int (*)(const char *, struct stat *))dlsym(RTLD_NEXT, "stat");
    return change_number(real(path, status), status);
}

int lstat(const char *restrict path, struct stat *restrict status)
{
    int (*real)(const char *, struct stat *) =
        (int (*)(const char *, struct stat *))dlsym(RTLD_NEXT, "lstat");
    return change_number(real(path, status), status);
}

int fstat(int fd, struct stat *status)
{
    int (*real)(int, struct stat *) = (int (*)(int, struct stat *))dlsym(RTLD_NEXT, "fstat");
    return change_number(real(fd, status), status);
}

int fstatat(int dir_fd, const char *restrict path, struct stat *restrict status, int flags)
{
    int (*real)(int, const char *, struct stat *, int) =
        (int (*)(int, const char *, struct stat *, int))dlsym(RTLD_NEXT, "fstatat");
    return change_number(real(dir_fd, path, status, flags), status);
}
