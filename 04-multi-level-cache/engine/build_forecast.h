/* SPDX-License-Identifier: MIT */
/*
 * What the next build will compile, before anything is compiled.
 *
 * After the plan of a build everything is decided: which units have a new key, and whether the
 * cache has an output for it. So the answer is exactly what a build emits that begins now.
 *
 * Beside it, what a tool would compile that has no keys: whatever calls a function that changed,
 * directly or through others, found by a breadth-first search over the callers.
 *
 *     request.only_looks = true;                   caches and output are not touched
 *     status = build_open(&build, &request);
 *     if (status == BUILD_OK)
 *         status = build_plan(build);
 *     if (status == BUILD_OK)
 *         build_forecast(build, visit, context, &forecast);
 *     build_close(build);
 */
#ifndef BUILD_FORECAST_H
#define BUILD_FORECAST_H

#include "incremental_build.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct BuildForecast { /* functions, as in BuildCounts */
    uint64_t total, emitted;
    uint64_t cached;        /* those that are not emitted */
    uint64_t breadth_first; /* what the search would compile */
} BuildForecast;

/* Called for each unit that will be emitted, in the order in which a build reports them, with the
 * decision that it will report (cached_codegen.h). The symbol is lent for the call. Units without a
 * body, which the counts leave out, are visited, too. */
typedef void (*BuildForecastVisit)(void *context, Decision decision, Slice symbol,
                                   bool is_function);

/* After build_plan, if that was BUILD_OK. Cost: a lookup for each unit of a section that will
 * change; and, if anything changed, all lowered forms of the program for the search. */
void build_forecast(Build *build, BuildForecastVisit visit, void *context,
                    BuildForecast *forecast);

#ifdef __cplusplus
}
#endif
#endif
