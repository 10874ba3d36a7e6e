/* SPDX-License-Identifier: MIT */
/*
 * The mark is made first: any directory that has a file of ours has the mark. Two processes may
 * meet in a new directory, and the second can find it neither marked nor empty:
 *
 *     A: is there a mark? no          B: is there a mark? no
 *     A: is it empty? yes             A: makes the mark, and other files
 *                                     B: is it empty? no
 *
 * The mark is therefore checked again before a directory is refused.
 */
#define _GNU_SOURCE /* O_TMPFILE */

#include "cache_mark.h"

#include "binary_file.h"
#include "system_calls.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

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

/* Other caches have a CACHEDIR.TAG too, but without our words in it. */
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

/* 1: marked; 0: not marked; or a negative errno. If the mark was lost, the tag will do. */
static int has_mark(int dir_fd)
{
    struct stat status;
    if (fstatat(dir_fd, mark_files[MARK].name, &status, AT_SYMLINK_NOFOLLOW) == 0)
        return S_ISREG(status.st_mode) || has_tag(dir_fd);
    return errno == ENOENT ? has_tag(dir_fd) : -errno;
}

static bool does_not_count(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "lock") == 0 ||
           cache_mark_is_trial(name);
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

/* ---- what the file system does with a new file ---------------------------------------------- */

static const char trial_prefix[] = "owner.tmp.";

bool cache_mark_is_trial(const char *name)
{
    size_t size = sizeof trial_prefix - 1;
    return strncmp(name, trial_prefix, size) == 0 && name[size] != '\0' &&
           name[size + strspn(name + size, "0123456789")] == '\0';
}

/* An existing file of that name is not ours to remove: another thread may have made it. */
static int make_trial(int dir_fd, char name[40])
{
    enum { TRIES = 100 };
    int fd = open_nameless_at(dir_fd);
    name[0] = '\0';
    if (fd < 0)
        errno = EEXIST;
    for (int i = 0; i < TRIES && fd < 0 && errno == EEXIST; i++) {
        snprintf(name, 40, "%s%ld", trial_prefix, (long)getpid() + i);
        fd = open_at(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
    }
    return fd < 0 ? -errno : fd;
}

/* It is closed first: some file systems rename a file that is removed while it is open. */
static void remove_trial(int dir_fd, const char *name, int fd)
{
    close(fd);
    if (name[0] != '\0')
        unlinkat(dir_fd, name, 0);
}

/* On some systems, new files in a directory with the set-user-ID bit get the directory's owner. */
int cache_mark_is_own(int dir_fd, const struct stat *status)
{
    struct stat made;
    char name[40];
    if (status->st_uid == geteuid())
        return 1;
    int fd = (status->st_mode & S_ISUID) != 0 ? -EPERM : make_trial(dir_fd, name);
    if (fd < 0)
        return fd == -EACCES || fd == -EPERM || fd == -EROFS ? 0 : fd;
    int result = fstat(fd, &made) != 0 ? -errno : made.st_uid == status->st_uid;
    remove_trial(dir_fd, name, fd);
    return result;
}

/* Can the mode of a new file be changed? Yes also if we may create none but others may: then the
 * modes mean something. */
static bool new_file_has_mode(int dir_fd)
{
    struct stat made, now;
    char name[40];
    int fd = make_trial(dir_fd, name);
    if (fd < 0)
        return fd != -EROFS; /* where nobody can write, modes do not matter; else: the worst */
    bool result = fstat(fd, &made) == 0 && fchmod(fd, (made.st_mode & 0777) ^ S_IRGRP) == 0 &&
                  fstat(fd, &now) == 0 && now.st_mode == (made.st_mode ^ S_IRGRP);
    remove_trial(dir_fd, name, fd);
    return result;
}

/* ---- may it be used? ------------------------------------------------------------------------ */

enum { OTHERS_WRITE = S_IWGRP | S_IWOTH };

/* Can the right to write be taken from others? It is taken for a moment, to find out. On volumes
 * without modes (a Windows disk, a share of a virtual machine) every directory shows the same mode,
 * no matter who may write there. But where our own file has a mode that we can change, a directory
 * whose mode we cannot change is not ours, whatever it shows. */
static bool has_modes(int fd, mode_t mode)
{
    struct stat now;
    if (fchmod(fd, mode & 07777 & ~(mode_t)OTHERS_WRITE) != 0)
        return !call_is_missing(CALL_CHMOD, errno) || new_file_has_mode(fd);
    if (fstat(fd, &now) != 0 || (now.st_mode & OTHERS_WRITE) != 0)
        return false;
    (void)fchmod(fd, mode & 07777);
    return true;
}

/* Is the directory safe from other users, so that a cache may be kept in it? 0 or a negative errno;
 * with -EPERM, `*why` says what is wrong. */
static int check_others(int fd, bool trust, const char **why)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return -errno;
    int own = trust ? 1 : cache_mark_is_own(fd, &status);
    if (own < 0)
        return own;
    if (own == 0)
        *why = "cannot use a cache directory of another user; name one of your own";
    else if ((status.st_mode & OTHERS_WRITE) != 0 && has_modes(fd, status.st_mode))
        *why = "cannot use a cache directory that others may write to; take that from them "
               "(chmod go-w), or name another";
    else
        return 0;
    return -EPERM;
}

/* With these flags, a symlink looks like any file that is not a directory; lstat tells them
 * apart. */
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

int cache_mark_open_directory(const char *path, bool trust, const char **why)
{
    int fd = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (fd < 0)
        return why_not_opened(path, why);
    int status = check_others(fd, trust, why);
    if (status == 0)
        return fd;
    close(fd);
    return status;
}

int cache_mark_open(const char *path)
{
    const char *why;
    int status = cache_mark_make_directory(path, CACHE_MARK_MODE);
    if (status != 0 && status != -EEXIST)
        return status;
    int fd = cache_mark_open_directory(path, false, &why);
    if (fd < 0)
        return fd;
    status = cache_mark_claim(fd);
    if (status == 0)
        return fd;
    close(fd);
    return status;
}
