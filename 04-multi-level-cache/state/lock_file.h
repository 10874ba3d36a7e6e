/* SPDX-License-Identifier: MIT */
/*
 * A lock where the kernel has none: flock is missing where NFS has no lock daemon, where Lustre is
 * mounted without it, and where a sandbox filters system calls.
 *
 * Every file system can create a file exclusively. The process that creates it holds the lock, and
 * removes it at the end. A killed process does not, so the file names its maker, and the file of a
 * process of this machine that has ended does not count:
 *
 *     lock.0     made by a process that was killed; it stays
 *     lock.1     another one
 *     lock.2     its maker holds the lock; all others wait until it is gone
 *
 * Rejected: removing what a killed process left. Two processes that both find it would both remove
 * something, the second the file that the first has made in its place. Also rejected: going by the
 * age of the file. A build that is stopped, or runs for hours, still holds the lock.
 *
 * All users of a directory must lack flock: a build that has it does not look for these files.
 *
 * A process of another machine cannot be asked. The build waits for it for ten minutes, then gives
 * up.
 */
#ifndef LOCK_FILE_H
#define LOCK_FILE_H

#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct LockWaiting { /* {0}: as long as it takes */
    void (*begins)(void *context); /* called once if somebody holds the lock; may be NULL */
    /* False: no longer. Asked at once, and then every few milliseconds. NULL: as long as it takes */
    bool (*goes_on)(void *context, unsigned waited_ms);
    void *context;
} LockWaiting;

/* Call it when the lock is held. Calls `begins`, once. */
void lock_waiting_begin(LockWaiting *waiting);

/* The same after waiting so long. 0 after a moment; or -EBUSY if it is not to wait longer. */
int lock_waiting_pause(LockWaiting *waiting, unsigned *waited_ms);

typedef struct LockFile { /* {0}: not held */
    bool is_held;
    unsigned number;
} LockFile;

/* Takes the lock in the directory. 0; -ETIMEDOUT if it gave up; -EBUSY if it was not to wait
 * longer; -ENOENT if there is no such directory; or another negative errno. */
int lock_file_take(LockFile *lock, int dir_fd, LockWaiting *waiting);

/* Harmless if it is not held. */
void lock_file_release(LockFile *lock, int dir_fd);

#ifdef __cplusplus
}
#endif
#endif
