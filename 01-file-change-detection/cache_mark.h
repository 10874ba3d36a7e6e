/* SPDX-License-Identifier: MIT */
/*
 * Which directory may caches be kept in?
 *
 * A cache writes files whose names it knows and its user may not. In a directory of somebody else
 * that does damage:
 *
 *     $ echo "my notes" > clock
 *     $ compile main.x --cache-dir .        and the notes are gone
 *
 * So a cache directory is one that we made, and it says so: the first file made in it is a mark. A
 * directory without the mark is marked if it is empty; if anything else is in it, it is refused.
 * Two more files say what it is to others: CACHEDIR.TAG to programs that make backups, .gitignore
 * to Git. A directory that lost its mark is known by the words in its tag.
 *
 *     int fd = cache_mark_open("my_cache");
 *     if (fd < 0)
 *         ... -ENOTEMPTY: it is not a cache directory
 *     close(fd);
 *
 * Source: https://bford.info/cachedir/ (Cache Directory Tagging). Threads and processes: any
 * number may open the same directory at the same time.
 */
#ifndef CACHE_MARK_H
#define CACHE_MARK_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The mark, a regular file. Its name says it; its content is for people. */
#define CACHE_MARK_NAME "incremental-cache"

/* Makes the directory if it is missing (not those above it), marks it, and opens it to read. A
 * descriptor, which the caller closes; -ENOTEMPTY if it has other files and no mark; or another
 * negative errno. */
int cache_mark_open(const char *path);

/* mkdir, of a directory that its owner may use whatever the umask is. 0 or a negative errno. */
int cache_mark_make_directory(const char *path);

/* May caches be kept in the open directory? 1: it is marked; 0: it is empty, and may be (a file
 * "lock" in it does not count); -ENOTEMPTY; or another negative errno. Cost: one stat if it is
 * marked. */
int cache_mark_check(int dir_fd);

/* Makes what is missing of the three files, if the directory is marked or empty. 0 or a negative
 * errno. */
int cache_mark_claim(int dir_fd);

/* Is this the name of one of them? */
bool cache_mark_owns(const char *name);

#ifdef __cplusplus
}
#endif
#endif
