/* SPDX-License-Identifier: MIT */
#include "cache_directory.h"

#include "content_hash.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* mkdir -p; counts what is made. */
static int make_directories(const char *path, unsigned *made)
{
    char prefix[PATH_MAX];
    size_t size = strlen(path);
    if (size >= sizeof prefix)
        return -ENAMETOOLONG;
    memcpy(prefix, path, size + 1);
    for (size_t i = 1; i <= size; i++) {
        if (prefix[i] != '/' && prefix[i] != '\0')
            continue;
        prefix[i] = '\0';
        if (mkdir(prefix, 0777) == 0)
            ++*made;
        else if (errno != EEXIST)
            return -errno;
        prefix[i] = path[i];
    }
    return 0;
}

static int open_directory(CacheDirectory *directory, const char *path, bool make)
{
    directory->failed = "cannot open the cache directory";
    directory->fd = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    if (directory->fd < 0 && errno == ENOENT && make) {
        int status = make_directories(path, &directory->made);
        if (status != 0) {
            directory->failed = "cannot make the cache directory";
            return status;
        }
        directory->fd = open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
    }
    if (directory->fd < 0)
        return -errno;
    struct stat stat;
    if (fstat(directory->fd, &stat) != 0)
        return -errno;
    if (stat.st_uid != geteuid()) {
        directory->failed = "cannot use a cache directory of another user";
        return -EPERM;
    }
    return 0;
}

typedef struct Waiting {
    void (*tell)(void *context); /* NULL: nobody wants to know, or it was told */
    void *context;
} Waiting;

static int lock(int fd, int how)
{
    int status;
    do
        status = flock(fd, how);
    while (status != 0 && errno == EINTR);
    return status == 0 ? 0 : -errno;
}

static int wait_for_lock(int fd, Waiting *waiting)
{
    int status = lock(fd, LOCK_EX | LOCK_NB);
    if (status != -EWOULDBLOCK)
        return status;
    if (waiting->tell != NULL)
        waiting->tell(waiting->context);
    waiting->tell = NULL;
    return lock(fd, LOCK_EX);
}

/* 0; -EAGAIN if the name leads to another file than `fd` by now, or to none; or another negative
 * errno. */
static int check_name(int dir_fd, const char *name, int fd)
{
    struct stat there, here;
    if (fstatat(dir_fd, name, &there, 0) != 0)
        return errno == ENOENT ? -EAGAIN : -errno;
    if (fstat(fd, &here) != 0)
        return -errno;
    return there.st_ino == here.st_ino && there.st_dev == here.st_dev ? 0 : -EAGAIN;
}

/* The directory behind the path, locked; -EAGAIN if it was removed or replaced meanwhile. */
static int try_open(CacheDirectory *directory, const char *path, bool make, Waiting *waiting)
{
    int status = open_directory(directory, path, make);
    if (status != 0)
        return status;
    directory->failed = "cannot lock the cache directory";
    directory->lock_fd = open_at(directory->fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW);
    if (directory->lock_fd < 0)
        return errno == ENOENT ? -EAGAIN : -errno;
    status = wait_for_lock(directory->lock_fd, waiting);
    if (status == 0)
        status = check_name(directory->fd, "lock", directory->lock_fd);
    if (status == 0)
        status = check_name(AT_FDCWD, path, directory->fd);
    return status;
}

int cache_directory_open(CacheDirectory *directory, const char *path, bool make,
                         void (*waiting)(void *context), void *context)
{
    Waiting told = {waiting, context};
    int status;
    *directory = (CacheDirectory){-1, -1, 0, NULL};
    do {
        cache_directory_close(directory);
        status = try_open(directory, path, make, &told);
    } while (status == -EAGAIN);
    if (status != 0)
        cache_directory_close(directory);
    return status;
}

void cache_directory_close(CacheDirectory *directory)
{
    if (directory->lock_fd >= 0)
        close(directory->lock_fd);
    if (directory->fd >= 0)
        close(directory->fd);
    directory->lock_fd = directory->fd = -1;
}

/* The directory above, and `more` of those above it. */
static int sync_above(int fd, unsigned more)
{
    int above = open_at(fd, "..", O_RDONLY | O_DIRECTORY);
    if (above < 0)
        return -errno;
    int status = sync_fd(above) == 0 ? 0 : -errno;
    if (status == 0 && more != 0)
        status = sync_above(above, more - 1);
    close(above);
    return status;
}

int cache_directory_sync_name(const CacheDirectory *directory)
{
    return sync_above(directory->fd, directory->made == 0 ? 0 : directory->made - 1);
}

int cache_directory_entry_id(int project_fd, Slice name, char id[ENTRY_ID_SIZE + 1])
{
    struct stat stat;
    char link[64], path[PATH_MAX];
    char hex[HASH_HEX_SIZE + 1];
    ByteBuffer key = {0};
    snprintf(link, sizeof link, "/proc/self/fd/%d", project_fd);
    ssize_t size = readlink(link, path, sizeof path);
    if (size > 0) {
        key_put_slice(&key, slice_of(path, (size_t)size));
    } else { /* no /proc: the directory's identity on its disk serves as well */
        if (fstat(project_fd, &stat) != 0)
            return -errno;
        key_put_slice(&key, slice_of(&stat.st_dev, sizeof stat.st_dev));
        key_put_slice(&key, slice_of(&stat.st_ino, sizeof stat.st_ino));
    }
    key_put_slice(&key, name);
    hash_to_hex(hash_bytes(buffer_slice(&key)), hex);
    memcpy(id, hex, ENTRY_ID_SIZE);
    id[ENTRY_ID_SIZE] = '\0';
    buffer_free(&key);
    return 0;
}

/* ---- cleaning ------------------------------------------------------------------------------ */

static bool begins_with_id(const char *name, const char *id)
{
    if (id != NULL && strncmp(name, id, ENTRY_ID_SIZE) != 0)
        return false;
    return strspn(name, "0123456789abcdef") == ENTRY_ID_SIZE && name[ENTRY_ID_SIZE] == '.';
}

static bool is_shared_file(const char *name)
{
    static const char *const names[] = {"zir.pack", "zir.index",  "air.pack",
                                        "air.index", "used_bytes", "clock"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t size = strlen(names[i]);
        if (strncmp(name, names[i], size) == 0 &&
            (name[size] == '\0' || strncmp(name + size, ".tmp", 4) == 0))
            return true;
    }
    return false;
}

bool cache_directory_owns(const char *name)
{
    return begins_with_id(name, NULL) || is_shared_file(name);
}

static bool is_manifest(const char *name)
{
    const char *suffix = strrchr(name, '.');
    return suffix != NULL && strcmp(suffix, ".manifest") == 0;
}

DIR *cache_directory_list(const CacheDirectory *directory)
{
    int fd = open_at(directory->fd, ".", O_RDONLY | O_DIRECTORY);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    int error = errno;
    if (list == NULL && fd >= 0)
        close(fd);
    errno = error;
    return list;
}

static bool is_to_go(const char *name, const char *id, bool only_manifests)
{
    bool is_ours = begins_with_id(name, id) || (id == NULL && is_shared_file(name));
    return is_ours && (!only_manifests || is_manifest(name));
}

/* The files of one entry, or all; of these the manifests, or all. */
static int remove_files(const CacheDirectory *directory, const char *id, bool only_manifests)
{
    int status = 0;
    DIR *list = cache_directory_list(directory);
    if (list == NULL)
        return -errno;
    const struct dirent *item;
    while (errno = 0, (item = readdir(list)) != NULL)
        if (is_to_go(item->d_name, id, only_manifests) &&
            unlinkat(directory->fd, item->d_name, 0) != 0 && errno != ENOENT)
            status = -errno;
    if (errno != 0) /* the list ended too early */
        status = -errno;
    closedir(list);
    return status;
}

/* What a manifest names goes after it: whoever is killed in between leaves no state, and not one
 * that lacks a part, or the mark that its output is unsettled. */
int cache_directory_clean(const CacheDirectory *directory, const char *id)
{
    int status = remove_files(directory, id, true);
    return status == 0 ? remove_files(directory, id, false) : status;
}
