/* SPDX-License-Identifier: MIT */
/*
 * The first build after the system was restarted, which may have been a power cut: any of the last
 * writes may be missing from the disk. Nothing wrong is ever read: everything is checked when it is
 * used. But what no edit needs would stay torn, and verify would report it in every run. So this
 * build uses all of it, once. (A build that was only killed needs none of this: see
 * cache_commit.c and surgical_patch.c.)
 *
 *     unit table    is opened, even if nothing changed. Damaged: everything is planned again
 *     packs         every record is checked; damaged ones are left out of new packs
 *     objects       those in use are looked up. A lost lowered form is made again, and so is a
 *                   section that a lost text belongs to, as if it had been dropped
 *     output        is compared with its record: the stage above does that
 *
 * What is lost is made again in the same build, and its commit is the first of the new run.
 */
#include "build_internal.h"

#include <stdlib.h>

typedef struct Losses { /* per file */
    Build *build;
    bool *lowered, *outputs;
} Losses;

static bool has_output(const Build *build, const UnitRecord *unit)
{
    Slice output;
    return hash_is_none(unit->unit_key) ||
           air_cache_get(&build->cache.air, unit->unit_key, &output);
}

static void look_at_file(void *arg, size_t index, unsigned worker)
{
    const Losses *losses = arg;
    const Build *build = losses->build;
    Lowered lowered;
    Hash128 content;
    const UnitRecord *units;
    const UnitRow *row = build_recorded(build, (uint32_t)index, &units);
    (void)worker;
    if (row == NULL) /* it is new, and is built in any case */
        return;
    losses->lowered[index] =
        file_hash_cache_role(&build->cache.files, (uint32_t)index) == IMPORT_SOURCE &&
        !(build_lowered_content(build, &build->cache.zir, (uint32_t)index, &content) &&
          zir_cache_get(&build->cache.zir, content, &lowered));
    for (uint32_t i = 0; i < row->unit_count; i++)
        losses->outputs[index] |= !has_output(build, &units[i]);
}

/* Lost outputs are dropped ones, for this build: the manifest on disk does not say so. */
static void drop_outputs(Build *build, const bool *is_lost)
{
    Slice dropped;
    ByteBuffer paths = {0};
    if (manifest_blob(&build->cache.manifest, DROPPED_BLOB, &dropped))
        buffer_put(&paths, dropped);
    size_t before = paths.size;
    for (uint32_t i = 0; i < build->cache.files.count; i++)
        if (is_lost[i])
            build_put_dropped(&paths, file_hash_cache_path(&build->cache.files, i));
    if (paths.size != before)
        manifest_set_blob(&build->cache.manifest, DROPPED_BLOB, buffer_slice(&paths));
    buffer_free(&paths);
}

static void find_losses(Build *build)
{
    uint32_t count = build->cache.files.count;
    Losses losses = {build, memory_allocate_zeroed(count + 1, sizeof *losses.lowered),
                     memory_allocate_zeroed(count + 1, sizeof *losses.outputs)};
    executor_run(build->request.executor, count, look_at_file, &losses);
    build->lost = memory_allocate((count + 1) * sizeof *build->lost);
    for (uint32_t i = 0; i < count; i++)
        if (losses.lowered[i])
            build->lost[build->lost_count++] = i;
    drop_outputs(build, losses.outputs);
    memory_free(losses.lowered);
    memory_free(losses.outputs);
}

/* Without a last build to start from, everything is looked up in any case. A process that was
 * killed in the middle of a compaction leaves a pack without its index: every build would make it
 * again in memory. */
BuildStatus build_recover(Build *build)
{
    double lap = build_now();
    MultiLevelCache *cache = &build->cache;
    if ((!cache->may_be_torn && !cache->was_killed) || cache->in_memory ||
        cache->directory.is_read_only)
        return BUILD_OK;
    int status = cache->may_be_torn ? multi_level_cache_open_units(cache) : 0;
    if (status == 0)
        status = multi_level_cache_open_objects(cache);
    if (status == 0)
        status = multi_level_cache_heal_objects(cache, build->request.executor,
                                                build->request.sync);
    if (status == 0 && cache->may_be_torn && cache->had_state)
        find_losses(build);
    build->times.open += build_lap(&lap);
    return build_cache_failed(build, status);
}

BuildStatus build_recover_lowered(Build *build)
{
    if (build->lost_count == 0 || build->is_wrong)
        return BUILD_OK;
    for (uint32_t i = 0; i < build->lost_count; i++)
        (void)build_program_file(&build->program, build->lost[i]);
    return build_check_loading(build);
}
