/* SPDX-License-Identifier: MIT */
/*
 * The draft's name does not depend on the process, so that what a killed build left is replaced
 * by the next draft, or removed by the next commit; it does depend on the cache directory and the
 * entry, whose lock keeps others from writing the same draft.
 */
#include "output_file.h"

#include "binary_file.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- looking --------------------------------------------------------------------------------- */

static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Bytes of `path` up to its last name, the slash included. */
static size_t directory_size(const char *path)
{
    return (size_t)(last_name(path) - path);
}

static int resolve(char resolved[PATH_MAX], const char *path)
{
    char directory[PATH_MAX];
    const char *name = last_name(path);
    size_t size = directory_size(path);
    if (*path == '\0')
        return -ENOENT;
    if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return -EISDIR;
    if (size + 2 > sizeof directory)
        return -ENAMETOOLONG;
    memcpy(directory, path, size);
    memcpy(directory + size, ".", 2);
    if (realpath(directory, resolved) == NULL)
        return -errno;
    size = strlen(resolved);
    if (size + strlen(name) + 2 > PATH_MAX)
        return -ENAMETOOLONG;
    if (resolved[size - 1] != '/')
        resolved[size++] = '/';
    memcpy(resolved + size, name, strlen(name) + 1);
    return 0;
}

/* /dev/stdout leads to /proc/self/fd/1. To replace it by a file would be a sad mistake. */
static bool stands_for_open_file(const char *path)
{
    static const char proc[] = "/proc/";
    char target[sizeof proc];
    if (strncmp(path, proc, sizeof proc - 1) == 0)
        return true;
    ssize_t size = readlink(path, target, sizeof target);
    return size >= (ssize_t)sizeof proc - 1 && memcmp(target, proc, sizeof proc - 1) == 0;
}

/* `status` is of the file that the path leads to in the end. */
static OutputKind kind_of(const char *path, bool is_symlink, const struct stat *status)
{
    if (!S_ISREG(status->st_mode) || (is_symlink && stands_for_open_file(path)))
        return OUTPUT_SPECIAL;
    return is_symlink || status->st_nlink != 1 ? OUTPUT_LINKED : OUTPUT_PLAIN;
}

int output_file_look(OutputFile *file, const char *path)
{
    struct stat status;
    file->kind = OUTPUT_ABSENT;
    file->stamp = (FileStamp){0};
    int error = resolve(file->path, path);
    if (error != 0)
        return error;
    if (lstat(file->path, &status) != 0)
        return errno == ENOENT ? 0 : -errno;
    bool is_symlink = S_ISLNK(status.st_mode);
    if (is_symlink && stat(file->path, &status) != 0) {
        file->kind = OUTPUT_LINKED; /* to nothing */
        return errno == ENOENT ? 0 : -errno;
    }
    if (S_ISDIR(status.st_mode))
        return -EISDIR;
    file->kind = kind_of(file->path, is_symlink, &status);
    file->mode = status.st_mode & 0777;
    return file->kind == OUTPUT_SPECIAL ? 0
                                        : file_stamp_at(AT_FDCWD, file->path, &file->stamp);
}

int output_file_open(const OutputFile *file, bool *is_writable)
{
    int fd = open_at(AT_FDCWD, file->path, O_RDWR | O_NONBLOCK);
    *is_writable = fd >= 0;
    if (fd < 0)
        fd = open_at(AT_FDCWD, file->path, O_RDONLY | O_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

/* ---- replacing ------------------------------------------------------------------------------- */

static int create_draft(const char *path)
{
    int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW;
    int fd = open_at(AT_FDCWD, path, flags);
    if (fd < 0 && errno == EEXIST && unlink(path) == 0)
        fd = open_at(AT_FDCWD, path, flags);
    return fd < 0 ? -errno : fd;
}

static int open_stream(OutputDraft *draft, const OutputFile *file)
{
    draft->is_stream = true;
    draft->fd = open_at(AT_FDCWD, file->path, O_WRONLY | O_TRUNC | O_NOCTTY);
    return draft->fd < 0 ? -errno : 0;
}

/* The draft's path; empty if it is too long. */
static int format_path(char path[PATH_MAX], const OutputFile *file, const char *unique)
{
    int size = snprintf(path, PATH_MAX, "%.*s.output-%s.tmp", (int)directory_size(file->path),
                        file->path, unique);
    if (size >= 0 && size < PATH_MAX)
        return 0;
    path[0] = '\0';
    return -ENAMETOOLONG;
}

int output_draft_open(OutputDraft *draft, const OutputFile *file, const char *unique)
{
    *draft = (OutputDraft){.fd = -1};
    if (file->kind == OUTPUT_SPECIAL)
        return open_stream(draft, file);
    int status = format_path(draft->path, file, unique);
    if (status != 0)
        return status;
    draft->fd = create_draft(draft->path);
    if (draft->fd < 0)
        return draft->fd;
    bool replaces_file = file->stamp.inode != 0;
    return replaces_file && fchmod(draft->fd, file->mode) != 0 ? -errno : 0;
}

int output_draft_publish(OutputDraft *draft, const OutputFile *file, bool sync)
{
    if (sync && sync_fd(draft->fd) != 0)
        return -errno;
    if (rename(draft->path, file->path) != 0)
        return -errno;
    draft->path[0] = '\0';
    return sync ? sync_directory_of(AT_FDCWD, file->path) : 0;
}

void output_draft_close(OutputDraft *draft)
{
    if (draft->path[0] != '\0')
        unlink(draft->path);
    if (draft->fd >= 0)
        close(draft->fd);
    *draft = (OutputDraft){.fd = -1};
}

void output_draft_remove(const OutputFile *file, const char *unique)
{
    char path[PATH_MAX];
    if (format_path(path, file, unique) == 0)
        unlink(path);
}
