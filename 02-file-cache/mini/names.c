/* SPDX-License-Identifier: MIT */
/* Open addressing with linear probing, never more than half full; ids are handed out in order. */
#include "names.h"

#include "content_hash.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 64 };

static void resize(NameTable *table, uint32_t capacity)
{
    uint32_t slot_count = capacity * 2;
    table->capacity = capacity;
    table->items = memory_resize(table->items, capacity * sizeof *table->items);
    free(table->slots);
    table->slots = memory_allocate_zeroed(slot_count, sizeof *table->slots);
    table->slot_mask = slot_count - 1;
    for (NameId id = 1; id < table->count; id++) {
        uint32_t slot = table->items[id].hash & table->slot_mask;
        while (table->slots[slot] != 0)
            slot = (slot + 1) & table->slot_mask;
        table->slots[slot] = id;
    }
}

void name_table_init(NameTable *table)
{
    *table = (NameTable){0};
    resize(table, FIRST_CAPACITY);
    table->items[NAME_NONE] = (Name){.text = slice_from("")};
    table->count = 1;
}

NameId name_table_intern(NameTable *table, Slice text)
{
    uint32_t hash = (uint32_t)hash_checksum(text);
    uint32_t slot = hash & table->slot_mask;
    for (NameId id; (id = table->slots[slot]) != 0; slot = (slot + 1) & table->slot_mask)
        if (table->items[id].hash == hash && slice_equal(table->items[id].text, text))
            return id;
    NameId added = table->count++;
    table->items[added] = (Name){.text = text, .hash = hash};
    table->slots[slot] = added;
    if (table->count == table->capacity)
        resize(table, table->capacity * 2);
    return added;
}

void name_table_free(NameTable *table)
{
    free(table->items);
    free(table->slots);
    *table = (NameTable){0};
}
