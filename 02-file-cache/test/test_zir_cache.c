/* SPDX-License-Identifier: MIT */
/* The ZirCache: the blobs of a file are returned unchanged, and only under the right key. */
#include "scratch.h"
#include "zir_cache.h"


static Hash128 hash_of(const char *text)
{
    return hash_bytes(slice_from(text));
}

static Lowered sample(const char *declarations, const char *ir)
{
    return (Lowered){.declarations = slice_from(declarations), .ir = slice_from(ir)};
}

static void expect_lowered(const ZirCache *cache, const char *content, Lowered expected)
{
    Lowered lowered;
    assert_true(zir_cache_get(cache, hash_of(content), &lowered));
    assert_true(slice_equal(lowered.declarations, expected.declarations));
    assert_true(slice_equal(lowered.ir, expected.ir));
    assert_int_equal((uintptr_t)lowered.declarations.data % 16, 0);
    assert_int_equal((uintptr_t)lowered.ir.data % 16, 0);
    assert_true(slice_equal(lowered.interface, expected.interface));
    assert_int_equal((uintptr_t)lowered.interface.data % 16, 0);
}

static void expect_miss(const ZirCache *cache, const char *content)
{
    Lowered lowered;
    assert_false(zir_cache_get(cache, hash_of(content), &lowered));
}

static void test_what_is_put_comes_back(void **state)
{
    static const struct {
        const char *content, *declarations, *ir, *interface;
    } files[] = {
        {"a", "declarations of a", "ir of a", ""},
        {"b", "sixteen bytes...", "x", "and as many here"},
        {"c", "", "ir alone", ""},
        {"d", "declarations alone", "", ""},
        {"e", "", "", "interface alone"},
        {"f", "all", "three", "blobs"},
        {"g", "", "", ""},
    };
    enum { COUNT = sizeof files / sizeof *files };
    Lowered lowered[COUNT];
    const Scratch *scratch = *state;
    ZirCache cache;
    assert_int_equal(zir_cache_open(&cache, scratch->fd, hash_of("compiler")), 0);
    for (int i = 0; i < COUNT; i++) {
        lowered[i] = sample(files[i].declarations, files[i].ir);
        lowered[i].interface = slice_from(files[i].interface);
        zir_cache_put(&cache, hash_of(files[i].content), &lowered[i]);
    }
    for (int state_of_disk = 0; state_of_disk < 3; state_of_disk++) {
        for (int i = 0; i < COUNT; i++)
            expect_lowered(&cache, files[i].content, lowered[i]);
        expect_miss(&cache, "never put");
        if (state_of_disk == 1)
            zir_cache_close(&cache);
        if (state_of_disk == 1)
            assert_int_equal(zir_cache_open(&cache, scratch->fd, hash_of("compiler")), 0);
        assert_int_equal(zir_cache_commit(&cache, false, NULL), 0);
    }
    zir_cache_close(&cache);
}

static void test_the_bytes_are_copied(void **state)
{
    const Scratch *scratch = *state;
    ZirCache cache;
    assert_int_equal(zir_cache_open(&cache, scratch->fd, hash_of("compiler")), 0);
    char declarations[] = "declarations", ir[] = "ir";
    Lowered lowered = sample(declarations, ir);
    zir_cache_put(&cache, hash_of("a"), &lowered);
    memset(declarations, '!', sizeof declarations - 1);
    memset(ir, '!', sizeof ir - 1);
    assert_int_equal(zir_cache_commit(&cache, false, NULL), 0);
    expect_lowered(&cache, "a", sample("declarations", "ir"));
    zir_cache_close(&cache);
}

/* Switching a setting misses; switching it back hits. */
static void test_each_fingerprint_has_its_own_results(void **state)
{
    const Scratch *scratch = *state;
    static const char *const compilers[] = {"debug", "release"};
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 2; i++) {
            ZirCache cache;
            Lowered lowered = sample("declarations", compilers[i]);
            assert_int_equal(zir_cache_open(&cache, scratch->fd, hash_of(compilers[i])), 0);
            if (round == 0) {
                expect_miss(&cache, "a");
                zir_cache_put(&cache, hash_of("a"), &lowered);
                assert_int_equal(zir_cache_commit(&cache, false, NULL), 0);
            }
            expect_lowered(&cache, "a", lowered);
            zir_cache_close(&cache);
        }
}

static void test_invalidate_and_clear_forget(void **state)
{
    const Scratch *scratch = *state;
    ZirCache cache;
    assert_int_equal(zir_cache_open(&cache, scratch->fd, hash_of("compiler")), 0);
    Lowered lowered = sample("declarations", "ir");
    zir_cache_put(&cache, hash_of("a"), &lowered);
    zir_cache_put(&cache, hash_of("b"), &lowered);
    zir_cache_invalidate(&cache, hash_of("a"));
    expect_miss(&cache, "a");
    expect_lowered(&cache, "b", lowered);
    assert_int_equal(zir_cache_commit(&cache, true, NULL), 0);
    assert_int_equal(zir_cache_clear(&cache), 0);
    expect_miss(&cache, "b");
    zir_cache_close(&cache);
    assert_null(cache.store);
}

static void test_warnings_are_in_the_same_object(void **state)
{
    const Scratch *scratch = *state;
    ZirCache cache;
    Arena arena = {0};
    Lowered lowered = {slice_from("declarations"), slice_from("ir"), slice_from("interface")};
    Lowered found;
    Slice warnings = slice_from("warnings"), none = {"", 0}, kept;
    assert_int_equal(zir_cache_open(&cache, scratch->fd, hash_of("compiler")), 0);
    zir_cache_put_joined(&cache, hash_of("a"), zir_cache_join(&lowered, &warnings, &arena));
    zir_cache_put_joined(&cache, hash_of("b"), zir_cache_join(&lowered, &none, &arena));
    assert_true(slice_equal(warnings, slice_from("warnings"))); /* they are in the object now */
    assert_int_equal(zir_cache_commit(&cache, false, NULL), 0);
    zir_cache_close(&cache);
    assert_int_equal(zir_cache_open(&cache, scratch->fd, hash_of("compiler")), 0);
    expect_lowered(&cache, "a", lowered);
    assert_true(zir_cache_get_with_warnings(&cache, hash_of("a"), &found, &kept));
    assert_true(slice_equal(kept, slice_from("warnings")));
    assert_true(zir_cache_get_with_warnings(&cache, hash_of("b"), &found, &kept));
    assert_int_equal(kept.size, 0);
    zir_cache_close(&cache);
    arena_free(&arena);
}

/* An object under the right key that no ZirCache wrote. */
static void test_an_object_that_is_not_blobs_is_a_miss(void **state)
{
    (void)state;
    static const struct {
        uint32_t words[8];
        size_t size;
    } objects[] = {
        {{0}, 0},          {{0}, 15},          {{1}, 16},         {{1, 0, 0, 0, 7}, 17},
        {{1, 0}, 31},      {{17}, 32},         {{UINT32_MAX}, 32}, {{UINT32_MAX - 15}, 32},
        {{0, 1}, 31},      {{0, 17}, 32},      {{16, 16}, 32},     {{16, UINT32_MAX}, 32},
        {{0, 0, 1}, 16},   {{0, 0, 17}, 32},   {{16, 0, 1}, 32},   {{0, 0, UINT32_MAX}, 32},
        {{0, 16, 1}, 32},
    };
    Hash128 compiler = hash_of("compiler");
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++) {
        Scratch scratch;
        scratch_open(&scratch);
        Hash128 key[] = {compiler, hash_of("a")};
        Slice part = slice_of(objects[i].words, objects[i].size);
        ObjectStore *store;
        assert_int_equal(object_store_open(&store, scratch.fd, "zir"), 0);
        object_store_put(store, hash_bytes(slice_of(key, sizeof key)), &part, 1);
        assert_int_equal(object_store_commit(store, false, NULL), 0);
        object_store_close(store);
        ZirCache cache;
        assert_int_equal(zir_cache_open(&cache, scratch.fd, compiler), 0);
        expect_miss(&cache, "a");
        zir_cache_close(&cache);
        scratch_close(&scratch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(test_what_is_put_comes_back),
        CASE_IN_SCRATCH(test_the_bytes_are_copied),
        CASE_IN_SCRATCH(test_each_fingerprint_has_its_own_results),
        CASE_IN_SCRATCH(test_invalidate_and_clear_forget),
        cmocka_unit_test(test_an_object_that_is_not_blobs_is_a_miss),
        CASE_IN_SCRATCH(test_warnings_are_in_the_same_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
