/* SPDX-License-Identifier: MIT */
/*
 * Open addressing with linear probing, never more than half full; ids are handed out in order.
 *
 * Nearly all names are short. Up to eight bytes are read as one number, and the hash mixes that
 * number and the size without loss: two short names of one size have equal hashes only if they are
 * equal, and no bytes need to be compared.
 */
#include "names.h"

enum { FIRST_CAPACITY = 64, WORD_BYTES = 8 };

/* ---- the hash ------------------------------------------------------------------------------ */

static uint64_t load(const char *at, size_t size)
{
    uint64_t value = 0;
    memcpy(&value, at, size);
    return value;
}

/* A different number for each text of this size, which is at most eight: from four bytes on, the
 * two reads may overlap; of three, two or one, the middle may be the first or last. */
static uint64_t load_short(const char *at, size_t size)
{
    if (size >= 4)
        return load(at, 4) | load(at + size - 4, 4) << 32;
    if (size == 0)
        return 0;
    return load(at, 1) | load(at + size / 2, 1) << 8 | load(at + size - 1, 1) << 16;
}

/* Each of the three steps can be undone. The product's upper bits depend on all bits of the word,
 * its lower ones on few; the slot is taken from the lower ones. For names that differ in a digit or
 * two, one round is not enough: there is another at the end. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 32;
}

static uint64_t hash_name(Slice text)
{
    const char *at = text.data;
    uint64_t hash = text.size;
    size_t left = text.size;
    for (; left > WORD_BYTES; left -= WORD_BYTES, at += WORD_BYTES)
        hash = mix(hash, load(at, WORD_BYTES));
    hash = mix(hash, load_short(at, left));
    return mix(hash, 0);
}

static bool is_called(const Name *name, Slice text, uint64_t hash)
{
    return name->hash == hash && name->text.size == text.size &&
           (text.size <= WORD_BYTES || memcmp(name->text.data, text.data, text.size) == 0);
}

/* ---- the table ----------------------------------------------------------------------------- */

static void resize(NameTable *table, uint32_t capacity)
{
    uint32_t slot_count = capacity * 2;
    Name *items = arena_allocate(table->arena, capacity * sizeof *items);
    if (table->count != 0)
        memcpy(items, table->items, table->count * sizeof *items);
    table->items = items;
    table->capacity = capacity;
    table->slots = arena_allocate(table->arena, slot_count * sizeof *table->slots);
    memset(table->slots, 0, slot_count * sizeof *table->slots);
    table->slot_mask = slot_count - 1;
    for (NameId id = 1; id < table->count; id++) {
        uint32_t slot = (uint32_t)table->items[id].hash & table->slot_mask;
        while (table->slots[slot] != 0)
            slot = (slot + 1) & table->slot_mask;
        table->slots[slot] = id;
    }
}

void name_table_init(NameTable *table, Arena *arena)
{
    *table = (NameTable){.arena = arena};
    resize(table, FIRST_CAPACITY);
    table->items[NAME_NONE] = (Name){.text = slice_from("")};
    table->count = 1;
}

NameId name_table_intern(NameTable *table, Slice text)
{
    uint64_t hash = hash_name(text);
    uint32_t slot = (uint32_t)hash & table->slot_mask;
    for (NameId id; (id = table->slots[slot]) != 0; slot = (slot + 1) & table->slot_mask)
        if (is_called(&table->items[id], text, hash))
            return id;
    NameId added = table->count++;
    table->items[added] = (Name){.text = text, .hash = hash};
    table->slots[slot] = added;
    if (table->count == table->capacity)
        resize(table, table->capacity * 2);
    return added;
}
