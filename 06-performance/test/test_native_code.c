/* SPDX-License-Identifier: MIT */
/*
 * Machine code against what the language promises: the samples print what they should, and so do
 * programs at the edges, whose results stand here.
 */
#include "mini_native.h"
#include "mini_program.h"
#include "native_program.h"
#include "sample_list.h"
#include "scratch.h"
#include "unit_code.h"
#include "x86_runtime.h"

#include <signal.h>
#include <stdlib.h>

/* ---- C functions that programs call ---------------------------------------------------------- */

static double mixed_arguments(int a, double b, int64_t c, const char *d, bool e, double f, int g,
                              int64_t h, bool i, double j)
{
    return a * 1.0 + b * 2.0 + (double)c * 3.0 + (double)strlen(d) * 4.0 + (e ? 5.0 : 0.0) +
           f * 6.0 + g * 7.0 + (double)h * 8.0 + (i ? 9.0 : 0.0) + j * 10.0;
}

static double ten_reals(double a, double b, double c, double d, double e, double f, double g,
                        double h, double i, double j)
{
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j;
}

/* The upper bits of a bool's register mean nothing: here they are set. */
static uint64_t dirty_bool(int64_t value)
{
    return (uint64_t)value << 8 | (value & 1);
}

static int is_aligned(int a)
{
    return (int)((uintptr_t)__builtin_frame_address(0) % 16) + a;
}

static void *find_c_function(const char *name)
{
    static const struct {
        const char *name;
        void (*function)(void);
    } functions[] = {
        {"mixed_arguments", (void (*)(void))mixed_arguments},
        {"ten_reals", (void (*)(void))ten_reals},
        {"dirty_bool", (void (*)(void))dirty_bool},
        {"is_aligned", (void (*)(void))is_aligned},
    };
    void *address = NULL;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strcmp(functions[i].name, name) == 0)
            memcpy(&address, &functions[i].function, sizeof address);
    return address;
}

/* ---- programs -------------------------------------------------------------------------------- */

static void run(MiniProgram *program, NativeRun *ran)
{
    if (!mini_program_compile(program, "main.mini"))
        fail_msg("%s", program->messages.data);
    ByteBuffer blobs = {0};
    x86_put_runtime(&blobs);
    assert_true(mini_program_emit_all(program, mini_native_emit, &blobs));
    native_program_run(buffer_slice(&blobs), find_c_function, ran);
    buffer_free(&blobs);
}

static void check_sample(const char *sample)
{
    MiniProgram program = {0};
    NativeRun ran;
    mini_program_load(&program, sample, "main.mini");
    run(&program, &ran);
    char *expected = read_expected(sample);
    if (strcmp(ran.output.data, expected) != 0 || ran.status != 0)
        print_message("in %s:\n", sample);
    assert_string_equal(ran.output.data, expected);
    assert_int_equal(ran.status, 0);
    free(expected);
    native_run_free(&ran);
    mini_program_free(&program);
}

static void samples_print_what_is_expected(void **state)
{
    (void)state;
    char *names[MAX_SAMPLES];
    size_t count = list_samples(samples_directory(), names);
    assert_true(count >= 8);
    for (size_t i = 0; i < count; i++) {
        check_sample(names[i]);
        free(names[i]);
    }
}

/* LLVM's code does the same: what is expected here is what Mini is. */
static void expect_of_llvm(const char *source, const char *output)
{
    MiniProgram program = {0};
    ByteBuffer printed = {0};
    int status;
    mini_program_add(&program, "main.mini", source);
    mini_program_compile(&program, "main.mini");
    mini_program_run(&program, &printed, &status);
    assert_string_equal(printed.data, output);
    assert_int_equal(status, 0);
    buffer_free(&printed);
    mini_program_free(&program);
}

/* The whole of a program, its output, and how it ends. */
static void expect(const char *source, const char *output, const char *errors, int status)
{
    MiniProgram program = {0};
    NativeRun ran;
    mini_program_add(&program, "main.mini", source);
    run(&program, &ran);
    assert_string_equal(ran.output.data, output);
    assert_string_equal(ran.errors.data, errors);
    assert_int_equal(ran.status, status);
    native_run_free(&ran);
    mini_program_free(&program);
}

/* The statements of main. */
static void expect_lines(const char *declarations, const char *statements, const char *output)
{
    ByteBuffer source = {0};
    buffer_put(&source, slice_from(declarations));
    buffer_put(&source, slice_from("\nfn main() i32 {\n"));
    buffer_put(&source, slice_from(statements));
    buffer_put(&source, slice_of("\nreturn 0; }\n", sizeof "\nreturn 0; }\n"));
    expect(source.data, output, "", 0);
    if (strstr(declarations, "extern") == NULL) /* lli does not find the test's own functions */
        expect_of_llvm(source.data, output);
    buffer_free(&source);
}

static void integers_at_their_limits(void **state)
{
    (void)state;
    expect_lines("fn i(x: i32) i32 { return x; } fn l(x: i64) i64 { return x; }",
                 "print(i(2147483647) + 1); print(i(-2147483648) - 1); print(-i(-2147483648));"
                 "print(i(65536) * i(65536)); print(i(-2147483648) / i(-1));"
                 "print(i(-2147483648) % i(-1)); print(i(-7) / i(2)); print(i(-7) % i(2));"
                 "print(i(-7) / 2); print(i(-7) % -2); print(i(5) / -1); print(i(5) % -1);"
                 "print(l(9223372036854775807) + 1); print(l(-9223372036854775808) - 1);"
                 "print(-l(-9223372036854775808)); print(l(4294967296) * l(4294967296));"
                 "print(l(-9223372036854775808) / l(-1)); print(l(-9223372036854775808) % l(-1));"
                 "print(l(-7) / l(2)); print(l(-7) % l(2)); print(l(1099511627776) + 4294967296);"
                 "print(l(3000000000) - 5000000000); print(l(3) * 3000000000);"
                 "print(5 - i(3)); print(100 / i(7)); print(100 % i(7)); print(-1 / i(-1));",
                 "-2147483648\n2147483647\n-2147483648\n0\n-2147483648\n0\n-3\n-1\n-3\n-1\n-5\n0\n"
                 "-9223372036854775808\n9223372036854775807\n-9223372036854775808\n0\n"
                 "-9223372036854775808\n0\n-3\n-1\n1103806595072\n-2000000000\n9000000000\n"
                 "2\n14\n2\n1\n");
}

static void casts_at_all_limits(void **state)
{
    (void)state;
    expect_lines("fn d(x: f64) f64 { return x; } fn i(x: i32) i32 { return x; }"
                 "fn l(x: i64) i64 { return x; }",
                 "print(d(2147483647.0) as i32); print(d(2147483647.5) as i32);"
                 "print(d(2147483648.0) as i32); print(d(-2147483648.0) as i32);"
                 "print(d(-2147483648.9) as i32); print(d(-2147483649.0) as i32);"
                 "print(d(1e300) as i32); print(d(-1e300) as i32); print(d(0.0 / d(0.0)) as i32);"
                 "print((d(1.0) / d(0.0)) as i32);"
                 "print((d(-1.0) / d(0.0)) as i32);"
                 "print(d(0.5) as i32); print(d(-0.5) as i32); print(d(-0.0) as i32);"
                 "print(d(9223372036854774784.0) as i64); print(d(9223372036854775808.0) as i64);"
                 "print(d(-9223372036854775808.0) as i64); print(d(-9223372036854777856.0) as i64);"
                 "print((0.0 / d(0.0)) as i64); print((d(1.0) / d(0.0)) as i64);"
                 "print((d(-1.0) / d(0.0)) as i64); print(d(-0.9) as i64);"
                 "print(l(4294967297) as i32); print(l(2147483648) as i32);"
                 "print(l(-2147483649) as i32); print(i(-1) as i64); print(i(-2147483648) as f64);"
                 "print(l(9007199254740993) as f64); print(l(-9223372036854775808) as f64);"
                 "print(l(9223372036854775807) as f64); print(i(7) as i32); print(d(7.5) as f64);",
                 "2147483647\n2147483647\n2147483647\n-2147483648\n-2147483648\n-2147483648\n"
                 "2147483647\n-2147483648\n0\n2147483647\n-2147483648\n0\n0\n0\n"
                 "9223372036854774784\n9223372036854775807\n-9223372036854775808\n"
                 "-9223372036854775808\n0\n9223372036854775807\n-9223372036854775808\n0\n"
                 "1\n-2147483648\n2147483647\n-1\n-2147483648\n9007199254740992\n"
                 "-9.2233720368547758e+18\n9.2233720368547758e+18\n7\n7.5\n");
}

static void reals(void **state)
{
    (void)state;
    expect_lines(
        "fn d(x: f64) f64 { return x; } fn b(x: bool) bool { return x; }",
        "const z = d(0.0); const nan = z / z; const inf = d(1.0) / z;"
        "print(nan); print(-nan); print(inf); print(-inf); print(-z); print(d(-0.0));"
        "print(0.0 - z); print(1.0 / 0.0);"
        "print(nan == nan); print(nan != nan); print(nan < nan); print(nan <= nan);"
        "print(nan > nan); print(nan >= nan); print(z < nan); print(nan < z);"
        "print(z == -z); print(z < inf); print(z <= -z); print(inf > z); print(inf >= inf);"
        "print(-inf < inf); print(z != nan); print(1.0 < d(2.0)); print(d(2.0) <= 1.0);"
        "if nan == nan { print(\"wrong\"); } if nan != nan { print(\"right\"); }"
        "if nan < z { print(\"wrong\"); } else { print(\"right\"); }"
        "if nan >= z { print(\"wrong\"); } else { print(\"right\"); }"
        "if !(nan >= z) { print(\"right\"); }"
        "print(d(0.1) + d(0.2)); print(d(10.0) - d(0.1)); print(d(1.0) - (d(2.0) - d(5.0)));"
        "print(d(3.0) / (d(2.0) * d(4.0))); print(d(5e-324)); print(d(1.7976931348623157e308));"
        "print(d(2.0) * d(2.0) - d(1.0) * d(3.0) / d(2.0)); const x = d(3.0); print(x * x - x);"
        "print(b(true)); print(!b(true)); print(b(true) == b(false)); print(b(true) != false);",
        "nan\nnan\ninf\n-inf\n-0\n-0\n0\ninf\nfalse\ntrue\nfalse\nfalse\nfalse\nfalse\n"
        "false\nfalse\ntrue\ntrue\ntrue\ntrue\ntrue\ntrue\ntrue\ntrue\nfalse\nright\nright\n"
        "right\nright\n0.30000000000000004\n9.9000000000000004\n4\n0.375\n"
        "4.9406564584124654e-324\n1.7976931348623157e+308\n2.5\n6\n"
        "true\nfalse\nfalse\ntrue\n");
}

/* Each struct is a value of its own, wherever it was made or put. */
static void structs_are_values(void **state)
{
    (void)state;
    expect_lines(
        "struct P { x: i32, y: i64 } struct Q { p: P, b: bool, q: P, s: str, d: f64 }"
        "struct E { } struct W { e: E, x: i32, f: E }"
        "const origin = Q{ p: P{ x: 1, y: 2 }, b: true, q: P{ x: 3, y: 4 }, s: \"s\", d: 0.5 };"
        "fn swap(p: P) P { return P{ x: p.y as i32, y: p.x as i64 }; }"
        "fn same(a: i32, p: P) P { return p; }"
        "fn inner(q: Q) P { return q.q; }"
        "fn choose(c: bool, a: i32, b: i32) P { const v = a * b; const w = a + b;"
        "    if c { return P{ x: w, y: 1 }; } return P{ x: v, y: 2 }; }"
        "fn chosen(c: bool) P { const a = P{ x: 1, y: 1 }; const b = P{ x: 2, y: 2 };"
        "    if c { return a; } return b; }"
        "fn make(n: i32) Q { return Q{ q: swap(P{ x: n, y: 9 }), p: P{ x: n + 1, y: 8 },"
        "    s: \"made\", b: n > 3, d: n as f64 }; }"
        "fn show(q: Q) { print(q.p.x); print(q.p.y); print(q.b); print(q.q.x); print(q.q.y);"
        "    print(q.s); print(q.d); }"
        "fn w(x: W) W { return W{ f: x.f, x: x.x + 1, e: x.e }; }",
        "var p = P{ x: 5, y: 6 }; const old = p; p = swap(p); print(p.x); print(p.y);"
        "print(old.x); p.x = 7; print(p.x); print(old.x); const r = same(1, p); p.y = 70;"
        "print(r.y); var q = origin; show(q); q.p = q.q; q.q.x = 33; show(q); show(origin);"
        "q = make(4); show(q); q.q = inner(q); q.p = swap(q.p); show(q);"
        "print(choose(true, 3, 4).x); print(choose(false, 3, 4).x); print(chosen(true).x);"
        "print(chosen(false).x); const v = 2 * 3; var m = P{ x: p.x + 1, y: 0 };"
        "const t = p.x * 2; var k = P{ x: t, y: 1 }; k.x = 0; print(t); print(k.x); print(m.x);"
        "var i = 0; while i < 3 { const before = p; p = P{ x: before.x + i, y: before.y };"
        "    if i == 1 { const c = p; p.x = 100; print(c.x); } i = i + 1; } print(p.x);"
        "const e = w(W{ e: E{}, x: 41, f: E{} }); print(e.x);"
        "p = P{ x: p.y as i32, y: p.x as i64 }; print(p.x); print(p.y);",
        "6\n5\n5\n7\n5\n5\n1\n2\ntrue\n3\n4\ns\n0.5\n3\n4\ntrue\n33\n4\ns\n0.5\n"
        "1\n2\ntrue\n3\n4\ns\n0.5\n5\n8\ntrue\n9\n4\nmade\n4\n8\n5\ntrue\n9\n4\nmade\n4\n"
        "7\n12\n1\n2\n14\n0\n8\n8\n102\n42\n70\n102\n");
}

static void put_repeated(ByteBuffer *text, const char *format, int count, const char *between)
{
    for (int i = 0; i < count; i++) {
        if (i != 0)
            buffer_put(text, slice_from(between));
        buffer_put_format(text, format, i, i);
    }
}

/* A struct of the largest size, 40 parameters of all kinds, a frame of several pages. */
static void large_things(void **state)
{
    (void)state;
    ByteBuffer declarations = {0}, statements = {0}, output = {0};
    buffer_put(&declarations, slice_from("struct Large { "));
    put_repeated(&declarations, "g%d: i32", 256, ", ");
    buffer_put(&declarations, slice_from(" } fn large(n: i32) Large { return Large{ "));
    put_repeated(&declarations, "g%d: n + %d", 256, ", ");
    buffer_put(&declarations, slice_from(" }; } fn next(a: Large) Large { var b = a;"
                                         " b.g255 = b.g255 + b.g0; return b; }"
                                         " fn many("));
    put_repeated(&declarations, "i%d: i32, d%d: f64", 20, ", ");
    buffer_put(&declarations, slice_from(") f64 { return "));
    put_repeated(&declarations, "i%d as f64 * d%d", 20, " + ");
    buffer_put(&declarations, slice_of("; }", sizeof "; }"));
    buffer_put(&statements, slice_from("var a = large(3); a = next(next(a)); print(a.g255);"
                                       " print(a.g0); const b = a; a.g7 = 1; print(b.g7);"
                                       " print(a.g8); print(many("));
    put_repeated(&statements, "%d, %d.5", 20, ", ");
    buffer_put(&statements, slice_of("));", sizeof "));"));
    double sum = 0;
    for (int i = 0; i < 20; i++)
        sum += i * (i + 0.5);
    buffer_put_format(&output, "264\n3\n10\n11\n%.17g\n", sum);
    buffer_put_byte(&output, '\0');
    expect_lines(declarations.data, statements.data, output.data);
    buffer_free(&declarations);
    buffer_free(&statements);
    buffer_free(&output);
}

static void c_functions(void **state)
{
    (void)state;
    expect_lines(
        "extern fn mixed_arguments(a: i32, b: f64, c: i64, d: str, e: bool, f: f64, g: i32,"
        "    h: i64, i: bool, j: f64) f64;"
        "extern fn ten_reals(a: f64, b: f64, c: f64, d: f64, e: f64, f: f64, g: f64, h: f64,"
        "    i: f64, j: f64) f64;"
        "extern fn dirty_bool(value: i64) bool; extern fn is_aligned(a: i32) i32;"
        "extern fn abs(x: i32) i32; extern fn puts(s: str) i32; extern fn sqrt(x: f64) f64;"
        "fn id(x: i32) i32 { return x; } fn d(x: f64) f64 { return x; }",
        "print(mixed_arguments(id(1), d(2.0), 3, \"four\", true, d(6.0), id(7), 8, true, d(10.0)));"
        "print(ten_reals(d(1.0), d(2.0), d(3.0), d(4.0), d(5.0), d(6.0), d(7.0), d(8.0), d(9.0),"
        "    d(10.0)));"
        "print(dirty_bool(3)); print(dirty_bool(6)); if dirty_bool(2) { print(\"wrong\"); }"
        "print(dirty_bool(5) == true); print(is_aligned(0)); print(id(is_aligned(id(0)) + 1));"
        "print(abs(id(-5)) + abs(3)); print(puts(\"text\") >= 0); const x = d(2.0);"
        "print(x + sqrt(x * x * x * x)); print(ten_reals(x, x + 1.0, x, x, x, x, x, x, x, x));",
        "293\n385\ntrue\nfalse\ntrue\n0\n1\n8\ntext\ntrue\n6\n112\n");
}

static void strings_with_every_byte(void **state)
{
    (void)state;
    ByteBuffer source = {0}, output = {0};
    buffer_put(&source, slice_from("const all = \""));
    for (int i = 1; i < 256; i++) {
        buffer_put_format(&source, "\\x%02X", (unsigned)i);
        buffer_put_byte(&output, (char)i);
    }
    buffer_put(&source, slice_from("\"; fn same(a: str, b: str) bool { return a == b; }"
                                   "fn main() i32 { print(all); print(same(all, all));"
                                   " print(same(\"a\", \"b\")); print(same(\"a\", \"a\"));"
                                   " print(\"a\" != \"\"); if same(\"\", \"\") { print(\"\"); }"
                                   " if \"x\" == all { print(\"wrong\"); } return 0; }"));
    buffer_put_byte(&source, '\0');
    buffer_put(&output,
               slice_of("\ntrue\nfalse\ntrue\ntrue\n\n", sizeof "\ntrue\nfalse\ntrue\ntrue\n\n"));
    expect(source.data, output.data, "", 0);
    expect_of_llvm(source.data, output.data);
    buffer_free(&source);
    buffer_free(&output);
}

static void control_flow(void **state)
{
    (void)state;
    expect_lines(
        "fn say(x: i32) bool { print(x); return x > 2; }"
        "fn count(n: i32) i32 { if n == 0 { return 0; } return count(n - 1) + 1; }"
        "fn nothing() { } fn early(x: bool) { if x { return; } print(\"late\"); }"
        "fn pick(n: i32) str { if n == 0 { return \"a\"; } else if n == 1 { return \"b\"; }"
        "    else { return \"c\"; } }",
        "print(say(1) && say(2)); print(say(3) && say(4)); print(say(1) || say(5));"
        "print(say(6) || say(7)); print(say(1) && say(2) || say(8) && !say(9));"
        "var x = 1; if x < 2 && (x > 5 || say(3)) { print(\"yes\"); }"
        "const keep = x * 10; const d = 0.5; const b = say(0) || d < 1.0; print(keep); print(b);"
        "var i = 0; var sum: i64 = 0;"
        "while true { i = i + 1; if i % 2 == 0 { continue; } if i > 10 { break; }"
        "    var j = 0; while j < i { const x = i * j; sum = sum + x as i64; j = j + 1; } }"
        "print(sum); print(i); print(count(100000)); nothing(); early(true); early(false);"
        "print(pick(0)); print(pick(1)); print(pick(2)); if true { var x = 2; x = x + 1;"
        " print(x); } print(x);",
        "1\nfalse\n3\n4\ntrue\n1\n5\ntrue\n6\ntrue\n1\n8\n9\nfalse\n3\nyes\n0\n10\ntrue\n"
        "530\n11\n100000\nlate\na\nb\nc\n3\n1\n");
}

static void traps_name_their_cause(void **state)
{
    (void)state;
    enum { ILL = 128 + SIGILL, SEGV = 128 + SIGSEGV };
    expect("fn area(a: i32, b: i32) i32 { return a / b; } fn main() i32 { print(\"before\");"
           " print(area(1, 0)); return 0; }",
           "before\n", "division by zero in main.mini:area\n", ILL);
    expect("fn main() i32 { var z: i64 = 0; while z < 1 { print(5 % z); } return 0; }", "",
           "division by zero in main.mini:main\n", ILL);
    expect("fn main() i32 { print(1); return 300; }", "1\n", "", 300 & 255);
    expect("fn down(n: i32) i32 { return down(n + 1) + 1; } fn main() i32 { return down(0); }", "",
           "", SEGV);
}

/* Lowered files are shared with LLVM's IR, code is not. */
static void the_plug_is_of_another_kind(void **state)
{
    (void)state;
    Compiler ir, native;
    ByteBuffer text = {0}, blobs = {0};
    assert_int_equal(mini_compiler_init(&ir, NULL, &text), 0);
    assert_int_equal(mini_native_compiler_init(&native, NULL, &blobs), 0);
    assert_true(hash_equal(ir.fingerprint, native.fingerprint));
    assert_false(hash_equal(ir.settings, native.settings));
    assert_ptr_equal(ir.lower, native.lower);
    bool has_start = false;
    Slice rest = native.prelude;
    for (UnitCode unit; unit_code_next(&rest, &unit);)
        has_start |= slice_equal(unit.symbol, slice_from("_start"));
    assert_true(has_start && rest.size == 0);
    buffer_free(&text);
    buffer_free(&blobs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_print_what_is_expected),
        cmocka_unit_test(integers_at_their_limits),
        cmocka_unit_test(casts_at_all_limits),
        cmocka_unit_test(reals),
        cmocka_unit_test(structs_are_values),
        cmocka_unit_test(large_things),
        cmocka_unit_test(c_functions),
        cmocka_unit_test(strings_with_every_byte),
        cmocka_unit_test(control_flow),
        cmocka_unit_test(traps_name_their_cause),
        cmocka_unit_test(the_plug_is_of_another_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
