/* SPDX-License-Identifier: MIT */
/*
 * The program that this stage's contract asks for: it writes an output where it changed, and
 * reports what happened to its sections.
 */
#ifndef DEMO_PATCH_H
#define DEMO_PATCH_H

#include "demo_view.h"
#include "surgical_patch.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Patch { /* what a build did to an output; {0} is nothing */
    View before;
    View after;
    PatchResult result;
} Patch;

/* The main function, with the arguments, facts and exit statuses of the contract. */
int patch_command(int argument_count, char **arguments);

/* What it does to an output with an open build. `patch` is {0}; the caller frees it. */
BuildStatus patch_output(Build *build, const char *output, Patch *patch);
void patch_free(Patch *patch);

#ifdef __cplusplus
}
#endif

#endif
