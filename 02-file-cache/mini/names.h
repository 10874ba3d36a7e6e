/* SPDX-License-Identifier: MIT */
/*
 * Every identifier of a file, once.
 *
 * The parser asks about each name: is it a local here, an import, already declared, already
 * referred to? If each question were a search, a function with a thousand locals would pay for it a
 * thousand times. Instead, a name is looked up once, when its token is taken, and becomes a number;
 * the answers are in the record of that number.
 *
 *     NameId id = name_table_intern(&table, text);
 *     table.items[id].local ...
 */
#ifndef NAMES_H
#define NAMES_H

#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint32_t NameId;
enum { NAME_NONE = 0 }; /* a record of no identifier, safe to write to */

typedef struct Name {
    Slice text; /* points into the source */
    uint64_t hash;
    uint32_t local;       /* the innermost local of this name: its index + 1, or 0 */
    uint32_t alias;       /* the import of this name: its number + 1, or 0 */
    uint32_t declared_at; /* offset + 1 of a top-level declaration or alias of this name, or 0 */
    uint32_t member_of;   /* the struct (number of its part) with a field of this name */
    uint32_t referred_by; /* the part that refers to this file's declaration of this name ... */
    uint32_t reference;   /* ... under this number */
} Name;

typedef struct NameTable { /* {0} is empty, and must be initialised before use */
    Name *items;           /* moves when a name is added */
    uint32_t *slots;       /* hash table of ids, 0 is free */
    uint32_t count, capacity, slot_mask;
    Arena *arena; /* holds both */
} NameTable;

/* Makes an empty table, which lives as long as the arena. */
void name_table_init(NameTable *table, Arena *arena);

/* The number of a name; a new one gets an empty record. `text` must outlive the table. */
NameId name_table_intern(NameTable *table, Slice text);

#ifdef __cplusplus
}
#endif
#endif
