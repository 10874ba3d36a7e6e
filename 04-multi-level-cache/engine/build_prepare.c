/* SPDX-License-Identifier: MIT */
/* What comes before anything can be emitted: the rest of the state, lowered files, the plan. */
#include "build_internal.h"

static BuildStatus open_rest(Build *build)
{
    int status = multi_level_cache_open_units(&build->cache);
    if (status == 0)
        status = multi_level_cache_open_objects(&build->cache);
    return build_cache_failed(build, status);
}

static BuildStatus prepare(Build *build)
{
    double lap = build_now();
    uint32_t count = build->cache.files.count;
    BuildStatus status = open_rest(build);
    build->times.open += build_lap(&lap);
    if (status != BUILD_OK)
        return status;
    build->program.entry_file = file_hash_cache_find(&build->cache.files, build->entry);
    build->plan.files = memory_allocate_zeroed(count + 1, sizeof *build->plan.files);
    build_enter(build, BUILD_LOWERS);
    build_lower(build);
    build_make_opened(build);
    build->times.lower = build_lap(&lap);
    if (build_was_cancelled(build)) {
        status = build_commit_objects(build);
        return status == BUILD_OK ? BUILD_CANCELLED : status;
    }
    build_enter(build, BUILD_COMPUTES_KEYS);
    status = build_make_plan(build);
    build->times.keys = build_lap(&lap);
    return status;
}

BuildStatus build_prepare(Build *build)
{
    if (!build->is_prepared)
        build->prepared = prepare(build);
    build->is_prepared = true;
    return build->prepared;
}
