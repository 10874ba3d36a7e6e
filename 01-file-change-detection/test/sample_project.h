/* SPDX-License-Identifier: MIT */
/* A program of four files, in which discovery looks for changes.
 *
 *     main → lib/a, b;  lib/a ↔ b;  lib/a, b → shared
 *
 * If it `searches`, an import is looked for beside its file, in "inc", and in "sys", by an absolute
 * path. It is optional if it begins with "maybe".
 *
 * If it has `inputs`, a space before `import` makes it a text, two make it data, and three a value:
 * the name is looked up in `values`.
 */
#ifndef SAMPLE_PROJECT_H
#define SAMPLE_PROJECT_H

#include "discovery.h"
#include "scratch.h"

typedef struct SampleProject {
    Scratch scratch, clock; /* sources; where the file system's clock is asked */
    FileHashCache cache;
    Discovery found;
    Diagnostics diagnostics; /* sorted */
    ByteBuffer reported;         /* "decision path\n" each, NUL-terminated */
    bool trust_nothing, searches; /* the second: imports are looked for in several places */
    bool inputs;
    const char *values[26][2]; /* name, value; up to a NULL */
    unsigned values_asked;
    uint32_t most_files;
    size_t largest_source;
    const Slice *more_entries;
    uint32_t more_entry_count;
    Executor *executor;
    const SourceReader *reader; /* NULL: the disk */
    bool (*cancelled)(void *context);
    void *cancelled_context;
} SampleProject;

/* A test with a SampleProject for its *state: the files are written, nothing is discovered yet. */
#define CASE_WITH_PROJECT(name) \
    cmocka_unit_test_setup_teardown(name, sample_project_setup, sample_project_teardown)
int sample_project_setup(void **state);
int sample_project_teardown(void **state);

/* The four files in their original state. */
void sample_project_write(SampleProject *project);

/* Makes the existing files old enough to be trusted. */
void sample_project_age(SampleProject *project);

/* What `discover` returns; its results replace the previous ones. */
int sample_project_discover(SampleProject *project);

#endif
