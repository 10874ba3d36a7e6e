/* SPDX-License-Identifier: MIT */
#include "cache_entries.h"

#include "binary_exchange.h"
#include "manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

enum { SECONDS_PER_DAY = 24 * 60 * 60 };

/* ---- listing ------------------------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
    return strcmp(((const CacheEntry *)a)->id, ((const CacheEntry *)b)->id);
}

static int compare_uses(const void *a, const void *b)
{
    const CacheEntry *left = a, *right = b;
    if (left->used_s != right->used_s)
        return left->used_s < right->used_s ? 1 : -1;
    return compare_ids(a, b);
}

typedef struct Listing {
    CacheEntries *entries;
    int dir_fd;
} Listing;

/* One item for each file; those of an entry are joined later. */
static int add_file(void *context, const char *file, const CacheName *name)
{
    const Listing *listing = context;
    CacheEntries *entries = listing->entries;
    struct stat status;
    CacheEntry entry = {.is_recorded = name->is_manifest};
    if (name->id[0] == '\0' || name->is_latest || fstatat(listing->dir_fd, file, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return 0;
    memcpy(entry.id, name->id, sizeof entry.id);
    entry.bytes = (uint64_t)status.st_size;
    entry.used_s = name->is_manifest ? (int64_t)status.st_mtime : 0;
    if (entries->count == entries->capacity) {
        entries->capacity = entries->capacity == 0 ? 64 : entries->capacity * 2;
        entries->items = memory_resize(entries->items, entries->capacity * sizeof entry);
    }
    entries->items[entries->count++] = entry;
    return 0;
}

static void join_files(CacheEntries *entries)
{
    size_t kept = 0;
    if (entries->count == 0)
        return;
    qsort(entries->items, entries->count, sizeof *entries->items, compare_ids);
    for (size_t i = 1; i < entries->count; i++) {
        CacheEntry *last = &entries->items[kept], *next = &entries->items[i];
        if (strcmp(last->id, next->id) != 0) {
            entries->items[++kept] = *next;
            continue;
        }
        last->bytes += next->bytes;
        last->is_recorded |= next->is_recorded;
        if (next->is_recorded)
            last->used_s = next->used_s;
    }
    entries->count = kept + 1;
}

/* A file is gone only if the system says so: an unreadable disk may come back. */
static bool is_missing(Slice path)
{
    struct stat status;
    ByteBuffer text = {0};
    buffer_put(&text, path);
    buffer_put_byte(&text, '\0');
    bool missing = path.size != 0 && stat(text.data, &status) != 0 &&
                   (errno == ENOENT || errno == ENOTDIR);
    buffer_free(&text);
    return missing;
}

static bool is_gone(const CacheEntry *entry, int dir_fd)
{
    Manifest manifest;
    Slice path;
    if (!entry->is_recorded)
        return true;
    bool gone = manifest_load(&manifest, dir_fd, entry->id) == 0 &&
                manifest_blob(&manifest, ENTRY_PATH_BLOB, &path) && is_missing(path);
    manifest_free(&manifest);
    return gone;
}

int cache_entries_list(CacheEntries *entries, const CacheDirectory *directory, const char *own_id)
{
    *entries = (CacheEntries){0};
    Listing listing = {entries, directory->fd};
    int status = cache_directory_visit(directory, add_file, &listing);
    join_files(entries);
    for (size_t i = 0; i < entries->count; i++) {
        CacheEntry *entry = &entries->items[i];
        bool is_own = strcmp(entry->id, own_id) == 0;
        entry->is_gone = !is_own && is_gone(entry, directory->fd);
        if (is_own)
            entry->used_s = INT64_MAX; /* it comes first */
    }
    if (entries->count != 0)
        qsort(entries->items, entries->count, sizeof *entries->items, compare_uses);
    return status;
}

void cache_entries_free(CacheEntries *entries)
{
    memory_free(entries->items);
    *entries = (CacheEntries){0};
}

/* ---- removing ------------------------------------------------------------------------------ */

static int compare_programs(const void *a, const void *b)
{
    return strncmp(((const CacheEntry *)a)->id, ((const CacheEntry *)b)->id, PROGRAM_ID_SIZE);
}

/* Goes the last entry of the program? Sorted by id, those of a program stand together. */
static bool is_program_to_go(const CacheEntries *entries, const CacheEntry *key)
{
    const CacheEntry *end = entries->items + entries->count;
    const CacheEntry *entry =
        bsearch(key, entries->items, entries->count, sizeof *key, compare_programs);
    while (entry != NULL && entry > entries->items && compare_programs(entry - 1, key) == 0)
        entry--;
    while (entry != NULL && entry < end && compare_programs(entry, key) == 0 && entry->is_to_go)
        entry++;
    return entry == NULL || entry == end || compare_programs(entry, key) != 0;
}

static bool is_of_one_to_go(const void *context, const CacheName *name)
{
    const CacheEntries *entries = context;
    CacheEntry key = {0};
    memcpy(key.id, name->id, sizeof key.id);
    if (name->is_latest)
        return is_program_to_go(entries, &key);
    const CacheEntry *entry =
        bsearch(&key, entries->items, entries->count, sizeof key, compare_ids);
    return entry != NULL && entry->is_to_go;
}

int cache_entries_remove(CacheEntries *entries, const CacheDirectory *directory)
{
    size_t kept = 0;
    for (size_t i = 0; i < entries->count; i++)
        kept += !entries->items[i].is_to_go;
    if (kept == entries->count)
        return 0;
    qsort(entries->items, entries->count, sizeof *entries->items, compare_ids);
    int status = cache_directory_remove(directory, is_of_one_to_go, entries, NULL);
    kept = 0;
    for (size_t i = 0; i < entries->count; i++)
        if (!entries->items[i].is_to_go)
            entries->items[kept++] = entries->items[i];
    entries->count = kept;
    qsort(entries->items, entries->count, sizeof *entries->items, compare_uses);
    return status;
}

/* ---- last use ------------------------------------------------------------------------------ */

void cache_entry_note_use(const CacheDirectory *directory, const char *id)
{
    char name[64];
    struct stat status;
    time_t now = time(NULL);
    if (directory->is_read_only)
        return;
    snprintf(name, sizeof name, "%s.manifest", id);
    if (fstatat(directory->fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        (now - status.st_mtime >= SECONDS_PER_DAY || status.st_mtime > now))
        (void)utimensat(directory->fd, name, NULL, AT_SYMLINK_NOFOLLOW);
}

/* ---- how many there are -------------------------------------------------------------------- */

static const BinaryFormat count_format = {"icentry", 1};
static const char count_name[] = "entries";

void entry_count_load(EntryCount *count, const CacheDirectory *directory)
{
    *count = (EntryCount){0};
    (void)binary_file_read(directory->fd, count_name, &count_format, count, sizeof *count);
}

/* Half of it counts as none: all entries are looked at again. */
int entry_count_store(const EntryCount *count, const CacheDirectory *directory)
{
    return binary_file_note(directory->fd, count_name, &count_format,
                            slice_of(count, sizeof *count), false);
}
