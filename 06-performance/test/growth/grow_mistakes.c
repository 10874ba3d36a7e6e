/* SPDX-License-Identifier: MIT */
/* Mistakes, many times over: what is reported must not grow faster than they do. */
#include "grow_source.h"

static void undefined_names(int n) { body(n, "", "u%d();\n"); }
static void undefined_names_in_functions(int n) { top(n, "fn f_%d() { u%d(); }\n"); }
static void type_errors(int n) { body(n, "", "const l%d: i32 = true;\n"); }
static void duplicate_names(int n) { top(n, "const same: i32 = %d;\n"); }
static void duplicate_locals(int n) { body(n, "", "const same = %d;\n"); }
static void syntax_errors(int n) { body(n, "", "const = %d;\n"); }
static void bad_bytes(int n) { top(n, "\x01\n"); }
static void open_strings(int n) { top(n, "\"\n"); }

static void unknown_fields(int n)
{
    put("struct P { a: i32 }\n");
    body(n, "const p = P { a: 1 };\n", "print(p.b%d);\n");
}

static void errors_on_one_line(int n)
{
    put("fn main() i32 { ");
    repeat(n, "u%d(); ");
    put("return 0; }");
}

static void errors_with_a_long_name(int n)
{
    put("struct L");
    repeat(n, "x");
    put(" { a: i32 }\nfn f() L");
    repeat(n, "x");
    put(" { return f(); }\n");
    body(n / 10, "const l = f();\n", "print(l); const n%d: i32 = l;\n");
}

static void missing_imports(int n)
{
    repeat(n, "import \"none%d.mini\" as m%d;\n");
    put_main();
}

static void many_errors_in_files(int n)
{
    repeat(n, "import \"m%d.mini\" as m%d;\n");
    put_main();
    for (int i = 0; i < n; i++) {
        open_numbered(i);
        put("fn f() { g(); h(); }\n");
    }
}

/* ---- the list ------------------------------------------------------------------------------ */

const Construct growing_mistakes[] = {
    WRONG(undefined_names, 400, "more errors"),
    WRONG(undefined_names_in_functions, 300, "more errors"),
    WRONG(type_errors, 400, "more errors"), WRONG(duplicate_names, 400, "too many errors"),
    WRONG(duplicate_locals, 400, "too many errors"), WRONG(syntax_errors, 400, "too many errors"),
    WRONG(bad_bytes, 400, "too many errors"), WRONG(open_strings, 400, "too many errors"),
    WRONG(unknown_fields, 400, "more errors"), WRONG(errors_on_one_line, 400, "more errors"),
    WRONG(errors_with_a_long_name, 1000, "expected i32, found"),
    WRONG(missing_imports, 100, "none"), WRONG(many_errors_in_files, 15, "undefined name"),
    {0},
};
