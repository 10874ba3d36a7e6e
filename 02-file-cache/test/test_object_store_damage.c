/* SPDX-License-Identifier: MIT */
/* The object store and damage to its pack: a get returns the right bytes or misses, an open repairs
 * the store or returns why not, and afterwards the store works like a new one. For the index see
 * test_object_index_damage.c. */
#include "store_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static Slice first_index(const StoreFiles *files)
{
    return slice_of(files->first_index, files->first_index_size);
}

static void test_a_torn_tail_is_cut_off_at_any_length(void **state)
{
    StoreFiles *files = *state;
    const Slice indexes[] = {whole_index(files), first_index(files), slice_from("")};
    for (size_t length = 0; length <= files->pack_size; length++)
        for (size_t i = 0; i < 3; i++) {
            ObjectStore *store = open_with(files, slice_of(files->pack, length), indexes[i]);
            unsigned whole = 0;
            for (uint32_t k = 0; k < OBJECTS; k++) {
                assert_int_equal(is_intact(store, k), files->ends[k] <= length);
                whole += files->ends[k] <= length;
            }
            size_t good = whole == 0 ? PACK_HEADER : files->ends[whole - 1];
            if (length != good && length != 0)
                assert_true(object_store_is_damaged(store));
            expect_usable(&files->scratch, store);
        }
}

/* A process reserves space before appending; if it is killed, zeros follow what it wrote. */
static void test_a_torn_tail_in_reserved_room_is_cut_off(void **state)
{
    StoreFiles *files = *state;
    char *pack = malloc(files->pack_size);
    for (size_t length = PACK_HEADER; length <= files->pack_size; length++) {
        memcpy(pack, files->pack, length);
        memset(pack + length, 0, files->pack_size - length);
        ObjectStore *store =
            open_with(files, slice_of(pack, files->pack_size), slice_from(""));
        for (uint32_t k = 0; k < OBJECTS; k++)
            assert_true(is_intact(store, k) || files->ends[k] > length);
        assert_int_equal(object_store_count_damaged(store), 0);
        expect_usable(&files->scratch, store);
    }
    free(pack);
}

static unsigned records_before(const StoreFiles *files, size_t offset)
{
    unsigned count = 0;
    while (files->ends[count] <= offset)
        count++;
    return count;
}

static bool is_in_record_header(const StoreFiles *files, size_t offset)
{
    if (offset < PACK_HEADER)
        return false;
    unsigned number = records_before(files, offset);
    return offset < (number == 0 ? PACK_HEADER : files->ends[number - 1]) + 32;
}

/* Without an index, a damaged header ends the pack: the place of the next record is unknown. */
static void test_a_flipped_bit_in_the_pack_never_gives_wrong_bytes(void **state)
{
    StoreFiles *files = *state;
    for (size_t bit = 0; bit < files->pack_size * 8; bit++) {
        flip_bit(files->pack, bit);
        for (int lost_index = 0; lost_index < 2; lost_index++) {
            write_files(files, whole_pack(files), whole_index(files));
            if (lost_index)
                assert_int_equal(unlinkat(files->scratch.fd, "s.index", 0), 0);
            ObjectStore *store = open_store(&files->scratch);
            unsigned intact = count_intact(store);
            if (bit / 8 >= PACK_HEADER && !lost_index)
                assert_true(intact >= OBJECTS - 1);
            if (lost_index && is_in_record_header(files, bit / 8))
                assert_int_equal(object_store_count(store), records_before(files, bit / 8));
            expect_usable_or_close(&files->scratch, store, bit);
        }
        flip_bit(files->pack, bit);
    }
}

static void test_a_damaged_payload_loses_one_object_even_without_an_index(void **state)
{
    StoreFiles *files = *state;
    files->pack[files->ends[3] + 32 + 5] ^= 1;
    ObjectStore *store = open_with(files, whole_pack(files), slice_from("no index"));
    assert_false(is_intact(store, 4));
    assert_int_equal(count_intact(store), OBJECTS - 1);
    assert_true(object_store_is_damaged(store));
    object_store_close(store);
}

static void test_another_version_starts_an_empty_pack(void **state)
{
    StoreFiles *files = *state;
    files->pack[8]++;
    ObjectStore *store = open_with(files, whole_pack(files), whole_index(files));
    assert_true(object_store_is_damaged(store));
    assert_int_equal(count_intact(store), 0);
    expect_usable(&files->scratch, store);
}

static void expect_refused(const Scratch *scratch, const char *name)
{
    ObjectStore *store;
    struct stat before, after;
    assert_int_equal(fstatat(scratch->fd, name, &before, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(object_store_open(&store, scratch->fd, "s"), -EINVAL);
    assert_null(store);
    assert_int_equal(fstatat(scratch->fd, name, &after, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(before.st_mode, after.st_mode);
}

static void test_what_is_no_file_is_refused_and_left_alone(void **state)
{
    static const char *const names[] = {"s.pack", "s.index"};
    const Scratch *scratch = *state;
    scratch_write(scratch, "somebody's", "file");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(mkdirat(scratch->fd, names[i], 0777), 0);
        expect_refused(scratch, names[i]);
        assert_int_equal(unlinkat(scratch->fd, names[i], AT_REMOVEDIR), 0);
        assert_int_equal(mkfifoat(scratch->fd, names[i], 0666), 0);
        expect_refused(scratch, names[i]);
        assert_int_equal(unlinkat(scratch->fd, names[i], 0), 0);
        assert_int_equal(symlinkat("somebody's", scratch->fd, names[i]), 0);
        expect_refused(scratch, names[i]);
        assert_int_equal(unlinkat(scratch->fd, names[i], 0), 0);
    }
    char *untouched = scratch_read(scratch, "somebody's", NULL);
    assert_string_equal(untouched, "file");
    free(untouched);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_FILES(test_a_torn_tail_is_cut_off_at_any_length),
        CASE_WITH_FILES(test_a_torn_tail_in_reserved_room_is_cut_off),
        CASE_WITH_FILES(test_a_flipped_bit_in_the_pack_never_gives_wrong_bytes),
        CASE_WITH_FILES(test_a_damaged_payload_loses_one_object_even_without_an_index),
        CASE_WITH_FILES(test_another_version_starts_an_empty_pack),
        CASE_IN_SCRATCH(test_what_is_no_file_is_refused_and_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
