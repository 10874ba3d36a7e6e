/* SPDX-License-Identifier: MIT */
#include "build_drop.h"

#include "build_internal.h"

#include <errno.h>

/* ---- a file, or a unit of it ---------------------------------------------------------------- */

static BuildStatus prepare(Build *build)
{
    if (build_has_overlays(build))
        return build_refuse_overlays(build);
    if (build->cache.directory.is_read_only)
        return build_fail(build, build->cache_path, "cannot write to the cache", EROFS);
    BuildStatus status = build_prepare(build);
    return status == BUILD_OK && build->is_wrong ? BUILD_PROGRAM_WRONG : status;
}

static void drop_lowered(Build *build, uint32_t file, DropCounts *dropped)
{
    Hash128 content;
    Lowered lowered;
    if (!build_lowered_content(build, &build->cache.zir, file, &content))
        return;
    dropped->lowered += zir_cache_get(&build->cache.zir, content, &lowered);
    zir_cache_invalidate(&build->cache.zir, content);
}

static void drop_output(Build *build, uint32_t file, uint32_t unit, DropCounts *dropped)
{
    PlannedUnit planned;
    Slice output;
    build_unit_key(build, file, unit, &planned);
    if (!planned.is_cacheable)
        return;
    dropped->outputs += air_cache_get(&build->cache.air, planned.key, &output);
    air_cache_invalidate(&build->cache.air, planned.key);
}

static void drop_file(Build *build, uint32_t file, DropCounts *dropped)
{
    uint32_t count = build_unit_count(build, file);
    drop_lowered(build, file, dropped);
    for (uint32_t i = 0; i < count; i++)
        drop_output(build, file, i, dropped);
}

static BuildStatus refuse_name(Build *build, uint32_t file, Slice name)
{
    ByteBuffer subject = {0};
    buffer_put(&subject, build_section_path(build, file));
    buffer_put_byte(&subject, ':');
    buffer_put(&subject, name);
    buffer_put_byte(&subject, '\0');
    build_fail(build, subject.data, "the file has nothing of this name", 0);
    buffer_free(&subject);
    return BUILD_MISUSED;
}

/* The names of the units are in the lowered form only. If that is lost, it is made in memory. */
static BuildStatus drop_unit(Build *build, uint32_t file, Slice name, DropCounts *dropped)
{
    const ProgramFile *loaded = build_program_file(&build->program, file);
    BuildStatus status = build_check_loading(build);
    if (status != BUILD_OK)
        return status;
    uint32_t unit = declarations_find(&loaded->declarations, name);
    if (unit == DECLARATION_NONE || unit >= build_unit_count(build, file))
        return refuse_name(build, file, name);
    drop_output(build, file, unit, dropped);
    return BUILD_OK;
}

BuildStatus build_drop(Build *build, uint32_t section, Slice unit, DropCounts *dropped)
{
    *dropped = (DropCounts){0};
    BuildStatus status = prepare(build);
    if (status == BUILD_OK && unit.size != 0)
        status = drop_unit(build, section, unit, dropped);
    else if (status == BUILD_OK)
        drop_file(build, section, dropped);
    if (status == BUILD_OK)
        status = build_commit_objects(build);
    return status == BUILD_OK ? build_note_dropped(build, build_section_path(build, section)) : status;
}

/* ---- everything ----------------------------------------------------------------------------- */

BuildStatus build_drop_all(Build *build, DropCounts *dropped)
{
    *dropped = (DropCounts){0};
    BuildStatus status = prepare(build);
    if (status != BUILD_OK)
        return status;
    dropped->lowered = object_store_count(build->cache.zir.store);
    dropped->outputs = object_store_count(build->cache.air.store);
    status = build_clear_objects(build);
    return status == BUILD_OK ? build_note_dropped(build, (Slice){"", 0}) : status;
}
