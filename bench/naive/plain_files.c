/* SPDX-License-Identifier: MIT */
/* Files as the C library reads and writes them. */
#include "naive.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static FILE *open_file(int dir_fd, const char *path, int flags, const char *mode)
{
    int fd = openat(dir_fd, path, flags | O_CLOEXEC, 0666);
    if (fd < 0)
        return NULL;
    FILE *file = fdopen(fd, mode);
    if (file == NULL)
        close(fd);
    return file;
}

char *naive_read(int dir_fd, const char *path, size_t *size)
{
    FILE *file = open_file(dir_fd, path, O_RDONLY, "rb");
    if (file == NULL)
        return NULL;
    char *bytes = NULL;
    if (fseek(file, 0, SEEK_END) == 0 && ftell(file) >= 0) {
        *size = (size_t)ftell(file);
        rewind(file);
        bytes = memory_allocate(*size + 1);
        if (fread(bytes, 1, *size, file) != *size) {
            free(bytes);
            bytes = NULL;
            errno = EIO;
        } else {
            bytes[*size] = '\0';
        }
    }
    fclose(file);
    return bytes;
}

int naive_write(int dir_fd, const char *path, Slice bytes)
{
    FILE *file = open_file(dir_fd, path, O_WRONLY | O_CREAT | O_TRUNC, "wb");
    if (file == NULL)
        return -errno;
    size_t written = fwrite(bytes.data, 1, bytes.size, file);
    int status = written == bytes.size ? 0 : -EIO;
    return fclose(file) == 0 ? status : -EIO;
}
