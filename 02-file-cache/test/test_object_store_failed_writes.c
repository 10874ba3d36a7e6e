/* SPDX-License-Identifier: MIT */
/* A write of the object store that fails, as on a full disk: existing objects stay, new ones can
 * still be got, and the commit can be repeated. */
#include "store_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t size_of_pack(const Scratch *scratch)
{
    size_t size;
    free(scratch_read(scratch, "s.pack", &size));
    return size;
}

static void commit_on_full_disk(ObjectStore *store, size_t file_size)
{
    full_disk_begin(file_size);
    int status = object_store_commit(store, false, NULL);
    full_disk_end();
    assert_int_equal(status, -EFBIG);
}

static void test_a_write_that_fails_half_way_changes_nothing(void **state)
{
    StoreFiles *files = *state;
    char large[20000] = {'x'};
    Slice part = slice_of(large, sizeof large);
    ObjectStore *store = open_store(&files->scratch);
    object_store_put(store, key_of_number(99), &part, 1);
    commit_on_full_disk(store, 10000);
    assert_int_equal(size_of_pack(&files->scratch), files->pack_size);
    assert_int_equal(object_store_pack_size(store), files->pack_size);
    assert_int_equal(count_intact(store), OBJECTS);
    assert_true(object_store_has(store, key_of_number(99)));
    commit_store(store);
    assert_true(object_store_has(store, key_of_number(99)));
    expect_usable(&files->scratch, store);
}

static void test_a_first_write_that_fails_can_be_done_again(void **state)
{
    const Scratch *scratch = *state;
    ObjectStore *store = open_store(scratch);
    put_object(store, 5);
    commit_on_full_disk(store, 40);
    store = reopen_store(store, scratch);
    assert_false(object_store_is_damaged(store));
    expect_usable(scratch, store);
}

static void test_an_index_that_cannot_be_written_fails_the_commit(void **state)
{
    const Scratch *scratch = *state;
    ObjectStore *store = open_store(scratch);
    put_object(store, 1);
    assert_int_equal(mkdirat(scratch->fd, "s.index.tmp", 0777), 0);
    assert_true(object_store_commit(store, false, NULL) < 0);
    assert_int_equal(size_of_pack(scratch), 0);
    assert_true(is_intact(store, 1));
    assert_int_equal(unlinkat(scratch->fd, "s.index.tmp", AT_REMOVEDIR), 0);
    expect_usable(scratch, store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_FILES(test_a_write_that_fails_half_way_changes_nothing),
        CASE_IN_SCRATCH(test_a_first_write_that_fails_can_be_done_again),
        CASE_IN_SCRATCH(test_an_index_that_cannot_be_written_fails_the_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
