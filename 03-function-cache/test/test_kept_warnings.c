/* SPDX-License-Identifier: MIT */
/* Warnings as bytes: they come back, move with their declaration, and no bytes do harm. */
#include "kept_warnings.h"
#include "scratch.h"

#include <stdlib.h>

static const Slice own_path = {"own.x", 5};

static Diagnostic *add(Diagnostics *list, Severity severity, uint32_t line, uint32_t column)
{
    list->path = own_path;
    Diagnostic *added = diagnostics_add(list, line, column, "at %u:%u", (unsigned)line,
                                        (unsigned)column);
    added->severity = severity;
    return added;
}

/* Above its declaration at 10:7, on its line, below it, in another file, and at another unit. */
static void fill(Diagnostics *list)
{
    add(list, SEVERITY_WARNING, 9, 3)->code = slice_from("above");
    add(list, SEVERITY_WARNING, 10, 8);
    add(list, SEVERITY_NOTE, 12, 5);
    add(list, SEVERITY_NOTE, 1, 2)->path = slice_from("other.x");
    Diagnostic *added = add(list, SEVERITY_NOTE, 30, 4);
    added->subject = slice_from("unit");
}

static void put(ByteBuffer *blob, const Declaration *origin)
{
    Diagnostics list = {0};
    fill(&list);
    kept_warnings_put(blob, &list, 0, origin);
    diagnostics_free(&list);
}

static void expect_places(const Diagnostics *list, const uint32_t places[5][2])
{
    assert_int_equal(list->count, 5);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(list->items[i].line, places[i][0]);
        assert_int_equal(list->items[i].column, places[i][1]);
    }
}

static void test_what_was_put_comes_back(void **state)
{
    static const uint32_t places[5][2] = {{9, 3}, {10, 8}, {12, 5}, {1, 2}, {0, 0}};
    ByteBuffer blob = {0};
    Diagnostics list = {.path = slice_from("moved.x")};
    (void)state;
    put(&blob, NULL);
    assert_true(kept_warnings_get(buffer_slice(&blob), NULL, &list));
    expect_places(&list, places);
    assert_true(slice_equal(list.items[0].code, slice_from("above")));
    assert_true(slice_equal(list.items[0].message, slice_from("at 9:3")));
    assert_true(slice_equal(list.items[0].kind, slice_from("at ...:...")));
    assert_int_equal(list.items[1].severity, SEVERITY_WARNING);
    assert_int_equal(list.items[2].severity, SEVERITY_NOTE);
    assert_true(slice_equal(list.items[2].path, slice_from("moved.x")));
    assert_true(slice_equal(list.items[3].path, slice_from("other.x")));
    assert_true(slice_equal(list.items[4].subject, slice_from("unit")));
    diagnostics_free(&list);
    buffer_free(&blob);
}

static void test_they_move_with_their_declaration(void **state)
{
    static const uint32_t moved[5][2] = {{2, 3}, {3, 2}, {5, 5}, {1, 2}, {0, 0}};
    Declaration before = {.line = 10, .column = 7}, after = {.line = 3, .column = 1};
    ByteBuffer blob = {0};
    Diagnostics list = {.path = own_path};
    (void)state;
    put(&blob, &before);
    assert_true(kept_warnings_get(buffer_slice(&blob), &after, &list));
    expect_places(&list, moved);
    diagnostics_free(&list);
    buffer_free(&blob);
}

/* Each copy is as large as its bytes, so that a sanitizer sees what is read behind them. */
static bool get_copy(Slice blob, Diagnostics *list)
{
    char *copy = memory_allocate(blob.size + 1);
    if (blob.size != 0)
        memcpy(copy, blob.data, blob.size);
    char *end = memory_resize(copy, blob.size == 0 ? 1 : blob.size);
    bool is_whole = kept_warnings_get(slice_of(end, blob.size), NULL, list);
    free(end);
    return is_whole;
}

static void test_damaged_ones_are_refused(void **state)
{
    ByteBuffer blob = {0};
    (void)state;
    put(&blob, NULL);
    unsigned whole = 0;
    for (size_t size = 0; size <= blob.size; size++) {
        Diagnostics list = {0};
        add(&list, SEVERITY_ERROR, 1, 1);
        bool is_whole = get_copy(slice_of(blob.data, size), &list);
        assert_true(is_whole || list.count == 1);
        whole += is_whole;
        diagnostics_free(&list);
    }
    assert_int_equal(whole, 6); /* cut between two records */
    for (size_t bit = 0; bit < blob.size * 8; bit++) {
        Diagnostics list = {0};
        blob.data[bit / 8] = (char)(blob.data[bit / 8] ^ 1 << bit % 8);
        bool is_whole = get_copy(buffer_slice(&blob), &list);
        assert_true(is_whole || list.count == 0);
        for (size_t i = 0; i < list.count; i++)
            assert_in_range(list.items[i].severity, SEVERITY_WARNING, SEVERITY_NOTE);
        blob.data[bit / 8] = (char)(blob.data[bit / 8] ^ 1 << bit % 8);
        diagnostics_free(&list);
    }
    buffer_free(&blob);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_put_comes_back),
        cmocka_unit_test(test_they_move_with_their_declaration),
        cmocka_unit_test(test_damaged_ones_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
