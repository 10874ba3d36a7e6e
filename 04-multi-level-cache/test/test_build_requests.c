/* SPDX-License-Identifier: MIT */
/* The same program under other requests: other settings, force, paranoid, check only, many threads,
 * stopped midway, another entry. */
#include "counting_chunks.h"
#include "line_sample.h"
#include "thread_executor.h"

#include <stdio.h>
#include <stdlib.h>

static void test_settings_hit_both_ways(void **state)
{
    LineProject *project = *state;
    LineRequest fast = {.settings = "fast"}, slow = {.settings = "slow"};
    LineRun run = line_build(project, fast);
    line_run_free(&run);
    run = line_build(project, slow);
    assert_true(run.settings_changed);
    assert_int_equal(run.counts.files_hashed, 0); /* what reads files does not depend on them */
    assert_int_equal(run.counts.files_lowered, 0);
    assert_int_equal(run.counts.functions_emitted, 7);
    line_run_free(&run);
    for (int i = 0; i < 4; i++) {
        run = line_build(project, i % 2 == 0 ? fast : slow);
        assert_true(run.settings_changed);
        assert_int_equal(run.counts.files_lowered, 0);
        assert_int_equal(run.counts.functions_emitted, 0);
        line_run_free(&run);
    }
}

static void test_force_does_everything_again(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    LineRun run = line_build(project, (LineRequest){.force = true});
    assert_int_equal(run.counts.files_lowered, 4);
    assert_int_equal(run.counts.functions_emitted, 7);
    line_run_free(&run);
    line_expect(project, 0, 0, "");
}

static void test_paranoid_reads_everything_and_emits_nothing(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    LineRun run = line_build(project, (LineRequest){.paranoid = true});
    assert_int_equal(run.counts.files_hashed, 4);
    assert_int_equal(run.counts.files_lowered, 0);
    assert_true(run.is_unchanged);
    line_run_free(&run);
}

static void test_check_commits_objects_only(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    line_edit(project, "types.line", "(width height)", "(size)");
    LineRun run = line_project_build(project, (LineRequest){.check_only = true});
    assert_int_equal(run.status, BUILD_OK);
    assert_int_equal(run.counts.functions_emitted, 3);
    line_run_free(&run);
    line_expect(project, 0, 0, "lib/lib.line\nmain.line\nother.line\ntypes.line\n");
}

static void test_synced_builds_are_builds(void **state)
{
    LineProject *project = *state;
    LineRun run = line_build(project, (LineRequest){.sync = true});
    line_run_free(&run);
    line_edit(project, "types.line", "(width height)", "(size)");
    run = line_build(project, (LineRequest){.sync = true});
    assert_int_equal(run.counts.functions_emitted, 3);
    line_run_free(&run);
}

static void test_threads_make_no_difference(void **state)
{
    LineProject *project = *state;
    LineRequest parallel = {.executor = &thread_executor};
    for (int edit = 0; edit < 4; edit++) {
        char text[128];
        snprintf(text, sizeof text, "unit box(size%d)\nunit point(x y)\n", edit);
        scratch_write(&project->scratch, "types.line", text);
        LineRun run = line_project_build(project, parallel);
        assert_int_equal(run.status, BUILD_OK);
        assert_int_equal(run.counts.functions_emitted, edit == 0 ? 7 : 3);
        line_run_free(&run);
        line_project_expect_clean(project, (LineRequest){0});
    }
}

static void test_the_executor_says_where_chunks_come_from(void **state)
{
    LineProject *project = *state;
    CountingChunks counting = counting_chunks();
    Executor executor = executor_serial;
    executor.chunks = &counting.source;
    LineRun run = line_build(project, (LineRequest){.executor = &executor});
    assert_int_equal(run.counts.functions_emitted, 7);
    line_run_free(&run);
    assert_true(counting.taken > 0);
    assert_int_equal(counting.taken, counting.given);
}

static void test_a_build_that_stopped_midway_is_known(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    line_edit(project, "types.line", "(width height)", "(size)");
    LineRun run = line_project_build(project, (LineRequest){.stop_midway = true});
    assert_int_equal(run.status, BUILD_OK);
    line_run_free(&run);
    run = line_build(project, (LineRequest){0});
    assert_true(run.was_in_progress);
    assert_true(run.had_state);
    assert_int_equal(run.counts.files_lowered, 0);
    assert_int_equal(run.counts.functions_emitted, 0);
    assert_string_equal(run.dirty.data, "lib/lib.line\nmain.line\nother.line\ntypes.line\n");
    line_run_free(&run);
    run = line_build(project, (LineRequest){0});
    assert_false(run.was_in_progress);
    line_run_free(&run);
}

/* The entry's `main` has a plain name; imported, it has another. Everything that names it must
 * follow, even an interface. */
static void test_an_entry_may_be_imported_elsewhere(void **state)
{
    LineProject *project = *state;
    LineOutput outputs[2];
    LineRequest requests[] = {{.entry = "main.line"}, {.entry = "above.line"}};
    memset(outputs, 0, sizeof outputs);
    scratch_write(&project->scratch, "main.line", "unit main hello\n"
                                                  "unit runs(it $main) running\n"
                                                  "unit calls $main $runs\n");
    scratch_write(&project->scratch, "above.line", "import \"main.line\" as below\n"
                                                   "unit main $below.main $below.runs\n");
    for (int i = 0; i < 6; i++) {
        project->output = outputs[i % 2];
        LineRun run = line_build(project, requests[i % 2]);
        if (i > 1)
            assert_true(run.is_unchanged);
        line_run_free(&run);
        outputs[i % 2] = project->output;
    }
    assert_non_null(strstr(line_output_section(&outputs[0], "main.line"), "runs(it <main()>)"));
    assert_non_null(strstr(line_output_section(&outputs[1], "main.line"),
                           "runs(it <main.line:main()>)"));
    line_output_free(&outputs[0]);
    project->output = outputs[1];
}

static void test_two_entries_share_what_they_have_in_common(void **state)
{
    LineProject *project = *state;
    LineOutput first;
    LineRun run = line_build_second(project, &first);
    assert_false(run.had_state);
    assert_int_equal(run.counts.files_lowered, 1);
    assert_int_equal(run.counts.functions_emitted, 1);
    line_run_free(&run);
    line_return_to(project, first);
    line_expect(project, 0, 0, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_SAMPLE(test_settings_hit_both_ways),
        CASE_WITH_SAMPLE(test_force_does_everything_again),
        CASE_WITH_SAMPLE(test_paranoid_reads_everything_and_emits_nothing),
        CASE_WITH_SAMPLE(test_check_commits_objects_only),
        CASE_WITH_SAMPLE(test_synced_builds_are_builds),
        CASE_WITH_SAMPLE(test_threads_make_no_difference),
        CASE_WITH_SAMPLE(test_the_executor_says_where_chunks_come_from),
        CASE_WITH_SAMPLE(test_a_build_that_stopped_midway_is_known),
        CASE_WITH_SAMPLE(test_an_entry_may_be_imported_elsewhere),
        CASE_WITH_SAMPLE(test_two_entries_share_what_they_have_in_common),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
