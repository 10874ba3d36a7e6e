/* SPDX-License-Identifier: MIT */
#ifdef __linux__
#define _GNU_SOURCE /* renameat2 */
#endif

#include "binary_exchange.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* For overwriting an existing file. One with a second name is not ours alone: this name is given to
 * a new file. */
static int open_to_overwrite(int dir_fd, const char *name, uint64_t *size)
{
    struct stat status;
    int fd = open_regular(dir_fd, name, O_WRONLY | O_CREAT, size);
    if (fd < 0 || fstat(fd, &status) != 0 || status.st_nlink <= 1)
        return fd;
    close(fd);
    if (unlinkat(dir_fd, name, 0) != 0 && errno != ENOENT)
        return -errno;
    return open_regular(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL, size);
}

int binary_file_overwrite(int dir_fd, const char *name, const BinaryFormat *format,
                          const Slice *parts, size_t part_count, bool sync)
{
    uint64_t old_size, size = BINARY_HEADER_SIZE;
    for (size_t i = 0; i < part_count; i++)
        size += parts[i].size;
    int fd = open_to_overwrite(dir_fd, name, &old_size);
    if (fd < 0)
        return fd;
    if (old_size > size && resize_fd(fd, 0) != 0) {
        int error = -errno;
        close(fd);
        return error;
    }
    int status = binary_file_fill(fd, format, parts, part_count, sync);
    if (status == 0 && sync)
        status = sync_directory_of(dir_fd, name);
    return status;
}

int binary_file_note(int dir_fd, const char *name, const BinaryFormat *format, Slice note,
                     bool sync)
{
    int status = binary_file_overwrite(dir_fd, name, format, &note, 1, sync);
    return status == -EBADMSG ? binary_file_write(dir_fd, name, format, &note, 1, sync) : status;
}

#ifdef RENAME_EXCHANGE
static bool is_regular(int dir_fd, const char *name)
{
    struct stat status;
    return fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode);
}
#endif

/* Only with a regular file: a link or a FIFO is replaced, and a directory is an error. */
static int exchange_names(int dir_fd, const char *spare, const char *name)
{
#ifdef RENAME_EXCHANGE
    if (is_regular(dir_fd, name) &&
        renameat2(dir_fd, spare, dir_fd, name, RENAME_EXCHANGE) == 0)
        return 0;
#endif
    return renameat(dir_fd, spare, dir_fd, name) == 0 ? 0 : -errno;
}

int binary_file_exchange(int dir_fd, const char *name, const char *spare,
                         const BinaryFormat *format, const Slice *parts, size_t part_count,
                         bool sync)
{
    int status = binary_file_overwrite(dir_fd, spare, format, parts, part_count, sync);
    if (status == -EBADMSG) /* the spare's name is not that of a file */
        return binary_file_write(dir_fd, name, format, parts, part_count, sync);
    if (status == 0)
        status = exchange_names(dir_fd, spare, name);
    if (status == 0 && sync)
        status = sync_directory_of(dir_fd, name);
    return status;
}
