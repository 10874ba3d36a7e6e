/* SPDX-License-Identifier: MIT */
/* What is written before the output: objects, and the state that the commit will name. */
#include "build_internal.h"

#include <stdlib.h>

BuildStatus build_commit_objects(Build *build)
{
    return build_cache_failed(
        build, multi_level_cache_commit_objects(&build->cache, build->request.executor,
                                                build->request.sync));
}

BuildStatus build_clear_objects(Build *build)
{
    return build_cache_failed(build, multi_level_cache_clear_objects(&build->cache));
}

BuildStatus build_commit_blobs(Build *build)
{
    return build_cache_failed(
        build, multi_level_cache_commit_blobs(&build->cache, build->request.sync));
}

static void replace_units(Build *build)
{
    uint32_t count = build->cache.files.count;
    UnitRow *rows = memory_allocate_zeroed(count + 1, sizeof *rows);
    const UnitRecord **units = memory_allocate_zeroed(count + 1, sizeof *units);
    for (uint32_t i = 0; i < count; i++) {
        const PlannedFile *plan = &build->plan[i];
        rows[i] = plan->is_rekeyed ? plan->row : *build_recorded(build, i, &units[i]);
        if (plan->is_rekeyed)
            units[i] = plan->units;
    }
    unit_table_replace(&build->cache.units, rows, units, count);
    free(units);
    free(rows);
}

static void set_units(Build *build)
{
    for (uint32_t i = 0; i < build->rekeyed_count; i++) {
        const PlannedFile *plan = &build->plan[build->rekeyed[i]];
        unit_table_set(&build->cache.units, build->rekeyed[i], &plan->row, plan->units);
    }
}

static void update_units(Build *build)
{
    const UnitTable *table = &build->cache.units;
    if (build->plan == NULL || build->units_are_updated)
        return;
    if (build->found.renumbered || table->file_count != build->cache.files.count ||
        unit_table_is_wasteful(table))
        replace_units(build);
    else
        set_units(build);
    build->units_are_updated = true;
}

/* What was lowered is kept even if nothing had to be emitted: after the edit of a comment. */
BuildStatus build_save(Build *build)
{
    double lap = build_now();
    build_enter(build, BUILD_SAVES);
    build_keep_rebuilt(build);
    BuildStatus status = build_commit_objects(build);
    update_units(build);
    if (status == BUILD_OK)
        status = build_cache_failed(build, multi_level_cache_save(&build->cache, build->request.sync));
    build->times.save += build_lap(&lap);
    return status;
}
