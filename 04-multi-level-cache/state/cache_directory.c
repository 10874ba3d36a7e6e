/* SPDX-License-Identifier: MIT */
#include "cache_directory.h"

#include "binary_file.h"
#include "cache_mark.h"
#include "content_hash.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* May files be created there? */
static int check_access(CacheDirectory *directory)
{
    if (faccessat(directory->fd, ".", W_OK, 0) == 0)
        return 0;
    directory->is_read_only = errno == EACCES || errno == EROFS || errno == EPERM;
    return directory->is_read_only ? 0 : -errno;
}

/* An empty one is marked before anything else is created in it. */
static int check_mark(CacheDirectory *directory, bool make)
{
    int status = cache_mark_check(directory->fd);
    if (status == 0 && make && !directory->is_read_only) {
        status = cache_mark_claim(directory->fd);
        directory->is_marked = status == 0;
    } else {
        directory->is_marked = status == 1;
    }
    if (status == -ENOTEMPTY)
        directory->failed = "is not a cache directory: it has other files in it and no mark";
    return status == -ENOENT ? -EAGAIN : status < 0 ? status : 0; /* it was removed meanwhile */
}

static int open_directory(CacheDirectory *directory, const char *path, unsigned how)
{
    bool make = (how & CACHE_DIRECTORY_MAKE) != 0, trust = (how & CACHE_DIRECTORY_TRUST) != 0;
    directory->failed = "cannot open the cache directory";
    directory->fd = cache_mark_open_directory(path, trust, &directory->failed);
    if (directory->fd == -ENOENT && make) {
        int status = cache_mark_make_directories(path, 0777, &directory->made);
        if (status != 0) {
            directory->failed = "cannot make the cache directory";
            return status;
        }
        directory->fd = cache_mark_open_directory(path, trust, &directory->failed);
    }
    if (directory->fd < 0)
        return directory->fd;
    int status = check_access(directory);
    return status == 0 ? check_mark(directory, make) : status;
}

/* ---- the lock ------------------------------------------------------------------------------- */

static const char at_work[] = "at work\n", at_rest[] = "at rest\n";

static int lock(int fd, int how)
{
    int status;
    do
        status = flock(fd, how);
    while (status != 0 && errno == EINTR);
    return status == 0 ? 0 : -errno;
}

/* Without a limit, the kernel wakes the process. */
static int wait_for_flock(int fd, LockWaiting *waiting)
{
    unsigned waited_ms = 0;
    int status = lock(fd, LOCK_EX | LOCK_NB);
    if (status == -EWOULDBLOCK && waiting->goes_on == NULL) {
        lock_waiting_begin(waiting);
        return lock(fd, LOCK_EX);
    }
    while (status == -EWOULDBLOCK) {
        status = lock_waiting_pause(waiting, &waited_ms);
        if (status == 0)
            status = lock(fd, LOCK_EX | LOCK_NB);
    }
    return status;
}

/* Without flock, a file takes its place; where nobody can write, no lock is needed. */
static int wait_for_lock(CacheDirectory *directory, LockWaiting *waiting)
{
    int status = wait_for_flock(directory->lock_fd, waiting);
    if (status == 0 || !call_is_missing(CALL_LOCK, -status))
        return status;
    directory->has_no_flock = true;
    if (directory->is_read_only)
        return 0;
    status = lock_file_take(&directory->lock_file, directory->fd, waiting);
    if (status == -ETIMEDOUT)
        directory->failed =
            "cannot lock the cache directory: a lock.NUMBER in it is held on another machine; "
            "remove that file if no build runs there";
    return status == -ENOENT ? -EAGAIN : status; /* the directory was removed meanwhile */
}

/* Is a note written to our lock found in the file "lock" in `dir_fd`? The note follows the lock's
 * word on work, and is removed again. */
static bool is_our_lock(const CacheDirectory *directory, int dir_fd)
{
    char note[64], found[sizeof note];
    struct stat before;
    struct timespec now = {0};
    clock_gettime(CLOCK_REALTIME, &now);
    int size = snprintf(note, sizeof note, "looked for by %ld at %lld.%09ld\n", (long)getpid(),
                        (long long)now.tv_sec, now.tv_nsec);
    size_t noted = (size_t)size < sizeof note ? (size_t)size : sizeof note - 1;
    int fd = open_file_at(dir_fd, "lock", O_RDONLY | O_NOFOLLOW);
    bool is_ours = fd >= 0 && fstat(directory->lock_fd, &before) == 0 &&
                   put_all_at(directory->lock_fd, slice_of(note, noted), sizeof at_work) == 0;
    if (is_ours) {
        is_ours = read_all_at(fd, found, noted, sizeof at_work) == 0 &&
                  memcmp(found, note, noted) == 0;
        resize_fd(directory->lock_fd, before.st_size);
    }
    if (fd >= 0)
        close(fd);
    return is_ours;
}

/* Two looks gave two inode numbers. Usually that means another file, but some file systems on a
 * network and in user space make a number up for each look. So the files behind the names are
 * compared. Where nobody writes, it does not matter. */
static bool leads_to_our_lock(const CacheDirectory *directory, int dir_fd, const char *name)
{
    if (directory->lock_fd < 0 || directory->is_read_only)
        return true;
    if (strcmp(name, "lock") == 0)
        return is_our_lock(directory, dir_fd);
    int fd = open_at(dir_fd, name, O_RDONLY | O_DIRECTORY);
    bool is_ours = fd >= 0 && is_our_lock(directory, fd);
    if (fd >= 0)
        close(fd);
    return is_ours;
}

/* 0; -EAGAIN if the name of the lock or of the directory now leads to something other than `fd`, or
 * to nothing; or another negative errno. */
static int check_name(const CacheDirectory *directory, int dir_fd, const char *name, int fd)
{
    struct stat there, here;
    if (fstatat(dir_fd, name, &there, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? -EAGAIN : -errno;
    if (fstat(fd, &here) != 0)
        return -errno;
    if (there.st_ino == here.st_ino && there.st_dev == here.st_dev)
        return 0;
    return leads_to_our_lock(directory, dir_fd, name) ? 0 : -EAGAIN;
}

/* The lock is created last in a new directory: if it exists, the mark is whole. */
static int make_lock(const CacheDirectory *directory)
{
    uint64_t size;
    int fd = cache_mark_claim(directory->fd);
    if (fd == 0)
        fd = open_regular(directory->fd, "lock", O_RDWR | O_CREAT, &size);
    return fd == -ENOENT ? -EAGAIN : fd; /* the directory was removed meanwhile */
}

static int open_lock(const CacheDirectory *directory)
{
    uint64_t size;
    int flags = directory->is_read_only ? O_RDONLY : O_RDWR;
    int fd = open_regular(directory->fd, "lock", flags, &size);
    bool can_be_made = directory->is_marked && !directory->is_read_only;
    return fd == -ENOENT && can_be_made ? make_lock(directory) : fd;
}

static bool says_at_work(int lock_fd)
{
    char text[sizeof at_work];
    return read_all_at(lock_fd, text, sizeof at_work - 1, 0) == 0 &&
           memcmp(text, at_work, sizeof at_work - 1) == 0;
}

static int take_lock(CacheDirectory *directory, LockWaiting *waiting)
{
    directory->failed = "cannot lock the cache directory";
    directory->lock_fd = open_lock(directory);
    if (directory->lock_fd == -ENOENT) /* nobody has written here, nor shall we */
        return 0;
    if (directory->lock_fd < 0)
        return directory->lock_fd;
    int status = wait_for_lock(directory, waiting);
    if (status == 0)
        status = check_name(directory, directory->fd, "lock", directory->lock_fd);
    directory->may_have_leftovers = status == 0 && says_at_work(directory->lock_fd);
    return status;
}

/* Nobody else may hold the lock, and it must have no other name: a write to it could reach a user's
 * file. */
static int own_lock(const CacheDirectory *directory)
{
    struct stat status;
    if (directory->lock_fd < 0 || directory->is_read_only ||
        fstat(directory->lock_fd, &status) != 0)
        return 0;
    if (status.st_nlink > 1)
        return unlinkat(directory->fd, "lock", 0) == 0 || errno == ENOENT ? -EAGAIN : -errno;
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        (void)fchmod(directory->lock_fd, S_IRUSR | S_IWUSR);
    return 0;
}

/* The directory at the path, locked; -EAGAIN if it was removed or replaced meanwhile. */
static int try_open(CacheDirectory *directory, const char *path, unsigned how,
                    LockWaiting *waiting)
{
    int status = open_directory(directory, path, how);
    if (status == 0)
        status = take_lock(directory, waiting);
    if (status == 0 && (how & CACHE_DIRECTORY_MAKE) != 0)
        status = own_lock(directory);
    return status == 0 ? check_name(directory, AT_FDCWD, path, directory->fd) : status;
}

int cache_directory_open(CacheDirectory *directory, const char *path, unsigned how,
                         const LockWaiting *waiting)
{
    enum { MOST_TRIES = 1000 }; /* each lost to somebody replacing the directory */
    LockWaiting patience = waiting == NULL ? (LockWaiting){0} : *waiting;
    int status, tries = 0;
    *directory = (CacheDirectory){.fd = -1, .lock_fd = -1};
    do {
        cache_directory_close(directory);
        status = try_open(directory, path, how, &patience);
    } while (status == -EAGAIN && ++tries < MOST_TRIES);
    if (status != 0)
        cache_directory_close(directory);
    return status;
}

void cache_directory_close(CacheDirectory *directory)
{
    lock_file_release(&directory->lock_file, directory->fd);
    if (directory->lock_fd >= 0)
        close(directory->lock_fd);
    if (directory->fd >= 0)
        close(directory->fd);
    directory->lock_fd = directory->fd = -1;
}

static int note_in_lock(const CacheDirectory *directory, const char *text)
{
    if (directory->lock_fd < 0 || directory->is_read_only)
        return -EROFS;
    return put_all_at(directory->lock_fd, slice_from(text), 0);
}

int cache_directory_begin_work(CacheDirectory *directory)
{
    if (directory->is_at_work)
        return 0;
    int status = note_in_lock(directory, at_work);
    directory->is_at_work = status == 0;
    return status;
}

int cache_directory_end_work(CacheDirectory *directory)
{
    if (!directory->is_at_work)
        return 0;
    directory->is_at_work = false;
    return note_in_lock(directory, at_rest);
}

/* ---- names ---------------------------------------------------------------------------------- */

void cache_directory_entry_path(int project_fd, Slice name, ByteBuffer *path)
{
    char link[64], directory[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", project_fd);
    ssize_t size = readlink(link, directory, sizeof directory);
    if (size <= 0 || size == PATH_MAX)
        return;
    buffer_put(path, slice_of(directory, (size_t)size));
    if (directory[size - 1] != '/')
        buffer_put_byte(path, '/');
    buffer_put(path, name);
}

/* Without a path, the directory's identity on its disk serves as well. */
int cache_directory_program_id(int project_fd, Slice name, char id[PROGRAM_ID_SIZE + 1])
{
    struct stat stat;
    char hex[HASH_HEX_SIZE + 1];
    ByteBuffer key = {0};
    cache_directory_entry_path(project_fd, name, &key);
    if (key.size == 0) {
        if (fstat(project_fd, &stat) != 0)
            return -errno;
        key_put_slice(&key, slice_of(&stat.st_dev, sizeof stat.st_dev));
        key_put_slice(&key, slice_of(&stat.st_ino, sizeof stat.st_ino));
        key_put_slice(&key, name);
    }
    hash_to_hex(hash_bytes(buffer_slice(&key)), hex);
    memcpy(id, hex, PROGRAM_ID_SIZE);
    id[PROGRAM_ID_SIZE] = '\0';
    buffer_free(&key);
    return 0;
}

/* ---- cleaning ------------------------------------------------------------------------------ */

static DIR *open_list(int dir_fd, const char *path)
{
    int fd = open_at(dir_fd, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    int error = errno;
    if (list == NULL && fd >= 0)
        close(fd);
    errno = error;
    return list;
}

DIR *cache_directory_list(const CacheDirectory *directory)
{
    return open_list(directory->fd, ".");
}

int cache_directory_visit(const CacheDirectory *directory, CacheFileVisit visit, void *context)
{
    int status = 0;
    DIR *list = cache_directory_list(directory);
    if (list == NULL)
        return -errno;
    const struct dirent *item;
    while (errno = 0, (item = readdir(list)) != NULL) {
        CacheName name;
        int error = 0;
        if (cache_name_parse(item->d_name, &name))
            error = visit(context, item->d_name, &name);
        if (error != 0)
            status = error;
    }
    if (errno != 0) /* the list ended early */
        status = -errno;
    closedir(list);
    return status;
}

typedef struct Removal {
    int dir_fd;
    CacheNameFilter filter;
    const void *context;
    CleanCounts *counts;
    bool manifests; /* only these; or only the others */
} Removal;

static int remove_one(int dir_fd, const char *name, CleanCounts *counts)
{
    struct stat status;
    uint64_t bytes = 0;
    int flags = 0;
    if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
        flags = S_ISDIR(status.st_mode) ? AT_REMOVEDIR : 0;
        bytes = S_ISREG(status.st_mode) ? (uint64_t)status.st_size : 0;
    }
    if (unlinkat(dir_fd, name, flags) != 0)
        return errno == ENOENT ? 0 : -errno;
    if (counts != NULL) {
        counts->files++;
        counts->bytes += bytes;
    }
    return 0;
}

static int remove_picked(void *context, const char *file, const CacheName *name)
{
    const Removal *removal = context;
    if (name->is_manifest != removal->manifests || !removal->filter(removal->context, name))
        return 0;
    return remove_one(removal->dir_fd, file, removal->counts);
}

int cache_directory_remove(const CacheDirectory *directory, CacheNameFilter filter,
                           const void *context, CleanCounts *counts)
{
    Removal removal = {directory->fd, filter, context, counts, true};
    int status = cache_directory_visit(directory, remove_picked, &removal);
    removal.manifests = false;
    return status == 0 ? cache_directory_visit(directory, remove_picked, &removal) : status;
}

static bool is_of(const void *program_id, const CacheName *name)
{
    return program_id == NULL || strncmp(name->id, program_id, PROGRAM_ID_SIZE) == 0;
}

int cache_directory_clean(const CacheDirectory *directory, const char *program_id,
                          CleanCounts *counts)
{
    return cache_directory_remove(directory, is_of, program_id, counts);
}

static bool is_intruder(int dir_fd, const char *name)
{
    CacheName parsed;
    struct stat status;
    bool is_ours = cache_name_parse(name, &parsed) || cache_mark_owns(name) ||
                   strcmp(name, "lock") == 0;
    return is_ours && fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
           !S_ISREG(status.st_mode);
}

bool cache_directory_find_intruder(const char *path, char name[256])
{
    DIR *list = open_list(AT_FDCWD, path);
    if (list == NULL)
        return false;
    name[0] = '\0';
    for (const struct dirent *item; (item = readdir(list)) != NULL;)
        if (is_intruder(dirfd(list), item->d_name) &&
            (name[0] == '\0' || strcmp(item->d_name, name) < 0))
            snprintf(name, 256, "%s", item->d_name);
    closedir(list);
    return name[0] != '\0';
}
