/* SPDX-License-Identifier: MIT */
/*
 * A small project in the line language, edited as the fuzzer's bytes say (fuzz_input.h), and built
 * incrementally and from nothing.
 *
 *     EditProject project;
 *     edit_project_open(&project);
 *     edit_project_edit(&project, &input);
 *     edit_project_write(&project);
 *     EditOutcome outcome = edit_project_build(&project, &(EditRequest){0});
 *     edit_outcome_free(&outcome);
 *     edit_project_close(&project);
 *
 * Most edits should meet a correct program, so files refer only to units that exist; a misspelling
 * is an edit of its own. Interfaces may refer to each other in cycles.
 */
#ifndef EDIT_PROJECT_H
#define EDIT_PROJECT_H

#include "fuzz_input.h"
#include "scratch.h"
#include "surgical_patch.h"

enum { EDIT_FILES = 5, EDIT_UNITS = 3, EDIT_VERSIONS = 4 };

typedef struct EditUnit {
    bool exists;
    uint8_t letter;     /* the contents of parameters and body */
    uint16_t body_size; /* 0: no body */
    uint8_t interface;  /* unit it refers to, counted through all files; EDIT_NOTHING: none */
    uint8_t body;       /* likewise */
} EditUnit;

enum { EDIT_NOTHING = EDIT_FILES * EDIT_UNITS };

typedef struct EditFile {
    bool exists, is_broken, is_misspelled, imports_itself;
    uint8_t comment, declares;
    EditUnit units[EDIT_UNITS];
} EditFile;

typedef struct EditProject {
    Scratch scratch; /* sources, output "out" and directory "cache" */
    EditFile files[EDIT_FILES];
    EditFile versions[EDIT_VERSIONS][EDIT_FILES]; /* to switch back to */
} EditProject;

typedef enum EditStop { STOP_NEVER, STOP_PLANNED, STOP_SAVED, STOP_IN_PROGRESS } EditStop;

typedef struct EditRequest {
    const char *settings; /* NULL: the default ones */
    const char *const *directories; /* where imports are looked for; NULL: beside their file */
    const char *entry;    /* NULL: main.line */
    const char *output;   /* absolute path, or NULL: out */
    const char *cache;    /* absolute path, or NULL: cache */
    bool force, paranoid, sync;
    bool keeps_products; /* each output and each settings have a state of their own */
    EditStop stop;        /* the build stops there, as if its process had been killed */
} EditRequest;

typedef struct EditOutcome {
    BuildStatus status;
    ByteBuffer output; /* if the status is BUILD_OK */
    ByteBuffer errors; /* diagnostics and failure */
    PatchResult patch;
    BuildCounts counts;
} EditOutcome;

void edit_project_open(EditProject *project);
void edit_project_close(EditProject *project);

/* Changes the model of the project. */
void edit_project_edit(EditProject *project, FuzzInput *input);

/* Writes the files that differ from those on disk, removes deleted ones. */
void edit_project_write(const EditProject *project);

EditOutcome edit_project_build(const EditProject *project, const EditRequest *request);

/* The same in an empty cache, to another output. */
EditOutcome edit_project_build_clean(const EditProject *project, const EditRequest *request);

/* Unless both ended alike, with the same bytes or errors, prints both and ends the process. */
void edit_outcome_expect_equal(const EditOutcome *built, const EditOutcome *clean);

void edit_outcome_free(EditOutcome *outcome);

#endif
