/* SPDX-License-Identifier: MIT */
/*
 * The hard part is the key, which is made elsewhere (unit_keys.c). The rest is an object store of
 * its own: a build that only lowers, or only emits, appends to one file.
 *
 * An object is the output alone, or, if there were warnings:
 *
 *     output │ warnings │ size of the warnings u64 │ mark u64
 *
 * The warnings are in the same object: they cannot be lost, damaged or dropped without it. An
 * output that happens to end with the mark gets a tail too, of no warnings; all others stay as they
 * are, and their bytes are lent to the store, not copied.
 */
#include "air_cache.h"

typedef struct Tail {
    uint64_t warnings_size;
    uint64_t mark;
} Tail;

static const uint64_t TAIL_MARK = 0xA7D3586E1F94C20B; /* random */

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

static bool ends_with_mark(Slice object)
{
    return object.size >= sizeof TAIL_MARK &&
           memcmp(object.data + object.size - sizeof TAIL_MARK, &TAIL_MARK, sizeof TAIL_MARK) == 0;
}

static bool split(Slice object, Slice *output, Slice *warnings)
{
    Tail tail;
    *output = object;
    *warnings = (Slice){"", 0};
    if (!ends_with_mark(object))
        return true;
    if (object.size < sizeof tail)
        return false;
    size_t rest = object.size - sizeof tail;
    memcpy(&tail, object.data + rest, sizeof tail);
    if (tail.warnings_size > rest)
        return false;
    size_t size = rest - (size_t)tail.warnings_size;
    *output = slice_of(object.data, size);
    *warnings = slice_of(object.data + size, (size_t)tail.warnings_size);
    return true;
}

bool air_cache_get(const AirCache *cache, Hash128 unit_key, Slice *output)
{
    Slice warnings;
    return air_cache_get_with_warnings(cache, unit_key, output, &warnings);
}

bool air_cache_get_with_warnings(const AirCache *cache, Hash128 unit_key, Slice *output,
                                 Slice *warnings)
{
    Slice object;
    return object_store_get(cache->store, unit_key, &object) && split(object, output, warnings);
}

void air_cache_put(AirCache *cache, Hash128 unit_key, Slice output)
{
    air_cache_put_with_warnings(cache, unit_key, output, (Slice){"", 0});
}

void air_cache_put_with_warnings(AirCache *cache, Hash128 unit_key, Slice output, Slice warnings)
{
    Tail tail = {warnings.size, TAIL_MARK};
    Slice parts[] = {output, warnings, slice_of(&tail, sizeof tail)};
    bool has_tail = warnings.size != 0 || ends_with_mark(output);
    object_store_put(cache->store, unit_key, parts, has_tail ? 3 : 1);
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
