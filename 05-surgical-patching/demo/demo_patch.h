/* SPDX-License-Identifier: MIT */
/*
 * The program that the contract of this stage asks for: it writes an output where it changed, and
 * tells what became of its sections.
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

/* What it does to an output with a build that is open. `patch` is {0}, and to be freed. */
BuildStatus patch_output(Build *build, const char *output, Patch *patch);
void patch_free(Patch *patch);

#ifdef __cplusplus
}
#endif

#endif
