/* SPDX-License-Identifier: MIT */
/*
 * One call of minic: its data, and its messages.
 *
 * Errors of the program and of the machine go to stderr; stdout is for requested output (--stats,
 * --help, the findings of verify and doctor). Names that somebody else chose are shown without
 * their control bytes. Private to minic.
 */
#ifndef INVOCATION_H
#define INVOCATION_H

#include "build_stats.h"
#include "build_trace.h"
#include "child_process.h"
#include "chunk_pool.h"
#include "command_line.h"
#include "image_host.h"
#include "program_image.h"
#include "progress.h"
#include "program_run.h"
#include "user_key.h"

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Invocation {
    CommandLine line;
    double begun;     /* when the command started, in seconds of the monotonic clock */
    bool on_terminal; /* progress is shown */
    int stream;       /* the output's descriptor; -1: it is a file */
    Compiler compiler;
    ByteBuffer prelude; /* owned for the compiler */
    ImageHost host;      /* these three for an executable */
    ProgramImage image;
    OutputFormat *format; /* that of `image`; NULL: text */
    HashSecret key;       /* the user's, see user_key.h */
    ByteBuffer key_path;
    int key_error;        /* not 0: it could not be read, and no cache is the user's own */
    WorkPool pool;
    ChunkPool chunks; /* for the arenas of its workers */
    Observer observer;
    BuildTrace *trace; /* with --trace */
    ByteBuffer text; /* the message about to be printed */
    Progress progress;
    Build *build;
    ProgramCopy program; /* of run, these five */
    ChildProcess child;
    bool may_go_elsewhere; /* where nothing can be kept, build_session.h */
    int read_only_error;   /* nothing can: why */
    bool is_in_memory;     /* nothing is kept */
} Invocation;

/* Seconds of the monotonic clock. */
double invocation_now(void);

/* A name that somebody else chose, without its control bytes. */
void invocation_print_shown(const char *name, FILE *stream);

/* Paths of a build are relative to the entry's directory; people and editors want them from the
 * working directory. */
Slice invocation_shown_path(const Invocation *invocation, Slice path, Arena *arena);

/* Prints the text and empties it. */
void invocation_print_text(ByteBuffer *text, FILE *stream);

/* "minic: " and one line on stderr; returns the status. */
int invocation_complain(int status, const ByteBuffer *error);
int invocation_refuse_variable(const char *name, const char *value, const char *why);
int invocation_refuse_file(const char *path, const char *kind, int error); /* of own_file_write */
int invocation_print_failure(BuildStatus status, const BuildFailure *failure);

/* The problems of the invocation's build: the diagnostics, with their lines, or the failure.
 */
void invocation_report_problems(Invocation *invocation, BuildStatus status);

void invocation_print_stats(Invocation *invocation, const BuildStats *stats);
void invocation_print_summary(const Invocation *invocation, const BuildStats *stats);


/* Callbacks of the build; `context` is the invocation. */
void invocation_on_decision(void *context, Decision decision, Slice subject);
void invocation_on_waiting(void *context);
void invocation_on_phase(void *context, BuildPhase phase);

#ifdef __cplusplus
}
#endif
#endif
