/* SPDX-License-Identifier: MIT */
#include "opened_store.h"

ObjectStore *open_store(const Scratch *scratch)
{
    ObjectStore *store;
    assert_int_equal(object_store_open(&store, scratch->fd, "s"), 0);
    return store;
}

ObjectStore *reopen_store(ObjectStore *store, const Scratch *scratch)
{
    object_store_close(store);
    return open_store(scratch);
}

uint64_t commit_store(ObjectStore *store)
{
    uint64_t written = 0;
    assert_int_equal(object_store_commit(store, false, &written), 0);
    return written;
}

Hash128 key_of_number(uint32_t number)
{
    return hash_bytes(slice_of(&number, sizeof number));
}
