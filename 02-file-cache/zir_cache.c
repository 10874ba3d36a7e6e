/* SPDX-License-Identifier: MIT */
/*
 * One object holds the blobs of a file, each 16-byte aligned, for use in the mapped pack:
 *
 *     size of the declarations u32 │ of the interface u32 │ of the warnings u32 │ 0, up to 16
 *     declarations, padded to 16 │ interface, padded to 16 │ IR │ warnings
 *
 * The warnings are in the same object: they cannot be lost, damaged or dropped without it.
 */
#include "zir_cache.h"

enum { ALIGNMENT = 16, PART_COUNT = 7 };

typedef struct Prefix {
    uint32_t declarations_size, interface_size, warnings_size;
    uint32_t reserved;
} Prefix;

_Static_assert(sizeof(Prefix) == ALIGNMENT, "what follows is aligned");

static size_t padding_of(size_t size)
{
    return -size % ALIGNMENT;
}

Hash128 zir_cache_key(Hash128 fingerprint, Hash128 content)
{
    Hash128 key[] = {fingerprint, content};
    return hash_bytes(slice_of(key, sizeof key));
}

static Hash128 key_of(const ZirCache *cache, Hash128 content)
{
    return zir_cache_key(cache->fingerprint, content);
}

int zir_cache_open(ZirCache *cache, int dir_fd, Hash128 fingerprint)
{
    *cache = (ZirCache){.fingerprint = fingerprint};
    return object_store_open(&cache->store, dir_fd, "zir");
}

int zir_cache_open_read_only(ZirCache *cache, int dir_fd, Hash128 fingerprint)
{
    *cache = (ZirCache){.fingerprint = fingerprint};
    return object_store_open_read_only(&cache->store, dir_fd, "zir");
}

void zir_cache_make_in_memory(ZirCache *cache, Hash128 fingerprint)
{
    *cache = (ZirCache){object_store_make_in_memory(), fingerprint};
}

/* Takes a blob and its padding off the front of `rest`. */
static bool take(Slice *rest, size_t size, Slice *blob)
{
    if (size > rest->size || padding_of(size) > rest->size - size)
        return false;
    *blob = slice_of(rest->data, size);
    size += padding_of(size);
    *rest = slice_of(rest->data + size, rest->size - size);
    return true;
}

/* Takes one off its end, where nothing is padded. */
static bool take_last(Slice *rest, size_t size, Slice *blob)
{
    if (size > rest->size)
        return false;
    rest->size -= size;
    *blob = slice_of(rest->data + rest->size, size);
    return true;
}

static bool split(Slice payload, Lowered *lowered, Slice *warnings)
{
    Prefix prefix;
    if (payload.size < sizeof prefix)
        return false;
    memcpy(&prefix, payload.data, sizeof prefix);
    lowered->ir = slice_of(payload.data + sizeof prefix, payload.size - sizeof prefix);
    return take(&lowered->ir, prefix.declarations_size, &lowered->declarations) &&
           take(&lowered->ir, prefix.interface_size, &lowered->interface) &&
           take_last(&lowered->ir, prefix.warnings_size, warnings);
}

bool zir_cache_get(const ZirCache *cache, Hash128 content, Lowered *lowered)
{
    Slice warnings;
    return zir_cache_get_with_warnings(cache, content, lowered, &warnings);
}

bool zir_cache_get_with_warnings(const ZirCache *cache, Hash128 content, Lowered *lowered,
                                 Slice *warnings)
{
    Slice payload;
    return object_store_get(cache->store, key_of(cache, content), &payload) &&
           split(payload, lowered, warnings);
}

/* The parts of an object. `prefix` must live as long as they are used. */
static void lay_out(const Lowered *lowered, Slice warnings, Prefix *prefix,
                    Slice parts[PART_COUNT])
{
    static const char zeros[ALIGNMENT];
    *prefix = (Prefix){.declarations_size = (uint32_t)lowered->declarations.size,
                       .interface_size = (uint32_t)lowered->interface.size,
                       .warnings_size = (uint32_t)warnings.size};
    parts[0] = slice_of(prefix, sizeof *prefix);
    parts[1] = lowered->declarations;
    parts[2] = slice_of(zeros, padding_of(lowered->declarations.size));
    parts[3] = lowered->interface;
    parts[4] = slice_of(zeros, padding_of(lowered->interface.size));
    parts[5] = lowered->ir;
    parts[6] = warnings;
}

void zir_cache_put(ZirCache *cache, Hash128 content, const Lowered *lowered)
{
    Prefix prefix;
    Slice parts[PART_COUNT];
    lay_out(lowered, (Slice){"", 0}, &prefix, parts);
    object_store_put(cache->store, key_of(cache, content), parts, PART_COUNT);
}

Slice zir_cache_join(Lowered *lowered, Slice *warnings, Arena *arena)
{
    Prefix prefix;
    Slice parts[PART_COUNT];
    size_t size = 0;
    lay_out(lowered, *warnings, &prefix, parts);
    for (int i = 0; i < PART_COUNT; i++)
        size += parts[i].size;
    char *object = arena_allocate(arena, size), *next = object;
    for (int i = 0; i < PART_COUNT; i++) {
        if (parts[i].size != 0)
            memcpy(next, parts[i].data, parts[i].size);
        next += parts[i].size;
    }
    (void)split(slice_of(object, size), lowered, warnings);
    return slice_of(object, size);
}

void zir_cache_put_joined(ZirCache *cache, Hash128 content, Slice object)
{
    object_store_put(cache->store, key_of(cache, content), &object, 1);
}

void zir_cache_expect(ZirCache *cache, uint64_t count, ChunkSource *chunks)
{
    object_store_expect(cache->store, count, chunks);
}

void zir_cache_invalidate(ZirCache *cache, Hash128 content)
{
    object_store_invalidate(cache->store, key_of(cache, content));
}

int zir_cache_clear(ZirCache *cache)
{
    return object_store_clear(cache->store);
}

int zir_cache_commit(ZirCache *cache, bool sync, uint64_t *written)
{
    return object_store_commit(cache->store, sync, written);
}

void zir_cache_close(ZirCache *cache)
{
    object_store_close(cache->store);
    *cache = (ZirCache){0};
}
