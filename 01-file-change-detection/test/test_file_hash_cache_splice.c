/* SPDX-License-Identifier: MIT */
/*
 * A table that is spliced again and again, against one that is made from nothing each time.
 *
 * The model is the simplest there is: which of a hundred names exist, what their content is, and
 * which names they import.
 */
#include "file_hash_cache.h"
#include "random_numbers.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

enum { NAMES = 100, MOST_IMPORTS = 5, ROUNDS = 1000 };

typedef struct ModelFile {
    char name[32];
    bool exists, is_changed; /* the second, in this round */
    uint32_t version;
    uint32_t imports[MOST_IMPORTS], import_count; /* names */
    uint32_t number;                              /* FILE_NONE if it does not exist */
} ModelFile;

typedef struct Model {
    ModelFile files[NAMES]; /* sorted by name; the entry is files[NAMES / 2], and always exists */
    Random random;
    uint32_t count;
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
        file->imports[i] = random_draw(&model->random, NAMES);
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
    model->count = 0;
    for (uint32_t i = 0; i < NAMES; i++)
        model->files[i].number = model->files[i].exists ? model->count++ : FILE_NONE;
}

/* `imports` has room for it. An import of a name that does not exist is a gap. */
static FileEntry entry_of(const Model *model, const ModelFile *file, uint32_t *imports)
{
    for (uint32_t i = 0; i < file->import_count; i++)
        imports[i] = model->files[file->imports[i]].number;
    return (FileEntry){
        .path = slice_from(file->name),
        .known = {.stamp = {file->version, 1, 2, 3, file->version}},
        .content = {file->version, (uint64_t)(file - model->files)},
        .imports = imports,
        .import_count = file->import_count,
    };
}

/* All files, or only those that changed. */
static uint32_t collect(Model *model, bool all, FileEntry *entries, uint32_t *numbers,
                        uint32_t imports[NAMES][MOST_IMPORTS])
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

static void splice(Model *model, FileHashCache *cache, const uint32_t *name_of_old)
{
    FileEntry entries[NAMES];
    uint32_t numbers[NAMES], imports[NAMES][MOST_IMPORTS], new_number[NAMES];
    uint32_t count = collect(model, false, entries, numbers, imports);
    for (uint32_t old = 0; old < cache->count; old++)
        new_number[old] = model->files[name_of_old[old]].number;
    FileHashCache next = {.secret = cache->secret};
    FileSplice change = {new_number, entries, numbers, count};
    file_hash_cache_splice(&next, cache, slice_from(model->files[ENTRY].name), &change);
    file_hash_cache_close(cache);
    *cache = next;
}

static void expect_equal(const FileHashCache *is, const FileHashCache *should_be)
{
    assert_int_equal(is->count, should_be->count);
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
        assert_int_equal(record->import_count, file->import_count);
        for (uint32_t n = 0; n < file->import_count; n++)
            assert_int_equal(cache->imports[record->first_import + n],
                             model->files[file->imports[n]].number);
    }
}

/* A record has a gap where it imports a file that did not exist: only an entry of its own closes
 * it. */
static void mark_who_imports_what_came(Model *model, const bool *existed)
{
    for (uint32_t i = 0; i < NAMES; i++) {
        ModelFile *file = &model->files[i];
        file->is_changed |= file->exists && !existed[i];
        for (uint32_t n = 0; n < file->import_count; n++)
            file->is_changed |= !existed[file->imports[n]];
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
        uint32_t name_of_old[NAMES], old = 0;
        for (uint32_t i = 0; i < NAMES; i++) {
            existed[i] = model.files[i].exists && round != 0;
            if (existed[i])
                name_of_old[old++] = i;
        }
        edit(&model);
        mark_who_imports_what_came(&model, existed);
        splice(&model, &spliced, name_of_old);

        FileEntry entries[NAMES];
        uint32_t numbers[NAMES], imports[NAMES][MOST_IMPORTS];
        FileHashCache made = {0};
        uint32_t count = collect(&model, true, entries, numbers, imports);
        file_hash_cache_replace(&made, slice_from(model.files[ENTRY].name), entries, count);
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
