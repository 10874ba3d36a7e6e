/* SPDX-License-Identifier: MIT */
#include "aged_store.h"

#include <stdio.h>

Slice payload_of_version(uint32_t number, uint32_t version, char bytes[AGED_PAYLOAD])
{
    memset(bytes, 'a' + (int)(number % 26), AGED_PAYLOAD);
    snprintf(bytes, AGED_PAYLOAD, "object %u, version %u", (unsigned)number, (unsigned)version);
    return slice_of(bytes, AGED_PAYLOAD);
}

void put_version(ObjectStore *store, uint32_t number, uint32_t version)
{
    char bytes[AGED_PAYLOAD];
    Slice parts[] = {payload_of_version(number, version, bytes), {"", 0}};
    object_store_put(store, key_of_number(number), parts, 2); /* two parts are copied */
}

bool has_version(const ObjectStore *store, uint32_t number, uint32_t version)
{
    char bytes[AGED_PAYLOAD];
    Slice payload;
    if (!object_store_get(store, key_of_number(number), &payload))
        return false;
    assert_true(slice_equal(payload, payload_of_version(number, version, bytes)));
    return true;
}

bool is_in_mask(void *context, Hash128 key)
{
    const uint32_t *mask = context;
    for (uint32_t i = 0; i < AGED_OBJECTS; i++)
        if ((*mask >> i & 1) != 0 && hash_equal(key, key_of_number(i)))
            return true;
    return false;
}

int compact_store(ObjectStore *store, uint32_t live, unsigned target_objects)
{
    uint64_t target = AGED_HEADER + (uint64_t)target_objects * AGED_EXTENT;
    return object_store_compact(store, target, is_in_mask, &live, false, NULL);
}

ObjectStore *make_aged_store(const Scratch *scratch)
{
    ObjectStore *store = open_store(scratch);
    for (uint32_t i = 0; i < AGED_OBJECTS; i++) {
        put_version(store, i, 0);
        if (i == AGED_OBJECTS / 2)
            commit_store(store);
    }
    commit_store(store);
    assert_int_equal(object_store_pack_size(store), AGED_HEADER + AGED_OBJECTS * AGED_EXTENT);
    return store;
}

uint32_t mask_of_store(const ObjectStore *store)
{
    uint32_t mask = 0;
    for (uint32_t i = 0; i < AGED_OBJECTS; i++)
        mask |= (uint32_t)has_version(store, i, 0) << i;
    return mask;
}
