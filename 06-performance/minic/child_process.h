/* SPDX-License-Identifier: MIT */
/*
 * Another program, started and waited for.
 *
 * While it runs, interrupts from the keyboard go to it and not to the caller. child_start returns
 * once exec has succeeded: what the program was made from may then be removed or written again.
 *
 * Threads: one at a time.
 */
#ifndef CHILD_PROCESS_H
#define CHILD_PROCESS_H

#include "held_signals.h"
#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ChildProcess {
    pid_t id;
    struct sigaction interrupt, quit; /* the caller's settings */
} ChildProcess;

/* `arguments` begin with the program's own name and end with NULL. `held`: signals that the caller
 * holds back; may be NULL. 0 or a negative errno; then, too, child_wait must be called if the id is
 * greater than 0. */
int child_start(ChildProcess *child, const char *path, char *const arguments[],
                const HeldSignals *held);

/* The exit status; or 128 + the signal that ended it, and `error` says which. */
int child_wait(ChildProcess *child, HeldSignals *held, ByteBuffer *error);

/* `first`, `second` unless it is NULL, and the rest, which ends with NULL. The caller frees it with
 * memory_free. */
char **child_arguments(char *first, char *second, char *const rest[]);

#ifdef __cplusplus
}
#endif
#endif
