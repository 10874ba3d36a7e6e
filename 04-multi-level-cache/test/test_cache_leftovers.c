/* SPDX-License-Identifier: MIT */
/* The next commit removes what killed builds leave in a cache directory, and nothing else. */
#include "cache_leftovers.h"
#include "cache_mark.h"
#include "line_project.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define ID "0123456789abcdef"
#define OTHER "fedcba9876543210"
#define PRODUCT ID "-89abcdef"
#define COUNT(array) (sizeof array / sizeof *array)

static const char *const left_over[] = {
    ID ".files.8.tmp.4711", ID ".manifest.tmp.1", OTHER ".units.3.tmp.12", "zir.pack.tmp",
    "air.index.tmp",        "used_bytes.tmp.99",  ID ".files.6",           ID ".files.6.journal",
    ID ".files.8",          ID ".units.1",        ID ".units.3.journal",   ID ".sections.5",
    PRODUCT ".files.7",     PRODUCT ".units.2.journal",
};

/* Files in use, unknown tables, and names that no stage uses. */
static const char *const kept[] = {
    "lock",           "clock",          "zir.pack",          "air.index",      ID ".latest",
    ID ".spare",      ID ".unsettled",  ID ".files.7",       ID ".files.7.journal",
    PRODUCT ".files.3", PRODUCT ".files.3.journal",
    ID ".units.2",    ID ".sections.4", ID ".other.5",       OTHER ".files.6", OTHER ".manifest",
    "notes.tmp",      "notes.tmp.12",   "zir.packs.tmp",     "clockwork.tmp",  ID ".files.8.tmp.1x",
    ID ".files.8.tm", "0123.files.1.tmp", ID "x.files.1.tmp", ID ".files.x", ID ".files.8.backup",
    ID ".files.8.tmp.",
};

static void write_files(const Scratch *scratch, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[128];
        snprintf(name, sizeof name, "cache/%s", names[i]);
        scratch_write(scratch, name, "x");
    }
}

static void expect_files(const Scratch *scratch, const char *const *names, size_t count,
                         bool exist)
{
    for (size_t i = 0; i < count; i++) {
        char name[128];
        snprintf(name, sizeof name, "cache/%s", names[i]);
        if (scratch_exists(scratch, name) != exist)
            fail_msg("%s is %s", names[i], exist ? "gone" : "still there");
    }
}

static void store_manifest(const CacheDirectory *directory, const char *id, uint64_t files,
                           uint64_t units)
{
    uint64_t written = 0;
    Manifest manifest = {.header.generation = 9,
                         .header.files.generation = files,
                         .header.units.generation = units};
    StateRef sections = {.generation = 4};
    manifest_set_blob(&manifest, "sections", slice_of(&sections, sizeof sections));
    manifest_set_blob(&manifest, "other", slice_from("no table"));
    assert_int_equal(manifest_store(&manifest, directory->fd, id, false, &written), 0);
    manifest_free(&manifest);
}

static void test_what_is_left_over_goes_and_all_else_stays(void **state)
{
    Scratch scratch;
    CacheDirectory directory;
    char path[300];
    (void)state;
    scratch_open(&scratch);
    scratch_write(&scratch, "cache/" CACHE_MARK_NAME, "");
    snprintf(path, sizeof path, "%s/cache", scratch.path);
    assert_int_equal(cache_directory_open(&directory, path, 0, NULL), 0);
    store_manifest(&directory, ID, 7, 2);
    store_manifest(&directory, PRODUCT, 3, 9);
    write_files(&scratch, left_over, COUNT(left_over));
    write_files(&scratch, kept, COUNT(kept));
    assert_int_equal(cache_leftovers_remove(&directory), 0);
    expect_files(&scratch, left_over, COUNT(left_over), false);
    expect_files(&scratch, kept, COUNT(kept), true);
    cache_directory_close(&directory);
    scratch_close(&scratch);
}

/* A directory is not removed, and prevents no other removal. */
static void test_what_cannot_be_removed_is_reported(void **state)
{
    Scratch scratch;
    CacheDirectory directory;
    char path[300];
    (void)state;
    scratch_open(&scratch);
    scratch_write(&scratch, "cache/zir.pack.tmp/inside", "x");
    write_files(&scratch, left_over, 3);
    snprintf(path, sizeof path, "%s/cache", scratch.path);
    scratch_write(&scratch, "cache/" CACHE_MARK_NAME, "");
    assert_int_equal(cache_directory_open(&directory, path, CACHE_DIRECTORY_MAKE, NULL), 0);
    assert_int_equal(cache_leftovers_remove(&directory), -ENOTEMPTY);
    expect_files(&scratch, left_over, 3, false);
    cache_directory_close(&directory);
    scratch_close(&scratch);
}

static void build(LineProject *project, bool is_unchanged)
{
    LineRun run = line_project_build(project, (LineRequest){0});
    assert_int_equal(run.status, BUILD_OK);
    assert_int_equal(run.is_unchanged, is_unchanged);
    line_run_free(&run);
}

/* The lock says that a process was killed; otherwise no build looks. */
static void test_they_go_with_a_commit_and_not_before(void **state)
{
    LineProject project;
    static const char *const temporary[] = {OTHER ".files.1.tmp.7", "air.pack.tmp"};
    (void)state;
    line_project_open(&project);
    scratch_write(&project.scratch, "main.line", "unit main hello\n");
    scratch_age(&project.scratch, "main.line", 10);
    build(&project, false);
    write_files(&project.scratch, temporary, COUNT(temporary));
    build(&project, true); /* it writes nothing, and does not look */
    expect_files(&project.scratch, temporary, COUNT(temporary), true);
    scratch_write(&project.scratch, "main.line", "unit main hello again\n");
    build(&project, false); /* nobody was killed */
    expect_files(&project.scratch, temporary, COUNT(temporary), true);
    char *lock = scratch_read(&project.scratch, "cache/lock", NULL);
    assert_string_equal(lock, "at rest\n");
    free(lock);
    scratch_write(&project.scratch, "cache/lock", "at work\n");
    build(&project, true);
    expect_files(&project.scratch, temporary, COUNT(temporary), true);
    scratch_write(&project.scratch, "main.line", "unit main hello and a check\n");
    LineRun checked = line_project_build(&project, (LineRequest){.check_only = true});
    line_run_free(&checked); /* it writes objects, and leaves the rest to a commit */
    lock = scratch_read(&project.scratch, "cache/lock", NULL);
    assert_string_equal(lock, "at work\n");
    free(lock);
    scratch_write(&project.scratch, "main.line", "unit main hello once more\n");
    build(&project, false);
    expect_files(&project.scratch, temporary, COUNT(temporary), false);
    lock = scratch_read(&project.scratch, "cache/lock", NULL);
    assert_string_equal(lock, "at rest\n");
    free(lock);
    line_project_expect_clean(&project, (LineRequest){0});
    line_project_close(&project);
}

/* A process was killed between the rename of its manifest and the prune. */
static void test_a_table_that_was_not_pruned_goes_with_the_next_commit(void **state)
{
    LineProject project;
    LineSteps steps;
    char table[64], journal[80];
    (void)state;
    line_project_open(&project);
    scratch_write(&project.scratch, "main.line", "unit main hello\n");
    build(&project, false);
    assert_int_equal(line_steps_open(&steps, &project, (LineRequest){0}), BUILD_OK);
    assert_int_equal(build_plan(steps.build), BUILD_OK);
    snprintf(table, sizeof table, "cache/%s.files.1", build_planned(steps.build)->entry_id);
    snprintf(journal, sizeof journal, "%s.journal", table);
    build_close(steps.build);
    char *old = scratch_read(&project.scratch, table, NULL);
    scratch_write(&project.scratch, "other.line", "unit use used\n");
    scratch_write(&project.scratch, "main.line", "import \"other.line\" as o\nunit main $o.use\n");
    build(&project, false);
    assert_false(scratch_exists(&project.scratch, table));
    scratch_write(&project.scratch, table, old);
    scratch_write(&project.scratch, journal, old);
    scratch_write(&project.scratch, "cache/lock", "at work\n");
    scratch_write(&project.scratch, "other.line", "unit use used again\n");
    build(&project, false);
    assert_false(scratch_exists(&project.scratch, table));
    assert_false(scratch_exists(&project.scratch, journal));
    free(old);
    line_project_close(&project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_left_over_goes_and_all_else_stays),
        cmocka_unit_test(test_what_cannot_be_removed_is_reported),
        cmocka_unit_test(test_they_go_with_a_commit_and_not_before),
        cmocka_unit_test(test_a_table_that_was_not_pruned_goes_with_the_next_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
