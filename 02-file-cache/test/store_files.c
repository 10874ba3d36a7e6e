/* SPDX-License-Identifier: MIT */
#include "store_files.h"

#include <stdlib.h>
#include <unistd.h>

static const char *const texts[OBJECTS] = {
    "", "a", "fifteen bytes..", "sixteen bytes...", "seventeen bytes..",
    "a somewhat longer payload, so that there are bits of it to be flipped",
};

Slice payload_of_object(uint32_t number)
{
    return slice_from(texts[number]);
}

void put_object(ObjectStore *store, uint32_t number)
{
    Slice part = payload_of_object(number);
    object_store_put(store, key_of_number(number), &part, 1);
}

bool is_intact(const ObjectStore *store, uint32_t number)
{
    Slice payload;
    if (!object_store_get(store, key_of_number(number), &payload))
        return false;
    assert_true(slice_equal(payload, payload_of_object(number)));
    return true;
}

unsigned count_intact(const ObjectStore *store)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < OBJECTS; i++)
        count += is_intact(store, i);
    return count;
}

void expect_usable(const Scratch *scratch, ObjectStore *store)
{
    for (uint32_t i = 0; i < OBJECTS; i++)
        put_object(store, i);
    assert_int_equal(count_intact(store), OBJECTS);
    commit_store(store);
    assert_int_equal(count_intact(store), OBJECTS);
    store = reopen_store(store, scratch);
    assert_int_equal(count_intact(store), OBJECTS);
    assert_false(object_store_is_damaged(store));
    object_store_close(store);
}

void expect_usable_or_close(const Scratch *scratch, ObjectStore *store, size_t bit)
{
    if (bit % 8 == bit / 8 % 8)
        expect_usable(scratch, store);
    else
        object_store_close(store);
}

static void make_files(StoreFiles *files)
{
    scratch_open(&files->scratch);
    ObjectStore *store = open_store(&files->scratch);
    size_t end = PACK_HEADER;
    for (uint32_t i = 0; i < OBJECTS; i++) {
        put_object(store, i);
        end += 32 + (payload_of_object(i).size + 15) / 16 * 16;
        files->ends[i] = end;
        if (i + 1 == FIRST_COMMIT) {
            commit_store(store);
            files->first_index = scratch_read(&files->scratch, "s.index", &files->first_index_size);
        }
    }
    commit_store(store);
    object_store_close(store);
    files->pack = scratch_read(&files->scratch, "s.pack", &files->pack_size);
    files->index = scratch_read(&files->scratch, "s.index", &files->index_size);
    assert_int_equal(files->pack_size, files->ends[OBJECTS - 1]);
}

int store_files_setup(void **state)
{
    StoreFiles *files = calloc(1, sizeof *files);
    assert_non_null(files);
    make_files(files);
    *state = files;
    return 0;
}

int store_files_teardown(void **state)
{
    StoreFiles *files = *state;
    free(files->pack);
    free(files->index);
    free(files->first_index);
    scratch_close(&files->scratch);
    free(files);
    return 0;
}

/* New files each time: ext4 flushes a file that is truncated and rewritten to the disk. */
void write_files(const StoreFiles *files, Slice pack, Slice index)
{
    unlinkat(files->scratch.fd, "s.pack", 0);
    unlinkat(files->scratch.fd, "s.index", 0);
    scratch_write_bytes(&files->scratch, "s.pack", pack);
    scratch_write_bytes(&files->scratch, "s.index", index);
}

ObjectStore *open_with(const StoreFiles *files, Slice pack, Slice index)
{
    write_files(files, pack, index);
    return open_store(&files->scratch);
}
