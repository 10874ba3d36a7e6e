/* SPDX-License-Identifier: MIT */
/* What the last commit recorded for the files, under the numbers that they have now. */
#include "build_internal.h"

const UnitRow *build_recorded(const Build *build, uint32_t file, const UnitRecord **units)
{
    if (build->found.renumbered && !build->units_are_updated)
        file = build->found.old_number[file];
    *units = NULL;
    if (file >= build->cache.units.file_count)
        return NULL;
    *units = unit_table_units(&build->cache.units, file);
    return unit_table_row(&build->cache.units, file);
}

bool build_all_on_record(const Build *build)
{
    return build->cache.had_state && build->cache.units.file_count == build->found.last_count;
}

static void add_removed(const Build *build, uint32_t begin, uint32_t end, RemovedFiles *removed)
{
    for (uint32_t old = begin; old < end; old++) {
        const UnitRow *row = unit_table_row(&build->cache.units, old);
        removed->function_count += row->function_count;
        removed->had_prelude_lines |= row->prelude_digest != 0;
    }
}

/* Old numbers ascend: what they leave out is gone. */
RemovedFiles build_removed_files(const Build *build)
{
    RemovedFiles removed = {0};
    uint32_t next = 0;
    if (build->found.removed == 0 || !build_all_on_record(build))
        return removed;
    for (uint32_t i = 0; i < build->cache.files.count; i++) {
        uint32_t old = build->found.old_number[i];
        if (old == FILE_NONE)
            continue;
        add_removed(build, next, old, &removed);
        next = old + 1;
    }
    add_removed(build, next, build->found.last_count, &removed);
    return removed;
}

void build_take_interface_key(ProgramFile *file, uint32_t declaration, Hash128 recorded)
{
    file->interface_keys[declaration] = recorded;
    file->key_states[declaration] = hash_is_none(recorded) ? KEY_UNCACHEABLE : KEY_KNOWN;
}
