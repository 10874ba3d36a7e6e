/* SPDX-License-Identifier: MIT */
/*
 * openat, fsync and ftruncate, repeated when a signal interrupts them.
 *
 * On a local disk they do not wait for signals. On a network file system they do, and
 * return EINTR when a handler has run. A compiler has no handlers; an editor or a build server
 * that it is built into may have some, and they may have been installed without SA_RESTART.
 *
 * close is not repeated. On Linux the descriptor is closed in any case, and the same number may
 * be another file's by then: EINTR is as good as success. Any other error means lost bytes: a
 * network file system may accept a write, and say only on close that the quota is exceeded.
 */
#ifndef SYSTEM_CALLS_H
#define SYSTEM_CALLS_H

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

/* O_CLOEXEC is added; a file that is made has the mode 0666, less the umask. */
static inline int open_at(int dir_fd, const char *path, int flags)
{
    int fd;
    do
        fd = openat(dir_fd, path, flags | O_CLOEXEC, 0666);
    while (fd < 0 && errno == EINTR);
    return fd;
}

static inline int sync_fd(int fd)
{
    int status;
    do
        status = fsync(fd);
    while (status != 0 && errno == EINTR);
    return status;
}

static inline int resize_fd(int fd, off_t size)
{
    int status;
    do
        status = ftruncate(fd, size);
    while (status != 0 && errno == EINTR);
    return status;
}

static inline int close_fd(int fd)
{
    return close(fd) == 0 || errno == EINTR ? 0 : -1;
}

/* What close has to say of the bytes written so far, of a descriptor that stays open: a duplicate
 * of it is closed. */
static inline int flush_fd(int fd)
{
    int twin = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return twin < 0 ? -1 : close_fd(twin);
}

#ifdef __cplusplus
}
#endif
#endif
