/* SPDX-License-Identifier: MIT */
#include "cache_product.h"

#include "binary_exchange.h"
#include "manifest.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const BinaryFormat latest_format = {"iclates", 1};

void cache_product_id(const char *program_id, Hash128 settings, Slice output,
                      char id[ENTRY_ID_SIZE + 1])
{
    char hex[HASH_HEX_SIZE + 1];
    ByteBuffer key = {0};
    key_put_hash(&key, settings);
    key_put_slice(&key, output);
    hash_to_hex(hash_bytes(buffer_slice(&key)), hex);
    snprintf(id, ENTRY_ID_SIZE + 1, "%.*s-%.*s", PROGRAM_ID_SIZE, program_id, PRODUCT_ID_SIZE, hex);
    buffer_free(&key);
}

static void file_name(char name[64], const char *id)
{
    snprintf(name, 64, "%.*s.latest", PROGRAM_ID_SIZE, id);
}

/* Is it the id of an entry of that program? */
static bool is_entry_of(const char *entry, const char *id)
{
    CacheName name;
    char file[64];
    snprintf(file, sizeof file, "%s.manifest", entry);
    return cache_name_parse(file, &name) && name.is_manifest &&
           strncmp(name.id, id, PROGRAM_ID_SIZE) == 0;
}

typedef struct Search {
    int dir_fd;
    const char *id;
    char *latest;
    uint64_t generation; /* of the latest one; a commit's is greater than those before it */
} Search;

static int visit(void *context, const char *file, const CacheName *name)
{
    Search *search = context;
    Manifest manifest;
    (void)file;
    if (!name->is_manifest || name->is_temporary ||
        strncmp(name->id, search->id, PROGRAM_ID_SIZE) != 0 ||
        manifest_load(&manifest, search->dir_fd, name->id) != 0)
        return 0;
    if (manifest.header.generation > search->generation) {
        search->generation = manifest.header.generation;
        memcpy(search->latest, name->id, sizeof name->id);
    }
    manifest_free(&manifest);
    return 0;
}

static void search_latest(const CacheDirectory *directory, const char *id,
                          char latest[ENTRY_ID_SIZE + 1])
{
    char own[64];
    Search search = {.dir_fd = directory->fd, .id = id, .latest = latest};
    snprintf(own, sizeof own, "%.*s.manifest", PROGRAM_ID_SIZE, id);
    if (faccessat(directory->fd, own, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
        (void)cache_directory_visit(directory, visit, &search);
}

bool cache_product_latest(const CacheDirectory *directory, const char *id,
                          char latest[ENTRY_ID_SIZE + 1])
{
    char name[64];
    file_name(name, id);
    memset(latest, 0, ENTRY_ID_SIZE + 1);
    if (binary_file_read(directory->fd, name, &latest_format, latest, ENTRY_ID_SIZE) == 0 &&
        is_entry_of(latest, id))
        return true;
    memset(latest, 0, ENTRY_ID_SIZE + 1);
    search_latest(directory, id, latest);
    return false;
}

int cache_product_note_latest(const CacheDirectory *directory, const char *id)
{
    char name[64], padded[ENTRY_ID_SIZE] = {0};
    file_name(name, id);
    memcpy(padded, id, strlen(id));
    return binary_file_note(directory->fd, name, &latest_format,
                            slice_of(padded, sizeof padded), false);
}
