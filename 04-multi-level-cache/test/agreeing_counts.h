/* SPDX-License-Identifier: MIT */
/* What holds for the counts of every build, whatever its request and however it ends. */
#ifndef AGREEING_COUNTS_H
#define AGREEING_COUNTS_H

#include "incremental_build.h"

static inline bool counts_agree(const BuildCounts *counts)
{
    uint64_t total = counts->functions_total;
    return counts->functions_emitted <= total && counts->functions_failed <= total &&
           counts->functions_cached <= total &&
           counts->functions_emitted + counts->functions_cached + counts->functions_failed ==
               total &&
           counts->functions_dirty + counts->functions_dependent == counts->functions_emitted;
}

#endif
