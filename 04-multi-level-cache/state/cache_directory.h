/* SPDX-License-Identifier: MIT */
/*
 * The directory of all caches of a project, and the lock on it.
 *
 * One build at a time uses a cache directory. The lock is flock on a file that is never removed:
 * the kernel releases it when the process ends, however it ends. Once the lock is taken, the file
 * is compared with the one at the path, in case somebody replaced the directory between open and
 * flock:
 *
 *     build A: open lock                    user: rm -r .mini_cache
 *     build B: mkdir, open a new lock, flock it
 *     build A: flock the old lock           both hold "the lock"
 *
 * Where there is no flock, an exclusively created file does its work (lock_file.h).
 *
 * The directory is ours (made by us, marked, and writable by nobody else: cache_mark.h), or it is
 * refused. Nothing in it is trusted. A file that is missing, damaged, from another version or from
 * another project is a miss, and is written again. If the name of a file leads to something else (a
 * directory, a FIFO, a link), no link is followed and nothing is waited for: it is replaced where
 * writing is a rename; otherwise the build fails, names it and leaves it as it is.
 *
 * A directory that cannot be written can be read: on a read-only disk, a build with nothing to do
 * needs no more. Nobody writes there, so no lock is needed.
 *
 * The lock says one thing more. A process notes in it when it begins to write, and when it ends. A
 * lock that says "at work" when it is opened was left by a killed process; then, and only then, the
 * build looks for what that process left in the directory.
 *
 * Objects are shared by all entries of a directory; state belongs to one entry and its files
 * begin with the entry's id: a hash of the program's absolute path and, if there are several, of the
 * product (cache_product.h).
 */
#ifndef CACHE_DIRECTORY_H
#define CACHE_DIRECTORY_H

#include "cache_name.h"
#include "lock_file.h"
#include "memory.h"

#include <dirent.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct CacheDirectory { /* closed: both descriptors -1 */
    int fd;
    int lock_fd;        /* negative if there is no lock to take: on a read-only disk, or in an
                           unused directory that is not to become ours */
    bool has_no_flock;  /* no flock here: readers and writers hold the lock file */
    LockFile lock_file;
    unsigned made;      /* how many directories the last open made: it and its parents */
    bool is_marked;     /* it is ours; otherwise it is empty */
    bool is_read_only;  /* no file can be created there */
    bool may_have_leftovers; /* the last process to write there did not finish */
    bool is_at_work;
    const char *failed; /* what failed in the last open; static text */
} CacheDirectory;

enum { /* how to open it: */
    CACHE_DIRECTORY_MAKE = 1,  /* if it is missing (with its parents), and mark it; without this, an
                                  empty directory stays as it is */
    CACHE_DIRECTORY_TRUST = 2, /* even if it belongs to another user */
};

/* Opens the directory and locks it. If the lock is held, waits. `waiting` may be NULL. 0;
 * -EBUSY if it was not to wait longer; -ENOENT; -ELOOP if it is a symlink; -EPERM if it belongs to another user or others may
 * write to it (cache_mark_open_directory); -ENOTEMPTY if it has other files in it and no mark; or
 * another negative errno, with `failed` set. */
int cache_directory_open(CacheDirectory *directory, const char *path, unsigned how,
                         const LockWaiting *waiting);

/* Releases the lock. */
void cache_directory_close(CacheDirectory *directory);

/* Note in the lock that this process writes in the directory, and that it has finished. Beginning
 * twice is harmless. 0 or a negative errno. */
int cache_directory_begin_work(CacheDirectory *directory);
int cache_directory_end_work(CacheDirectory *directory);

/* Appends the absolute path of the entry `name` in the directory `project_fd`; nothing where the
 * system does not report it. */
void cache_directory_entry_path(int project_fd, Slice name, ByteBuffer *path);

/* The id of that entry's program. 0 or a negative errno. */
int cache_directory_program_id(int project_fd, Slice name, char id[PROGRAM_ID_SIZE + 1]);

/* Called with the name of a file of ours, raw and parsed. 0 or a negative errno. */
typedef int (*CacheFileVisit)(void *context, const char *file, const CacheName *name);

/* Visits all of them, in any order. 0, or the last error of a visit or of the list. */
int cache_directory_visit(const CacheDirectory *directory, CacheFileVisit visit, void *context);

typedef struct CleanCounts { /* of the removed files */
    uint64_t files, bytes;
} CleanCounts;

/* Is it to be removed? */
typedef bool (*CacheNameFilter)(const void *context, const CacheName *name);

/* Removes our files that the filter picks. Manifests go first: a process killed in between leaves
 * no state, rather than state that lacks a part. A directory with the name of a file is removed
 * too, if it is empty. `counts` may be NULL. 0, or the negative errno of the last file that could
 * not be removed; the others are removed all the same. Cost: the directory is listed. */
int cache_directory_remove(const CacheDirectory *directory, CacheNameFilter filter,
                           const void *context, CleanCounts *counts);

/* Removes the files of one program and its products, or of all programs and the objects if
 * `program_id` is NULL. Mark and lock stay. 0 or a negative errno. */
int cache_directory_clean(const CacheDirectory *directory, const char *program_id,
                          CleanCounts *counts);

/* The name of something in the directory that has the name of a file of ours and is not a file: a
 * directory, a link, a FIFO. For a message after a failure, so it takes no lock. False if there is
 * none. Cost: the directory is listed. */
bool cache_directory_find_intruder(const char *path, char name[256]);

/* A list of the names in the directory; the caller closes it. NULL with errno set. */
DIR *cache_directory_list(const CacheDirectory *directory);

#ifdef __cplusplus
}
#endif
#endif
