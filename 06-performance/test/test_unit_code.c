/* SPDX-License-Identifier: MIT */
#include "memory.h"
#include "random_numbers.h"
#include "scratch.h"
#include "unit_code.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct Blobs {
    Arena arena;
    ByteBuffer text;
} Blobs;

static void put_unit(Blobs *blobs, const char *symbol, size_t code_size,
                     const char *const *references, uint32_t count)
{
    UnitCodeBuilder builder;
    unit_code_begin(&builder, &blobs->arena, slice_from(symbol));
    for (size_t i = 0; i < code_size; i++)
        buffer_put_byte(&builder.code, (char)i);
    for (uint32_t i = 0; i < count; i++)
        unit_code_refer(&builder, i * 4, i % 2 == 0 ? REFERENCE_C : REFERENCE_UNIT,
                        slice_from(references[i]));
    assert_true(unit_code_finish(&builder, &blobs->text));
}

static void blobs_free(Blobs *blobs)
{
    arena_free(&blobs->arena);
    buffer_free(&blobs->text);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    static const char *const names[] = {"printf", "a.mini:f", "printf", "a.mini:f", "x"};
    Blobs blobs = {0};
    put_unit(&blobs, "main", 21, names, 5);
    put_unit(&blobs, "a.mini:f", 0, NULL, 0);
    Slice rest = buffer_slice(&blobs.text);
    UnitCode unit;
    assert_true(unit_code_next(&rest, &unit));
    assert_true(slice_equal(unit.symbol, slice_from("main")));
    assert_int_equal(unit.code.size, 21);
    assert_int_equal((unit.code.data - blobs.text.data) % 8, 0);
    assert_int_equal(unit.code.data[20], 20);
    assert_int_equal(unit.reference_count, 5);
    for (uint32_t i = 0; i < 5; i++) {
        CodeReference reference = unit_code_reference(&unit, i);
        assert_int_equal(reference.offset, i * 4);
        assert_int_equal(reference.kind, i % 2 == 0 ? REFERENCE_C : REFERENCE_UNIT);
        assert_true(slice_equal(reference.symbol, slice_from(names[i])));
    }
    assert_true(unit_code_next(&rest, &unit));
    assert_true(slice_equal(unit.symbol, slice_from("a.mini:f")));
    assert_int_equal(unit.code.size, 0);
    assert_false(unit_code_next(&rest, &unit));
    assert_int_equal(rest.size, 0);
    blobs_free(&blobs);
}

static void equal_symbols_are_stored_once(void **state)
{
    (void)state;
    enum { SYMBOLS = 1000 };
    static char texts[SYMBOLS][8];
    static const char *names[2 * SYMBOLS];
    for (int i = 0; i < SYMBOLS; i++) {
        snprintf(texts[i], sizeof texts[i], "s%d", i);
        names[i] = names[SYMBOLS + i] = texts[i];
    }
    Blobs blobs = {0};
    put_unit(&blobs, "main", 8 * SYMBOLS, names, 2 * SYMBOLS);
    Slice rest = buffer_slice(&blobs.text);
    UnitCode unit;
    assert_true(unit_code_next(&rest, &unit));
    for (uint32_t i = 0; i < SYMBOLS; i++) {
        CodeReference first = unit_code_reference(&unit, i);
        CodeReference second = unit_code_reference(&unit, SYMBOLS + i);
        assert_true(slice_equal(first.symbol, slice_from(texts[i])));
        assert_ptr_equal(first.symbol.data, second.symbol.data);
    }
    blobs_free(&blobs);
}

/* Walks everything that reading returns; the sanitizers see a step out of bounds. */
static uint64_t sum_of(Slice rest)
{
    uint64_t sum = 0;
    UnitCode unit;
    while (unit_code_next(&rest, &unit)) {
        for (size_t i = 0; i < unit.code.size; i++)
            sum += (unsigned char)unit.code.data[i];
        sum += strlen(unit.symbol.data);
        for (uint32_t i = 0; i < unit.reference_count; i++) {
            CodeReference reference = unit_code_reference(&unit, i);
            sum += (unsigned char)unit.code.data[reference.offset + 3];
            for (size_t k = 0; k < reference.symbol.size; k++)
                assert_int_not_equal(reference.symbol.data[k], 0);
        }
    }
    return sum + rest.size;
}

static void nothing_damaged_leads_out_of_bounds(void **state)
{
    (void)state;
    static const char *const names[] = {"printf", "a.mini:f", "printf"};
    Blobs blobs = {0};
    put_unit(&blobs, "main", 13, names, 3);
    put_unit(&blobs, "b", 4, names, 1);
    size_t size = blobs.text.size;
    Random random = random_begin();
    for (int round = 0; round < 20000; round++) {
        char *copy = malloc(size); /* of this size exactly: a step beyond is found */
        memcpy(copy, blobs.text.data, size);
        for (int i = 0; i < 3; i++)
            copy[random_draw(&random, (uint32_t)size)] = (char)random_draw(&random, 256);
        sum_of(slice_of(copy, size - (round % 2 ? random_draw(&random, (uint32_t)size) : 0)));
        free(copy);
    }
    blobs_free(&blobs);
}

/* Whether the blob is refused with this number at `offset` in its header or first reference. */
static bool is_refused_with(const Blobs *blobs, size_t offset, uint32_t number)
{
    char *copy = malloc(blobs->text.size);
    memcpy(copy, blobs->text.data, blobs->text.size);
    memcpy(copy + offset, &number, sizeof number);
    Slice rest = slice_of(copy, blobs->text.size);
    UnitCode unit;
    bool is_refused = !unit_code_next(&rest, &unit) && rest.size == blobs->text.size;
    free(copy);
    return is_refused;
}

static void each_wrong_number_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"printf", "a"};
    Blobs blobs = {0};
    put_unit(&blobs, "main", 8, names, 2);
    static const struct {
        size_t offset;
        uint32_t number;
    } wrong[] = {
        {0, 7}, {4, 8}, {4, UINT32_MAX - 7}, {8, 9}, {8, UINT32_MAX}, {12, 0}, {12, 3}, {12, 60},
        {16, 3}, {16, UINT32_MAX}, {20, 1},
        {24, 5}, {24, UINT32_MAX - 1}, {28, 2}, {32, 100}, {32, 4}, {36, 0}, {36, 100},
        {36, UINT32_MAX}, {40, 3}, {40, 5},
    };
    assert_false(is_refused_with(&blobs, 20, 0));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (!is_refused_with(&blobs, wrong[i].offset, wrong[i].number))
            fail_msg("%u at %zu", wrong[i].number, wrong[i].offset);
    blobs_free(&blobs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(equal_symbols_are_stored_once),
        cmocka_unit_test(nothing_damaged_leads_out_of_bounds),
        cmocka_unit_test(each_wrong_number_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
