/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into a build, makes its writes fail. FAULT_WRITES says how:
 *
 *     short:N   the Nth write takes half of the bytes
 *     short:0   every write takes one byte
 *     torn:N    the Nth write takes half of the bytes, and the process is killed
 *     full:N    the disk has room for N bytes more. Growth of a file is taken from them; a write
 *               takes as much as fits, and then no space is left
 *
 * Standard output and error are left alone: they are not on that disk.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* The number N of the fault of that name, or -1 if it is another fault. */
static long long fault(const char *name)
{
    const char *wanted = getenv("FAULT_WRITES");
    size_t size = strlen(name);
    return wanted != NULL && strncmp(wanted, name, size) == 0 ? atoll(wanted + size) : -1;
}

/* ---- a disk that fills up ------------------------------------------------------------------ */

/* How many of `grows` more bytes fit; takes that room. Threads may call it at once. */
static long long take_space(long long grows)
{
    static pthread_mutex_t asking = PTHREAD_MUTEX_INITIALIZER;
    static long long taken;
    long long space = fault("full:");
    if (space < 0 || grows <= 0)
        return grows;
    pthread_mutex_lock(&asking);
    long long part = grows < space - taken ? grows : space - taken;
    taken += part;
    pthread_mutex_unlock(&asking);
    return part;
}

static size_t room_for(int fd, size_t size, off_t offset)
{
    struct stat status;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return size;
    long long grows = (long long)offset + (long long)size - (long long)status.st_size;
    return grows <= 0 ? size : size - (size_t)(grows - take_space(grows));
}

int posix_fallocate(int fd, off_t offset, off_t size)
{
    int (*real)(int, off_t, off_t) =
        (int (*)(int, off_t, off_t))dlsym(RTLD_NEXT, "posix_fallocate");
    return room_for(fd, (size_t)size, offset) < (size_t)size ? ENOSPC : real(fd, offset, size);
}

/* ---- writes -------------------------------------------------------------------------------- */

/* The number of a write, counted over all threads. */
static long long next_number(void)
{
    static atomic_llong count;
    return atomic_fetch_add(&count, 1) + 1;
}

/* How many of the bytes this write may take. */
static size_t allowed(long long number, int fd, size_t size, off_t offset)
{
    if (size < 2)
        return room_for(fd, size, offset);
    if (fault("short:") == 0)
        return 1;
    if (fault("short:") == number || fault("torn:") == number)
        return size / 2;
    return room_for(fd, size, offset);
}

/* Ends each write: a torn one ends the process. */
static ssize_t end(long long number, ssize_t written)
{
    if (number == fault("torn:"))
        raise(SIGKILL);
    return written;
}

static ssize_t no_space(long long number)
{
    errno = ENOSPC;
    return end(number, -1);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off_t) =
        (ssize_t(*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
    long long number = next_number();
    size_t part = allowed(number, fd, size, offset);
    return part == 0 && size != 0 ? no_space(number) : end(number, real(fd, bytes, part, offset));
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    ssize_t (*real)(int, const void *, size_t) =
        (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    if (fd <= STDERR_FILENO)
        return real(fd, bytes, size);
    long long number = next_number();
    size_t part = allowed(number, fd, size, lseek(fd, 0, SEEK_CUR));
    return part == 0 && size != 0 ? no_space(number) : end(number, real(fd, bytes, part));
}

ssize_t writev(int fd, const struct iovec *vector, int count)
{
    ssize_t (*real)(int, const struct iovec *, int) =
        (ssize_t(*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "writev");
    struct iovec parts[IOV_MAX];
    size_t size = 0;
    for (int i = 0; i < count; i++)
        size += vector[i].iov_len;
    long long number = next_number();
    size_t part = allowed(number, fd, size, lseek(fd, 0, SEEK_CUR)), left = part;
    int used = 0;
    for (; used < count && left != 0; used++) {
        parts[used] = vector[used];
        if (parts[used].iov_len > left)
            parts[used].iov_len = left;
        left -= parts[used].iov_len;
    }
    return part == 0 && size != 0 ? no_space(number) : end(number, real(fd, parts, used));
}
