/* SPDX-License-Identifier: MIT */
/*
 * The mark comes first, so a directory that has any file of ours has the mark. Two processes may
 * meet in a new directory, and the second finds it neither marked nor empty any more:
 *
 *     A: is there a mark? no          B: is there a mark? no
 *     A: is it empty? yes             A: makes the mark, and other files
 *                                     B: is it empty? no
 *
 * Hence the mark is looked for again before a directory is refused.
 */
#include "cache_mark.h"

#include "binary_file.h"
#include "system_calls.h"

#include <dirent.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

typedef struct MarkFile {
    const char *name, *text;
} MarkFile;

enum { MARK, TAG, IGNORE, MARK_FILE_COUNT };

static const MarkFile mark_files[MARK_FILE_COUNT] = {
    [MARK] = {CACHE_MARK_NAME, "This directory is the cache of an incremental compiler. All that is in it can be\n"
                               "made again: remove the directory whenever you like.\n"},
    [TAG] = {"CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n"
                             "# This is the cache of an incremental compiler. Backups need not have it;\n"
                             "# see https://bford.info/cachedir/\n"},
    [IGNORE] = {".gitignore", "*\n"},
};

bool cache_mark_owns(const char *name)
{
    for (int i = 0; i < MARK_FILE_COUNT; i++)
        if (strcmp(name, mark_files[i].name) == 0)
            return true;
    return false;
}

/* Other caches have a CACHEDIR.TAG, too, but not with our words in it. */
static bool has_tag(int dir_fd)
{
    const MarkFile *tag = &mark_files[TAG];
    char text[512];
    int fd = open_file_at(dir_fd, tag->name, O_RDONLY | O_NOFOLLOW);
    ssize_t size = -1;
    while (fd >= 0 && (size = read(fd, text, sizeof text)) < 0 && errno == EINTR)
        continue;
    if (fd >= 0)
        close(fd);
    return size == (ssize_t)strlen(tag->text) && memcmp(text, tag->text, (size_t)size) == 0;
}

/* 1: there is one; 0: none; or a negative errno. Where the mark was lost, the tag will do. */
static int has_mark(int dir_fd)
{
    struct stat status;
    if (fstatat(dir_fd, mark_files[MARK].name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return S_ISREG(status.st_mode) || has_tag(dir_fd);
    return errno == ENOENT ? has_tag(dir_fd) : -errno;
}

static bool does_not_count(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "lock") == 0;
}

/* 1, 0, or a negative errno. */
static int is_empty(int dir_fd)
{
    int fd = open_at(dir_fd, ".", O_RDONLY | O_DIRECTORY);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    if (list == NULL) {
        int error = -errno;
        if (fd >= 0)
            close(fd);
        return error;
    }
    const struct dirent *item;
    while (errno = 0, (item = readdir(list)) != NULL && does_not_count(item->d_name))
        continue;
    int result = item == NULL ? (errno == 0 ? 1 : -errno) : 0;
    closedir(list);
    return result;
}

int cache_mark_check(int dir_fd)
{
    int marked = has_mark(dir_fd);
    if (marked != 0)
        return marked;
    int empty = is_empty(dir_fd);
    if (empty != 0)
        return empty < 0 ? empty : 0;
    marked = has_mark(dir_fd);
    return marked != 0 ? marked : -ENOTEMPTY;
}

static int make_file(int dir_fd, const MarkFile *file)
{
    int fd = open_at(dir_fd, file->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
    if (fd < 0)
        return errno == EEXIST ? 0 : -errno;
    int status = put_all_at(fd, slice_from(file->text), 0);
    if (close_fd(fd) != 0 && status == 0)
        status = -errno;
    return status;
}

int cache_mark_claim(int dir_fd)
{
    int status = cache_mark_check(dir_fd);
    for (int i = 0; i < MARK_FILE_COUNT && status >= 0; i++)
        status = make_file(dir_fd, &mark_files[i]);
    return status < 0 ? status : 0;
}

/* ---- the directory -------------------------------------------------------------------------- */

int cache_mark_make_directory(const char *path, mode_t mode)
{
    struct stat made;
    if (mkdir(path, mode) != 0 || lstat(path, &made) != 0)
        return -errno;
    if ((made.st_mode & S_IRWXU) == S_IRWXU)
        return 0;
    mode = (made.st_mode & 07777) | S_IRWXU;
    if (fchmodat(AT_FDCWD, path, mode, AT_SYMLINK_NOFOLLOW) == 0 ||
        call_is_missing(CALL_CHMOD, errno))
        return 0;
    return -errno;
}

int cache_mark_make_directories(const char *path, mode_t above, unsigned *made)
{
    char prefix[PATH_MAX];
    size_t size = strlen(path);
    if (size >= sizeof prefix)
        return -ENAMETOOLONG;
    memcpy(prefix, path, size + 1);
    while (size > 1 && prefix[size - 1] == '/')
        prefix[--size] = '\0';
    for (size_t i = 1; i <= size; i++) {
        if (prefix[i] != '/' && prefix[i] != '\0')
            continue;
        prefix[i] = '\0';
        int status = cache_mark_make_directory(prefix, i == size ? CACHE_MARK_MODE : above);
        if (status != 0 && status != -EEXIST)
            return status;
        *made += status == 0;
        prefix[i] = path[i];
    }
    return 0;
}

enum { OTHERS_WRITE = S_IWGRP | S_IWOTH };

/* Can the right to write be taken from others? It is for a moment, to find out. On volumes without
 * modes (a disk of Windows, a share of a virtual machine) every directory shows the same, whoever
 * may write there. */
static bool has_modes(int fd, mode_t mode)
{
    struct stat now;
    if (fchmod(fd, mode & 07777 & ~(mode_t)OTHERS_WRITE) != 0)
        return !call_is_missing(CALL_CHMOD, errno);
    if (fstat(fd, &now) != 0 || (now.st_mode & OTHERS_WRITE) != 0)
        return false;
    (void)fchmod(fd, mode & 07777);
    return true;
}

/* Why a directory is no place for a cache, as far as others are concerned; NULL: it is one. */
static const char *find_danger(int fd, const struct stat *status)
{
    if (status->st_uid != geteuid())
        return "cannot use a cache directory of another user; name one of your own";
    if ((status->st_mode & OTHERS_WRITE) != 0 && has_modes(fd, status->st_mode))
        return "cannot use a cache directory that others may write to; take that from them "
               "(chmod go-w), or name another";
    return NULL;
}

/* A symlink with these flags is no directory, and which of the two it is only lstat says. */
static int why_not_opened(const char *path, const char **why)
{
    int error = errno;
    struct stat status;
    if ((error != ENOTDIR && error != ELOOP) || lstat(path, &status) != 0 ||
        !S_ISLNK(status.st_mode))
        return -error;
    *why = "cannot use a symlink as the cache directory; remove it, or name where it leads";
    return -ELOOP;
}

int cache_mark_open_directory(const char *path, const char **why)
{
    struct stat status;
    int fd = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (fd < 0)
        return why_not_opened(path, why);
    int error = fstat(fd, &status) != 0 ? errno : 0;
    const char *danger = error == 0 ? find_danger(fd, &status) : NULL;
    if (error == 0 && danger == NULL)
        return fd;
    close(fd);
    if (danger == NULL)
        return -error;
    *why = danger;
    return -EPERM;
}

int cache_mark_open(const char *path)
{
    const char *why;
    int status = cache_mark_make_directory(path, CACHE_MARK_MODE);
    if (status != 0 && status != -EEXIST)
        return status;
    int fd = cache_mark_open_directory(path, &why);
    if (fd < 0)
        return fd;
    status = cache_mark_claim(fd);
    if (status == 0)
        return fd;
    close(fd);
    return status;
}
