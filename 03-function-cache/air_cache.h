/* SPDX-License-Identifier: MIT */
/*
 * Function → finished code, kept.
 *
 * For each unit (a top-level declaration) the cache keeps the finished output text, under the
 * unit's key: a hash of everything that can affect that text and of nothing else (unit_keys.h).
 * Equal key, right output: no function is compared, checked or compiled to know that.
 *
 * The name AirCache is the tutorial's; AIR is the typed form that code is made from, but only the
 * final output is worth keeping.
 *
 * Processes: one at a time, and no lock is taken here. Take flock on a file "lock" in the directory
 * before opening (Linux and the BSDs; the descriptor stays open until the cache is closed), or
 * stage 4's (cache_directory.h):
 *
 *     int lock = openat(dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
 *     if (lock < 0 || flock(lock, LOCK_EX) != 0)
 *         return -errno;
 *
 * Threads: as ObjectStore: any number may get while none puts.
 */
#ifndef AIR_CACHE_H
#define AIR_CACHE_H

#include "object_store.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct AirCache { /* {0} is closed */
    ObjectStore *store;
} AirCache;

/* Opens the store "air" in a directory. 0 or a negative errno. */
int air_cache_open(AirCache *cache, int dir_fd);

/* The same without changing anything on disk, and without files at all: see object_store.h. */
int air_cache_open_read_only(AirCache *cache, int dir_fd);
void air_cache_make_in_memory(AirCache *cache);

/* The output kept under `unit_key`; it lives until the cache is closed or cleared. What was put and
 * is not yet committed lives as long as the bytes that were put. False on a miss. */
bool air_cache_get(const AirCache *cache, Hash128 unit_key, Slice *output);

/* Keeps `output`, whose bytes are lent until the commit. */
void air_cache_put(AirCache *cache, Hash128 unit_key, Slice output);

/* The same, with the warnings that came with the output: bytes in any form, empty if there were
 * none. They are lent, and live, in the same way. */
bool air_cache_get_with_warnings(const AirCache *cache, Hash128 unit_key, Slice *output,
                                 Slice *warnings);
void air_cache_put_with_warnings(AirCache *cache, Hash128 unit_key, Slice output, Slice warnings);

/* Makes room for this many puts at once, in memory from `chunks`, which must outlive the cache;
 * NULL: malloc. */
void air_cache_expect(AirCache *cache, uint64_t count, ChunkSource *chunks);

void air_cache_invalidate(AirCache *cache, Hash128 unit_key);
int air_cache_clear(AirCache *cache);
int air_cache_commit(AirCache *cache, bool sync, uint64_t *written);
void air_cache_close(AirCache *cache);

#ifdef __cplusplus
}
#endif
#endif
