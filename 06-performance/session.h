/* SPDX-License-Identifier: MIT */
/*
 * One command of minic: what it carries, and what it says.
 *
 * Errors of the program and of the machine go to stderr; stdout is for what was asked for
 * (--stats, --help, the findings of verify and doctor). Names that somebody else chose are shown
 * without their control bytes. Private to minic.
 */
#ifndef SESSION_H
#define SESSION_H

#include "build_stats.h"
#include "build_verify.h"
#include "command_line.h"
#include "work_pool.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Session {
    CommandLine line;
    double begun;     /* when the command started, in seconds of the monotonic clock */
    bool on_terminal; /* progress may be shown */
    Compiler compiler;
    ByteBuffer prelude; /* owned for the compiler */
    WorkPool pool;
    Observer observer;
    ByteBuffer text;      /* what is about to be said */
    double progress_seen; /* when the progress line was last drawn; 0: never */
    uint64_t decisions;
    Build *build;
} Session;

/* Seconds of the monotonic clock. */
double session_now(void);

/* Prints the text and empties it. */
void session_print_text(ByteBuffer *text, FILE *stream);

/* "minic: " and one line on stderr; returns the status. */
int session_complain(int status, const ByteBuffer *error);
int session_print_failure(BuildStatus status, const BuildFailure *failure);

/* What went wrong with the session's build: the diagnostics, with their lines, or the failure. */
void session_tell_problems(Session *session, BuildStatus status);

void session_print_stats(Session *session, const BuildStats *stats);
void session_print_summary(const Session *session, const BuildStats *stats);
void session_print_verification(const Session *session, const Verification *verification);

/* What the build calls while it runs; `context` is the session. */
void session_on_decision(void *context, Decision decision, Slice subject);
void session_on_waiting(void *context);
void session_on_difference(void *context, Slice subject, const char *what);

#ifdef __cplusplus
}
#endif
#endif
