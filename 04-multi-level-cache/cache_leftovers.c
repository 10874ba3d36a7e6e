/* SPDX-License-Identifier: MIT */
#include "cache_leftovers.h"

#include "system_calls.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

static const char digits[] = "0123456789";

/* NAME.tmp or NAME.tmp.PID */
static bool is_temporary(const char *name)
{
    const char *at = strstr(name, ".tmp");
    if (at == NULL || !cache_directory_owns(name))
        return false;
    at += strlen(".tmp");
    return *at == '\0' || (*at == '.' && at[1] != '\0' && at[1 + strspn(at + 1, digits)] == '\0');
}

/* <id>.TABLE.NUMBER, or with .journal behind it, and the manifest names another number. */
static bool is_superseded(const char *name, const char *entry_id, const Manifest *manifest)
{
    char table[BLOB_NAME_SIZE] = "";
    char *rest;
    StateRef ref;
    if (strncmp(name, entry_id, ENTRY_ID_SIZE) != 0 || name[ENTRY_ID_SIZE] != '.')
        return false;
    const char *begin = name + ENTRY_ID_SIZE + 1;
    size_t size = strcspn(begin, ".");
    if (size >= sizeof table || begin[size] == '\0' || strspn(begin + size + 1, digits) == 0)
        return false;
    memcpy(table, begin, size);
    unsigned long long number = strtoull(begin + size + 1, &rest, 10);
    return (*rest == '\0' || strcmp(rest, ".journal") == 0) &&
           manifest_table(manifest, table, &ref) && ref.generation != number;
}

int cache_leftovers_remove(const CacheDirectory *directory, const char *entry_id,
                           const Manifest *manifest)
{
    int status = 0;
    DIR *list = cache_directory_list(directory);
    if (list == NULL)
        return -errno;
    for (struct dirent *item; (item = readdir(list)) != NULL;) {
        if (!is_temporary(item->d_name) && !is_superseded(item->d_name, entry_id, manifest))
            continue;
        if (unlinkat(directory->fd, item->d_name, 0) != 0 && errno != ENOENT)
            status = -errno;
    }
    closedir(list);
    return status;
}
