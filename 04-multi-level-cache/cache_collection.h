/* SPDX-License-Identifier: MIT */
/*
 * When a cache directory grows too large, and what may go then.
 *
 * An object that no build uses any more may be the one that the next build wants: the branch is
 * switched back, the edit undone. So old objects stay, until the packs take more than
 *
 *     64 MiB, or four times what recorded entries use, if that is more
 *     the limit that the user sets, or twice what they use, if that is more
 *
 * Then both packs are written again, to half of that: the oldest of the objects that nobody uses
 * are left out. What a recorded entry uses never goes. Before it happens again, at least a quarter
 * of the threshold must be added: over time, a few bytes are copied for each byte that is new.
 *
 * An entry goes when its file is gone. If the user sets a limit, and all that is kept is more than
 * that, then those go, too, that were not used for a day or longer, the oldest first. (A day is as
 * fine as last uses are known, and two projects that are built in turns do not drive each other
 * out.) That takes a look at all entries: cache_entries.h says when it is worth its cost.
 *
 * Used is what the manifests in the directory lead to: the ZIR of each file in a file table, under
 * the fingerprint of its manifest; the output of each unit in a unit table. To count that, every
 * table is read. It is done only when the packs pass the limit as it follows from the last count,
 * which is kept in the file "used_bytes"; a build in which little changed opens that, or nothing.
 */
#ifndef CACHE_COLLECTION_H
#define CACHE_COLLECTION_H

#include "cache_entries.h"
#include "multi_level_cache.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How much the packs may take, when recorded entries use `used_bytes` of them. `limit_bytes` is
 * the user's limit; 0: none. */
uint64_t collection_threshold(uint64_t limit_bytes, uint64_t used_bytes);

typedef struct UsedKey {
    Hash128 key;
    uint32_t entry; /* the first of those that use it, in the order of the list */
} UsedKey;

/* Keys of objects, and whether a key is one of them. */
typedef struct KeySet { /* {0} is empty */
    UsedKey *keys;      /* owned */
    size_t count, capacity;
} KeySet;

typedef struct UsedObjects {
    KeySet zir, air; /* sorted by key */
} UsedObjects;

/* The keys of all objects that the listed entries use, those apart that are to go. What is damaged
 * counts as not recorded. 0 or a negative errno. The caller frees in every case. */
int used_objects_gather(UsedObjects *used, int dir_fd, const CacheEntries *entries);
bool key_set_has(const KeySet *set, Hash128 key);
void used_objects_free(UsedObjects *used);

/* Makes room, if there is too much in the directory. After the manifest was stored: what the build that
 * commits uses must be recorded. 0 or a negative errno; then nothing is lost. */
int multi_level_cache_collect(MultiLevelCache *cache, bool sync);

#ifdef __cplusplus
}
#endif
#endif
