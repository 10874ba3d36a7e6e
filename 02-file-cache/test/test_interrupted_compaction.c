/* SPDX-License-Identifier: MIT */
/* A compaction that does not finish, because the process is killed, the disk is full or a file is
 * in the way, loses no live object. */
#include "aged_store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static Slice read_file(const Scratch *scratch, const char *name)
{
    size_t size;
    char *bytes = scratch_read(scratch, name, &size);
    return slice_of(bytes, size);
}

static void set_file(const Scratch *scratch, const char *name, const Slice *bytes)
{
    unlinkat(scratch->fd, name, 0);
    if (bytes != NULL)
        scratch_write_bytes(scratch, name, *bytes);
}

/* The files between any two steps of object_compaction.c; and an old index beside the new pack,
 * which only a disk that loses writes can leave. */
static void test_killed_between_any_two_steps(void **state)
{
    const Scratch *scratch = *state;
    const uint32_t live = 0x0A0A;
    ObjectStore *store = make_aged_store(scratch);
    object_store_close(store);
    Slice old_pack = read_file(scratch, "s.pack"), old_index = read_file(scratch, "s.index");
    store = open_store(scratch);
    assert_int_equal(compact_store(store, live, 6), 0);
    object_store_close(store);
    Slice pack = read_file(scratch, "s.pack"), index = read_file(scratch, "s.index");
    Slice torn = slice_of(pack.data, pack.size / 2);
    const struct {
        const Slice *pack, *index, *temporary;
        bool is_normal;
    } cases[] = {
        {&old_pack, &old_index, &torn, true}, {&old_pack, &old_index, &pack, true},
        {&old_pack, NULL, &pack, true},       {&pack, NULL, NULL, true},
        {&pack, &index, NULL, true},          {&pack, &old_index, NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set_file(scratch, "s.pack", cases[i].pack);
        set_file(scratch, "s.index", cases[i].index);
        set_file(scratch, "s.pack.tmp", cases[i].temporary);
        store = open_store(scratch);
        assert_int_equal(mask_of_store(store) & live, live);
        if (cases[i].is_normal)
            assert_false(object_store_is_damaged(store));
        assert_int_equal(compact_store(store, live, 4), 0);
        assert_int_equal(mask_of_store(store), live);
        assert_false(scratch_exists(scratch, "s.pack.tmp"));
        object_store_close(store);
    }
    free((char *)old_pack.data);
    free((char *)old_index.data);
    free((char *)pack.data);
    free((char *)index.data);
}

static void expect_nothing_lost(const Scratch *scratch, ObjectStore *store)
{
    assert_int_equal(mask_of_store(store), 0xFFFF);
    store = reopen_store(store, scratch);
    assert_int_equal(mask_of_store(store), 0xFFFF);
    assert_int_equal(compact_store(store, 0x00FF, 0), 0);
    assert_int_equal(mask_of_store(store), 0x00FF);
    object_store_close(store);
}

static void test_a_full_disk_loses_nothing(void **state)
{
    const Scratch *scratch = *state;
    ObjectStore *store = make_aged_store(scratch);
    full_disk_begin(AGED_HEADER + 3 * AGED_EXTENT);
    int status = compact_store(store, 0x00FF, 0);
    full_disk_end();
    assert_int_equal(status, -EFBIG);
    assert_false(scratch_exists(scratch, "s.pack.tmp"));
    expect_nothing_lost(scratch, store);
}

static void test_a_directory_in_the_way_loses_nothing(void **state)
{
    static const char *const names[] = {"s.pack.tmp", "s.index.tmp"};
    const Scratch *scratch = *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ObjectStore *store = make_aged_store(scratch);
        assert_int_equal(mkdirat(scratch->fd, names[i], 0777), 0);
        assert_true(compact_store(store, 0xFFFE, 0) < 0);
        assert_int_equal(mask_of_store(store) & 0xFFFE, 0xFFFE);
        object_store_close(store);
        assert_int_equal(unlinkat(scratch->fd, names[i], AT_REMOVEDIR), 0);
        store = open_store(scratch);
        assert_int_equal(mask_of_store(store) & 0xFFFE, 0xFFFE);
        assert_int_equal(object_store_clear(store), 0);
        object_store_close(store);
    }
}

/* Mapped objects can be got even when the name leads elsewhere. */
static void test_a_pack_that_cannot_be_replaced_loses_nothing(void **state)
{
    const Scratch *scratch = *state;
    ObjectStore *store = make_aged_store(scratch);
    assert_int_equal(unlinkat(scratch->fd, "s.pack", 0), 0);
    assert_int_equal(mkdirat(scratch->fd, "s.pack", 0777), 0);
    assert_int_equal(compact_store(store, 0x00FF, 0), -EISDIR);
    assert_int_equal(mask_of_store(store), 0xFFFF);
    assert_false(scratch_exists(scratch, "s.pack.tmp"));
    object_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(test_killed_between_any_two_steps),
        CASE_IN_SCRATCH(test_a_full_disk_loses_nothing),
        CASE_IN_SCRATCH(test_a_directory_in_the_way_loses_nothing),
        CASE_IN_SCRATCH(test_a_pack_that_cannot_be_replaced_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
