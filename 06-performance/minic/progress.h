/* SPDX-License-Identifier: MIT */
/*
 * One terminal line that shows how far a long command is:
 *
 *     lowering files 5012/10001, 1.2 s
 *
 * A separate thread draws it, first when the command has lasted 0.2 s, then ten times a second,
 * whatever the build does meanwhile: even while it waits for a slow disk or for clang. The build
 * only says which phase begins; the position in the loop of the phase is read from the work pool.
 *
 *     Progress progress = {0};
 *     progress_begin(&progress, &pool, begun);
 *     progress_phase(&progress, "lowering files", true);
 *     ...
 *     progress_hold(&progress);                   the line is erased
 *     fputs("main.mini: ...\n", stderr);
 *     progress_release(&progress);                it may be drawn again
 *     progress_end(&progress);                    the line is erased, the thread has ended
 *
 * Threads: all functions from one thread, other than the line's.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include "work_pool.h"

#include <pthread.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Progress { /* {0}: not begun; every function then does nothing */
    bool is_begun;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows, and the line on the terminal */
    pthread_cond_t ended;
    bool is_ended;
    bool is_drawn;
    double begun;
    const WorkPool *pool;
    const char *phase;
    bool has_items;
} Progress;

/* Can a line be drawn and erased on stderr? A terminal, and not a dumb one. */
bool progress_is_possible(void);

/* `pool` may be NULL; otherwise it must outlive progress_end. `begun`: when the command started, in
 * seconds of the monotonic clock. Without a thread there is no line. */
void progress_begin(Progress *progress, const WorkPool *pool, double begun);
void progress_end(Progress *progress);

/* The phase, a static text, and whether to show the items of its loops. Nothing is drawn before the
 * first call. */
void progress_phase(Progress *progress, const char *phase, bool has_items);

/* Around any other output to the terminal. */
void progress_hold(Progress *progress);
void progress_release(Progress *progress);

/* The line, cut to the width of a terminal with that many columns, without escapes. Returns its
 * size. `total` 0: no items. */
int progress_line(char *line, int size, int columns, const char *phase, size_t done, size_t total,
                  double seconds);

#ifdef __cplusplus
}
#endif
#endif
