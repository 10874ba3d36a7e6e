/* SPDX-License-Identifier: MIT */
/* What is right in other languages: one message each, which says how Mini writes it. */
#include "lowered_source.h"
#include "scratch.h"

#include <stdio.h>

typedef struct Habit {
    const char *written, *errors;
} Habit;

static void expect_errors(const char *text, const char *expected)
{
    LoweredSource source;
    lowered_source_open(&source, slice_from(text));
    if (strcmp(lowered_source_errors(&source), expected) != 0)
        print_message("in: %s\n", text);
    assert_string_equal(lowered_source_errors(&source), expected);
    lowered_source_close(&source);
}

/* In the second line of a function, from column 1. */
static void expect_body_errors(const Habit *habits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[512];
        snprintf(text, sizeof text, "fn f(x: i32) i32 { var v = 1;\n%s\nv = 2; return v; }",
                 habits[i].written);
        expect_errors(text, habits[i].errors);
    }
}

#define EXPECT_BODY_ERRORS(habits) expect_body_errors(habits, sizeof habits / sizeof habits[0])

static void test_assignments(void **state)
{
    (void)state;
    static const Habit habits[] = {
        {"v += 1;", "2:3 there is no '+=': write v = v + ...\n"},
        {"q -= 1;", "2:3 there is no '-=': write q = q - ...\n"},
        {"v.x *= 1;", "2:5 there is no '*=': write a = a * ...\n"},
        {"v /= 1;", "2:3 there is no '/=': write v = v / ...\n"},
        {"v %= 1;", "2:3 there is no '%=': write v = v % ...\n"},
        {"v++;", "2:2 there is no '++': write a = a + 1\n"},
        {"v--;", "2:2 there is no '--': write a = a - 1\n"},
        {"++v;", "2:1 there is no '++': write a = a + 1\n"},
        {"--v;", "2:1 there is no '--': write a = a - 1\n"},
        {"v = v++;", "2:6 there is no '++': write a = a + 1\n"},
        {"v = v--;", "2:7 there is no '--': write a = a - 1\n"},
        {"v == 1;", "2:3 '==' compares: '=' assigns\n"},
        {"v;", "2:1 this value is not used: a statement calls or assigns\n"},
    };
    EXPECT_BODY_ERRORS(habits);
}

static void test_variables(void **state)
{
    (void)state;
    static const Habit habits[] = {
        {"let y = 1;", "2:1 there is no 'let': write const for a value that stays, var for one that "
                       "changes\n"},
        {"int y = 1;", "2:1 a variable begins with var or const, and its type follows its name: write "
                       "var y: i32 = ...\n"},
        {"i64 y = 1;", "2:1 a variable begins with var or const, and its type follows its name: write "
                       "var y: i64 = ...\n"},
        {"P y = z;", "2:1 a variable begins with var or const, and its type follows its name: write "
                     "var y: P = ...\n"},
        {"y: i32 = 1;", "2:1 a variable begins with var or const: write one before 'y'\n"},
        {"y := 1;", "2:1 a variable begins with var or const: write one before 'y'\n"},
        {"var i32 y = 1;", "2:5 the name comes before the type: write y: i32\n"},
        {"var i32 y = 1; y = 2;", "2:5 the name comes before the type: write y: i32\n"},
        {"const double y = 1;", "2:7 the name comes before the type: write y: f64\n"},
    };
    EXPECT_BODY_ERRORS(habits);
}

static void test_blocks(void **state)
{
    (void)state;
    static const Habit habits[] = {
        {"for (var i = 0; i < 3; i++) { break; }",
         "2:1 there is no 'for': write while, with a var that counts\n"},
        {"for i in 0..3 { g(; }", "2:1 there is no 'for': write while, with a var that counts\n"
                                  "2:19 expected a value, found ';'\n"},
        {"for x;", "2:1 there is no 'for': write while, with a var that counts\n"},
        {"if x == 1 { } elif x == 2 { v = 3; }", "2:15 there is no 'elif': write else if\n"},
        {"if x == 1 { } elif (x) { g(; }", "2:15 there is no 'elif': write else if\n"
                                           "2:28 expected a value, found ';'\n"},
        {"switch (v) { case 1: break; }",
         "2:1 there is no 'switch': write if ... { } else if ... { }\n"},
        {"do { v = 1; } while (v < 1);",
         "2:1 there is no 'do': write while true { ... }, with a break\n"},
        {"v = if x { 1 } else { 2 };",
         "2:5 'if' is a statement and has no value: assign in its blocks\n"},
        {"retrun 0;", "2:1 unknown word 'retrun': did you mean 'return'?\n"},
        {"whlie x { break; }", "2:1 unknown word 'whlie': did you mean 'while'?\n"},
        {"vra y = 1;", "2:1 unknown word 'vra': did you mean 'var'?\n"},
        {"prnt \"a\";", "2:1 unknown word 'prnt': did you mean 'print'?\n"},
    };
    EXPECT_BODY_ERRORS(habits);
}

static void test_expressions(void **state)
{
    (void)state;
    static const Habit habits[] = {
        {"if v = 0 { v = 1; }", "2:6 '=' assigns: '==' compares\n"},
        {"while (v = 0) { v = 1; }", "2:10 '=' assigns: '==' compares\n"},
        {"if P{ x: 1 } == p { g(; }",
         "2:7 in a condition a struct literal stands in parentheses: (P{ ... })\n"
         "2:23 expected a value, found ';'\n"},
        {"while p != P{ y: 1 } { break; }",
         "2:15 in a condition a struct literal stands in parentheses: (P{ ... })\n"},
        {"if x == 1 and v == 2 { }", "2:11 there is no 'and': write '&&'\n"},
        {"if x == 1 or v == 2 { }", "2:11 there is no 'or': write '||'\n"},
        {"if not x { }", "2:4 there is no 'not': write '!'\n"},
        {"g('text');", "2:3 a string stands between double quotes: \"text\"\n"},
        {"g('a\"b');", "2:3 a string stands between double quotes, not single ones\n"},
        {"g(');", "2:3 a string stands between double quotes, not single ones\n"},
        {"v = 6 & 3;", "2:7 Mini has no operators on bits: did you mean '&&'?\n"},
        {"v = 6 ^ 3;", "2:7 unexpected '^': Mini has neither operators on bits nor a power\n"},
        {"v = ~3;", "2:5 unexpected '~': Mini has no operators on bits\n"},
        {"v = 6 << 3;", "2:7 Mini has no operators on bits: for '<<', multiply by 2, 4, 8 ...\n"},
        {"v = 6 >> 3;", "2:7 Mini has no operators on bits: for '>>', divide by 2, 4, 8 ...\n"},
        {"v = 6 ** 3;", "2:7 there is no '**': write a * a\n"},
        {"v = p->x;", "2:6 there is no '->': write '.'\n"},
        {"v = m::x;", "2:6 there is no '::': write '.'\n"},
        {"if v === 1 { }", "2:6 there is no '===': write '=='\n"},
        {"if v <> 1 { }", "2:6 there is no '<>': write '!='\n"},
        {"v = x == 1 ? 2 : 3;",
         "2:12 unexpected '?': Mini chooses with 'if' and 'else', between statements\n"},
        {"v = a[v + 1];", "2:6 unexpected '[': Mini has no arrays\n"},
        {"/* one\ntwo */ v = 1 /* three */ + 2;",
         "2:1 a comment begins with '//' and ends with its line: Mini has no /* */\n"
         "3:14 a comment begins with '//' and ends with its line: Mini has no /* */\n"},
    };
    EXPECT_BODY_ERRORS(habits);
}

static void test_numbers(void **state)
{
    (void)state;
    static const Habit habits[] = {
        {"g(1.5f);", "2:3 '1.5f' is not a number: without its suffix, 1.5 is an f64\n"},
        {"g(1f);", "2:3 '1f' is not a number: without its suffix, 1.0 is an f64\n"},
        {"g(10ull);", "2:3 '10ull' is not a number: an integer has no suffix, write 10\n"},
        {"g(1_000);", "2:3 '1_000' is not a number: write its digits together, 1000\n"},
        {"g(0b11);", "2:3 '0b11' is not a number: write it decimal, or hexadecimal with 0x\n"},
        {"g(12ab);", "2:3 '12ab' is not a number\n"},
        {"g(.5);", "2:3 a number begins with a digit: write a 0 before the '.'\n"},
        {"g(1.);", "2:3 '1.' is not a number: write 1.0\n"},
    };
    EXPECT_BODY_ERRORS(habits);
}

static void test_top_level(void **state)
{
    (void)state;
    static const Habit habits[] = {
        {"fn f() -> i32 { return 1; }",
         "1:8 the result's type follows the ')': there is no '->' before it\n"},
        {"fn f(): i32 { return 1; }",
         "1:7 the result's type follows the ')': there is no ':' before it\n"},
        {"fn f() void { }", "1:8 a function without a result has no type after its ')'\n"},
        {"fn f(int a) { }", "1:6 the name comes before the type: write a: i32\n"},
        {"fn f(str a) { }", "1:6 the name comes before the type: write a: str\n"},
        {"struct P { int x; }", "1:12 the name comes before the type: write x: i32\n"},
        {"func f() { }", "1:1 there is no 'func': a function begins with fn\n"},
        {"int main() { }", "1:1 a declaration begins with fn or const; types follow names\n"},
        {"cosnt X = 1;", "1:1 expected a declaration, found 'cosnt': did you mean 'const'?\n"},
        {"print(\"a\");",
         "1:1 a statement stands in a function, as in fn main() i32 { ... }\n"},
        {"/* no\nend", "1:1 a comment begins with '//' and ends with its line: Mini has no /* */\n"},
        {"\xef\xbb\xbf// x\nfn f() { }",
         "1:1 the file begins with a byte order mark: save it as UTF-8 without one\n"},
        {"fn f() { }\xef\xbb\xbf", "1:11 unexpected character U+FEFF\n"},
        /* right ones */
        {"fn f(a: i32) { var b = a - -1; b = a*-1; if a >= -b { } }", ""},
    };
    for (size_t i = 0; i < sizeof habits / sizeof *habits; i++)
        expect_errors(habits[i].written, habits[i].errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_assignments), cmocka_unit_test(test_variables),
        cmocka_unit_test(test_blocks),      cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_numbers),     cmocka_unit_test(test_top_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
