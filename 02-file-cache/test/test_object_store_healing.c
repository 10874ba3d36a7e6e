/* SPDX-License-Identifier: MIT */
/* A store of which the disk has some of the last writes and not others: one pass leaves files that
 * are whole, and loses nothing that could still be read. */
#include "store_files.h"

#include <errno.h>
#include <stdlib.h>

enum { SECTOR = 512 };

static void expect_whole(const StoreFiles *files, unsigned intact)
{
    ObjectStore *store;
    assert_int_equal(object_store_open_read_only(&store, files->scratch.fd, "s"), 0);
    assert_false(object_store_is_damaged(store));
    assert_false(object_store_lost_index(store));
    assert_int_equal(object_store_count_damaged(store), 0);
    assert_int_equal(count_intact(store), intact);
    object_store_close(store);
}

/* Heals the store; true if there was anything to do. The second time there is not. */
static bool heals(const StoreFiles *files, Slice pack, Slice index)
{
    uint64_t written = 0;
    ObjectStore *store = open_with(files, pack, index);
    unsigned intact = count_intact(store);
    bool was_damaged = object_store_wants_healing(store);
    if (was_damaged)
        assert_int_equal(object_store_heal(store, false, &written), 0);
    assert_int_equal(count_intact(store), intact);
    assert_false(object_store_wants_healing(store));
    object_store_close(store);
    expect_whole(files, intact);
    return was_damaged;
}

static void test_a_whole_store_is_left_alone(void **state)
{
    StoreFiles *files = *state;
    assert_false(heals(files, whole_pack(files), whole_index(files)));
}

static void test_a_torn_pack(void **state)
{
    StoreFiles *files = *state;
    for (size_t length = 0; length <= files->pack_size; length++)
        assert_int_equal(heals(files, slice_of(files->pack, length), whole_index(files)),
                         length < files->pack_size);
}

static void test_a_record_that_is_torn_before_good_ones(void **state)
{
    StoreFiles *files = *state;
    for (size_t bit = 0; bit < files->pack_size * 8; bit += 17) {
        flip_bit(files->pack, bit);
        (void)heals(files, whole_pack(files), whole_index(files)); /* it may be in the padding */
        assert_true(heals(files, whole_pack(files), slice_from("")));
        flip_bit(files->pack, bit);
    }
}

/* Each sector of the index as it was before the last commit, or after it. */
static void test_a_torn_index(void **state)
{
    StoreFiles *files = *state;
    char *index = malloc(files->index_size);
    unsigned sectors = (unsigned)(files->index_size + SECTOR - 1) / SECTOR;
    assert_int_equal(files->index_size, files->first_index_size);
    for (unsigned old = 0; old < 1u << sectors; old++) {
        memcpy(index, files->index, files->index_size);
        for (unsigned i = 0; i < sectors; i++) {
            size_t at = (size_t)i * SECTOR, rest = files->index_size - at;
            if ((old >> i & 1) != 0)
                memcpy(index + at, files->first_index + at, rest < SECTOR ? rest : SECTOR);
        }
        (void)heals(files, whole_pack(files), slice_of(index, files->index_size));
    }
    free(index);
}

static void test_an_index_whose_pack_is_gone(void **state)
{
    StoreFiles *files = *state;
    assert_true(heals(files, slice_from(""), whole_index(files)));
}

static void test_a_store_for_reading_is_not_healed(void **state)
{
    StoreFiles *files = *state;
    ObjectStore *store;
    write_files(files, slice_of(files->pack, files->ends[2] - 1), whole_index(files));
    assert_int_equal(object_store_open_read_only(&store, files->scratch.fd, "s"), 0);
    assert_true(object_store_wants_healing(store));
    assert_int_equal(object_store_heal(store, false, NULL), -EROFS);
    object_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_FILES(test_a_whole_store_is_left_alone),
        CASE_WITH_FILES(test_a_torn_pack),
        CASE_WITH_FILES(test_a_record_that_is_torn_before_good_ones),
        CASE_WITH_FILES(test_a_torn_index),
        CASE_WITH_FILES(test_an_index_whose_pack_is_gone),
        CASE_WITH_FILES(test_a_store_for_reading_is_not_healed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
