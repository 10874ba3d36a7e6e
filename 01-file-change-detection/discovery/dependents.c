/* SPDX-License-Identifier: MIT */
/*
 * Which sources are lowered from something else now, though their own bytes are the same?
 *
 *     settings.h  changed ──► list.h ──► a.c          along imports of texts, data and values,
 *     HOME        changed ──► list.h ──► a.c, b.c     from what is imported to who imports it
 *
 * The imports are transposed by a counting sort, only if there is anything to follow.
 */
#include "discovery.h"

typedef struct Importers { /* by number: of files, absent paths and values */
    uint32_t *first, *files;
} Importers;

static bool is_input(const FileHashCache *cache, uint32_t place)
{
    uint32_t number = cache->imports[place];
    if (number >= FILE_ABSENT)
        return false;
    if (number >= cache->count)
        return number >= cache->count + cache->absent_count;
    return cache->roles != NULL && cache->roles[place] != IMPORT_SOURCE;
}

static void transpose(Importers *importers, const FileHashCache *cache, uint32_t end)
{
    uint32_t *first = memory_allocate_zeroed((size_t)end + 2, sizeof *first);
    for (uint32_t i = 0; i < cache->import_count; i++)
        if (is_input(cache, i))
            first[cache->imports[i] + 2]++;
    for (uint32_t i = 0; i < end; i++)
        first[i + 2] += first[i + 1];
    importers->first = first;
    importers->files = memory_allocate(((size_t)first[end + 1] + 1) * sizeof *importers->files);
    for (uint32_t file = 0; file < cache->count; file++) {
        const FileRecord *record = &cache->records[file];
        for (uint32_t i = 0; i < record->import_count; i++)
            if (is_input(cache, record->first_import + i))
                importers->files[first[cache->imports[record->first_import + i] + 1]++] = file;
    }
}

/* Does it matter to who reads the file? */
static bool is_other_text(FileChangeKind kind)
{
    return kind == FILE_CHANGED || kind == FILE_ADDED || kind == FILE_REDIRECTED;
}

/* Marks the files that reach one of the numbers on the stack. */
static void follow(const Importers *importers, uint32_t *stack, uint32_t depth, bool *is_dependent)
{
    while (depth != 0) {
        uint32_t number = stack[--depth];
        for (uint32_t i = importers->first[number]; i < importers->first[number + 1]; i++) {
            uint32_t file = importers->files[i];
            if (!is_dependent[file])
                stack[depth++] = file;
            is_dependent[file] = true;
        }
    }
}

/* A file may be on the stack twice: as it changed, and as it depends on another. */
static bool *mark_dependents(const Discovery *found, const FileHashCache *cache)
{
    uint32_t end = cache->count + cache->absent_count + cache->value_count, depth = 0;
    Importers importers;
    uint32_t *stack = memory_allocate((2 * (size_t)end + 1) * sizeof *stack);
    bool *is_dependent = memory_allocate_zeroed((size_t)cache->count + 1, sizeof *is_dependent);
    transpose(&importers, cache, end);
    for (size_t i = 0; i < found->change_count; i++)
        if (is_other_text(found->changes[i].kind))
            stack[depth++] = found->changes[i].file;
    for (uint32_t i = 0; i < found->changed_value_count; i++)
        stack[depth++] = cache->count + cache->absent_count + found->changed_values[i];
    follow(&importers, stack, depth, is_dependent);
    memory_free(importers.first);
    memory_free(importers.files);
    memory_free(stack);
    return is_dependent;
}

static void merge_changes(Discovery *found, const FileHashCache *cache, const bool *is_dependent)
{
    size_t next = 0, count = 0;
    FileChange *all = memory_allocate(((size_t)cache->count + 1) * sizeof *all);
    for (uint32_t file = 0; file < cache->count; file++) {
        bool is_known = next < found->change_count && found->changes[next].file == file;
        bool depends = is_dependent[file] && file_hash_cache_role(cache, file) == IMPORT_SOURCE;
        if (is_known)
            all[count] = found->changes[next++];
        else if (depends)
            all[count] = (FileChange){file, FILE_OTHER_INPUT, {NULL, 0}};
        else
            continue;
        if (depends && !is_other_text(all[count].kind))
            all[count].kind = FILE_OTHER_INPUT;
        count++;
    }
    memory_free(found->changes);
    found->changes = all;
    found->change_count = count;
}

void discovery_add_dependents(Discovery *found, const FileHashCache *cache)
{
    bool may_matter = found->changed_value_count != 0;
    for (size_t i = 0; i < found->change_count && cache->roles != NULL; i++)
        may_matter |= is_other_text(found->changes[i].kind);
    if (!may_matter)
        return;
    bool *is_dependent = mark_dependents(found, cache);
    merge_changes(found, cache, is_dependent);
    memory_free(is_dependent);
}
