/* SPDX-License-Identifier: MIT */
/* Imports that are looked for in several places: which builds notice that a file appeared or went,
 * and what they do. */
#include "line_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const places[] = {"near", "far", NULL};

/* main names `used` of lib, whose parameters hold a type of types; both are looked for. */
static void write_program(const LineProject *project)
{
    const Scratch *scratch = &project->scratch;
    scratch_write(scratch, "main.line", "import \"lib.line\" as lib\n"
                                        "import? \"config.line\" as config\n"
                                        "unit main $lib.used\n"
                                        "unit level ~config.level\n"
                                        "unit alone nothing\n");
    scratch_write(scratch, "far/lib.line", "import <types.line> as types\n"
                                           "unit used(a $types.box) calls\n"
                                           "unit apart kept\n");
    scratch_write(scratch, "far/types.line", "unit box(width height)\n");
}

static const char all_sections[] = "far/lib.line\nfar/types.line\nmain.line\n";

static LineRequest searching(void)
{
    return (LineRequest){.directories = places};
}

/* Builds, and compares with a clean build; what was dirty, and how many functions were emitted. */
static void expect(LineProject *project, const char *dirty, unsigned emitted)
{
    LineRun run = line_build(project, searching());
    assert_string_equal(run.dirty.data, dirty);
    assert_int_equal(run.counts.functions_emitted, emitted);
    line_run_free(&run);
}

static void expect_section(const LineProject *project, const char *path, const char *text)
{
    assert_string_equal(line_output_section(&project->output, path), text);
}

static void expect_decision(const LineRun *run, const char *decision)
{
    if (strstr(run->decisions.data, decision) == NULL)
        fail_msg("no '%s' in: %s", decision, run->decisions.data);
}

static void without_a_change_each_absent_path_costs_one_stat(void **state)
{
    LineProject *project = *state;
    write_program(project);
    scratch_settle(&project->scratch);
    LineRun run = line_build(project, searching());
    assert_int_equal(run.counts.files_total, 3);
    /* lib.line near/lib.line near/types.line config.line near/config.line far/config.line */
    assert_int_equal(run.counts.files_absent, 6);
    line_run_free(&run);
    run = line_build(project, searching());
    assert_true(run.is_unchanged);
    assert_int_equal(run.counts.files_stat, 3 + 6);
    assert_int_equal(run.counts.files_absent, 6);
    assert_int_equal(run.counts.files_hashed, 0);
    assert_int_equal(run.counts.bytes_written, 0);
    line_run_free(&run);
}

static void without_directories_no_path_is_absent(void **state)
{
    LineProject *project = *state;
    LineRun run = line_build(project, (LineRequest){0});
    assert_int_equal(run.counts.files_absent, 0);
    line_run_free(&run);
}

static void a_file_that_appears_is_found_by_the_next_build(void **state)
{
    LineProject *project = *state;
    write_program(project);
    expect(project, all_sections, 5);
    scratch_write(&project->scratch, "near/lib.line", "unit used(new) calls\n");
    LineRun run = line_build(project, searching());
    expect_decision(&run, "redirected main.line\n");
    expect_decision(&run, "added near/lib.line\n");
    expect_decision(&run, "removed far/lib.line\n");
    expect_decision(&run, "ir-cached main.line\n"); /* its bytes are the same */
    expect_decision(&run, "dependent main\n");
    assert_int_equal(run.counts.files_lowered, 1);
    assert_int_equal(run.counts.files_changed, 0);
    assert_int_equal(run.counts.functions_emitted, 2); /* used, and who names it */
    line_run_free(&run);
    expect_section(project, "main.line", "main() <near/lib.line:used(new)>\n"
                                         "main.line:level() nothing\nmain.line:alone() nothing\n");

    assert_int_equal(unlinkat(project->scratch.fd, "near/lib.line", 0), 0);
    run = line_build(project, searching());
    expect_decision(&run, "redirected main.line\n");
    assert_int_equal(run.counts.files_lowered, 0); /* all of it was seen before */
    assert_int_equal(run.counts.functions_emitted, 0);
    line_run_free(&run);
}

/* main is not redirected itself: what lib's interface holds is another type. */
static void a_redirected_interface_reaches_those_who_name_it(void **state)
{
    LineProject *project = *state;
    write_program(project);
    expect(project, all_sections, 5);
    scratch_write(&project->scratch, "near/types.line", "unit box(width height)\n");
    expect(project, "far/lib.line\nmain.line\nnear/types.line\n", 2);
    expect_section(project, "far/lib.line",
                   "far/lib.line:used(a <near/types.line:box(width height)>) calls\n"
                   "far/lib.line:apart() kept\n");
}

static void an_optional_import_comes_and_goes(void **state)
{
    LineProject *project = *state;
    write_program(project);
    expect(project, all_sections, 5);
    scratch_write(&project->scratch, "far/config.line", "unit level(low)\n");
    expect(project, "far/config.line\nmain.line\n", 1);
    scratch_write(&project->scratch, "config.line", "unit level(low)\n"); /* another unit */
    expect(project, "config.line\nmain.line\n", 1);
    expect_section(project, "main.line",
                   "main() <far/lib.line:used(a <far/types.line:box(width height)>)>\n"
                   "main.line:level() <config.line:level(low)>\nmain.line:alone() nothing\n");
    assert_int_equal(unlinkat(project->scratch.fd, "config.line", 0), 0);
    assert_int_equal(unlinkat(project->scratch.fd, "far/config.line", 0), 0);
    expect(project, "main.line\n", 0); /* cached */
}

/* `$` demands what `~` only asks for. */
static void what_an_optional_import_would_offer_is_not_found(void **state)
{
    LineProject *project = *state;
    scratch_write(&project->scratch, "main.line", "import? \"no.line\" as no\nunit main $no.x\n");
    LineRun run = line_project_build(project, searching());
    assert_int_equal(run.status, BUILD_PROGRAM_WRONG);
    assert_string_equal(run.diagnostics.data, "main.line:2:6: error: unknown unit: 'x'\n");
    line_run_free(&run);
}

static void an_import_that_nobody_has_is_an_error_until_somebody_has_it(void **state)
{
    LineProject *project = *state;
    write_program(project);
    expect(project, all_sections, 5);
    assert_int_equal(unlinkat(project->scratch.fd, "far/types.line", 0), 0);
    for (int i = 0; i < 2; i++) {
        LineRun run = line_project_build(project, searching());
        assert_int_equal(run.status, BUILD_PROGRAM_WRONG);
        assert_string_equal(run.diagnostics.data,
                            "far/lib.line:1:1: error: cannot import \"types.line\": "
                            "there is no such file\n");
        line_run_free(&run);
    }
    scratch_write(&project->scratch, "near/types.line", "unit box(width height)\n");
    expect(project, "far/lib.line\nmain.line\nnear/types.line\n", 2);
}

static void files_outside_the_project_have_absolute_names(void **state)
{
    LineProject *project = *state;
    Scratch outside;
    char shown[600], path[512];
    scratch_open(&outside);
    const char *const directories[] = {outside.path, NULL};
    LineRequest request = {.directories = directories};
    scratch_write(&project->scratch, "main.line", "import \"io.line\" as io\nunit main $io.put\n");
    scratch_write(&outside, "io.line", "unit put(text) writes\n");
    LineRun run = line_build(project, request);
    line_run_free(&run);
    snprintf(path, sizeof path, "%s/io.line", outside.path);
    snprintf(shown, sizeof shown, "%s:put(text) writes\n", path);
    expect_section(project, path, shown);

    scratch_write(&outside, "io.line", "broken\n");
    run = line_project_build(project, request);
    assert_int_equal(run.status, BUILD_PROGRAM_WRONG);
    snprintf(shown, sizeof shown, "%s:1:1: error: what is this line?: 'broken'\n", path);
    assert_string_equal(run.diagnostics.data, shown);
    line_run_free(&run);
    scratch_close(&outside);
}

/* May an error quote it? The place of the file counts, also of an absolute one. */
static void a_source_with_an_absolute_name_is_found_where_it_is(void **state)
{
    LineProject *project = *state;
    LineSteps steps;
    Arena arena = {0};
    char path[512];
    Slice source;
    assert_int_equal(line_steps_open(&steps, project, (LineRequest){0}), BUILD_OK);
    snprintf(path, sizeof path, "%s/types.line", project->scratch.path);
    assert_true(build_source(steps.build, slice_from(path), &arena, &source));
    assert_true(source.size != 0);
    assert_false(build_source(steps.build, slice_from("/etc/passwd"), &arena, &source));
    build_close(steps.build);
    arena_free(&arena);
}

static void other_places_are_other_settings(void **state)
{
    static const char *const reversed[] = {"far", "near", NULL};
    LineProject *project = *state;
    write_program(project);
    scratch_write(&project->scratch, "near/lib.line", "unit used(new) calls\n");
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 2; i++) {
            LineRun run = line_build(project, (LineRequest){.directories = i ? reversed : places});
            assert_true(run.settings_changed || round + i == 0);
            assert_int_equal(run.counts.files_lowered == 0, round == 1);
            line_run_free(&run);
        }
    }
}

static void verifying_knows_a_redirected_import_from_a_wrong_record(void **state)
{
    LineProject *project = *state;
    write_program(project);
    expect(project, all_sections, 5);
    ByteBuffer differences = line_project_verify(project, searching(), NULL);
    assert_string_equal(differences.data, "");
    buffer_free(&differences);
    scratch_write(&project->scratch, "near/types.line", "unit box(width height)\n");
    differences = line_project_verify(project, searching(), NULL);
    assert_string_equal(differences.data,
                        "far/lib.line: has an import that leads elsewhere than in the last build\n"
                        "near/types.line: is not in the last build\n"
                        "far/types.line: is no longer imported\n");
    buffer_free(&differences);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_SAMPLE(without_a_change_each_absent_path_costs_one_stat),
        CASE_WITH_SAMPLE(without_directories_no_path_is_absent),
        CASE_WITH_SAMPLE(a_file_that_appears_is_found_by_the_next_build),
        CASE_WITH_SAMPLE(a_redirected_interface_reaches_those_who_name_it),
        CASE_WITH_SAMPLE(an_optional_import_comes_and_goes),
        CASE_WITH_SAMPLE(what_an_optional_import_would_offer_is_not_found),
        CASE_WITH_SAMPLE(an_import_that_nobody_has_is_an_error_until_somebody_has_it),
        CASE_WITH_SAMPLE(files_outside_the_project_have_absolute_names),
        CASE_WITH_SAMPLE(a_source_with_an_absolute_name_is_found_where_it_is),
        CASE_WITH_SAMPLE(other_places_are_other_settings),
        CASE_WITH_SAMPLE(verifying_knows_a_redirected_import_from_a_wrong_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
