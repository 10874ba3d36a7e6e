/* SPDX-License-Identifier: MIT */
/* What is dropped is made again by the next build, that and nothing else, with the same bytes. */
#include "build_drop.h"
#include "line_sample.h"

/* A drop of everything if `path` is NULL. */
static BuildStatus drop(const LineProject *project, LineRequest request, const char *path,
                        const char *unit, DropCounts *dropped)
{
    LineSteps steps;
    BuildStatus status = line_steps_open(&steps, project, request);
    if (status == BUILD_OK)
        status = build_discover(steps.build);
    if (status == BUILD_OK && path == NULL)
        status = build_drop_all(steps.build, dropped);
    else if (status == BUILD_OK)
        status = build_drop(steps.build,
                            file_hash_cache_find(build_files(steps.build), slice_from(path)),
                            slice_from(unit), dropped);
    build_close(steps.build);
    return status;
}

static void expect_drop(const LineProject *project, const char *path, const char *unit,
                        unsigned lowered, unsigned outputs)
{
    DropCounts dropped = {0};
    assert_int_equal(drop(project, (LineRequest){0}, path, unit, &dropped), BUILD_OK);
    assert_int_equal(dropped.lowered, lowered);
    assert_int_equal(dropped.outputs, outputs);
}

static void test_a_unit_that_was_dropped_is_made_again(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    expect_drop(project, "lib/lib.line", "area", 0, 1);
    LineRun run = line_build(project, (LineRequest){0});
    assert_int_equal(run.counts.files_lowered, 0);
    assert_int_equal(run.counts.functions_emitted, 1);
    assert_string_equal(run.dirty.data, "lib/lib.line\n");
    assert_non_null(strstr(run.decisions.data, "lost lib/lib.line:area\n"));
    line_run_free(&run);
    line_expect(project, 0, 0, "");
}

static void test_a_file_that_was_dropped_is_made_again(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    expect_drop(project, "types.line", "", 1, 2);
    expect_drop(project, "types.line", "", 0, 0);
    line_expect(project, 1, 0, "types.line\n"); /* they have no body */
    line_expect(project, 0, 0, "");
}

static void test_all_of_it_can_be_dropped(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    expect_drop(project, NULL, "", 4, 9);
    line_expect(project, 4, 7, "lib/lib.line\nmain.line\nother.line\ntypes.line\n");
    line_expect(project, 0, 0, "");
}

static void test_several_drops_add_up(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    expect_drop(project, "lib/lib.line", "count", 0, 1);
    expect_drop(project, "main.line", "", 1, 3);
    line_expect(project, 1, 4, "lib/lib.line\nmain.line\n");
}

/* Dropped is what the next build would use, also if no build used it yet. */
static void test_what_a_check_kept_is_dropped(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    line_edit(project, "types.line", "(width height)", "(size)");
    LineRun run = line_project_build(project, (LineRequest){.check_only = true});
    line_run_free(&run);
    expect_drop(project, "lib/lib.line", "", 1, 2);
    line_expect(project, 1, 2, "lib/lib.line\nmain.line\nother.line\ntypes.line\n");
}

static void test_a_drop_before_an_edit_elsewhere_is_not_lost(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    expect_drop(project, "types.line", "point", 0, 1);
    line_edit(project, "other.line", "kept", "still kept");
    LineRun run = line_build(project, (LineRequest){0});
    assert_non_null(strstr(run.dirty.data, "types.line\n"));
    assert_non_null(strstr(run.decisions.data, "lost types.line:point\n"));
    line_run_free(&run);
}

static void test_a_file_that_goes_after_a_drop_is_no_obstacle(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    expect_drop(project, "other.line", "", 1, 2);
    scratch_write(&project->scratch, "main.line", "unit main alone\n");
    line_rebuild(project);
    line_expect(project, 0, 0, "");
}

/* What a killed build left in the output is known as long as no build has settled it. */
static void test_a_drop_settles_no_output(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    line_edit(project, "types.line", "(width height)", "(size)");
    LineRun run = line_project_build(project, (LineRequest){.stop_midway = true});
    line_run_free(&run);
    expect_drop(project, "types.line", "point", 0, 1);
    run = line_build(project, (LineRequest){0});
    assert_true(run.was_in_progress);
    line_run_free(&run);
}

static void test_a_drop_before_the_first_build_keeps_what_it_lowered(void **state)
{
    LineProject *project = *state;
    expect_drop(project, "types.line", "", 1, 0);
    line_expect(project, 1, 7, "lib/lib.line\nmain.line\nother.line\ntypes.line\n");
}

static void test_a_name_that_the_file_does_not_have_is_refused(void **state)
{
    LineProject *project = *state;
    DropCounts dropped;
    line_rebuild(project);
    assert_int_equal(drop(project, (LineRequest){0}, "types.line", "bax", &dropped),
                     BUILD_MISUSED);
    assert_int_equal(drop(project, (LineRequest){0}, "types.line", "area", &dropped),
                     BUILD_MISUSED);
    line_expect(project, 0, 0, "");
}

static void test_a_program_with_errors_keeps_what_it_has(void **state)
{
    LineProject *project = *state;
    DropCounts dropped;
    line_rebuild(project);
    line_edit(project, "main.line", "lib/lib.line", "lib/lab.line");
    assert_int_equal(drop(project, (LineRequest){0}, "types.line", "", &dropped),
                     BUILD_PROGRAM_WRONG);
    line_edit(project, "main.line", "lib/lab.line", "lib/lib.line");
    line_expect(project, 0, 0, "");
}

/* Their code has other keys, and their output is another one. */
static void test_other_settings_keep_what_they_have(void **state)
{
    LineProject *project = *state;
    LineRequest fast = {.settings = "fast"};
    DropCounts dropped;
    line_rebuild(project);
    assert_int_equal(drop(project, fast, "types.line", "", &dropped), BUILD_OK);
    line_expect(project, 0, 0, "");
}

static void test_another_entry_makes_again_what_it_needs(void **state)
{
    LineProject *project = *state;
    LineOutput first;
    LineRun run = line_build_second(project, &first);
    line_run_free(&run);
    expect_drop(project, "lib/lib.line", "", 1, 2);
    run = line_build(project, (LineRequest){.entry = "second.line"});
    assert_true(run.is_unchanged);
    line_run_free(&run);
    line_edit(project, "lib/lib.line", "counted", "numbered");
    run = line_build(project, (LineRequest){.entry = "second.line"});
    assert_int_equal(run.counts.functions_emitted, 2);
    assert_non_null(strstr(run.decisions.data, "lost lib/lib.line:area\n"));
    line_run_free(&run);
    line_return_to(project, first);
    line_expect(project, 0, 0, "lib/lib.line\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_SAMPLE(test_a_unit_that_was_dropped_is_made_again),
        CASE_WITH_SAMPLE(test_a_file_that_was_dropped_is_made_again),
        CASE_WITH_SAMPLE(test_all_of_it_can_be_dropped),
        CASE_WITH_SAMPLE(test_several_drops_add_up),
        CASE_WITH_SAMPLE(test_what_a_check_kept_is_dropped),
        CASE_WITH_SAMPLE(test_a_drop_before_an_edit_elsewhere_is_not_lost),
        CASE_WITH_SAMPLE(test_a_file_that_goes_after_a_drop_is_no_obstacle),
        CASE_WITH_SAMPLE(test_a_drop_settles_no_output),
        CASE_WITH_SAMPLE(test_a_drop_before_the_first_build_keeps_what_it_lowered),
        CASE_WITH_SAMPLE(test_a_name_that_the_file_does_not_have_is_refused),
        CASE_WITH_SAMPLE(test_a_program_with_errors_keeps_what_it_has),
        CASE_WITH_SAMPLE(test_other_settings_keep_what_they_have),
        CASE_WITH_SAMPLE(test_another_entry_makes_again_what_it_needs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
