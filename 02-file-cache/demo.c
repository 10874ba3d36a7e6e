/* SPDX-License-Identifier: MIT */
/*
 * Lowers .mini files through the ZirCache and says for each: lowered, or cached.
 *
 *     demo-02                   four builds of three bundled files
 *     demo-02 FILE.mini...      two builds of your files
 *
 * The cache is in a temporary directory. It is closed after each build and opened by the next:
 * what the second one finds, it finds on disk.
 */
#include "file_stamp.h"
#include "parser.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char math[] = "fn square(x: i32) i32 { return x * x; }\n";
static const char edited[] = "fn square(x: i32) i32 { return x * x + 0; }\n";
static const char entry[] = "import \"math.mini\" as math;\n"
                            "fn main() i32 { print(math.square(7)); return 0; }\n";

static const char *lower_cached(ZirCache *cache, Slice source, Arena *arena, Lowered *lowered)
{
    Hash128 content = hash_bytes(source);
    if (zir_cache_get(cache, content, lowered))
        return "cached ";
    Diagnostics errors = {0};
    bool is_right = mini_lower(source, arena, &errors, lowered);
    diagnostics_free(&errors);
    if (!is_right)
        return "wrong  "; /* and not kept: the next build tells the errors again */
    zir_cache_put(cache, content, lowered);
    return "lowered";
}

static void lower_file(ZirCache *cache, int dir_fd, const char *path)
{
    Arena arena = {0};
    Slice source;
    FileStamp stamp;
    Lowered lowered = {0};
    if (file_read(dir_fd, path, &arena, &source, &stamp) != 0)
        printf("  cannot read %s\n", path);
    else
        printf("  %s  %s\n", lower_cached(cache, source, &arena, &lowered), path);
    arena_free(&arena);
}

static void build(const char *title, int cache_fd, int dir_fd, const char *const *paths)
{
    ZirCache cache;
    Hash128 fingerprint = hash_bytes(slice_from("demo 1"));
    printf("%s\n", title);
    int status = zir_cache_open(&cache, cache_fd, fingerprint);
    for (; status == 0 && *paths != NULL; paths++)
        lower_file(&cache, dir_fd, *paths);
    if (status == 0)
        status = zir_cache_commit(&cache, false, NULL);
    if (status == 0)
        printf("  objects in the pack: %d\n", (int)object_store_count(cache.store));
    else
        printf("  the cache failed: %s\n", strerror(-status));
    zir_cache_close(&cache);
}

static void write_file(int dir_fd, const char *name, const char *text)
{
    int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        printf("  cannot write %s\n", name);
    if (fd >= 0)
        close(fd);
}

static void tell_the_lesson(int dir)
{
    static const char *const paths[] = {"main.mini", "math.mini", "copy.mini", NULL};
    write_file(dir, "main.mini", entry);
    write_file(dir, "math.mini", math);
    write_file(dir, "copy.mini", math);
    build("first build; copy.mini has the bytes of math.mini", dir, dir, paths);
    build("second build, nothing changed", dir, dir, paths);
    write_file(dir, "math.mini", edited);
    build("math.mini edited", dir, dir, paths);
    write_file(dir, "math.mini", math);
    build("the edit undone", dir, dir, paths);
}

int main(int argc, char **argv)
{
    char name[] = "/tmp/demo-02-XXXXXX";
    int dir = mkdtemp(name) == NULL ? -1 : open(name, O_RDONLY | O_DIRECTORY);
    if (dir < 0) {
        perror(name);
        return EXIT_FAILURE;
    }
    if (argc > 1) {
        build("first build", dir, AT_FDCWD, (const char *const *)argv + 1);
        build("second build", dir, AT_FDCWD, (const char *const *)argv + 1);
    } else {
        tell_the_lesson(dir);
    }
    static const char *const made[] = {"main.mini", "math.mini", "copy.mini", "zir.pack",
                                       "zir.index"};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        unlinkat(dir, made[i], 0);
    close(dir);
    return rmdir(name) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
