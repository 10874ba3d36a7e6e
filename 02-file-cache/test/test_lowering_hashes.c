/* SPDX-License-Identifier: MIT */
/* The two hashes of a declaration: what affects them, and what does not. */
#include "colliding_texts.h"
#include "lowered_source.h"
#include "scratch.h"

#include <stdio.h>

typedef enum Effect { NOTHING = 0, INTERFACE = 1, BODY = 2, BOTH = 3 } Effect;

static Declaration declaration_of(const char *text, const char *name)
{
    LoweredSource source;
    lowered_source_open(&source, slice_from(text));
    assert_string_equal(lowered_source_errors(&source), "");
    uint32_t number = declarations_find(&source.declarations, slice_from(name));
    assert_int_not_equal(number, DECLARATION_NONE);
    Declaration item = source.declarations.items[number];
    lowered_source_close(&source);
    return item;
}

/* What the difference between two sources does to the hashes of `f`. */
static void expect_effect(const char *before, const char *after, Effect expected)
{
    Declaration a = declaration_of(before, "f"), b = declaration_of(after, "f");
    assert_int_equal(!hash_equal(a.interface_hash, b.interface_hash), (expected & INTERFACE) != 0);
    assert_int_equal(!hash_equal(a.body_hash, b.body_hash), (expected & BODY) != 0);
}

static void test_what_cannot_be_seen_reaches_no_hash(void **state)
{
    (void)state;
    const char *plain = "fn f(a: i32) i32 { const b = a + g(1); return b; }";
    expect_effect(plain, "fn f ( a:i32 ) i32 {\r\n\tconst b = a+g(1);return b;}", NOTHING);
    expect_effect(plain, "// x\nfn f(a: i32) i32 { // y\nconst b = a + g(1); return b; } // z",
                  NOTHING);
    expect_effect(plain, "fn f(a: i32) i32 { const b = a + (g(0x1,)); return (b); }", NOTHING);
    expect_effect(plain, "fn f(a: i32) i32 { const other = a + g(1); return other; }", NOTHING);
    expect_effect(plain,
                  "import \"m\" as m; fn e() { print(\"\"); } fn f(a: i32) i32 { const b = a + "
                  "g(1); return b; } fn g(b: i32) i32 { return b; }",
                  NOTHING);
}

static void test_the_body_reaches_the_body_hash_only(void **state)
{
    (void)state;
    const char *plain = "fn f(a: i32, b: i32) i32 { return a - b; }";
    expect_effect(plain, "fn f(a: i32, b: i32) i32 { return b - a; }", BODY);
    expect_effect(plain, "fn f(a: i32, b: i32) i32 { return a + b; }", BODY);
    expect_effect(plain, "fn f(a: i32, b: i32) i32 { return a - b; return 1; }", BODY);
    expect_effect("fn f() { print(\"a\"); }", "fn f() { print(\"b\"); }", BODY);
    expect_effect("fn f() { print(1); }", "fn f() { print(-1); }", BODY);
    expect_effect("fn f() { print(1.0); }", "fn f() { print(1.5); }", BODY);
    expect_effect("fn f() { print(g().a); }", "fn f() { print(g().b); }", BODY);
    expect_effect("fn f() { const a = 1; }", "fn f() { const a: i32 = 1; }", BODY);
    expect_effect("fn f() { const a = 1; }", "fn f() { var a = 1; }", BODY);
    expect_effect("fn f() { }", "fn f() { return; }", BODY);
}

static void test_the_signature_reaches_the_interface_hash(void **state)
{
    (void)state;
    const char *plain = "fn f(a: i32, b: i32) { }";
    expect_effect(plain, "fn f(b: i32, a: i32) { }", INTERFACE);
    expect_effect(plain, "fn f(a: i32, c: i32) { }", INTERFACE);
    expect_effect(plain, "fn f(a: i32, b: i64) { }", INTERFACE);
    expect_effect(plain, "fn f(a: i32) { }", INTERFACE);
    expect_effect(plain, "fn f(a: i32, b: i32) i32 { while true { } }", BOTH);
    expect_effect(plain, "extern fn f(a: i32, b: i32);", BOTH);
}

static void test_constants_and_structs_are_interface(void **state)
{
    (void)state;
    expect_effect("const f = 1;", "const f = 2;", INTERFACE);
    expect_effect("const f = 1;", "const f: i32 = 1;", INTERFACE);
    expect_effect("const f = \"a\";", "const f = \"b\";", INTERFACE);
    expect_effect("const f = 1 + 2;", "const f = 2 + 1;", INTERFACE);
    expect_effect("const f = 1;", "const e = 2; const f = 1; // one", NOTHING);
    expect_effect("struct f { a: i32 }", "struct f { b: i32 }", INTERFACE);
    expect_effect("struct f { a: i32 }", "struct f { a: str }", INTERFACE);
    expect_effect("struct f { a: i32, b: i32 }", "struct f { b: i32, a: i32 }", INTERFACE);
    expect_effect("struct f { a: i32 }", "struct f {\n    a : i32,\n}", NOTHING);
}

static void test_what_has_no_body_has_no_body_hash(void **state)
{
    (void)state;
    assert_true(hash_is_none(declaration_of("const f = 1;", "f").body_hash));
    assert_true(hash_is_none(declaration_of("struct f { }", "f").body_hash));
    assert_true(hash_is_none(declaration_of("extern fn f();", "f").body_hash));
    assert_false(hash_is_none(declaration_of("fn f() { }", "f").body_hash));
    assert_false(hash_is_none(declaration_of("struct f { }", "f").interface_hash));
}

/* Names referred to are not hashed: the keys add them, as references. */
static void test_references_stand_in_the_hash_as_numbers(void **state)
{
    (void)state;
    expect_effect("fn f(a: P) { g(); }", "fn f(a: Q) { h(); }", NOTHING);
    expect_effect("fn f() { g(); h(); }", "fn f() { g(); g(); }", BODY);
}

/* ---- under a secret ------------------------------------------------------------------------ */

/* The hashes of `f`, whose source has `string` for the "%s" in `format`. */
static Declaration declaration_under(const HashSecret *secret, const char *format,
                                     const char *string)
{
    char text[COLLIDING_SIZE + 64];
    Arena arena = {0};
    Diagnostics diagnostics = {0};
    Lowered lowered;
    Declarations view;
    snprintf(text, sizeof text, format, string);
    assert_true(mini_lower(slice_from(text), secret, &arena, &diagnostics, &lowered));
    assert_true(declarations_view(lowered.declarations, &view));
    Declaration item = view.items[declarations_find(&view, slice_from("f"))];
    arena_free(&arena);
    return item;
}

static bool collide(const HashSecret *secret, const char *format, const char *one,
                    const char *other)
{
    Declaration a = declaration_under(secret, format, one);
    Declaration b = declaration_under(secret, format, other);
    return hash_equal(a.interface_hash, b.interface_hash) && hash_equal(a.body_hash, b.body_hash);
}

/* Two strings that make all hashes of `f` equal, wherever the string is in the hashed bytes; and a
 * secret unknown to the attacker who made them. */
static void expect_difference_under_a_secret(const char *format)
{
    enum { SIZES = 24, MOST = 200 }; /* the bytes before the string: sizes, and some code */
    const unsigned char seed[HASH_SEED_SIZE] = {1};
    char one[COLLIDING_SIZE + 1] = "", other[COLLIDING_SIZE + 1] = "";
    HashSecret secret;
    size_t offset = SIZES - 1;
    hash_secret_make(&secret, seed);
    do
        colliding_texts_make(one, other, ++offset);
    while (offset < MOST && !collide(NULL, format, one, other));
    assert_in_range(offset, SIZES, MOST - 1);
    assert_false(collide(&secret, format, one, other));
}

static void test_what_was_made_to_collide_differs_under_a_secret(void **state)
{
    (void)state;
    expect_difference_under_a_secret("fn f() { print(\"%s\"); }");
    expect_difference_under_a_secret("const f = \"%s\";");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_cannot_be_seen_reaches_no_hash),
        cmocka_unit_test(test_the_body_reaches_the_body_hash_only),
        cmocka_unit_test(test_the_signature_reaches_the_interface_hash),
        cmocka_unit_test(test_constants_and_structs_are_interface),
        cmocka_unit_test(test_what_has_no_body_has_no_body_hash),
        cmocka_unit_test(test_references_stand_in_the_hash_as_numbers),
        cmocka_unit_test(test_what_was_made_to_collide_differs_under_a_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
