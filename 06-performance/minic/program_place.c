/* SPDX-License-Identifier: MIT */
#include "program_place.h"

#include "cache_mark.h"
#include "content_hash.h"
#include "output_draft.h"
#include "system_calls.h"

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
 * apart that have one cache. False if there is no such file. */
static bool name_of(const char *entry, char name[128])
{
    char hex[HASH_HEX_SIZE + 1];
    char *whole = realpath(entry, NULL);
    bool exists = whole != NULL;
    const char *slash = strrchr(entry, '/'), *base = slash == NULL ? entry : slash + 1;
    int size = (int)strcspn(base, ".");
    hash_to_hex(hash_bytes(slice_from(exists ? whole : entry)), hex);
    snprintf(name, 128, "%.*s-%.16s", size > 64 ? 64 : size, base, hex);
    free(whole);
    return exists;
}

static int refuse(ByteBuffer *error, Slice directory, int status, const char *why)
{
    buffer_put_format(error, "%s: cannot keep the program here: %s%s", directory.data,
                      why != NULL ? why : strerror(-status),
                      why != NULL ? "" : "; --cache-dir names another place");
    return why == NULL ? status : -EPERM;
}

/* Opens the directory, marked; makes it if it is missing. A descriptor or a negative errno; `*why`
 * stays NULL if there is no more to say. */
static int open_directory(Slice directory, const char **why)
{
    unsigned made = 0;
    int fd = cache_mark_open_directory(directory.data, false, why);
    if (fd == -ENOENT) {
        int status = cache_mark_make_directories(directory.data, 0777, &made);
        fd = status < 0 ? status : cache_mark_open_directory(directory.data, false, why);
    }
    int status = fd < 0 ? fd : cache_mark_check(fd);
    if (status == 0)
        status = cache_mark_claim(fd);
    if (status >= 0)
        return fd;
    if (status == -ENOTEMPTY)
        *why = "it has other files in it and no mark; --cache-dir names another place";
    if (fd >= 0)
        close(fd);
    return status;
}

/* Beside a cache that the build refuses, nothing is made. */
static bool is_cache_refused(const char *cache_dir, bool trust)
{
    const char *why;
    int fd = cache_mark_open_directory(cache_dir, trust, &why);
    if (fd < 0)
        return fd != -ENOENT;
    bool is_refused = cache_mark_check(fd) < 0;
    close(fd);
    return is_refused;
}

int program_place_find(const char *cache_dir, bool trust, const char *entry, Arena *arena,
                       const char **program, ByteBuffer *error)
{
    char name[128];
    const char *why = NULL;
    Slice directory = directory_of(cache_dir, arena);
    if (name_of(entry, name) && !is_cache_refused(cache_dir, trust)) { /* else the build reports */
        int fd = open_directory(directory, &why);
        if (fd < 0)
            return refuse(error, directory, fd, why);
        close(fd);
    }
    size_t size = directory.size + 1 + strlen(name) + 1;
    char *path = arena_allocate(arena, size);
    snprintf(path, size, "%s/%s", directory.data, name);
    *program = path;
    return 0;
}

/* ---- cleaning ------------------------------------------------------------------------------ */

/* A name that name_of makes: it ends with a minus and 16 hex digits. */
static bool is_program(const char *name)
{
    const char *minus = strrchr(name, '-');
    return minus != NULL && strlen(minus + 1) == 16 &&
           strspn(minus + 1, "0123456789abcdef") == 16;
}

/* What others have put in its place stays. */
static bool remove_program(int dir_fd, const char *name, PlaceCounts *removed)
{
    struct stat status;
    if (fstatat(dir_fd, name, &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode) ||
        unlinkat(dir_fd, name, 0) != 0)
        return false;
    removed->files++;
    removed->bytes += (uint64_t)status.st_size;
    return true;
}

/* Removes the programs, or the marks. Returns whether nothing else is left but the marks. */
static bool remove_files(int dir_fd, bool marks, PlaceCounts *removed)
{
    bool is_bare = true;
    int again = open_at(dir_fd, ".", O_RDONLY | O_DIRECTORY);
    DIR *directory = again < 0 ? NULL : fdopendir(again);
    for (struct dirent *item; directory != NULL && (item = readdir(directory)) != NULL;) {
        const char *name = item->d_name;
        if (is_program(name) || output_draft_owns(name)) /* of what was killed */
            is_bare &= remove_program(dir_fd, name, removed);
        else if (!cache_mark_owns(name))
            is_bare &= strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
        else if (marks)
            unlinkat(dir_fd, name, 0);
    }
    if (directory != NULL)
        closedir(directory);
    return is_bare;
}

/* A directory that keeps the files of others keeps its mark: it will be used again. */
static void remove_all(int dir_fd, const char *path, PlaceCounts *removed)
{
    if (remove_files(dir_fd, false, removed)) {
        remove_files(dir_fd, true, removed);
        rmdir(path);
    }
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
            remove_all(fd, path.data, removed);
        } else {
            name_of(entry, name);
            remove_program(fd, name, removed);
        }
    }
    if (fd >= 0)
        close(fd);
    arena_free(&arena);
}
