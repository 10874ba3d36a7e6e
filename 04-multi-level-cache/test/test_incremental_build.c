/* SPDX-License-Identifier: MIT */
/* The engine, driven with a language of a few lines: how much is done after which edit. */
#include "line_project.h"
#include "thread_executor.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* main calls two functions of lib, one of which names a type in types; other uses the type. */
static void write_sample(const Scratch *scratch)
{
    scratch_write(scratch, "main.line", "import \"lib/lib.line\" as lib\n"
                                        "import \"other.line\" as other\n"
                                        "unit main $lib.area $lib.count $other.use\n"
                                        "unit helper $lib.count\n"
                                        "unit alone nothing\n");
    scratch_write(scratch, "lib/lib.line", "import \"../types.line\" as types\n"
                                           "unit area(a $types.box) multiplied\n"
                                           "unit count(n) counted\n");
    scratch_write(scratch, "other.line", "import \"types.line\" as types\n"
                                         "unit use used $types.box\n"
                                         "unit apart kept\n");
    scratch_write(scratch, "types.line", "unit box(width height)\n"
                                         "unit point(x y)\n");
}

static int setup(void **state)
{
    LineProject *project = malloc(sizeof *project);
    line_project_open(project);
    write_sample(&project->scratch);
    *state = project;
    return 0;
}

static int teardown(void **state)
{
    line_project_close(*state);
    free(*state);
    return 0;
}

static LineRun build(LineProject *project, LineRequest request)
{
    LineRun run = line_project_build(project, request);
    if (run.status != BUILD_OK)
        fprintf(stderr, "%s%s: %s\n", run.diagnostics.data, run.failure.path,
                run.failure.what == NULL ? "" : run.failure.what);
    assert_int_equal(run.status, BUILD_OK);
    line_project_expect_clean(project, request);
    return run;
}

/* Builds and expects so many lowered files, emitted functions and these dirty sections. */
static void expect(LineProject *project, unsigned lowered, unsigned emitted, const char *dirty)
{
    LineRun run = build(project, (LineRequest){0});
    assert_int_equal(run.counts.files_lowered, lowered);
    assert_int_equal(run.counts.functions_emitted, emitted);
    assert_string_equal(run.dirty.data, dirty);
    line_run_free(&run);
}

static void cold(LineProject *project)
{
    LineRun run = build(project, (LineRequest){0});
    line_run_free(&run);
}

/* ---- how much is done ---------------------------------------------------------------------- */

static void test_a_cold_build_does_everything(void **state)
{
    LineProject *project = *state;
    LineRun run = build(project, (LineRequest){0});
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
    cold(project);
    LineRun run = build(project, (LineRequest){0});
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
    cold(project);
    LineRun run = build(project, (LineRequest){0});
    assert_int_equal(run.counts.files_stat, 4);
    assert_int_equal(run.counts.files_hashed, 0);
    assert_int_equal(run.counts.bytes_read, 0);
    assert_int_equal(run.counts.bytes_written, 0);
    line_run_free(&run);
}

static void test_a_body_edit_stays_in_its_unit(void **state)
{
    LineProject *project = *state;
    cold(project);
    scratch_write(&project->scratch, "lib/lib.line", "import \"../types.line\" as types\n"
                                                     "unit area(a $types.box) multiplied twice\n"
                                                     "unit count(n) counted\n");
    LineRun run = build(project, (LineRequest){0});
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
    cold(project);
    scratch_write(&project->scratch, "lib/lib.line", "import \"../types.line\" as types\n"
                                                     "unit area(a $types.box) multiplied\n"
                                                     "unit count(number) counted\n");
    LineRun run = build(project, (LineRequest){0});
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
    cold(project);
    scratch_write(&project->scratch, "types.line", "unit box(width height depth)\n"
                                                   "unit point(x y)\n");
    expect(project, 1, 3, "lib/lib.line\nmain.line\nother.line\ntypes.line\n"); /* area use main */
}

static void test_an_interface_that_nobody_names_reaches_nobody(void **state)
{
    LineProject *project = *state;
    cold(project);
    scratch_write(&project->scratch, "types.line", "unit box(width height)\n"
                                                   "unit point(x y z)\n");
    expect(project, 1, 0, "types.line\n");
}

static void test_a_comment_changes_nothing(void **state)
{
    LineProject *project = *state;
    cold(project);
    scratch_write(&project->scratch, "types.line", "# a comment\n"
                                                   "unit box(width height)\n"
                                                   "unit point(x y)\n");
    LineRun run = build(project, (LineRequest){0});
    assert_true(run.is_unchanged);
    assert_int_equal(run.counts.files_lowered, 1);
    assert_int_equal(run.counts.functions_emitted, 0);
    assert_string_equal(run.dirty.data, "");
    line_run_free(&run);
    /* What was lowered for the comment is kept: the next edit lowers its own file only. */
    scratch_write(&project->scratch, "other.line", "import \"types.line\" as types\n"
                                                   "unit use used again $types.box\n"
                                                   "unit apart kept\n");
    expect(project, 1, 1, "other.line\n");
}

static void test_units_that_change_places_are_not_emitted(void **state)
{
    LineProject *project = *state;
    cold(project);
    scratch_write(&project->scratch, "main.line", "import \"lib/lib.line\" as lib\n"
                                                  "import \"other.line\" as other\n"
                                                  "unit alone nothing\n"
                                                  "unit helper $lib.count\n"
                                                  "unit main $lib.area $lib.count $other.use\n");
    expect(project, 1, 0, "main.line\n");
}

static void test_an_import_alone_changes_no_section_and_no_number(void **state)
{
    LineProject *project = *state;
    cold(project);
    scratch_write(&project->scratch, "other.line", "import \"types.line\" as types\n"
                                                   "import \"lib/lib.line\" as lib\n"
                                                   "unit use used $types.box\n"
                                                   "unit apart kept\n");
    LineRun run = build(project, (LineRequest){0});
    assert_false(run.renumbered);
    assert_int_equal(run.counts.functions_emitted, 0);
    assert_string_equal(run.dirty.data, "");
    line_run_free(&run);
    scratch_write(&project->scratch, "lib/lib.line", "import \"../types.line\" as types\n"
                                                     "unit area(a $types.box) multiplied\n"
                                                     "unit count(number) counted\n");
    expect(project, 1, 3, "lib/lib.line\nmain.line\n");
}

static void test_an_alias_that_leads_elsewhere_is_a_change(void **state)
{
    LineProject *project = *state;
    scratch_write(&project->scratch, "twin.line", "unit use used\nunit apart kept\n");
    scratch_write(&project->scratch, "main.line", "import \"other.line\" as other\n"
                                                  "import \"twin.line\" as twin\n"
                                                  "unit main $other.use\n");
    cold(project);
    scratch_write(&project->scratch, "main.line", "import \"other.line\" as twin\n"
                                                  "import \"twin.line\" as other\n"
                                                  "unit main $other.use\n");
    expect(project, 1, 1, "main.line\n");
    assert_string_equal(line_output_section(&project->output, "main.line"),
                        "main() <twin.line:use()>\n");
}

static void test_files_come_and_go(void **state)
{
    LineProject *project = *state;
    cold(project);
    scratch_write(&project->scratch, "a.line", "unit new fresh\n");
    scratch_write(&project->scratch, "other.line", "import \"types.line\" as types\n"
                                                   "import \"a.line\" as a\n"
                                                   "unit use used $types.box\n"
                                                   "unit apart kept $a.new\n");
    LineRun run = build(project, (LineRequest){0});
    assert_true(run.renumbered);
    assert_int_equal(run.counts.files_total, 5);
    assert_int_equal(run.counts.files_added, 1);
    assert_int_equal(run.counts.files_lowered, 2);
    assert_int_equal(run.counts.functions_emitted, 2);
    assert_string_equal(run.dirty.data, "a.line\nother.line\n");
    line_run_free(&run);
    /* Every number has moved; the keys of those that did not change must have moved along. */
    scratch_write(&project->scratch, "types.line", "unit box(w h)\nunit point(x y)\n");
    expect(project, 1, 3, "lib/lib.line\nmain.line\nother.line\ntypes.line\n");

    scratch_write(&project->scratch, "other.line", "import \"types.line\" as types\n"
                                                   "unit use used $types.box\n"
                                                   "unit apart kept\n");
    run = build(project, (LineRequest){0});
    assert_int_equal(run.counts.files_removed, 1);
    assert_int_equal(run.counts.files_lowered, 0); /* it looked like this once */
    assert_int_equal(run.counts.functions_emitted, 0);
    assert_string_equal(run.dirty.data, "other.line\n");
    line_run_free(&run);
}

static void test_an_undone_edit_is_found_again(void **state)
{
    LineProject *project = *state;
    cold(project);
    scratch_write(&project->scratch, "types.line", "unit box(size)\nunit point(x y)\n");
    expect(project, 1, 3, "lib/lib.line\nmain.line\nother.line\ntypes.line\n");
    write_sample(&project->scratch);
    expect(project, 0, 0, "lib/lib.line\nmain.line\nother.line\ntypes.line\n");
}

static void test_the_prelude_follows_the_declarations(void **state)
{
    LineProject *project = *state;
    cold(project);
    scratch_write(&project->scratch, "types.line", "declare puts declare i32 @puts(ptr)\n"
                                                   "unit box(width height)\n"
                                                   "unit point(x y)\n");
    expect(project, 1, 0, "types.line\n");
    assert_non_null(strstr((buffer_put_byte(&project->output.prelude, '\0'),
                            project->output.prelude.size--, project->output.prelude.data),
                           "declare i32 @puts(ptr)\n"));
    scratch_write(&project->scratch, "other.line", "import \"types.line\" as types\n"
                                                   "declare puts declare i64 @puts(ptr)\n"
                                                   "unit use used $types.box\n"
                                                   "unit apart kept\n");
    for (int i = 0; i < 2; i++) {
        LineRun run = line_project_build(project, (LineRequest){0});
        assert_int_equal(run.status, BUILD_PROGRAM_WRONG);
        assert_string_equal(run.diagnostics.data, "types.line:1:9: error: 'puts' is declared "
                                                  "differently in other.line:2\n");
        line_run_free(&run);
    }
    write_sample(&project->scratch);
    expect(project, 0, 0, "types.line\n");
}

/* ---- errors -------------------------------------------------------------------------------- */

static void expect_wrong(LineProject *project, const char *diagnostics)
{
    LineOutput output = {0};
    for (int i = 0; i < 2; i++) { /* errors are never kept: they are told again */
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
    cold(project);
    scratch_write(&project->scratch, "types.line", "unit box(size)\nunit point(x y)\n");
    scratch_write(&project->scratch, "other.line", "what is this\n");
    expect_wrong(project, "other.line:1:1: error: what is this line?: 'what is this'\n");
    scratch_write(&project->scratch, "other.line", "import \"types.line\" as types\n"
                                                   "unit use used $types.box\n"
                                                   "unit apart kept\n");
    /* types.line was lowered in the failed build; it must still count as changed. */
    expect(project, 0, 3, "lib/lib.line\nmain.line\nother.line\ntypes.line\n");
}

static void test_a_wrong_unit_is_told_and_others_are_kept(void **state)
{
    LineProject *project = *state;
    cold(project);
    scratch_write(&project->scratch, "main.line", "import \"lib/lib.line\" as lib\n"
                                                  "unit main $lib.area $nobody\n"
                                                  "unit helper $lib.count $lib.nobody\n"
                                                  "unit alone something\n");
    expect_wrong(project, "main.line:2:6: error: unknown unit: 'nobody'\n"
                          "main.line:3:6: error: unknown unit: 'nobody'\n");
    scratch_write(&project->scratch, "main.line", "import \"lib/lib.line\" as lib\n"
                                                  "unit main $lib.area\n"
                                                  "unit helper $lib.count\n"
                                                  "unit alone something\n");
    LineRun run = build(project, (LineRequest){0});
    assert_int_equal(run.counts.functions_emitted, 1); /* main; helper is as it was, alone kept */
    line_run_free(&run);
}

static void test_a_name_that_vanishes_and_comes_back(void **state)
{
    LineProject *project = *state;
    cold(project);
    scratch_write(&project->scratch, "lib/lib.line", "import \"../types.line\" as types\n"
                                                     "unit area(a $types.box) multiplied\n");
    expect_wrong(project, "main.line:3:6: error: unknown unit: 'count'\n"
                          "main.line:4:6: error: unknown unit: 'count'\n");
    write_sample(&project->scratch);
    expect(project, 0, 0, "");
}

static void test_a_missing_entry_point(void **state)
{
    LineProject *project = *state;
    cold(project);
    scratch_write(&project->scratch, "main.line", "unit mane typo\n");
    expect_wrong(project, "main.line:1:1: error: the entry file has no unit 'main'\n");
}

static void test_a_missing_import(void **state)
{
    LineProject *project = *state;
    cold(project);
    assert_int_equal(unlinkat(project->scratch.fd, "types.line", 0), 0);
    expect_wrong(project,
                 "lib/lib.line:1:1: error: cannot import \"types.line\": there is no such file\n"
                 "other.line:1:1: error: cannot import \"types.line\": there is no such file\n");
    write_sample(&project->scratch);
    expect(project, 0, 0, "");
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

static void test_check_commits_objects_only(void **state)
{
    LineProject *project = *state;
    cold(project);
    scratch_write(&project->scratch, "types.line", "unit box(size)\nunit point(x y)\n");
    LineRun run = line_project_build(project, (LineRequest){.check_only = true});
    assert_int_equal(run.status, BUILD_OK);
    assert_int_equal(run.counts.functions_emitted, 3);
    line_run_free(&run);
    expect(project, 0, 0, "lib/lib.line\nmain.line\nother.line\ntypes.line\n");
}

/* ---- settings, force, entries -------------------------------------------------------------- */

static void test_settings_hit_both_ways(void **state)
{
    LineProject *project = *state;
    LineRequest fast = {.settings = "fast"}, slow = {.settings = "slow"};
    LineRun run = build(project, fast);
    line_run_free(&run);
    run = build(project, slow);
    assert_true(run.settings_changed);
    assert_int_equal(run.counts.files_lowered, 4);
    assert_int_equal(run.counts.functions_emitted, 7);
    line_run_free(&run);
    for (int i = 0; i < 4; i++) {
        run = build(project, i % 2 == 0 ? fast : slow);
        assert_true(run.settings_changed);
        assert_int_equal(run.counts.files_lowered, 0);
        assert_int_equal(run.counts.functions_emitted, 0);
        line_run_free(&run);
    }
}

static void test_force_does_everything_again(void **state)
{
    LineProject *project = *state;
    cold(project);
    LineRun run = build(project, (LineRequest){.force = true});
    assert_int_equal(run.counts.files_lowered, 4);
    assert_int_equal(run.counts.functions_emitted, 7);
    line_run_free(&run);
    expect(project, 0, 0, "");
}

static void test_paranoid_reads_everything_and_emits_nothing(void **state)
{
    LineProject *project = *state;
    cold(project);
    LineRun run = build(project, (LineRequest){.paranoid = true});
    assert_int_equal(run.counts.files_hashed, 4);
    assert_int_equal(run.counts.files_lowered, 0);
    assert_true(run.is_unchanged);
    line_run_free(&run);
}

/* The entry's `main` has a plain name; imported it has another. Everything that names it must
 * know, also where it is named by an interface. */
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
        LineRun run = build(project, requests[i % 2]);
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
    cold(project);
    LineOutput first = project->output;
    project->output = (LineOutput){0};
    scratch_write(&project->scratch, "second.line", "import \"lib/lib.line\" as lib\n"
                                                    "unit main $lib.area\n");
    LineRun run = build(project, (LineRequest){.entry = "second.line"});
    assert_false(run.had_state);
    assert_int_equal(run.counts.files_lowered, 1);
    assert_int_equal(run.counts.functions_emitted, 1);
    line_run_free(&run);
    line_output_free(&project->output);
    project->output = first;
    expect(project, 0, 0, "");
}

/* ---- interrupted, damaged ------------------------------------------------------------------ */

static void test_a_build_that_stopped_midway_is_known(void **state)
{
    LineProject *project = *state;
    cold(project);
    scratch_write(&project->scratch, "types.line", "unit box(size)\nunit point(x y)\n");
    LineRun run = line_project_build(project, (LineRequest){.stop_midway = true});
    assert_int_equal(run.status, BUILD_OK);
    line_run_free(&run);
    run = build(project, (LineRequest){0});
    assert_true(run.was_unsettled);
    assert_true(run.had_state);
    assert_int_equal(run.counts.files_lowered, 0);
    assert_int_equal(run.counts.functions_emitted, 0);
    assert_string_equal(run.dirty.data, "lib/lib.line\nmain.line\nother.line\ntypes.line\n");
    line_run_free(&run);
    run = build(project, (LineRequest){0});
    assert_false(run.was_unsettled);
    line_run_free(&run);
}

static void test_synced_builds_are_builds(void **state)
{
    LineProject *project = *state;
    LineRun run = build(project, (LineRequest){.sync = true});
    line_run_free(&run);
    scratch_write(&project->scratch, "types.line", "unit box(size)\nunit point(x y)\n");
    run = build(project, (LineRequest){.sync = true});
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

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_a_cold_build_does_everything),
        TEST(test_without_a_change_nothing_is_done),
        TEST(test_an_unchanged_file_costs_one_stat),
        TEST(test_a_body_edit_stays_in_its_unit),
        TEST(test_an_interface_edit_reaches_its_users_and_no_others),
        TEST(test_an_interface_reaches_through_interfaces),
        TEST(test_an_interface_that_nobody_names_reaches_nobody),
        TEST(test_a_comment_changes_nothing),
        TEST(test_units_that_change_places_are_not_emitted),
        TEST(test_an_import_alone_changes_no_section_and_no_number),
        TEST(test_an_alias_that_leads_elsewhere_is_a_change),
        TEST(test_files_come_and_go),
        TEST(test_an_undone_edit_is_found_again),
        TEST(test_the_prelude_follows_the_declarations),
        TEST(test_a_failed_build_between_two_edits_loses_nothing),
        TEST(test_a_wrong_unit_is_told_and_others_are_kept),
        TEST(test_a_name_that_vanishes_and_comes_back),
        TEST(test_a_missing_entry_point),
        TEST(test_a_missing_import),
        TEST(test_a_missing_entry_leaves_no_cache),
        TEST(test_check_commits_objects_only),
        TEST(test_settings_hit_both_ways),
        TEST(test_force_does_everything_again),
        TEST(test_paranoid_reads_everything_and_emits_nothing),
        TEST(test_an_entry_may_be_imported_elsewhere),
        TEST(test_two_entries_share_what_they_have_in_common),
        TEST(test_a_build_that_stopped_midway_is_known),
        TEST(test_synced_builds_are_builds),
        TEST(test_threads_make_no_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
