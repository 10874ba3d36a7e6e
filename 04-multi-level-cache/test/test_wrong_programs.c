/* SPDX-License-Identifier: MIT */
/* Programs with errors: these are reported in every build, as in a clean one, and no edit made
 * meanwhile is lost. */
#include "line_sample.h"

#include <unistd.h>

static void expect_wrong(LineProject *project, const char *diagnostics)
{
    LineOutput output = {0};
    for (int i = 0; i < 2; i++) { /* errors are never kept: they are reported again */
        LineRun run = line_project_build(project, (LineRequest){0});
        assert_int_equal(run.status, BUILD_PROGRAM_WRONG);
        assert_string_equal(run.diagnostics.data, diagnostics);
        line_run_free(&run);
    }
    LineRun run = line_project_build_clean(project, (LineRequest){0}, &output);
    assert_string_equal(run.diagnostics.data, diagnostics);
    line_run_free(&run);
}

static void test_a_failed_build_between_two_edits_loses_nothing(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    line_edit(project, "types.line", "(width height)", "(size)");
    line_edit(project, "other.line", "import", "what is this\nimport");
    expect_wrong(project, "other.line:1:1: error: what is this line?: 'what is this'\n");
    line_edit(project, "other.line", "what is this\n", "");
    /* types.line was lowered in the failed build, and lib/lib.line:area emitted; both must still
     * count as changed. */
    line_expect(project, 0, 2, "lib/lib.line\nmain.line\nother.line\ntypes.line\n");
}

static void test_a_wrong_unit_is_reported_and_others_are_kept(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    line_edit(project, "main.line", "$lib.count $other.use", "$nobody");
    line_edit(project, "main.line", "$lib.count", "$lib.count $lib.nobody");
    line_edit(project, "main.line", "nothing", "something");
    expect_wrong(project, "main.line:3:6: error: unknown unit: 'nobody'\n"
                          "main.line:4:6: error: unknown unit: 'nobody'\n");
    line_edit(project, "main.line", " $nobody", "");
    line_edit(project, "main.line", " $lib.nobody", "");
    LineRun run = line_build(project, (LineRequest){0});
    assert_int_equal(run.counts.functions_emitted, 1); /* main; only helper is unchanged and kept */
    line_run_free(&run);
}

static void test_a_name_that_vanishes_and_comes_back(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    line_edit(project, "lib/lib.line", "unit count(n) counted\n", "");
    expect_wrong(project, "main.line:3:6: error: unknown unit: 'count'\n"
                          "main.line:4:6: error: unknown unit: 'count'\n");
    line_sample_write(project);
    line_expect(project, 0, 0, "");
}

static void test_a_missing_entry_point(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    scratch_write(&project->scratch, "main.line", "unit mane typo\n");
    expect_wrong(project, "main.line:1:1: error: the entry file has no unit 'main'\n");
}

static void test_a_missing_import(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    assert_int_equal(unlinkat(project->scratch.fd, "types.line", 0), 0);
    expect_wrong(project,
                 "lib/lib.line:1:1: error: cannot import \"types.line\": there is no such file\n"
                 "other.line:1:1: error: cannot import \"types.line\": there is no such file\n");
    line_sample_write(project);
    line_expect(project, 0, 0, "");
}

static void test_a_missing_entry_leaves_no_cache(void **state)
{
    LineProject *project = *state;
    LineRun run = line_project_build(project, (LineRequest){.entry = "mian.line"});
    assert_int_equal(run.status, BUILD_MISUSED);
    assert_string_equal(run.failure.what, "cannot read the entry file");
    assert_false(scratch_exists(&project->scratch, "cache"));
    line_run_free(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_SAMPLE(test_a_failed_build_between_two_edits_loses_nothing),
        CASE_WITH_SAMPLE(test_a_wrong_unit_is_reported_and_others_are_kept),
        CASE_WITH_SAMPLE(test_a_name_that_vanishes_and_comes_back),
        CASE_WITH_SAMPLE(test_a_missing_entry_point),
        CASE_WITH_SAMPLE(test_a_missing_import),
        CASE_WITH_SAMPLE(test_a_missing_entry_leaves_no_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
