/* SPDX-License-Identifier: MIT */
/*
 * The mark phase walks tables, not objects: a manifest names a file table and a unit table, and
 * these hold all keys. The keys are gathered into one sorted array per store; the sweep is the
 * compaction of the stores. Entries are numbered from the latest on, so an object whose first user
 * is removed has no user left.
 */
#include "cache_collection.h"

#include "cache_product.h"
#include "input_lists.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    DEFAULT_LIMIT_BYTES = 64 << 20,
    DEFAULT_FACTOR = 4,
    LIMITED_FACTOR = 2,
    FEW_ENTRIES = 64, /* looking at so many takes a millisecond */
    SECONDS_PER_DAY = 24 * 60 * 60
};

static const BinaryFormat used_format = {"icused", 1};
static const char used_name[] = "used_bytes";

uint64_t collection_threshold(uint64_t limit_bytes, uint64_t used_bytes)
{
    uint64_t factor = limit_bytes == 0 ? DEFAULT_FACTOR : LIMITED_FACTOR;
    uint64_t limit = limit_bytes == 0 ? DEFAULT_LIMIT_BYTES : limit_bytes;
    uint64_t least = used_bytes > UINT64_MAX / factor ? UINT64_MAX : used_bytes * factor;
    return limit > least ? limit : least;
}

/* ---- sets of keys -------------------------------------------------------------------------- */

static void add_key(KeySet *set, Hash128 key, uint32_t entry)
{
    if (set->count == set->capacity) {
        set->capacity = set->capacity == 0 ? 1024 : set->capacity * 2;
        set->keys = memory_resize(set->keys, set->capacity * sizeof *set->keys);
    }
    set->keys[set->count++] = (UsedKey){key, entry};
}

static int compare_keys(const void *a, const void *b)
{
    const Hash128 *left = &((const UsedKey *)a)->key, *right = &((const UsedKey *)b)->key;
    if (left->high != right->high)
        return left->high < right->high ? -1 : 1;
    return (left->low > right->low) - (left->low < right->low);
}

static int compare_users(const void *a, const void *b)
{
    const UsedKey *left = a, *right = b;
    int order = compare_keys(a, b);
    return order != 0 ? order : (left->entry > right->entry) - (left->entry < right->entry);
}

/* Sorts, and keeps the first of several users of an object. */
static void sort_keys(KeySet *set)
{
    size_t kept = 0;
    if (set->count == 0)
        return;
    qsort(set->keys, set->count, sizeof *set->keys, compare_users);
    for (size_t i = 1; i < set->count; i++)
        if (!hash_equal(set->keys[i].key, set->keys[kept].key))
            set->keys[++kept] = set->keys[i];
    set->count = kept + 1;
}

bool key_set_has(const KeySet *set, Hash128 key)
{
    UsedKey wanted = {key, 0};
    return set->count != 0 &&
           bsearch(&wanted, set->keys, set->count, sizeof wanted, compare_keys) != NULL;
}

/* ---- what is used -------------------------------------------------------------------------- */

/* A unit without a key (it leads to something poisoned) is not kept. */
static void add_unit(UsedObjects *used, const UnitRecord *unit, uint32_t entry)
{
    if (!hash_is_none(unit->unit_key))
        add_key(&used->air, unit->unit_key, entry);
}

static bool is_damage(int status)
{
    return status == -EBADMSG || status == -ENOENT;
}

typedef struct Recorded { /* one entry, as in its manifest */
    int dir_fd;
    const char *id;
    uint32_t number; /* index in the list */
    const ManifestHeader *header;
    const ZirCache *zir;
    UsedObjects *used;
} Recorded;

static void add_zir(void *context, Hash128 key)
{
    const Recorded *entry = context;
    add_key(&entry->used->zir, key, entry->number);
}

static int add_files(Recorded *entry)
{
    char name[64];
    FileHashCache files;
    StateFile state;
    snprintf(name, sizeof name, "%s.files", entry->id);
    int status = file_table_load(&files, &state, entry->dir_fd, name, &entry->header->files);
    for (uint32_t i = 0; status == 0 && i < files.count; i++)
        input_lists_visit(entry->zir, entry->header->fingerprint, &files, i, add_zir, entry);
    file_hash_cache_close(&files);
    return is_damage(status) ? 0 : status;
}

static int add_units(UsedObjects *used, const Recorded *entry)
{
    char name[64];
    UnitTable table = {0};
    snprintf(name, sizeof name, "%s.units", entry->id);
    int status = unit_table_open(&table, entry->dir_fd, name, &entry->header->units);
    for (uint32_t i = 0; status == 0 && i < table.file_count; i++) {
        const UnitRecord *units = unit_table_units(&table, i);
        for (uint32_t unit = 0; unit < unit_table_row(&table, i)->unit_count; unit++)
            add_unit(used, &units[unit], entry->number);
    }
    unit_table_close(&table);
    return is_damage(status) ? 0 : status;
}

static int add_entry(UsedObjects *used, int dir_fd, const ZirCache *zir, const char *id,
                     uint32_t number)
{
    Manifest manifest;
    Recorded entry = {dir_fd, id, number, &manifest.header, zir, used};
    int status = manifest_load(&manifest, dir_fd, id);
    if (status == 0)
        status = add_files(&entry);
    if (status == 0)
        status = add_units(used, &entry);
    manifest_free(&manifest);
    return is_damage(status) ? 0 : status;
}

int used_objects_gather(UsedObjects *used, int dir_fd, const ZirCache *zir,
                        const CacheEntries *entries)
{
    int status = 0;
    *used = (UsedObjects){0};
    for (uint32_t i = 0; i < entries->count && status == 0; i++)
        if (!entries->items[i].is_to_go)
            status = add_entry(used, dir_fd, zir, entries->items[i].id, i);
    sort_keys(&used->zir);
    sort_keys(&used->air);
    return status;
}

void used_objects_free(UsedObjects *used)
{
    memory_free(used->zir.keys);
    memory_free(used->air.keys);
    *used = (UsedObjects){0};
}

/* ---- the last count ------------------------------------------------------------------------ */

/* 0 if it cannot be read: it is then counted again. */
static uint64_t load_last_count(int dir_fd)
{
    uint64_t bytes = 0;
    (void)binary_file_read(dir_fd, used_name, &used_format, &bytes, sizeof bytes);
    return bytes;
}

static int store_count(MultiLevelCache *cache, uint64_t bytes)
{
    Slice part = slice_of(&bytes, sizeof bytes);
    cache->bytes_written += BINARY_HEADER_SIZE + sizeof bytes;
    return binary_file_write(cache->directory.fd, used_name, &used_format, &part, 1, false);
}

/* ---- which entries go ----------------------------------------------------------------------- */

static void charge(uint64_t *bytes, const ObjectStore *store, const KeySet *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        bytes[keys->keys[i].entry] += object_store_extent(store, keys->keys[i].key);
}

static bool is_to_stay(const CacheEntry *entry, time_t now)
{
    return entry->used_s > (int64_t)now - SECONDS_PER_DAY;
}

/* The latest entries stay as long as they fit in the limit, with their objects; an object used by
 * several counts for the latest. */
static void choose_oldest(const MultiLevelCache *cache, const UsedObjects *used,
                          CacheEntries *entries)
{
    uint64_t *bytes = memory_allocate_zeroed(entries->count + 1, sizeof *bytes), sum = 0;
    time_t now = time(NULL);
    charge(bytes, cache->zir.store, &used->zir);
    charge(bytes, cache->air.store, &used->air);
    for (size_t i = 0; i < entries->count; i++) {
        CacheEntry *entry = &entries->items[i];
        if (!entry->is_to_go)
            sum += entry->bytes + bytes[i];
        entry->is_to_go |= sum > cache->limit_bytes && !is_to_stay(entry, now);
    }
    memory_free(bytes);
}

/* Of the program's own products, those used last stay. The list begins with the latest. */
static void choose_products(const MultiLevelCache *cache, CacheEntries *entries)
{
    size_t kept = 0;
    for (size_t i = 0; i < entries->count; i++) {
        CacheEntry *entry = &entries->items[i];
        if (!entry->is_to_go && strncmp(entry->id, cache->entry_id, PROGRAM_ID_SIZE) == 0)
            entry->is_to_go = kept++ >= MOST_PRODUCTS;
    }
}

static void keep_users_that_stay(KeySet *keys, const CacheEntries *entries)
{
    size_t kept = 0;
    for (size_t i = 0; i < keys->count; i++)
        if (!entries->items[keys->keys[i].entry].is_to_go)
            keys->keys[kept++] = keys->keys[i];
    keys->count = kept;
}

static void count_again(EntryCount *count, const CacheEntries *entries)
{
    *count = (EntryCount){.count = entries->count, .looked_s = (uint64_t)time(NULL)};
    for (size_t i = 0; i < entries->count; i++)
        count->bytes += entries->items[i].bytes;
}

/* Is a look at all entries worth its cost? */
static bool asks_for_look(const EntryCount *count, uint64_t limit_bytes, uint64_t pack_bytes)
{
    uint64_t all = count->count + count->added;
    if (count->added >= FEW_ENTRIES / 4 && count->added >= count->count)
        return true;
    if (limit_bytes == 0 || all <= 1 ||
        count->bytes + count->added_bytes + pack_bytes <= limit_bytes)
        return false;
    return all <= FEW_ENTRIES || count->added >= count->count / 4 ||
           count->looked_s + SECONDS_PER_DAY <= (uint64_t)time(NULL);
}

/* Only a new entry, or a limit, needs to know how many there are. */
static bool count_entries(MultiLevelCache *cache, EntryCount *count, uint64_t pack_bytes)
{
    bool is_new = cache->is_first;
    if (!is_new && cache->limit_bytes == 0)
        return false;
    entry_count_load(count, &cache->directory);
    count->added += is_new;
    if (is_new)
        count->added_bytes += cache->state_bytes_written;
    if ((is_new && cache->latest_id[0] != '\0') ||
        asks_for_look(count, cache->limit_bytes, pack_bytes))
        return true;
    if (is_new)
        (void)entry_count_store(count, &cache->directory); /* a hint: the next one counts again */
    return false;
}

/* ---- making room --------------------------------------------------------------------------- */

static uint64_t bytes_of(const ObjectStore *store, const KeySet *keys)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < keys->count; i++)
        bytes += object_store_extent(store, keys->keys[i].key);
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

static int compact_both(MultiLevelCache *cache, UsedObjects *used, uint64_t pack_bytes, bool sync)
{
    uint64_t used_bytes =
        bytes_of(cache->zir.store, &used->zir) + bytes_of(cache->air.store, &used->air);
    uint64_t threshold = collection_threshold(cache->limit_bytes, used_bytes);
    int status = store_count(cache, used_bytes);
    if (status != 0 || pack_bytes <= threshold)
        return status;
    double share = (double)threshold / 2 / (double)pack_bytes;
    status = compact(cache, cache->zir.store, "zir.pack", &used->zir, share, sync);
    if (status == 0)
        status = compact(cache, cache->air.store, "air.pack", &used->air, share, sync);
    return status;
}

/* First the entries, since the objects they used may be removed with them. */
static int collect(MultiLevelCache *cache, CacheEntries *entries, uint64_t pack_bytes, bool sync)
{
    UsedObjects used = {0};
    EntryCount count;
    bool packs_matter = pack_bytes > collection_threshold(cache->limit_bytes, 0);
    int status = 0;
    for (size_t i = 0; i < entries->count; i++)
        entries->items[i].is_to_go = entries->items[i].is_gone;
    if (packs_matter || cache->limit_bytes != 0)
        status = used_objects_gather(&used, cache->directory.fd, &cache->zir, entries);
    if (status == 0 && cache->limit_bytes != 0)
        choose_oldest(cache, &used, entries);
    choose_products(cache, entries);
    keep_users_that_stay(&used.zir, entries);
    keep_users_that_stay(&used.air, entries);
    if (status == 0)
        status = cache_entries_remove(entries, &cache->directory);
    count_again(&count, entries);
    if (status == 0)
        status = entry_count_store(&count, &cache->directory);
    if (status == 0 && packs_matter)
        status = compact_both(cache, &used, pack_bytes, sync);
    used_objects_free(&used);
    return status;
}

int multi_level_cache_collect(MultiLevelCache *cache, bool sync)
{
    CacheEntries entries;
    EntryCount count;
    if (!cache->objects_open || cache->in_memory)
        return 0;
    uint64_t pack_bytes =
        object_store_pack_size(cache->zir.store) + object_store_pack_size(cache->air.store);
    bool are_packs_large =
        pack_bytes > collection_threshold(cache->limit_bytes, 0) &&
        pack_bytes > collection_threshold(cache->limit_bytes, load_last_count(cache->directory.fd));
    if (!count_entries(cache, &count, pack_bytes) && !are_packs_large)
        return 0;
    int status = cache_entries_list(&entries, &cache->directory, cache->entry_id);
    if (status == 0)
        status = collect(cache, &entries, pack_bytes, sync);
    cache_entries_free(&entries);
    return status;
}
