/* SPDX-License-Identifier: MIT */
/*
 * A file for each object, named by its key, in 256 directories: how Git begins. The file system is
 * the index, and removing an object means removing a file.
 *
 *     objects/9f/86d081884c7d659a2feaa0c55ad015
 */
#include "naive.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum { NAME_SIZE = HASH_HEX_SIZE + 2 };

/* The first two digits, a slash, the rest. */
static void format_name(Hash128 key, char name[NAME_SIZE])
{
    char hex[HASH_HEX_SIZE + 1];
    hash_to_hex(key, hex);
    snprintf(name, NAME_SIZE, "%.2s/%s", hex, hex + 2);
}

int loose_put(int dir_fd, Hash128 key, Slice bytes)
{
    char name[NAME_SIZE], directory[3];
    format_name(key, name);
    snprintf(directory, sizeof directory, "%.2s", name);
    if (mkdirat(dir_fd, directory, 0777) != 0 && errno != EEXIST)
        return -errno;
    return naive_write(dir_fd, name, bytes);
}

char *loose_get(int dir_fd, Hash128 key, size_t *size)
{
    char name[NAME_SIZE];
    format_name(key, name);
    return naive_read(dir_fd, name, size);
}
