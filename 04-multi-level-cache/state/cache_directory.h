/* SPDX-License-Identifier: MIT */
/*
 * The directory that all caches of a project live in, and the lock on it.
 *
 * One build at a time uses a cache directory. The lock is flock on a file that is never removed:
 * the kernel releases it when the process ends, however it ends. After the lock is taken the
 * file is compared with the one the path leads to now, in case somebody replaced the directory
 * between open and flock:
 *
 *     build A: open lock                    user: rm -r .mini_cache
 *     build B: mkdir, open a new lock, flock it
 *     build A: flock the old lock           both hold "the lock"
 *
 * Where there is no flock, a file that is made exclusively does its work (lock_file.h).
 *
 * The directory is ours: made by us, marked, and nobody else's to write (cache_mark.h), or refused.
 * Nothing in it is trusted.
 * A file that is missing, damaged, from another version or from another project is a miss, and is
 * written again. Where there is something else under the name of a file (a directory, a FIFO, a
 * link), no link is followed and nothing is waited for: it is replaced where writing is a rename,
 * and else the build fails and names it, and it stays as it is.
 *
 * A directory that cannot be written can be read: on a read-only disk a build with nothing to do
 * needs no more. Nobody writes there, so nobody must be kept away.
 *
 * The lock says one thing more. Who begins to write notes that in it, and notes the end. One that
 * is opened "at work" was left by a process that was killed; what that may have left in the
 * directory is looked for then, and only then.
 *
 * Objects are shared by all entries of a directory; state belongs to one entry and its files
 * begin with the entry's id, a hash of its absolute path.
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
    int lock_fd;        /* negative if there is no lock to take: on a read-only disk, in a directory
                           that nobody has used and that shall not be made one of ours */
    bool has_no_flock;  /* the system has none here: who reads and writes holds the lock file */
    LockFile lock_file;
    unsigned made;      /* how many the last open made: it and those above it */
    bool is_marked;     /* it is ours; else it is empty */
    bool is_read_only;  /* no file can be made there */
    bool may_have_leftovers; /* who wrote there last did not come to its end */
    bool is_at_work;
    const char *failed; /* what the last open could not do; static text */
} CacheDirectory;

enum { /* how to open it: */
    CACHE_DIRECTORY_MAKE = 1,  /* if it is missing (with those above it), and mark it; without, an
                                  empty directory stays as it is */
    CACHE_DIRECTORY_TRUST = 2, /* even if it is another user's */
};

/* Opens the directory and locks it. If somebody holds the lock, `waiting` is called once and the call
 * waits. 0; -ENOENT; -ELOOP if it is a symlink, and -EPERM if it belongs to another user or others may
 * write to it (cache_mark_open_directory); -ENOTEMPTY if it has other files in it and no mark; or
 * another negative errno, with `failed` set. */
int cache_directory_open(CacheDirectory *directory, const char *path, unsigned how,
                         void (*waiting)(void *context), void *context);

/* Releases the lock. */
void cache_directory_close(CacheDirectory *directory);

/* Makes the directory's name survive a power cut, and the names of those above it that open made:
 * fsyncs what they stand in. For the directory itself always: a build that did not sync may have
 * made it. 0 or a negative errno. */
int cache_directory_sync_name(const CacheDirectory *directory);

/* Notes in the lock that this process writes in the directory, and that it came to its end. To
 * begin again is harmless. 0 or a negative errno. */
int cache_directory_begin_work(CacheDirectory *directory);
int cache_directory_end_work(CacheDirectory *directory);

/* Appends the absolute path of the entry called `name` in the directory `project_fd`; nothing where
 * the system does not tell. */
void cache_directory_entry_path(int project_fd, Slice name, ByteBuffer *path);

/* The id of that entry. 0 or a negative errno. */
int cache_directory_entry_id(int project_fd, Slice name, char id[ENTRY_ID_SIZE + 1]);

/* Called with the name of a file of ours, as it stands and parsed. 0 or a negative errno. */
typedef int (*CacheFileVisit)(void *context, const char *file, const CacheName *name);

/* Visits all of them, in any order. 0, or the last error of a visit or of the list. */
int cache_directory_visit(const CacheDirectory *directory, CacheFileVisit visit, void *context);

typedef struct CleanCounts { /* what was removed */
    uint64_t files, bytes;
} CleanCounts;

/* Is it to be removed? */
typedef bool (*CacheNameFilter)(const void *context, const CacheName *name);

/* Removes the files of ours that the filter picks. The manifests go first: who is killed in between
 * leaves no state, and not one that lacks a part. A directory that has the name of a file goes, too,
 * if it is empty. `counts` may be NULL. 0, or a negative errno of the last file that could not be
 * removed; the others are removed all the same. Cost: the directory is listed. */
int cache_directory_remove(const CacheDirectory *directory, CacheNameFilter filter,
                           const void *context, CleanCounts *counts);

/* Removes the files of one entry, or of all entries and the objects if `id` is NULL. Mark and lock
 * stay. 0 or a negative errno. */
int cache_directory_clean(const CacheDirectory *directory, const char *id, CleanCounts *counts);

/* The name of something in the directory that stands where a file of ours belongs, and is none: a
 * directory, a link, a FIFO. For a message, when something failed, so it takes no lock. False if
 * there is nothing of the kind. Cost: the directory is listed. */
bool cache_directory_find_intruder(const char *path, char name[256]);

/* A list of the names in the directory, to be closed by the caller; NULL with errno set. */
DIR *cache_directory_list(const CacheDirectory *directory);

#ifdef __cplusplus
}
#endif
#endif
