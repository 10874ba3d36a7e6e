/* SPDX-License-Identifier: MIT */
#include "slot_table.h"

enum { LEAST_CAPACITY = 64, HASH_BITS = 64 };

uint32_t slot_capacity(uint64_t symbols)
{
    uint64_t capacity = LEAST_CAPACITY;
    while (capacity < 2 * symbols)
        capacity *= 2;
    return (uint32_t)capacity;
}

uint32_t slot_room(uint32_t capacity)
{
    uint32_t eighth = capacity / 8;
    return capacity + (eighth < LEAST_CAPACITY ? LEAST_CAPACITY : eighth);
}

unsigned slot_shift(uint32_t capacity)
{
    unsigned bits = 0;
    while ((uint32_t)1 << bits < capacity)
        bits++;
    return HASH_BITS - bits;
}

uint64_t slot_hash(Slice symbol, unsigned bits)
{
    uint64_t hash = hash_bytes(symbol).low;
    return bits == 0 ? hash : hash >> (HASH_BITS - bits) << (HASH_BITS - bits);
}
