/* SPDX-License-Identifier: MIT */
/* What code is made of: declarations, statements, expressions, strings, files. */
#include "grow_source.h"

/* ---- declarations -------------------------------------------------------------------------- */

static void functions(int n) { top(n, "fn f_%d(x: i32) i32 { return x + 1; }\n"); }
static void externs(int n) { top(n, "extern fn e%d(x: i32, s: str) bool;\n"); }
static void constants(int n) { top(n, "const c%d: i32 = %d;\n"); }
static void structs(int n) { top(n, "struct S%d { a: i32, b: str }\n"); }
static void comments(int n) { top(n, "// nothing, for the time number %d\n"); }
static void blank_lines(int n) { top(n, "\n"); }

static void long_name(int n)
{
    put("const ");
    repeat(n, "x");
    put(": i32 = 1;\nfn main() i32 { return ");
    repeat(n, "x");
    put("; }\n");
}

static void long_names(int n)
{
    for (int i = 0; i < 40; i++) {
        put("fn a");
        repeat(n, "x");
        put("%d() { }\n", i);
    }
    put_main();
}

static void long_line(int n)
{
    put("fn main() i32 { ");
    repeat(n, "print(%d); ");
    put("return 0; }");
}

static void parameters(int n)
{
    put("fn f(");
    repeat(n, "p%d: i32, ");
    put(") { }\nfn main() i32 { f(");
    repeat(n, "%d, ");
    put("); return 0; }\n");
}

/* The calls are wrong, otherwise each would have to be as long as the function's parameter list. */
static void calls_of_a_wide_function(int n)
{
    put("fn f(");
    for (int i = 0; i < n && i < 1000; i++)
        put("p%d: i32, ", i);
    put(") { }\n");
    repeat(n, "fn g%d() { f(); }\n");
    put_main();
}

/* ---- statements and expressions ------------------------------------------------------------ */

static void statements(int n) { body(n, "", "print(%d);\n"); }
static void locals(int n) { body(n, "", "const l%d = %d;\n"); }
static void variables(int n) { body(n, "", "var v%d = %d; v%d = v%d + 1;\n"); }
static void stores(int n) { body(n, "var x = 1;\n", "x = x + %d;\n"); }
static void loops(int n) { body(n, "var x = 1;\n", "while x < %d { x = x + 1; }\n"); }
static void ifs(int n) { body(n, "var x = 1;\n", "if x == %d { x = 2; } else { x = 3; }\n"); }
static void shadows(int n) { body(n, "", "if true { const x = %d; if true { const x = 2; } }\n"); }

static void else_ifs(int n)
{
    body(n, "var x = 1; var y = 2; if x == 0 { x = 1; }\n", "else if x == %d { y = x; x = 2; }\n");
}

static void variables_in_else_ifs(int n)
{
    put("fn main() i32 {\n");
    repeat(n, "var v%d = %d;\n");
    put("if v0 == 7 { v0 = 1; }\n");
    repeat(n, "else if v%d == 1 { v%d = 3; }\n");
    repeat(n, "print(v%d);\n");
    put("return 0; }\n");
}

/* As deep as a source may nest blocks: 1,000. */
static void nested(int n, const char *before, const char *open, const char *inside,
                   const char *close)
{
    put("fn main() i32 {\n%s", before);
    repeat(n, open);
    repeat(n, inside);
    repeat(n, close);
    put("return 0; }\n");
}

static void nested_loops(int n)
{
    nested(n, "var x = 1;\n", "while x < %d {\n", "x = x + 1;\n", "}\n");
}

static void nested_ifs(int n) { nested(n, "var x = 1;\n", "if x < %d {\n", "x = x + 1;\n", "}\n"); }

static void nested_ifs_with_else(int n)
{
    nested(n, "var x = 1;\n", "if x < %d {\n", "x = x + 1;\n", "} else { print(x); x = %d; }\n");
}

static void expression(int n, const char *open, const char *middle, const char *close)
{
    put("fn f(x: i32) i32 { return x; }\nfn main() i32 { const b = true; return ");
    repeat(n, open);
    put("%s", middle);
    repeat(n, close);
    put("; }\n");
}

static void parentheses(int n) { expression(n, "(", "1", ")"); }
static void nested_calls(int n) { expression(n, "f(", "1", ")"); }
static void negations(int n) { expression(n, "- ", "f(1)", ""); }
static void additions(int n) { expression(n, "f(%d) + ", "1", ""); }
static void literals(int n) { expression(n, "1 + ", "1", ""); }
static void right_additions(int n) { expression(n, "1 + (", "1", ")"); }
static void casts(int n) { expression(n, "", "1 as i64", " as i64 as i32"); }

static void logic_chain(int n)
{
    put("fn main() i32 { var b = true; b = b");
    repeat(n, " && %d == 1 || b");
    put("; return 0; }\n");
}

static void recursion(int n) { top(n, "fn r%d(x: i32) i32 { return r%d(x); }\n"); }

static void call_chain(int n)
{
    put("fn f_0() i32 { return 0; }\n");
    for (int i = 1; i <= n; i++)
        put("fn f_%d() i32 { return f_%d(); }\n", i, i - 1);
    put("fn main() i32 { return f_%d(); }\n", n);
}

static void calls(int n)
{
    repeat(n, "fn f_%d() { }\n");
    body(n, "", "f_%d();\n");
}

/* ---- strings ------------------------------------------------------------------------------- */

static void strings(int n) { body(n, "", "print(\"text number %d\");\n"); }
static void escapes(int n) { body(n, "", "print(\"\\n\\t\\\\ %d\");\n"); }

static void put_text(int n, const char *before, const char *after)
{
    put("%s\"", before);
    repeat(n, "x");
    put("\"%s", after);
}

static void long_string(int n)
{
    put_text(n, "const s: str = ", ";\n");
    repeat(n / 100, "fn g%d() str { return s; }\n");
    put_main();
}

static void long_string_through_constants(int n)
{
    put_text(n, "struct P { s: str, t: str }\nconst s: str = ", ";\n");
    put("const p = P { s: s, t: \"short\" };\n");
    repeat(n / 100, "const a%d = p.s; fn g%d() str { return a%d; }\nfn h%d() P { return p; }\n");
    put_main();
}

static void long_local_string(int n)
{
    put("fn main() i32 {\n");
    put_text(n, "const s = ", ";\n");
    repeat(n / 10, "print(s);\n");
    put("return 0; }\n");
}

static void long_string_in_files(int n)
{
    repeat(n / 200, "import \"m%d.mini\" as m%d;\n");
    put_main();
    for (int i = 0; i < n / 200; i++) {
        open_numbered(i);
        put("import \"s.mini\" as s;\nfn f() { print(s.s); }\n");
    }
    open_file("s.mini");
    put_text(n, "const s: str = ", ";\n");
}

/* ---- files --------------------------------------------------------------------------------- */

static void imported_files(int n)
{
    repeat(n, "import \"m%d.mini\" as m%d;\n");
    body(n, "", "m%d.f();\n");
    for (int i = 0; i < n; i++) {
        open_numbered(i);
        put("fn f() { }\n");
    }
}

static void importers_of_one_file(int n)
{
    repeat(n, "import \"m%d.mini\" as m%d;\n");
    put_main();
    for (int i = 0; i < n; i++) {
        open_numbered(i);
        put("import \"one.mini\" as one;\nfn f() { one.f(); }\n");
    }
    open_file("one.mini");
    put("fn f() { }\n");
}

static void imports_of_one_file(int n)
{
    repeat(n, "import \"one.mini\" as m%d;\n");
    body(n, "", "m%d.f();\n");
    open_file("one.mini");
    put("fn f() { }\n");
}

/* Each file imports the next; the last one the first. */
static void cycle_of_imports(int n)
{
    put("import \"m1.mini\" as next;\nfn f() { next.f(); }\n");
    put_main();
    for (int i = 1; i <= n; i++) {
        open_numbered(i);
        if (i == n)
            put("import \"main.mini\" as next;\nfn f() { next.f(); }\n");
        else
            put("import \"m%d.mini\" as next;\nfn f() { next.f(); }\n", i + 1);
    }
}

/* ---- the list ------------------------------------------------------------------------------ */

static const char too_deep[] = "nested more than 1000 levels deep";

const Construct growing_code[] = {
    RIGHT(functions, 200), RIGHT(externs, 200), RIGHT(constants, 300), RIGHT(structs, 200),
    RIGHT(comments, 4000), RIGHT(blank_lines, 20000), RIGHT(long_name, 10000),
    RIGHT(long_names, 500), RIGHT(long_line, 300),
    WRONG(parameters, 300, "more than 1000 parameters"),
    WRONG(calls_of_a_wide_function, 1000, "takes 1000 arguments, found 0"),
    RIGHT(statements, 400), RIGHT(locals, 500), RIGHT(variables, 200), RIGHT(stores, 300),
    RIGHT(loops, 150), RIGHT(ifs, 150), RIGHT(shadows, 150), RIGHT(else_ifs, 300),
    RIGHT(variables_in_else_ifs, 150), WRONG(nested_loops, 300, too_deep),
    WRONG(nested_ifs, 300, too_deep), WRONG(nested_ifs_with_else, 300, too_deep),
    WRONG(parentheses, 300, too_deep), WRONG(nested_calls, 300, too_deep),
    WRONG(negations, 300, too_deep), RIGHT(additions, 200), RIGHT(literals, 800),
    WRONG(right_additions, 300, too_deep), RIGHT(casts, 300), RIGHT(logic_chain, 150),
    RIGHT(recursion, 200), RIGHT(call_chain, 200), RIGHT(calls, 150), RIGHT(strings, 300),
    RIGHT(escapes, 300), RIGHT(long_string, 5000), RIGHT(long_string_through_constants, 4000),
    RIGHT(long_local_string, 3000), RIGHT(long_string_in_files, 4000), RIGHT(imported_files, 20),
    RIGHT(importers_of_one_file, 20), RIGHT(imports_of_one_file, 100),
    RIGHT(cycle_of_imports, 20),
    {0},
};
