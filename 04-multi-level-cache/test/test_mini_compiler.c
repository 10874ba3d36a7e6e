/* SPDX-License-Identifier: MIT */
/* The plug: every field is set, and the fingerprint follows everything that can reach the
 * lowered files. */
#include "mini_compiler.h"

#include "scratch.h"

#include <errno.h>

static Compiler compiler_for(const char *target)
{
    Compiler compiler;
    ByteBuffer prelude = {0};
    MiniSettings settings = {.target = target};
    assert_int_equal(mini_compiler_init(&compiler, &settings, &prelude), 0);
    buffer_free(&prelude);
    return compiler;
}

static void test_every_field_is_set(void **state)
{
    (void)state;
    Compiler compiler;
    ByteBuffer prelude = {0};
    assert_int_equal(mini_compiler_init(&compiler, &(MiniSettings){0}, &prelude), 0);
    assert_false(hash_is_none(compiler.fingerprint));
    assert_true(slice_equal(compiler.entry_point, slice_from("main")));
    assert_true(compiler.missing_entry_point.size != 0);
    assert_true(compiler.scan_imports != NULL && compiler.lower != NULL && compiler.emit != NULL);
    assert_true(slice_equal(compiler.prelude, buffer_slice(&prelude)));
    assert_int_equal(compiler.prelude.data[compiler.prelude.size - 1], '\n');
    buffer_free(&prelude);
}

static void test_fingerprint_and_settings_are_stable(void **state)
{
    (void)state;
    Compiler one = compiler_for("riscv64-unknown-linux-gnu");
    Compiler two = compiler_for("riscv64-unknown-linux-gnu");
    assert_true(hash_equal(one.fingerprint, two.fingerprint));
    assert_true(hash_equal(one.settings, two.settings));
}

/* Lowered files are the same for all targets. */
static void test_settings_follow_the_target(void **state)
{
    (void)state;
    Compiler one = compiler_for("riscv64-unknown-linux-gnu"), host = compiler_for(NULL);
    Compiler other = compiler_for("aarch64-unknown-linux-gnu");
    assert_true(hash_equal(one.fingerprint, other.fingerprint));
    assert_false(hash_equal(one.settings, other.settings));
    assert_false(hash_equal(one.settings, host.settings));
}

static void test_target_stands_in_the_prelude(void **state)
{
    (void)state;
    Compiler compiler;
    ByteBuffer prelude = {0};
    MiniSettings settings = {.target = "aarch64-unknown-linux-gnu"};
    assert_int_equal(mini_compiler_init(&compiler, &settings, &prelude), 0);
    buffer_put_byte(&prelude, '\0');
    assert_non_null(strstr(prelude.data, "\ntarget triple = \"aarch64-unknown-linux-gnu\"\n"));
    buffer_free(&prelude);
}

static void test_a_target_is_one_plain_word(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "x86 64", "a\"b", "a\nb", "a\\00", "\xC3\xBC", "a/b"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        Compiler compiler;
        ByteBuffer prelude = {0};
        MiniSettings settings = {.target = wrong[i]};
        assert_int_equal(mini_compiler_init(&compiler, &settings, &prelude), -EINVAL);
        buffer_free(&prelude);
    }
}

static void test_lower_reports_errors(void **state)
{
    (void)state;
    Compiler compiler;
    ByteBuffer prelude = {0};
    Arena arena = {0};
    Diagnostics diagnostics = {0};
    Lowered lowered;
    assert_int_equal(mini_compiler_init(&compiler, NULL, &prelude), 0);
    assert_true(compiler.lower(compiler.language, slice_from("fn main() i32 { return 0; }"),
                               NULL, &arena, &diagnostics, &lowered));
    assert_int_equal(diagnostics.count, 0);
    assert_false(compiler.lower(compiler.language, slice_from("fn main( {"), NULL, &arena,
                                &diagnostics, &lowered));
    assert_true(diagnostics.count > 0);
    diagnostics_free(&diagnostics);
    arena_free(&arena);
    buffer_free(&prelude);
}

static Hash128 body_hash_under(const HashSecret *secret)
{
    Compiler compiler;
    ByteBuffer prelude = {0};
    Arena arena = {0};
    Diagnostics diagnostics = {0};
    Lowered lowered;
    Declarations view;
    assert_int_equal(mini_compiler_init(&compiler, NULL, &prelude), 0);
    assert_true(compiler.lower(compiler.language, slice_from("fn f() { }"), secret, &arena,
                               &diagnostics, &lowered));
    assert_true(declarations_view(lowered.declarations, &view));
    Hash128 hash = view.items[0].body_hash;
    arena_free(&arena);
    buffer_free(&prelude);
    return hash;
}

static void test_lower_hashes_under_the_secret(void **state)
{
    (void)state;
    const unsigned char seed[HASH_SEED_SIZE] = {1};
    HashSecret secret;
    hash_secret_make(&secret, seed);
    assert_false(hash_equal(body_hash_under(NULL), body_hash_under(&secret)));
    assert_true(hash_equal(body_hash_under(&secret), body_hash_under(&secret)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_is_set),
        cmocka_unit_test(test_fingerprint_and_settings_are_stable),
        cmocka_unit_test(test_settings_follow_the_target),
        cmocka_unit_test(test_target_stands_in_the_prelude),
        cmocka_unit_test(test_a_target_is_one_plain_word),
        cmocka_unit_test(test_lower_reports_errors),
        cmocka_unit_test(test_lower_hashes_under_the_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
