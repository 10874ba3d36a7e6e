/* SPDX-License-Identifier: MIT */
/*
 * A build reports all warnings of the program, whatever it looked at.
 *
 * They are kept with the results that they came with: in the object of a lowered file, in that of a
 * unit's output. So nothing has to be kept in step: what is dropped, damaged or collected takes its
 * warnings with it, and what is made again makes them again. The row of a file in the unit table
 * says whether it has any, and a blob of the manifest whether any row says so: a program without
 * warnings pays nothing.
 *
 *     lowered files     all that have warnings: read again
 *     dirty files       their units are emitted or found, with their warnings, by build_emit
 *     other files       if they have warnings, their units are found in the same way
 */
#include "build_internal.h"

#include "kept_warnings.h"

#define WARNINGS_BLOB "warnings"

bool build_warnings_are_noted(const Build *build)
{
    Slice noted;
    return manifest_blob(&build->cache.manifest, WARNINGS_BLOB, &noted) && noted.size != 0;
}

/* ---- what is not looked at ----------------------------------------------------------------- */

static void recall_lowered(Build *build, uint32_t number)
{
    const ProgramFile *file = build_program_file(&build->program, number);
    size_t first = build->diagnostics.count;
    build->diagnostics.path = file->path;
    (void)kept_warnings_get(build_lowering_warnings(file), NULL, &build->diagnostics);
    build_place_diagnostics(build, &build->diagnostics, first);
}

static const UnitRow *row_of(const Build *build, uint32_t file)
{
    const UnitRecord *units;
    const PlannedFile *plan = &build->plan.files[file];
    return plan->is_rekeyed ? &plan->row : build_recorded(build, file, &units);
}

/* False if the file has no warnings. */
static bool recall_file(Build *build, uint32_t file)
{
    const UnitRow *row = row_of(build, file);
    uint32_t warnings = row == NULL ? 0 : row->warnings;
    if ((warnings & WARNED_LOWERED) != 0)
        recall_lowered(build, file);
    if ((warnings & WARNED_OUTPUTS) != 0 && !build->plan.files[file].is_dirty)
        build_want_section(build, file);
    return warnings != 0;
}

static bool has_warning(const Diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->count; i++)
        if (diagnostics->items[i].severity == SEVERITY_WARNING)
            return true;
    return false;
}

BuildStatus build_recall_warnings(Build *build)
{
    bool has_some = false;
    if (build->cache.had_state && build_warnings_are_noted(build))
        for (uint32_t file = 0; file < build->cache.files.count; file++)
            has_some |= recall_file(build, file);
    else /* only what was made in this build can have some */
        for (uint32_t i = 0; i < build->plan.rekeyed_count; i++)
            has_some |= recall_file(build, build->plan.rekeyed[i]);
    if (!has_some)
        return BUILD_OK;
    BuildStatus status = build_emit_wanted(build);
    diagnostics_sort(&build->diagnostics);
    build->is_wrong |= build->request.warnings_are_errors && has_warning(&build->diagnostics);
    return status;
}

void build_note_warnings(Build *build)
{
    bool had_some = build_warnings_are_noted(build), has_some = false;
    const UnitRecord *units;
    if (build->plan.files == NULL)
        return;
    for (uint32_t i = 0; i < build->plan.rekeyed_count; i++)
        has_some |= build->plan.files[build->plan.rekeyed[i]].row.warnings != 0;
    for (uint32_t file = 0; had_some && !has_some && file < build->cache.files.count; file++)
        has_some = build_recorded(build, file, &units)->warnings != 0;
    if (had_some != has_some)
        manifest_set_blob(&build->cache.manifest, WARNINGS_BLOB, slice_from(has_some ? "y" : ""));
}
