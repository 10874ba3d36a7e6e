/* SPDX-License-Identifier: MIT */
/*
 * A project in the line language, and an output maintained as a patching caller would: a build
 * replaces the sections that the engine calls dirty and trusts it about all others. A section
 * wrongly called clean then stays wrong, and the comparison with a clean build finds it.
 *
 *     LineProject project;
 *     line_project_open(&project);
 *     scratch_write(&project.scratch, "main.line", "unit main hello\n");
 *     LineRun run = line_project_build(&project, (LineRequest){0});
 *     assert_int_equal(run.counts.functions_emitted, 1);
 *     line_run_free(&run);
 *     line_project_expect_clean(&project, (LineRequest){0});
 *     line_project_close(&project);
 */
#ifndef LINE_PROJECT_H
#define LINE_PROJECT_H

#include "build_verify.h"
#include "cache_collection.h"
#include "scratch.h"

typedef struct LineSection {
    char *path;
    ByteBuffer text;
} LineSection;

typedef struct LineOutput { /* {0}: there is none */
    ByteBuffer prelude;
    LineSection *sections;
    uint32_t count;
} LineOutput;

typedef struct LineProject {
    Scratch scratch;
    LineOutput output; /* left by the last successful build */
    unsigned clean_builds;
} LineProject;

typedef struct LineRequest {
    const char *entry;    /* NULL: main.line */
    const char *cache;    /* name in the scratch directory; NULL: "cache" */
    const char *settings; /* NULL: "" */
    const Compiler *compiler; /* NULL: the line language, with these settings */
    const char *const *directories; /* where imports are looked for; NULL: beside their file */
    const char *const *more_entries;
    size_t more_entry_count;
    const SourceReader *reader; /* these three as in BuildRequest */
    const SourceOverlay *overlays;
    size_t overlay_count;
    bool is_library; /* no unit "main" is needed */
    Executor *executor;   /* NULL: items in sequence */
    bool force, paranoid, sync, warnings_are_errors;
    bool together; /* the units of a file are emitted in one call */
    uint64_t limit_bytes; /* of the packs; 0: none */
    const HashSecret *maker; /* NULL: use any cache */
    bool trust_cache;
    int64_t wait_limit_ms;            /* these three as in BuildRequest */
    bool (*cancelled)(void *context);
    void *cancelled_context;
    bool in_memory;    /* writes nothing; for line_steps_open */
    bool check_only;   /* emits, and neither saves nor commits */
    bool stop_midway;  /* begins to write the output, and never commits */
} LineRequest;

typedef struct LineRun {
    BuildStatus status;
    BuildCounts counts;
    BuildFailure failure;
    bool is_unchanged, had_state, was_damaged, settings_changed, renumbered, was_in_progress;
    bool may_be_unsynced;
    CacheOrigin origin;
    ByteBuffer dirty;       /* paths of the dirty sections, each with a newline; NUL-terminated */
    ByteBuffer diagnostics; /* "path:line:column: message\n" each; NUL-terminated */
    ByteBuffer decisions;   /* "decision subject\n" each; NUL-terminated */
} LineRun;

void line_project_open(LineProject *project);
void line_project_close(LineProject *project);

/* Builds, and brings the output up to date if the program has no errors. */
LineRun line_project_build(LineProject *project, LineRequest request);

/* Builds a request with overlays. All texts go to `texts`, if the program has no errors; the output
 * stays as it is. */
LineRun line_project_preview(const LineProject *project, LineRequest request, LineOutput *texts);

/* Removes the cache, as build_clean does. */
void line_project_clean(const LineProject *project);

/* Builds the sources on disk with a fresh cache, into `output`. */
LineRun line_project_build_clean(LineProject *project, LineRequest request, LineOutput *output);

/* Fails the test unless the output is that of a clean build of the sources on disk. */
void line_project_expect_clean(LineProject *project, LineRequest request);

/* What verifying the cache finds, "subject: what\n" each, NUL-terminated; the verification's counts
 * go to *counts, if that is not NULL. The caller frees the buffer. */
ByteBuffer line_project_verify(const LineProject *project, LineRequest request,
                               Verification *counts);

/* The objects that the entries of "cache" use, as a collection sees them. The caller frees. */
void line_project_used(const LineProject *project, UsedObjects *used);

/* A build that the test drives step by step and closes with build_close. */
typedef struct LineSteps {
    Build *build;
    Compiler compiler;
    char entry[512], cache[512];
} LineSteps;

BuildStatus line_steps_open(LineSteps *steps, const LineProject *project, LineRequest request);

bool line_output_equal(const LineOutput *a, const LineOutput *b);
void line_output_free(LineOutput *output);

/* The text of a section; the test fails if there is none. */
const char *line_output_section(const LineOutput *output, const char *path);

void line_run_free(LineRun *run);

#endif
