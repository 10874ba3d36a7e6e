/* SPDX-License-Identifier: MIT */
/*
 * Each half prepares what it needs, reads the clock, does its work, and reads the clock again: only
 * what is between begin() and end() counts. Its result is checked afterwards.
 */
#include "pairs.h"

#include "../common.h"
#include "source_path.h"
#include "surgical_patch.h"

#include <stdio.h>
#include <sys/stat.h>

void die(const char *what)
{
    fprintf(stderr, "techniques: %s\n", what);
    exit(3);
}

void check(int status, const char *what)
{
    if (status == 0)
        return;
    fprintf(stderr, "techniques: %s: %s\n", what, strerror(-status));
    exit(3);
}

static void begin(Bench *bench)
{
    take_a_break();
    bench->begun = now_ms();
}

static void end(Bench *bench)
{
    bench->ended = now_ms();
}

/* ---- what changed? --------------------------------------------------------------------------- */

static void find_changed(Bench *bench, size_t (*find)(const FileHashCache *, int, bool *))
{
    begin(bench);
    size_t count = find(&bench->cache.files, bench->corpus, bench->changed);
    end(bench);
    if (count != 0)
        die("a file of the corpus changed");
}

static void stat_files(Bench *bench)
{
    find_changed(bench, ours_find_changed);
}

static void read_files(Bench *bench)
{
    find_changed(bench, naive_find_changed);
}

/* ---- the state of the last build ------------------------------------------------------------- */

static void load_image(Bench *bench)
{
    FileHashCache files = {0};
    begin(bench);
    check(file_hash_cache_load(&files, bench->image), bench->image);
    if (files.count != bench->cache.files.count)
        die("the state is not whole");
    file_hash_cache_close(&files);
    end(bench);
}

static void load_parsed(Bench *bench, int (*load)(NaiveState *, const char *), const char *path)
{
    NaiveState state = {0};
    begin(bench);
    check(load(&state, path), path);
    if (state.count != bench->cache.files.count)
        die("the state is not whole");
    naive_state_free(&state);
    end(bench);
}

static void load_json(Bench *bench)
{
    load_parsed(bench, json_state_load, bench->json);
}

static void load_text(Bench *bench)
{
    load_parsed(bench, text_state_load, bench->text);
}

/* ---- must anything be done? ------------------------------------------------------------------ */

static void compare_combined(Bench *bench)
{
    begin(bench);
    bool is_unchanged = ours_is_unchanged(&bench->cache);
    end(bench);
    if (!is_unchanged)
        die("the combined hash differs");
}

static void compare_keys(Bench *bench)
{
    KeyComparison keys;
    begin(bench);
    check(naive_compare_keys(&bench->cache, bench->compiler.entry_point, &keys), "a key");
    end(bench);
    if (keys.different != 0)
        die("a key differs");
    bench->units = keys.units;
}

/* ---- which files does the program have? ------------------------------------------------------ */

static void visit_files(Bench *bench)
{
    FileHashCache files = {0};
    begin(bench);
    check(ours_visit(bench->ladder, slice_from("main.mini"), &files), "the ladder");
    end(bench);
    if (files.count != 3 * bench->rungs + 1)
        die("a file of the ladder was not found");
    file_hash_cache_close(&files);
}

static void visit_paths(Bench *bench)
{
    NaiveVisits visits = {0};
    begin(bench);
    check(naive_visit(bench->ladder, "main.mini", &visits), "the ladder");
    bench->visits = visits.count;
    naive_visits_unique(&visits);
    end(bench);
    if (visits.count != 3 * bench->rungs + 1)
        die("a file of the ladder was not found");
    naive_visits_free(&visits);
}

/* ---- small things in memory ------------------------------------------------------------------ */

/* The text of the path after `import`, without its quotes; NULL if the token is not an import. */
static TokenNode *import_path(TokenNode *node)
{
    return node->kind == TOKEN_IMPORT && node->next->kind == TOKEN_STRING ? node->next : NULL;
}

static void tokens_in_arena(Bench *bench)
{
    Arena arena = {0};
    uint64_t tokens = 0, imports = 0;
    begin(bench);
    for (uint32_t i = 0; i < bench->cache.files.count; i++) {
        Slice path = file_hash_cache_path(&bench->cache.files, i), resolved;
        for (TokenNode *node = ours_tokens(bench->sources[i], &arena); node != NULL;
             node = node->next, tokens++) {
            const TokenNode *import = import_path(node);
            if (import == NULL)
                continue;
            Slice written = slice_of(import->text + 1, strlen(import->text) - 2);
            imports += source_path_resolve(path, written, &arena, &resolved) == PATH_OK;
        }
        arena_reset(&arena);
    }
    arena_free(&arena);
    end(bench);
    bench->tokens = tokens;
    bench->imports = imports;
}

static void tokens_by_malloc(Bench *bench)
{
    uint64_t tokens = 0, imports = 0;
    begin(bench);
    for (uint32_t i = 0; i < bench->cache.files.count; i++) {
        const char *path = file_hash_cache_path(&bench->cache.files, i).data;
        TokenNode *list = naive_tokens(bench->sources[i]);
        for (TokenNode *node = list; node != NULL; node = node->next, tokens++) {
            TokenNode *import = import_path(node);
            if (import == NULL)
                continue;
            import->text[strlen(import->text) - 1] = '\0';
            char *resolved = naive_resolve(path, import->text + 1);
            imports += resolved != NULL;
            free(resolved);
        }
        naive_tokens_free(list);
    }
    end(bench);
    if (tokens != bench->tokens || imports != bench->imports)
        die("the tokens differ");
}

/* ---- objects --------------------------------------------------------------------------------- */

/* Each round writes to a new place. Removing the objects of the previous round would not be fair to
 * loose ones: ext4 skips recently freed inodes, one by one. */
static int new_place(Bench *bench)
{
    char name[32];
    snprintf(name, sizeof name, "objects%u", bench->places++);
    if (mkdirat(bench->work, name, 0777) != 0)
        check(-errno, name);
    int place = openat(bench->work, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check(place < 0 ? -errno : 0, name);
    sync(); /* the file system has finished the earlier work */
    return place;
}

/* Reads back what was written last. */
static void keep_place(int *kept, int place)
{
    if (*kept != 0)
        close(*kept);
    *kept = place;
}

static void write_pack(Bench *bench)
{
    ObjectStore *store;
    int place = new_place(bench);
    begin(bench);
    check(object_store_open(&store, place, "objects"), "the pack");
    for (uint32_t i = 0; i < bench->cache.files.count; i++)
        object_store_put(store, bench->objects[i].key, &bench->objects[i].bytes, 1);
    check(object_store_commit(store, false, NULL), "the pack");
    object_store_close(store);
    end(bench);
    keep_place(&bench->pack, place);
}

static void write_loose(Bench *bench)
{
    int place = new_place(bench);
    begin(bench);
    for (uint32_t i = 0; i < bench->cache.files.count; i++)
        check(loose_put(place, bench->objects[i].key, bench->objects[i].bytes), "an object");
    end(bench);
    keep_place(&bench->loose, place);
}

static void read_pack(Bench *bench)
{
    ObjectStore *store;
    Slice copy;
    begin(bench);
    check(object_store_open(&store, bench->pack, "objects"), "the pack");
    for (uint32_t i = 0; i < bench->cache.files.count; i++) {
        const KeyedObject *object = &bench->objects[i];
        if (!object_store_get(store, object->key, &copy) || copy.size != object->bytes.size)
            die("an object of the pack is gone");
    }
    object_store_close(store);
    end(bench);
}

static void read_loose(Bench *bench)
{
    begin(bench);
    for (uint32_t i = 0; i < bench->cache.files.count; i++) {
        size_t size;
        char *copy = loose_get(bench->loose, bench->objects[i].key, &size);
        if (copy == NULL || size != bench->objects[i].bytes.size)
            die("a loose object is gone");
        free(copy);
    }
    end(bench);
}

/* ---- the output ------------------------------------------------------------------------------ */

static BuildStatus write_output(Build *build, const OutputWay *way)
{
    PatchResult result;
    if (way->is_naive)
        return naive_write_output(build, way->output);
    return output_write(build, way->output, &result);
}

/* Builds from the plan on: the dirty units are known, the output is not yet right. */
void bring_up_to_date(Bench *bench, const OutputWay *way, Executor *executor, bool force)
{
    Build *build;
    BuildRequest request = {.compiler = &bench->compiler,
                            .entry = bench->entry,
                            .cache_dir = way->cache_dir,
                            .executor = executor,
                            .force = force};
    BuildStatus status = build_open(&build, &request);
    if (status == BUILD_OK)
        status = build_plan(build);
    begin(bench);
    if (status == BUILD_OK)
        status = write_output(build, way);
    end(bench);
    if (status != BUILD_OK)
        die(way->name);
    build_close(build);
}

static void patch_output(Bench *bench)
{
    bring_up_to_date(bench, &bench->patched, &executor_serial, false);
}

static void reassemble_output(Bench *bench)
{
    bring_up_to_date(bench, &bench->reassembled, &executor_serial, false);
}

static void emit_everything(Bench *bench)
{
    bring_up_to_date(bench, &bench->full, &executor_serial, true);
}

/* ---- all of them ----------------------------------------------------------------------------- */

const Pair pairs[] = {
    {"mtime_check", "mtime check", "read and hash every file", stat_files, read_files, false},
    {"binary_state_json", "binary state", "JSON", load_image, load_json, false},
    {"binary_state_text", "binary state", "lines of text", load_image, load_text, false},
    {"combined_hash", "combined hash", "every key computed, compared", compare_combined,
     compare_keys, false},
    {"visited_set", "visited set", "follow every import", visit_files, visit_paths, false},
    {"arena", "arena", "a malloc each", tokens_in_arena, tokens_by_malloc, false},
    {"pack_write", "pack, written", "a file per object", write_pack, write_loose, false},
    {"pack_read", "pack, read back", "a file per object", read_pack, read_loose, false},
    {"patch_reassemble", "patch in place", "whole output, cached texts", patch_output,
     reassemble_output, true},
    {"patch_full", "patch in place", "emit everything", patch_output, emit_everything, true},
};
const size_t pair_count = sizeof pairs / sizeof *pairs;
