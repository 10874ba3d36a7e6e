/* SPDX-License-Identifier: MIT */
/* Stores that change nothing on disk: opened read-only, or without files at all. */
#include "opened_store.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static Hash128 key_of(const char *name)
{
    return hash_bytes(slice_from(name));
}

static void put(ObjectStore *store, const char *name)
{
    Slice part = slice_from(name);
    object_store_put(store, key_of(name), &part, 1);
}

static bool has(const ObjectStore *store, const char *name)
{
    Slice payload;
    return object_store_get(store, key_of(name), &payload) &&
           slice_equal(payload, slice_from(name));
}

static void make_files(const Scratch *scratch)
{
    ObjectStore *store = open_store(scratch);
    put(store, "first");
    put(store, "second");
    commit_store(store);
    object_store_close(store);
}

/* Names and bytes of all existing files. */
static Hash128 hash_of_files(const Scratch *scratch)
{
    ByteBuffer all = {0};
    FileList files = scratch_list(scratch, ".");
    for (unsigned i = 0; i < files.count; i++) {
        size_t size;
        char *bytes = scratch_read(scratch, files.paths[i], &size);
        key_put_slice(&all, slice_from(files.paths[i]));
        key_put_slice(&all, slice_of(bytes, size));
        free(bytes);
    }
    Hash128 hash = hash_bytes(buffer_slice(&all));
    buffer_free(&all);
    return hash;
}

/* Reads the files, uses the store, and finds the files unchanged. */
static ObjectStore *look(const Scratch *scratch)
{
    ObjectStore *store;
    assert_int_equal(object_store_open_read_only(&store, scratch->fd, "s"), 0);
    return store;
}

static void expect_untouched(const Scratch *scratch, ObjectStore *store, Hash128 before)
{
    put(store, "third");
    assert_true(has(store, "third"));
    assert_int_equal(object_store_commit(store, false, NULL), -EROFS);
    assert_int_equal(object_store_clear(store), -EROFS);
    object_store_close(store);
    assert_true(hash_equal(hash_of_files(scratch), before));
}

static void test_a_look_finds_what_is_there(void **state)
{
    const Scratch *scratch = *state;
    make_files(scratch);
    Hash128 before = hash_of_files(scratch);
    ObjectStore *store = look(scratch);
    assert_true(has(store, "first") && has(store, "second"));
    assert_false(object_store_is_damaged(store));
    assert_int_equal(object_store_commit(store, false, NULL), 0); /* nothing to write */
    expect_untouched(scratch, store, before);
}

static void cut(const Scratch *scratch, const char *name, size_t bytes)
{
    size_t size;
    char *all = scratch_read(scratch, name, &size);
    scratch_write_bytes(scratch, name, slice_of(all, size - bytes));
    free(all);
}

static void test_a_look_repairs_nothing(void **state)
{
    (void)state;
    for (int damage = 0; damage < 5; damage++) {
        Scratch scratch;
        scratch_open(&scratch);
        make_files(&scratch);
        switch (damage) {
        case 0: cut(&scratch, "s.pack", 5); break;               /* a torn record */
        case 1: scratch_flip(&scratch, "s.pack", 3, 1); break;   /* no pack at all */
        case 2: scratch_flip(&scratch, "s.pack", 64, 1); break;  /* a damaged payload */
        case 3: scratch_flip(&scratch, "s.index", 12, 1); break; /* no index at all */
        default: unlinkat(scratch.fd, "s.index", 0);
        }
        Hash128 before = hash_of_files(&scratch);
        ObjectStore *store = look(&scratch);
        assert_int_equal(has(store, "first"), damage != 1 && damage != 2);
        assert_int_equal(has(store, "second"), damage >= 2);
        assert_int_equal(object_store_is_damaged(store), damage < 2);
        assert_int_equal(object_store_count_damaged(store), damage == 2);
        assert_int_equal(object_store_lost_index(store), damage == 0 || damage >= 3);
        expect_untouched(&scratch, store, before);
        scratch_close(&scratch);
    }
}

static void test_a_look_where_nothing_is(void **state)
{
    const Scratch *scratch = *state;
    Hash128 before = hash_of_files(scratch);
    expect_untouched(scratch, look(scratch), before);
}

static void test_a_store_in_memory_has_no_files(void **state)
{
    Slice parts[] = {slice_from("in two"), slice_from(" parts")}, payload;
    (void)state;
    ObjectStore *store = object_store_make_in_memory();
    assert_false(has(store, "first"));
    put(store, "first");
    object_store_put(store, key_of("joined"), parts, 2);
    for (int i = 0; i < 2; i++) {
        assert_true(has(store, "first"));
        assert_true(object_store_get(store, key_of("joined"), &payload));
        assert_true(slice_equal(payload, slice_from("in two parts")));
        assert_int_equal(object_store_commit(store, true, NULL), 0);
    }
    object_store_invalidate(store, key_of("first"));
    assert_false(has(store, "first"));
    assert_int_equal(object_store_count(store), 1);
    assert_int_equal(object_store_pack_size(store), 0);
    assert_int_equal(object_store_clear(store), 0);
    assert_int_equal(object_store_count(store), 0);
    put(store, "again");
    assert_true(has(store, "again"));
    object_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(test_a_look_finds_what_is_there),
        cmocka_unit_test(test_a_look_repairs_nothing),
        CASE_IN_SCRATCH(test_a_look_where_nothing_is),
        cmocka_unit_test(test_a_store_in_memory_has_no_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
