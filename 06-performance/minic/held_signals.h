/* SPDX-License-Identifier: MIT */
/*
 * Signals that would end the process wait while something exists that must be removed first: the
 * executable that clang makes for `run`.
 *
 *     HeldSignals held;
 *     held_signals_begin(&held);
 *     ... make it, start clang; the child calls held_signals_forget(&held) before exec ...
 *     status = held_signals_wait(&held, child);     signals are passed on to clang
 *     ... remove it ...
 *     held_signals_end(&held);                      now it ends this process, as it would have
 *
 * Threads: all others must have these signals blocked.
 */
#ifndef HELD_SIGNALS_H
#define HELD_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct HeldSignals {
    sigset_t held, before;
    struct sigaction child; /* the caller's action for SIGCHLD */
} HeldSignals;

/* Holds SIGHUP, SIGINT, SIGQUIT and SIGTERM. */
void held_signals_begin(HeldSignals *held);

/* In a child: restores the signals. */
void held_signals_forget(const HeldSignals *held);

/* Waits for the child; returns its status from waitpid. Held signals that arrive are passed on to
 * it. */
int held_signals_wait(HeldSignals *held, pid_t child);

/* Has a signal arrived that will end this process? */
bool held_signals_came(const HeldSignals *held);

/* Signals that arrived take effect. */
void held_signals_end(HeldSignals *held);

#ifdef __cplusplus
}
#endif
#endif
