/* SPDX-License-Identifier: MIT */
/* Compaction keeps live objects, and the newest of the others. For one that does not finish see
 * test_interrupted_compaction.c. */
#include "aged_store.h"
#include "random_numbers.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- what stays ---------------------------------------------------------------------------- */

static void test_the_live_and_the_newest_stay(void **state)
{
    static const struct {
        uint32_t live;
        unsigned target;
        uint32_t expected;
    } cases[] = {
        {0x0000, 0, 0x0000},  /* nothing is used, nothing is kept */
        {0x0000, 4, 0xF000},  /* the newest four */
        {0x000F, 0, 0x000F},  /* the live ones, whatever the target */
        {0x000F, 6, 0xC00F},  /* the live ones and the newest two */
        {0x8001, 3, 0xC001},
        {0x5555, 9, 0xD555},
        {0xFFFF, 0, 0xFFFF},
        {0x0000, 16, 0xFFFF},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ObjectStore *store = make_aged_store(*state);
        assert_int_equal(compact_store(store, cases[i].live, cases[i].target), 0);
        assert_int_equal(mask_of_store(store), cases[i].expected);
        uint64_t count = object_store_count(store);
        assert_int_equal(object_store_pack_size(store), AGED_HEADER + count * AGED_EXTENT);

        store = reopen_store(store, *state);
        assert_int_equal(mask_of_store(store), cases[i].expected);
        assert_int_equal(object_store_count(store), count);
        assert_false(object_store_is_damaged(store));
        assert_false(object_store_lost_index(store));
        assert_int_equal(object_store_clear(store), 0);
        object_store_close(store);
    }
}

/* The oldest go first: a small object does not outlive a newer one that is too large. */
static void test_age_decides_and_not_size(void **state)
{
    char bytes[2000] = {0};
    Slice large = slice_of(bytes, sizeof bytes);
    ObjectStore *store = make_aged_store(*state);
    object_store_put(store, key_of_number(AGED_OBJECTS), &large, 1);
    commit_store(store);
    put_version(store, AGED_OBJECTS + 1, 0);
    assert_int_equal(compact_store(store, 0x0001, 4), 0);
    assert_int_equal(mask_of_store(store), 0x0001);
    assert_true(has_version(store, AGED_OBJECTS + 1, 0));
    assert_int_equal(object_store_count(store), 2);
    object_store_close(store);
}

static void test_a_compacted_store_works_as_any_other(void **state)
{
    ObjectStore *store = make_aged_store(*state);
    assert_int_equal(compact_store(store, 0x0101, 0), 0);
    put_version(store, 3, 0);
    assert_true(has_version(store, 3, 0)); /* before the commit, too */
    commit_store(store);
    assert_int_equal(compact_store(store, 0x0100, 2), 0);
    assert_int_equal(mask_of_store(store), 0x0108);
    put_version(store, 4, 0);
    commit_store(store);
    store = reopen_store(store, *state);
    assert_int_equal(mask_of_store(store), 0x0118);
    object_store_close(store);
}

static void test_what_was_put_is_committed_first(void **state)
{
    ObjectStore *store = open_store(*state);
    put_version(store, 1, 0);
    put_version(store, 2, 0);
    assert_int_equal(compact_store(store, 1u << 1, 0), 0);
    store = reopen_store(store, *state);
    assert_int_equal(mask_of_store(store), 1u << 1);
    object_store_close(store);
}

static void test_nothing_to_gain_writes_nothing(void **state)
{
    uint64_t written = 0;
    uint32_t all = 0xFFFF;
    ObjectStore *store = make_aged_store(*state);
    assert_int_equal(object_store_compact(store, 0, is_in_mask, &all, false, &written), 0);
    assert_int_equal(written, 0);
    object_store_close(store);
    assert_int_equal(unlinkat(((Scratch *)*state)->fd, "s.pack", 0), 0);
    store = open_store(*state);
    assert_int_equal(object_store_compact(store, 0, is_in_mask, &all, false, &written), 0);
    object_store_close(store);
    assert_false(scratch_exists(*state, "s.pack"));
}

static void test_payloads_stay_valid(void **state)
{
    char bytes[AGED_PAYLOAD];
    Slice before;
    ObjectStore *store = make_aged_store(*state);
    assert_true(object_store_get(store, key_of_number(2), &before));
    assert_int_equal(compact_store(store, 0, 3), 0);
    assert_int_equal(compact_store(store, 0, 1), 0);
    assert_false(has_version(store, 2, 0));
    assert_true(slice_equal(before, payload_of_version(2, 0, bytes)));
    object_store_close(store);
}

static void test_the_forgotten_do_not_come_back(void **state)
{
    ObjectStore *store = make_aged_store(*state);
    object_store_invalidate(store, key_of_number(5));
    object_store_invalidate(store, key_of_number(6));
    put_version(store, 6, 1); /* the record with version 0 is still there, older */
    assert_int_equal(compact_store(store, 0x00FF, 8), 0);
    assert_false(has_version(store, 5, 0));
    assert_true(has_version(store, 6, 1));
    object_store_close(store);
    assert_int_equal(unlinkat(((Scratch *)*state)->fd, "s.index", 0), 0);
    store = open_store(*state); /* not even without an index */
    assert_false(has_version(store, 5, 0));
    assert_true(has_version(store, 6, 1));
    object_store_close(store);
}

static void test_a_damaged_record_goes_and_hides_no_other(void **state)
{
    static const off_t places[] = {40, 3, 28}; /* of payload, key and header checksum */
    const Scratch *scratch = *state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        ObjectStore *store = make_aged_store(scratch);
        scratch_flip(scratch, "s.pack", AGED_HEADER + 7 * AGED_EXTENT + places[i], 4);
        assert_int_equal(object_store_count_damaged(store), 1);
        assert_int_equal(compact_store(store, 0xFFFE, 0), 0);
        uint32_t expected = places[i] == 28 ? 0xFFFE : 0xFF7E; /* a payload that is right stays */
        assert_int_equal(mask_of_store(store), expected);
        assert_int_equal(object_store_count_damaged(store), 0);
        assert_int_equal(object_store_clear(store), 0);
        object_store_close(store);
    }
}

/* ---- stores that write nothing --------------------------------------------------------------- */

static Hash128 hash_of_pack(const Scratch *scratch)
{
    size_t size;
    char *bytes = scratch_read(scratch, "s.pack", &size);
    Hash128 hash = hash_bytes(slice_of(bytes, size));
    free(bytes);
    return hash;
}

static void test_other_stores_are_left_alone(void **state)
{
    const Scratch *scratch = *state;
    ObjectStore *store = make_aged_store(scratch);
    object_store_close(store);
    Hash128 before = hash_of_pack(scratch);
    assert_int_equal(object_store_open_read_only(&store, scratch->fd, "s"), 0);
    assert_int_equal(compact_store(store, 0, 0), -EROFS);
    object_store_close(store);
    assert_true(hash_equal(before, hash_of_pack(scratch)));
    store = object_store_make_in_memory();
    put_version(store, 1, 0);
    assert_int_equal(compact_store(store, 0, 0), 0);
    assert_true(has_version(store, 1, 0));
    object_store_close(store);
}

/* ---- against a naive model ------------------------------------------------------------------- */

/* Random puts, reopens and compactions: an object live in all of them is never lost. One that was
 * not live may go, and is put again. */
static void test_random_compactions_lose_nothing_live(void **state)
{
    const Scratch *scratch = *state;
    Random random = random_begin();
    ObjectStore *store = open_store(scratch);
    uint32_t present = 0, dropped = 0;
    for (int step = 0; step < 2000; step++) {
        uint32_t number = random_draw(&random, AGED_OBJECTS);
        switch (random_draw(&random, 8)) {
        case 0:
            store = reopen_store(store, scratch); /* also without a commit */
            present &= mask_of_store(store);
            break;
        case 1: {
            uint32_t live = present & random_draw(&random, 1 << AGED_OBJECTS), before = mask_of_store(store);
            assert_int_equal(compact_store(store, live, random_draw(&random, AGED_OBJECTS)), 0);
            uint32_t after = mask_of_store(store);
            assert_int_equal(after & live, live);
            assert_int_equal(after & ~before, 0);
            dropped += after != before;
            present &= after;
            break;
        }
        case 2:
        case 3:
            commit_store(store);
            present = mask_of_store(store);
            break;
        default: put_version(store, number, 0);
        }
        assert_int_equal(mask_of_store(store) & present, present);
    }
    assert_true(dropped > 10);
    object_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(test_the_live_and_the_newest_stay),
        CASE_IN_SCRATCH(test_age_decides_and_not_size),
        CASE_IN_SCRATCH(test_a_compacted_store_works_as_any_other),
        CASE_IN_SCRATCH(test_what_was_put_is_committed_first),
        CASE_IN_SCRATCH(test_nothing_to_gain_writes_nothing),
        CASE_IN_SCRATCH(test_payloads_stay_valid),
        CASE_IN_SCRATCH(test_the_forgotten_do_not_come_back),
        CASE_IN_SCRATCH(test_a_damaged_record_goes_and_hides_no_other),
        CASE_IN_SCRATCH(test_other_stores_are_left_alone),
        CASE_IN_SCRATCH(test_random_compactions_lose_nothing_live),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
