/* SPDX-License-Identifier: MIT */
#ifdef __linux__
#define _GNU_SOURCE /* F_SETLEASE */
#endif

#include "output_file.h"

#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

enum { READ_BITS = 0444, EXECUTE_BITS = 0111, OWNER_EXECUTES = 0100 };

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
    file->execute_bits = 0;
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
    file->execute_bits = file->mode & EXECUTE_BITS;
    return file_stamp_from(&status, &file->stamp);
}

/* The regular file that was looked at, whatever was written to it since. */
static bool is_looked_at(const OutputFile *file, const struct stat *status)
{
    return S_ISREG(status->st_mode) && (uint64_t)status->st_ino == file->stamp.inode &&
           (uint64_t)status->st_dev == file->stamp.device &&
           (file->kind != OUTPUT_PLAIN || status->st_nlink == 1);
}

int output_file_open(const OutputFile *file, bool *is_writable, bool *is_in_use)
{
    struct stat status;
    int follow = file->is_symlink ? 0 : O_NOFOLLOW;
    int fd = file->is_symlink
                 ? -1
                 : open_at(AT_FDCWD, file->place.path, O_RDWR | O_NONBLOCK | O_NOFOLLOW);
    *is_writable = fd >= 0;
    *is_in_use = fd < 0 && !file->is_symlink && errno == ETXTBSY;
    if (fd < 0)
        fd = open_at(AT_FDCWD, file->place.path, O_RDONLY | O_NONBLOCK | follow);
    if (fd < 0)
        return errno == ELOOP ? -ESTALE : -errno;
    if (fstat(fd, &status) == 0 && is_looked_at(file, &status))
        return fd;
    close(fd);
    return -ESTALE;
}

/* ---- programs -------------------------------------------------------------------------------- */

bool output_file_is_executable(const OutputFile *file)
{
    return file->keeps_mode && (file->mode & OWNER_EXECUTES) != 0;
}

int output_file_set_executable(const OutputFile *file, int fd, bool is_executable)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return -errno;
    mode_t old = status.st_mode & 07777;
    bool is_known = (file->execute_bits & OWNER_EXECUTES) != 0;
    mode_t bits = is_known ? file->execute_bits : (old & READ_BITS) >> 2;
    mode_t mode = is_executable ? old | bits : old & ~(mode_t)EXECUTE_BITS;
    if (mode == old)
        return 0;
    if (fchmod(fd, mode) != 0)
        return call_is_missing(CALL_CHMOD, errno) ? -ENOTSUP : -errno;
    return fstat(fd, &status) == 0 && (status.st_mode & 07777) == mode ? 0 : -ENOTSUP;
}

void output_file_remember_mode(OutputFile *file, mode_t mode)
{
    if (file->keeps_mode && file->execute_bits == 0 &&
        (mode & ~(mode_t)EXECUTE_BITS) == file->mode)
        file->execute_bits = mode & EXECUTE_BITS;
}

mode_t output_file_mode(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 ? status.st_mode & 0777 : 0;
}

#ifdef F_SETLEASE

/* A lease to write is given only to who alone has the file open. It is returned at once; should
 * somebody open the file in between, the signal that says so is one that is ignored. */
bool output_file_is_in_use(int fd)
{
    if (fcntl(fd, F_SETSIG, SIGURG) != 0)
        return false;
    if (fcntl(fd, F_SETLEASE, F_WRLCK) != 0)
        return errno == EAGAIN;
    (void)fcntl(fd, F_SETLEASE, F_UNLCK);
    return false;
}

#else

bool output_file_is_in_use(int fd)
{
    (void)fd;
    return false;
}

#endif

/* ---- still the same? ------------------------------------------------------------------------- */

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

int output_file_open_special(const OutputFile *file)
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
