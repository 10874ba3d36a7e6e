/* SPDX-License-Identifier: MIT */
/* The object store: what is put can be got, stays, and costs what it should. For damage see
 * test_object_store_damage.c and test_object_index_damage.c, for many random steps
 * test_object_store_model.c. */
#include "opened_store.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static Hash128 key_of(const char *name)
{
    return hash_bytes(slice_from(name));
}

static void put_text(ObjectStore *store, const char *name, const char *text)
{
    Slice part = slice_from(text);
    object_store_put(store, key_of(name), &part, 1);
}

static void expect_text(const ObjectStore *store, const char *name, const char *expected)
{
    Slice payload;
    assert_true(object_store_get(store, key_of(name), &payload));
    assert_true(object_store_has(store, key_of(name)));
    assert_int_equal(payload.size, strlen(expected));
    assert_memory_equal(payload.data, expected, payload.size);
}

static void expect_miss(const ObjectStore *store, const char *name)
{
    Slice payload;
    assert_false(object_store_get(store, key_of(name), &payload));
}

static void test_the_example_of_the_header(void **state)
{
    const Scratch *scratch = *state;
    Hash128 key = key_of("key");
    Slice parts[] = {slice_from("one"), slice_from(" and two")}, payload;
    uint64_t written = 0;
    ObjectStore *store;
    if (object_store_open(&store, scratch->fd, "zir") == 0) {
        if (!object_store_get(store, key, &payload))
            object_store_put(store, key, parts, 2);
        object_store_commit(store, false, &written);
        object_store_close(store);
    }
    assert_int_equal(object_store_open(&store, scratch->fd, "zir"), 0);
    assert_true(object_store_get(store, key, &payload));
    assert_true(slice_equal(payload, slice_from("one and two")));
    object_store_close(store);
}

static void test_what_is_put_can_be_got_before_and_after_the_commit(void **state)
{
    const Scratch *scratch = *state;
    ObjectStore *store = open_store(scratch);
    expect_miss(store, "a");
    put_text(store, "a", "apple");
    put_text(store, "b", "");
    expect_text(store, "a", "apple");
    expect_text(store, "b", "");
    assert_int_equal(object_store_count(store), 2);
    commit_store(store);
    put_text(store, "c", "cherry");
    expect_text(store, "a", "apple");
    expect_text(store, "b", "");
    expect_text(store, "c", "cherry");
    commit_store(store);
    expect_text(store, "c", "cherry");

    store = reopen_store(store, scratch);
    expect_text(store, "a", "apple");
    expect_text(store, "b", "");
    expect_text(store, "c", "cherry");
    expect_miss(store, "d");
    assert_int_equal(object_store_count(store), 3);
    assert_false(object_store_is_damaged(store));
    object_store_close(store);
}

static void test_closing_without_a_commit_drops_what_was_put(void **state)
{
    const Scratch *scratch = *state;
    ObjectStore *store = open_store(scratch);
    put_text(store, "kept", "1");
    commit_store(store);
    put_text(store, "dropped", "2");
    store = reopen_store(store, scratch);
    expect_text(store, "kept", "1");
    expect_miss(store, "dropped");
    assert_false(object_store_has(store, key_of("dropped")));
    object_store_close(store);
}

static void test_a_key_is_stored_once(void **state)
{
    ObjectStore *store = open_store(*state);
    put_text(store, "a", "apple");
    expect_text(store, "a", "apple");
    commit_store(store);
    uint64_t size = object_store_pack_size(store);
    put_text(store, "a", "apple");
    assert_int_equal(commit_store(store), 0);
    assert_int_equal(object_store_pack_size(store), size);
    assert_int_equal(object_store_count(store), 1);
    object_store_close(store);
}

static void test_nothing_is_written_without_need(void **state)
{
    const Scratch *scratch = *state;
    ObjectStore *store = open_store(scratch);
    assert_int_equal(commit_store(store), 0);
    object_store_close(store);
    assert_false(scratch_exists(scratch, "s.pack"));
    assert_false(scratch_exists(scratch, "s.index"));

    store = open_store(scratch);
    put_text(store, "a", "apple");
    assert_true(commit_store(store) > 0);
    assert_int_equal(commit_store(store), 0);
    store = reopen_store(store, scratch);
    expect_text(store, "a", "apple");
    assert_int_equal(commit_store(store), 0);
    object_store_close(store);
}

static void test_a_forgotten_key_is_a_miss(void **state)
{
    const Scratch *scratch = *state;
    ObjectStore *store = open_store(scratch);
    put_text(store, "a", "apple");
    put_text(store, "b", "banana");
    commit_store(store);
    object_store_invalidate(store, key_of("a"));
    object_store_invalidate(store, key_of("never put"));
    expect_miss(store, "a");
    expect_text(store, "b", "banana");
    assert_int_equal(object_store_count(store), 1);
    commit_store(store);

    store = reopen_store(store, scratch);
    expect_miss(store, "a");
    put_text(store, "a", "apple again");
    expect_text(store, "a", "apple again");
    commit_store(store);
    store = reopen_store(store, scratch);
    expect_text(store, "a", "apple again");
    expect_text(store, "b", "banana");
    object_store_close(store);
}

static void test_other_bytes_take_the_place_of_an_object(void **state)
{
    const Scratch *scratch = *state;
    ObjectStore *store = open_store(scratch);
    put_text(store, "a", "apple");
    commit_store(store);
    static const char *const others[] = {"grape", "", "apples", "appl", "apple"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        put_text(store, "a", others[i]);
        expect_text(store, "a", others[i]);
        assert_int_equal(object_store_count(store), 1);
        commit_store(store);
        object_store_close(store);
        if (i % 2 == 1) /* a scan of the records meets the newest one last */
            assert_int_equal(unlinkat(scratch->fd, "s.index", 0), 0);
        store = open_store(scratch);
        expect_text(store, "a", others[i]);
    }
    object_store_close(store);
}

static void test_a_cleared_store_is_empty_and_usable(void **state)
{
    const Scratch *scratch = *state;
    ObjectStore *store = open_store(scratch);
    put_text(store, "a", "apple");
    commit_store(store);
    put_text(store, "b", "banana");
    assert_int_equal(object_store_clear(store), 0);
    expect_miss(store, "a");
    expect_miss(store, "b");
    assert_int_equal(object_store_count(store), 0);
    assert_false(scratch_exists(scratch, "s.pack"));
    assert_false(scratch_exists(scratch, "s.index"));
    put_text(store, "c", "cherry");
    commit_store(store);
    store = reopen_store(store, scratch);
    expect_miss(store, "a");
    expect_text(store, "c", "cherry");
    object_store_close(store);
}

static void test_two_stores_live_in_one_directory(void **state)
{
    const Scratch *scratch = *state;
    ObjectStore *store = open_store(scratch), *other;
    assert_int_equal(object_store_open(&other, scratch->fd, "other"), 0);
    put_text(store, "a", "apple");
    put_text(other, "a", "other apple");
    assert_int_equal(object_store_commit(store, true, NULL), 0);
    assert_int_equal(object_store_commit(other, true, NULL), 0);
    expect_text(store, "a", "apple");
    expect_text(other, "a", "other apple");
    object_store_close(other);
    object_store_close(store);
    object_store_close(NULL);
    assert_int_equal(object_store_open(&store, scratch->fd,
                                       "a-name-of-more-than-forty-bytes-is-refused"),
                     -ENAMETOOLONG);
    assert_null(store);
}

/* ---- size ----------------------------------------------------------------------------------- */

static void put_number(ObjectStore *store, uint32_t number, const uint32_t *stored)
{
    Slice part = slice_of(stored, sizeof *stored * (1 + number % 7));
    object_store_put(store, key_of_number(number), &part, 1);
}

static void expect_number(const ObjectStore *store, uint32_t number)
{
    Slice payload;
    uint32_t first;
    assert_true(object_store_get(store, key_of_number(number), &payload));
    assert_int_equal(payload.size, sizeof first * (1 + number % 7));
    memcpy(&first, payload.data, sizeof first);
    assert_int_equal(first, number);
}

static void test_it_grows_to_a_hundred_thousand_objects(void **state)
{
    enum { COUNT = 100000, COMMITS = 4 };
    const Scratch *scratch = *state;
    uint32_t *numbers = malloc((COUNT + 8) * sizeof *numbers);
    assert_non_null(numbers);
    for (uint32_t i = 0; i < COUNT + 8; i++)
        numbers[i] = i;
    ObjectStore *store = open_store(scratch);
    for (uint32_t i = 0; i < COUNT; i++) {
        put_number(store, i, &numbers[i]);
        if (i % (COUNT / COMMITS) == COUNT / COMMITS - 1)
            commit_store(store);
    }
    assert_int_equal(object_store_count(store), COUNT);
    for (uint32_t i = 0; i < COUNT; i++)
        expect_number(store, i);

    store = reopen_store(store, scratch);
    for (uint32_t i = 0; i < COUNT; i++)
        expect_number(store, i);
    put_number(store, COUNT, &numbers[COUNT]);
    uint64_t most = 32 + 32 + 32 + 64; /* the record, its slot, the header of the index */
    assert_in_range(commit_store(store), 1, most);
    store = reopen_store(store, scratch);
    expect_number(store, COUNT);
    expect_number(store, 0);
    assert_int_equal(object_store_count(store), COUNT + 1);
    assert_false(object_store_is_damaged(store));
    object_store_close(store);
    free(numbers);
}

static void test_large_and_small_payloads_mix(void **state)
{
    enum { LARGEST = 1 << 20 };
    static const size_t sizes[] = {1, 100000, 0, 32767, 32768, 32769, 15, 16, 17, LARGEST, 3};
    enum { COUNT = sizeof sizes / sizeof *sizes };
    const Scratch *scratch = *state;
    char *bytes = malloc(LARGEST);
    assert_non_null(bytes);
    for (size_t i = 0; i < LARGEST; i++)
        bytes[i] = (char)(i * 31 + i / 255);
    ObjectStore *store = open_store(scratch);
    for (uint32_t i = 0; i < COUNT; i++) {
        Slice part = slice_of(bytes, sizes[i]);
        object_store_put(store, key_of_number(i), &part, 1);
    }
    assert_int_equal(object_store_commit(store, true, NULL), 0);
    for (int reopened = 0; reopened < 2; reopened++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            Slice payload;
            assert_true(object_store_get(store, key_of_number(i), &payload));
            assert_true(slice_equal(payload, slice_of(bytes, sizes[i])));
            assert_int_equal((uintptr_t)payload.data % 16, 0);
        }
        store = reopen_store(store, scratch);
    }
    object_store_close(store);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(test_the_example_of_the_header),
        CASE_IN_SCRATCH(test_what_is_put_can_be_got_before_and_after_the_commit),
        CASE_IN_SCRATCH(test_closing_without_a_commit_drops_what_was_put),
        CASE_IN_SCRATCH(test_a_key_is_stored_once),
        CASE_IN_SCRATCH(test_nothing_is_written_without_need),
        CASE_IN_SCRATCH(test_a_forgotten_key_is_a_miss),
        CASE_IN_SCRATCH(test_other_bytes_take_the_place_of_an_object),
        CASE_IN_SCRATCH(test_a_cleared_store_is_empty_and_usable),
        CASE_IN_SCRATCH(test_two_stores_live_in_one_directory),
        CASE_IN_SCRATCH(test_it_grows_to_a_hundred_thousand_objects),
        CASE_IN_SCRATCH(test_large_and_small_payloads_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
