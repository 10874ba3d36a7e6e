/* SPDX-License-Identifier: MIT */
/* Every error of types and names, once, where it is reported; and what is not an error. */
#include "mini_program.h"

#include "scratch.h"

#include <stdio.h>

typedef struct ErrorCase {
    const char *source;
    const char *errors; /* "line:column: message\n" of each */
} ErrorCase;

/* ---- one file ------------------------------------------------------------------------------ */

/* The messages without "main.mini:" and "error: ". */
static void strip_messages(const MiniProgram *program, ByteBuffer *text)
{
    for (size_t i = 0; i < program->diagnostics.count; i++) {
        const Diagnostic *item = &program->diagnostics.items[i];
        char place[32];
        if (item->severity == SEVERITY_NOTE)
            continue;
        snprintf(place, sizeof place, "%u:%u: ", item->line, item->column);
        buffer_put(text, slice_from(place));
        buffer_put(text, item->message);
        buffer_put_byte(text, '\n');
    }
    buffer_put_byte(text, '\0');
}

static void check_errors(const ErrorCase *test)
{
    MiniProgram program = {0};
    ByteBuffer text = {0};
    mini_program_add(&program, "main.mini", test->source);
    mini_program_compile(&program, "main.mini");
    strip_messages(&program, &text);
    if (strcmp(text.data, test->errors) != 0)
        print_message("in: %s\n", test->source);
    assert_string_equal(text.data, test->errors);
    buffer_free(&text);
    mini_program_free(&program);
}

#define CHECK_ALL(cases)                                            \
    for (size_t i_ = 0; i_ < sizeof(cases) / sizeof *(cases); i_++) \
        check_errors(&(cases)[i_])

static void test_names(void **state)
{
    (void)state;
    static const ErrorCase cases[] = {
        {"fn f() { print(x); }", "1:16: undefined name 'x'\n"},
        {"fn f() { g(); }", "1:10: undefined name 'g'\n"},
        {"fn f(p: P) { }", "1:9: undefined name 'P'\n"},
        {"fn f() { const p = P{ x: 1 }; }", "1:20: undefined name 'P'\n"},
        {"fn f() { print(f); }", "1:16: 'f' is a function, not a value\n"},
        {"struct S { x: i32 } fn f() { print(S); }", "1:36: 'S' is a struct, not a value\n"},
        {"const c = 1; fn f() { c(); }", "1:23: 'c' is a constant, not a function\n"},
        {"struct S { x: i32 } fn f() { S(); }", "1:30: 'S' is a struct, not a function\n"},
        {"fn f() { const s = f{}; }", "1:20: 'f' is a function, not a struct\n"},
        {"const c = 1; fn f() { const x: c = 1; }", "1:32: 'c' is a constant, not a type\n"},
        {"struct S { x: f } fn f() { }", "1:15: 'f' is a function, not a type\n"},
    };
    CHECK_ALL(cases);
}

static void test_literals(void **state)
{
    (void)state;
    static const ErrorCase cases[] = {
        {"fn f() { const x: i32 = 2147483647; const y: i32 = -2147483648; }", ""},
        {"fn f() { const x: i32 = 2147483648; }", "1:25: 2147483648 does not fit in i32\n"},
        {"fn f() { const x: i32 = -2147483649; }", "1:26: -2147483649 does not fit in i32\n"},
        {"fn f() { const x: i64 = 9223372036854775807; const y: i64 = -9223372036854775808; }",
         ""},
        {"fn f() { const x: i64 = 9223372036854775808; }",
         "1:25: 9223372036854775808 does not fit in i64\n"},
        {"fn f() { const x: i64 = -9223372036854775809; }",
         "1:26: -9223372036854775809 does not fit in i64\n"},
        {"fn f() { const x: f64 = 18446744073709551615; }", ""},
        {"fn f() { const x: i32 = 1.0; }", "1:25: expected i32, found f64: 'as i32' converts it\n"},
        {"fn f() { const x: str = 1; }", "1:25: expected str, found i32\n"},
        {"fn f(n: i64) { print(n + (1 + -(2 * 3000000000))); }", ""},
        {"fn f(n: i32) { print(n + (1 + -(2 * 3000000000))); }",
         "1:37: 3000000000 does not fit in i32\n"},
        {"fn f(n: f64) { print(n + (1 + 3000000000)); }", ""},
        {"fn f(n: f64) { print(n + 1 % 2); }", "1:28: '%' works on integers, found f64\n"},
        {"fn f() { print(3000000000 as i64); print(3000000000 as i64 as f64); }", ""},
        {"fn f() { print(3000000000 as i32); }", "1:16: 3000000000 does not fit in i32\n"},
        {"fn f() { print(3000000000 as f64); }", "1:16: 3000000000 does not fit in i32\n"},
        {"fn f() { print(3000000000 < 1); }", "1:16: 3000000000 does not fit in i32\n"},
        {"fn f() { print(3000000000 < 1.0); }", ""},
    };
    CHECK_ALL(cases);
}

static void test_operators(void **state)
{
    (void)state;
    static const ErrorCase cases[] = {
        {"fn f(a: i32, b: i64) { print(a + b); }",
         "1:32: '+' needs two values of one type, found i32 and i64: 'as' converts one\n"},
        {"fn f(a: i32, b: f64) { print(a * b); }",
         "1:32: '*' needs two values of one type, found i32 and f64: 'as' converts one\n"},
        {"fn f(a: i32) { print(a - 1.5); }",
         "1:24: '-' needs two values of one type, found i32 and f64: 'as' converts one\n"},
        {"fn f(a: bool) { print(a / a); }", "1:25: '/' works on numbers, found bool\n"},
        {"fn f(a: f64) { print(a % a); }", "1:24: '%' works on integers, found f64\n"},
        {"fn f(a: str) { print(a < a); }", "1:24: '<' works on numbers, found str\n"},
        {"fn f(a: bool) { print(a >= a); }", "1:25: '>=' works on numbers, found bool\n"},
        {"fn f(a: str, b: bool) { print(a == a && b != b); }", ""},
        {"fn f(a: str) { print(a == 1); }",
         "1:24: '==' needs two values of one type, found str and i32\n"},
        {"struct S { x: i32 } fn f(a: S) { print(a != a); }",
         "1:42: '!=' works on numbers, bool and str, found S\n"},
        {"fn f(a: str) { print(-a); }", "1:22: '-' works on numbers, found str\n"},
        {"fn f(a: i32) { print(!a); }", "1:22: '!': expected bool, found i32\n"},
        {"fn f(a: i32) { print(a && true); }", "1:24: a side of '&&': expected bool, found i32\n"},
        {"fn f(a: i32) { print(true || a); }", "1:27: a side of '||': expected bool, found i32\n"},
        {"fn f(a: bool) { print(a as i32); }",
         "1:25: 'as' converts numbers to numbers, found bool as i32\n"},
        {"fn f(a: i32) { print(a as str); }",
         "1:24: 'as' converts numbers to numbers, found i32 as str\n"},
    };
    CHECK_ALL(cases);
}

static void test_statements(void **state)
{
    (void)state;
    static const ErrorCase cases[] = {
        {"fn f(a: i32) { var v = 1.5; v = a; }", "1:31: expected f64, found i32: 'as f64' converts it\n"},
        {"fn f(a: i32) { const c: bool = a; }", "1:25: expected bool, found i32\n"},
        {"fn f(a: i32) { if a { } }", "1:16: condition: expected bool, found i32\n"},
        {"fn f(a: i32) { while a + 1 { } }", "1:24: condition: expected bool, found i32\n"},
        {"fn f() i32 { return true; }", "1:21: expected i32, found bool\n"},
        {"fn f() i32 { return; }", "1:14: this function returns i32: 'return' needs a value\n"},
        {"fn f() { return 1; }",
         "1:10: this function has no result: 'return' takes no value\n"},
        {"struct S { x: i32 } fn f(s: S) { print(s); }",
         "1:34: 'print' takes numbers, bool and str, found S\n"},
    };
    CHECK_ALL(cases);
}

static void test_calls(void **state)
{
    (void)state;
    static const ErrorCase cases[] = {
        {"fn f(a: i32) { f(); }", "1:16: 'f' takes 1 argument, found 0\n"},
        {"fn f() { f(1, 2); }", "1:10: 'f' takes 0 arguments, found 2\n"},
        {"fn f(a: i32, b: str) { f(a, a); }",
         "1:29: argument 'b': expected str, found i32\n"},
        {"fn f() { print(f()); }", "1:16: 'f' has no result to use\n"},
        {"fn f() { const x = f(); print(x); }", "1:20: 'f' has no result to use\n"},
        {"fn f() { f(f()); }", "1:10: 'f' takes 0 arguments, found 1\n"},
        {"fn f(a: i32) { f(f(1) + 2); }", "1:18: 'f' has no result to use\n"},
        {"extern fn abs(n: i32) i32; fn f() { print(abs(\"1\")); }",
         "1:47: argument 'n': expected i32, found str\n"},
    };
    CHECK_ALL(cases);
}

#define POINT "struct P { x: i32, y: f64 } "

static void test_structs(void **state)
{
    (void)state;
    static const ErrorCase cases[] = {
        {POINT "fn f() P { return P{ y: 1, x: 2 }; }", ""},
        {POINT "fn f() P { return P{ x: 1 }; }", "1:47: field 'y' of struct 'P' is missing\n"},
        {POINT "fn f() P { return P{ x: 1, y: 2, x: 3 }; }", "1:62: field 'x' is given twice\n"},
        {POINT "fn f() P { return P{ x: 1, y: 2, z: 3 }; }",
         "1:62: struct 'P' has no field 'z'\n"},
        {POINT "fn f() P { return P{ x: 1, y: true }; }",
         "1:59: field 'y': expected f64, found bool\n"},
        {POINT "fn f(p: P) { print(p.z); }", "1:50: struct 'P' has no field 'z'\n"},
        {POINT "fn f(p: P) { print(p.x.x); }", "1:52: i32 has no fields\n"},
        {POINT "fn f(p: P) { var v = p; v.z = 1; }", "1:55: struct 'P' has no field 'z'\n"},
        {POINT "fn f(p: P) { var v = p; v.x = 1.5; }", "1:59: expected i32, found f64: 'as i32' converts it\n"},
        {POINT "struct Q { x: i32, y: f64 } fn f(p: P) Q { return p; }",
         "1:72: expected Q, found P\n"},
        {"struct S { s: S }", "1:8: a struct cannot contain itself: main.mini:S -> main.mini:S\n"},
    };
    CHECK_ALL(cases);
}

static void test_constants(void **state)
{
    (void)state;
    static const ErrorCase cases[] = {
        {"const a = 1 / 0;", "1:13: division by zero in a constant\n"},
        {"const a = 1; const b: i64 = 5 % (a as i64 - 1);",
         "1:31: division by zero in a constant\n"},
        {"const a = 1.0 / 0.0; const b = true || 1 / 0 == 1;", ""},
        {"const a: i32 = true;", "1:16: expected i32, found bool\n"},
        {"const a: i32 = 5000000000;", "1:16: 5000000000 does not fit in i32\n"},
        {"const a = b;", "1:11: undefined name 'b'\n"},
        {"const a = f; fn f() { }", "1:11: 'f' is a function, not a value\n"},
        {"const a = a;",
         "1:7: a constant cannot be made from itself: main.mini:a -> main.mini:a\n"},
        {"const a: i32 = b; const b: i32 = a;",
         "1:7: a constant cannot be made from itself: "
         "main.mini:a -> main.mini:b -> main.mini:a\n"
         "1:25: a constant cannot be made from itself: "
         "main.mini:b -> main.mini:a -> main.mini:b\n"},
    };
    CHECK_ALL(cases);
}

/* One mistake, one message: its consequences are not reported. */
static void test_silence(void **state)
{
    (void)state;
    static const ErrorCase cases[] = {
        {"fn f() i32 { const a = x + 1; var b = -a * 2; b = a; return b + a; }",
         "1:24: undefined name 'x'\n"},
        {"fn f() i32 { const p = P{ x: 1 }; return p.x.y + g(p); } fn g(n: i32) i32 { return n; }",
         "1:24: undefined name 'P'\n"},
        {"struct S { p: P } fn f(s: S) i32 { return s.p.x + 1; }", "1:15: undefined name 'P'\n"},
        {"const a = 1 / 0; const b = a; fn f() str { return b + a; }",
         "1:13: division by zero in a constant\n"},
        {"struct S { s: S } fn f(s: S) i32 { return s.s.s.s; }",
         "1:8: a struct cannot contain itself: main.mini:S -> main.mini:S\n"},
        {"fn f(a: Q) { } fn g() { f(1); }", "1:9: undefined name 'Q'\n"},
        {"const a = b; const b = c; const c = b;",
         "1:20: a constant cannot be made from itself: "
         "main.mini:b -> main.mini:c -> main.mini:b\n"
         "1:33: a constant cannot be made from itself: "
         "main.mini:c -> main.mini:b -> main.mini:c\n"},
    };
    CHECK_ALL(cases);
}

static void test_entry_point(void **state)
{
    (void)state;
    static const ErrorCase cases[] = {
        {"fn main() i32 { return 0; }", ""},
        {"fn main() { }", "1:4: the program starts here: this must be 'fn main() i32'\n"},
        {"fn main() i64 { return 0; }",
         "1:4: the program starts here: this must be 'fn main() i32'\n"},
        {"fn main(n: i32) i32 { return n; }",
         "1:4: the program starts here: this must be 'fn main() i32'\n"},
        {"const main = 1;", "1:7: the program starts here: this must be 'fn main() i32'\n"},
    };
    CHECK_ALL(cases);
}

/* ---- what may have been meant ---------------------------------------------------------------- */

static void test_suggestions(void **state)
{
    (void)state;
    static const ErrorCase cases[] = {
        /* locals, also those of another block; a name that is declared later is no mistake */
        {"fn f(width: i32) { print(widht); }",
         "1:26: undefined name 'widht': did you mean 'width'?\n"},
        {"fn f() { var count = 1; if true { const total = 2; print(cuont + toatl); } }",
         "1:58: undefined name 'cuont': did you mean 'count'?\n"
         "1:66: undefined name 'toatl': did you mean 'total'?\n"},
        {"fn f(count: i32) i32 { return cuont; } const cuont = 1;", ""},
        {"fn f() { const total = 1; print(total); } fn g() { print(toatl); }",
         "1:58: undefined name 'toatl'\n"},
        /* declarations, types, what every program knows */
        {"fn area() { } fn f() { aera(); }", "1:24: undefined name 'aera': did you mean 'area'?\n"},
        {"struct Point { x: i32 } fn f(p: Pointt) { }",
         "1:33: undefined name 'Pointt': did you mean 'Point'?\n"},
        {"struct Point { x: i32 } fn f() { const p = Piont{ x: 1 }; }",
         "1:44: undefined name 'Piont': did you mean 'Point'?\n"},
        {"fn f() { prnt(1); retrun (2); }", "1:10: undefined name 'prnt': did you mean 'print'?\n"
                                            "1:19: undefined name 'retrun': did you mean 'return'?\n"},
        {"fn f(a: int, b: boool) void { return 1; }",
         "1:9: undefined name 'int': did you mean 'i32'?\n"
         "1:17: undefined name 'boool': did you mean 'bool'?\n"
         "1:24: undefined name 'void': for no result, leave the type out\n"},
        {"fn f() { println(1); print(null); if not (true) { } }",
         "1:10: undefined name 'println': did you mean 'print'?\n"
         "1:28: undefined name 'null': every value of Mini is there\n"
         "1:38: undefined name 'not': write '!'\n"},
        {"struct P { width: i32 } fn f(p: P) { print(p.widht); const q = P{ wdith: 1 }; }",
         "1:46: struct 'P' has no field 'widht': did you mean 'width'?\n"
         "1:64: field 'width' of struct 'P' is missing\n"
         "1:67: struct 'P' has no field 'wdith': did you mean 'width'?\n"},
        /* nothing is near */
        {"fn f(a: i32, b: i32) { print(c); zzz(); }",
         "1:30: undefined name 'c'\n1:34: undefined name 'zzz'\n"},
    };
    CHECK_ALL(cases);
}

static void test_a_missing_name_is_reported_once(void **state)
{
    (void)state;
    static const ErrorCase cases[] = {
        {"fn f() i32 { print(x); return x + x; }\nfn g() { print(x); print(y); }",
         "1:20: undefined name 'x'\n2:26: undefined name 'y'\n"},
        {"fn f(a: P, b: P) { }\nfn g(c: P) { }", "1:9: undefined name 'P'\n"},
    };
    CHECK_ALL(cases);
}

static void check_messages(const char *source, const char *messages)
{
    MiniProgram program = {0};
    mini_program_add(&program, "main.mini", source);
    mini_program_compile(&program, "main.mini");
    assert_string_equal(program.messages.data, messages);
    mini_program_free(&program);
}

static void test_notes_lead_to_the_declaration(void **state)
{
    (void)state;
    check_messages("fn g(a: i32) { }\nfn f() { g(); g(true); }",
                   "main.mini:2:10: error: 'g' takes 1 argument, found 0\n"
                   "main.mini:1:4: note: 'g' is declared here\n"
                   "main.mini:2:17: error: argument 'a': expected i32, found bool\n"
                   "main.mini:1:4: note: 'g' is declared here\n");
    check_messages("fn f() {\nvar v = 1;\nvar w: str = \"\";\nv = true; w = 1; }",
                   "main.mini:4:5: error: expected i32, found bool\n"
                   "main.mini:2:5: note: the variable is declared here\n"
                   "main.mini:4:15: error: expected str, found i32\n"
                   "main.mini:3:8: note: the variable is declared here\n");
    check_messages("struct P { x: i32 }\nfn f(p: P) { print(p.y); }",
                   "main.mini:2:22: error: struct 'P' has no field 'y'\n"
                   "main.mini:1:8: note: 'P' is declared here\n");
}

/* ---- several files ------------------------------------------------------------------------- */

static void check_files(const char *main_source, const char *other_source, const char *messages)
{
    MiniProgram program = {0};
    mini_program_add(&program, "main.mini", main_source);
    mini_program_add(&program, "lib/other.mini", other_source);
    mini_program_compile(&program, "main.mini");
    assert_string_equal(program.messages.data, messages);
    mini_program_free(&program);
}

#define IMPORT "import \"lib/other.mini\" as other;\n"
#define IMPORT_MAIN "import \"../main.mini\" as up;\n"

static void test_names_of_other_files(void **state)
{
    (void)state;
    check_files(IMPORT "fn f() { other.g(); }", "",
                "main.mini:2:10: error: 'lib/other.mini' declares no 'g'\n");
    check_files(IMPORT "fn f() { print(other.c); other.c(); }", "const c = 1;",
                "main.mini:2:26: error: 'c' is a constant, not a function\n"
                "lib/other.mini:1:7: note: 'c' is declared here\n");
    check_files(IMPORT "fn f() { other.lenght(); }", "fn area() { } fn length() { }",
                "main.mini:2:10: error: 'lib/other.mini' declares no 'lenght': did you mean "
                "'length'?\n");
    check_files(IMPORT "struct P { x: i32 } fn f() P { return other.p(); }",
                "struct P { x: i32 } fn p() P { return P{ x: 1 }; }",
                "main.mini:2:39: error: expected P, found lib/other.mini:P\n");
    check_files(IMPORT "fn f(p: other.P) other.P { return other.p(p); }",
                "struct P { x: i32 } fn p(q: P) P { return q; }", "");
}

static void test_cycles_across_files(void **state)
{
    (void)state;
    check_files(IMPORT "const a: i32 = other.b;", IMPORT_MAIN "const b: i32 = up.a;",
                "lib/other.mini:2:7: error: a constant cannot be made from itself: "
                "lib/other.mini:b -> main.mini:a -> lib/other.mini:b\n"
                "main.mini:2:7: error: a constant cannot be made from itself: "
                "main.mini:a -> lib/other.mini:b -> main.mini:a\n");
    check_files(IMPORT "struct A { b: other.B }", IMPORT_MAIN "struct B { a: up.A }",
                "lib/other.mini:2:8: error: a struct cannot contain itself: "
                "lib/other.mini:B -> main.mini:A -> lib/other.mini:B\n"
                "main.mini:2:8: error: a struct cannot contain itself: "
                "main.mini:A -> lib/other.mini:B -> main.mini:A\n");
    check_files(IMPORT "fn f(n: i32) i32 { return other.g(n); }",
                IMPORT_MAIN "fn g(n: i32) i32 { return up.f(n); }", "");
}

/* An error in one file is reported there and nowhere else. */
static void test_wrong_constant_of_other_file(void **state)
{
    (void)state;
    check_files(IMPORT "fn f() str { return other.c + 1; } const d = other.c && true;",
                "const c: i32 = 1.5;", "lib/other.mini:1:16: error: expected i32, found f64: 'as i32' converts it\n");
}

/* ---- beside a file that is not known ------------------------------------------------------- */

/* The declarations of other.mini are unknown, so any use of them can be right. */
static void expect_beside_poisoned(const char *source, const char *errors)
{
    MiniProgram program = {0};
    ByteBuffer text = {0};
    char whole[1024];
    snprintf(whole, sizeof whole, "import \"other.mini\" as o; %s", source);
    mini_program_add(&program, "main.mini", whole);
    mini_program_add(&program, "other.mini", "const ;");
    mini_program_compile(&program, "main.mini");
    program.diagnostics.count--; /* the last is that of other.mini */
    assert_string_equal(program.diagnostics.items[program.diagnostics.count].path.data,
                        "other.mini");
    strip_messages(&program, &text);
    if (strcmp(text.data, errors) != 0)
        print_message("in: %s\n", source);
    assert_string_equal(text.data, errors);
    buffer_free(&text);
    mini_program_free(&program);
}

/* 5000000000 fits i64 and f64, and any of these may turn out to be one. */
static void test_nothing_is_reported_of_what_is_poisoned(void **state)
{
    (void)state;
    static const char *const silent[] = {
        "fn f() { print(o.x); o.g(); o.g(5000000000, 1 / 2); }",
        "fn f() { const p = o.P{ x: 1, y: 5000000000 }; print(p.x.y); }",
        "fn f() { var v = o.x; v = 5000000000; v.y.z = 5000000000; }",
        "fn f() i64 { return o.x + 5000000000 * 2; }",
        "fn f() bool { return 5000000000 - 1 < o.g() && !o.x || -o.x == 5000000000; }",
        "fn f(a: o.T, b: i32) o.T { if (o.is(a, o.x)) { return a; } return o.make(b); }",
        "fn f(a: o.T) { print(a.x % 2); while (a.y) { f(a); } }",
        "struct S { t: o.T, n: i64 } fn f(s: S) i32 { return s.n + s.t.x + true; }",
        "struct S { t: o.T } struct R { s: S } fn f(r: R) { g(r.s); } fn g(s: S) { f(R{ s: s }); }",
        "const c = o.x; const d: i64 = c + 5000000000; fn f() i32 { return c / d; }",
        "const c: o.T = 5000000000; fn f() { const n: o.T = 5000000000; }",
        "fn g(t: o.T, n: i64) { } fn f() { g(o.x, 5000000000); g(1, 2); g(o.g(), o.h()); }",
        "fn f() i64 { const n = (o.x as i64) + 5000000000; return n as i64; }",
    };
    for (size_t i = 0; i < sizeof silent / sizeof *silent; i++)
        expect_beside_poisoned(silent[i], "");
}

static void test_what_is_wrong_beside_the_poisoned_is_reported(void **state)
{
    (void)state;
    expect_beside_poisoned("fn f() i32 { o.g(y); return true + 1 * o.x; }",
                             "1:44: undefined name 'y'\n");
    expect_beside_poisoned("fn f(t: o.T) i32 { f(t, 1); return \"a\"; }",
                             "1:46: 'f' takes 1 argument, found 2\n"
                             "1:62: expected i32, found str\n");
    expect_beside_poisoned("struct S { t: o.T, u: U } fn f(s: S) { const r = S{ v: 1, t: 2 }; }",
                             "1:49: undefined name 'U'\n"
                             "1:76: field 'u' of struct 'S' is missing\n"
                             "1:79: struct 'S' has no field 'v'\n");
    expect_beside_poisoned("const a: i32 = b + o.x; const b: i32 = a;",
                             "1:33: a constant cannot be made from itself: main.mini:a -> "
                             "main.mini:b -> main.mini:a\n"
                             "1:57: a constant cannot be made from itself: main.mini:b -> "
                             "main.mini:a -> main.mini:b\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_literals),
        cmocka_unit_test(test_operators),
        cmocka_unit_test(test_statements),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_structs),
        cmocka_unit_test(test_constants),
        cmocka_unit_test(test_silence),
        cmocka_unit_test(test_entry_point),
        cmocka_unit_test(test_suggestions),
        cmocka_unit_test(test_a_missing_name_is_reported_once),
        cmocka_unit_test(test_notes_lead_to_the_declaration),
        cmocka_unit_test(test_names_of_other_files),
        cmocka_unit_test(test_cycles_across_files),
        cmocka_unit_test(test_wrong_constant_of_other_file),
        cmocka_unit_test(test_nothing_is_reported_of_what_is_poisoned),
        cmocka_unit_test(test_what_is_wrong_beside_the_poisoned_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
