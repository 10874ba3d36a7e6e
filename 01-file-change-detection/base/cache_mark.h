/* SPDX-License-Identifier: MIT */
/*
 * Which directories may hold a cache?
 *
 * A cache writes files under names that its user may not know. In a directory with other contents,
 * that does damage:
 *
 *     $ echo "my notes" > clock
 *     $ compile main.x --cache-dir .        and the notes are gone
 *
 * A cache directory is therefore one that we made, and it has a mark: the first file made in it. A
 * directory without the mark is marked if it is empty, and otherwise refused. Two more files tell
 * other programs what it is: CACHEDIR.TAG for backup programs, .gitignore for Git. A directory that
 * lost its mark is recognised by the words in its tag.
 *
 *     int fd = cache_mark_open("my_cache");
 *     if (fd < 0)
 *         ... -ENOTEMPTY: it is not a cache directory
 *     close(fd);
 *
 * A directory may also be a trap. A downloaded tree can hold a symlink with the cache's name, and
 * files would be written and removed wherever it leads. No link is followed. Other users who can
 * write to a cache can put code into what is compiled, and those who can read it can hold its lock.
 * The directory must therefore belong to the user, and nobody else may write to it. A new one is
 * accessible to the user alone.
 *
 * stat shows who owns it. But on a share or a volume of another system (sshfs, virtiofs, vboxsf,
 * NFS for root) the number that it shows may belong to no user of this one, and what we have just
 * made seems to be a stranger's. If it shows another number, a file is made in the directory:
 *
 *     the directory shows 501, we are 1000
 *     a new file shows 1000       owners are shown as they are: 501 is somebody else
 *     a new file shows 501        that is how we are shown here: the directory is ours
 *     no file can be made         then it is not ours, whatever 501 is
 *
 * Rejected: believing that a directory is ours because mkdir has just made it, or because we may
 * write to it. Between mkdir and open it can be replaced by another, and root may write anywhere.
 *
 * Source: https://bford.info/cachedir/ (Cache Directory Tagging). Threads and processes: any number
 * may open one directory at the same time.
 */
#ifndef CACHE_MARK_H
#define CACHE_MARK_H

#include <stdbool.h>
#include <sys/stat.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The mark, a regular file. Only its name counts; its content is for people. */
#define CACHE_MARK_NAME "incremental-cache"

/* The permissions of a new one. */
#define CACHE_MARK_MODE 0700

/* Makes the directory if it is missing (not its parents), marks it, and opens it for reading. A
 * descriptor, which the caller closes; -ENOTEMPTY if it has other files and no mark; or an error of
 * cache_mark_open_directory. */
int cache_mark_open(const char *path);

/* Opens a directory for reading, if the user can trust it. A descriptor, which the caller closes;
 * -ELOOP if the name is that of a symlink ("link/" is accepted: the slash asks for the directory
 * that it leads to); -EPERM if it belongs to another user, unless `trust` says that this one may be
 * used anyway, or if others may write to it (which counts only where it can be changed: some
 * volumes have no modes); or another negative errno. For these two, `*why` is set to what the user
 * must know. */
int cache_mark_open_directory(const char *path, bool trust, const char **why);

/* Is the open directory, of which fstat returned `status`, the user's own? 1, 0 or a negative
 * errno. Cost: nothing if it shows the user; else a file is made in it, examined and removed. */
int cache_mark_is_own(int dir_fd, const struct stat *status);

/* Is this the name of such a file? A leftover one means that a process was killed. */
bool cache_mark_is_trial(const char *name);

/* mkdir, with permissions for the owner whatever the umask is. 0 or a negative errno. */
int cache_mark_make_directory(const char *path, mode_t mode);

/* mkdir -p: makes the directory, for its owner alone, and its parents with the mode `above`,
 * because others may use what is beside a cache. Adds to `*made` how many were missing. 0 or a
 * negative errno. */
int cache_mark_make_directories(const char *path, mode_t above, unsigned *made);

/* May a cache be kept in the open directory? 1: yes, it is marked; 0: yes, it is empty (apart from
 * a file "lock"); -ENOTEMPTY; or another negative errno. Cost: one stat if it is marked. */
int cache_mark_check(int dir_fd);

/* Makes those of the three files that are missing, if the directory is marked or empty. 0 or a
 * negative errno. */
int cache_mark_claim(int dir_fd);

/* Is this the name of one of them? */
bool cache_mark_owns(const char *name);

#ifdef __cplusplus
}
#endif
#endif
