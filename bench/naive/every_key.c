/* SPDX-License-Identifier: MIT */
/*
 * Must anything be done? Ask for each unit of each file: what is its key now, and is that the one
 * on record? Each answer is right, and thirty thousand times it is "nothing changed".
 */
#include "naive.h"
#include "unit_keys.h"

#include <errno.h>
#include <stdlib.h>

typedef struct AllFiles {
    Program program; /* first: a Program leads to its AllFiles */
    ProgramFile *files;
    Arena arena;
} AllFiles;

static ProgramFile *file_of(Program *program, uint32_t number)
{
    return &((AllFiles *)(void *)program)->files[number];
}

static int load_file(AllFiles *all, const MultiLevelCache *cache, uint32_t number)
{
    const FileRecord *record = &cache->files.records[number];
    ProgramFile *file = &all->files[number];
    Lowered lowered;
    if (!zir_cache_get(&cache->zir, record->content, &lowered) ||
        !declarations_view(lowered.declarations, &file->declarations))
        return -ENOENT;
    uint32_t count = file->declarations.count;
    file->path = file_hash_cache_path(&cache->files, number);
    file->targets = cache->files.imports + record->first_import;
    file->interface_keys = arena_allocate(&all->arena, count * sizeof(Hash128));
    file->key_states = arena_allocate(&all->arena, count);
    memset(file->key_states, KEY_UNKNOWN, count);
    return 0;
}

static void compare_file(AllFiles *all, const UnitTable *recorded, uint32_t number,
                         ByteBuffer *scratch, KeyComparison *result)
{
    uint32_t count = all->files[number].declarations.count;
    const UnitRow *row = number < recorded->file_count ? unit_table_row(recorded, number) : NULL;
    for (uint32_t i = 0; i < count; i++) {
        bool is_cacheable;
        Hash128 key = program_unit_key(&all->program, number, i, scratch, &is_cacheable);
        bool is_known = row != NULL && i < row->unit_count && is_cacheable;
        result->units++;
        if (!is_known || !hash_equal(key, unit_table_units(recorded, number)[i].unit_key))
            result->different++;
    }
    if (row != NULL && row->unit_count > count)
        result->different += row->unit_count - count;
}

int naive_compare_keys(MultiLevelCache *cache, Slice entry_point, KeyComparison *result)
{
    uint32_t count = cache->files.count;
    ByteBuffer scratch = {0};
    AllFiles all = {.program = {.file = file_of,
                                .fingerprint = cache->code_fingerprint,
                                .secret = &cache->secret.hash,
                                .entry_file = file_hash_cache_find(&cache->files, cache->entry),
                                .entry_point = entry_point},
                    .files = memory_allocate_zeroed(count + 1, sizeof(ProgramFile))};
    int status = 0;
    *result = (KeyComparison){0};
    for (uint32_t i = 0; i < count && status == 0; i++)
        status = load_file(&all, cache, i);
    for (uint32_t i = 0; i < count && status == 0; i++)
        program_interface_keys(&all.program, i, &scratch);
    for (uint32_t i = 0; i < count && status == 0; i++)
        compare_file(&all, &cache->units, i, &scratch, result);
    buffer_free(&scratch);
    arena_free(&all.arena);
    free(all.files);
    return status;
}
