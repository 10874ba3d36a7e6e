/* SPDX-License-Identifier: MIT */
/*
 * In fuzz builds the file system's clock ticks every 4 ms, as on many kernels; with finer stamps,
 * edits in quick succession would be told apart by chance. The linker (--wrap) redirects calls of
 * fstat and fstatat here.
 */
#include <sys/stat.h>

enum { TICK_NS = 4000000 };

int __real_fstat(int fd, struct stat *status);
int __wrap_fstat(int fd, struct stat *status);
int __real_fstatat(int dir_fd, const char *path, struct stat *status, int flags);
int __wrap_fstatat(int dir_fd, const char *path, struct stat *status, int flags);

static int coarsened(int result, struct stat *status)
{
    if (result == 0) {
        status->st_mtim.tv_nsec -= status->st_mtim.tv_nsec % TICK_NS;
        status->st_ctim.tv_nsec -= status->st_ctim.tv_nsec % TICK_NS;
    }
    return result;
}

int __wrap_fstat(int fd, struct stat *status)
{
    return coarsened(__real_fstat(fd, status), status);
}

int __wrap_fstatat(int dir_fd, const char *path, struct stat *status, int flags)
{
    return coarsened(__real_fstatat(dir_fd, path, status, flags), status);
}
