/* SPDX-License-Identifier: MIT */
/*
 * Signals that would end the process wait while something is there that must be removed first: the
 * executable that clang makes for `run`.
 *
 *     HeldSignals held;
 *     held_signals_begin(&held);
 *     ... make it, start clang; the child calls held_signals_forget(&held) before exec ...
 *     status = held_signals_wait(&held, child);     a signal meanwhile is passed on to clang
 *     ... remove it ...
 *     held_signals_end(&held);                      and now it ends this process, as it would have
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
    struct sigaction child; /* what the caller had set for SIGCHLD */
} HeldSignals;

/* Holds SIGHUP, SIGINT, SIGQUIT and SIGTERM. */
void held_signals_begin(HeldSignals *held);

/* In a child: signals are as they were before. */
void held_signals_forget(const HeldSignals *held);

/* Waits for the child; what waitpid says of it. Held signals that come are passed on to it. */
int held_signals_wait(HeldSignals *held, pid_t child);

/* Has one come that will end this process? */
bool held_signals_came(const HeldSignals *held);

/* What has come takes effect. */
void held_signals_end(HeldSignals *held);

#ifdef __cplusplus
}
#endif
#endif
