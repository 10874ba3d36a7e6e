/* SPDX-License-Identifier: MIT */
/*
 * A lock where the kernel has none: flock is missing where NFS has no lock daemon, where Lustre is
 * mounted without it, and where a sandbox filters system calls.
 *
 * What every file system can do is make a file that was not there. Who makes it holds the lock, and
 * removes it at the end. A process that is killed does not, so the file says who made it, and that
 * of a process of this machine which has ended does not count:
 *
 *     lock.0     made by a process that was killed; it stays
 *     lock.1     another one
 *     lock.2     who makes this one holds the lock; all others wait until it is gone
 *
 * Rejected: removing what a killed process left. Two processes that both find it would both remove
 * something, and the second what the first has made in its place. Rejected, too: going by the age
 * of the file. A build that is stopped, or runs for hours, holds the lock all the same.
 *
 * Whoever uses a directory must lack flock alike: a build that has it does not look for these
 * files.
 *
 * A process of another machine cannot be asked. It is waited for, and after ten minutes given up.
 */
#ifndef LOCK_FILE_H
#define LOCK_FILE_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct LockFile { /* {0}: not held */
    bool is_held;
    unsigned number;
} LockFile;

/* Takes the lock in the directory. If somebody holds it, `waiting`, which may be NULL, is called
 * once. 0; -ETIMEDOUT if it was given up; -ENOENT if there is no such directory; or another
 * negative errno. */
int lock_file_take(LockFile *lock, int dir_fd, void (*waiting)(void *context), void *context);

/* Harmless if it is not held. */
void lock_file_release(LockFile *lock, int dir_fd);

#ifdef __cplusplus
}
#endif
#endif
