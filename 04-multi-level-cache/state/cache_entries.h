/* SPDX-License-Identifier: MIT */
/*
 * The entries of a cache directory, and when one is removed. An entry is a program, or one of its
 * products (cache_product.h).
 *
 * Each entry that is built leaves its state there, and deleting a checkout does not remove it. So
 * an entry records two things about itself:
 *
 *     its path      a blob of its manifest: when its file is gone, so is the entry
 *     its last use  the mtime of its manifest, which each commit renews. A build with nothing to do
 *                   writes nothing; once a day it renews the mtime alone
 *
 * To look at all of them, the directory must be listed and each manifest read, which takes too long
 * for a commit. The file "entries" counts how many there were at the last look and how many were
 * added since, and how many bytes they take: it is written at the first commit of a new entry, and
 * a look is worth its cost when as many were added as there were.
 *
 *     CacheEntries entries;
 *     cache_entries_list(&entries, &directory, id);       the latest first
 *     ... entries.items[i].is_gone ...
 *     cache_entries_remove(&entries, &directory);         those with is_to_go set
 *     cache_entries_free(&entries);
 *
 * One process: the caller has the lock.
 */
#ifndef CACHE_ENTRIES_H
#define CACHE_ENTRIES_H

#include "cache_directory.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ENTRY_PATH_BLOB "path" /* of the manifest */

typedef struct CacheEntry {
    char id[ENTRY_ID_SIZE + 1];
    bool is_recorded; /* it has a manifest */
    bool is_gone;     /* its file no longer exists, or it has no manifest */
    bool is_to_go;    /* set by the caller */
    int64_t used_s;   /* last use, in seconds since the epoch */
    uint64_t bytes;   /* of its files */
} CacheEntry;

typedef struct CacheEntries {
    CacheEntry *items; /* owned; the caller's own entry first, then by last use, the latest first */
    size_t count, capacity;
} CacheEntries;

/* Lists all entries. `own_id` is never gone. 0 or a negative errno; the caller frees in every case.
 * Cost: a list of the directory, a stat per file of an entry, a read per manifest. */
int cache_entries_list(CacheEntries *entries, const CacheDirectory *directory, const char *own_id);

/* Removes the files of the entries marked is_to_go, and drops them from the list. 0 or a negative
 * errno. */
int cache_entries_remove(CacheEntries *entries, const CacheDirectory *directory);

void cache_entries_free(CacheEntries *entries);

/* Notes that the entry is used, at most once a day. If it cannot be noted, that is no failure. */
void cache_entry_note_use(const CacheDirectory *directory, const char *id);

typedef struct EntryCount { /* the file "entries"; {0}: nothing is known */
    uint64_t count, bytes;  /* of all entries, at the last look ... */
    uint64_t added, added_bytes; /* ... and of those added since */
    uint64_t looked_s;      /* when that was */
} EntryCount;

void entry_count_load(EntryCount *count, const CacheDirectory *directory);
int entry_count_store(const EntryCount *count, const CacheDirectory *directory);

#ifdef __cplusplus
}
#endif
#endif
