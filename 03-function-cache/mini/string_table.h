/* SPDX-License-Identifier: MIT */
/*
 * The strings of one unit, numbered in order of first use; equal strings have one number.
 *
 *     StringTable strings = {.arena = scratch};
 *     uint32_t number = string_table_add(&strings, "hello");
 */
#ifndef STRING_TABLE_H
#define STRING_TABLE_H

#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct StringTable {
    Arena *arena;
    const char **items; /* lent, by number */
    uint32_t count, capacity;
    uint32_t *slots; /* hash table of number + 1; twice as many as capacity */
} StringTable;

/* The number of a NUL-terminated string, which must outlive the table. */
uint32_t string_table_add(StringTable *strings, const char *text);

#ifdef __cplusplus
}
#endif
#endif
