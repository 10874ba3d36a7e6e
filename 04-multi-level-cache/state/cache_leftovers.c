/* SPDX-License-Identifier: MIT */
#include "cache_leftovers.h"

#include <string.h>

typedef struct Leftovers {
    const char *entry_id;
    const Manifest *manifest;
} Leftovers;

static bool is_left_over(const void *context, const CacheName *name)
{
    const Leftovers *leftovers = context;
    StateRef ref;
    if (name->is_temporary)
        return true;
    return name->table[0] != '\0' && strcmp(name->id, leftovers->entry_id) == 0 &&
           manifest_table(leftovers->manifest, name->table, &ref) &&
           ref.generation != name->generation;
}

int cache_leftovers_remove(const CacheDirectory *directory, const char *entry_id,
                           const Manifest *manifest)
{
    Leftovers leftovers = {entry_id, manifest};
    return cache_directory_remove(directory, is_left_over, &leftovers, NULL);
}
