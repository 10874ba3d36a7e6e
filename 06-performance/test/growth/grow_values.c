/* SPDX-License-Identifier: MIT */
/* What values are made of: constants and structs, made from each other. */
#include "grow_source.h"

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

/* ---- the list ------------------------------------------------------------------------------ */

static const char too_wide[] = "a struct may hold at most";

const Construct growing_values[] = {
    WRONG(constant_chain, 200, "constants are made from constants more than 1000 levels deep"),
    WRONG(constant_chain_backwards, 200,
          "constants are made from constants more than 1000 levels deep"),
    WRONG(wrong_constant_chain, 100, "expected i32, found bool"),
    WRONG(constant_cycle, 250, "a constant is made from itself, or from what is not known"),
    RIGHT(functions_times_constants, 100), RIGHT(functions_times_operators, 200),
    WRONG(functions_times_unknown_constants, 100, "none.mini"),
    WRONG(functions_times_wrong_constants, 100, "expected i32, found bool"),
    RIGHT(constants_times_constants, 80), RIGHT(struct_constant_chain, 100),
    RIGHT(struct_constant_copies, 100), RIGHT(constants_in_files, 15),
    WRONG(struct_chain, 200, "structs are nested more than"),
    WRONG(struct_chain_backwards, 200, "structs are nested more than"),
    WRONG(struct_cycle, 100, "structs are nested more than 32"),
    WRONG(doubled_structs, 5, too_wide),
    WRONG(wide_struct, 300, "more than 1000 arguments or fields"),
    WRONG(wide_constant, 300, "more than 1000 arguments or fields"),
    WRONG(wide_struct_uses, 300, too_wide), RIGHT(widest_struct_literals, 2),
    RIGHT(widest_struct_uses, 20), WRONG(missing_fields, 10, "is missing"),
    {0},
};
