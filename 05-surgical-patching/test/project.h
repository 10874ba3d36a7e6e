/* SPDX-License-Identifier: MIT */
/* A program in the line language, in a directory of its own, and its output. */
#ifndef PROJECT_H
#define PROJECT_H

#include "output_state.h"
#include "scratch.h"
#include "surgical_patch.h"

typedef struct Project { /* set up by project_open; the tests change the settings at will */
    Scratch scratch;
    const char *settings;
    Executor *executor;
    bool force, paranoid, sync;
    PatchResult result; /* of the last build */
    BuildCounts counts;
    char failure[768];
    int clean_builds;
} Project;

/* Begins with main.line, which imports a.line and b.line, and lib/c.line, imported by b. */
void project_open(Project *project);
void project_close(Project *project);

void project_write(const Project *project, const char *name, const char *text);

/* A file with one unit, `name`, whose body is `size` letters `letter`. */
void project_write_unit(const Project *project, const char *file, const char *name,
                        size_t size, char letter);

/* Absolute path of a file of the project. Valid until the next call but seven. */
const char *project_path(const Project *project, const char *name);

/* Builds main.line into the output of that name. */
BuildStatus project_build(Project *project, const char *output);

/* Builds, and fails the test unless it ends as expected, with an output that equals the one of
 * a build from nothing. */
void project_expect(Project *project, const char *output, PatchStrategy strategy,
                    PatchReason reason);
void project_expect_clean_output(Project *project, const char *output);

/* Changes what is recorded of the output, as if the last build had left it so. */
void project_change_record(Project *project,
                           void (*change)(OutputRecord *record, void *context), void *context);

#endif
