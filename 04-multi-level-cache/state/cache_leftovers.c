/* SPDX-License-Identifier: MIT */
#include "cache_leftovers.h"

#include <stdio.h>
#include <string.h>

typedef struct Leftovers {
    int dir_fd;
    char id[ENTRY_ID_SIZE + 1]; /* the entry of the file looked at last, and its manifest; {0}: none */
    Manifest manifest;
} Leftovers;

static const Manifest *manifest_of(Leftovers *leftovers, const char *id)
{
    if (strcmp(leftovers->id, id) == 0)
        return &leftovers->manifest;
    manifest_free(&leftovers->manifest);
    snprintf(leftovers->id, sizeof leftovers->id, "%s", id);
    (void)manifest_load(&leftovers->manifest, leftovers->dir_fd, id);
    return &leftovers->manifest;
}

/* An entry without a manifest goes as a whole: see cache_entries.h. */
static bool is_left_over(const void *context, const CacheName *name)
{
    Leftovers *leftovers = *(Leftovers *const *)context;
    StateRef ref;
    if (name->is_temporary || name->table[0] == '\0')
        return name->is_temporary;
    const Manifest *manifest = manifest_of(leftovers, name->id);
    return manifest->header.generation != 0 && manifest_table(manifest, name->table, &ref) &&
           ref.generation != name->generation;
}

int cache_leftovers_remove(const CacheDirectory *directory)
{
    Leftovers leftovers = {.dir_fd = directory->fd}, *context = &leftovers;
    int status = cache_directory_remove(directory, is_left_over, &context, NULL);
    manifest_free(&leftovers.manifest);
    return status;
}
