/* SPDX-License-Identifier: MIT */
/* A program in the line language, in its own directory, and its output. */
#ifndef PROJECT_H
#define PROJECT_H

#include "line_language.h"
#include "output_state.h"
#include "scratch.h"
#include "surgical_patch.h"

typedef struct Project { /* set up by project_open; the tests change the settings at will */
    Scratch scratch;
    const char *settings;
    Executor *executor;
    OutputFormat *format; /* lent; NULL: text */
    bool force, paranoid, sync, in_memory;
    PatchResult result; /* of the last build */
    BuildCounts counts;
    char failure[768];
    int error; /* the failure's errno */
    int clean_builds, edits;
} Project;

/* Begins with main.line, which imports a.line and b.line, and lib/c.line, imported by b. */
void project_open(Project *project);
void project_close(Project *project);

/* A test with a Project for its *state, new or already built into "out". */
#define CASE_IN_PROJECT(name) \
    cmocka_unit_test_setup_teardown(name, project_setup, project_teardown)
#define CASE_IN_BUILT_PROJECT(name) \
    cmocka_unit_test_setup_teardown(name, project_setup_built, project_teardown)
int project_setup(void **state);
int project_setup_built(void **state);
int project_teardown(void **state);

void project_write(const Project *project, const char *name, const char *text);

/* A file with one unit, `name`, whose body is `size` letters `letter`. */
void project_write_unit(const Project *project, const char *file, const char *name,
                        size_t size, char letter);

/* Changes the body of the unit in a.line, so that there is something to patch. */
void project_edit(Project *project);

/* Writes `text` at `offset` of an existing file. */
void project_overwrite(const Project *project, const char *name, off_t offset, const char *text);

/* The name of the cache's file with that ending; e.g. ".sections.1". Valid until the next call. */
const char *project_cache_file(const Project *project, const char *ending);

/* Absolute path of a file of the project; "-" stays as it is. Valid for the next seven calls. */
const char *project_path(const Project *project, const char *name);

/* The request of project_build; the compiler is lent to it. */
BuildRequest project_request(const Project *project, const Compiler *compiler);

/* Builds main.line into the output of that name. */
BuildStatus project_build(Project *project, const char *output);

/* Builds, and fails the test unless it ends as expected, with an output equal to that of a build
 * from nothing. */
void project_expect(Project *project, const char *output, PatchStrategy strategy,
                    PatchReason reason);
void project_expect_clean_output(Project *project, const char *output);

/* Builds, and fails the test unless the build fails with these values and these words. */
void project_expect_failure(Project *project, const char *output, BuildStatus status,
                            const char *words);

/* Fails the test unless a file still holds `before`, which comes from scratch_read and is freed
 * here. */
void project_expect_kept(const Project *project, const char *name, char *before);

/* Changes the record of the output, as if the last build had left it so. */
void project_change_record(Project *project,
                           void (*change)(OutputRecord *record, void *context), void *context);

/* ---- a program with many files ------------------------------------------------------------- */

enum { MANY = 500 };

/* main.line then imports many/0.line and so on, and "out" is built from them. */
void project_build_many(Project *project);

/* Changes the body of every `step`-th of these files, from `first` on. */
void project_write_many(Project *project, int first, int step, size_t size, char letter);

#endif
