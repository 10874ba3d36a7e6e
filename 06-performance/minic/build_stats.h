/* SPDX-License-Identifier: MIT */
/*
 * What a build did and how long it took.
 *
 * Times are noisy, counts are not. The table is for people, the JSON line for scripts and tests;
 * both show the same numbers.
 *
 *     BuildStats stats = build_stats_of(build, &patch);
 *     ByteBuffer text = {0};
 *     build_stats_json(&stats, &text);        {"status":0,"strategy":"patch",...}\n
 *     buffer_free(&text);
 */
#ifndef BUILD_STATS_H
#define BUILD_STATS_H

#include "surgical_patch.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct BuildStats {
    BuildStatus status;
    BuildCounts counts;
    BuildTimes times;
    bool has_output; /* false: nothing was written, `patch` is meaningless */
    PatchResult patch;
    double total_seconds;       /* wall clock, from the start of the command */
    uint64_t peak_memory_bytes; /* peak resident memory; 0: unknown */
    unsigned workers;
} BuildStats;

/* The statistics of `build`, without status and total, which the caller adds. `patch` may be
 * NULL. */
BuildStats build_stats_of(const Build *build, const PatchResult *patch);

/* Both append to `text`. */
void build_stats_table(const BuildStats *stats, ByteBuffer *text);
void build_stats_json(const BuildStats *stats, ByteBuffer *text); /* one line */

#ifdef __cplusplus
}
#endif
#endif
