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

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(test_outputs_come_back),
        CASE_IN_SCRATCH(test_invalidate_and_clear_forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
