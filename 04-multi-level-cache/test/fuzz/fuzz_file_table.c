/* SPDX-License-Identifier: MIT */
/*
 * The image of a FileHashCache under a valid checksum: damaged, or any bytes at all. It is refused,
 * or every query is answered from inside it.
 *
 *     kind u8 │ 0: bytes of an image
 *             │ 1: a table of files, and damage to its image
 */
#include "file_hash_cache.h"
#include "fuzz_input.h"
#include "import_graph.h"
#include "scratch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_FILES = 8, MOST_IMPORTS = 4, MOST_ABSENTS = 3 };

/* ---- making an image --------------------------------------------------------------------- */

static void make_table(FuzzInput *input, FileHashCache *cache)
{
    static const char names[MOST_FILES][8] = {"../x", "a", "a.b", "a/b", "b", "b\n", "c", "d"};
    static const Slice absents[MOST_ABSENTS] = {{"/a", 2}, {"a", 1}, {"e", 1}};
    uint32_t imports[MOST_FILES][MOST_IMPORTS + 1] = {{0}};
    FileEntry files[MOST_FILES];
    FileHashCache none = {0};
    uint32_t count = fuzz_below(input, MOST_FILES + 1);
    uint32_t absent_count = fuzz_below(input, MOST_ABSENTS + 1);
    for (uint32_t i = 0; i < count; i++) {
        files[i] = (FileEntry){.path = slice_from(names[i]),
                               .content = {fuzz_u8(input), i},
                               .imports = imports[i],
                               .import_count = fuzz_below(input, MOST_IMPORTS + 1)};
        for (uint32_t n = 0; n < files[i].import_count; n++)
            imports[i][n] = fuzz_below(input, 8) == 0 ? FILE_ABSENT : fuzz_below(input, count);
        if (absent_count != 0)
            imports[i][files[i].import_count++] = count + fuzz_below(input, absent_count);
    }
    FileSplice all = {.entries = files,
                      .entry_count = count,
                      .absents = absents,
                      .absent_count = absent_count,
                      .more_entries = count == 0 ? NULL : imports[0],
                      .more_entry_count = count != 0 && imports[0][0] < count};
    file_hash_cache_splice(cache, &none, slice_from(names[fuzz_below(input, MOST_FILES)]), &all);
}

/* Saves an image of any bytes. False if it is the undamaged one of a table. */
static bool save_image(FuzzInput *input, const char *path)
{
    FileHashCache cache = {0};
    ByteBuffer image = {0};
    bool is_damaged = true;
    if (fuzz_below(input, 2) == 0) {
        buffer_put(&image, fuzz_rest(input));
    } else {
        make_table(input, &cache);
        buffer_put(&image, image_slice(&cache.image));
        is_damaged = fuzz_damage(input, &image);
    }
    image_replace(&cache.image, &image);
    FUZZ_CHECK(file_hash_cache_save(&cache, path) == 0);
    file_hash_cache_close(&cache);
    return is_damaged;
}

/* ---- asking ------------------------------------------------------------------------------ */

static void check_files(const FileHashCache *cache)
{
    for (uint32_t i = 0; i < cache->count; i++) {
        Slice path = file_hash_cache_path(cache, i);
        FUZZ_CHECK(file_hash_cache_find(cache, path) == i);
        FUZZ_CHECK(path.data[path.size] == '\0');
        file_hash_cache_combined_from(cache, i);
        FUZZ_CHECK(file_hash_cache_targets(cache, i) <= cache->records[i].import_count);
    }
    for (uint32_t i = 0; i < cache->absent_count; i++) {
        Slice path = file_hash_cache_path(cache, cache->count + i);
        FUZZ_CHECK(path.data[path.size] == '\0');
    }
    for (uint32_t i = 0; i < cache->more_entry_count; i++)
        FUZZ_CHECK(cache->more_entries[i] < cache->count);
    FUZZ_CHECK(file_hash_cache_find(cache, slice_from("no such file")) == FILE_NONE);
    hash_bytes(cache->entry);
    file_hash_cache_combined(cache, (Hash128){1, 2});
}

static void check_graph(const FileHashCache *cache)
{
    ImportGraph graph;
    bool *marked = memory_allocate_zeroed(cache->count + 1, sizeof *marked);
    uint32_t *order = memory_allocate((cache->count + 1) * sizeof *order);
    import_graph_build(&graph, cache);
    FUZZ_CHECK(import_graph_order(&graph, order, NULL) <= cache->count);
    for (uint32_t i = 0; i < cache->count; i++)
        FUZZ_CHECK(order[i] < cache->count && !marked[order[i]] && (marked[order[i]] = true));
    memset(marked, 0, cache->count);
    if (cache->count != 0)
        FUZZ_CHECK(import_graph_affected(&graph, order, 1, marked) >= 1);
    import_graph_free(&graph);
    free(marked);
    free(order);
}

/* Changes every record, saves, and loads the result again. */
static void check_change(FileHashCache *cache, const char *path)
{
    FileHashCache again;
    for (uint32_t i = 0; i < cache->count; i++)
        file_hash_cache_set(cache, i, &(KnownStamp){.stamp.inode = i + 1u}, (Hash128){i, 7});
    FUZZ_CHECK(file_hash_cache_save(cache, path) == 0);
    FUZZ_CHECK(file_hash_cache_load(&again, path) == 0);
    FUZZ_CHECK(again.count == cache->count);
    FUZZ_CHECK(hash_equal(file_hash_cache_combined(cache, (Hash128){0}),
                          file_hash_cache_combined(&again, (Hash128){0})));
    file_hash_cache_close(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {data, data + size};
    FileHashCache cache;
    Scratch scratch;
    char path[512];
    scratch_open(&scratch);
    snprintf(path, sizeof path, "%s/table", scratch.path);
    bool is_damaged = save_image(&input, path);
    int status = file_hash_cache_load(&cache, path);
    FUZZ_CHECK(status == 0 || (is_damaged && status == -EBADMSG && cache.count == 0));
    check_files(&cache);
    check_graph(&cache);
    check_change(&cache, path);
    file_hash_cache_close(&cache);
    scratch_close(&scratch);
    return 0;
}
