/* SPDX-License-Identifier: MIT */
/*
 * A project whose cache can be damaged and restored again and again.
 *
 * It is built once, and the resulting files are kept in memory. Restoring them gives the next build
 * exactly the state that the first one left: the same files in the cache, the same bytes in the
 * output, and matching stamps. So each damage is tried on an intact cache.
 *
 *     DamagedProject project;
 *     damaged_project_open(&project, 3, DAMAGED_THEN_EDITED, FLAVOUR_USUAL);
 *     for (...) {
 *         damaged_project_restore(&project);
 *         ... change files below "cache/" ...
 *         damaged_project_expect_rebuilding(&project, "what was done");
 *     }
 *     damaged_project_close(&project);
 */
#ifndef DAMAGED_PROJECT_H
#define DAMAGED_PROJECT_H

#include "include_project.h"
#include "kept_cache.h"

/* What else changed before the build after the damage. */
typedef enum Situation {
    DAMAGED_ONLY,        /* nothing was changed: it reads the least */
    DAMAGED_THEN_EDITED, /* one file was edited: the output is patched */
    DAMAGED_AND_NO_OUTPUT, /* an edit and no output: it looks up every object */
    SITUATIONS
} Situation;

typedef struct DamagedProject {
    union {
        MiniProject project; /* of either: the first of an IncludeProject */
        IncludeProject including;
    };
    Situation situation;
    unsigned flavour;
    bool is_tiny;
    int cache_fd;
    KeptCache kept;   /* before the edit */
    char *new_output; /* after it */
    size_t new_size;
    unsigned tries; /* how often the repair was checked */
} DamagedProject;

/* Two minimal files; or more, each with a struct, a constant and two functions, after a few edits,
 * so that journals exist where the state is large enough for one. Two flavors differ in constants,
 * but in no size. The files of the third include texts and ask for other things, so that the cache
 * holds lists of them. */
typedef enum Flavour { FLAVOUR_USUAL = 1, FLAVOUR_OTHER = 5, FLAVOUR_INCLUDES } Flavour;
void damaged_project_open(DamagedProject *project, unsigned files, Situation situation,
                          Flavour flavour);
void damaged_project_close(DamagedProject *project);

/* Restores everything as the first build left it. */
void damaged_project_restore(DamagedProject *project);

/* Builds; fails the test, naming `what`, unless the output is right and the next build finds
 * everything up to date. */
void damaged_project_expect_rebuilding(DamagedProject *project, const char *what);

#endif
