/* SPDX-License-Identifier: MIT */
/* Keeps an object under a hash, and finds it in the next run. */
#include "cache_mark.h"
#include "object_store.h"

int main(void)
{
    ObjectStore *store;
    Slice made = slice_from("what took long to make"), found;
    Hash128 key = hash_bytes(slice_from("what it was made from"));

    int dir_fd = cache_mark_open("my_cache");
    if (dir_fd < 0 || object_store_open(&store, dir_fd, "kept") != 0)
        return 1;
    object_store_put(store, key, &made, 1);
    int error = object_store_commit(store, false, NULL);
    object_store_close(store);

    if (error != 0 || object_store_open(&store, dir_fd, "kept") != 0)
        return 1;
    bool is_right = object_store_get(store, key, &found) && slice_equal(found, made);
    object_store_close(store);
    return !is_right;
}
