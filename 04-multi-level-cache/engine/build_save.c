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

static int replace_units(Build *build)
{
    uint32_t count = build->cache.files.count;
    UnitRow *rows = memory_allocate_zeroed(count + 1, sizeof *rows);
    const UnitRecord **units = memory_allocate_zeroed(count + 1, sizeof *units);
    for (uint32_t i = 0; i < count; i++) {
        const PlannedFile *plan = &build->plan.files[i];
        rows[i] = plan->is_rekeyed ? plan->row : *build_recorded(build, i, &units[i]);
        if (plan->is_rekeyed)
            units[i] = plan->units;
    }
    int status = unit_table_replace(&build->cache.units, rows, units, count);
    memory_free(units);
    memory_free(rows);
    return status;
}

static int set_units(Build *build)
{
    int status = 0;
    for (uint32_t i = 0; i < build->plan.rekeyed_count && status == 0; i++) {
        uint32_t file = build->plan.rekeyed[i];
        const PlannedFile *plan = &build->plan.files[file];
        status = unit_table_set(&build->cache.units, file, &plan->row, plan->units);
    }
    return status;
}

/* Moves the table's rows to the new numbers. False if some are not there, or there is no room. */
static bool renumber_units(Build *build)
{
    UnitTable *table = &build->cache.units;
    if (!build_all_on_record(build) || unit_table_is_wasteful(table))
        return false;
    return !build->found.renumbered ||
           unit_table_splice(table, build->found.old_number, build->cache.files.count);
}

/* What has no room at the end may have it without the old places. */
static BuildStatus update_units(Build *build)
{
    if (build->plan.files == NULL || build->units_are_updated)
        return BUILD_OK;
    build->units_are_updated = renumber_units(build); /* what is recorded has the new numbers */
    if ((!build->units_are_updated || set_units(build) != 0) && replace_units(build) != 0)
        return build_fail(build, build->request.entry,
                          "the program is too large: the keys of its units take more than 32 GiB",
                          0);
    build->units_are_updated = true;
    return BUILD_OK;
}

/* What was lowered is kept even if nothing had to be emitted: after the edit of a comment. */
BuildStatus build_save(Build *build)
{
    double lap = build_now();
    build_enter(build, BUILD_SAVES);
    build_keep_rebuilt(build);
    BuildStatus status = build_commit_objects(build);
    bool keeps_state = !build_has_overlays(build);
    if (status == BUILD_OK && keeps_state)
        status = update_units(build);
    if (status == BUILD_OK && keeps_state)
        status = build_cache_failed(
            build, multi_level_cache_save(&build->cache, build->request.sync));
    build->times.save += build_lap(&lap);
    return status;
}
