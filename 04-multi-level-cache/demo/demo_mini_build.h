/* SPDX-License-Identifier: MIT */
/*
 * A build of a Mini program, and how its facts are printed: shared by the programs for the
 * contracts of stages 4 and 5.
 *
 *     MiniBuild mini;
 *     Observer observer = {mini_build_report_unit, &entry};
 *     BuildStatus status = mini_build_open(&mini, entry, &observer);
 *     ... build_plan(mini.build) and so on, while status is BUILD_OK ...
 *     if (status != BUILD_OK)
 *         mini_build_report_errors(&mini);
 *     mini_build_close(&mini);
 */
#ifndef DEMO_MINI_BUILD_H
#define DEMO_MINI_BUILD_H

#include "incremental_build.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct MiniBuild {
    Build *build;
    Compiler compiler;
    ByteBuffer prelude;
} MiniBuild;

/* Opens a build for the target of the environment variable MINIC_TARGET. */
BuildStatus mini_build_open(MiniBuild *self, const char *entry, const Observer *observer);
void mini_build_close(MiniBuild *self);

/* Removes the state in .mini_cache beside the entry. */
BuildStatus mini_build_clean(const char *entry);

/* For an Observer: prints the fact of a unit. The context is a `const char **`, the entry. */
void mini_build_report_unit(void *entry, Decision decision, Slice unit);

void mini_build_report_counts(const MiniBuild *self, bool is_fast);
void mini_build_report_errors(const MiniBuild *self);

/* The word for a unit, or NULL if the decision is about something else. */
const char *unit_verdict(Decision decision);

/* Prints a space and PATH:NAME, which the symbol of the entry's main does not contain. */
void print_unit(const char *entry, Slice unit);

#ifdef __cplusplus
}
#endif

#endif
