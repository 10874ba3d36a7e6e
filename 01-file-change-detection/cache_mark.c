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
    int fd = open_at(dir_fd, tag->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
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

int cache_mark_make_directory(const char *path)
{
    struct stat made;
    if (mkdir(path, 0777) != 0 || stat(path, &made) != 0)
        return -errno;
    if ((made.st_mode & S_IRWXU) == S_IRWXU)
        return 0;
    return chmod(path, (made.st_mode & 07777) | S_IRWXU) == 0 ? 0 : -errno;
}

int cache_mark_open(const char *path)
{
    int status = cache_mark_make_directory(path);
    if (status != 0 && status != -EEXIST)
        return status;
    int fd = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return -errno;
    status = cache_mark_claim(fd);
    if (status == 0)
        return fd;
    close(fd);
    return status;
}
