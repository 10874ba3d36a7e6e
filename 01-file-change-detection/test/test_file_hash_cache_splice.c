/* SPDX-License-Identifier: MIT */
/*
 * A table that is spliced again and again, against one that is made from nothing each time.
 *
 * The model is the simplest there is: which of a hundred names exist, what their content is, which
 * names they import, and which of some others, that never exist, they ask for.
 */
#include "file_hash_cache.h"
#include "random_numbers.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAMES = 100, ABSENTS = 20, MOST_IMPORTS = 5, ROUNDS = 1000 };
enum { MOST_NUMBERS = MOST_IMPORTS + ABSENTS };

typedef struct ModelFile {
    char name[32];
    bool exists, is_changed; /* the second, in this round */
    uint32_t version;
    uint32_t imports[MOST_IMPORTS], import_count; /* names; FILE_ABSENT: an optional one */
    uint32_t asked;                               /* a set of absent names */
    uint32_t number;                              /* FILE_NONE if it does not exist */
} ModelFile;

typedef struct Model {
    ModelFile files[NAMES]; /* sorted by name; the entry is files[NAMES / 2], and always exists */
    Random random;
    uint32_t count;
    uint32_t asked; /* the set of all files that exist */
} Model;

static const uint32_t ENTRY = NAMES / 2;

static void model_open(Model *model)
{
    *model = (Model){.random = random_begin()};
    for (uint32_t i = 0; i < NAMES; i++) /* of different lengths */
        snprintf(model->files[i].name, sizeof model->files[i].name, "f%02u%.*s", (unsigned)i,
                 (int)(i * 7 % 20), "-long-long-long-long");
    model->files[ENTRY].exists = true;
}

static void change(Model *model, uint32_t name)
{
    ModelFile *file = &model->files[name];
    file->is_changed = true;
    file->version++;
    file->import_count = random_draw(&model->random, MOST_IMPORTS + 1);
    for (uint32_t i = 0; i < file->import_count; i++)
        file->imports[i] = random_draw(&model->random, 9) == 0 ? FILE_ABSENT
                                                               : random_draw(&model->random, NAMES);
    file->asked = 0;
    for (uint32_t i = random_draw(&model->random, 4); i != 0; i--)
        file->asked |= UINT32_C(1) << random_draw(&model->random, ABSENTS);
}

/* From one file to most of them come, go or change. */
static void edit(Model *model)
{
    uint32_t edits = random_draw(&model->random, 4) == 0 ? random_draw(&model->random, NAMES) : 1;
    for (uint32_t i = 0; i < NAMES; i++)
        model->files[i].is_changed = false;
    for (uint32_t i = 0; i < edits; i++) {
        uint32_t name = random_draw(&model->random, NAMES);
        if (name != ENTRY && random_draw(&model->random, 3) != 0)
            model->files[name].exists = !model->files[name].exists;
        if (model->files[name].exists)
            change(model, name);
    }
    model->count = model->asked = 0;
    for (uint32_t i = 0; i < NAMES; i++) {
        model->files[i].number = model->files[i].exists ? model->count++ : FILE_NONE;
        model->asked |= model->files[i].exists ? model->files[i].asked : 0;
    }
}

static const char *absent_name(uint32_t absent)
{
    static const char *const names[ABSENTS] = {
        "/usr/a", "a", "b", "ba", "c", "d", "e", "f00", "f05-", "f50", "f51",
        "g", "ga", "h", "i", "j", "k", "l", "m", "z"};
    return names[absent];
}

/* Its number among those in the set. */
static uint32_t place_in(uint32_t set, uint32_t absent)
{
    uint32_t place = 0;
    for (uint32_t i = 0; i < absent; i++)
        place += set >> i & 1;
    return place;
}

static uint32_t list_absents(uint32_t set, Slice absents[ABSENTS])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ABSENTS; i++)
        if (set >> i & 1)
            absents[count++] = slice_from(absent_name(i));
    return count;
}

static uint32_t target_of(const Model *model, uint32_t import)
{
    return import == FILE_ABSENT ? FILE_ABSENT : model->files[import].number;
}

/* What its record holds: imports, then absent paths. An import of a name that does not exist is a
 * gap. */
static uint32_t list_numbers(const Model *model, const ModelFile *file, uint32_t *numbers)
{
    uint32_t count = 0;
    for (; count < file->import_count; count++)
        numbers[count] = target_of(model, file->imports[count]);
    for (uint32_t i = 0; i < ABSENTS; i++)
        if (file->asked >> i & 1)
            numbers[count++] = model->count + place_in(model->asked, i);
    return count;
}

/* `imports` has room for it. */
static FileEntry entry_of(const Model *model, const ModelFile *file, uint32_t *imports)
{
    uint32_t count = list_numbers(model, file, imports);
    return (FileEntry){
        .path = slice_from(file->name),
        .known = {.stamp = {file->version, 1, 2, 3, file->version}},
        .content = {file->version, (uint64_t)(file - model->files)},
        .imports = imports,
        .import_count = count,
    };
}

/* All files, or only those that changed. */
static uint32_t collect(Model *model, bool all, FileEntry *entries, uint32_t *numbers,
                        uint32_t imports[NAMES][MOST_NUMBERS])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < NAMES; i++) {
        const ModelFile *file = &model->files[i];
        if (!file->exists || !(all || file->is_changed))
            continue;
        numbers[count] = file->number;
        entries[count] = entry_of(model, file, imports[count]);
        count++;
    }
    return count;
}

/* With a further entry, the last file. */
static void make_table(const Model *model, FileHashCache *cache, FileSplice *change)
{
    Slice absents[ABSENTS];
    uint32_t last = model->count - 1;
    FileHashCache next = {.secret = cache->secret};
    change->absents = absents;
    change->absent_count = list_absents(model->asked, absents);
    change->more_entries = &last;
    change->more_entry_count = 1;
    assert_int_equal(
        file_hash_cache_splice(&next, cache, slice_from(model->files[ENTRY].name), change), 0);
    file_hash_cache_close(cache);
    *cache = next;
}

static void splice(Model *model, FileHashCache *cache, const uint32_t *name_of_old,
                   uint32_t asked_before)
{
    FileEntry entries[NAMES];
    uint32_t numbers[NAMES], imports[NAMES][MOST_NUMBERS], new_number[NAMES], new_absent[ABSENTS];
    uint32_t count = collect(model, false, entries, numbers, imports);
    for (uint32_t old = 0; old < cache->count; old++)
        new_number[old] = model->files[name_of_old[old]].number;
    for (uint32_t i = 0, old = 0; i < ABSENTS; i++)
        if (asked_before >> i & 1)
            new_absent[old++] = place_in(model->asked, i);
    FileSplice change = {.new_number = new_number,
                         .entries = entries,
                         .numbers = numbers,
                         .entry_count = count,
                         .new_absent = new_absent};
    make_table(model, cache, &change);
}

static void expect_equal(const FileHashCache *is, const FileHashCache *should_be)
{
    assert_int_equal(is->count, should_be->count);
    assert_int_equal(is->absent_count, should_be->absent_count);
    assert_int_equal(is->import_count, should_be->import_count);
    assert_int_equal(is->image.size, should_be->image.size);
    assert_memory_equal(is->image.data, should_be->image.data, is->image.size);
    assert_true(slice_equal(is->entry, should_be->entry));
    assert_true(image_is_changed(&is->image));
}

static void expect_model(const Model *model, const FileHashCache *cache)
{
    for (uint32_t i = 0; i < NAMES; i++) {
        const ModelFile *file = &model->files[i];
        uint32_t number = file_hash_cache_find(cache, slice_from(file->name));
        assert_int_equal(number, file->number);
        if (!file->exists)
            continue;
        const FileRecord *record = &cache->records[number];
        assert_string_equal(file_hash_cache_path(cache, number).data, file->name);
        assert_int_equal(record->content.low, file->version);
        uint32_t numbers[MOST_NUMBERS], count = list_numbers(model, file, numbers);
        assert_int_equal(record->import_count, count);
        assert_memory_equal(cache->imports + record->first_import, numbers,
                            count * sizeof *numbers);
        assert_int_equal(file_hash_cache_targets(cache, number), file->import_count);
    }
    assert_int_equal(cache->more_entry_count, 1);
    assert_int_equal(cache->more_entries[0], cache->count - 1);
    for (uint32_t i = 0; i < ABSENTS; i++)
        if (model->asked >> i & 1)
            assert_string_equal(
                file_hash_cache_path(cache, cache->count + place_in(model->asked, i)).data,
                absent_name(i));
}

/* A record has a gap where it imports a file that did not exist: only an entry of its own closes
 * it. */
static void mark_who_imports_what_came(Model *model, const bool *existed)
{
    for (uint32_t i = 0; i < NAMES; i++) {
        ModelFile *file = &model->files[i];
        file->is_changed |= file->exists && !existed[i];
        for (uint32_t n = 0; n < file->import_count; n++)
            file->is_changed |= file->imports[n] != FILE_ABSENT && !existed[file->imports[n]];
    }
}

static void test_a_spliced_table_is_one_made_from_nothing(void **state)
{
    (void)state;
    Model model;
    FileHashCache spliced = {0};
    model_open(&model);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        bool existed[NAMES];
        uint32_t name_of_old[NAMES], old = 0, asked_before = model.asked;
        for (uint32_t i = 0; i < NAMES; i++) {
            existed[i] = model.files[i].exists && round != 0;
            if (existed[i])
                name_of_old[old++] = i;
        }
        edit(&model);
        mark_who_imports_what_came(&model, existed);
        splice(&model, &spliced, name_of_old, asked_before);

        FileEntry entries[NAMES];
        uint32_t numbers[NAMES], imports[NAMES][MOST_NUMBERS];
        FileHashCache made = {0};
        uint32_t count = collect(&model, true, entries, numbers, imports);
        FileSplice all = {.entries = entries, .entry_count = count};
        make_table(&model, &made, &all);
        expect_equal(&spliced, &made);
        expect_model(&model, &spliced);
        file_hash_cache_close(&made);
    }
    file_hash_cache_close(&spliced);
}

static void test_the_place_of_a_path(void **state)
{
    (void)state;
    FileHashCache cache = {0};
    FileEntry entries[] = {{.path = slice_from("b")}, {.path = slice_from("d")}};
    assert_int_equal(file_hash_cache_place(&cache, slice_from("a")), 0);
    file_hash_cache_replace(&cache, slice_from("b"), entries, 2);
    static const char *const paths[] = {"a", "b", "c", "d", "e"};
    static const uint32_t places[] = {0, 0, 1, 1, 2};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_int_equal(file_hash_cache_place(&cache, slice_from(paths[i])), places[i]);
    file_hash_cache_close(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_spliced_table_is_one_made_from_nothing),
        cmocka_unit_test(test_the_place_of_a_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
