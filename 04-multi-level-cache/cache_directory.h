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
 * Nothing in the directory is trusted. A file that is missing, damaged, from another version or
 * from another project is a miss, and is written anew. Where there is something else under the
 * name of a file (a directory, a FIFO, a link), no link is followed and nothing is waited for: it
 * is replaced where writing is a rename, and else the build fails, names the file's cache, and
 * leaves the thing as it is.
 *
 * Objects are shared by all entries of a directory; state belongs to one entry and its files
 * begin with the entry's id, a hash of its absolute path.
 */
#ifndef CACHE_DIRECTORY_H
#define CACHE_DIRECTORY_H

#include "slice.h"

#include <dirent.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { ENTRY_ID_SIZE = 16 };

typedef struct CacheDirectory { /* closed: both descriptors -1 */
    int fd;
    int lock_fd;
    unsigned made;      /* how many the last open made: it and those above it */
    const char *failed; /* what the last open could not do; static text */
} CacheDirectory;

/* Makes the directory if it is missing (with those above it), opens and locks it. If somebody
 * holds the lock, `waiting` is called once and the call waits. 0; -EPERM if it belongs to
 * another user; or another negative errno, with `failed` set. */
int cache_directory_open(CacheDirectory *directory, const char *path, bool make,
                         void (*waiting)(void *context), void *context);

/* Releases the lock. */
void cache_directory_close(CacheDirectory *directory);

/* Makes the directory's name survive a power cut, and the names of those above it that open made:
 * fsyncs what they stand in. For the directory itself always: a build that did not sync may have
 * made it. 0 or a negative errno. */
int cache_directory_sync_name(const CacheDirectory *directory);

/* The id of the entry called `name` in the directory `project_fd`. 0 or a negative errno. */
int cache_directory_entry_id(int project_fd, Slice name, char id[ENTRY_ID_SIZE + 1]);

/* Removes the files of one entry, or of all entries and the objects if `id` is NULL. Only files
 * whose names the stages make are removed; the lock stays. 0 or a negative errno. */
int cache_directory_clean(const CacheDirectory *directory, const char *id);

/* Is this the name of a file that the stages make, finished or not? The lock's is not among them. */
bool cache_directory_owns(const char *name);

/* A list of the names in the directory, to be closed by the caller; NULL with errno set. */
DIR *cache_directory_list(const CacheDirectory *directory);

#ifdef __cplusplus
}
#endif
#endif
