/* SPDX-License-Identifier: MIT */
#include "next_table.h"

#include <stdlib.h>

typedef struct Merge {
    NextTable *next;
    Discovery *found;
    const GraphWalk *walk;
    const WalkInput *input;
    uint32_t count;      /* of files so far */
    uint32_t *changed;   /* files of the new table that have a reading */
    FileEntry *entries;  /* for each of these */
    uint32_t changed_count;
    const Slice *absents; /* paths that its imports ask for and that hold no file */
    uint32_t absent_count;
} Merge;

typedef struct Added {
    Slice path;
    uint32_t target;
} Added;

static int compare_paths(const void *a, const void *b)
{
    const Added *left = a, *right = b;
    return slice_compare(left->path, right->path);
}

/* The next file in path order, unless it could not be read: then it is none. */
static void take(Merge *merge, uint32_t target, Reading *reading)
{
    const FileHashCache *last = merge->input->last;
    merge->next->new_number[target] = FILE_NONE;
    if (reading != NULL && reading->error != 0)
        return;
    merge->next->new_number[target] = merge->count;
    merge->next->readings[merge->count] = reading;
    merge->found->old_number[merge->count] = target < last->count ? target : FILE_NONE;
    if (reading != NULL)
        merge->changed[merge->changed_count++] = merge->count;
    merge->count++;
}

static void take_known(Merge *merge, uint32_t file)
{
    const WalkInput *input = merge->input;
    merge->next->new_number[file] = FILE_NONE;
    if (merge->walk->reached[file])
        take(merge, file, input->known_readings[file]);
    if (merge->next->new_number[file] != FILE_NONE)
        return;
    merge->found->removed++;
    observe(input->request->observer, DECISION_FILE_REMOVED,
            file_hash_cache_path(input->last, file));
}

static void merge_files(Merge *merge)
{
    const GraphWalk *walk = merge->walk;
    const FileHashCache *last = merge->input->last;
    Added *added = memory_allocate((walk->added_count + 1) * sizeof *added);
    uint32_t file = 0;
    for (uint32_t i = 0; i < walk->added_count; i++)
        added[i] = (Added){walk->added[i]->path, last->count + i};
    qsort(added, walk->added_count, sizeof *added, compare_paths);
    for (uint32_t i = 0; i < walk->added_count; i++) {
        for (uint32_t end = file_hash_cache_place(last, added[i].path); file < end; file++)
            take_known(merge, file);
        take(merge, added[i].target, walk->added[added[i].target - last->count]);
    }
    for (; file < last->count; file++)
        take_known(merge, file);
    memory_free(added);
}

/* ---- absent paths -------------------------------------------------------------------------- */

static void use_recorded(const Merge *merge, uint32_t file)
{
    const FileHashCache *last = merge->input->last;
    const FileRecord *record = &last->records[file];
    for (uint32_t i = 0; i < record->import_count; i++) {
        uint32_t number = last->imports[record->first_import + i];
        if (number >= last->count && number != FILE_ABSENT)
            asked_paths_last(merge->input->asked, number)->is_used = true;
    }
}

/* Those that some file of the new table asks for get their numbers in it. */
static void number_absents(Merge *merge)
{
    if (merge->input->asked == NULL)
        return;
    for (uint32_t file = 0; file < merge->count; file++) {
        const Reading *reading = merge->next->readings[file];
        if (reading == NULL || !reading->is_scanned)
            use_recorded(merge, merge->found->old_number[file]);
        else
            for (uint32_t i = 0; i < reading->absent_count; i++)
                reading->absents[i]->is_used = true;
    }
    merge->absents = asked_paths_number(merge->input->asked, &merge->absent_count);
}

/* ---- what changed -------------------------------------------------------------------------- */

static FileChangeKind kind_of_change(const Merge *merge, const Reading *reading,
                                     uint32_t old_number)
{
    if (old_number == FILE_NONE)
        return FILE_ADDED;
    if (!reading->is_same)
        return FILE_CHANGED;
    return !reading->is_scanned || source_has_imports(merge->input->last, old_number, reading)
               ? FILE_TOUCHED
               : FILE_REDIRECTED;
}

static uint32_t new_number_of(const Merge *merge, uint32_t target)
{
    return target < FILE_ABSENT ? merge->next->new_number[target] : target;
}

static uint32_t new_number_of_recorded(const Merge *merge, uint32_t number)
{
    if (number < merge->input->last->count || number == FILE_ABSENT)
        return new_number_of(merge, number);
    return merge->count + asked_paths_last(merge->input->asked, number)->number;
}

/* A file that was only touched imports what it imported before. */
static FileEntry entry_of(const Merge *merge, const Reading *reading, uint32_t old_number,
                          Arena *arena)
{
    const FileHashCache *last = merge->input->last;
    const FileRecord *record = reading->is_scanned ? NULL : &last->records[old_number];
    uint32_t targets = reading->import_count;
    uint32_t count = record == NULL ? targets + reading->absent_count : record->import_count;
    uint32_t *imports = arena_allocate(arena, count * sizeof *imports);
    for (uint32_t i = 0; i < count; i++) {
        if (record != NULL)
            imports[i] = new_number_of_recorded(merge, last->imports[record->first_import + i]);
        else if (i < targets)
            imports[i] = new_number_of(merge, reading->imports[i].target);
        else
            imports[i] = merge->count + reading->absents[i - targets]->number;
    }
    return (FileEntry){reading->path, reading->known, reading->content, imports, count};
}

static void make_change(void *arg, size_t index, unsigned worker)
{
    const Merge *merge = arg;
    uint32_t file = merge->changed[index];
    uint32_t old_number = merge->found->old_number[file];
    const Reading *reading = merge->next->readings[file];
    merge->found->changes[index] =
        (FileChange){file, kind_of_change(merge, reading, old_number), reading->source};
    merge->entries[index] =
        entry_of(merge, reading, old_number, merge->input->scratch[worker].arena);
}

static void make_changes(Merge *merge)
{
    uint32_t count = merge->changed_count;
    merge->entries = memory_allocate((count + 1) * sizeof *merge->entries);
    merge->found->changes = memory_allocate((count + 1) * sizeof *merge->found->changes);
    merge->found->change_count = count;
    executor_run(merge->input->request->executor, count, make_change, merge);
}

/* ---- the table ----------------------------------------------------------------------------- */

static int make_table(const Merge *merge)
{
    const WalkInput *input = merge->input;
    const FileHashCache *last = input->last;
    uint32_t entries = input->request->more_entry_count;
    uint32_t *more_entries = memory_allocate((entries + 1) * sizeof *more_entries);
    uint32_t *new_absent = memory_allocate((last->absent_count + 1) * sizeof *new_absent);
    for (uint32_t i = 0; i < entries; i++)
        more_entries[i] = merge->next->new_number[merge->walk->more_entries[i]];
    for (uint32_t i = 0; i < last->absent_count; i++)
        new_absent[i] = asked_paths_last(input->asked, last->count + i)->number;
    FileSplice splice = {
        .new_number = merge->next->new_number,
        .entries = merge->entries,
        .numbers = merge->changed,
        .entry_count = merge->changed_count,
        .absents = merge->absents,
        .absent_count = merge->absent_count,
        .new_absent = new_absent,
        .more_entries = more_entries,
        .more_entry_count = entries,
    };
    int status =
        file_hash_cache_splice(&merge->next->files, last, input->request->entry, &splice);
    memory_free(new_absent);
    memory_free(more_entries);
    return status;
}

int next_table_make(NextTable *next, Discovery *found, const GraphWalk *walk,
                    const WalkInput *input)
{
    const FileHashCache *last = input->last;
    size_t most = (size_t)last->count + walk->added_count;
    Merge merge = {.next = next, .found = found, .walk = walk, .input = input};
    next->new_number = memory_allocate((most + 1) * sizeof *next->new_number);
    next->readings = memory_allocate((most + 1) * sizeof *next->readings);
    found->old_number = memory_allocate((most + 1) * sizeof *found->old_number);
    merge.changed = memory_allocate((most + 1) * sizeof *merge.changed);
    merge_files(&merge);
    number_absents(&merge);
    make_changes(&merge);
    found->renumbered = found->removed != 0 || merge.count != last->count;
    next->files.secret = last->secret;
    int status = make_table(&merge);
    memory_free(merge.changed);
    memory_free(merge.entries);
    return status;
}

void next_table_free(NextTable *next)
{
    memory_free(next->readings);
    memory_free(next->new_number);
}
