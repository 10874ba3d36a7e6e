/* SPDX-License-Identifier: MIT */
#include "program_place.h"

#include "cache_mark.h"
#include "content_hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char ending[] = ".run";

/* "dir/.mini_cache/" → "dir/.mini_cache.run" */
static Slice directory_of(const char *cache_dir, Arena *arena)
{
    size_t size = strlen(cache_dir);
    while (size > 1 && cache_dir[size - 1] == '/')
        size--;
    char *path = arena_allocate(arena, size + sizeof ending);
    memcpy(path, cache_dir, size);
    memcpy(path + size, ending, sizeof ending);
    return slice_of(path, size + sizeof ending - 1);
}

/* "main-0123456789abcdef": the name is for people, the hash of the whole path tells two entries
 * apart that have one cache. */
static void name_of(const char *entry, char name[128])
{
    char hex[HASH_HEX_SIZE + 1];
    char *whole = realpath(entry, NULL);
    const char *slash = strrchr(entry, '/'), *base = slash == NULL ? entry : slash + 1;
    int size = (int)strcspn(base, ".");
    hash_to_hex(hash_bytes(slice_from(whole == NULL ? entry : whole)), hex);
    snprintf(name, 128, "%.*s-%.16s", size > 64 ? 64 : size, base, hex);
    free(whole);
}

static const char *refuse(ByteBuffer *error, Slice directory, const char *why)
{
    buffer_put_format(error, "%s: cannot keep the program here: %s", directory.data, why);
    return NULL;
}

const char *program_place_find(const char *cache_dir, const char *entry, Arena *arena,
                               ByteBuffer *error)
{
    char name[128];
    const char *why = NULL;
    Slice directory = directory_of(cache_dir, arena);
    name_of(entry, name);
    int fd = cache_mark_open_directory(directory.data, false, &why);
    if (fd == -ENOENT)
        fd = cache_mark_open(directory.data);
    else if (fd >= 0 && cache_mark_check(fd) < 0) {
        close(fd);
        fd = -ENOTEMPTY;
    }
    if (fd < 0)
        return refuse(error, directory,
                      why != NULL ? why : strerror(-fd));
    close(fd);
    size_t size = directory.size + 1 + strlen(name) + 1;
    char *path = arena_allocate(arena, size);
    snprintf(path, size, "%s/%s", directory.data, name);
    return path;
}

/* ---- cleaning ------------------------------------------------------------------------------ */

/* A name that name_of makes: it ends with a minus and 16 hex digits. */
static bool is_program(const char *name)
{
    const char *minus = strrchr(name, '-');
    return minus != NULL && strlen(minus + 1) == 16 &&
           strspn(minus + 1, "0123456789abcdef") == 16;
}

static void remove_program(int dir_fd, const char *name, PlaceCounts *removed)
{
    struct stat status;
    if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode) ||
        unlinkat(dir_fd, name, 0) != 0)
        return;
    removed->files++;
    removed->bytes += (uint64_t)status.st_size;
}

static void remove_all(int dir_fd, PlaceCounts *removed)
{
    int again = dup(dir_fd);
    DIR *directory = again < 0 ? NULL : fdopendir(again);
    for (struct dirent *item; directory != NULL && (item = readdir(directory)) != NULL;) {
        if (is_program(item->d_name))
            remove_program(dir_fd, item->d_name, removed);
        else if (cache_mark_owns(item->d_name))
            unlinkat(dir_fd, item->d_name, 0);
    }
    if (directory != NULL)
        closedir(directory);
}

void program_place_clean(const char *cache_dir, const char *entry, PlaceCounts *removed)
{
    Arena arena = {0};
    char name[128];
    const char *why;
    Slice path = directory_of(cache_dir, &arena);
    int fd = cache_mark_open_directory(path.data, false, &why);
    if (fd >= 0 && cache_mark_check(fd) == 1) {
        if (entry == NULL) {
            remove_all(fd, removed);
            rmdir(path.data);
        } else {
            name_of(entry, name);
            remove_program(fd, name, removed);
        }
    }
    if (fd >= 0)
        close(fd);
    arena_free(&arena);
}
