/* SPDX-License-Identifier: MIT */
#include "output_place.h"

#include "build_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- names of descriptors -------------------------------------------------------------------- */

/* -1 if the name is not a number. */
static int number_of(const char *digits)
{
    size_t size = strspn(digits, "0123456789");
    return size == 0 || size > 9 || digits[size] != '\0' ? -1 : atoi(digits);
}

static int number_after(const char *prefix, const char *path)
{
    size_t size = strlen(prefix);
    return strncmp(path, prefix, size) == 0 ? number_of(path + size) : -1;
}

/* What /dev/fd leads to, with links resolved. */
static int number_in_proc(const char *path)
{
    char prefix[64];
    snprintf(prefix, sizeof prefix, "/proc/%ld/fd/", (long)getpid());
    int number = number_after(prefix, path);
    if (number >= 0)
        return number;
    snprintf(prefix, sizeof prefix, "/proc/%ld/task/", (long)getpid());
    size_t size = strlen(prefix);
    if (strncmp(path, prefix, size) != 0)
        return -1;
    return number_after("/fd/", path + size + strspn(path + size, "0123456789"));
}

/* -1 if the path, as spelled, does not name a descriptor. */
static int descriptor_named(const char *path)
{
    static const struct {
        const char *name;
        int descriptor;
    } names[] = {{"-", STDOUT_FILENO},
                 {"/dev/stdout", STDOUT_FILENO},
                 {"/dev/stderr", STDERR_FILENO},
                 {"/dev/stdin", STDIN_FILENO}};
    static const char *const directories[] = {"/dev/fd/", "/proc/self/fd/",
                                              "/proc/thread-self/fd/"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(path, names[i].name) == 0)
            return names[i].descriptor;
    int number = number_in_proc(path);
    for (size_t i = 0; i < sizeof directories / sizeof *directories && number < 0; i++)
        number = number_after(directories[i], path);
    return number;
}

/* ---- finding ---------------------------------------------------------------------------------- */

static int resolve(char resolved[PATH_MAX], const char *path)
{
    char directory[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *name = slash == NULL ? path : slash + 1;
    size_t size = (size_t)(name - path);
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

/* The path as spelled, from the root, without "//", "." and "..": no link is read. False if it is
 * too long. */
static bool spell(char spelled[PATH_MAX], const char *path)
{
    size_t size = 0;
    if (*path != '/' && getcwd(spelled, PATH_MAX) != NULL)
        size = strcmp(spelled, "/") == 0 ? 0 : strlen(spelled);
    while (*(path += strspn(path, "/")) != '\0') {
        size_t part = strcspn(path, "/");
        if (part == 2 && strncmp(path, "..", 2) == 0) {
            while (size > 0 && spelled[--size] != '/')
                continue;
        } else if (part != 1 || *path != '.') {
            if (size + part + 2 > PATH_MAX)
                return false;
            spelled[size++] = '/';
            memcpy(spelled + size, path, part);
            size += part;
        }
        path += part;
    }
    spelled[size] = '\0';
    return true;
}

/* The path leads to the process's descriptors. Did the user say so, or a link in it that came with
 * the files (`out -> /proc/self/fd`, and "out/1")? */
static int check_spelling(const char *path)
{
    char spelled[PATH_MAX];
    return spell(spelled, path) && descriptor_named(spelled) >= 0 ? 0 : -ELOOP;
}

/* A descriptor that this process opened itself is close-on-exec; no other can be, since exec would
 * have closed it. Without this check /dev/fd/5 could be a pack of the cache. */
static int check_given(int descriptor)
{
    int flags = fcntl(descriptor, F_GETFD);
    return flags < 0 || (flags & FD_CLOEXEC) != 0 ? -EBADF : 0;
}

/* Twice, since a name has several spellings ("/dev/./stdout", "../../dev/fd/1"), and /dev/fd need
 * not lead anywhere: in a chroot without /proc it does not. */
int output_place_find(OutputPlace *place, const char *path)
{
    int status = 0;
    place->descriptor = descriptor_named(path);
    if (place->descriptor >= 0) {
        snprintf(place->path, sizeof place->path, "%s", path);
    } else {
        status = resolve(place->path, path);
        if (status == 0)
            place->descriptor = descriptor_named(place->path);
        if (place->descriptor >= 0)
            status = check_spelling(path);
    }
    if (status != 0)
        place->descriptor = -1;
    return place->descriptor < 0 ? status : check_given(place->descriptor);
}

int output_place_open(const OutputPlace *place)
{
    int fd = fcntl(place->descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    return fd < 0 ? -errno : fd;
}

/* ---- what must not be written over ------------------------------------------------------------ */

/* Does `name` lead to the very file that has this stamp? Two files may share a number where a file
 * system in user space or on a network makes numbers up; they do not share size, mtime and ctime as
 * well. */
static bool is_file(int dir_fd, const char *name, const FileStamp *file)
{
    FileStamp there;
    return file_stamp_at(dir_fd, name, &there) == 0 && file_stamp_equal(&there, file);
}

/* A source has in the file table the inode number that it had when this build looked at it. Only
 * one with this number, or without the stamp of a file, can be the file. */
bool output_place_is_source(const Build *build, const FileStamp *there)
{
    const FileHashCache *files = &build->cache.files;
    if (there->inode == 0)
        return false;
    for (uint32_t i = 0; i < files->count; i++) {
        const FileStamp *stamp = &files->records[i].known.stamp;
        bool may_be = stamp->inode == there->inode || stamp->inode == 0 ||
                      file_stamp_is_version(stamp);
        if (may_be &&
            is_file(build->project_fd, file_hash_cache_path(files, i).data, there))
            return true;
    }
    return false;
}

/* Some file systems have one number for all files: then cache directory and lock share it. */
static bool numbers_prove_nothing(const Build *build, const struct stat *cache)
{
    struct stat lock;
    return fstatat(build->cache.directory.fd, "lock", &lock, AT_SYMLINK_NOFOLLOW) == 0 &&
           lock.st_ino == cache->st_ino && lock.st_dev == cache->st_dev;
}

static bool is_same_path(const char *a, const char *b)
{
    char *place = realpath(a, NULL), *other = realpath(b, NULL);
    bool is_same = place != NULL && other != NULL && strcmp(place, other) == 0;
    free(place);
    free(other);
    return is_same;
}

bool output_place_is_in_cache(const Build *build, const OutputPlace *place)
{
    char directory[PATH_MAX];
    struct stat cache, above;
    size_t size = (size_t)(strrchr(place->path, '/') + 1 - place->path);
    if (place->descriptor >= 0)
        return false;
    memcpy(directory, place->path, size);
    directory[size] = '\0';
    if (fstat(build->cache.directory.fd, &cache) != 0 || stat(directory, &above) != 0 ||
        above.st_ino != cache.st_ino || above.st_dev != cache.st_dev)
        return false;
    return !numbers_prove_nothing(build, &cache) || is_same_path(directory, build->cache_path);
}

static bool has_number(int dir_fd, const char *name, const FileStamp *file)
{
    struct stat status;
    return fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           (uint64_t)status.st_ino == file->inode && (uint64_t)status.st_dev == file->device;
}

bool output_place_is_cache_file(const Build *build, const FileStamp *there)
{
    bool found = false;
    struct stat cache;
    const struct dirent *item;
    DIR *list = there->inode == 0 ? NULL : cache_directory_list(&build->cache.directory);
    bool by_number = list != NULL && fstat(dirfd(list), &cache) == 0 &&
                     !numbers_prove_nothing(build, &cache);
    while (list != NULL && !found && (item = readdir(list)) != NULL)
        found = by_number ? has_number(dirfd(list), item->d_name, there)
                          : is_file(dirfd(list), item->d_name, there);
    if (list != NULL)
        closedir(list);
    return found;
}
