/* SPDX-License-Identifier: MIT */
/* The AirCache: a unit's output is found under its key, from this process or another. */
#include "air_cache.h"
#include "scratch.h"

static Hash128 key_of(const char *unit)
{
    return hash_bytes(slice_from(unit));
}

static void expect_output(const AirCache *cache, const char *unit, const char *expected)
{
    Slice output;
    assert_true(air_cache_get(cache, key_of(unit), &output));
    assert_true(slice_equal(output, slice_from(expected)));
}

static void expect_miss(const AirCache *cache, const char *unit)
{
    Slice output;
    assert_false(air_cache_get(cache, key_of(unit), &output));
}

static void test_outputs_come_back(void **state)
{
    const Scratch *scratch = *state;
    AirCache cache;
    uint64_t written = 0;
    assert_int_equal(air_cache_open(&cache, scratch->fd), 0);
    expect_miss(&cache, "main.mini:main");
    air_cache_put(&cache, key_of("main.mini:main"), slice_from("define i32 @main() {...}\n"));
    air_cache_put(&cache, key_of("main.mini:a constant"), slice_from(""));
    expect_output(&cache, "main.mini:main", "define i32 @main() {...}\n");
    assert_int_equal(air_cache_commit(&cache, false, &written), 0);
    assert_true(written > 0);
    air_cache_close(&cache);
    assert_null(cache.store);

    assert_int_equal(air_cache_open(&cache, scratch->fd), 0);
    expect_output(&cache, "main.mini:main", "define i32 @main() {...}\n");
    expect_output(&cache, "main.mini:a constant", ""); /* no output is a result too */
    expect_miss(&cache, "main.mini:other");
    air_cache_close(&cache);
}

static void test_invalidate_and_clear_forget(void **state)
{
    const Scratch *scratch = *state;
    AirCache cache;
    assert_int_equal(air_cache_open(&cache, scratch->fd), 0);
    air_cache_put(&cache, key_of("a"), slice_from("A"));
    air_cache_put(&cache, key_of("b"), slice_from("B"));
    air_cache_invalidate(&cache, key_of("a"));
    expect_miss(&cache, "a");
    assert_int_equal(air_cache_commit(&cache, true, NULL), 0);
    air_cache_close(&cache);
    assert_int_equal(air_cache_open(&cache, scratch->fd), 0);
    expect_miss(&cache, "a");
    expect_output(&cache, "b", "B");
    assert_int_equal(air_cache_clear(&cache), 0);
    expect_miss(&cache, "b");
    air_cache_close(&cache);
}

static void expect_both(const AirCache *cache, const char *unit, Slice output, Slice warnings)
{
    Slice found, found_warnings;
    assert_true(air_cache_get_with_warnings(cache, key_of(unit), &found, &found_warnings));
    assert_true(slice_equal(found, output));
    assert_true(slice_equal(found_warnings, warnings));
    assert_true(air_cache_get(cache, key_of(unit), &found));
    assert_true(slice_equal(found, output));
}

/* The end of an object with warnings is an output like any other. */
static Slice end_of_object(const AirCache *cache, const char *unit)
{
    Slice object;
    assert_true(object_store_get(cache->store, key_of(unit), &object));
    assert_true(object.size > 16);
    return slice_of(object.data + object.size - 16, 16);
}

static void test_warnings_are_in_the_same_object(void **state)
{
    const Scratch *scratch = *state;
    Slice none = {"", 0}, some = slice_from("warnings"), code = slice_from("code");
    AirCache cache;
    assert_int_equal(air_cache_open(&cache, scratch->fd), 0);
    air_cache_put_with_warnings(&cache, key_of("a"), code, some);
    air_cache_put_with_warnings(&cache, key_of("b"), none, some);
    air_cache_put_with_warnings(&cache, key_of("c"), code, none);
    air_cache_put(&cache, key_of("d"), end_of_object(&cache, "a"));
    air_cache_put_with_warnings(&cache, key_of("e"), end_of_object(&cache, "a"), some);
    for (int i = 0; i < 2; i++) {
        Slice object;
        assert_int_equal(object_store_count(cache.store), 5);
        expect_both(&cache, "a", code, some);
        expect_both(&cache, "b", none, some);
        expect_both(&cache, "c", code, none);
        expect_both(&cache, "d", end_of_object(&cache, "a"), none);
        expect_both(&cache, "e", end_of_object(&cache, "a"), some);
        assert_true(object_store_get(cache.store, key_of("c"), &object));
        assert_true(slice_equal(object, code)); /* without warnings, nothing is added */
        assert_int_equal(air_cache_commit(&cache, false, NULL), 0);
        air_cache_close(&cache);
        assert_int_equal(air_cache_open(&cache, scratch->fd), 0);
    }
    air_cache_close(&cache);
}

static void test_an_object_with_an_impossible_end_is_a_miss(void **state)
{
    const Scratch *scratch = *state;
    char object[16];
    AirCache cache;
    assert_int_equal(air_cache_open(&cache, scratch->fd), 0);
    air_cache_put_with_warnings(&cache, key_of("a"), (Slice){"", 0}, slice_from("w"));
    memcpy(object, end_of_object(&cache, "a").data, sizeof object);
    Slice whole = slice_of(object, sizeof object), half = slice_of(object + 8, 8);
    object_store_put(cache.store, key_of("longer than it is"), &whole, 1);
    object_store_put(cache.store, key_of("the mark alone"), &half, 1);
    expect_miss(&cache, "longer than it is");
    expect_miss(&cache, "the mark alone");
    air_cache_close(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(test_outputs_come_back),
        CASE_IN_SCRATCH(test_invalidate_and_clear_forget),
        CASE_IN_SCRATCH(test_warnings_are_in_the_same_object),
        CASE_IN_SCRATCH(test_an_object_with_an_impossible_end_is_a_miss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
