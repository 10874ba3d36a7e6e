/* SPDX-License-Identifier: MIT */
/* The object store and damage to its index, which is only a short cut into the pack: nothing in the
 * pack is lost, and a get never returns wrong bytes. */
#include "store_files.h"

#include <stdlib.h>
#include <unistd.h>

static void test_a_flipped_bit_in_the_index_never_gives_wrong_bytes(void **state)
{
    StoreFiles *files = *state;
    for (size_t bit = 0; bit < files->index_size * 8; bit++) {
        flip_bit(files->index, bit);
        ObjectStore *store = open_with(files, whole_pack(files), whole_index(files));
        unsigned intact = count_intact(store);
        assert_true(intact >= (bit / 8 < INDEX_HEADER ? OBJECTS : OBJECTS - 3));
        if (bit / 8 < INDEX_HEADER)
            assert_int_equal(object_store_count(store), OBJECTS);
        expect_usable_or_close(&files->scratch, store, bit);
        flip_bit(files->index, bit);
    }
}

static void test_an_index_of_any_length_is_rebuilt(void **state)
{
    StoreFiles *files = *state;
    for (size_t length = 0; length < files->index_size; length += length < 130 ? 1 : 61) {
        ObjectStore *store = open_with(files, whole_pack(files), slice_of(files->index, length));
        assert_int_equal(count_intact(store), OBJECTS);
        assert_int_equal(object_store_count(store), OBJECTS);
        assert_false(object_store_is_damaged(store));
        expect_usable(&files->scratch, store);
    }
}

static void test_a_rebuilt_index_is_saved(void **state)
{
    StoreFiles *files = *state;
    assert_int_equal(unlinkat(files->scratch.fd, "s.index", 0), 0);
    ObjectStore *store = open_store(&files->scratch);
    commit_store(store);
    object_store_close(store);
    size_t size;
    char *index = scratch_read(&files->scratch, "s.index", &size);
    assert_true(slice_equal(slice_of(index, size), whole_index(files)));
    free(index);
}

/* Opens this index beside another pack. It has the same objects, but object `different` has the key
 * of number 77. */
static ObjectStore *open_with_other_pack(const StoreFiles *files, uint32_t different)
{
    Scratch other;
    scratch_open(&other);
    ObjectStore *store = open_store(&other);
    for (uint32_t i = 0; i < OBJECTS; i++) {
        Slice part = payload_of_object(i);
        object_store_put(store, key_of_number(i == different ? 77 : i), &part, 1);
    }
    commit_store(store);
    object_store_close(store);
    size_t size;
    char *pack = scratch_read(&other, "s.pack", &size);
    assert_int_equal(size, files->pack_size);
    store = open_with(files, slice_of(pack, size), whole_index(files));
    free(pack);
    scratch_close(&other);
    return store;
}

/* Only the one record that it leads to shows that the index belongs to another pack. */
static void test_an_index_of_another_pack_is_not_believed(void **state)
{
    StoreFiles *files = *state;
    ObjectStore *store = open_with_other_pack(files, 0);
    assert_false(is_intact(store, 0));
    assert_int_equal(count_intact(store), OBJECTS - 1);
    expect_usable(&files->scratch, store);
}

/* If the last records differ, even just in the key, the index is recognised as foreign. */
static void test_a_pack_that_was_replaced_is_gone_through(void **state)
{
    StoreFiles *files = *state;
    ObjectStore *store = open_with_other_pack(files, OBJECTS - 1);
    assert_true(object_store_has(store, key_of_number(77)));
    assert_false(object_store_has(store, key_of_number(OBJECTS - 1)));
    assert_int_equal(object_store_count(store), OBJECTS);
    expect_usable(&files->scratch, store);
}

static size_t find_slot(const StoreFiles *files, Hash128 key)
{
    size_t at = INDEX_HEADER;
    while (memcmp(files->index + at, &key, sizeof key) != 0)
        at += SLOT;
    assert_true(at < files->index_size);
    return at;
}

/* A slot may lead anywhere: past the end, between records, or to the next object's place. */
static void test_a_slot_that_leads_astray_is_a_miss(void **state)
{
    StoreFiles *files = *state;
    const uint64_t offsets[] = {files->pack_size, files->pack_size - 16, files->pack_size + 16,
                                files->ends[0],   PACK_HEADER + 1,      16,
                                2,               UINT64_MAX,           UINT64_MAX - 15};
    size_t at = find_slot(files, key_of_number(2));
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        memcpy(files->index + at + 16, &offsets[i], sizeof offsets[i]);
        ObjectStore *store = open_with(files, whole_pack(files), whole_index(files));
        Slice part = slice_from("pending");
        object_store_put(store, key_of_number(500), &part, 1);
        assert_false(is_intact(store, 2));
        assert_int_equal(count_intact(store), OBJECTS - 1);
        expect_usable(&files->scratch, store);
    }
}

/* Killed after writing the slots of the second commit, before writing the header. */
static void test_slots_without_their_header_are_counted_once(void **state)
{
    StoreFiles *files = *state;
    assert_int_equal(files->index_size, files->first_index_size);
    memcpy(files->index, files->first_index, INDEX_HEADER);
    ObjectStore *store = open_with(files, whole_pack(files), whole_index(files));
    assert_int_equal(count_intact(store), OBJECTS);
    assert_int_equal(object_store_count(store), OBJECTS);
    assert_false(object_store_is_damaged(store));
    expect_usable(&files->scratch, store);
}

static void test_an_index_without_a_free_slot_ends_no_probe_in_a_cycle(void **state)
{
    StoreFiles *files = *state;
    for (size_t at = INDEX_HEADER; at < files->index_size; at += SLOT) {
        uint64_t offset;
        memcpy(&offset, files->index + at + 16, sizeof offset);
        if (offset == 0)
            memset(files->index + at, 0x77, SLOT);
    }
    ObjectStore *store = open_with(files, whole_pack(files), whole_index(files));
    assert_int_equal(count_intact(store), OBJECTS);
    assert_false(object_store_has(store, key_of_number(1000)));
    object_store_invalidate(store, key_of_number(1000));
    for (uint32_t i = 1000; i < 1200; i++) {
        Slice part = slice_of(files->pack, i % 100);
        object_store_put(store, key_of_number(i), &part, 1);
    }
    assert_true(object_store_has(store, key_of_number(1199)));
    expect_usable(&files->scratch, store);
}

/* ---- forged: every checksum fits ------------------------------------------------------------- */

static void seal_index(const StoreFiles *files)
{
    enum { CHECKSUM = INDEX_HEADER - 8 };
    uint64_t checksum = hash_checksum(slice_of(files->index, CHECKSUM));
    memcpy(files->index + CHECKSUM, &checksum, sizeof checksum);
}

/* The numbers of keys and of slots in use: if trusted, they would make the table grow without end,
 * or beyond all memory. */
static void test_forged_numbers_of_the_header_are_not_believed(void **state)
{
    StoreFiles *files = *state;
    const uint64_t numbers[] = {65, 1u << 20, (uint64_t)1 << 40, (uint64_t)1 << 63, UINT64_MAX};
    enum { COUNT = 16, USED = 24 };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        for (size_t at = COUNT; at <= USED; at += USED - COUNT) {
            char whole[INDEX_HEADER];
            memcpy(whole, files->index, INDEX_HEADER);
            memcpy(files->index + at, &numbers[i], sizeof numbers[i]);
            seal_index(files);
            ObjectStore *store = open_with(files, whole_pack(files), whole_index(files));
            memcpy(files->index, whole, INDEX_HEADER);
            assert_true(object_store_lost_index(store));
            object_store_expect(store, 100, NULL);
            assert_int_equal(count_intact(store), OBJECTS);
            assert_int_equal(object_store_count(store), OBJECTS);
            expect_usable(&files->scratch, store);
        }
    }
}

/* The file is as large as its header says, but is just a hole: it never belonged to this pack. */
static void test_an_index_too_large_for_its_pack_is_not_believed(void **state)
{
    StoreFiles *files = *state;
    const uint32_t bits = 16;
    ByteBuffer index = {0};
    memcpy(files->index + 12, &bits, sizeof bits);
    seal_index(files);
    buffer_put(&index, slice_of(files->index, INDEX_HEADER));
    while (index.size < INDEX_HEADER + ((size_t)SLOT << bits))
        buffer_put_byte(&index, '\0');
    ObjectStore *store = open_with(files, whole_pack(files), buffer_slice(&index));
    buffer_free(&index);
    assert_true(object_store_lost_index(store));
    assert_int_equal(count_intact(store), OBJECTS);
    expect_usable(&files->scratch, store);
}

/* Room for objects that are then not put is not kept. */
static void test_a_table_that_stayed_empty_is_saved_small(void **state)
{
    StoreFiles *files = *state;
    ObjectStore *store = open_with(files, whole_pack(files), whole_index(files));
    object_store_expect(store, 1u << 16, NULL);
    Slice part = slice_from("one of many that were to come");
    object_store_put(store, key_of_number(500), &part, 1);
    commit_store(store);
    store = reopen_store(store, &files->scratch);
    assert_false(object_store_lost_index(store));
    assert_int_equal(object_store_count(store), OBJECTS + 1);
    object_store_close(store);
    size_t size;
    free(scratch_read(&files->scratch, "s.index", &size));
    assert_int_equal(size, files->index_size);
}

/* A second slot of the key, after its own: another place in the pack, or one just as good. */
static void put_a_second_slot(const StoreFiles *files, Hash128 key, uint64_t offset)
{
    size_t at = find_slot(files, key), next = at;
    uint64_t is_used;
    do {
        next = next + SLOT < files->index_size ? next + SLOT : INDEX_HEADER;
        memcpy(&is_used, files->index + next + 16, sizeof is_used);
    } while (is_used != 0);
    memcpy(files->index + next, files->index + at, SLOT);
    if (offset != 0)
        memcpy(files->index + next + 16, &offset, sizeof offset);
}

static void test_a_key_that_has_two_slots_is_forgotten_whole(void **state)
{
    StoreFiles *files = *state;
    put_a_second_slot(files, key_of_number(2), 0);
    ObjectStore *store = open_with(files, whole_pack(files), whole_index(files));
    assert_true(is_intact(store, 2));
    object_store_invalidate(store, key_of_number(2));
    assert_false(object_store_has(store, key_of_number(2)));
    expect_usable(&files->scratch, store);
}

static void test_a_key_that_has_two_slots_keeps_the_first_when_the_table_grows(void **state)
{
    StoreFiles *files = *state;
    put_a_second_slot(files, key_of_number(2), PACK_HEADER);
    ObjectStore *store = open_with(files, whole_pack(files), whole_index(files));
    assert_true(is_intact(store, 2));
    object_store_expect(store, 1000, NULL);
    assert_true(is_intact(store, 2));
    expect_usable(&files->scratch, store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_FILES(test_a_flipped_bit_in_the_index_never_gives_wrong_bytes),
        CASE_WITH_FILES(test_an_index_of_any_length_is_rebuilt),
        CASE_WITH_FILES(test_a_rebuilt_index_is_saved),
        CASE_WITH_FILES(test_an_index_of_another_pack_is_not_believed),
        CASE_WITH_FILES(test_a_pack_that_was_replaced_is_gone_through),
        CASE_WITH_FILES(test_a_slot_that_leads_astray_is_a_miss),
        CASE_WITH_FILES(test_slots_without_their_header_are_counted_once),
        CASE_WITH_FILES(test_an_index_without_a_free_slot_ends_no_probe_in_a_cycle),
        CASE_WITH_FILES(test_forged_numbers_of_the_header_are_not_believed),
        CASE_WITH_FILES(test_an_index_too_large_for_its_pack_is_not_believed),
        CASE_WITH_FILES(test_a_table_that_stayed_empty_is_saved_small),
        CASE_WITH_FILES(test_a_key_that_has_two_slots_is_forgotten_whole),
        CASE_WITH_FILES(test_a_key_that_has_two_slots_keeps_the_first_when_the_table_grows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
