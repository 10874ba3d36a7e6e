/* SPDX-License-Identifier: MIT */
/* Verifying finds what no checksum shows: keys, hashes, imports and objects that are intact and
 * wrong. Only a mistake in the caches could make them so; here the tests do. */
#include "line_language.h"
#include "multi_level_cache.h"
#include "verified_cache.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

typedef struct OpenCache {
    MultiLevelCache cache;
    Compiler compiler;
    int project_fd;
} OpenCache;

/* Opens the caches as a build does, to make a change that only a mistake in the caches could
 * make. */
static void open_cache(const LineProject *project, OpenCache *opened)
{
    char path[512];
    snprintf(path, sizeof path, "%s/cache", project->scratch.path);
    opened->compiler = line_language("");
    opened->project_fd = project->scratch.fd;
    CacheRequest request = {.directory = path,
                            .project_fd = open(project->scratch.path, O_RDONLY | O_DIRECTORY),
                            .entry = slice_from("main.line"),
                            .fingerprint = opened->compiler.fingerprint,
                            .settings = opened->compiler.settings};
    assert_int_equal(multi_level_cache_open(&opened->cache, &request), 0);
    assert_int_equal(multi_level_cache_open_units(&opened->cache), 0);
    assert_int_equal(multi_level_cache_open_objects(&opened->cache), 0);
    assert_true(opened->cache.had_state);
    close(request.project_fd);
}

static void commit_cache(OpenCache *opened)
{
    MultiLevelCache *cache = &opened->cache;
    const ManifestHeader *last = &cache->manifest.header;
    CommitSummary summary = {last->combined, last->prelude, last->function_count};
    assert_int_equal(multi_level_cache_commit_objects(cache, &executor_serial, false), 0);
    assert_int_equal(multi_level_cache_save(cache, false), 0);
    assert_int_equal(multi_level_cache_commit(cache, &summary, false), 0);
    multi_level_cache_close(cache);
}

/* lib.line is file 0, with the units box and area. */
static void change_unit(const LineProject *project, void (*change)(UnitRow *row, UnitRecord *units))
{
    OpenCache opened;
    open_cache(project, &opened);
    UnitTable *table = &opened.cache.units;
    UnitRecord units[2];
    UnitRow row = *unit_table_row(table, 0);
    memcpy(units, unit_table_units(table, 0), sizeof units);
    change(&row, units);
    unit_table_set(table, 0, &row, units);
    commit_cache(&opened);
}

static void wrong_interface_key(UnitRow *row, UnitRecord *units)
{
    (void)row;
    units[0].interface_key.low++;
}

static void wrong_unit_key(UnitRow *row, UnitRecord *units)
{
    (void)row;
    units[1].unit_key.high++;
}

static void wrong_own_hash(UnitRow *row, UnitRecord *units)
{
    (void)row;
    units[1].own_hash++;
}

static void wrong_section_key(UnitRow *row, UnitRecord *units)
{
    (void)units;
    row->section_key.low++;
}

static void wrong_digests(UnitRow *row, UnitRecord *units)
{
    (void)units;
    row->interface_digest.low++;
    row->prelude_digest++;
}

static void wrong_warnings(UnitRow *row, UnitRecord *units)
{
    (void)units;
    row->warnings ^= WARNED_OUTPUTS;
}

static void wrong_count(UnitRow *row, UnitRecord *units)
{
    (void)units;
    row->function_count++;
}

static void test_wrong_keys_are_named(void **state)
{
    static const struct {
        void (*change)(UnitRow *row, UnitRecord *units);
        const char *expected;
    } cases[] = {
        {wrong_interface_key, "lib.line:box: its interface key is wrong\n"},
        {wrong_unit_key, "lib.line:area: its unit key is wrong\n"},
        {wrong_own_hash, "lib.line:area: the hash of its own source is wrong\n"},
        {wrong_section_key, "lib.line: its section key is wrong\n"},
        {wrong_digests, "lib.line: the digest of its interfaces is wrong\n"
                        "lib.line: the digest of its prelude lines is wrong\n"},
        {wrong_warnings, "lib.line: what it says of its warnings is wrong\n"},
        {wrong_count, "lib.line: the number of its units is wrong\n"},
    };
    LineProject *project = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        LineRun run = line_build(project, (LineRequest){.force = true});
        line_run_free(&run);
        expect_found(project, "");
        change_unit(project, cases[i].change);
        expect_found(project, cases[i].expected);
    }
}

/* The recorded hash is not that of the file, but the stamp is: nothing else would detect it. */
static void test_a_missed_edit_is_named(void **state)
{
    LineProject *project = *state;
    OpenCache opened;
    KnownStamp known = {0};
    line_rebuild(project);
    line_edit(project, "lib.line", "multiplied", "missed");
    open_cache(project, &opened);
    FileHashCache *files = &opened.cache.files;
    assert_int_equal(file_stamp_at(project->scratch.fd, "lib.line", &known.stamp), 0);
    file_hash_cache_set(files, 0, &known, files->records[0].content);
    commit_cache(&opened);
    LineRun run = line_project_build(project, (LineRequest){0});
    assert_true(run.is_unchanged); /* the mistake goes unnoticed */
    line_run_free(&run);
    expect_among_found(project, "lib.line: its recorded hash is wrong, and its stamp says that it "
                                "did not change\n");
    expect_among_found(project, "lib.line:area: its unit key is wrong\n");
    expect_among_found(project, ".manifest: its combined hash is wrong\n");
}

static void test_wrong_imports_are_named(void **state)
{
    LineProject *project = *state;
    OpenCache opened;
    line_rebuild(project);
    open_cache(project, &opened);
    FileHashCache *files = &opened.cache.files;
    FileEntry entries[2];
    const uint32_t both[] = {0, 0};
    for (uint32_t i = 0; i < 2; i++)
        entries[i] = (FileEntry){.path = file_hash_cache_path(files, i),
                                 .known = files->records[i].known,
                                 .content = files->records[i].content,
                                 .imports = both,
                                 .import_count = 2 * i};
    file_hash_cache_replace(files, slice_from("main.line"), entries, 2);
    commit_cache(&opened);
    expect_found(project, "main.line: its recorded imports are wrong\n");
}

static void test_wrong_objects_are_named(void **state)
{
    LineProject *project = *state;
    OpenCache opened;
    Lowered lowered;
    Arena arena = {0};
    line_rebuild(project);
    open_cache(project, &opened);
    MultiLevelCache *cache = &opened.cache;
    Hash128 content = cache->files.records[0].content;
    Hash128 key = unit_table_units(&cache->units, 0)[1].unit_key;
    air_cache_invalidate(&cache->air, key);
    air_cache_put(&cache->air, key, slice_from("something else"));
    commit_cache(&opened);
    expect_found(project, "lib.line:area: its output is wrong\n");

    open_cache(project, &opened);
    Slice output, warnings = slice_from("nobody was warned");
    assert_true(air_cache_get(&cache->air, unit_table_units(&cache->units, 0)[0].unit_key,
                              &output));
    air_cache_put_with_warnings(&cache->air, unit_table_units(&cache->units, 0)[0].unit_key,
                                output, warnings);
    commit_cache(&opened);
    expect_found(project, "lib.line:box: its warnings are wrong\n"
                          "lib.line:area: its output is wrong\n");

    open_cache(project, &opened);
    assert_true(zir_cache_get(&cache->zir, content, &lowered));
    Slice object = zir_cache_join(&lowered, &warnings, &arena);
    zir_cache_put_joined(&cache->zir, content, object);
    commit_cache(&opened);
    expect_among_found(project, "lib.line: the warnings of its ZIR are wrong\n");

    open_cache(project, &opened);
    air_cache_invalidate(&cache->air, unit_table_units(&cache->units, 0)[0].unit_key);
    air_cache_put(&cache->air, unit_table_units(&cache->units, 0)[0].unit_key, (Slice){"", 0});
    assert_true(zir_cache_get(&cache->zir, content, &lowered));
    lowered.interface = slice_from("something more");
    zir_cache_invalidate(&cache->zir, content);
    zir_cache_put(&cache->zir, content, &lowered);
    commit_cache(&opened);
    expect_found(project, "lib.line: its ZIR is wrong\nlib.line:area: its output is wrong\n");

    open_cache(project, &opened);
    assert_true(zir_cache_get(&cache->zir, content, &lowered));
    lowered.interface = (Slice){0};
    lowered.ir = slice_from("something else");
    zir_cache_invalidate(&cache->zir, content);
    zir_cache_put(&cache->zir, content, &lowered);
    commit_cache(&opened);
    expect_found(project, "lib.line: its ZIR is wrong\nlib.line:area: its output is wrong\n");

    open_cache(project, &opened);
    lowered.declarations = lowered.ir = slice_from("not even that");
    zir_cache_invalidate(&cache->zir, content);
    zir_cache_put(&cache->zir, content, &lowered);
    commit_cache(&opened);
    expect_among_found(project, "lib.line: its declarations are wrong\n");
    arena_free(&arena);
}

static void test_a_wrong_summary_is_named(void **state)
{
    OpenCache opened;
    line_rebuild(*state);
    open_cache(*state, &opened);
    opened.cache.manifest.header.combined.low++;
    opened.cache.manifest.header.prelude.low++;
    opened.cache.manifest.header.function_count++;
    manifest_set_blob(&opened.cache.manifest, "warnings", slice_from("y"));
    commit_cache(&opened);
    expect_found(*state, "*.manifest: its combined hash is wrong\n"
                   "*.manifest: its prelude key is wrong\n"
                   "*.manifest: its note on warnings is wrong\n"
                   "*.manifest: its number of functions is wrong\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_PAIR(test_wrong_keys_are_named),
        CASE_WITH_PAIR(test_a_missed_edit_is_named),
        CASE_WITH_PAIR(test_wrong_imports_are_named),
        CASE_WITH_PAIR(test_wrong_objects_are_named),
        CASE_WITH_PAIR(test_a_wrong_summary_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
