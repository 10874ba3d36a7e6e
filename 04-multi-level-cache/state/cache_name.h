/* SPDX-License-Identifier: MIT */
/*
 * The names of the files in a cache directory: a file with any other name is not ours.
 *
 *     zir.pack  zir.index  air.pack  air.index      objects, shared by all entries
 *     used_bytes  entries  clock  secret            about the directory as a whole
 *     <id>.manifest  <id>.spare  <id>.unsettled     of one entry
 *     <id>.TABLE.NUMBER  <id>.TABLE.NUMBER.journal  a table of its state, one generation
 *     <program>.latest                              see cache_product.h
 *     NAME.tmp  NAME.tmp.PID                        any of these, unfinished
 *
 * An entry is a program, or one of its products: its id is the program's, or that and the product's,
 * "0123456789abcdef-01234567".
 *
 * Names are matched whole: "zir.packs" is not ours. The lock and the mark are not among them: they
 * are never removed.
 *
 *     CacheName name;
 *     if (cache_name_parse(item->d_name, &name) && name.is_temporary)
 *         ...
 */
#ifndef CACHE_NAME_H
#define CACHE_NAME_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    PROGRAM_ID_SIZE = 16,
    PRODUCT_ID_SIZE = 8,
    ENTRY_ID_SIZE = PROGRAM_ID_SIZE + 1 + PRODUCT_ID_SIZE, /* at most */
    TABLE_NAME_SIZE = 16
};

typedef struct CacheName {
    char id[ENTRY_ID_SIZE + 1];  /* of the entry, or of a program with is_latest; "" if the file is
                                    shared */
    char table[TABLE_NAME_SIZE]; /* "files" of <id>.files.7; "" if not a table */
    uint64_t generation;         /* of the table */
    bool is_manifest, is_latest;
    bool is_temporary;
} CacheName;

/* Is it the name of a file of ours, and which? Any thread. */
bool cache_name_parse(const char *name, CacheName *parsed);

#ifdef __cplusplus
}
#endif
#endif
