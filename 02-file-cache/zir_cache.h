/* SPDX-License-Identifier: MIT */
/*
 * Source file → IR, kept.
 *
 * The key is a hash of the compiler's fingerprint and of the file's bytes; the path is not in it. A
 * file that is renamed, copied or switched back to an older content is therefore found, and two
 * files with equal bytes share one object.
 *
 *     ZirCache cache;
 *     zir_cache_open(&cache, dir_fd, fingerprint);
 *     if (!zir_cache_get(&cache, content, &lowered)) {
 *         lower(source, &lowered);
 *         zir_cache_put(&cache, content, &lowered);
 *     }
 *     zir_cache_commit(&cache, false, NULL);
 *     zir_cache_close(&cache);
 *
 * Threads: as ObjectStore: any number may get while none puts.
 */
#ifndef ZIR_CACHE_H
#define ZIR_CACHE_H

#include "declarations.h"
#include "object_store.h"
#include "observer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is reported about a file that is needed in its lowered form; the subject is its path. */
enum LoweringDecision {
    DECISION_IR_CACHED = DECISIONS_OF(2), /* found by content hash */
    DECISION_IR_LOWERED,                  /* not found: lexed, parsed, lowered */
};

typedef struct Lowered { /* what a front end makes of one file */
    Slice declarations;  /* blob, see declarations.h */
    Slice ir;            /* blob, opaque to the caches */
    Slice interface;     /* optional blob, opaque too: what other files may see of the file, as a
                            whole (codegen.h) */
} Lowered;

typedef struct ZirCache { /* {0} is closed */
    ObjectStore *store;
    Hash128 fingerprint;
} ZirCache;

/* Opens the store "zir" in a directory. 0 or a negative errno. */
int zir_cache_open(ZirCache *cache, int dir_fd, Hash128 fingerprint);

/* The same without changing anything on disk, and without files at all: see object_store.h. */
int zir_cache_open_read_only(ZirCache *cache, int dir_fd, Hash128 fingerprint);
void zir_cache_make_in_memory(ZirCache *cache, Hash128 fingerprint);

/* The key of a file with this content in the store. */
Hash128 zir_cache_key(Hash128 fingerprint, Hash128 content);

/* The lowered form put for a file with this content under this fingerprint. The slices live until
 * the cache is closed (before the commit: as long as the bytes that were put). False on a miss. */
bool zir_cache_get(const ZirCache *cache, Hash128 content, Lowered *lowered);

/* The same, with the warnings that came with it: bytes in any form, empty if there were none. */
bool zir_cache_get_with_warnings(const ZirCache *cache, Hash128 content, Lowered *lowered,
                                 Slice *warnings);

/* Keeps `lowered`, without warnings; its bytes are copied. */
void zir_cache_put(ZirCache *cache, Hash128 content, const Lowered *lowered);

/* The same in two steps, for builds that lower thousands of files: workers join the blobs and the
 * warnings (empty: none) into the object that the cache keeps, in memory that lives until the
 * commit, and afterwards one thread puts the objects without copying. zir_cache_join makes
 * `lowered` and `warnings` point into the object; any thread. */
Slice zir_cache_join(Lowered *lowered, Slice *warnings, Arena *arena);
void zir_cache_put_joined(ZirCache *cache, Hash128 content, Slice object);

/* Makes room for this many puts at once, in memory from `chunks`, which must outlive the cache;
 * NULL: malloc. */
void zir_cache_expect(ZirCache *cache, uint64_t count, ChunkSource *chunks);

void zir_cache_invalidate(ZirCache *cache, Hash128 content);
int zir_cache_clear(ZirCache *cache);
int zir_cache_commit(ZirCache *cache, bool sync, uint64_t *written);
void zir_cache_close(ZirCache *cache);

#ifdef __cplusplus
}
#endif
#endif
