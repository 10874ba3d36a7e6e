/* SPDX-License-Identifier: MIT */
/* Verifying is silent where all is well, and recognizes what was not built since. Damage is tested
 * in test_build_verify_damage.c, mistakes of the caches in test_build_verify_mistakes.c. */
#include "verified_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_all_is_well(void **state)
{
    Verification counts;
    line_rebuild(*state);
    ByteBuffer found = find_differences(*state, &counts);
    assert_string_equal(found.data, "");
    assert_int_equal(counts.differences, 0);
    assert_false(counts.is_stale);
    assert_int_equal(counts.files, 2);
    assert_int_equal(counts.units, 4);
    assert_int_equal(counts.objects, 6);
    assert_true(counts.bytes > 100);
    buffer_free(&found);
}

static void test_touched_files_and_old_objects_are_no_difference(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    scratch_write(&project->scratch, "lib.line", "unit area edited\n");
    line_rebuild(project);
    scratch_age(&project->scratch, "main.line", 100);
    expect_found(project, "");
}

/* A build that was killed or had errors leaves extra objects and a journal longer than recorded. */
static void test_what_a_failed_build_leaves_is_no_difference(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    scratch_write(&project->scratch, "lib.line", "unit area edited\n");
    LineRun run = line_project_build(project, (LineRequest){.check_only = true});
    line_run_free(&run);
    line_pair_write(project);
    expect_found(project, "");
}

/* ---- not built since ------------------------------------------------------------------------ */

static void test_never_built(void **state)
{
    LineProject *project = *state;
    assert_int_equal(mkdirat(project->scratch.fd, "cache", 0777), 0);
    int fd = openat(project->scratch.fd, "cache/lock", O_WRONLY | O_CREAT, 0666);
    close(fd);
    expect_found(project, "main.line: no build of it is recorded\n");
}

static void test_edited_added_and_removed_files_are_stale(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    scratch_write(&project->scratch, "lib.line", "import \"new.line\" as new\n"
                                                 "unit area $new.one\n");
    scratch_write(&project->scratch, "new.line", "unit one\n");
    expect_found(project, "lib.line: was edited since the last build\n"
                    "new.line: is not in the last build\n");
    scratch_write(&project->scratch, "main.line", "unit main alone\n");
    expect_found(project, "main.line: was edited since the last build\n"
                    "lib.line: is no longer imported\n");
    line_rebuild(project);
    expect_found(project, "");
}

static void test_other_settings(void **state)
{
    LineRun run = line_project_build(*state, (LineRequest){.settings = "other"});
    line_run_free(&run);
    expect_found(*state, "*.manifest: is of another compiler or other settings\n");
}

static void test_an_unfinished_build(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    scratch_write(&project->scratch, "lib.line", "unit area edited\n");
    LineRun run = line_project_build(project, (LineRequest){.stop_midway = true});
    line_run_free(&run);
    expect_found(project, "*.unsettled: the last build did not finish writing its output\n"
                    "lib.line: was edited since the last build\n");
}

/* A program with errors cannot be compared with; the fault is the program's. */
static void test_a_wrong_program_is_reported_as_such(void **state)
{
    LineProject *project = *state;
    LineSteps steps;
    Verification verification = {0};
    line_rebuild(project);
    scratch_write(&project->scratch, "lib.line", "broken\n");
    assert_int_equal(line_steps_open(&steps, project, (LineRequest){.in_memory = true}), BUILD_OK);
    assert_int_equal(build_verify(steps.build, &verification), BUILD_PROGRAM_WRONG);
    assert_int_equal(verification.differences, 0);
    assert_int_equal(build_diagnostics(steps.build)->count, 1);
    build_close(steps.build);
}

/* ---- builds in memory ------------------------------------------------------------------------ */

static void test_a_build_in_memory_needs_a_cache(void **state)
{
    LineProject *project = *state;
    LineSteps steps;
    assert_int_equal(line_steps_open(&steps, project, (LineRequest){.in_memory = true}),
                     BUILD_MACHINE_FAILED);
    assert_int_equal(build_failure(steps.build)->error, ENOENT);
    build_close(steps.build);
    assert_false(scratch_exists(&project->scratch, "cache"));
}

static void test_a_build_in_memory_cannot_be_saved(void **state)
{
    LineProject *project = *state;
    LineSteps steps;
    line_rebuild(project);
    Hash128 before = hash_of_cache(project);
    assert_int_equal(line_steps_open(&steps, project, (LineRequest){.in_memory = true}), BUILD_OK);
    assert_int_equal(build_plan(steps.build), BUILD_OK);
    build_want_all(steps.build);
    assert_int_equal(build_emit(steps.build), BUILD_OK);
    assert_int_equal(build_counts(steps.build)->functions_emitted, 2); /* none from the cache */
    assert_int_equal(build_save(steps.build), BUILD_MACHINE_FAILED);
    assert_int_equal(build_begin_output(steps.build), BUILD_MACHINE_FAILED);
    assert_int_equal(build_commit(steps.build), BUILD_MACHINE_FAILED);
    assert_int_equal(build_failure(steps.build)->error, EROFS);
    build_close(steps.build);
    assert_true(hash_equal(before, hash_of_cache(project)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_PAIR(test_all_is_well),
        CASE_WITH_PAIR(test_touched_files_and_old_objects_are_no_difference),
        CASE_WITH_PAIR(test_what_a_failed_build_leaves_is_no_difference),
        CASE_WITH_PAIR(test_never_built),
        CASE_WITH_PAIR(test_edited_added_and_removed_files_are_stale),
        CASE_WITH_PAIR(test_other_settings),
        CASE_WITH_PAIR(test_an_unfinished_build),
        CASE_WITH_PAIR(test_a_wrong_program_is_reported_as_such),
        CASE_WITH_PAIR(test_a_build_in_memory_needs_a_cache),
        CASE_WITH_PAIR(test_a_build_in_memory_cannot_be_saved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
