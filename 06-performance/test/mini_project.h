/* SPDX-License-Identifier: MIT */
/*
 * A Mini project in its own directory, built inside the test's process: a build takes less than a
 * millisecond, so tens of thousands of them can be tried.
 *
 *     MiniProject project;
 *     mini_project_open(&project);
 *     mini_project_write(&project, "main.mini", "fn main() i32 { return 0; }\n");
 *     mini_project_build(&project);                the entry, with "cache", into "out.ll"
 *     mini_project_expect_clean(&project);
 *     mini_project_close(&project);
 */
#ifndef MINI_PROJECT_H
#define MINI_PROJECT_H

#include "mini_compiler.h"
#include "scratch.h"
#include "surgical_patch.h"

typedef struct MiniProject { /* set up by mini_project_open; tests change the settings at will */
    Scratch scratch;
    Compiler compiler;
    ByteBuffer prelude; /* owned for the compiler */
    const char *entry;  /* NULL: main.mini */
    OutputFormat *format; /* lent; NULL: text */
    Executor *executor;   /* lent; NULL: one thing after another */
    bool force, paranoid, sync;
    /* of the last build: */
    BuildStatus status;
    BuildCounts counts;
    PatchResult patch;
    bool was_damaged;
    ByteBuffer said; /* diagnostics and the failure, NUL-terminated */
} MiniProject;

void mini_project_open(MiniProject *project);
void mini_project_close(MiniProject *project);

void mini_project_write(const MiniProject *project, const char *name, const char *text);

/* A program to edit part by part: main.mini imports part0.mini, part1.mini and so on, and sums what
 * the function `twice` of each returns. */
void mini_project_write_main(const MiniProject *project, unsigned parts);
void mini_project_write_part(const MiniProject *project, unsigned number, const char *text);

BuildStatus mini_project_build(MiniProject *project);

/* Builds until nothing new is recorded: all stamps are old enough to be trusted. */
void mini_project_settle(MiniProject *project);

/* The same, with cache and output in another directory. */
BuildStatus mini_project_build_in(MiniProject *project, const Scratch *place);

/* The output of a build of the same sources with an empty cache; NULL if that is not BUILD_OK. The
 * caller frees. The project's data on its last build is unchanged. */
char *mini_project_clean_output(const MiniProject *project, size_t *size);

/* Is the output these bytes? */
bool mini_project_output_is(const MiniProject *project, Slice bytes);

/* Builds, and then in an empty directory: fails the test unless both end with this status and say
 * the same. */
void mini_project_expect_as_clean(MiniProject *project, BuildStatus status);

/* Fails the test unless the last build ended as a clean build does, with the same output. */
void mini_project_expect_clean(const MiniProject *project);

/* Fails the test if `minic verify` would find anything to complain of. `what` is said then. */
void mini_project_expect_verified(MiniProject *project, const char *what);

/* Fails the test, naming `what`, unless a build gives the expected output and a cache of which
 * verify does not complain, and the next one finds everything up to date. */
void mini_project_expect_healed(MiniProject *project, Slice expected, const char *what);

/* Fails the test if the cache has files that nothing names. They go with the next commit. */
void mini_project_expect_nothing_left_over(const MiniProject *project, const char *what);

/* A number from the environment, for tests that can try more. */
uint64_t number_from(const char *name, uint64_t otherwise);

/* SplitMix64: the next random number of a state. */
uint64_t random_next(uint64_t *state);

#endif
