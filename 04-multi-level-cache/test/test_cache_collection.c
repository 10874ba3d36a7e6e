/* SPDX-License-Identifier: MIT */
/* When old objects are removed, and which. That nothing in use is removed is tested at length in
 * test_random_builds. */
#include "cache_collection.h"
#include "line_project.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MEBIBYTE = 1 << 20 };

static int setup(void **state)
{
    LineProject *project = malloc(sizeof *project);
    line_project_open(project);
    scratch_write(&project->scratch, "main.line", "unit main starts\n");
    scratch_write(&project->scratch, "other.line", "unit main starts elsewhere\n");
    *state = project;
    return 0;
}

static int teardown(void **state)
{
    line_project_close(*state);
    free(*state);
    return 0;
}

/* A program whose body repeats that number. */
static void write_body(const LineProject *project, const char *name, unsigned number, int times)
{
    ByteBuffer text = {0};
    buffer_put(&text, slice_from("unit main "));
    for (int i = 0; i < times; i++)
        buffer_put_decimal(&text, number + 1000);
    buffer_put_byte(&text, '\n');
    scratch_write_bytes(&project->scratch, name, buffer_slice(&text));
    buffer_free(&text);
}

/* Builds main.line with a body of a given number, which takes about 4400 bytes of the packs. */
static LineRun build_body(LineProject *project, unsigned number, uint64_t limit_bytes)
{
    write_body(project, "main.line", number, 500);
    LineRun run = line_project_build(project, (LineRequest){.limit_bytes = limit_bytes});
    assert_int_equal(run.status, BUILD_OK);
    return run;
}

static void build_and_forget(LineProject *project, unsigned number, uint64_t limit_bytes)
{
    LineRun run = build_body(project, number, limit_bytes);
    line_run_free(&run);
}

static uint64_t size_of(const LineProject *project, const char *name)
{
    struct stat status;
    assert_int_equal(fstatat(project->scratch.fd, name, &status, 0), 0);
    return (uint64_t)status.st_size;
}

static uint64_t pack_bytes(const LineProject *project)
{
    return size_of(project, "cache/zir.pack") + size_of(project, "cache/air.pack");
}

static void test_the_threshold(void **state)
{
    (void)state;
    static const struct {
        uint64_t limit, used, expected;
    } cases[] = {
        {0, 0, 64 * (uint64_t)MEBIBYTE},
        {0, 16 * MEBIBYTE, 64 * (uint64_t)MEBIBYTE},
        {0, 17 * MEBIBYTE, 68 * (uint64_t)MEBIBYTE},
        {MEBIBYTE, 0, MEBIBYTE},
        {MEBIBYTE, MEBIBYTE / 2, MEBIBYTE},
        {MEBIBYTE, 3 * MEBIBYTE, 6 * MEBIBYTE},
        {MEBIBYTE, UINT64_MAX / 2 + 1, UINT64_MAX},
        {0, UINT64_MAX, UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(collection_threshold(cases[i].limit, cases[i].used) == cases[i].expected);
}

static void test_without_a_limit_a_small_cache_keeps_all(void **state)
{
    LineProject *project = *state;
    for (unsigned i = 0; i < 30; i++)
        build_and_forget(project, i, 0);
    LineRun run = build_body(project, 0, 0);
    assert_int_equal(run.counts.files_lowered, 0);
    assert_int_equal(run.counts.functions_emitted, 0);
    assert_false(scratch_exists(&project->scratch, "cache/used_bytes")); /* not even counted */
    line_run_free(&run);
}

static void test_a_limit_holds_and_the_newest_stay(void **state)
{
    LineProject *project = *state;
    const uint64_t limit = 64 << 10;
    unsigned compacted = 0;
    for (unsigned i = 0; i < 100; i++) {
        LineRun run = build_body(project, i, limit);
        compacted += strstr(run.decisions.data, "compacted zir.pack\n") != NULL;
        line_run_free(&run);
        assert_true(pack_bytes(project) <= limit);
        line_project_expect_clean(project, (LineRequest){0});
    }
    assert_in_range(compacted, 5, 25); /* once for each half of the limit */
    LineRun run = build_body(project, 97, 0);
    assert_int_equal(run.counts.functions_emitted, 0);
    line_run_free(&run);
    run = build_body(project, 1, 0);
    assert_int_equal(run.counts.functions_emitted, 1);
    line_run_free(&run);
}

static void build_other(LineProject *project, unsigned emitted)
{
    LineOutput output = project->output;
    project->output = (LineOutput){0};
    LineRun run = line_project_build(project, (LineRequest){.entry = "other.line"});
    assert_int_equal(run.status, BUILD_OK);
    assert_int_equal(run.counts.functions_emitted, emitted);
    line_run_free(&run);
    line_output_free(&project->output);
    project->output = output;
}

/* The objects in use take more than the limit: they stay, and are not copied at each commit. */
static void test_a_limit_below_what_is_used(void **state)
{
    LineProject *project = *state;
    unsigned compacted = 0;
    write_body(project, "other.line", 1, 5000);
    build_other(project, 1);
    for (unsigned i = 0; i < 40; i++) {
        LineRun run = build_body(project, i, 1);
        compacted += strstr(run.decisions.data, "compacted ") != NULL;
        line_run_free(&run);
    }
    assert_in_range(compacted, 1, 8); /* one body is a tenth of all */
    build_other(project, 0);
}

/* Above the limit and below twice the size in use: everything stays. */
static void test_what_is_used_is_counted_before_anything_goes(void **state)
{
    LineProject *project = *state;
    for (unsigned i = 0; i < 3; i++)
        build_and_forget(project, i, 16384);
    write_body(project, "other.line", 1, 5000);
    line_output_free(&project->output);
    LineRun run =
        line_project_build(project, (LineRequest){.entry = "other.line", .limit_bytes = 16384});
    assert_int_equal(run.status, BUILD_OK);
    assert_true(pack_bytes(project) > 50000);
    assert_null(strstr(run.decisions.data, "compacted"));
    line_run_free(&run);
}

static void test_other_entries_are_safe_while_they_are_recorded(void **state)
{
    LineProject *project = *state;
    char path[512], entry[512];
    BuildFailure failure;
    build_other(project, 1);
    for (unsigned i = 0; i < 30; i++)
        build_and_forget(project, i, 8192);
    build_other(project, 0);
    snprintf(path, sizeof path, "%s/cache", project->scratch.path);
    snprintf(entry, sizeof entry, "%s/other.line", project->scratch.path);
    assert_int_equal(build_clean(path, entry, NULL, &failure), BUILD_OK);
    build_and_forget(project, 30, 8192);
    for (unsigned i = 0; i < 30; i++)
        build_and_forget(project, i, 8192);
    build_other(project, 1);
}

/* Settings are part of the keys: an entry uses the objects of its last build. */
static void test_used_keys_are_those_of_the_manifest(void **state)
{
    LineProject *project = *state;
    UsedObjects used;
    build_and_forget(project, 1, 0);
    LineRun run = line_project_build(project, (LineRequest){.settings = "other"});
    line_run_free(&run);
    build_other(project, 1);
    line_project_used(project, &used);
    assert_int_equal(used.zir.count, 2);
    assert_int_equal(used.air.count, 2);
    for (size_t i = 0; i < used.air.count; i++)
        assert_true(key_set_has(&used.air, used.air.keys[i].key));
    assert_false(key_set_has(&used.air, used.zir.keys[0].key));
    used_objects_free(&used);
}

static void damage_one(const LineProject *project, const char *part)
{
    unsigned damaged = 0;
    FileList files = scratch_list(&project->scratch, "cache");
    for (unsigned i = 0; i < files.count; i++)
        if (strstr(files.paths[i], part) != NULL) {
            scratch_flip(&project->scratch, files.paths[i], 40, 0x55);
            damaged++;
        }
    assert_int_equal(damaged, 1);
}

/* A damaged entry counts as not recorded; the rest of the directory is unaffected. */
static void test_a_damaged_entry_uses_nothing(void **state)
{
    static const char *const parts[] = {".manifest", ".files.", ".units."};
    static const size_t zir[] = {0, 0, 1}, air[] = {0, 1, 0};
    LineProject *project = *state;
    for (size_t i = 0; i < 3; i++) {
        UsedObjects used;
        build_and_forget(project, (unsigned)i, 0);
        damage_one(project, parts[i]);
        line_project_used(project, &used);
        assert_int_equal(used.zir.count, zir[i]);
        assert_int_equal(used.air.count, air[i]);
        used_objects_free(&used);
    }
}

/* No room for compaction: that is reported, and the build succeeds. */
static void test_a_compaction_that_fails_fails_no_build(void **state)
{
    LineProject *project = *state;
    unsigned reported = 0;
    build_and_forget(project, 0, 0);
    assert_int_equal(mkdirat(project->scratch.fd, "cache/zir.pack.tmp", 0777), 0);
    for (unsigned i = 0; i < 20; i++) {
        LineRun run = build_body(project, i, 8192);
        reported += strstr(run.decisions.data, "not-compacted ") != NULL;
        line_run_free(&run);
        line_project_expect_clean(project, (LineRequest){0});
    }
    assert_true(reported > 5);
    assert_int_equal(unlinkat(project->scratch.fd, "cache/zir.pack.tmp", AT_REMOVEDIR), 0);
    build_and_forget(project, 99, 8192);
    assert_true(pack_bytes(project) <= 16384);
}

/* The count is a hint: a damaged one is counted again. */
static void test_a_damaged_count_is_made_again(void **state)
{
    LineProject *project = *state;
    for (unsigned i = 0; i < 10; i++)
        build_and_forget(project, i, 8192);
    assert_true(scratch_exists(&project->scratch, "cache/used_bytes"));
    scratch_write(&project->scratch, "cache/used_bytes", "garbage");
    for (unsigned i = 10; i < 20; i++)
        build_and_forget(project, i, 8192);
    assert_true(pack_bytes(project) <= 16384);
    assert_true(size_of(project, "cache/used_bytes") > 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_the_threshold),
        TEST(test_without_a_limit_a_small_cache_keeps_all),
        TEST(test_a_limit_holds_and_the_newest_stay),
        TEST(test_a_limit_below_what_is_used),
        TEST(test_what_is_used_is_counted_before_anything_goes),
        TEST(test_other_entries_are_safe_while_they_are_recorded),
        TEST(test_used_keys_are_those_of_the_manifest),
        TEST(test_a_damaged_entry_uses_nothing),
        TEST(test_a_compaction_that_fails_fails_no_build),
        TEST(test_a_damaged_count_is_made_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
