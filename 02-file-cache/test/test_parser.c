/* SPDX-License-Identifier: MIT */
/* The lowered form of each Mini construct, as zir_print lists it. */
#include "lowered_source.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

static void expect_listing(const char *text, const char *expected)
{
    LoweredSource source;
    lowered_source_open(&source, slice_from(text));
    assert_string_equal(lowered_source_errors(&source), "");
    assert_string_equal(lowered_source_listing(&source), expected);
    lowered_source_close(&source);
}

/* The body of a function f with a parameter x and no result. */
static void expect_body(const char *body, const char *expected)
{
    char text[1024], listing[2048];
    snprintf(text, sizeof text, "import \"m.mini\" as m;\nfn f(x: i32) {\n%s\n}\n", body);
    snprintf(listing, sizeof listing, "f:\n0 PARAM x i32\n1 RESULT\n%s%s",
             *expected == '\0' ? "" : "--\n", expected);
    expect_listing(text, listing);
}

/* The value of a constant, and everything before it. */
static void expect_constant(const char *expression, const char *expected)
{
    char text[1024], listing[1024];
    snprintf(text, sizeof text, "const c = %s;", expression);
    snprintf(listing, sizeof listing, "c:\n%s", expected);
    expect_listing(text, listing);
}

static void test_the_picture_in_zir_h(void **state)
{
    (void)state;
    expect_listing("fn add(a: i32, b: i32) i32 { return a + b; }",
                   "add:\n0 PARAM a i32\n1 PARAM b i32\n2 RESULT i32\n--\n3 ADD 0 1\n4 RETURN 3\n");
}

static void test_declarations(void **state)
{
    (void)state;
    expect_listing("", "");
    expect_listing("const a: i64 = 1; const b: P = a;",
                   "a:\n0 INT 1\n1 CONST_VALUE 0 i64\nb:\n0 REF @1\n1 CONST_VALUE 0 @0\n");
    expect_listing("import \"m\" as m; struct E { } struct P { x: i32, y: m.Q, }",
                   "E:\nP:\n0 FIELD_DECL x i32\n1 FIELD_DECL y @0\n");
    expect_listing("extern fn puts(s: str) i32; extern fn stop();",
                   "puts:\n0 PARAM s str\n1 RESULT i32\nstop:\n0 RESULT\n");
    expect_listing("fn f(a: f64, b: bool, p: P,) P { return p; }",
                   "f:\n0 PARAM a f64\n1 PARAM b bool\n2 PARAM p @0\n3 RESULT @0\n--\n"
                   "4 RETURN 2\n");
}

static void test_literals(void **state)
{
    (void)state;
    expect_constant("0xFF", "0 INT 255\n1 CONST_VALUE 0\n");
    expect_constant("18446744073709551615", "0 INT 18446744073709551615\n1 CONST_VALUE 0\n");
    expect_constant("-9223372036854775808", "0 INT -9223372036854775808\n1 CONST_VALUE 0\n");
    expect_constant("- 2147483648", "0 INT -2147483648\n1 CONST_VALUE 0\n");
    expect_constant("1.5e-3", "0 FLOAT 0.0015\n1 CONST_VALUE 0\n");
    expect_constant("-0.0", "0 FLOAT -0\n1 CONST_VALUE 0\n");
    expect_constant("true", "0 BOOL 1\n1 CONST_VALUE 0\n");
    expect_constant("\"a\\n\\\"\\x41\"", "0 STR \"a\\x0a\\x22A\"\n1 CONST_VALUE 0\n");
    expect_constant("\"\"", "0 STR \"\"\n1 CONST_VALUE 0\n");
}

static void test_unary_and_as(void **state)
{
    (void)state;
    expect_constant("--1", "0 INT -1\n1 NEG 0\n2 CONST_VALUE 1\n");
    expect_constant("-(1)", "0 INT 1\n1 NEG 0\n2 CONST_VALUE 1\n");
    expect_constant("!!true", "0 BOOL 1\n1 NOT 0\n2 NOT 1\n3 CONST_VALUE 2\n");
    expect_constant("-a as i64 as f64", "0 REF @0\n1 NEG 0\n2 CAST 1 i64\n3 CAST 2 f64\n"
                                        "4 CONST_VALUE 3\n");
    expect_constant("2 * a as i64", "0 INT 2\n1 REF @0\n2 CAST 1 i64\n3 MUL 0 2\n"
                                    "4 CONST_VALUE 3\n");
}

static void test_binary_operators_bind_as_in_c(void **state)
{
    (void)state;
    expect_constant("1 - 2 - 3", "0 INT 1\n1 INT 2\n2 SUB 0 1\n3 INT 3\n4 SUB 2 3\n"
                                 "5 CONST_VALUE 4\n");
    expect_constant("1 - (2 - 3)", "0 INT 1\n1 INT 2\n2 INT 3\n3 SUB 1 2\n4 SUB 0 3\n"
                                   "5 CONST_VALUE 4\n");
    expect_constant("1 + 2 * 3 % 4", "0 INT 1\n1 INT 2\n2 INT 3\n3 MUL 1 2\n4 INT 4\n5 REM 3 4\n"
                                     "6 ADD 0 5\n7 CONST_VALUE 6\n");
    expect_constant("1 < 2 == 3 >= 4", "0 INT 1\n1 INT 2\n2 LT 0 1\n3 INT 3\n4 INT 4\n5 GE 3 4\n"
                                       "6 EQ 2 5\n7 CONST_VALUE 6\n");
    expect_constant("1 < 2 <= 3", "0 INT 1\n1 INT 2\n2 LT 0 1\n3 INT 3\n4 LE 2 3\n"
                                  "5 CONST_VALUE 4\n");
    expect_constant("1 / 2 != 3 > 4", "0 INT 1\n1 INT 2\n2 DIV 0 1\n3 INT 3\n4 INT 4\n5 GT 3 4\n"
                                      "6 NE 2 5\n7 CONST_VALUE 6\n");
}

static void test_logic_encloses_its_right_operand(void **state)
{
    (void)state;
    expect_constant("a && b", "0 REF @0\n1 AND 0 3\n2 REF @1\n3 LOGIC_END 1 2\n4 CONST_VALUE 3\n");
    expect_constant("a || b && c || d",
                    "0 REF @0\n1 OR 0 6\n2 REF @1\n3 AND 2 5\n4 REF @2\n5 LOGIC_END 3 4\n"
                    "6 LOGIC_END 1 5\n7 OR 6 9\n8 REF @3\n9 LOGIC_END 7 8\n10 CONST_VALUE 9\n");
}

static void test_struct_literals_and_fields(void **state)
{
    (void)state;
    expect_constant("P{ x: 1, y: Q{ }, }.y.z",
                    "0 INT 1\n1 STRUCT_LIT @1 0\n2 INIT 0 x\n3 INIT 1 y\n4 STRUCT_LIT @0 2\n"
                    "5 FIELD 4 y\n6 FIELD 5 z\n7 CONST_VALUE 6\n");
    expect_body("if (m.P{ x: 1 }).x == x { }",
                "2 INT 1\n3 INIT 2 x\n4 STRUCT_LIT @0 1\n5 FIELD 4 x\n6 EQ 5 0\n7 IF 6 8\n"
                "8 END 7\n");
    expect_body("if g() == k { }", "2 CALL @0 0\n3 REF @1\n4 EQ 2 3\n5 IF 4 6\n6 END 5\n");
    expect_body("while g(P{ }) { }", "2 LOOP\n3 STRUCT_LIT @1 0\n4 ARG 3\n5 CALL @0 1\n"
                                     "6 LOOP_COND 5 7\n7 END_LOOP 2\n");
}

static void test_arguments_stand_before_their_call(void **state)
{
    (void)state;
    expect_body("g(1, m.h(x, 2),);", "2 INT 1\n3 INT 2\n4 ARG 0\n5 ARG 3\n6 CALL @1 2\n7 ARG 2\n"
                                     "8 ARG 6\n9 CALL @0 2\n");
    expect_body("f(g(), g());", "2 CALL @1 0\n3 CALL @1 0\n4 ARG 2\n5 ARG 3\n6 CALL @0 2\n");
}

/* Texts with a common start that share a hash table with those of other functions. */
static void test_each_text_stands_once(void **state)
{
    (void)state;
    enum { TEXTS = 50, FUNCTIONS = 40 };
    ByteBuffer text = {0};
    for (int i = 0; i < FUNCTIONS; i++) {
        buffer_put(&text, slice_from("fn f"));
        buffer_put_decimal(&text, (uint64_t)i);
        buffer_put(&text, slice_from("() {"));
        for (int size = 2 * TEXTS - 1; size >= 0; size--) {
            buffer_put(&text, slice_from("print(\""));
            for (int j = 0; j < size % TEXTS; j++)
                buffer_put_byte(&text, (char)('0' + i));
            buffer_put(&text, slice_from("\");"));
        }
        buffer_put(&text, slice_from("}"));
    }
    LoweredSource source;
    Zir zir;
    lowered_source_open(&source, buffer_slice(&text));
    lowered_source_part(&source, "f7", &zir);
    assert_int_equal(zir.text_size, TEXTS * (TEXTS + 1) / 2);
    for (uint32_t i = 0; i < 2 * TEXTS; i++)
        assert_int_equal(strspn(zir.text + zir.insts[1 + 2 * i].a, "7"),
                         TEXTS - 1 - i % TEXTS);
    lowered_source_close(&source);
    buffer_free(&text);
}

static void test_locals_and_assignments(void **state)
{
    (void)state;
    expect_body("const a = x; const b: i64 = a;", "2 LET 0\n3 LET 2 i64\n");
    expect_body("var v: P = g(); v = v; v.a.b = v.c;",
                "2 CALL @1 0\n3 VAR 2 @0\n4 ADDR 3\n5 GET 3\n6 STORE 4 5\n7 ADDR 3\n"
                "8 FIELD_ADDR 7 a\n9 FIELD_ADDR 8 b\n10 GET 3\n11 FIELD 10 c\n12 STORE 9 11\n");
    expect_body("print(x);", "2 PRINT 0\n");
    expect_body("return;", "2 RETURN -\n");
}

static void test_a_local_hides_what_stands_around_it(void **state)
{
    (void)state;
    expect_body("if true { const x = x; const m = 1; print(m.y); print(x); } print(x); m.g();",
                "2 BOOL 1\n3 IF 2 10\n4 LET 0\n5 INT 1\n6 LET 5\n7 FIELD 6 y\n8 PRINT 7\n"
                "9 PRINT 4\n10 END 3\n11 PRINT 0\n12 CALL @0 0\n");
    expect_body("while x < 1 { var f = 2; f = 3; } f(x);",
                "2 LOOP\n3 INT 1\n4 LT 0 3\n5 LOOP_COND 4 11\n6 INT 2\n7 VAR 6\n8 ADDR 7\n9 INT 3\n"
                "10 STORE 8 9\n11 END_LOOP 2\n12 ARG 0\n13 CALL @0 1\n");
}

static void test_if_and_its_chains(void **state)
{
    (void)state;
    expect_body("if true { }", "2 BOOL 1\n3 IF 2 4\n4 END 3\n");
    expect_body("if true { } else { }", "2 BOOL 1\n3 IF 2 4\n4 ELSE 3 5\n5 END 3\n");
    expect_body("if true { g(); } else if false { } else if x { } else { h(); }",
                "2 BOOL 1\n3 IF 2 5\n4 CALL @0 0\n5 ELSE 3 14\n6 BOOL 0\n7 IF 6 8\n8 ELSE 7 13\n"
                "9 IF 0 10\n10 ELSE 9 12\n11 CALL @1 0\n12 END 9\n13 END 7\n14 END 3\n");
}

static void test_loops(void **state)
{
    (void)state;
    expect_body("while x == 1 { while true { continue; } break; }",
                "2 LOOP\n3 INT 1\n4 EQ 0 3\n5 LOOP_COND 4 12\n6 LOOP\n7 BOOL 1\n8 LOOP_COND 7 10\n"
                "9 CONTINUE 6\n10 END_LOOP 6\n11 BREAK 2\n12 END_LOOP 2\n");
}

static void test_ways_to_end_a_function_with_a_result(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "return 1;",
        "return 1; g();",
        "if a { return 1; } else { return 2; }",
        "if a { return 1; } else if b { return 2; } else { while true { } }",
        "while true { if a { return 1; } }",
        "while true { while b { break; } }",
        "while true { if a { continue; } return 1; }",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        char text[256];
        LoweredSource source;
        snprintf(text, sizeof text, "fn f() i32 { %s }", bodies[i]);
        lowered_source_open(&source, slice_from(text));
        assert_string_equal(lowered_source_errors(&source), "");
        lowered_source_close(&source);
    }
}

static void expect_text(const LoweredSource *source, TextRange range, const char *expected)
{
    Slice text = declarations_text(&source->declarations, range);
    assert_int_equal(text.size, strlen(expected));
    assert_memory_equal(text.data, expected, text.size);
}

static void test_what_the_declarations_say(void **state)
{
    (void)state;
    LoweredSource source;
    lowered_source_open(&source, slice_from("import \"a\\x62.mini\" as ab;\n"
                                            "  import \"c\" as c;\n"
                                            "const k: P = ab.k;\n"
                                            " fn f(p: c.P) P { k(); ab.k(); P(); return f(p); }"));
    const Declarations *view = &source.declarations;
    assert_int_equal(view->import_count, 2);
    expect_text(&source, view->imports[0].path, "ab.mini");
    assert_int_equal(view->imports[0].line, 1);
    assert_int_equal(view->imports[0].column, 8);
    expect_text(&source, view->imports[1].path, "c");
    assert_int_equal(view->imports[1].line, 2);
    assert_int_equal(view->imports[1].column, 10);
    assert_int_equal(view->count, 2);
    assert_int_equal(view->items[1].line, 4);
    assert_int_equal(view->items[1].column, 5);
    static const struct {
        uint32_t declaration, import;
        const char *name;
    } references[] = {{0, IMPORT_SELF, "P"}, {0, 0, "k"},           {1, 1, "P"},
                      {1, IMPORT_SELF, "P"}, {1, IMPORT_SELF, "k"}, {1, 0, "k"},
                      {1, IMPORT_SELF, "f"}};
    assert_int_equal(view->reference_count, 7);
    for (uint32_t i = 0; i < 7; i++) {
        assert_int_equal(view->references[i].import, references[i].import);
        expect_text(&source, view->references[i].name, references[i].name);
    }
    assert_int_equal(view->items[0].interface_reference_count, 2);
    assert_int_equal(view->items[0].body_reference_count, 0);
    assert_int_equal(view->items[1].interface_reference_count, 2);
    assert_int_equal(view->items[1].body_reference_count, 3);
    lowered_source_close(&source);
}

static void test_the_prelude_line_of_an_extern_function(void **state)
{
    (void)state;
    LoweredSource source;
    lowered_source_open(&source,
                        slice_from("extern fn f(a: i32, b: i64, c: f64, d: bool, e: str) bool;\n"
                                   "extern fn g(); extern fn h() str; fn i() { }"));
    const Declaration *items = source.declarations.items;
    expect_text(&source, items[0].prelude_symbol, "f");
    expect_text(&source, items[0].prelude_line,
                "declare zeroext i1 @\"f\"(i32, i64, double, i1 zeroext, ptr)");
    expect_text(&source, items[1].prelude_line, "declare void @\"g\"()");
    expect_text(&source, items[2].prelude_line, "declare ptr @\"h\"()");
    expect_text(&source, items[3].prelude_line, "");
    lowered_source_close(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_picture_in_zir_h),
        cmocka_unit_test(test_declarations),
        cmocka_unit_test(test_literals),
        cmocka_unit_test(test_unary_and_as),
        cmocka_unit_test(test_binary_operators_bind_as_in_c),
        cmocka_unit_test(test_logic_encloses_its_right_operand),
        cmocka_unit_test(test_struct_literals_and_fields),
        cmocka_unit_test(test_arguments_stand_before_their_call),
        cmocka_unit_test(test_each_text_stands_once),
        cmocka_unit_test(test_locals_and_assignments),
        cmocka_unit_test(test_a_local_hides_what_stands_around_it),
        cmocka_unit_test(test_if_and_its_chains),
        cmocka_unit_test(test_loops),
        cmocka_unit_test(test_ways_to_end_a_function_with_a_result),
        cmocka_unit_test(test_what_the_declarations_say),
        cmocka_unit_test(test_the_prelude_line_of_an_extern_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
