/* SPDX-License-Identifier: MIT */
/* The naive versions are right: each finds, keeps or writes the same as the stages. */
#include "ours.h"
#include "source_path.h"
#include "test_project.h"

#include <errno.h>
#include <unistd.h>

/* ---- what changed? ------------------------------------------------------------------------- */

static void reading_everything_finds_what_stats_find(void **state)
{
    Project *project = *state;
    FileHashCache known = {0};
    MultiLevelCache cache;
    bool naive[SOURCES], ours[SOURCES];
    build_ours(project);
    open_caches(project, &cache);
    copy_table(&cache.files, &known);
    multi_level_cache_close(&cache);
    known.secret = &cache.secret.hash;

    assert_int_equal(known.count, SOURCES);
    assert_int_equal(naive_find_changed(&known, project->scratch.fd, naive), 0);
    assert_int_equal(ours_find_changed(&known, project->scratch.fd, ours), 0);
    edit(project, "lib/text.mini", "print(n)", "print(7)");
    assert_int_equal(naive_find_changed(&known, project->scratch.fd, naive), 1);
    assert_int_equal(ours_find_changed(&known, project->scratch.fd, ours), 1);
    assert_memory_equal(naive, ours, sizeof ours);
    assert_true(naive[1]); /* in path order: shapes, text, main */
    assert_int_equal(unlinkat(project->scratch.fd, "main.mini", 0), 0);
    assert_int_equal(naive_find_changed(&known, project->scratch.fd, naive), 2);
    file_hash_cache_close(&known);
}

/* ---- the state ----------------------------------------------------------------------------- */

static void assert_same_file(const FileHashCache *cache, uint32_t number, const NaiveFile *file)
{
    const FileRecord *record = &cache->records[number];
    assert_string_equal(file->path, file_hash_cache_path(cache, number).data);
    assert_memory_equal(&file->stamp, &record->known.stamp, sizeof file->stamp);
    assert_true(hash_equal(file->content, record->content));
    assert_int_equal(file->import_count, record->import_count);
    for (uint32_t i = 0; i < record->import_count; i++)
        assert_string_equal(
            file->imports[i],
            file_hash_cache_path(cache, cache->imports[record->first_import + i]).data);
}

/* Numbers that need all their bits, names that need care. */
static void make_hard_table(FileHashCache *cache)
{
    static const uint32_t all[] = {2, 0, 1};
    FileStamp large = {INT64_MAX, INT64_C(1700000000123456789), -5, UINT64_MAX, UINT64_MAX - 1};
    FileEntry entries[] = {
        {slice_from(" a \"b\"\\.mini"), {large, 0}, {UINT64_MAX, 1}, all, 2, NULL},
        {slice_from("main.mini"), {{0}, 0}, {0, UINT64_MAX}, all, 3, NULL},
        {slice_from("\xc3\xa9t\xc3\xa9 \t.mini"), {{1, 2, 3, 4, 5}, 0}, {7, 8}, NULL, 0, NULL},
    };
    file_hash_cache_replace(cache, slice_from("main.mini"), entries, 3);
}

static void state_survives(Project *project, int (*save)(const FileHashCache *, const char *),
                           int (*load)(NaiveState *, const char *))
{
    FileHashCache cache = {0}, loaded = {0};
    NaiveState naive = {0};
    char path[300], ours[300];
    name(project, path, "state");
    name(project, ours, "state.bin");
    make_hard_table(&cache);
    assert_int_equal(save(&cache, path), 0);
    assert_int_equal(file_hash_cache_save(&cache, ours), 0);
    assert_int_equal(load(&naive, path), 0);
    assert_int_equal(file_hash_cache_load(&loaded, ours), 0);
    assert_string_equal(naive.entry, "main.mini");
    assert_int_equal(naive.count, loaded.count);
    for (uint32_t i = 0; i < loaded.count; i++)
        assert_same_file(&loaded, i, &naive.files[i]);
    naive_state_free(&naive);
    file_hash_cache_close(&loaded);
    file_hash_cache_close(&cache);
}

static void a_state_in_json_is_the_state(void **state)
{
    state_survives(*state, json_state_save, json_state_load);
}

static void a_state_in_lines_is_the_state(void **state)
{
    state_survives(*state, text_state_save, text_state_load);
}

static void lines_refuse_a_path_with_a_newline(void **state)
{
    Project *project = *state;
    FileHashCache cache = {0};
    FileEntry entry = {slice_from("a\nb.mini"), {{0}, 0}, {1, 2}, NULL, 0, NULL};
    char path[300];
    name(project, path, "state");
    file_hash_cache_replace(&cache, entry.path, &entry, 1);
    assert_int_equal(text_state_save(&cache, path), -EINVAL);
    assert_false(scratch_exists(&project->scratch, "state"));
    file_hash_cache_close(&cache);
}

static void a_damaged_state_is_refused(void **state)
{
    Project *project = *state;
    static const char *const damaged[] = {
        "", "{\"entry\": \"main.mini\", \"files\": [{}]}", "[1, 2",
        "entry main.mini\nfile 00 1 2 3 4 5 a.mini\n", "entry main.mini\nfile\n", "import a\n",
    };
    char path[300];
    name(project, path, "state");
    for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++) {
        NaiveState json = {0}, text = {0};
        scratch_write(&project->scratch, "state", damaged[i]);
        assert_int_equal(json_state_load(&json, path), -EBADMSG);
        assert_int_equal(text_state_load(&text, path), -EBADMSG);
        naive_state_free(&json);
        naive_state_free(&text);
    }
}

/* ---- keys ---------------------------------------------------------------------------------- */

/* Builds as far as the packs, without the state: the keys on record are those before the edit. */
static void lower_only(Project *project)
{
    Build *build = plan(project, project->cache_dir, false);
    assert_int_equal(build_emit(build), BUILD_OK);
    build_close(build);
}

static void every_key_says_what_the_combined_hash_says(void **state)
{
    Project *project = *state;
    MultiLevelCache cache;
    KeyComparison keys;
    build_ours(project);
    open_caches(project, &cache);
    assert_int_equal(naive_compare_keys(&cache, project->compiler.entry_point, &keys), 0);
    assert_int_equal(keys.units, 7);
    assert_int_equal(keys.different, 0);
    assert_true(ours_is_unchanged(&cache));
    multi_level_cache_close(&cache);

    edit(project, "lib/shapes.mini", "2 * (w + h)", "4 * (w + h)");
    lower_only(project);
    open_caches(project, &cache);
    assert_int_equal(ours_visit(project->scratch.fd, cache.entry, &cache.files), 0);
    assert_int_equal(naive_compare_keys(&cache, project->compiler.entry_point, &keys), 0);
    assert_int_equal(keys.different, 1);
    assert_false(ours_is_unchanged(&cache));
    multi_level_cache_close(&cache);
}

/* A constant's value is part of its interface: it and the function that names it differ. */
static void every_key_follows_a_changed_interface(void **state)
{
    Project *project = *state;
    MultiLevelCache cache;
    KeyComparison keys;
    build_ours(project);
    edit(project, "lib/shapes.mini", "i32 = 2", "i32 = 3");
    lower_only(project);
    open_caches(project, &cache);
    assert_int_equal(ours_visit(project->scratch.fd, cache.entry, &cache.files), 0);
    assert_int_equal(naive_compare_keys(&cache, project->compiler.entry_point, &keys), 0);
    assert_int_equal(keys.different, 2);
    multi_level_cache_close(&cache);
}

/* ---- the output ---------------------------------------------------------------------------- */

static void assert_same_outputs(const Project *project)
{
    size_t ours_size, naive_size;
    char *ours = scratch_read(&project->scratch, "out.ll", &ours_size);
    char *naive = scratch_read(&project->scratch, "naive.ll", &naive_size);
    assert_int_equal(ours_size, naive_size);
    assert_memory_equal(ours, naive, ours_size);
    free(ours);
    free(naive);
}

static void a_whole_output_is_the_patched_output(void **state)
{
    Project *project = *state;
    build_ours(project);
    assert_int_equal(build_naive(project, false), 5);
    assert_same_outputs(project);

    edit(project, "lib/shapes.mini", "2 * (w + h)", "4 * (w + h)");
    build_ours(project);
    assert_int_equal(build_naive(project, false), 1);
    assert_same_outputs(project);
    assert_int_equal(build_naive(project, true), 5);
    assert_same_outputs(project);
}

/* ---- visits -------------------------------------------------------------------------------- */

static void every_path_leads_to_the_same_files(void **state)
{
    Project *project = *state;
    FileHashCache ours = {0};
    NaiveVisits naive = {0};
    Scratch ladder;
    (void)project;
    scratch_open(&ladder);
    assert_int_equal(write_ladder(ladder.fd, 5), 0);
    assert_int_equal(naive_visit(ladder.fd, "main.mini", &naive), 0);
    assert_int_equal(naive.count, 4 * 32 - 3);
    naive_visits_unique(&naive);
    assert_int_equal(ours_visit(ladder.fd, slice_from("main.mini"), &ours), 0);
    assert_int_equal(ours.count, 3 * 5 + 1);
    assert_int_equal(naive.count, ours.count);
    for (uint32_t i = 0; i < ours.count; i++)
        assert_string_equal(naive.paths[i], file_hash_cache_path(&ours, i).data);
    naive_visits_free(&naive);
    file_hash_cache_close(&ours);
    scratch_close(&ladder);
}

static void a_missing_import_is_an_error_on_every_path(void **state)
{
    Project *project = *state;
    NaiveVisits naive = {0};
    assert_int_equal(unlinkat(project->scratch.fd, "lib/text.mini", 0), 0);
    assert_int_equal(naive_visit(project->scratch.fd, "main.mini", &naive), -ENOENT);
    naive_visits_free(&naive);
}

/* ---- small things -------------------------------------------------------------------------- */

static void a_list_of_mallocs_is_the_list_in_the_arena(void **state)
{
    Arena arena = {0};
    (void)state;
    for (size_t i = 0; i < SOURCES; i++) {
        TokenNode *naive = naive_tokens(slice_from(sources[i][1]));
        const TokenNode *ours = ours_tokens(slice_from(sources[i][1]), &arena), *node = naive;
        assert_non_null(node);
        for (; node != NULL && ours != NULL; node = node->next, ours = ours->next) {
            assert_int_equal(node->kind, ours->kind);
            assert_string_equal(node->text, ours->text);
        }
        assert_null(node);
        assert_null(ours);
        naive_tokens_free(naive);
    }
    arena_free(&arena);
}

static void a_path_of_mallocs_is_the_path_in_the_arena(void **state)
{
    static const char *const importers[] = {"main.mini", "lib/a.mini", "a/b/c.mini", "../x.mini"};
    static const char *const imports[] = {
        "a.mini",  "./a.mini",      "../a.mini", "../../../a.mini", "b//c.mini", "b/./c.mini",
        "x/../y",  "/absolute",     "",          ".",               "..",        "a/",
        "a/..",    "../../x/../y",
    };
    (void)state;
    for (size_t i = 0; i < sizeof importers / sizeof *importers; i++)
        for (size_t n = 0; n < sizeof imports / sizeof *imports; n++) {
            Arena arena = {0};
            Slice ours;
            char *naive = naive_resolve(importers[i], imports[n]);
            bool is_right = source_path_resolve(slice_from(importers[i]), slice_from(imports[n]),
                                                &arena, &ours) == PATH_OK;
            assert_int_equal(naive != NULL, is_right);
            if (is_right)
                assert_string_equal(naive, ours.data);
            free(naive);
            arena_free(&arena);
        }
}

/* ---- objects ------------------------------------------------------------------------------- */

static void loose_objects_come_back_as_from_the_pack(void **state)
{
    Project *project = *state;
    ObjectStore *store;
    size_t size;
    assert_int_equal(object_store_open(&store, project->scratch.fd, "pack"), 0);
    for (size_t i = 0; i < SOURCES; i++) {
        Slice object = slice_from(sources[i][1]);
        object_store_put(store, hash_bytes(object), &object, 1);
        assert_int_equal(loose_put(project->scratch.fd, hash_bytes(object), object), 0);
    }
    for (size_t i = 0; i < SOURCES; i++) {
        Hash128 key = hash_bytes(slice_from(sources[i][1]));
        Slice ours;
        char *naive = loose_get(project->scratch.fd, key, &size);
        assert_non_null(naive);
        assert_true(object_store_get(store, key, &ours));
        assert_true(slice_equal(slice_of(naive, size), ours));
        free(naive);
    }
    assert_null(loose_get(project->scratch.fd, (Hash128){1, 2}, &size));
    object_store_close(store);
}

/* Keys that differ in any of their 128 bits are different keys. */
static void loose_objects_are_told_apart(void **state)
{
    Project *project = *state;
    size_t size;
    for (unsigned bit = 0; bit < 128; bit++) {
        Hash128 key = {bit < 64 ? UINT64_C(1) << bit : 0, bit < 64 ? 0 : UINT64_C(1) << (bit - 64)};
        assert_int_equal(loose_put(project->scratch.fd, key, slice_of(&bit, sizeof bit)), 0);
    }
    for (unsigned bit = 0; bit < 128; bit++) {
        Hash128 key = {bit < 64 ? UINT64_C(1) << bit : 0, bit < 64 ? 0 : UINT64_C(1) << (bit - 64)};
        char *bytes = loose_get(project->scratch.fd, key, &size);
        assert_int_equal(size, sizeof bit);
        assert_memory_equal(bytes, &bit, sizeof bit);
        free(bytes);
    }
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, open_project, close_project)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(reading_everything_finds_what_stats_find),
        CASE(a_state_in_json_is_the_state),
        CASE(a_state_in_lines_is_the_state),
        CASE(lines_refuse_a_path_with_a_newline),
        CASE(a_damaged_state_is_refused),
        CASE(every_key_says_what_the_combined_hash_says),
        CASE(every_key_follows_a_changed_interface),
        CASE(a_whole_output_is_the_patched_output),
        CASE(every_path_leads_to_the_same_files),
        CASE(a_missing_import_is_an_error_on_every_path),
        CASE(a_list_of_mallocs_is_the_list_in_the_arena),
        CASE(a_path_of_mallocs_is_the_path_in_the_arena),
        CASE(loose_objects_come_back_as_from_the_pack),
        CASE(loose_objects_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
