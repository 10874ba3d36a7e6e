/* SPDX-License-Identifier: MIT */
/* Open addressing, at most half full. Memory is the arena's: outgrown tables are freed with the
 * rest. */
#include "string_table.h"

#include "content_hash.h"

enum { FIRST_STRINGS = 8 };

static uint32_t *find_slot(const StringTable *strings, const char *text)
{
    uint32_t mask = strings->capacity * 2 - 1;
    uint32_t i = (uint32_t)hash_checksum(slice_from(text)) & mask;
    while (strings->slots[i] != 0 && strcmp(strings->items[strings->slots[i] - 1], text) != 0)
        i = (i + 1) & mask;
    return &strings->slots[i];
}

static void grow(StringTable *strings)
{
    uint32_t capacity = strings->capacity == 0 ? FIRST_STRINGS : strings->capacity * 2;
    const char **items = arena_allocate(strings->arena, capacity * sizeof *items);
    if (strings->count != 0)
        memcpy(items, strings->items, strings->count * sizeof *items);
    size_t slots_size = capacity * 2 * sizeof *strings->slots;
    strings->slots = memset(arena_allocate(strings->arena, slots_size), 0, slots_size);
    strings->items = items;
    strings->capacity = capacity;
    for (uint32_t i = 0; i < strings->count; i++)
        *find_slot(strings, items[i]) = i + 1;
}

uint32_t string_table_add(StringTable *strings, const char *text)
{
    if (strings->count == strings->capacity)
        grow(strings);
    uint32_t *slot = find_slot(strings, text);
    if (*slot == 0) {
        strings->items[strings->count++] = text;
        *slot = strings->count;
    }
    return *slot - 1;
}
