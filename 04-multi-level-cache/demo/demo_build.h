/* SPDX-License-Identifier: MIT */
/*
 * The program that this stage's contract asks for: it brings an output up to date.
 *
 * The output is put together in the plainest way, from the sections of all files: unchanged ones
 * come from the cache. Writing only the changed ones is stage 5.
 */
#ifndef DEMO_BUILD_H
#define DEMO_BUILD_H

#include "incremental_build.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The main function, with the arguments, facts and exit statuses of the contract. */
int build_command(int argument_count, char **arguments);

/* What it does to an output with an open build; `is_fast` if the combined hash decided. */
BuildStatus run_build(Build *build, const char *output, bool *is_fast);

/* If the output is standard output, facts would mix into it: from now on they are printed on
 * standard error. Returns the output's name to use then, stored in `name`. */
const char *output_beside_facts(const char *output, char name[32]);

#ifdef __cplusplus
}
#endif

#endif
