/* SPDX-License-Identifier: MIT */
/* Programs that nobody writes: how deeply constants and structs may nest, and what takes no longer
 * when deep or wide. */
#include "mini_program.h"

#include "scratch.h"

#include <stdio.h>

static void put_chain(ByteBuffer *source, int count, const char *format, const char *first)
{
    char line[128];
    buffer_put(source, slice_from(first));
    for (int i = 1; i < count; i++) {
        snprintf(line, sizeof line, format, i, i - 1, i - 1);
        buffer_put(source, slice_from(line));
    }
    buffer_put_byte(source, '\0');
}

/* The number of errors, and their first line. */
static size_t count_errors(const ByteBuffer *source, char *first, size_t size)
{
    MiniProgram program = {0};
    mini_program_add(&program, "main.mini", source->data);
    mini_program_compile(&program, "main.mini");
    size_t count = 0;
    for (size_t i = 0; i < program.diagnostics.count; i++)
        count += program.diagnostics.items[i].severity == SEVERITY_ERROR;
    snprintf(first, size, "%.*s", (int)strcspn(program.messages.data, "\n"),
             program.messages.data);
    mini_program_free(&program);
    return count;
}

static void test_depth_of_constants(void **state)
{
    (void)state;
    ByteBuffer source = {0};
    char first[128];
    put_chain(&source, 1001, "const c%d = c%d + 1;\n", "const c0 = 1;\n");
    assert_int_equal(count_errors(&source, first, sizeof first), 0);
    source.size = 0;
    put_chain(&source, 1003, "const c%d = c%d + 1;\n", "const c0 = 1;\n");
    assert_int_equal(count_errors(&source, first, sizeof first), 2);
    assert_string_equal(first, "main.mini:1002:7: error: constants are made from constants more "
                               "than 1000 levels deep");
    buffer_free(&source);
}

/* The longest path counts, not the one on which a constant is first met. */
static void test_depth_behind_a_short_way(void **state)
{
    (void)state;
    ByteBuffer source = {0};
    char first[128];
    buffer_put(&source, slice_from("const top = c600 + d500;\n"));
    put_chain(&source, 601, "const c%d = c%d + 1;\n", "const c0 = 1;\n");
    source.size--;
    put_chain(&source, 501, "const d%d = d%d + 1;\n", "const d0 = c600;\n");
    assert_int_equal(count_errors(&source, first, sizeof first), 102);
    assert_string_equal(first, "main.mini:1:7: error: constants are made from constants more "
                               "than 1000 levels deep");
    buffer_free(&source);
}

/* Without remembering evaluated constants, the last one would take 2^100 steps. */
static void test_width_of_constants(void **state)
{
    (void)state;
    ByteBuffer source = {0};
    char first[128];
    put_chain(&source, 100, "const c%d = c%d + c%d;\n", "const c0 = 1;\n");
    assert_int_equal(count_errors(&source, first, sizeof first), 0);
    buffer_free(&source);
}

static void test_depth_of_structs(void **state)
{
    (void)state;
    ByteBuffer source = {0};
    char first[128];
    put_chain(&source, 33, "struct S%d { x: S%d }\n", "struct S0 { x: i32 }\n");
    assert_int_equal(count_errors(&source, first, sizeof first), 0);
    source.size = 0;
    put_chain(&source, 34, "struct S%d { x: S%d }\n", "struct S0 { x: i32 }\n");
    assert_int_equal(count_errors(&source, first, sizeof first), 1);
    assert_string_equal(first, "main.mini:34:8: error: structs are nested more than 32 levels "
                               "deep");
    buffer_free(&source);
}

/* 256 scalars and structs are allowed; each outer struct is wrong because of its contents. */
static void test_size_of_structs(void **state)
{
    (void)state;
    ByteBuffer source = {0};
    char first[128];
    put_chain(&source, 7, "struct S%d { a: S%d, b: S%d }\n", "struct S0 { x: i32 }\n");
    assert_int_equal(count_errors(&source, first, sizeof first), 0);
    source.size = 0;
    put_chain(&source, 20, "struct S%d { a: S%d, b: S%d }\n", "struct S0 {}\n");
    assert_int_equal(count_errors(&source, first, sizeof first), 1);
    assert_string_equal(first, "main.mini:9:8: error: a struct may hold at most 256 numbers, "
                               "bools, strs and structs, nested ones included");
    buffer_free(&source);
}

/* Few fields are reported one by one, and many are counted; none is searched for in a struct that
 * is too wide. */
static void test_width_of_structs(void **state)
{
    (void)state;
    static const struct {
        int fields;
        size_t errors;
    } cases[] = {{3, 3}, {8, 8}, {9, 9}, {256, 9}, {257, 1}, {5000, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ByteBuffer source = {0};
        char first[128];
        buffer_put(&source, slice_from("struct W {"));
        for (int field = 0; field < cases[i].fields; field++)
            buffer_put_format(&source, " m%d: i32,", field);
        buffer_put(&source, slice_from("}\nfn f(w: W) i32 { const v = W { }; return w.m7; }\n"));
        buffer_put_byte(&source, '\0');
        size_t expected = cases[i].errors + (cases[i].fields < 8); /* there is no w.m7 */
        assert_int_equal(count_errors(&source, first, sizeof first), expected);
        buffer_free(&source);
    }
}

/* Every constant of a cycle reports it; only the beginning of a long one. */
static void test_long_cycles(void **state)
{
    (void)state;
    ByteBuffer source = {0};
    char first[256];
    put_chain(&source, 20, "const c%d = c%d;\n", "const c0 = c19;\n");
    assert_int_equal(count_errors(&source, first, sizeof first), 20);
    assert_string_equal(
        strchr(first, '-') - strlen("main.mini:c0 "),
        "main.mini:c0 -> main.mini:c19 -> main.mini:c18 -> main.mini:c17 -> main.mini:c16 -> "
        "main.mini:c15 -> main.mini:c14 -> main.mini:c13 -> 12 more -> main.mini:c0");
    buffer_free(&source);
}

/* A tree of literals adapts to its context without recursion. */
static void test_many_operands(void **state)
{
    (void)state;
    ByteBuffer source = {0};
    char first[128];
    buffer_put(&source, slice_from("fn f(n: i64) i64 { return n + (1"));
    for (int i = 0; i < 1000000; i++)
        buffer_put(&source, slice_from("+1"));
    buffer_put(&source, slice_from("); }"));
    buffer_put_byte(&source, '\0');
    assert_int_equal(count_errors(&source, first, sizeof first), 0);
    buffer_free(&source);
}

static void put_string(ByteBuffer *source, const char *name, int size, char last)
{
    buffer_put_format(source, "const %s: str = \"", name);
    for (int i = 1; i < size; i++)
        buffer_put_byte(source, 'x');
    buffer_put_format(source, "%c\";\n", last);
}

/* Strings of different lengths need not be compared. */
static void test_size_of_compared_strings(void **state)
{
    (void)state;
    static const struct {
        int first, second, errors;
    } cases[] = {{1000, 1000, 0}, {1001, 1001, 1}, {1001, 1002, 0}, {100000, 5, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ByteBuffer source = {0};
        char first[160];
        put_string(&source, "s", cases[i].first, 'x');
        put_string(&source, "t", cases[i].second, 'y');
        buffer_put(&source, slice_from("const same = s == t;\nconst itself = s == s;\n"));
        buffer_put_byte(&source, '\0');
        assert_int_equal(count_errors(&source, first, sizeof first), cases[i].errors);
        if (cases[i].errors != 0)
            assert_non_null(strstr(first, "strings of equal length and of more than 1000 bytes "
                                          "cannot be compared in a constant"));
        buffer_free(&source);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_depth_of_constants),
        cmocka_unit_test(test_depth_behind_a_short_way),
        cmocka_unit_test(test_width_of_constants),
        cmocka_unit_test(test_depth_of_structs),
        cmocka_unit_test(test_size_of_structs),
        cmocka_unit_test(test_width_of_structs),
        cmocka_unit_test(test_long_cycles),
        cmocka_unit_test(test_many_operands),
        cmocka_unit_test(test_size_of_compared_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
