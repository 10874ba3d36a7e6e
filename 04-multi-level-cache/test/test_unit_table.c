/* SPDX-License-Identifier: MIT */
/* Rows and their units, in place and moved, and refused images. */
#include "random_numbers.h"
#include "scratch.h"
#include "unit_table.h"

#include <errno.h>
#include <stdlib.h>

typedef struct World {
    Scratch scratch;
    UnitTable table;
    StateRef ref;
} World;

static int setup(void **state)
{
    World *world = calloc(1, sizeof *world);
    scratch_open(&world->scratch);
    assert_int_equal(unit_table_open(&world->table, world->scratch.fd, "units", &world->ref), 0);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    World *world = *state;
    unit_table_close(&world->table);
    scratch_close(&world->scratch);
    free(world);
    return 0;
}

enum { FILES = 20, LONGEST = 9 };

/* The contents of file `file` in version `version`: so many units, each recognizable. */
static UnitRow make_row(uint32_t file, uint32_t version, uint32_t count,
                        UnitRecord units[LONGEST])
{
    for (uint32_t i = 0; i < count; i++)
        units[i] = (UnitRecord){{file, i}, {version, i}, file + i};
    return (UnitRow){
        .section_key = {file, version}, .unit_count = count, .function_count = version};
}

/* Row `number` is that of a file, in this version and with so many units. */
static void expect_row_of(const UnitTable *table, uint32_t number, uint32_t file, uint32_t version,
                          uint32_t count)
{
    UnitRecord units[LONGEST];
    UnitRow expected = make_row(file, version, count, units);
    const UnitRow *row = unit_table_row(table, number);
    assert_true(hash_equal(row->section_key, expected.section_key));
    assert_int_equal(row->unit_count, count);
    assert_int_equal(row->function_count, version);
    assert_memory_equal(unit_table_units(table, number), units, count * sizeof *units);
}

static void expect_row(const UnitTable *table, uint32_t file, uint32_t version, uint32_t count)
{
    expect_row_of(table, file, file, version, count);
}

static uint32_t count_at(uint32_t file)
{
    return file % LONGEST;
}

static void fill(UnitTable *table)
{
    UnitRow rows[FILES];
    UnitRecord units[FILES][LONGEST];
    const UnitRecord *pointers[FILES];
    for (uint32_t i = 0; i < FILES; i++) {
        rows[i] = make_row(i, 1, count_at(i), units[i]);
        pointers[i] = units[i];
    }
    unit_table_replace(table, rows, pointers, FILES);
}

static void set(UnitTable *table, uint32_t file, uint32_t version, uint32_t count)
{
    UnitRecord units[LONGEST];
    UnitRow row = make_row(file, version, count, units);
    unit_table_set(table, file, &row, units);
}

static void reopen(World *world)
{
    assert_int_equal(state_file_commit(&world->table.state, &world->table.image, false, &world->ref, NULL), 0);
    state_file_prune(&world->table.state);
    unit_table_close(&world->table);
    assert_int_equal(unit_table_open(&world->table, world->scratch.fd, "units", &world->ref), 0);
}

static void test_an_empty_table_has_no_files(void **state)
{
    World *world = *state;
    assert_int_equal(world->table.file_count, 0);
    unit_table_replace(&world->table, NULL, NULL, 0);
    reopen(world);
    assert_int_equal(world->table.file_count, 0);
}

static void test_rows_come_back(void **state)
{
    World *world = *state;
    fill(&world->table);
    reopen(world);
    assert_int_equal(world->table.file_count, FILES);
    for (uint32_t i = 0; i < FILES; i++)
        expect_row(&world->table, i, 1, count_at(i));
}

static void test_the_same_number_of_units_stays_in_its_place(void **state)
{
    World *world = *state;
    fill(&world->table);
    reopen(world);
    size_t size = world->table.image.size;
    set(&world->table, 5, 2, count_at(5));
    assert_int_equal(world->table.image.size, size);
    uint64_t generation = world->ref.generation;
    reopen(world);
    assert_int_equal(world->ref.generation, generation); /* a journal, not a new base */
    expect_row(&world->table, 4, 1, count_at(4));
    expect_row(&world->table, 5, 2, count_at(5));
    expect_row(&world->table, 6, 1, count_at(6));
}

static void test_more_or_fewer_units_move(void **state)
{
    World *world = *state;
    fill(&world->table);
    reopen(world);
    set(&world->table, 5, 2, 8);
    set(&world->table, 7, 2, 0);
    set(&world->table, 0, 2, 3); /* had none */
    reopen(world);
    expect_row(&world->table, 0, 2, 3);
    expect_row(&world->table, 5, 2, 8);
    expect_row(&world->table, 6, 1, count_at(6));
    expect_row(&world->table, 7, 2, 0);
}

static void test_places_that_are_wasted_are_noticed(void **state)
{
    World *world = *state;
    fill(&world->table);
    assert_false(unit_table_is_wasteful(&world->table));
    for (uint32_t version = 2; !unit_table_is_wasteful(&world->table); version++) {
        assert_true(version < 1000);
        set(&world->table, 3, version, version % 2 == 0 ? 8 : 9);
    }
    fill(&world->table);
    assert_false(unit_table_is_wasteful(&world->table));
}

/* ---- files come and go ---------------------------------------------------------------------- */

enum { MOST_FILES = 400, ROUNDS = 500 };

typedef struct ModelFile {
    uint32_t id, version, count;
    uint32_t old_number; /* before this round */
    bool is_changed;
} ModelFile;

typedef struct Model {
    ModelFile files[MOST_FILES + 1];
    uint32_t count, next_id;
    unsigned spliced, replaced;
    Random random;
} Model;

static void change_file(Model *model, ModelFile *file)
{
    file->version++;
    file->is_changed = true;
    if (random_draw(&model->random, 2) == 0)
        file->count = random_draw(&model->random, LONGEST);
}

static void insert_file(Model *model, uint32_t place)
{
    ModelFile *file = &model->files[place];
    memmove(file + 1, file, (model->count++ - place) * sizeof *file);
    *file = (ModelFile){.id = model->next_id++, .old_number = UNIT_FILE_NONE};
    change_file(model, file);
}

static void remove_file(Model *model, uint32_t place)
{
    ModelFile *file = &model->files[place];
    memmove(file, file + 1, (--model->count - place) * sizeof *file);
}

/* Mostly one file; at times many. Between 100 and 400 there are one to six free rows. */
static void edit_files(Model *model)
{
    uint32_t edits = random_draw(&model->random, 20) == 0 ? random_draw(&model->random, 300) : 1;
    for (uint32_t i = 0; i < model->count; i++) {
        model->files[i].old_number = i;
        model->files[i].is_changed = false;
    }
    for (uint32_t i = 0; i < edits; i++) {
        uint32_t kind = random_draw(&model->random, 5);
        if (kind < 2 && model->count < MOST_FILES)
            insert_file(model, random_draw(&model->random, model->count + 1));
        else if (kind < 4 && model->count > 100)
            remove_file(model, random_draw(&model->random, model->count));
        else if (model->count != 0)
            change_file(model, &model->files[random_draw(&model->random, model->count)]);
    }
}

static void replace_all(const Model *model, UnitTable *table)
{
    static UnitRow rows[MOST_FILES];
    static UnitRecord units[MOST_FILES][LONGEST];
    static const UnitRecord *pointers[MOST_FILES];
    for (uint32_t i = 0; i < model->count; i++) {
        const ModelFile *file = &model->files[i];
        rows[i] = make_row(file->id, file->version, file->count, units[i]);
        pointers[i] = units[i];
    }
    unit_table_replace(table, rows, pointers, model->count);
}

static void splice_or_replace(Model *model, UnitTable *table)
{
    uint32_t old_number[MOST_FILES], come = 0;
    uint32_t free_rows = table->row_count - table->rows_used;
    for (uint32_t i = 0; i < model->count; i++) {
        old_number[i] = model->files[i].old_number;
        come += old_number[i] == UNIT_FILE_NONE;
    }
    bool is_spliced = !unit_table_is_wasteful(table) &&
                      unit_table_splice(table, old_number, model->count);
    model->spliced += is_spliced;
    model->replaced += !is_spliced;
    if (!is_spliced) {
        replace_all(model, table);
        return;
    }
    assert_true(come <= free_rows);
    for (uint32_t i = 0; i < model->count; i++) {
        const ModelFile *file = &model->files[i];
        UnitRecord units[LONGEST];
        UnitRow row = make_row(file->id, file->version, file->count, units);
        if (file->is_changed)
            unit_table_set(table, i, &row, units);
    }
}

static void expect_model(const Model *model, const UnitTable *table)
{
    uint64_t unit_count = 0;
    assert_int_equal(table->file_count, model->count);
    for (uint32_t i = 0; i < model->count; i++) {
        const ModelFile *file = &model->files[i];
        expect_row_of(table, i, file->id, file->version, file->count);
        unit_count += model->files[i].count;
    }
    assert_int_equal(table->unit_count, unit_count);
}

static void test_files_come_and_go(void **state)
{
    World *world = *state;
    Model *model = calloc(1, sizeof *model);
    model->random = random_begin();
    for (unsigned round = 0; round < ROUNDS; round++) {
        edit_files(model);
        splice_or_replace(model, &world->table);
        expect_model(model, &world->table);
        if (random_draw(&model->random, 2) == 0) {
            reopen(world);
            expect_model(model, &world->table);
        }
    }
    assert_true(model->spliced > ROUNDS / 4);
    assert_true(model->replaced > ROUNDS / 50);
    free(model);
}

static void test_one_file_that_comes_writes_a_few_bytes_for_each(void **state)
{
    World *world = *state;
    Model *model = calloc(1, sizeof *model);
    model->random = random_begin();
    while (model->count < 300)
        insert_file(model, model->count);
    replace_all(model, &world->table);
    reopen(world);
    for (uint32_t i = 0; i < model->count; i++) {
        model->files[i].old_number = i;
        model->files[i].is_changed = false;
    }
    insert_file(model, 0);
    splice_or_replace(model, &world->table);
    uint64_t written = 0, generation = world->ref.generation;
    assert_int_equal(state_file_commit(&world->table.state, &world->table.image, false, &world->ref,
                                       &written), 0);
    assert_int_equal(world->ref.generation, generation); /* a journal, not a new base */
    assert_true(written < 301 * 4 + 1000);
    free(model);
}

static void expect_refused(World *world, ByteBuffer *image)
{
    image_replace(&world->table.image, image);
    assert_int_equal(state_file_commit(&world->table.state, &world->table.image, false, &world->ref, NULL), 0);
    unit_table_close(&world->table);
    assert_int_equal(unit_table_open(&world->table, world->scratch.fd, "units", &world->ref),
                     -EBADMSG);
    assert_int_equal(world->table.file_count, 0);
}

/* The sizes are looked at before any unit: there are none. */
static void test_what_the_offsets_do_not_reach_is_refused(void **state)
{
    World *world = *state;
    const UnitRow large = {.unit_count = 1u << 30};
    const UnitRow rows[] = {{.unit_count = 1u << 29}, {.unit_count = 1u << 29}};
    const UnitRecord *const units[2] = {NULL};
    fill(&world->table);
    uint64_t unit_count = world->table.unit_count;
    assert_int_equal(unit_table_set(&world->table, 3, &large, NULL), -E2BIG);
    assert_int_equal(unit_table_replace(&world->table, rows, units, 2), -E2BIG);
    assert_int_equal(world->table.unit_count, unit_count);
    for (uint32_t i = 0; i < FILES; i++)
        expect_row(&world->table, i, 1, count_at(i));
}

/* What the image of one file begins with: the header, and the number of the file's row. */
static void put_numbers(ByteBuffer *image, uint32_t file_count, uint32_t row_count, uint32_t row)
{
    buffer_put_u32(image, file_count);
    buffer_put_u32(image, row_count);
    buffer_put_u32(image, row);
    buffer_put_u32(image, 0);
}

static void test_the_smallest_image_is_accepted(void **state)
{
    World *world = *state;
    ByteBuffer image = {0};
    put_numbers(&image, 1, 1, 0);
    buffer_put(&image, slice_of(&(UnitRow){.first_unit = 9}, sizeof(UnitRow)));
    image_replace(&world->table.image, &image);
    reopen(world);
    assert_int_equal(world->table.file_count, 1);
}

/* Images with a valid checksum, and numbers that lead out of them. */
static void test_wrong_numbers_are_refused(void **state)
{
    World *world = *state;
    static const UnitRow rows[] = {
        {.first_unit = 1000, .unit_count = 1},
        {.first_unit = UINT32_MAX, .unit_count = 0},
        {.first_unit = 9, .unit_count = 1},
        {.first_unit = 0, .unit_count = UINT32_MAX},
        {.first_unit = 0, .unit_count = 1}, /* in the header and the row itself */
        {.first_unit = 8, .unit_count = 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ByteBuffer image = {0};
        put_numbers(&image, 1, 1, 0);
        buffer_put(&image, slice_of(&rows[i], sizeof rows[i]));
        expect_refused(world, &image);
    }
    for (uint32_t number = 1; number != 0; number *= 2) { /* of a row that is not there */
        ByteBuffer image = {0};
        put_numbers(&image, 1, 1, number);
        buffer_put(&image, slice_of(&(UnitRow){.first_unit = 9}, sizeof(UnitRow)));
        expect_refused(world, &image);
    }
    static const uint32_t counts[][2] = {
        {1, 0}, {1, 1}, {2, 1}, {0, 1}, {UINT32_MAX, UINT32_MAX}, {0, UINT32_MAX}, {UINT32_MAX, 0},
    };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        ByteBuffer image = {0};
        put_numbers(&image, counts[i][0], counts[i][1], 0);
        expect_refused(world, &image);
    }
    for (size_t size = 1; size < 24; size++) { /* what is appended begins at a multiple of 8 */
        ByteBuffer image = {0};
        buffer_put(&image, slice_of((char[24]){0}, size));
        if (size % 8 != 0)
            expect_refused(world, &image);
        buffer_free(&image);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_an_empty_table_has_no_files),
        TEST(test_rows_come_back),
        TEST(test_the_same_number_of_units_stays_in_its_place),
        TEST(test_more_or_fewer_units_move),
        TEST(test_places_that_are_wasted_are_noticed),
        TEST(test_files_come_and_go),
        TEST(test_one_file_that_comes_writes_a_few_bytes_for_each),
        TEST(test_the_smallest_image_is_accepted),
        TEST(test_wrong_numbers_are_refused),
        TEST(test_what_the_offsets_do_not_reach_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
