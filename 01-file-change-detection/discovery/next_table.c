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
    uint8_t *roles;      /* per file of the new table */
    const Slice *absents; /* paths that its imports ask for and that hold no file */
    uint32_t absent_count;
    const FileValue *values;
    uint32_t value_count;
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
static void take(Merge *merge, uint32_t target, Reading *reading, ImportRole role)
{
    const FileHashCache *last = merge->input->last;
    merge->next->new_number[target] = FILE_NONE;
    if (reading != NULL && reading->error != 0)
        return;
    merge->next->new_number[target] = merge->count;
    merge->next->readings[merge->count] = reading;
    merge->roles[merge->count] = (uint8_t)role;
    merge->found->old_number[merge->count] = target < last->count ? target : FILE_NONE;
    if (reading != NULL)
        merge->changed[merge->changed_count++] = merge->count;
    merge->count++;
}

/* A file with another role is a change, although nobody read it. */
static Reading *unread(const Merge *merge, uint32_t file)
{
    const FileHashCache *last = merge->input->last;
    const FileRecord *record = &last->records[file];
    Reading *reading = arena_allocate(merge->input->scratch[0].arena, sizeof *reading);
    *reading = (Reading){.path = file_hash_cache_path(last, file),
                         .known = record->known,
                         .content = record->content,
                         .is_same = true};
    return reading;
}

static void take_known(Merge *merge, uint32_t file)
{
    const WalkInput *input = merge->input;
    ImportRole role = (ImportRole)merge->walk->roles[file];
    Reading *reading = input->known_readings[file];
    merge->next->new_number[file] = FILE_NONE;
    if (role != IMPORT_VALUE) {
        if (reading == NULL && role != file_hash_cache_role(input->last, file))
            reading = unread(merge, file);
        take(merge, file, reading, role);
    }
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
        Reading *reading = walk->added[added[i].target - last->count];
        take(merge, added[i].target, reading, reading->role);
    }
    for (; file < last->count; file++)
        take_known(merge, file);
    memory_free(added);
}

/* ---- absent paths and values --------------------------------------------------------------- */

static void use_recorded(const Merge *merge, uint32_t file)
{
    const FileHashCache *last = merge->input->last;
    const FileRecord *record = &last->records[file];
    uint32_t values = last->count + last->absent_count;
    for (uint32_t i = 0; i < record->import_count; i++) {
        uint32_t number = last->imports[record->first_import + i];
        if (number < last->count || number == FILE_ABSENT)
            continue;
        if (number < values)
            asked_paths_last(merge->input->asked, number)->is_used = true;
        else
            asked_values_last(merge->input->values, number - values)->is_used = true;
    }
}

static void use_read(const Reading *reading)
{
    for (uint32_t i = 0; i < reading->absent_count; i++)
        reading->absents[i]->is_used = true;
    for (uint32_t i = 0; i < reading->value_count; i++)
        reading->values[i]->is_used = true;
}

/* Those that some file of the new table asks for get their numbers in it. */
static void number_asked(Merge *merge)
{
    const WalkInput *input = merge->input;
    for (uint32_t file = 0; file < merge->count; file++) {
        const Reading *reading = merge->next->readings[file];
        if (merge->roles[file] == IMPORT_DATA)
            continue;
        if (reading == NULL || !reading->is_scanned)
            use_recorded(merge, merge->found->old_number[file]);
        else
            use_read(reading);
    }
    if (input->asked != NULL)
        merge->absents = asked_paths_number(input->asked, &merge->absent_count);
    merge->values = asked_values_number(input->values, &merge->value_count);
}

/* ---- what changed -------------------------------------------------------------------------- */

static FileChangeKind kind_of_change(const Merge *merge, const Reading *reading, uint32_t file,
                                     uint32_t old_number)
{
    const FileHashCache *last = merge->input->last;
    ImportRole role = (ImportRole)merge->roles[file];
    if (old_number == FILE_NONE)
        return FILE_ADDED;
    ImportRole last_role = file_hash_cache_role(last, old_number);
    if (!reading->is_same)
        return FILE_CHANGED;
    if (role != IMPORT_DATA && last_role != IMPORT_DATA && reading->is_scanned &&
        !source_has_imports(last, old_number, reading))
        return FILE_REDIRECTED;
    return role == last_role ? FILE_TOUCHED : FILE_OTHER_ROLE;
}

static uint32_t new_number_of(const Merge *merge, uint32_t target)
{
    return target < FILE_ABSENT ? merge->next->new_number[target] : target;
}

static uint32_t new_number_of_recorded(const Merge *merge, uint32_t number)
{
    const FileHashCache *last = merge->input->last;
    uint32_t values = last->count + last->absent_count;
    if (number < last->count || number == FILE_ABSENT)
        return new_number_of(merge, number);
    if (number < values)
        return merge->count + asked_paths_last(merge->input->asked, number)->number;
    return merge->count + merge->absent_count +
           asked_values_last(merge->input->values, number - values)->number;
}

/* A file that was only touched imports what it imported before. */
static void take_recorded_imports(const Merge *merge, uint32_t old_number, FileEntry *entry,
                                  Arena *arena)
{
    const FileHashCache *last = merge->input->last;
    const FileRecord *record = &last->records[old_number];
    uint32_t *imports = arena_allocate(arena, record->import_count * sizeof *imports);
    for (uint32_t i = 0; i < record->import_count; i++)
        imports[i] = new_number_of_recorded(merge, last->imports[record->first_import + i]);
    entry->imports = imports;
    entry->import_count = record->import_count;
    entry->roles = last->roles == NULL ? NULL : last->roles + record->first_import;
}

static void take_read_imports(const Merge *merge, const Reading *reading, FileEntry *entry,
                              Arena *arena)
{
    uint32_t targets = reading->import_count, count = 0;
    uint32_t most = targets + reading->absent_count + reading->value_count;
    uint32_t *imports = arena_allocate(arena, most * sizeof *imports);
    uint8_t *roles = NULL;
    if (targets != 0 && reading->imports[targets - 1].role != IMPORT_SOURCE) {
        roles = arena_allocate(arena, most);
        memset(roles, IMPORT_VALUE, most);
    }
    for (; count < targets; count++) {
        imports[count] = new_number_of(merge, reading->imports[count].target);
        if (roles != NULL)
            roles[count] = (uint8_t)reading->imports[count].role;
    }
    for (uint32_t i = 0; i < reading->absent_count; i++)
        imports[count++] = merge->count + reading->absents[i]->number;
    for (uint32_t i = 0; i < reading->value_count; i++)
        imports[count++] = merge->count + merge->absent_count + reading->values[i]->number;
    entry->imports = imports;
    entry->import_count = count;
    entry->roles = roles;
}

/* Data imports nothing. */
static FileEntry entry_of(const Merge *merge, const Reading *reading, uint32_t file,
                          uint32_t old_number, Arena *arena)
{
    FileEntry entry = {
        .path = reading->path, .known = reading->known, .content = reading->content};
    if (merge->roles[file] == IMPORT_DATA)
        return entry;
    if (reading->is_scanned)
        take_read_imports(merge, reading, &entry, arena);
    else
        take_recorded_imports(merge, old_number, &entry, arena);
    return entry;
}

static void make_change(void *arg, size_t index, unsigned worker)
{
    const Merge *merge = arg;
    uint32_t file = merge->changed[index];
    uint32_t old_number = merge->found->old_number[file];
    const Reading *reading = merge->next->readings[file];
    merge->found->changes[index] =
        (FileChange){file, kind_of_change(merge, reading, file, old_number), reading->source};
    merge->entries[index] =
        entry_of(merge, reading, file, old_number, merge->input->scratch[worker].arena);
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
    uint32_t *new_value = memory_allocate((last->value_count + 1) * sizeof *new_value);
    for (uint32_t i = 0; i < last->value_count; i++)
        new_value[i] = asked_values_last(input->values, i)->number;
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
        .values = merge->values,
        .value_count = merge->value_count,
        .new_value = new_value,
        .file_roles = merge->roles,
    };
    int status =
        file_hash_cache_splice(&merge->next->files, last, input->request->entry, &splice);
    memory_free(new_absent);
    memory_free(new_value);
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
    merge.roles = memory_allocate(most + 1);
    merge_files(&merge);
    number_asked(&merge);
    make_changes(&merge);
    found->renumbered = found->removed != 0 || merge.count != last->count;
    next->files.secret = last->secret;
    int status = make_table(&merge);
    memory_free(merge.changed);
    memory_free(merge.entries);
    memory_free(merge.roles);
    return status;
}

void next_table_free(NextTable *next)
{
    memory_free(next->readings);
    memory_free(next->new_number);
}
