/* SPDX-License-Identifier: MIT */
/*
 * The mark phase walks tables, not objects: a manifest names a file table and a unit table, and
 * these hold all keys there are. The keys are gathered into one sorted array per store; the sweep
 * is the compaction of the stores.
 */
#include "cache_collection.h"

#include "system_calls.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DEFAULT_LIMIT_BYTES = 64 << 20, DEFAULT_FACTOR = 4, LIMITED_FACTOR = 2 };

static const BinaryFormat used_format = {"icused", 1};
static const char used_name[] = "used_bytes";
static const char manifest_ending[] = ".manifest";

uint64_t collection_threshold(uint64_t limit_bytes, uint64_t used_bytes)
{
    uint64_t factor = limit_bytes == 0 ? DEFAULT_FACTOR : LIMITED_FACTOR;
    uint64_t limit = limit_bytes == 0 ? DEFAULT_LIMIT_BYTES : limit_bytes;
    uint64_t least = used_bytes > UINT64_MAX / factor ? UINT64_MAX : used_bytes * factor;
    return limit > least ? limit : least;
}

/* ---- sets of keys -------------------------------------------------------------------------- */

static void add_key(KeySet *set, Hash128 key)
{
    if (set->count == set->capacity) {
        set->capacity = set->capacity == 0 ? 1024 : set->capacity * 2;
        set->keys = memory_resize(set->keys, set->capacity * sizeof key);
    }
    set->keys[set->count++] = key;
}

static int compare_keys(const void *a, const void *b)
{
    const Hash128 *left = a, *right = b;
    if (left->high != right->high)
        return left->high < right->high ? -1 : 1;
    return (left->low > right->low) - (left->low < right->low);
}

/* Sorts, and drops repetitions: entries share objects. */
static void sort_keys(KeySet *set)
{
    size_t kept = 0;
    if (set->count == 0)
        return;
    qsort(set->keys, set->count, sizeof *set->keys, compare_keys);
    for (size_t i = 1; i < set->count; i++)
        if (!hash_equal(set->keys[i], set->keys[kept]))
            set->keys[++kept] = set->keys[i];
    set->count = kept + 1;
}

bool key_set_has(const KeySet *set, Hash128 key)
{
    return set->count != 0 &&
           bsearch(&key, set->keys, set->count, sizeof key, compare_keys) != NULL;
}

/* ---- what is used -------------------------------------------------------------------------- */

/* What has no key (it reaches a circle of interfaces) is not kept. */
static void add_unit(UsedObjects *used, const UnitRecord *unit)
{
    if (!hash_is_none(unit->unit_key))
        add_key(&used->air, unit->unit_key);
}

static bool is_damage(int status)
{
    return status == -EBADMSG || status == -ENOENT;
}

static int add_files(UsedObjects *used, int dir_fd, const char *id, const ManifestHeader *header)
{
    char name[64];
    FileHashCache files = {0};
    snprintf(name, sizeof name, "%s.files", id);
    int status = file_hash_cache_open(&files, dir_fd, name, &header->files);
    for (uint32_t i = 0; status == 0 && i < files.count; i++)
        add_key(&used->zir, zir_cache_key(header->fingerprint, files.records[i].content));
    file_hash_cache_close(&files);
    return is_damage(status) ? 0 : status;
}

static int add_units(UsedObjects *used, int dir_fd, const char *id, const ManifestHeader *header)
{
    char name[64];
    UnitTable table = {0};
    snprintf(name, sizeof name, "%s.units", id);
    int status = unit_table_open(&table, dir_fd, name, &header->units);
    for (uint32_t i = 0; status == 0 && i < table.file_count; i++) {
        const UnitRecord *units = unit_table_units(&table, i);
        for (uint32_t unit = 0; unit < unit_table_row(&table, i)->unit_count; unit++)
            add_unit(used, &units[unit]);
    }
    unit_table_close(&table);
    return is_damage(status) ? 0 : status;
}

static int add_entry(UsedObjects *used, int dir_fd, const char *id)
{
    Manifest manifest;
    int status = manifest_load(&manifest, dir_fd, id);
    if (status == 0)
        status = add_files(used, dir_fd, id, &manifest.header);
    if (status == 0)
        status = add_units(used, dir_fd, id, &manifest.header);
    manifest_free(&manifest);
    return is_damage(status) ? 0 : status;
}

/* The id, if this is the name of a manifest. */
static bool names_manifest(const char *name, char id[ENTRY_ID_SIZE + 1])
{
    if (strspn(name, "0123456789abcdef") != ENTRY_ID_SIZE ||
        strcmp(name + ENTRY_ID_SIZE, manifest_ending) != 0)
        return false;
    memcpy(id, name, ENTRY_ID_SIZE);
    id[ENTRY_ID_SIZE] = '\0';
    return true;
}

static int add_entries(UsedObjects *used, int dir_fd, DIR *list)
{
    char id[ENTRY_ID_SIZE + 1];
    int status = 0;
    while (status == 0) {
        errno = 0;
        const struct dirent *item = readdir(list);
        if (item == NULL)
            return -errno; /* 0 at the end of the directory */
        if (names_manifest(item->d_name, id))
            status = add_entry(used, dir_fd, id);
    }
    return status;
}

int used_objects_gather(UsedObjects *used, int dir_fd)
{
    *used = (UsedObjects){0};
    int fd = open_at(dir_fd, ".", O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return -errno;
    DIR *list = fdopendir(fd);
    if (list == NULL) {
        int status = -errno;
        close(fd);
        return status;
    }
    int status = add_entries(used, dir_fd, list);
    closedir(list);
    sort_keys(&used->zir);
    sort_keys(&used->air);
    return status;
}

void used_objects_free(UsedObjects *used)
{
    free(used->zir.keys);
    free(used->air.keys);
    *used = (UsedObjects){0};
}

/* ---- the last count ------------------------------------------------------------------------ */

/* 0 if there is none that can be read: it is then counted again. */
static uint64_t load_last_count(int dir_fd)
{
    MappedFile file;
    uint64_t bytes = 0;
    if (binary_file_map(dir_fd, used_name, &used_format, 0, &file) != 0)
        return 0;
    if (file.content_size == sizeof bytes)
        memcpy(&bytes, file.content, sizeof bytes);
    mapped_file_close(&file);
    return bytes;
}

static int store_count(MultiLevelCache *cache, uint64_t bytes)
{
    Slice part = slice_of(&bytes, sizeof bytes);
    cache->bytes_written += BINARY_HEADER_SIZE + sizeof bytes;
    return binary_file_write(cache->directory.fd, used_name, &used_format, &part, 1, false);
}

/* ---- making room --------------------------------------------------------------------------- */

static uint64_t bytes_of(const ObjectStore *store, const KeySet *keys)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < keys->count; i++)
        bytes += object_store_extent(store, keys->keys[i]);
    return bytes;
}

static bool is_used(void *context, Hash128 key)
{
    return key_set_has(context, key);
}

/* `share` is what the pack should shrink to, as a part of its size. */
static int compact(MultiLevelCache *cache, ObjectStore *store, const char *name, KeySet *used,
                   double share, bool sync)
{
    uint64_t size = object_store_pack_size(store);
    uint64_t target = (uint64_t)((double)size * share);
    int status = object_store_compact(store, target, is_used, used, sync, &cache->bytes_written);
    if (status == 0 && object_store_pack_size(store) < size)
        observe(cache->observer, DECISION_COMPACTED, slice_from(name));
    return status;
}

static int collect(MultiLevelCache *cache, UsedObjects *used, uint64_t size_bytes, bool sync)
{
    uint64_t used_bytes =
        bytes_of(cache->zir.store, &used->zir) + bytes_of(cache->air.store, &used->air);
    uint64_t threshold = collection_threshold(cache->limit_bytes, used_bytes);
    int status = store_count(cache, used_bytes);
    if (status != 0 || size_bytes <= threshold)
        return status;
    double share = (double)threshold / 2 / (double)size_bytes;
    status = compact(cache, cache->zir.store, "zir.pack", &used->zir, share, sync);
    if (status == 0)
        status = compact(cache, cache->air.store, "air.pack", &used->air, share, sync);
    return status;
}

int multi_level_cache_collect(MultiLevelCache *cache, bool sync)
{
    UsedObjects used;
    if (!cache->objects_open || cache->in_memory)
        return 0;
    uint64_t size_bytes =
        object_store_pack_size(cache->zir.store) + object_store_pack_size(cache->air.store);
    if (size_bytes <= collection_threshold(cache->limit_bytes, 0) ||
        size_bytes <= collection_threshold(cache->limit_bytes,
                                           load_last_count(cache->directory.fd)))
        return 0;
    int status = used_objects_gather(&used, cache->directory.fd);
    if (status == 0)
        status = collect(cache, &used, size_bytes, sync);
    used_objects_free(&used);
    return status;
}
