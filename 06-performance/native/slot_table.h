/* SPDX-License-Identifier: MIT */
/*
 * Which slot is whose: a table that depends on the set of its symbols and on nothing else.
 *
 * Code calls a function through a slot that holds its address. So a function that moves costs one
 * slot, and not its callers. Two builds with the same functions must give them the same slots, in
 * whatever order the functions came, and with whatever others were there in between. The order of
 * symbols is that of their hashes, and of equal hashes that of their bytes, and each takes
 *
 *     slot = max(hash >> shift, slot of the one before + 1)
 *
 *     hash >> shift    2     2     3              7
 *     slot             2     3     4              7
 *                      b     d     a              c
 *
 * With at least two slots per symbol, one that comes or goes displaces less than one other on
 * average. The capacity is the least power of two for that: when it changes, all slots change.
 *
 * Such a structure has no history: M. Naor, V. Teague, "Anti-persistence: history independent data
 * structures", STOC 2001; with a table like this one: G. Blelloch, D. Golovin, "Strongly
 * history-independent hashing with applications", FOCS 2007; and O. Amble, D. Knuth, "Ordered hash
 * tables", 1974, for the order within it.
 *
 * Threads: any number may look.
 */
#ifndef SLOT_TABLE_H
#define SLOT_TABLE_H

#include "content_hash.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SLOT_NONE UINT32_MAX

/* The least power of two, of at least 64, that has two for each symbol. */
uint32_t slot_capacity(uint64_t symbols);

/* With the room behind the last home: an eighth, and at least 64. In the rare case that symbols need
 * more than this, they get twice the capacity. */
uint32_t slot_room(uint32_t capacity);

/* How far a hash is shifted for its home in a table of that capacity, a power of two. */
unsigned slot_shift(uint32_t capacity);

/* The hash that decides. Public: the same program has the same slots on every machine. `bits`: how
 * many of it count, all if 0; for tests of what happens when they are equal. */
uint64_t slot_hash(Slice symbol, unsigned bits);

/* The slot of the next symbol in order; `end` is one more than the slot before, 0 for the first. */
static inline uint32_t slot_of_next(uint64_t hash, unsigned shift, uint32_t end)
{
    uint32_t home = (uint32_t)(hash >> shift);
    return home > end ? home : end;
}

#ifdef __cplusplus
}
#endif
#endif
