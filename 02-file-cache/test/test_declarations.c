/* SPDX-License-Identifier: MIT */
/* The declarations blob: a built one can be read back, and a damaged one is refused. */
#include "declarations.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

static void expect_text(Slice actual, const char *expected)
{
    assert_int_equal(actual.size, strlen(expected));
    assert_memory_equal(actual.data, expected, actual.size);
}

/* The blob of:
 *     import "math.mini" as math;
 *     fn main(a: Point) i32 { return math.add(helper(), puts("")); }
 *     extern fn puts(s: str) i32;
 *     fn helper() i32 { ... }                                           */
static Slice sample(Arena *arena)
{
    DeclarationsBuilder builder = {0};
    declarations_add_import(&builder, slice_from("math.mini"), 1, 1);
    Declaration *added = declarations_add(&builder, slice_from("main"), 2, 4);
    added->interface_hash = hash_bytes(slice_from("interface"));
    added->body_hash = hash_bytes(slice_from("body"));
    added->ir_offset = 64;
    added->ir_size = 128;
    declarations_add_reference(&builder, IMPORT_SELF, slice_from("Point"), true);
    declarations_add_reference(&builder, 0, slice_from("add"), false);
    declarations_add_reference(&builder, IMPORT_SELF, slice_from("helper"), false);
    declarations_add_reference(&builder, IMPORT_SELF, slice_from("puts"), false);
    declarations_add(&builder, slice_from("puts"), 3, 11);
    declarations_set_prelude(&builder, slice_from("puts"), slice_from("declare i32 @puts(ptr)"));
    declarations_add(&builder, slice_from("helper"), 4, 4);
    declarations_add_reference(&builder, 0, slice_from("add"), false);
    Slice blob = declarations_finish(&builder, arena);
    declarations_builder_free(&builder);
    return blob;
}

static void test_what_is_built_can_be_read(void **state)
{
    (void)state;
    Arena arena = {0};
    Declarations view;
    assert_true(declarations_view(sample(&arena), &view));
    assert_int_equal(view.import_count, 1);
    expect_text(declarations_text(&view, view.imports[0].path), "math.mini");
    assert_int_equal(view.count, 3);
    expect_text(declaration_name(&view, 0), "main");
    const Declaration *main_item = &view.items[0];
    assert_true(hash_equal(main_item->interface_hash, hash_bytes(slice_from("interface"))));
    assert_true(hash_equal(main_item->body_hash, hash_bytes(slice_from("body"))));
    assert_int_equal(main_item->line, 2);
    assert_int_equal(main_item->column, 4);
    assert_int_equal(main_item->ir_offset, 64);
    assert_int_equal(main_item->ir_size, 128);
    assert_int_equal(main_item->interface_reference_count, 1);
    assert_int_equal(main_item->body_reference_count, 3);
    expect_text(declarations_text(&view, declaration_reference(&view, 0, 0)->name), "Point");
    expect_text(declarations_text(&view, declaration_reference(&view, 0, 1)->name), "add");
    assert_int_equal(declaration_reference(&view, 0, 1)->import, 0);
    assert_int_equal(declaration_reference(&view, 0, 2)->import, IMPORT_SELF);
    expect_text(declarations_text(&view, declaration_reference(&view, 2, 0)->name), "add");
    assert_true(hash_is_none(view.items[1].body_hash));
    expect_text(declarations_text(&view, view.items[1].prelude_symbol), "puts");
    expect_text(declarations_text(&view, view.items[1].prelude_line), "declare i32 @puts(ptr)");
    assert_int_equal(view.items[2].prelude_line.size, 0);
    arena_free(&arena);
}

static void test_declarations_are_found_by_name(void **state)
{
    (void)state;
    Arena arena = {0};
    Declarations view;
    assert_true(declarations_view(sample(&arena), &view));
    assert_int_equal(declarations_find(&view, slice_from("main")), 0);
    assert_int_equal(declarations_find(&view, slice_from("puts")), 1);
    assert_int_equal(declarations_find(&view, slice_from("helper")), 2);
    static const char *const absent[] = {"", "mai", "main2", "a", "zzz", "hel"};
    for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
        assert_int_equal(declarations_find(&view, slice_from(absent[i])), DECLARATION_NONE);
    arena_free(&arena);
}

static void test_an_empty_file_has_a_blob_too(void **state)
{
    (void)state;
    Arena arena = {0};
    DeclarationsBuilder builder = {0};
    Declarations view;
    assert_true(declarations_view(declarations_finish(&builder, &arena), &view));
    assert_int_equal(view.count, 0);
    assert_int_equal(declarations_find(&view, slice_from("main")), DECLARATION_NONE);
    declarations_builder_free(&builder);
    arena_free(&arena);
}

static void test_of_two_equal_names_the_first_is_found(void **state)
{
    (void)state;
    Arena arena = {0};
    DeclarationsBuilder builder = {0};
    static const char *const names[] = {"b", "a", "b", "a", "b"};
    for (size_t i = 0; i < 5; i++)
        declarations_add(&builder, slice_from(names[i]), 1, 1);
    Declarations view;
    assert_true(declarations_view(declarations_finish(&builder, &arena), &view));
    assert_int_equal(declarations_find(&view, slice_from("a")), 1);
    assert_int_equal(declarations_find(&view, slice_from("b")), 0);
    declarations_builder_free(&builder);
    arena_free(&arena);
}

static void test_a_reference_is_added_once_per_declaration(void **state)
{
    (void)state;
    DeclarationsBuilder builder = {0};
    declarations_add(&builder, slice_from("f"), 1, 1);
    assert_int_equal(declarations_add_reference(&builder, 0, slice_from("x"), true), 0);
    assert_int_equal(declarations_add_reference(&builder, 1, slice_from("x"), true), 1);
    assert_int_equal(declarations_add_reference(&builder, 0, slice_from("x"), true), 0);
    assert_int_equal(declarations_add_reference(&builder, 0, slice_from("x"), false), 0);
    assert_int_equal(declarations_add_reference(&builder, 0, slice_from("xy"), false), 2);
    declarations_add(&builder, slice_from("g"), 2, 1);
    assert_int_equal(declarations_add_reference(&builder, 0, slice_from("xy"), false), 0);
    declarations_builder_free(&builder);
}

static void test_a_reset_builder_builds_the_same_bytes(void **state)
{
    (void)state;
    Arena arena = {0};
    DeclarationsBuilder builder = {0};
    Slice blobs[2];
    for (int round = 0; round < 2; round++) {
        declarations_builder_reset(&builder);
        declarations_add_import(&builder, slice_from("a"), 1, 1);
        declarations_add(&builder, slice_from("f"), 2, 1);
        for (int i = 0; i < 100; i++) {
            char name[16];
            snprintf(name, sizeof name, "name%d", i % 70);
            declarations_add_reference(&builder, 0, slice_from(name), false);
        }
        blobs[round] = declarations_finish(&builder, &arena);
    }
    assert_true(slice_equal(blobs[0], blobs[1]));
    declarations_builder_free(&builder);
    arena_free(&arena);
}

/* Uses everything in a view; the address sanitizer would catch a wrong range. */
static uint64_t use(const Declarations *view)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < view->import_count; i++)
        sum += hash_checksum(declarations_text(view, view->imports[i].path));
    for (uint32_t i = 0; i < view->count; i++) {
        const Declaration *item = &view->items[i];
        sum += declarations_find(view, declaration_name(view, i));
        sum += hash_checksum(declarations_text(view, item->prelude_symbol));
        sum += hash_checksum(declarations_text(view, item->prelude_line));
        uint32_t count = item->interface_reference_count + item->body_reference_count;
        for (uint32_t r = 0; r < count; r++) {
            const Reference *reference = declaration_reference(view, i, r);
            sum += hash_checksum(declarations_text(view, reference->name));
            if (reference->import != IMPORT_SELF)
                sum += view->imports[reference->import].line;
        }
    }
    return sum;
}

static void test_a_damaged_blob_is_refused_or_safe(void **state)
{
    (void)state;
    Arena arena = {0};
    Slice blob = sample(&arena);
    Declarations view;
    unsigned refused = 0;
    for (size_t bit = 0; bit < blob.size * 8; bit++) {
        char *copy = malloc(blob.size); /* of exactly this size: the address sanitizer knows its
                                           end */
        assert_non_null(copy);
        memcpy(copy, blob.data, blob.size);
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
        if (declarations_view(slice_of(copy, blob.size), &view))
            use(&view);
        else
            refused++;
        free(copy);
    }
    assert_true(refused > 500);
    arena_free(&arena);
}

static void test_a_blob_of_another_length_is_refused(void **state)
{
    (void)state;
    Arena arena = {0};
    Slice blob = sample(&arena);
    Declarations view;
    for (size_t size = 0; size < blob.size; size++) {
        char *copy = malloc(size + 1);
        assert_non_null(copy);
        memcpy(copy, blob.data, size);
        assert_false(declarations_view(slice_of(copy, size), &view));
        assert_int_equal(view.count, 0);
        free(copy);
    }
    char *longer = arena_allocate(&arena, blob.size + 9);
    memcpy(longer, blob.data, blob.size);
    assert_false(declarations_view(slice_of(longer, blob.size + 1), &view));
    memcpy(longer + 1, blob.data, blob.size);
    assert_false(declarations_view(slice_of(longer + 1, blob.size), &view));
    arena_free(&arena);
}

/* Each number that could mislead a reader, set to values beyond its limit. */
static void test_every_number_is_checked(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        size_t field; /* of declaration 0 */
    } fields[] = {
        {"name offset", offsetof(Declaration, name)},
        {"name size", offsetof(Declaration, name) + 4},
        {"prelude symbol offset", offsetof(Declaration, prelude_symbol)},
        {"prelude symbol size", offsetof(Declaration, prelude_symbol) + 4},
        {"prelude line offset", offsetof(Declaration, prelude_line)},
        {"prelude line size", offsetof(Declaration, prelude_line) + 4},
        {"first reference", offsetof(Declaration, first_reference)},
        {"interface references", offsetof(Declaration, interface_reference_count)},
        {"body references", offsetof(Declaration, body_reference_count)},
    };
    static const uint32_t values[] = {1000, INT32_MAX, (uint32_t)INT32_MAX + 1, UINT32_MAX};
    Arena arena = {0};
    Slice blob = sample(&arena);
    Declarations view;
    assert_true(declarations_view(blob, &view));
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++)
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            size_t at = (size_t)((const char *)view.items - blob.data) + fields[f].field;
            char *copy = arena_copy(&arena, blob);
            memcpy(copy + at, &values[v], sizeof values[v]);
            Declarations damaged;
            if (declarations_view(slice_of(copy, blob.size), &damaged))
                fail_msg("%s = %u is accepted", fields[f].what, values[v]);
        }
    size_t order = (size_t)((const char *)view.name_order - blob.data);
    static const uint32_t orders[][3] = {
        {0, 1, 2}, {2, 0, 3}, {1, 0, 2}, {UINT32_MAX, 0, 1}, {2, 0, 0}, {2, 2, 1}, {0, 0, 0}};
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        char *copy = arena_copy(&arena, blob);
        memcpy(copy + order, orders[i], sizeof orders[i]);
        Declarations damaged;
        assert_false(declarations_view(slice_of(copy, blob.size), &damaged));
    }
    arena_free(&arena);
}

static void test_a_hundred_thousand_references(void **state)
{
    (void)state;
    enum { COUNT = 100000, DISTINCT = 10000 };
    Arena arena = {0};
    DeclarationsBuilder builder = {0};
    char name[24];
    for (uint32_t i = 0; i < DISTINCT; i++) {
        snprintf(name, sizeof name, "f%u", i);
        declarations_add(&builder, slice_from(name), i + 1, 1);
    }
    for (uint32_t i = 0; i < COUNT; i++) { /* all distinct */
        snprintf(name, sizeof name, "name%u", i);
        assert_int_equal(declarations_add_reference(&builder, IMPORT_SELF, slice_from(name), false),
                         i);
    }
    declarations_add(&builder, slice_from("again"), 1, 1);
    for (uint32_t i = 0; i < COUNT; i++) { /* ten times each */
        snprintf(name, sizeof name, "f%u", i % DISTINCT);
        assert_int_equal(declarations_add_reference(&builder, IMPORT_SELF, slice_from(name), false),
                         i % DISTINCT);
    }
    Declarations view;
    assert_true(declarations_view(declarations_finish(&builder, &arena), &view));
    for (uint32_t i = 0; i < DISTINCT; i++) {
        const Reference *reference = declaration_reference(&view, DISTINCT, i);
        assert_int_equal(declarations_find(&view, declarations_text(&view, reference->name)), i);
    }
    declarations_builder_free(&builder);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_built_can_be_read),
        cmocka_unit_test(test_declarations_are_found_by_name),
        cmocka_unit_test(test_an_empty_file_has_a_blob_too),
        cmocka_unit_test(test_of_two_equal_names_the_first_is_found),
        cmocka_unit_test(test_a_reference_is_added_once_per_declaration),
        cmocka_unit_test(test_a_reset_builder_builds_the_same_bytes),
        cmocka_unit_test(test_a_damaged_blob_is_refused_or_safe),
        cmocka_unit_test(test_a_blob_of_another_length_is_refused),
        cmocka_unit_test(test_every_number_is_checked),
        cmocka_unit_test(test_a_hundred_thousand_references),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
