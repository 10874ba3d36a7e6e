/* SPDX-License-Identifier: MIT */
#include "cache_sync.h"

#include "binary_file.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The parent directory, and `more` of its parents. */
static int sync_above(int fd, unsigned more)
{
    int above = open_at(fd, "..", O_RDONLY | O_DIRECTORY);
    if (above < 0)
        return -errno;
    int status = sync_fd(above) == 0 ? 0 : -errno;
    if (status == 0 && more != 0)
        status = sync_above(above, more - 1);
    close(above);
    return status;
}

int cache_sync_name(const CacheDirectory *directory)
{
    return sync_above(directory->fd, directory->made == 0 ? 0 : directory->made - 1);
}

typedef struct Syncing {
    int dir_fd;
    const char *entry_id;
} Syncing;

/* What has the name of a file of ours and is none is nothing that a manifest names. */
static int sync_file(void *context, const char *file, const CacheName *name)
{
    const Syncing *syncing = context;
    uint64_t size;
    if (name->is_temporary || (name->id[0] != '\0' && strcmp(name->id, syncing->entry_id) != 0))
        return 0;
    int fd = open_regular(syncing->dir_fd, file, O_RDONLY, &size);
    if (fd < 0)
        return fd == -EBADMSG ? 0 : fd;
    int status = sync_fd(fd) == 0 ? 0 : -errno;
    close(fd);
    return status;
}

/* The names last: a name on the disk is worth something once the bytes are there. */
int cache_sync_files(const CacheDirectory *directory, const char *entry_id)
{
    Syncing syncing = {directory->fd, entry_id};
    int status = cache_directory_visit(directory, sync_file, &syncing);
    return status == 0 ? sync_directory_of(directory->fd, "lock") : status;
}
