/* SPDX-License-Identifier: MIT */
/*
 * What remains of a variable, and that results never depend on it.
 *
 * The second half needs no other compiler: a variable with fields that are assigned to is always in
 * memory. Random functions are written twice, once with variables x0, x1, ... and once with fields
 * v.x0, v.x1, ... of a single one, and the program itself compares the two results.
 */
#include "mini_program.h"

#include "random_numbers.h"
#include "scratch.h"

#include <stdio.h>

/* ---- text ------------------------------------------------------------------------------------ */

/* The lines of `f` that store, load or make a place: everything that still goes through memory. */
static void check_memory(const char *source, unsigned places, unsigned stores, unsigned loads)
{
    ByteBuffer text = {0};
    mini_program_text_of_f(source, &text);
    unsigned found[3] = {0};
    static const char *const words[] = {" alloca ", " store ", " load "};
    for (int i = 0; i < 3; i++)
        for (const char *at = text.data; (at = strstr(at, words[i])) != NULL; at++)
            found[i] += i != 1 || at[-1] == ' ';
    if (found[0] != places || found[1] != stores || found[2] != loads)
        fail_msg("%u places, %u stores, %u loads in:\n%s", found[0], found[1], found[2],
                 text.data);
    buffer_free(&text);
}

static void test_a_straight_line_needs_no_memory(void **state)
{
    (void)state;
    check_memory("fn f(a: i32) i32 { var x = a * 2; x = x + 1; var y = x; x = y * x; return x; }",
                 0, 0, 0);
    check_memory("fn f(a: i32) i32 { var x = a; const before = x; x = 1; return before - x; }",
                 0, 0, 0);
}

static void test_a_branch_sees_what_came_before(void **state)
{
    (void)state;
    check_memory("fn f(a: i32) i32 { var x = a; if x > 1 { return x + 1; } return x; }", 0, 0, 0);
    check_memory("fn f(a: i32) i32 { var x = a; if a > 1 { x = 2; return x; }"
                 " else { return x; } return 0; }", 0, 0, 0);
}

static void test_where_ways_meet_a_changed_variable_is_loaded(void **state)
{
    (void)state;
    check_memory("fn f(a: i32) i32 { var x = a; if a > 1 { x = 2; } return x; }", 1, 2, 1);
    check_memory("fn f(a: i32) i32 { var x = a; if a > 1 { x = 2; } else { x = 3; }"
                 " x = x + 1; return x * x; }", 1, 4, 1);
    check_memory("fn f(a: i32) i32 { var x = a; var y = a; if a > 1 { x = 2; }"
                 " return x + y; }", 1, 2, 1);
}

static void test_a_loop_loads_only_what_it_changes(void **state)
{
    (void)state;
    check_memory("fn f(a: i32) i32 { var n = a * a; var i = 0; while i < n { i = i + n; }"
                 " return i + n; }", 1, 2, 3);
    check_memory("fn f(a: i32) i32 { while a > 1 { var x = a; x = x + 1; if x > 9 { return x; } }"
                 " return 0; }", 0, 0, 0);
}

static void test_fields_that_are_assigned_stay_in_memory(void **state)
{
    (void)state;
    static const char *const point = "struct P { x: i32, y: i32 }"
                                     "fn f(p: P) i32 { var q = p; %s return q.x; }";
    char source[256];
    snprintf(source, sizeof source, point, "");
    check_memory(source, 0, 0, 0);
    snprintf(source, sizeof source, point, "q = P{ x: 1, y: q.x };");
    check_memory(source, 0, 0, 0);
    snprintf(source, sizeof source, point, "q.y = 3;");
    check_memory(source, 1, 2, 1);
}

/* ---- random functions, with variables and with fields ---------------------------------------- */

enum { PROGRAMS = 6, FUNCTIONS = 60, MOST_VARIABLES = 24, DEEPEST = 4 };

typedef struct Writer {
    Random random;
    ByteBuffer twin[2];    /* the function with variables, and with fields */
    uint32_t variables;    /* of the function, so far */
    uint32_t visible;      /* of them */
    uint32_t visible_list[MOST_VARIABLES];
    uint32_t constants;    /* that are visible */
    uint32_t loops;        /* around the statement */
} Writer;

static uint32_t below(Writer *writer, uint32_t limit)
{
    return random_draw(&writer->random, limit);
}

static void put(Writer *writer, const char *text)
{
    for (int i = 0; i < 2; i++)
        buffer_put(&writer->twin[i], slice_from(text));
}

static void put_count(Writer *writer, uint32_t count)
{
    for (int i = 0; i < 2; i++)
        buffer_put_decimal(&writer->twin[i], count);
}

static void put_variable(Writer *writer, uint32_t number)
{
    buffer_put_format(&writer->twin[0], "x%u", number);
    buffer_put_format(&writer->twin[1], "v.x%u", number);
}

static void put_operand(Writer *writer)
{
    uint32_t kind = below(writer, 10);
    if (kind < 5 && writer->visible != 0) {
        put_variable(writer, writer->visible_list[below(writer, writer->visible)]);
    } else if (kind == 5 && writer->constants != 0) {
        put(writer, "k");
        put_count(writer, below(writer, writer->constants));
    } else if (kind < 8) {
        put(writer, kind == 6 ? "a" : "b");
    } else {
        put_count(writer, below(writer, 9));
    }
}

static void put_expression(Writer *writer)
{
    static const char *const signs[] = {" + ", " - ", " * ", " / 3 + ", " + 2 * "};
    put_operand(writer);
    for (uint32_t i = below(writer, 3); i > 0; i--) {
        put(writer, signs[below(writer, 5)]);
        put_operand(writer);
    }
}

static void put_condition(Writer *writer)
{
    static const char *const signs[] = {" < ", " == ", " >= ", " != "};
    put_operand(writer);
    put(writer, signs[below(writer, 4)]);
    put_operand(writer);
    if (below(writer, 4) != 0)
        return;
    put(writer, below(writer, 2) == 0 ? " && " : " || ");
    put_operand(writer);
    put(writer, " > ");
    put_operand(writer);
}

/* Makes a new variable: declared in one twin, assigned to in the other. Returns its number. */
static uint32_t put_declaration(Writer *writer)
{
    uint32_t number = writer->variables++;
    buffer_put(&writer->twin[0], slice_from("var "));
    put_variable(writer, number);
    put(writer, " = ");
    return number;
}

static void put_statements(Writer *writer, uint32_t depth);

static void put_block(Writer *writer, uint32_t depth)
{
    put(writer, " { ");
    put_statements(writer, depth);
    put(writer, "} ");
}

static void put_if(Writer *writer, uint32_t depth)
{
    put(writer, "if ");
    put_condition(writer);
    put_block(writer, depth + 1);
    if (below(writer, 2) == 0)
        return;
    put(writer, " else");
    put_block(writer, depth + 1);
}

/* A loop has its own counter, so that it ends; no other statement can see it. */
static void put_loop(Writer *writer, uint32_t depth)
{
    uint32_t counter = put_declaration(writer);
    put(writer, "0; while ");
    put_variable(writer, counter);
    put(writer, " < 4 && (");
    put_condition(writer);
    put(writer, ") { ");
    put_variable(writer, counter);
    put(writer, " = ");
    put_variable(writer, counter);
    put(writer, " + 1; ");
    writer->loops++;
    put_statements(writer, depth + 1);
    writer->loops--;
    put(writer, "} ");
}

static void put_statement(Writer *writer, uint32_t depth)
{
    uint32_t kind = below(writer, 20);
    bool may_declare = writer->variables + 2 < MOST_VARIABLES;
    if (kind < 3 && may_declare) {
        uint32_t number = put_declaration(writer);
        put_expression(writer);
        put(writer, "; ");
        writer->visible_list[writer->visible++] = number;
    } else if (kind < 6 && depth < DEEPEST) {
        put_if(writer, depth);
    } else if (kind < 8 && depth < DEEPEST && may_declare) {
        put_loop(writer, depth);
    } else if (kind == 8 && writer->loops != 0) {
        put(writer, below(writer, 2) == 0 ? "break; " : "continue; ");
    } else if (kind == 9 && depth > 0) {
        put(writer, "return ");
        put_expression(writer);
        put(writer, "; ");
    } else if (kind == 10) {
        put(writer, "const k");
        put_count(writer, writer->constants);
        put(writer, " = ");
        put_expression(writer);
        put(writer, "; ");
        writer->constants++;
    } else if (writer->visible != 0) {
        put_variable(writer, writer->visible_list[below(writer, writer->visible)]);
        put(writer, " = ");
        put_expression(writer);
        put(writer, "; ");
    }
}

/* The statements of one block: their declarations end with it. */
static void put_statements(Writer *writer, uint32_t depth)
{
    uint32_t visible = writer->visible, constants = writer->constants;
    for (uint32_t i = below(writer, 6); i > 0; i--)
        put_statement(writer, depth);
    writer->visible = visible;
    writer->constants = constants;
}

static void put_function(Writer *writer, uint32_t number, ByteBuffer *source)
{
    for (int i = 0; i < 2; i++) {
        writer->twin[i].size = 0;
        buffer_put_format(&writer->twin[i], "fn %c%u(a: i32, b: i32) i32 { ", "fg"[i], number);
    }
    buffer_put(&writer->twin[1], slice_from("var v = zero; "));
    writer->variables = writer->visible = writer->constants = 0;
    for (uint32_t i = 4 + below(writer, 8); i > 0; i--)
        put_statement(writer, 0);
    put(writer, "return ");
    put_expression(writer);
    put(writer, "; }\n");
    for (int i = 0; i < 2; i++)
        buffer_put(source, buffer_slice(&writer->twin[i]));
}

static void put_struct(ByteBuffer *source)
{
    buffer_put(source, slice_from("struct All { x0: i32"));
    for (int i = 1; i < MOST_VARIABLES; i++)
        buffer_put_format(source, ", x%d: i32", i);
    buffer_put(source, slice_from(" }\nconst zero = All{ x0: 0"));
    for (int i = 1; i < MOST_VARIABLES; i++)
        buffer_put_format(source, ", x%d: 0", i);
    buffer_put(source, slice_from(" };\n"));
}

static void put_program(Writer *writer, ByteBuffer *source)
{
    put_struct(source);
    for (uint32_t i = 0; i < FUNCTIONS; i++)
        put_function(writer, i, source);
    buffer_put(source, slice_from("fn main() i32 {\n"));
    for (uint32_t i = 0; i < FUNCTIONS; i++)
        for (int a = -2; a < 7; a += 2)
            buffer_put_format(source, "if f%u(%d, %d) != g%u(%d, %d) { print(%u); }\n", i, a,
                              3 - a, i, a, 3 - a, i);
    buffer_put(source, slice_from("print(\"same\"); return 0; }\n"));
    buffer_put_byte(source, '\0');
}

static void test_variables_and_fields_agree(void **state)
{
    (void)state;
    Writer writer = {.random = random_begin()};
    for (int i = 0; i < PROGRAMS; i++) {
        ByteBuffer source = {0}, printed = {0};
        MiniProgram program = {0};
        int status;
        put_program(&writer, &source);
        mini_program_add(&program, "main.mini", source.data);
        if (!mini_program_compile(&program, "main.mini"))
            fail_msg("%s\n%s", program.messages.data, source.data);
        mini_program_run(&program, &printed, &status);
        if (status != 0 || strcmp(printed.data, "same\n") != 0)
            fail_msg("exit status %d, these functions differ:\n%s\n%s", status, printed.data,
                     source.data);
        mini_program_free(&program);
        buffer_free(&printed);
        buffer_free(&source);
    }
    buffer_free(&writer.twin[0]);
    buffer_free(&writer.twin[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_straight_line_needs_no_memory),
        cmocka_unit_test(test_a_branch_sees_what_came_before),
        cmocka_unit_test(test_where_ways_meet_a_changed_variable_is_loaded),
        cmocka_unit_test(test_a_loop_loads_only_what_it_changes),
        cmocka_unit_test(test_fields_that_are_assigned_stay_in_memory),
        cmocka_unit_test(test_variables_and_fields_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
