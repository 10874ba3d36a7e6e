/* SPDX-License-Identifier: MIT */
/*
 * When a cache directory is too large, and what may then be removed.
 *
 * An object that no build uses any more may be the one that the next build needs: the branch is
 * switched back, the edit undone. So old objects stay until the packs take more than
 *
 *     64 MiB, or four times what recorded entries use, if that is more
 *     the user's limit, or twice what recorded entries use, if that is more
 *
 * Then both packs are rewritten, to half of that, without the oldest unused objects. What a
 * recorded entry uses is never removed. Before that happens again, at least a quarter of the
 * threshold must be added: over time, a few bytes are copied for each new byte.
 *
 * An entry is removed when its file is gone. So is a program's product when too many others were
 * used since (cache_product.h). If the user sets a limit and the total exceeds it,
 * entries not used for a day or longer are removed too, the oldest first. (Last use is known to the
 * day, and two projects built in turns do not evict each other.) That takes a look at all entries:
 * cache_entries.h says when it is worth its cost.
 *
 * In use is what the manifests in the directory lead to: the ZIR of each file in a file table, under
 * the fingerprint of its manifest, with the lists of what it asked for and all that they lead to;
 * the output of each unit in a unit table. Counting that reads every table. It is done only when
 * the packs pass the limit that follows from the last count, which is in the file "used_bytes"; a
 * build with few changes opens that file, or nothing.
 */
#ifndef CACHE_COLLECTION_H
#define CACHE_COLLECTION_H

#include "cache_entries.h"
#include "multi_level_cache.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How much the packs may take if recorded entries use `used_bytes` of them. `limit_bytes` is the
 * user's limit; 0: none. */
uint64_t collection_threshold(uint64_t limit_bytes, uint64_t used_bytes);

typedef struct UsedKey {
    Hash128 key;
    uint32_t entry; /* the first of its users, in the order of the list */
} UsedKey;

/* A set of object keys. */
typedef struct KeySet { /* {0} is empty */
    UsedKey *keys;      /* owned */
    size_t count, capacity;
} KeySet;

typedef struct UsedObjects {
    KeySet zir, air; /* sorted by key */
} UsedObjects;

/* The keys of all objects that the listed entries use, except entries to be removed. The lists of
 * files are read from `zir`. A damaged one
 * counts as not recorded. 0 or a negative errno. The caller frees in every case. */
int used_objects_gather(UsedObjects *used, int dir_fd, const ZirCache *zir,
                        const CacheEntries *entries);
bool key_set_has(const KeySet *set, Hash128 key);
void used_objects_free(UsedObjects *used);

/* Makes room if the directory holds too much. After the manifest is stored: what the committing
 * build uses must be recorded. 0 or a negative errno; then nothing is lost. */
int multi_level_cache_collect(MultiLevelCache *cache, bool sync);

#ifdef __cplusplus
}
#endif
#endif
