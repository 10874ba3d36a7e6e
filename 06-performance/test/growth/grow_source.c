/* SPDX-License-Identifier: MIT */
/*
 * grow-source NAME N DIR    writes a program, DIR/main.mini and its imports, that contains one
 * construct of the language N times, or N deep, or N long grow-source               lists the
 * constructs: NAME N VERDICT
 *
 * N is the first size measured; 2 N, 4 N and 8 N follow. The verdict of the largest is "right", or
 * words of the error that refuses it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *out;

#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
static void put(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vfprintf(out, format, arguments);
    va_end(arguments);
}

/* `text` n times; %d in it, once or twice, is the number of the repetition. */
static void repeat(int n, const char *text)
{
    for (int i = 0; i < n; i++)
        for (const char *at = text; *at != '\0'; at++)
            if (at[0] == '%' && at[1] == 'd')
                fprintf(out, "%d", i), at++;
            else
                putc(*at, out);
}

static void open_file(const char *directory, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    if (out != NULL)
        fclose(out);
    out = fopen(path, "w");
    if (out == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
}

static const char *directory;

static void open_numbered(int number)
{
    char name[32];
    snprintf(name, sizeof name, "m%d.mini", number);
    open_file(directory, name);
}

static void put_main(void)
{
    put("fn main() i32 { return 0; }\n");
}

/* A function whose body is `before`, then `text` n times. */
static void body(int n, const char *before, const char *text)
{
    put("fn main() i32 {\n%s", before);
    repeat(n, text);
    put("return 0; }\n");
}

/* Declarations: `text` n times. */
static void top(int n, const char *text)
{
    repeat(n, text);
    put_main();
}

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
    open_file(directory, "s.mini");
    put_text(n, "const s: str = ", ";\n");
}

/* ---- constants ----------------------------------------------------------------------------- */

static void constant_chain(int n)
{
    put("const c0: i32 = 1;\n");
    for (int i = 1; i <= n; i++)
        put("const c%d: i32 = c%d + 1;\n", i, i - 1);
    put("fn main() i32 { return c%d; }\n", n);
}

static void constant_chain_backwards(int n)
{
    for (int i = n; i > 0; i--)
        put("const c%d: i32 = c%d + 1;\n", i, i - 1);
    put("const c0: i32 = 1;\n");
    put_main();
}

/* The chain begins with a mistake. Everything after it is wrong, but only the mistake is
 * reported. */
static void wrong_constant_chain(int n)
{
    put("const c0: i32 = true;\n");
    for (int i = 1; i <= n; i++)
        put("const c%d: i32 = c%d + 1;\n", i, i - 1);
    repeat(n, "fn f_%d() i32 { return c%d; }\n");
    put_main();
}

static void constant_cycle(int n)
{
    for (int i = 0; i < n; i++)
        put("const c%d: i32 = c%d;\n", i, (i + 1) % n);
    put_main();
}

static void put_sum(int n, const char *one)
{
    put("const sum: i32 = 0");
    repeat(n, one);
    put(";\n");
    repeat(n, "fn g%d() i32 { return sum; }\n");
    put_main();
}

static void functions_times_constants(int n)
{
    repeat(n, "const c%d: i32 = %d;\n");
    put_sum(n, " + c%d");
}

static void functions_times_operators(int n) { put_sum(n, " + %d"); }

static void functions_times_unknown_constants(int n)
{
    put("import \"none.mini\" as none;\n");
    repeat(n, "const c%d: i32 = none.c%d;\n");
    put_sum(n, " + c%d");
}

static void functions_times_wrong_constants(int n)
{
    repeat(n, "const c%d: i32 = true;\n");
    put_sum(n, " + c%d");
}

static void constants_times_constants(int n)
{
    repeat(n, "const c%d: i32 = %d;\nconst d%d: i32 = sum + c%d;\n");
    put_sum(n, " + c%d");
}

static void struct_constant_chain(int n)
{
    put("struct P { a: i32, b: i32 }\nconst p0 = P { a: 1, b: 2 };\n");
    for (int i = 1; i <= n; i++)
        put("const p%d = P { a: p%d.b, b: p%d.a };\n", i, i - 1, i - 1);
    put("fn main() i32 { return p%d.a; }\n", n);
}

static void struct_constant_copies(int n)
{
    put("struct P { a: i32, b: i32 }\nconst p0 = P { a: 1, b: 2 };\n");
    for (int i = 1; i <= n; i++)
        put("const p%d = p%d;\n", i, i - 1);
    put("fn main() i32 { return p%d.a; }\n", n);
}

static void constants_in_files(int n)
{
    for (int i = 0; i < n; i++) {
        if (i != 0)
            open_numbered(i);
        put("import \"m%d.mini\" as next;\nconst c: i32 = next.c + 1;\n", i + 1);
        if (i == 0)
            put("fn main() i32 { return c; }\n");
    }
    open_numbered(n);
    put("const c: i32 = 1;\n");
}

/* ---- structs ------------------------------------------------------------------------------- */

static void struct_chain(int n)
{
    put("struct S0 { x: i32 }\n");
    for (int i = 1; i <= n; i++)
        put("struct S%d { x: S%d }\n", i, i - 1);
    put_main();
}

static void struct_chain_backwards(int n)
{
    for (int i = n; i > 0; i--)
        put("struct S%d { x: S%d }\n", i, i - 1);
    put("struct S0 { x: i32 }\n");
    put_main();
}

static void struct_cycle(int n)
{
    for (int i = 0; i < n; i++)
        put("struct S%d { x: S%d }\n", i, (i + 1) % n);
    put_main();
}

/* Each is twice as large as the one before: 2^n scalars. */
static void doubled_structs(int n)
{
    put("struct S0 { x: i32 }\n");
    for (int i = 1; i <= n; i++)
        put("struct S%d { x: S%d, y: S%d }\n", i, i - 1, i - 1);
    put("fn f(s: S%d) S%d { var t = s; t = s; return t; }\n", n, n);
    put_main();
}

static void put_wide(int n)
{
    put("struct W { ");
    repeat(n, "m%d: i32, ");
    put("}\n");
}

static void put_wide_literal(int n)
{
    put("W { ");
    for (int i = n; i > 0; i--)
        put("m%d: x + %d, ", i - 1, i);
    put("}");
}

static void wide_struct(int n)
{
    put_wide(n);
    put("fn f(x: i32) W { return ");
    put_wide_literal(n);
    put("; }\nfn main() i32 { var w = f(1); var v = w;\n");
    repeat(n, "v.m%d = w.m%d;\n");
    put("return w.m0; }\n");
}

static void wide_constant(int n)
{
    put_wide(n);
    put("const x: i32 = 1;\nconst w = ");
    put_wide_literal(n);
    put(";\n");
    repeat(n, "fn f_%d() W { return w; }\n");
    put_main();
}

/* Wider than allowed, and each use is a mistake. */
static void wide_struct_uses(int n)
{
    put_wide(n);
    put("fn f(w: W) W { var v = w;\n");
    repeat(n, "v.m%d = w.m%d;\nv = W { m%d: 1 };\n");
    put("return v; }\nconst c = W { };\n");
    repeat(n, "fn g%d() i32 { return c.m%d; }\n");
    put_main();
}

/* As wide as allowed, and used n times. */
enum { WIDEST = 256 };

static void widest_struct_literals(int n)
{
    put_wide(WIDEST);
    put("fn f(w: W) W { return w; }\nfn main() i32 { const x = 1; var w = f(");
    put_wide_literal(WIDEST);
    put(");\n");
    for (int i = 0; i < n; i++) {
        put("w = ");
        put_wide_literal(WIDEST);
        put(";\n");
    }
    put("return w.m0; }\n");
}

static void widest_struct_uses(int n)
{
    put_wide(WIDEST);
    put("fn f(w: W, v: W) W { var t = w;\n");
    repeat(n, "t = v; t.m%d = f(t, w).m7;\n");
    put("return t; }\n");
    put_main();
}

static void missing_fields(int n)
{
    put("struct W { ");
    for (int i = 0; i < WIDEST; i++)
        put("m%d: i32, ", i);
    put("}\n");
    body(n, "", "const w%d = W { };\n");
}

/* ---- mistakes ------------------------------------------------------------------------------ */

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
    open_file(directory, "one.mini");
    put("fn f() { }\n");
}

static void imports_of_one_file(int n)
{
    repeat(n, "import \"one.mini\" as m%d;\n");
    body(n, "", "m%d.f();\n");
    open_file(directory, "one.mini");
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

typedef struct Construct {
    const char *name;
    void (*write)(int n);
    int n;
    const char *verdict;
} Construct;

#define RIGHT(function, n) {#function, function, n, "right"}
#define WRONG(function, n, error) {#function, function, n, error}

static const char too_deep[] = "nested more than 1000 levels deep";
static const char too_wide[] = "a struct may hold at most";

static const Construct *constructs(size_t *count)
{
    static Construct list[] = {
        RIGHT(functions, 200), RIGHT(externs, 200), RIGHT(constants, 300), RIGHT(structs, 200),
        RIGHT(comments, 4000), RIGHT(blank_lines, 20000), RIGHT(long_name, 10000),
        RIGHT(long_names, 500), RIGHT(long_line, 300),
        WRONG(parameters, 300, "more than 1000 parameters"),
        RIGHT(statements, 400), RIGHT(locals, 500), RIGHT(variables, 200), RIGHT(stores, 300),
        RIGHT(loops, 150), RIGHT(ifs, 150), RIGHT(shadows, 150), RIGHT(else_ifs, 300),
        RIGHT(variables_in_else_ifs, 150),
        WRONG(nested_loops, 300, too_deep), WRONG(nested_ifs, 300, too_deep),
        WRONG(nested_ifs_with_else, 300, too_deep),
        WRONG(parentheses, 300, too_deep), WRONG(nested_calls, 300, too_deep),
        WRONG(negations, 300, too_deep), RIGHT(additions, 200), RIGHT(literals, 800),
        WRONG(right_additions, 300, too_deep), RIGHT(casts, 300), RIGHT(logic_chain, 150),
        RIGHT(recursion, 200), RIGHT(call_chain, 200), RIGHT(calls, 150),
        RIGHT(strings, 300), RIGHT(escapes, 300), RIGHT(long_string, 5000),
        RIGHT(long_string_through_constants, 4000), RIGHT(long_local_string, 3000),
        RIGHT(long_string_in_files, 4000),
        WRONG(constant_chain, 200, "constants are made from constants more than 1000 levels deep"),
        WRONG(constant_chain_backwards, 200,
              "constants are made from constants more than 1000 levels deep"),
        WRONG(wrong_constant_chain, 100, "expected i32, found bool"),
        WRONG(constant_cycle, 250, "a constant is made from itself, or from what is not known"),
        RIGHT(functions_times_constants, 100), RIGHT(functions_times_operators, 200),
        WRONG(functions_times_wrong_constants, 100, "expected i32, found bool"),
        WRONG(functions_times_unknown_constants, 100, "none.mini"),
        RIGHT(constants_times_constants, 80),
        RIGHT(struct_constant_chain, 100), RIGHT(struct_constant_copies, 100),
        RIGHT(constants_in_files, 15),
        WRONG(struct_chain, 200, "structs are nested more than"),
        WRONG(struct_chain_backwards, 200, "structs are nested more than"),
        WRONG(struct_cycle, 100, "structs are nested more than 32"),
        WRONG(doubled_structs, 5, too_wide),
        WRONG(wide_struct, 300, "more than 1000 arguments or fields"),
        WRONG(wide_constant, 300, "more than 1000 arguments or fields"),
        WRONG(wide_struct_uses, 300, too_wide),
        RIGHT(widest_struct_literals, 2),
        RIGHT(widest_struct_uses, 20), WRONG(missing_fields, 10, "is missing"),
        WRONG(calls_of_a_wide_function, 1000, "takes 1000 arguments, found 0"),
        WRONG(undefined_names, 400, "more errors"),
        WRONG(undefined_names_in_functions, 300, "more errors"),
        WRONG(type_errors, 400, "more errors"), WRONG(duplicate_names, 400, "too many errors"),
        WRONG(duplicate_locals, 400, "too many errors"),
        WRONG(syntax_errors, 400, "too many errors"), WRONG(bad_bytes, 400, "too many errors"),
        WRONG(open_strings, 400, "too many errors"), WRONG(unknown_fields, 400, "more errors"),
        WRONG(errors_on_one_line, 400, "more errors"),
        WRONG(errors_with_a_long_name, 1000, "expected i32, found"),
        WRONG(missing_imports, 100, "none"), WRONG(many_errors_in_files, 15, "undefined name"),
        RIGHT(imported_files, 20), RIGHT(importers_of_one_file, 20),
        RIGHT(imports_of_one_file, 100), RIGHT(cycle_of_imports, 20),
    };
    *count = sizeof list / sizeof *list;
    return list;
}

int main(int argc, char **argv)
{
    size_t count;
    const Construct *list = constructs(&count);
    for (size_t i = 0; i < count; i++) {
        if (argc < 4) {
            printf("%s %d %s\n", list[i].name, list[i].n, list[i].verdict);
        } else if (strcmp(argv[1], list[i].name) == 0) {
            directory = argv[3];
            open_file(directory, "main.mini");
            list[i].write(atoi(argv[2]));
            return fclose(out) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
        }
    }
    return argc < 4 ? EXIT_SUCCESS : EXIT_FAILURE;
}
