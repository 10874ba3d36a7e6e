/* SPDX-License-Identifier: MIT */
/* The text of each construct, and that LLVM accepts it and runs it as Mini specifies. */
#include "mini_program.h"

#include "scratch.h"

#include <stdio.h>

/* ---- text ------------------------------------------------------------------------------------ */

/* Compiles a file and compares the output of its declaration `f`. */
static void check_text(const char *source, const char *expected)
{
    ByteBuffer text = {0};
    mini_program_text_of_f(source, &text);
    assert_string_equal(text.data, expected);
    buffer_free(&text);
}

static void test_arithmetic(void **state)
{
    (void)state;
    check_text("fn f(a: i32, b: i64, x: f64) i64 {"
               " const s = a * 2 - -3; const y = -x / 4; print(y); return s as i64 + -b; }",
               "define i64 @\"a.mini:f\"(i32 %v0, i64 %v1, double %v2) {\n"
               "entry:\n"
               "  %v5 = mul i32 %v0, 2\n"
               "  %v7 = sub i32 %v5, -3\n"
               "  %v9 = fneg double %v2\n"
               "  %v11 = fdiv double %v9, 0x4010000000000000\n"
               "  call void @mini.print.f64(double %v11)\n"
               "  %v14 = sext i32 %v7 to i64\n"
               "  %v15 = sub i64 0, %v1\n"
               "  %v16 = add i64 %v14, %v15\n"
               "  ret i64 %v16\n"
               "}\n\n");
}

/* Only a divisor known to be harmless needs no guard. */
static void test_division(void **state)
{
    (void)state;
    check_text("const k = 7; const z = 0;"
               "fn f(a: i32, b: i64) i32 { print(b % b); return a / 3 / k / -2 / z / -1 / 0; }",
               "define i32 @\"a.mini:f\"(i32 %v0, i64 %v1) {\n"
               "entry:\n"
               "  %v3 = call i64 @mini.rem.i64(i64 %v1, i64 %v1, ptr @\"a.mini:f.str.0\")\n"
               "  call void @mini.print.i64(i64 %v3)\n"
               "  %v6 = sdiv i32 %v0, 3\n"
               "  %v8 = sdiv i32 %v6, 7\n"
               "  %v10 = sdiv i32 %v8, -2\n"
               "  %v12 = call i32 @mini.div.i32(i32 %v10, i32 0, ptr @\"a.mini:f.str.0\")\n"
               "  %v14 = call i32 @mini.div.i32(i32 %v12, i32 -1, ptr @\"a.mini:f.str.0\")\n"
               "  %v16 = call i32 @mini.div.i32(i32 %v14, i32 0, ptr @\"a.mini:f.str.0\")\n"
               "  ret i32 %v16\n"
               "}\n"
               "@\"a.mini:f.str.0\" = private unnamed_addr constant [9 x i8] "
               "c\"a.mini:f\\00\"\n\n");
}

#define DASHES_63 "---------------------------------------------------------------"

/* A long string of a constant is defined by the constant; a short one by its user. */
static void test_strings_of_constants(void **state)
{
    (void)state;
    const char *source = "const s = \"" DASHES_63 "\"; const l = \"" DASHES_63 "!\"; const m = l;"
                         "const both = l == \"" DASHES_63 "!\" || l == \"" DASHES_63 "?\";"
                         "fn f(x: bool) str { if x { return s; } return m; }";
    check_text(source, "define ptr @\"a.mini:f\"(i1 %v0) {\n"
                       "entry:\n"
                       "  br i1 %v0, label %then2, label %end5\n"
                       "then2:\n"
                       "  ret ptr @\"a.mini:f.str.0\"\n"
                       "end5:\n"
                       "  ret ptr @\"a.mini:l.str.0\"\n"
                       "}\n"
                       "@\"a.mini:f.str.0\" = private unnamed_addr constant [64 x i8] c\"" DASHES_63
                       "\\00\"\n\n");
    static const char *const of_constants[][2] = {
        {"s", ""},
        {"l", "@\"a.mini:l.str.0\" = private unnamed_addr constant [65 x i8] c\"" DASHES_63
              "!\\00\"\n"},
        {"m", ""},
        {"both", "@\"a.mini:both.str.0\" = private unnamed_addr constant [65 x i8] c\"" DASHES_63
                 "!\\00\"\n"
                 "@\"a.mini:both.str.65\" = private unnamed_addr constant [65 x i8] c\"" DASHES_63
                 "?\\00\"\n"},
    };
    MiniProgram program = {0};
    mini_program_add(&program, "a.mini", source);
    mini_program_compile(&program, "a.mini");
    for (size_t i = 0; i < sizeof of_constants / sizeof *of_constants; i++) {
        ByteBuffer text = {0};
        mini_program_emit_unit(&program, "a.mini", of_constants[i][0], &text);
        buffer_put_byte(&text, '\0');
        assert_string_equal(text.data, of_constants[i][1]);
        buffer_free(&text);
    }
    mini_program_free(&program);
}

static void test_comparisons_and_logic(void **state)
{
    (void)state;
    check_text("fn f(a: i32, x: f64, s: str) bool {"
               " return a <= 3 == (x != 1) && s == \"a\" || !(s != \"a\"); }",
               "define i1 @\"a.mini:f\"(i32 %v0, double %v1, ptr %v2) {\n"
               "entry:\n"
               "  %v5 = icmp sle i32 %v0, 3\n"
               "  %v7 = fcmp une double %v1, 0x3FF0000000000000\n"
               "  %v8 = icmp eq i1 %v5, %v7\n"
               "  br i1 %v8, label %right9, label %join12\n"
               "right9:\n"
               "  %v11 = call i1 @mini.str_eq(ptr %v2, ptr @\"a.mini:f.str.0\")\n"
               "  br label %join12\n"
               "join12:\n"
               "  %v12 = phi i1 [ false, %entry ], [ %v11, %right9 ]\n"
               "  br i1 %v12, label %join17, label %right13\n"
               "right13:\n"
               "  %v15 = call i1 @mini.str_ne(ptr %v2, ptr @\"a.mini:f.str.0\")\n"
               "  %v16 = xor i1 %v15, true\n"
               "  br label %join17\n"
               "join17:\n"
               "  %v17 = phi i1 [ true, %join12 ], [ %v16, %right13 ]\n"
               "  ret i1 %v17\n"
               "}\n"
               "@\"a.mini:f.str.0\" = private unnamed_addr constant [2 x i8] c\"a\\00\"\n\n");
}

static void test_loop(void **state)
{
    (void)state;
    check_text("fn f(n: i32) { var i = 0; while i < n { if i == 3 { break; } i = i + 1; } }",
               "define void @\"a.mini:f\"(i32 %v0) {\n"
               "entry:\n"
               "  %v3 = alloca i32\n"
               "  store i32 0, ptr %v3\n"
               "  br label %loop4\n"
               "loop4:\n"
               "  %v5 = load i32, ptr %v3\n"
               "  %v6 = icmp slt i32 %v5, %v0\n"
               "  br i1 %v6, label %body7, label %done19\n"
               "body7:\n"
               "  %v8 = load i32, ptr %v3\n"
               "  %v10 = icmp eq i32 %v8, 3\n"
               "  br i1 %v10, label %then11, label %end13\n"
               "then11:\n"
               "  br label %done19\n"
               "end13:\n"
               "  %v15 = load i32, ptr %v3\n"
               "  %v17 = add i32 %v15, 1\n"
               "  store i32 %v17, ptr %v3\n"
               "  br label %loop4\n"
               "done19:\n"
               "  ret void\n"
               "}\n\n");
}

/* No block for an END that nothing reaches; one for code after a return. */
static void test_dead_code(void **state)
{
    (void)state;
    check_text("fn f(a: bool) i32 { if a { return 1; } else { return 2; } }",
               "define i32 @\"a.mini:f\"(i1 %v0) {\n"
               "entry:\n"
               "  br i1 %v0, label %then2, label %else5\n"
               "then2:\n"
               "  ret i32 1\n"
               "else5:\n"
               "  ret i32 2\n"
               "}\n\n");
    check_text("fn f() { return; print(1); }",
               "define void @\"a.mini:f\"() {\n"
               "entry:\n"
               "  ret void\n"
               "dead3:\n"
               "  call void @mini.print.i32(i32 1)\n"
               "  ret void\n"
               "}\n\n");
}

static void test_structs(void **state)
{
    (void)state;
    check_text("struct f { x: i32, y: f64, z: e } struct e {}",
               "; struct \"a.mini:f\" = { i32, double, {} }\n");
    check_text("struct P { x: i32, y: f64 } const k = P{ y: 0.5, x: 7 };"
               "fn f(p: P) P { var q = P{ y: 1, x: p.x }; q.y = k.y; q = k; return q; }",
               "define { i32, double } @\"a.mini:f\"({ i32, double } %v0) {\n"
               "entry:\n"
               "  %v7 = alloca { i32, double }\n"
               "  %v3 = extractvalue { i32, double } %v0, 0\n"
               "  %v4 = insertvalue { i32, double } zeroinitializer, double 0x3FF0000000000000, 1\n"
               "  %v6 = insertvalue { i32, double } %v4, i32 %v3, 0\n"
               "  store { i32, double } %v6, ptr %v7\n"
               "  %v9 = getelementptr inbounds { i32, double }, ptr %v7, i32 0, i32 1\n"
               "  %v11 = extractvalue { i32, double } { i32 7, double 0x3FE0000000000000 }, 1\n"
               "  store double %v11, ptr %v9\n"
               "  store { i32, double } { i32 7, double 0x3FE0000000000000 }, ptr %v7\n"
               "  ret { i32, double } { i32 7, double 0x3FE0000000000000 }\n"
               "}\n\n");
}

static void test_calls(void **state)
{
    (void)state;
    check_text("extern fn c(a: bool, b: i32, s: str) bool;"
               "fn f(a: bool) bool { g(1, 2); print(f(true)); return c(a, 1, \"x\"); }"
               "fn g(a: i64, b: f64) { }",
               "define i1 @\"a.mini:f\"(i1 %v0) {\n"
               "entry:\n"
               "  call void @\"a.mini:g\"(i64 1, double 0x4000000000000000)\n"
               "  %v9 = call i1 @\"a.mini:f\"(i1 true)\n"
               "  call void @mini.print.bool(i1 %v9)\n"
               "  %v16 = call zeroext i1 @c(i1 zeroext %v0, i32 signext 1,"
               " ptr @\"a.mini:f.str.0\")\n"
               "  ret i1 %v16\n"
               "}\n"
               "@\"a.mini:f.str.0\" = private unnamed_addr constant [2 x i8] c\"x\\00\"\n\n");
}

static void test_casts(void **state)
{
    (void)state;
    check_text("fn f(a: i32, b: i64, x: f64) { print(a as f64); print(a as i32); print(a as i64);"
               " print(b as i32); print(x as i32); print(x as i64); }",
               "define void @\"a.mini:f\"(i32 %v0, i64 %v1, double %v2) {\n"
               "entry:\n"
               "  %v4 = sitofp i32 %v0 to double\n"
               "  call void @mini.print.f64(double %v4)\n"
               "  call void @mini.print.i32(i32 %v0)\n"
               "  %v8 = sext i32 %v0 to i64\n"
               "  call void @mini.print.i64(i64 %v8)\n"
               "  %v10 = trunc i64 %v1 to i32\n"
               "  call void @mini.print.i32(i32 %v10)\n"
               "  %v12 = call i32 @llvm.fptosi.sat.i32.f64(double %v2)\n"
               "  call void @mini.print.i32(i32 %v12)\n"
               "  %v14 = call i64 @llvm.fptosi.sat.i64.f64(double %v2)\n"
               "  call void @mini.print.i64(i64 %v14)\n"
               "  ret void\n"
               "}\n\n");
}

/* Equal strings once, numbered by first use; nothing in them can end the line or the quotes. */
static void test_strings(void **state)
{
    (void)state;
    check_text("fn f() { print(\"b\\n; ==== FILE: x:y ====\"); print(\"\\\"\\\\\\xFF\");"
               " print(\"b\\n; ==== FILE: x:y ====\"); }",
               "define void @\"a.mini:f\"() {\n"
               "entry:\n"
               "  call void @mini.print.str(ptr @\"a.mini:f.str.0\")\n"
               "  call void @mini.print.str(ptr @\"a.mini:f.str.1\")\n"
               "  call void @mini.print.str(ptr @\"a.mini:f.str.0\")\n"
               "  ret void\n"
               "}\n"
               "@\"a.mini:f.str.0\" = private unnamed_addr constant [24 x i8]"
               " c\"b\\0A; ==== FILE: x:y ====\\00\"\n"
               "@\"a.mini:f.str.1\" = private unnamed_addr constant [4 x i8]"
               " c\"\\22\\5C\\FF\\00\"\n\n");
}

static void test_units_without_code(void **state)
{
    (void)state;
    check_text("const f = 1;", "");
    check_text("extern fn f(n: i32) i32;", "");
}

/* ---- running --------------------------------------------------------------------------------- */

static void check_run(const char *source, const char *output, int status)
{
    MiniProgram program = {0};
    ByteBuffer printed = {0};
    int ended;
    mini_program_add(&program, "main.mini", source);
    if (!mini_program_compile(&program, "main.mini"))
        fail_msg("%s", program.messages.data);
    mini_program_run(&program, &printed, &ended);
    assert_string_equal(printed.data, output);
    assert_int_equal(ended, status);
    buffer_free(&printed);
    mini_program_free(&program);
}

static void test_run_exit_status(void **state)
{
    (void)state;
    check_run("fn main() i32 { return 42; }", "", 42);
}

static void test_run_recursive_main(void **state)
{
    (void)state;
    check_run("fn main() i32 { if false { return main(); } print(\"once\"); return 0; }", "once\n",
              0);
}

/* A struct may be used before the section that declares it, and may hold other structs. */
static void test_run_forward_struct(void **state)
{
    (void)state;
    check_run("fn main() i32 { var r = make(); r.p.x = r.p.x + 1; print(r.p.x); print(r.p.f);"
              " print(r.n); const e = E{}; hold(e); return 0; }"
              "fn make() R { return R{ p: P{ f: true, x: 4 }, n: k.p.x as i64 }; }"
              "fn hold(e: E) E { var v = e; v = E{}; return v; }"
              "const k = R{ n: 1, p: P{ x: -9, f: false } };"
              "struct R { p: P, n: i64 } struct P { x: i32, f: bool } struct E {}",
              "5\ntrue\n-9\n", 0);
}

/* A chain of blocks within blocks: each phi must name its real predecessor. */
static void test_run_nested_logic(void **state)
{
    (void)state;
    check_run("fn t() bool { print(\"t\"); return true; }"
              "fn f() bool { print(\"f\"); return false; }"
              "fn main() i32 {"
              " const a = (t() && f() || t()) && !(f() || f() && t());"
              " while f() || (a && f()) { }"
              " if t() && (f() || t()) { print(a); }"
              " return 0; }",
              "t\nf\nt\nf\nf\nf\nf\nt\nf\nt\ntrue\n", 0);
}

static void test_run_dead_code(void **state)
{
    (void)state;
    check_run("fn d(n: i32) i32 { while true { return n; break; print(n); }"
              " if n > 0 && n < 5 { return 1; print(2); while n > 3 { continue; } }"
              " return 0; if true { return 3; } else { } }"
              "fn main() i32 { print(d(7)); return 0; print(d(8)); return 1; }",
              "7\n", 0);
}

/* A constant has the same value at compile time as its expression at run time. */
static void test_run_constants_agree(void **state)
{
    (void)state;
    check_run("fn i(n: i32) i32 { return n; } fn l(n: i64) i64 { return n; }"
              "fn d(n: f64) f64 { return n; }"
              "const a = (2147483647 + 1) / -1 * 3; const b: i64 = -9223372036854775808 / -1;"
              "const c = -7 % 3 - -7 / 2; const e = 0.1 + 0.2 * 3.0; const f = 0.0 / 0.0;"
              "const g = 1e19 as i64; const h = -2147483649.0 as i32; const j = f != f;"
              "const n: i64 = -9223372036854775808 % -1; const s = false && 1 / 0 == 1;"
              "const t = true || 1 % 0 == 1; const q = 10 / 5;"
              "const k = 4294967297 as i64 as i32; const m = 9007199254740993 as i64 as f64;"
              "fn main() i32 {"
              " print(a == (i(2147483647) + 1) / i(-1) * 3);"
              " print(b == l(-9223372036854775808) / l(-1));"
              " print(c == i(-7) % i(3) - i(-7) / i(2));"
              " print(e == d(0.1) + d(0.2) * d(3.0));"
              " print(f == d(0.0) / d(0.0)); print(d(f) as i32 == f as i32);"
              " print(g == d(1e19) as i64); print(h == d(-2147483649.0) as i32); print(j);"
              " print(n == l(-9223372036854775808) % l(-1)); print(s); print(t);"
              " print(q == i(10) / i(5));"
              " print(k == l(4294967297) as i32); print(m == l(9007199254740993) as f64);"
              " return 0; }",
              "true\ntrue\ntrue\ntrue\nfalse\ntrue\ntrue\ntrue\ntrue\n"
              "true\nfalse\ntrue\ntrue\ntrue\ntrue\n", 0);
}

/* What was printed before comes first, though lli writes to a pipe; what lli says of its own end
 * comes after it. */
static void check_traps(const char *source, const char *expected)
{
    MiniProgram program = {0};
    ByteBuffer printed = {0};
    int ended;
    mini_program_add(&program, "main.mini", source);
    assert_true(mini_program_compile(&program, "main.mini"));
    mini_program_run(&program, &printed, &ended);
    assert_int_not_equal(ended, 0);
    printed.data[strlen(expected) < printed.size ? strlen(expected) : printed.size] = '\0';
    assert_string_equal(printed.data, expected);
    buffer_free(&printed);
    mini_program_free(&program);
}

static void test_run_division_by_zero_traps(void **state)
{
    (void)state;
    check_traps("fn main() i32 { print(\"before\"); const x = 1 / 0; print(x); return 0; }",
                "before\ndivision by zero in main.mini:main\n");
    check_traps("fn z() i64 { return 0; } fn f(a: i64) i64 { return a % z(); }"
                "fn main() i32 { print(f(1)); return 0; }",
                "division by zero in main.mini:f\n");
}

/* Paths with everything that could confuse LLVM, a quoted name or a marker. */
static void test_run_odd_paths(void **state)
{
    (void)state;
    MiniProgram program = {0};
    ByteBuffer printed = {0};
    int ended;
    mini_program_add(&program, "main.mini",
                     "import \"a \\\"\\\\\\n; ==== FILE: \xC3\xBC:1 ====.mini\" as odd;"
                     "fn main() i32 { odd.say(); return 0; }");
    mini_program_add(&program, "a \"\\\n; ==== FILE: \xC3\xBC:1 ====.mini",
                     "struct S { x: i32 } fn say() { print(\"odd\"); }");
    if (!mini_program_compile(&program, "main.mini"))
        fail_msg("%s", program.messages.data);
    assert_null(strstr(program.text.data, "\n; ===="));
    mini_program_run(&program, &printed, &ended);
    assert_string_equal(printed.data, "odd\n");
    assert_int_equal(ended, 0);
    buffer_free(&printed);
    mini_program_free(&program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arithmetic),
        cmocka_unit_test(test_division),
        cmocka_unit_test(test_strings_of_constants),
        cmocka_unit_test(test_comparisons_and_logic),
        cmocka_unit_test(test_loop),
        cmocka_unit_test(test_dead_code),
        cmocka_unit_test(test_structs),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_casts),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_units_without_code),
        cmocka_unit_test(test_run_exit_status),
        cmocka_unit_test(test_run_recursive_main),
        cmocka_unit_test(test_run_forward_struct),
        cmocka_unit_test(test_run_nested_logic),
        cmocka_unit_test(test_run_dead_code),
        cmocka_unit_test(test_run_constants_agree),
        cmocka_unit_test(test_run_division_by_zero_traps),
        cmocka_unit_test(test_run_odd_paths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
