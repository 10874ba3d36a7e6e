/* SPDX-License-Identifier: MIT */
/*
 * openat, fsync and ftruncate, repeated when a signal interrupts them; and the errors that mean
 * that a call is not available here.
 *
 * On a local disk they do not wait for signals. On a network file system they do, and return EINTR
 * after a handler has run. A compiler has no handlers. An editor or a build server with the
 * compiler built in may have some, installed without SA_RESTART.
 *
 * close is not repeated. On Linux the descriptor is closed in any case, and its number may already
 * belong to another file: EINTR is as good as success. Any other error means lost bytes: a network
 * file system may accept a write and report only on close that the quota is exceeded.
 */
#ifndef SYSTEM_CALLS_H
#define SYSTEM_CALLS_H

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __APPLE__ /* names of its own for these */
#define st_atim st_atimespec
#define st_mtim st_mtimespec
#define st_ctim st_ctimespec
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Adds O_CLOEXEC; a new file has the mode 0666, less the umask. */
static inline int open_at(int dir_fd, const char *path, int flags)
{
    int fd;
    do
        fd = openat(dir_fd, path, flags | O_CLOEXEC, 0666);
    while (fd < 0 && errno == EINTR);
    return fd;
}

/* open_at for a name that should be that of a regular file, or be unused; others may have made it
 * lead elsewhere. Opening has effects: a tape rewinds, a modem hangs up, a writer that waits for a
 * FIFO's reader continues. This checks first and opens only a regular file. The file may be
 * replaced between the two calls. The flags then ensure that nothing waits and no terminal becomes
 * ours, and the caller checks what it has opened. -1 and EINVAL for anything but a regular file;
 * EISDIR for a directory; ELOOP for a link if `flags` has O_NOFOLLOW. */
static inline int open_file_at(int dir_fd, const char *path, int flags)
{
    struct stat status;
    int follow = (flags & O_NOFOLLOW) != 0 ? AT_SYMLINK_NOFOLLOW : 0;
    if (fstatat(dir_fd, path, &status, follow) == 0 && !S_ISREG(status.st_mode)) {
        errno = S_ISDIR(status.st_mode) ? EISDIR : S_ISLNK(status.st_mode) ? ELOOP : EINVAL;
        return -1;
    }
    return open_at(dir_fd, path, flags | O_NONBLOCK | O_NOCTTY);
}

/* A new file in this directory that has no name: nobody else sees it, and it is gone when it is
 * closed. -1 and an errno where the system or the file system has no such files. For O_TMPFILE, the
 * file that includes this one defines _GNU_SOURCE. */
static inline int open_nameless_at(int dir_fd)
{
#ifdef O_TMPFILE
    return open_at(dir_fd, ".", O_RDWR | O_TMPFILE);
#else
    (void)dir_fd;
    errno = EOPNOTSUPP;
    return -1;
#endif
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

/* The result of close for the bytes written so far, of a descriptor that stays open: a duplicate of
 * it is closed. */
static inline int flush_fd(int fd)
{
    int twin = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return twin < 0 ? -1 : close_fd(twin);
}

/* ---- calls that are not everywhere ---------------------------------------------------------- */

/*
 * Calls that a build can do without. A local disk on Linux has all of them. A network file system,
 * a volume of another system (WSL, CIFS) or a sandbox that filters system calls lacks some, and
 * each reports that with a different error. Every caller has a fallback, or needs none. Any other
 * error is real: a program must not continue after its quota is exceeded.
 *
 *     renameat2, madvise, sched_getaffinity, sched_setaffinity, getcpu, getrandom
 *
 * are not in the table: the code after them is right whatever they return.
 */
typedef enum OptionalCall {
    CALL_CHMOD,    /* without: a file keeps its original mode */
    CALL_RESERVE,  /* posix_fallocate; without: ftruncate, and a full disk is noticed later */
    CALL_LOCK,     /* flock; without: a file created exclusively */
} OptionalCall;

/* Does this errno mean that the call is not available here? */
static inline bool call_is_missing(OptionalCall call, int error)
{
    switch (error) {
    case ENOSYS:     /* not in this system */
    case EOPNOTSUPP: /* not in this file system; ENOTSUP, where that differs */
#if ENOTSUP != EOPNOTSUPP
    case ENOTSUP:
#endif
        return true;
    case EPERM: /* a filter of system calls, or a volume where files have no modes */
        return true;
    case ENOLCK: /* NFS without a lock daemon */
        return call == CALL_LOCK;
    case EINVAL: /* a file system that knows the call but cannot do it */
        return call == CALL_RESERVE;
    }
    return false;
}

#ifdef __cplusplus
}
#endif
#endif
