/* SPDX-License-Identifier: MIT */
/* Sources that are too deep, too long or have too many of something: reported, or simply parsed. */
#include "lowered_source.h"
#include "names.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

static void repeat(ByteBuffer *text, const char *piece, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_put(text, slice_from(piece));
}

/* fn f() { BEFORE × n MIDDLE AFTER × n } */
static void lower_nested(LoweredSource *source, const char *before, const char *middle,
                         const char *after, size_t count)
{
    ByteBuffer text = {0};
    repeat(&text, "fn f() { ", 1);
    repeat(&text, before, count);
    repeat(&text, middle, 1);
    repeat(&text, after, count);
    repeat(&text, " }", 1);
    lowered_source_open(source, buffer_slice(&text));
    buffer_free(&text);
}

static void test_nesting_of_blocks(void **state)
{
    (void)state;
    static const char *const blocks[] = {"if a { ", "while a { ", "if a { } else { "};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        LoweredSource source;
        lower_nested(&source, blocks[i], "", "}", MINI_MAX_NESTING - 1); /* f's block is one */
        assert_string_equal(lowered_source_errors(&source), "");
        lowered_source_close(&source);
        lower_nested(&source, blocks[i], "", "}", MINI_MAX_NESTING);
        assert_int_equal(source.diagnostics.count, 1);
        lowered_source_close(&source);
    }
}

/* Everything that recurses in an expression, with all precedences in between. */
static void test_nesting_of_expressions(void **state)
{
    (void)state;
    static const char *const pieces[][2] = {
        {"(", ")"},  {"g(", ")"},  {"P{ x: ", "}"}, {"!", ""}, {"-", ""}, {"g(1, ", ")"},
        {"1 || 2 && 3 == 4 < 5 + 6 * (", ")"},
    };
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        static const size_t depths[] = {MINI_MAX_NESTING - 2, MINI_MAX_NESTING, 200000};
        for (size_t j = 0; j < sizeof depths / sizeof depths[0]; j++) {
            ByteBuffer before = {0};
            LoweredSource source;
            repeat(&before, "return ", 1);
            repeat(&before, pieces[i][0], depths[j]);
            repeat(&before, "x", 1);
            repeat(&before, pieces[i][1], depths[j]);
            repeat(&before, ";", 1);
            buffer_put_byte(&before, '\0');
            lower_nested(&source, before.data, "", "", 1);
            assert_int_equal(source.diagnostics.count, depths[j] < MINI_MAX_NESTING ? 0 : 1);
            if (source.diagnostics.count != 0)
                assert_non_null(strstr(lowered_source_errors(&source),
                                       "this is nested more than 1000 levels deep"));
            lowered_source_close(&source);
            buffer_free(&before);
        }
    }
}

static void test_long_but_flat(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "x();", "x(1+1);\n", "x(\"\\n\");", "// comment\n", "\r\n", "if true { var v = 1; v = 2; }",
    };
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        LoweredSource source;
        lower_nested(&source, pieces[i], "", "", 100000);
        assert_string_equal(lowered_source_errors(&source), "");
        lowered_source_close(&source);
    }
}

static void test_one_long_line(void **state)
{
    (void)state;
    static const struct {
        const char *begin, *piece, *end;
    } cases[] = {
        {"const c = 1", "+1", ";"},        {"const c = a", "&&a", ";"},
        {"const c = a", " as i32", ";"},   {"const c = \"", "\\x41", "\";"},
        {"// ", "comment", ""},            {"const ", "name", " = 1;"},
        {"const c = a", ".a", ";"},        {"fn f() { if a { }", " else if a { }", " }"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ByteBuffer text = {0};
        LoweredSource source;
        repeat(&text, cases[i].begin, 1);
        repeat(&text, cases[i].piece, 200000);
        repeat(&text, cases[i].end, 1);
        lowered_source_open(&source, buffer_slice(&text));
        assert_string_equal(lowered_source_errors(&source), "");
        lowered_source_close(&source);
        buffer_free(&text);
    }
}

static void test_arguments_are_counted(void **state)
{
    (void)state;
    static const size_t counts[] = {MINI_MAX_ARGUMENTS, MINI_MAX_ARGUMENTS + 1};
    for (size_t i = 0; i < 2; i++) {
        ByteBuffer text = {0};
        LoweredSource source;
        repeat(&text, "fn f() { g(", 1);
        repeat(&text, "1,", counts[i]);
        repeat(&text, "); }", 1);
        lowered_source_open(&source, buffer_slice(&text));
        assert_string_equal(lowered_source_errors(&source),
                            i == 0 ? "" : "1:2012 more than 1000 arguments or fields\n");
        lowered_source_close(&source);
        buffer_free(&text);
    }
}

static void test_parameters_are_counted(void **state)
{
    (void)state;
    static const int counts[] = {MINI_MAX_ARGUMENTS, MINI_MAX_ARGUMENTS + 2};
    for (size_t i = 0; i < 2; i++) {
        ByteBuffer text = {0};
        LoweredSource source;
        repeat(&text, "fn f(", 1);
        for (int p = 0; p < counts[i]; p++)
            buffer_put_format(&text, "\np%d: i32,", p);
        repeat(&text, ") { }", 1);
        lowered_source_open(&source, buffer_slice(&text));
        assert_string_equal(lowered_source_errors(&source),
                            i == 0 ? "" : "1002:1 more than 1000 parameters\n");
        lowered_source_close(&source);
        buffer_free(&text);
    }
}

/* Each name is in its own slot of the hash table or soon after it. */
static void test_names_that_differ_little_are_spread(void **state)
{
    (void)state;
    static const char *const formats[] = {"l%u", "x%08u", "variable_%u_of_function", "AAAAAAAA%u"};
    enum { NAMES = 40000 };
    for (size_t format = 0; format < sizeof formats / sizeof *formats; format++) {
        Arena arena = {0};
        NameTable table;
        uint32_t steps = 0;
        name_table_init(&table, &arena);
        for (unsigned i = 0; i < NAMES; i++) {
            char name[64];
            snprintf(name, sizeof name, formats[format], i);
            name_table_intern(&table, slice_of(arena_copy(&arena, slice_from(name)), strlen(name)));
        }
        assert_int_equal(table.count, 1 + NAMES);
        for (uint32_t slot = 0; slot <= table.slot_mask; slot++)
            if (table.slots[slot] != 0)
                steps += (slot - (uint32_t)table.items[table.slots[slot]].hash) & table.slot_mask;
        assert_true(steps < NAMES / 2);
        arena_free(&arena);
    }
}

static void test_the_largest_source(void **state)
{
    (void)state;
    LoweredSource source;
    Slice text = {"", (size_t)MINI_MAX_SOURCE_BYTES + 1}; /* refused before reading */
    lowered_source_open(&source, text);
    assert_string_equal(lowered_source_errors(&source), "1:1 the file is larger than 16 MiB\n");
    lowered_source_close(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nesting_of_blocks),
        cmocka_unit_test(test_nesting_of_expressions),
        cmocka_unit_test(test_long_but_flat),
        cmocka_unit_test(test_one_long_line),
        cmocka_unit_test(test_arguments_are_counted),
        cmocka_unit_test(test_parameters_are_counted),
        cmocka_unit_test(test_names_that_differ_little_are_spread),
        cmocka_unit_test(test_the_largest_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
