/* SPDX-License-Identifier: MIT */
/* The engine, driven with the line language: how much is done after each edit. Programs with errors
 * are in test_wrong_programs.c, other build requests in test_build_requests.c. */
#include "line_sample.h"

static void test_a_cold_build_does_everything(void **state)
{
    LineProject *project = *state;
    LineRun run = line_build(project, (LineRequest){0});
    assert_false(run.had_state);
    assert_int_equal(run.counts.files_total, 4);
    assert_int_equal(run.counts.files_added, 4);
    assert_int_equal(run.counts.files_hashed, 4);
    assert_int_equal(run.counts.files_lowered, 4);
    assert_int_equal(run.counts.functions_total, 7);
    assert_int_equal(run.counts.functions_emitted, 7);
    assert_int_equal(run.counts.functions_dirty, 7);
    assert_int_equal(run.counts.functions_cached, 0);
    assert_int_equal(run.counts.sections_total, 4);
    assert_int_equal(run.counts.sections_dirty, 4);
    assert_string_equal(run.dirty.data, "lib/lib.line\nmain.line\nother.line\ntypes.line\n");
    assert_string_equal(line_output_section(&project->output, "main.line"),
                        "main() <lib/lib.line:area(a <types.line:box(width height)>)> "
                        "<lib/lib.line:count(n)> <other.line:use()>\n"
                        "main.line:helper() <lib/lib.line:count(n)>\n"
                        "main.line:alone() nothing\n");
    assert_string_equal(line_output_section(&project->output, "types.line"), "");
    line_run_free(&run);
}

static void test_without_a_change_nothing_is_done(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    LineRun run = line_build(project, (LineRequest){0});
    assert_true(run.is_unchanged);
    assert_true(run.had_state);
    assert_int_equal(run.counts.files_lowered, 0);
    assert_int_equal(run.counts.declarations_visited, 0);
    assert_int_equal(run.counts.functions_total, 7);
    assert_int_equal(run.counts.functions_cached, 7);
    assert_string_equal(run.dirty.data, "");
    line_run_free(&run);
}

static void test_an_unchanged_file_costs_one_stat(void **state)
{
    LineProject *project = *state;
    static const char *const files[] = {"main.line", "lib/lib.line", "other.line", "types.line"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        scratch_age(&project->scratch, files[i], 60);
    line_rebuild(project);
    LineRun run = line_build(project, (LineRequest){0});
    assert_int_equal(run.counts.files_stat, 4);
    assert_int_equal(run.counts.files_hashed, 0);
    assert_int_equal(run.counts.bytes_read, 0);
    assert_int_equal(run.counts.bytes_written, 0);
    line_run_free(&run);
}

static void test_a_body_edit_stays_in_its_unit(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    line_edit(project, "lib/lib.line", "multiplied", "multiplied twice");
    LineRun run = line_build(project, (LineRequest){0});
    assert_int_equal(run.counts.files_lowered, 1);
    assert_int_equal(run.counts.functions_emitted, 1);
    assert_int_equal(run.counts.functions_dirty, 1);
    assert_int_equal(run.counts.functions_cached, 6);
    assert_int_equal(run.counts.declarations_visited, 2);
    assert_string_equal(run.dirty.data, "lib/lib.line\n");
    assert_non_null(strstr(run.decisions.data, "dirty lib/lib.line:area\n"));
    assert_non_null(strstr(run.decisions.data, "\ncached lib/lib.line:count\n"));
    line_run_free(&run);
}

static void test_an_interface_edit_reaches_its_users_and_no_others(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    line_edit(project, "lib/lib.line", "count(n)", "count(number)");
    LineRun run = line_build(project, (LineRequest){0});
    assert_int_equal(run.counts.files_lowered, 1);
    assert_int_equal(run.counts.functions_emitted, 3); /* count, main, helper */
    assert_int_equal(run.counts.functions_dirty, 1);
    assert_int_equal(run.counts.functions_dependent, 2);
    assert_string_equal(run.dirty.data, "lib/lib.line\nmain.line\n");
    assert_non_null(strstr(run.decisions.data, "dependent main.line:helper\n"));
    assert_non_null(strstr(run.decisions.data, "cached main.line:alone\n"));
    line_run_free(&run);
}

static void test_an_interface_reaches_through_interfaces(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    line_edit(project, "types.line", "height", "height depth");
    /* area, use and main */
    line_expect(project, 1, 3, "lib/lib.line\nmain.line\nother.line\ntypes.line\n");
}

static void test_an_interface_that_nobody_names_reaches_nobody(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    line_edit(project, "types.line", "(x y)", "(x y z)");
    line_expect(project, 1, 0, "types.line\n");
}

static void test_a_comment_changes_nothing(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    line_edit(project, "types.line", "unit box", "# a comment\nunit box");
    LineRun run = line_build(project, (LineRequest){0});
    assert_true(run.is_unchanged);
    assert_int_equal(run.counts.files_lowered, 1);
    assert_int_equal(run.counts.functions_emitted, 0);
    assert_string_equal(run.dirty.data, "");
    line_run_free(&run);
    /* What was lowered for the comment is kept: the next edit lowers its own file only. */
    line_edit(project, "other.line", "used", "used again");
    line_expect(project, 1, 1, "other.line\n");
}

static void test_units_that_change_places_are_not_emitted(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    scratch_write(&project->scratch, "main.line", "import \"lib/lib.line\" as lib\n"
                                                  "import \"other.line\" as other\n"
                                                  "unit alone nothing\n"
                                                  "unit helper $lib.count\n"
                                                  "unit main $lib.area $lib.count $other.use\n");
    line_expect(project, 1, 0, "main.line\n");
}

static void test_an_import_alone_changes_no_section_and_no_number(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    line_edit(project, "other.line", "unit use", "import \"lib/lib.line\" as lib\nunit use");
    LineRun run = line_build(project, (LineRequest){0});
    assert_false(run.renumbered);
    assert_int_equal(run.counts.functions_emitted, 0);
    assert_string_equal(run.dirty.data, "");
    line_run_free(&run);
    line_edit(project, "lib/lib.line", "count(n)", "count(number)");
    line_expect(project, 1, 3, "lib/lib.line\nmain.line\n");
}

static void test_an_alias_that_leads_elsewhere_is_a_change(void **state)
{
    LineProject *project = *state;
    scratch_write(&project->scratch, "twin.line", "unit use used\nunit apart kept\n");
    scratch_write(&project->scratch, "main.line", "import \"other.line\" as other\n"
                                                  "import \"twin.line\" as twin\n"
                                                  "unit main $other.use\n");
    line_rebuild(project);
    scratch_write(&project->scratch, "main.line", "import \"other.line\" as twin\n"
                                                  "import \"twin.line\" as other\n"
                                                  "unit main $other.use\n");
    line_expect(project, 1, 1, "main.line\n");
    assert_string_equal(line_output_section(&project->output, "main.line"),
                        "main() <twin.line:use()>\n");
}

static void test_files_come_and_go(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    scratch_write(&project->scratch, "a.line", "unit new fresh\n");
    line_edit(project, "other.line", "unit use", "import \"a.line\" as a\nunit use");
    line_edit(project, "other.line", "kept", "kept $a.new");
    LineRun run = line_build(project, (LineRequest){0});
    assert_true(run.renumbered);
    assert_int_equal(run.counts.files_total, 5);
    assert_int_equal(run.counts.files_added, 1);
    assert_int_equal(run.counts.files_lowered, 2);
    assert_int_equal(run.counts.functions_emitted, 2);
    assert_string_equal(run.dirty.data, "a.line\nother.line\n");
    line_run_free(&run);
    /* Every number has moved; the keys of those that did not change must have moved along. */
    line_edit(project, "types.line", "(width height)", "(w h)");
    line_expect(project, 1, 3, "lib/lib.line\nmain.line\nother.line\ntypes.line\n");

    line_edit(project, "other.line", "import \"a.line\" as a\n", "");
    line_edit(project, "other.line", " $a.new", "");
    run = line_build(project, (LineRequest){0});
    assert_int_equal(run.counts.files_removed, 1);
    assert_int_equal(run.counts.files_lowered, 0); /* it looked like this once */
    assert_int_equal(run.counts.functions_emitted, 0);
    assert_string_equal(run.dirty.data, "other.line\n");
    line_run_free(&run);
}

static void test_an_undone_edit_is_found_again(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    line_edit(project, "types.line", "(width height)", "(size)");
    line_expect(project, 1, 3, "lib/lib.line\nmain.line\nother.line\ntypes.line\n");
    line_sample_write(project);
    line_expect(project, 0, 0, "lib/lib.line\nmain.line\nother.line\ntypes.line\n");
}

static void expect_prelude(const LineProject *project, const char *line)
{
    ByteBuffer text = {0};
    buffer_put(&text, buffer_slice(&project->output.prelude));
    buffer_put_byte(&text, '\0');
    assert_non_null(strstr(text.data, line));
    buffer_free(&text);
}

static void test_the_prelude_follows_the_declarations(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    line_edit(project, "types.line", "unit box", "declare puts declare i32 @puts(ptr)\nunit box");
    line_expect(project, 1, 0, "types.line\n");
    expect_prelude(project, "declare i32 @puts(ptr)\n");
    line_edit(project, "other.line", "unit use", "declare puts declare i64 @puts(ptr)\nunit use");
    for (int i = 0; i < 2; i++) {
        LineRun run = line_project_build(project, (LineRequest){0});
        assert_int_equal(run.status, BUILD_PROGRAM_WRONG);
        assert_string_equal(run.diagnostics.data, "types.line:1:9: error: 'puts' is declared "
                                                  "differently in other.line:2\n");
        line_run_free(&run);
    }
    line_sample_write(project);
    line_expect(project, 0, 0, "types.line\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_SAMPLE(test_a_cold_build_does_everything),
        CASE_WITH_SAMPLE(test_without_a_change_nothing_is_done),
        CASE_WITH_SAMPLE(test_an_unchanged_file_costs_one_stat),
        CASE_WITH_SAMPLE(test_a_body_edit_stays_in_its_unit),
        CASE_WITH_SAMPLE(test_an_interface_edit_reaches_its_users_and_no_others),
        CASE_WITH_SAMPLE(test_an_interface_reaches_through_interfaces),
        CASE_WITH_SAMPLE(test_an_interface_that_nobody_names_reaches_nobody),
        CASE_WITH_SAMPLE(test_a_comment_changes_nothing),
        CASE_WITH_SAMPLE(test_units_that_change_places_are_not_emitted),
        CASE_WITH_SAMPLE(test_an_import_alone_changes_no_section_and_no_number),
        CASE_WITH_SAMPLE(test_an_alias_that_leads_elsewhere_is_a_change),
        CASE_WITH_SAMPLE(test_files_come_and_go),
        CASE_WITH_SAMPLE(test_an_undone_edit_is_found_again),
        CASE_WITH_SAMPLE(test_the_prelude_follows_the_declarations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
