/* SPDX-License-Identifier: MIT */
/*
 * The draft's name does not depend on the process, so that a draft left by a killed build is
 * replaced by the next one, or removed by the next commit; it does depend on the cache directory
 * and the entry, whose lock keeps others from writing the same draft. Others can work out that name
 * and take it first: with a directory, or in /tmp, where users cannot remove each other's files.
 * That must not prevent a build, so then, and only then, the name is random.
 */
#include "output_file.h"

#include "binary_file.h"
#include "content_hash.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* ---- looking --------------------------------------------------------------------------------- */

/* A device that the system itself links to, in /dev. Any other link is replaced. */
static bool is_link_to_device(const OutputFile *file, const struct stat *target)
{
    static const char dev[] = "/dev/";
    const char *path = file->place.path;
    bool is_in_dev = strncmp(path, dev, sizeof dev - 1) == 0 &&
                     strchr(path + sizeof dev - 1, '/') == NULL;
    return is_in_dev && (S_ISCHR(target->st_mode) || S_ISBLK(target->st_mode));
}

static void remember_special(OutputFile *file, const struct stat *status)
{
    file->special_device = status->st_dev;
    file->special_inode = status->st_ino;
}

static int look_behind_link(OutputFile *file)
{
    struct stat target = {0};
    bool leads_somewhere = stat(file->place.path, &target) == 0;
    if (leads_somewhere && S_ISDIR(target.st_mode))
        return -EISDIR;
    bool is_device = leads_somewhere && is_link_to_device(file, &target);
    file->kind = is_device ? OUTPUT_SPECIAL : OUTPUT_LINKED;
    if (is_device)
        remember_special(file, &target);
    if (leads_somewhere && S_ISREG(target.st_mode))
        (void)file_stamp_from(&target, &file->stamp);
    return 0;
}

static int look_at_stream(OutputFile *file)
{
    struct stat status;
    file->kind = OUTPUT_STREAM;
    if (fstat(file->place.descriptor, &status) != 0)
        return -errno;
    if (S_ISREG(status.st_mode))
        (void)file_stamp_of(file->place.descriptor, &file->stamp);
    return 0;
}

int output_file_look(OutputFile *file, const char *path)
{
    struct stat status;
    file->kind = OUTPUT_ABSENT;
    file->stamp = (FileStamp){0};
    file->is_symlink = file->keeps_mode = false;
    int error = output_place_find(&file->place, path);
    if (error != 0)
        return error;
    if (file->place.descriptor >= 0)
        return look_at_stream(file);
    if (lstat(file->place.path, &status) != 0)
        return errno == ENOENT ? 0 : -errno;
    if (S_ISDIR(status.st_mode))
        return -EISDIR;
    file->is_symlink = S_ISLNK(status.st_mode);
    if (file->is_symlink)
        return look_behind_link(file);
    if (!S_ISREG(status.st_mode)) {
        file->kind = OUTPUT_SPECIAL;
        remember_special(file, &status);
        return 0;
    }
    file->kind = status.st_nlink == 1 ? OUTPUT_PLAIN : OUTPUT_LINKED;
    file->keeps_mode = true;
    file->owner = status.st_uid;
    file->mode = status.st_mode & 0777;
    return file_stamp_from(&status, &file->stamp);
}

/* The regular file that was looked at, whatever was written to it since. */
static bool is_looked_at(const OutputFile *file, const struct stat *status)
{
    return S_ISREG(status->st_mode) && (uint64_t)status->st_ino == file->stamp.inode &&
           (uint64_t)status->st_dev == file->stamp.device &&
           (file->kind != OUTPUT_PLAIN || status->st_nlink == 1);
}

int output_file_open(const OutputFile *file, bool *is_writable)
{
    struct stat status;
    int follow = file->is_symlink ? 0 : O_NOFOLLOW;
    int fd = file->is_symlink
                 ? -1
                 : open_at(AT_FDCWD, file->place.path, O_RDWR | O_NONBLOCK | O_NOFOLLOW);
    *is_writable = fd >= 0;
    if (fd < 0)
        fd = open_at(AT_FDCWD, file->place.path, O_RDONLY | O_NONBLOCK | follow);
    if (fd < 0)
        return errno == ELOOP ? -ESTALE : -errno;
    if (fstat(fd, &status) == 0 && is_looked_at(file, &status))
        return fd;
    close(fd);
    return -ESTALE;
}

static bool is_unchanged(const OutputFile *file, const struct stat *status)
{
    FileStamp stamp;
    return is_looked_at(file, status) && file_stamp_from(status, &stamp) == 0 &&
           file_stamp_equal(&stamp, &file->stamp);
}

bool output_file_is_still(const OutputFile *file, int fd)
{
    struct stat opened, named;
    return file->kind == OUTPUT_PLAIN && fstat(fd, &opened) == 0 && is_unchanged(file, &opened) &&
           lstat(file->place.path, &named) == 0 && is_unchanged(file, &named);
}

/* ---- replacing ------------------------------------------------------------------------------- */

/* The draft's path; empty if it is too long. */
static int format_path(char path[PATH_MAX], const OutputFile *file, const char *unique)
{
    const char *output = file->place.path;
    int size = snprintf(path, PATH_MAX, "%.*s/.output-%s.tmp",
                        (int)(strrchr(output, '/') - output), output, unique);
    if (size >= 0 && size < PATH_MAX)
        return 0;
    path[0] = '\0';
    return -ENAMETOOLONG;
}

static int create(const char *path)
{
    int fd = open_at(AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
    return fd < 0 ? -errno : fd;
}

/* With a name that cannot be guessed. */
static int create_random(char path[PATH_MAX], const OutputFile *file)
{
    enum { TRIES = 100 };
    int fd = -EEXIST;
    for (int i = 0; i < TRIES && fd == -EEXIST; i++) {
        unsigned char seed[HASH_SEED_SIZE] = {0};
        char unique[HASH_HEX_SIZE + 1];
        fd = hash_seed_make(seed);
        hash_to_hex(hash_bytes(slice_of(seed, sizeof seed)), unique);
        if (fd == 0)
            fd = format_path(path, file, unique);
        if (fd == 0)
            fd = create(path);
    }
    return fd;
}

static int create_draft(char path[PATH_MAX], const OutputFile *file, const char *unique)
{
    int fd = format_path(path, file, unique);
    if (fd == 0)
        fd = create(path);
    if (fd == -EEXIST && unlink(path) == 0)
        fd = create(path);
    if (fd == -EEXIST)
        fd = create_random(path, file);
    if (fd < 0)
        path[0] = '\0'; /* an existing file is not ours to remove */
    return fd;
}

/* Anyone who can write to the directory may have put something else there since the look. A file is
 * then neither truncated nor written. */
static int open_special(const OutputFile *file)
{
    struct stat status;
    bool is_link = lstat(file->place.path, &status) == 0 && S_ISLNK(status.st_mode);
    if (is_link && (stat(file->place.path, &status) != 0 || !is_link_to_device(file, &status)))
        return -ESTALE;
    int fd = open_at(AT_FDCWD, file->place.path,
                     O_WRONLY | O_NOCTTY | (is_link ? 0 : O_NOFOLLOW));
    if (fd < 0)
        return errno == ELOOP ? -ESTALE : -errno;
    if (fstat(fd, &status) == 0 && !S_ISREG(status.st_mode) &&
        status.st_ino == file->special_inode && status.st_dev == file->special_device)
        return fd;
    close(fd);
    return -ESTALE;
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

int output_draft_open(OutputDraft *draft, const OutputFile *file, const char *unique)
{
    *draft = (OutputDraft){.fd = -1};
    draft->is_stream = file->kind == OUTPUT_SPECIAL || file->kind == OUTPUT_STREAM;
    if (draft->is_stream) {
        draft->fd = file->kind == OUTPUT_STREAM ? output_place_open(&file->place)
                                                : open_special(file);
        return draft->fd < 0 ? draft->fd : 0;
    }
    draft->fd = create_draft(draft->path, file, unique);
    if (draft->fd < 0)
        return draft->fd;
    return file->keeps_mode ? copy_mode(draft->fd, file) : 0;
}

/* A pipe or a terminal cannot be synced and need not be. */
static int sync_draft(const OutputDraft *draft)
{
    if (sync_fd(draft->fd) == 0 || (draft->is_stream && (errno == EINVAL || errno == EROFS)))
        return 0;
    return -errno;
}

static int finish_draft(OutputDraft *draft, bool sync, FileStamp *written)
{
    int status = sync ? sync_draft(draft) : 0;
    *written = (FileStamp){0};
    if (status == 0 && !draft->is_stream)
        status = file_stamp_of(draft->fd, written);
    if (status != 0)
        return status;
    status = close_fd(draft->fd) == 0 ? 0 : -errno;
    draft->fd = -1;
    return status;
}

int output_draft_publish(OutputDraft *draft, const OutputFile *file, bool sync,
                         FileStamp *written)
{
    int status = finish_draft(draft, sync, written);
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

void output_draft_remove(const OutputFile *file, const char *unique)
{
    char path[PATH_MAX];
    if (file->kind != OUTPUT_STREAM && format_path(path, file, unique) == 0)
        unlink(path);
}
