/* SPDX-License-Identifier: MIT */
/*
 * The hard part is the key, which is made elsewhere (unit_keys.c). The rest is an object store of
 * its own: a build that only lowers, or only emits, appends to one file.
 */
#include "air_cache.h"

int air_cache_open(AirCache *cache, int dir_fd)
{
    return object_store_open(&cache->store, dir_fd, "air");
}

int air_cache_open_read_only(AirCache *cache, int dir_fd)
{
    return object_store_open_read_only(&cache->store, dir_fd, "air");
}

void air_cache_make_in_memory(AirCache *cache)
{
    cache->store = object_store_make_in_memory();
}

bool air_cache_get(const AirCache *cache, Hash128 unit_key, Slice *output)
{
    return object_store_get(cache->store, unit_key, output);
}

void air_cache_put(AirCache *cache, Hash128 unit_key, Slice output)
{
    object_store_put(cache->store, unit_key, &output, 1);
}

void air_cache_expect(AirCache *cache, uint64_t count, ChunkSource *chunks)
{
    object_store_expect(cache->store, count, chunks);
}

void air_cache_invalidate(AirCache *cache, Hash128 unit_key)
{
    object_store_invalidate(cache->store, unit_key);
}

int air_cache_clear(AirCache *cache)
{
    return object_store_clear(cache->store);
}

int air_cache_commit(AirCache *cache, bool sync, uint64_t *written)
{
    return object_store_commit(cache->store, sync, written);
}

void air_cache_close(AirCache *cache)
{
    object_store_close(cache->store);
    *cache = (AirCache){0};
}
