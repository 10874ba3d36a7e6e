/* SPDX-License-Identifier: MIT */
/* Every message of the parser, with its place; what is reported after an error, and what is not. */
#include "lowered_source.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct ErrorCase {
    const char *source, *errors;
} ErrorCase;

static void expect_errors_of(Slice text, const char *expected)
{
    LoweredSource source;
    lowered_source_open(&source, text);
    assert_string_equal(lowered_source_errors(&source), expected);
    lowered_source_close(&source);
}

static void expect_errors(const ErrorCase *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        expect_errors_of(slice_from(cases[i].source), cases[i].errors);
}

#define EXPECT_ERRORS(cases) expect_errors(cases, sizeof cases / sizeof cases[0])

static void test_top_level(void **state)
{
    (void)state;
    static const ErrorCase cases[] = {
        {"x = 1;", "1:1 expected a declaration (import, const, struct, fn or extern fn), "
                   "found 'x'\n"},
        {"var x = 1;", "1:1 a var stands in a function only: on the top level use const\n"},
        {"const x 1;", "1:9 expected '=' and the value of the constant, found '1'\n"},
        {"const x = f();", "1:11 a top-level constant cannot call a function\n"},
        {"const x = 1", "1:12 expected ';' after the value, found the end of the file\n"},
        {"const x = 1; fn x() { }", "1:17 'x' is already declared in this file\n"
                                    "1:7 note: the first one is here\n"},
        {"import \"a\" as m;\nimport \"b\" as m;",
         "2:15 'm' is already the name of an import\n1:15 note: the first one is here\n"},
        {"import \"a\" as m;\nstruct m { }",
         "2:8 'm' is already the name of an import\n1:15 note: the first one is here\n"},
        {"fn f() { } import \"a\" as m;", "1:12 imports stand before all other declarations\n"},
        {"import a;", "1:8 expected a string with the path after 'import', found 'a'\n"},
        {"import \"a\";", "1:11 expected 'as' and a name after the path, found ';'\n"},
        {"import \"a\" as \"b\";", "1:15 expected a name after 'as', found a string\n"},
        {"import \"a\" as b", "1:16 expected ';' after the import, found the end of the file\n"},
        {"import \"\\x00\" as b;",
         "1:9 \\x00 would end the string: a str is NUL-terminated\n"},
    };
    EXPECT_ERRORS(cases);
}

static void test_structs_and_functions(void **state)
{
    (void)state;
    static const ErrorCase cases[] = {
        {"struct { }", "1:8 expected a name after 'struct', found '{'\n"},
        {"struct P x", "1:10 expected '{' after the struct's name, found 'x'\n"},
        {"struct P { 1: i32 }", "1:12 expected a name of a field, found '1'\n"},
        {"struct P { x i32 }", "1:14 expected ':' and a type after the field's name, "
                               "found 'i32'\n"},
        {"struct P { x: 1 }", "1:15 expected a type, found '1'\n"},
        {"struct P { x: i32 y: i32 }", "1:19 expected ',' or '}' after the field, found 'y'\n"},
        {"struct P { x: i32, x: i64 }", "1:20 the struct has a field 'x' already\n"},
        {"struct P { x: a.B }", "1:16 only an import's name may stand before '.'\n"},
        {"fn 1() { }", "1:4 expected a name after 'fn', found '1'\n"},
        {"fn print() { }", "1:4 'print' is a built-in name\n"},
        {"const i32 = 1;", "1:7 'i32' is a built-in name\n"},
        {"fn f { }", "1:6 expected '(' after the function's name, found '{'\n"},
        {"fn f(1) { }", "1:6 expected a name of a parameter, found '1'\n"},
        {"fn f(a) { }", "1:7 expected ':' and a type after the parameter's name, found ')'\n"},
        {"fn f(a: i32 b: i32) { }", "1:13 expected ',' or ')' after the parameter, found 'b'\n"},
        {"fn f(a: i32,\na: i32) { }", "2:1 'a' is already declared in this block\n"
                                     "1:6 note: the first one is here\n"},
        {"fn f(P: i32, p: P) { }", "1:17 'P' is a local here, not a type\n"},
        {"fn f() -> i32 { }", "1:8 the result's type follows the ')': there is no '->' before it\n"},
        {"fn f();", "1:7 expected '{' to open the function's body, found ';'\n"},
        {"fn f() i32 { }", "1:14 the end of 'f' can be reached without a return\n"},
        {"fn f() i32 { if a { return 1; } else if b { return 1; } }",
         "1:57 the end of 'f' can be reached without a return\n"},
        {"fn f() i32 { while true { break; } }",
         "1:36 the end of 'f' can be reached without a return\n"},
        {"fn f() i32 { while a { return 1; } }",
         "1:36 the end of 'f' can be reached without a return\n"},
        {"extern const x = 1;", "1:8 expected 'fn' after 'extern', found 'const'\n"},
        {"extern fn f() { }", "1:15 expected ';' after the extern function, found '{'\n"},
        {"extern fn f(p: P) P;",
         "1:16 a C function takes and returns i32, i64, f64, bool and str only\n"
         "1:19 a C function takes and returns i32, i64, f64, bool and str only\n"},
        {"extern fn main() i32;", "1:11 'main' cannot be extern: the program has its own\n"},
        {"extern fn printf();", "1:11 'printf' cannot be extern: the program has its own\n"},
        {"extern fn strcmp();", "1:11 'strcmp' cannot be extern: the program has its own\n"},
        {"extern fn fflush();", "1:11 'fflush' cannot be extern: the program has its own\n"},
        {"extern fn dprintf();", "1:11 'dprintf' cannot be extern: the program has its own\n"},
    };
    EXPECT_ERRORS(cases);
}

/* The same for a body in `fn f(x: i32) { ... }`, 16 columns from the left. */
static void expect_body_errors(const ErrorCase *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[512];
        snprintf(text, sizeof text, "import \"m\" as m;\nfn f(x: i32) { %s }",
                 cases[i].source);
        expect_errors_of(slice_from(text), cases[i].errors);
    }
}

#define EXPECT_BODY_ERRORS(cases) expect_body_errors(cases, sizeof cases / sizeof cases[0])

static void test_statements(void **state)
{
    (void)state;
    static const ErrorCase cases[] = {
        {"5;", "2:16 expected a statement, found '5'\n"},
        {"5 { g(; } h(;", "2:16 expected a statement, found '5'\n2:28 expected a value, "
                          "found ';'\n"},
        {"else { }", "2:16 expected a statement, found 'else'\n"},
        {"const = 1;", "2:22 expected a name after 'const', found '='\n"},
        {"var 1;", "2:20 expected a name after 'var', found '1'\n"},
        {"var v;", "2:21 expected '=' and a value: a variable starts with one, found ';'\n"},
        {"const c: i32;", "2:28 expected '=' and the value of the constant, found ';'\n"},
        {"const x = 1;", "2:22 'x' is already declared in this block\n2:6 note: the first one is here\n"},
        {"var v = 1; if true { var v = 2; var v = 3; }",
         "2:52 'v' is already declared in this block\n2:41 note: the first one is here\n"},
        {"x = 1;", "2:16 'x' cannot be assigned: it is a parameter, not a var\n"},
        {"const c = 1; c.a = 2;", "2:29 'c' cannot be assigned: it is a const, not a var\n"},
        {"f = 1;", "2:16 'f' cannot be assigned: no var of this name is known here\n"},
        {"m.a = 1;", "2:16 'm' cannot be assigned: no var of this name is known here\n"},
        {"f().a = 1;", "2:16 'f' cannot be assigned: no var of this name is known here\n"},
        {"var v = 1; v;", "2:27 this value is not used: a statement calls or assigns\n"},
        {"var v = 1; v. = 1;", "2:30 expected a name of a field after '.', found '='\n"},
        {"var v = 1; v = 2", "2:33 expected ';' after the value, found '}'\n"},
        {"x();", "2:17 only a function can be called, and this name is a local here\n"},
        {"g();;", "2:20 expected a statement, found ';'\n"},
        {"g;", "2:16 this value is not used: a statement calls or assigns\n"},
        {"g().x;", "2:16 this value is not used: a statement calls or assigns\n"},
        {"g() x", "2:20 expected ';' after the call, found 'x'\n"},
        {"print x;", "2:22 expected '(' after 'print', found 'x'\n"},
        {"print(x;", "2:23 expected ')' after the value, found ';'\n"},
        {"print(x) }", "2:25 expected ';' after print(...), found '}'\n"
                        "2:27 expected a declaration (import, const, struct, fn or extern fn), "
                        "found '}'\n"},
        {"return 1 2;", "2:25 expected ';' after the value, found '2'\n"},
        {"return }", "2:23 expected a value, found '}'\n"
                     "2:25 expected a declaration (import, const, struct, fn or extern fn), "
                     "found '}'\n"},
        {"break;", "2:16 'break' outside of a loop\n"},
        {"while true { } continue;", "2:31 'continue' outside of a loop\n"},
        {"while true { break }", "2:35 expected ';' after 'break', found '}'\n"},
        {"while true { continue 1; }", "2:38 expected ';' after 'continue', found '1'\n"},
        {"if x return;", "2:21 expected '{' after the condition, found 'return'\n"},
        {"if x { } else return;", "2:30 expected '{' or 'if' after 'else', found 'return'\n"},
    };
    EXPECT_BODY_ERRORS(cases);
}

static void test_expressions(void **state)
{
    (void)state;
    static const ErrorCase cases[] = {
        {"return ;", ""},
        {"return 1 + ;", "2:27 expected a value, found ';'\n"},
        {"return (1;", "2:25 expected ')' after the expression, found ';'\n"},
        {"g(1 2);", "2:20 expected ',' or ')' after the argument, found '2'\n"},
        {"g(1,,2);", "2:20 expected a value, found ','\n"},
        {"return P{ 1 };", "2:26 expected a name of a field, found '1'\n"},
        {"return P{ a 1 };", "2:28 expected ':' after the field's name, found '1'\n"},
        {"return P{ a: 1 b: 2 };", "2:31 expected ',' or '}' after the field, found 'b'\n"},
        {"return x.1;", "2:25 expected a name of a field after '.', found '1'\n"},
        {"return x(1);", "2:24 only a function can be called, by its name or as import.name\n"},
        {"math.add(1);", "2:24 only a function can be called, by its name or as import.name\n"},
        {"return g(1)(2);", "2:27 only a function can be called, by its name or as "
                            "import.name\n"},
        {"return m;", "2:23 'm' is an import: name what you want of it, as in m.name\n"},
        {"return m(1);", "2:23 'm' is an import: name what you want of it, as in m.name\n"},
        {"return m & 1;", "2:25 Mini has no operators on bits: did you mean '&&'?\n"},
        {"return m.1;", "2:25 expected a name of the import after '.', found '1'\n"},
        {"return x as P;", "2:28 expected i32, i64 or f64 after 'as', found 'P'\n"},
        {"return print(x);", "2:23 expected a value, found 'print'\n"},
        {"return 18446744073709551616;", "2:23 this integer does not fit in 64 bits\n"},
        {"return 1e309;", "2:23 this float is larger than an f64 can be\n"},
        {"return \"a\\n\\q\";", "2:27 unknown escape: a string knows \\n \\t \\\\ \\\" and "
                               "\\xNN\n"},
        {"return \"\\x0\";", "2:24 \\x needs two hex digits\n"},
        {"return 1 & 2;", "2:25 Mini has no operators on bits: did you mean '&&'?\n"},
        {"return 12ab;", "2:23 '12ab' is not a number\n"},
        {"return \"ab;\n", "2:23 the string is not closed on its line\n"},
        {"return \xc3\xa9;", "2:23 unexpected character U+00E9\n"},
    };
    EXPECT_BODY_ERRORS(cases);
}

static void test_what_is_missing_is_reported_where_it_is_missing(void **state)
{
    (void)state;
    static const ErrorCase cases[] = {
        {"fn f() {\n  g()\n  h();\n}", "2:6 expected ';' after the call, found 'h'\n"},
        {"fn f() i32 {\n  return 1 // one\n}", "2:11 expected ';' after the value, found '}'\n"},
        {"fn f() {\n", "1:9 expected '}' to close the block of line 1, found the end of the "
                       "file\n"},
        {"fn f() { if a {\n if b { g();\nfn h() { }",
         "2:13 expected '}' to close the block of line 2, found 'fn'\n"},
    };
    EXPECT_ERRORS(cases);
}

static void test_each_mistake_is_reported_and_nothing_that_follows_from_it(void **state)
{
    (void)state;
    static const ErrorCase cases[] = {
        /* a statement is skipped up to its ';', with the braces in it */
        {"fn f() i32 { a = @; b(P{ x 1, y: { 2 } }); c(}); return 1; }",
         "1:14 'a' cannot be assigned: no var of this name is known here\n"
         "1:18 unexpected character '@'\n"
         "1:28 expected ':' after the field's name, found '1'\n"
         "1:46 expected a value, found '}'\n"
         "1:47 expected a declaration (import, const, struct, fn or extern fn), found ')'\n"},
        /* or up to a word that begins one */
        {"fn f() { a(1 return; b(2 if c { d(3 } e(4; while true { x y; } }",
         "1:14 expected ',' or ')' after the argument, found 'return'\n"
         "1:26 expected ',' or ')' after the argument, found 'if'\n"
         "1:37 expected ',' or ')' after the argument, found '}'\n"
         "1:42 expected ',' or ')' after the argument, found ';'\n"
         "1:57 a variable begins with var or const, and its type follows its name: write "
         "var y: x = ...\n"},
        /* the rest after an extra '}' is reported once */
        {"fn f() { } } const a = f(); var b = 1; }\nfn g() { h(; }",
         "1:12 expected a declaration (import, const, struct, fn or extern fn), found '}'\n"
         "2:12 expected a value, found ';'\n"},
        /* a variable with a wrong value is still a variable */
        {"fn f() { var v = ; v = 1; var w: 5 = 1; w = v; }",
         "1:18 expected a value, found ';'\n1:34 expected a type, found '5'\n"},
        /* a wrong condition or signature does not hide the block */
        {"fn f(a i32) i32 { if + { g(; } else { h(; } while ( { i(; } }",
         "1:8 expected ':' and a type after the parameter's name, found 'i32'\n"
         "1:22 expected a value, found '+'\n"
         "1:28 expected a value, found ';'\n"
         "1:41 expected a value, found ';'\n"
         "1:53 expected a value, found '{'\n"
         "1:57 expected a value, found ';'\n"},
        /* a block without '{' */
        {"fn f(a: i32) i32 { if (a == 1) return 1; return 2; }\nfn g() { h(; }",
         "1:32 expected '{' after the condition, found 'return'\n"
         "2:12 expected a value, found ';'\n"},
        {"fn f() { if a b(); } c(P{ x 1 }); d(; }",
         "1:15 expected '{' after the condition, found 'b'\n"
         "1:29 expected ':' after the field's name, found '1'\n"
         "1:37 expected a value, found ';'\n"},
        /* a function without '}' does not hide the next one */
        {"fn f() { if a { g(;\nfn h() { i(; }",
         "1:19 expected a value, found ';'\n"
         "1:20 expected '}' to close the block of line 1, found 'fn'\n"
         "2:12 expected a value, found ';'\n"},
        /* declarations */
        {"import a;\nconst b = ;\nstruct c { d; e }\nfn 1() { g(; }\nextern fn h(i;\n"
         "fn j() { k(; }",
         "1:8 expected a string with the path after 'import', found 'a'\n"
         "2:11 expected a value, found ';'\n"
         "3:13 expected ':' and a type after the field's name, found ';'\n"
         "4:4 expected a name after 'fn', found '1'\n"
         "5:14 expected ':' and a type after the parameter's name, found ';'\n"
         "6:12 expected a value, found ';'\n"},
        /* a string that is not closed takes its line with it, not more */
        {"fn f() {\n  g(\"abc);\n  h(;\n}",
         "2:5 the string is not closed on its line\n"},
        {"fn f() {\n  g(\"abc);\n  return 1 2;\n}",
         "2:5 the string is not closed on its line\n"
         "3:12 expected ';' after the value, found '2'\n"},
    };
    EXPECT_ERRORS(cases);
}

static void test_bytes_that_are_no_text(void **state)
{
    (void)state;
    static const char bytes[] = "// \xff \xff\n// \xc3\xa9\nfn f() { g(\"\0\"); \0 }";
    expect_errors_of(slice_of(bytes, sizeof bytes - 1),
                     "1:4 this is not UTF-8\n3:13 a source holds no NUL bytes\n");
    expect_errors_of(slice_of("\0", 1), "1:1 a source holds no NUL bytes\n");
    expect_errors_of(slice_of("// \xe2\x82", 5), "1:4 this is not UTF-8\n");
}

static void test_names_are_cut_in_messages(void **state)
{
    (void)state;
    char name[5001], text[5100];
    memset(name, 'n', 5000);
    name[5000] = '\0';
    snprintf(text, sizeof text, "fn f() { %s; 1%s; }", name, "x");
    expect_errors_of(slice_from(text),
                     "1:10 this value is not used: a statement calls or assigns\n"
                     "1:5012 '1x' is not a number\n");
    snprintf(text, sizeof text, "%s", name);
    expect_errors_of(slice_from(text),
                     "1:1 expected a declaration (import, const, struct, fn or extern fn), found "
                     "'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn'\n");
}

static void test_too_many_errors_end_the_file(void **state)
{
    (void)state;
    ByteBuffer text = {0};
    for (int i = 0; i < 2 * MINI_MAX_ERRORS; i++)
        buffer_put(&text, slice_from("const a = ;\n"));
    LoweredSource source;
    lowered_source_open(&source, buffer_slice(&text));
    /* every second error has a note */
    assert_int_equal(source.diagnostics.count, MINI_MAX_ERRORS + MINI_MAX_ERRORS / 2);
    const Diagnostic *last = &source.diagnostics.items[source.diagnostics.count - 1];
    assert_int_equal(last->line, 51); /* from line 2 on, `a` is a second error */
    assert_memory_equal(last->message.data, "too many errors", 15);
    lowered_source_close(&source);
    buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_top_level),
        cmocka_unit_test(test_structs_and_functions),
        cmocka_unit_test(test_statements),
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_what_is_missing_is_reported_where_it_is_missing),
        cmocka_unit_test(test_each_mistake_is_reported_and_nothing_that_follows_from_it),
        cmocka_unit_test(test_bytes_that_are_no_text),
        cmocka_unit_test(test_names_are_cut_in_messages),
        cmocka_unit_test(test_too_many_errors_end_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
