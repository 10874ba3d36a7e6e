/* SPDX-License-Identifier: MIT */
/*
 * A draft is named after the output, so that the next build of that output finds what a killed one
 * left, whichever cache it used. A living build holds a lock on its draft; a draft that
 * nobody holds is a leftover. Two builds with caches of their own may write one output at the same
 * time: the second finds the first name held, and takes the next.
 *
 *     .output-<hash of the name>.0.tmp     held by build A
 *     .output-<hash of the name>.1.tmp     held by build B
 *     .output-<hash of the name>.2.tmp     left by a killed build: replaced, or removed by a commit
 *
 * Others can work out these names and take them first: with directories, or in /tmp, where users
 * cannot remove each other's files. That must not prevent a build: then the name is random, and so
 * it is where files cannot be locked, since a leftover there looks like a draft in use.
 */
#include "output_draft.h"

#include "content_hash.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

enum { MOST_DRAFTS = 4 }; /* of one output, at the same time */

/* ---- names and locks ------------------------------------------------------------------------- */

static const char prefix[] = ".output-", suffix[] = ".tmp";

static int format_path(char path[PATH_MAX], const OutputFile *file, Hash128 name, unsigned number)
{
    char hex[HASH_HEX_SIZE + 1];
    const char *output = file->place.path;
    hash_to_hex(name, hex);
    int size = snprintf(path, PATH_MAX, "%.*s/%s%s.%u%s", (int)(strrchr(output, '/') - output),
                        output, prefix, hex, number, suffix);
    return size >= 0 && size < PATH_MAX ? 0 : -ENAMETOOLONG;
}

/* prefix, the hash, and after it a point, the number and the suffix */
bool output_draft_owns(const char *name)
{
    enum { PREFIX_SIZE = sizeof prefix - 1 };
    if (strncmp(name, prefix, PREFIX_SIZE) != 0)
        return false;
    const char *rest = name + PREFIX_SIZE;
    if (strspn(rest, "0123456789abcdef") != HASH_HEX_SIZE || rest[HASH_HEX_SIZE] != '.')
        return false;
    const char *number = rest + HASH_HEX_SIZE + 1;
    size_t digits = strspn(number, "0123456789");
    return digits != 0 && strcmp(number + digits, suffix) == 0;
}

static Hash128 name_of(const OutputFile *file)
{
    return hash_bytes(slice_from(strrchr(file->place.path, '/') + 1));
}

static bool leads_to(const char *path, int fd)
{
    struct stat named, opened;
    return lstat(path, &named) == 0 && fstat(fd, &opened) == 0 && named.st_ino == opened.st_ino &&
           named.st_dev == opened.st_dev;
}

/* A draft of ours that nobody holds. Its lock is taken by looking; nobody else removes it then. */
static bool is_leftover(const char *path, int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid() &&
           flock(fd, LOCK_EX | LOCK_NB) == 0 && leads_to(path, fd);
}

/* 0; -ENOENT if nothing has that name; -EEXIST if it is in use, or not ours. */
static int remove_leftover(const char *path)
{
    struct stat status;
    if (lstat(path, &status) != 0)
        return -errno;
    int fd = open_file_at(AT_FDCWD, path, O_RDWR | O_NOFOLLOW); /* NFS locks only such a file */
    if (fd < 0)
        fd = open_file_at(AT_FDCWD, path, O_RDONLY | O_NOFOLLOW);
    if (fd < 0)
        return -EEXIST;
    bool is_removed = is_leftover(path, fd) && unlink(path) == 0;
    close(fd);
    return is_removed ? 0 : -EEXIST;
}

void output_draft_remove_leftovers(const OutputFile *file)
{
    char path[PATH_MAX];
    if (file->kind == OUTPUT_STREAM)
        return;
    Hash128 name = name_of(file);
    for (unsigned i = 0; i < MOST_DRAFTS && format_path(path, file, name, i) == 0; i++)
        (void)remove_leftover(path);
}

/* ---- making one ------------------------------------------------------------------------------ */

/* Between the two calls, another build may take it for a leftover. */
static int create(const char *path)
{
    int fd = open_at(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    struct stat status;
    bool is_locked = flock(fd, LOCK_EX | LOCK_NB) == 0 || call_is_missing(CALL_LOCK, errno);
    if (is_locked && fstat(fd, &status) == 0 && status.st_nlink != 0)
        return fd;
    close(fd);
    return -EEXIST;
}

static int create_random(char path[PATH_MAX], const OutputFile *file)
{
    enum { TRIES = 100 };
    int fd = -EEXIST;
    for (unsigned i = 0; i < TRIES && fd == -EEXIST; i++) {
        unsigned char seed[HASH_SEED_SIZE] = {0};
        fd = hash_seed_make(seed);
        if (fd == 0)
            fd = format_path(path, file, hash_bytes(slice_of(seed, sizeof seed)), i);
        if (fd == 0)
            fd = create(path);
    }
    return fd;
}

static int create_draft(char path[PATH_MAX], const OutputFile *file)
{
    int fd = -EEXIST;
    Hash128 name = name_of(file);
    for (unsigned i = 0; i < MOST_DRAFTS && fd == -EEXIST; i++) {
        fd = format_path(path, file, name, i);
        if (fd == 0)
            fd = create(path);
        if (fd == -EEXIST && remove_leftover(path) != -EEXIST)
            fd = create(path);
    }
    if (fd == -EEXIST)
        fd = create_random(path, file);
    if (fd < 0)
        path[0] = '\0'; /* an existing file is not ours to remove */
    return fd;
}

/* The draft gets the mode of the file it replaces, if that file is our own: the draft is, and shows
 * how the file system reports our files. Mostly it has that mode already. */
static int copy_mode(int fd, const OutputFile *file)
{
    struct stat made;
    if (fstat(fd, &made) == 0 &&
        ((made.st_mode & 07777) == file->mode || made.st_uid != file->owner))
        return 0;
    return fchmod(fd, file->mode) == 0 || call_is_missing(CALL_CHMOD, errno) ? 0 : -errno;
}

int output_draft_open(OutputDraft *draft, const OutputFile *file)
{
    *draft = (OutputDraft){.fd = -1};
    draft->is_stream = file->kind == OUTPUT_SPECIAL || file->kind == OUTPUT_STREAM;
    if (draft->is_stream) {
        draft->fd = file->kind == OUTPUT_STREAM ? output_place_open(&file->place)
                                                : output_file_open_special(file);
        return draft->fd < 0 ? draft->fd : 0;
    }
    draft->fd = create_draft(draft->path, file);
    if (draft->fd < 0)
        return draft->fd;
    return file->keeps_mode ? copy_mode(draft->fd, file) : 0;
}

/* ---- giving it the name ---------------------------------------------------------------------- */

/* A pipe or a terminal cannot be synced and need not be. */
static int sync_draft(const OutputDraft *draft)
{
    if (sync_fd(draft->fd) == 0 || (draft->is_stream && (errno == EINVAL || errno == EROFS)))
        return 0;
    return -errno;
}

/* Flushing, or closing a stream, may be the call that reports that the bytes are lost. */
static int finish(OutputDraft *draft, bool sync, FileStamp *written)
{
    int status = sync ? sync_draft(draft) : 0;
    *written = (FileStamp){0};
    if (status != 0)
        return status;
    if (!draft->is_stream) { /* it stays open: that keeps the lock until it has its name */
        status = file_stamp_of(draft->fd, written);
        return status == 0 && flush_fd(draft->fd) != 0 ? -errno : status;
    }
    status = close_fd(draft->fd) == 0 ? 0 : -errno;
    draft->fd = -1;
    return status;
}

int output_draft_publish(OutputDraft *draft, const OutputFile *file, bool sync,
                         FileStamp *written)
{
    int status = finish(draft, sync, written);
    if (status != 0 || draft->is_stream)
        return status;
    if (rename(draft->path, file->place.path) != 0)
        return -errno;
    draft->path[0] = '\0';
    return sync ? sync_directory_of(AT_FDCWD, file->place.path) : 0;
}

void output_draft_close(OutputDraft *draft)
{
    if (draft->path[0] != '\0')
        unlink(draft->path);
    if (draft->fd >= 0)
        close(draft->fd);
    *draft = (OutputDraft){.fd = -1};
}
