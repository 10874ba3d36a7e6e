/* SPDX-License-Identifier: MIT */
/* Errors of four kinds in four files: reported in one run, mended one by one, and the cost of
 * that. */
#include "line_project.h"

#include <stdlib.h>

typedef struct Fault {
    const char *path, *right, *wrong, *error;
} Fault;

/* In path order. util.line names a unit of parts.line, and has no other fault. */
static const Fault faults[] = {
    {"main.line", "import \"names.line\" as names\nunit main $names.one\n",
     "import \"names.line\" as names\nunit mane $names.one\n",
     "main.line:1:1: error: the entry file has no unit 'main'\n"},
    {"names.line", "import \"parts.line\" as parts\nimport \"util.line\" as util\nunit one() 1\n",
     "import \"parts.line\" as parts\nimport \"util.line\" as util\nunit one() $two $parts.gear\n",
     "names.line:3:6: error: unknown unit: 'two'\n"},
    {"parts.line", "unit gear() g\n", "unit gear() g\nnonsense\n",
     "parts.line:2:1: error: what is this line?: 'nonsense'\n"},
    {"util.line", "import \"parts.line\" as parts\nunit help() $parts.gear\n",
     "import \"parts.line\" as parts\nimport \"gone.line\" as gone\n"
     "unit help() $parts.gear $gone.gear\n",
     "util.line:2:1: error: cannot import \"gone.line\": there is no such file\n"},
};

enum { FAULTS = sizeof faults / sizeof *faults };

static void write_faults(const LineProject *project, unsigned which)
{
    for (unsigned i = 0; i < FAULTS; i++)
        scratch_write(&project->scratch, faults[i].path,
                      which & 1u << i ? faults[i].wrong : faults[i].right);
}

static void expect_faults(LineProject *project, unsigned which)
{
    char errors[512] = "";
    LineOutput output = {0};
    write_faults(project, which);
    for (unsigned i = 0; i < FAULTS; i++)
        if (which & 1u << i)
            strcat(errors, faults[i].error);
    LineRun incremental = line_project_build(project, (LineRequest){0});
    LineRun clean = line_project_build_clean(project, (LineRequest){0}, &output);
    BuildStatus status = which == 0 ? BUILD_OK : BUILD_PROGRAM_WRONG;
    assert_string_equal(incremental.diagnostics.data, errors);
    assert_string_equal(clean.diagnostics.data, errors);
    assert_true(incremental.status == status && clean.status == status);
    line_run_free(&incremental);
    line_run_free(&clean);
    line_output_free(&output);
}

/* A Gray code: from each set of faults to the next, one is added or mended. */
static void test_errors_of_four_kinds_come_and_go_one_by_one(void **state)
{
    for (unsigned i = 0; i < 1u << FAULTS; i++)
        expect_faults(*state, i ^ i >> 1);
}

/* ---- what it costs ----------------------------------------------------------------------------- */

/* A file that names one with errors was right before: it is not looked at again. */
static void test_a_file_with_errors_costs_its_importers_nothing(void **state)
{
    LineProject *project = *state;
    expect_faults(project, 0);
    scratch_write(&project->scratch, faults[2].path, faults[2].wrong);
    LineRun run = line_project_build(project, (LineRequest){0});
    assert_int_equal(run.status, BUILD_PROGRAM_WRONG);
    assert_int_equal(run.counts.files_lowered, 1);
    assert_int_equal(run.counts.functions_emitted, 0);
    line_run_free(&run);
}

/* Correct units are kept although the build fails: mending costs only the wrong ones and those that
 * name them. */
static void test_what_is_right_in_a_wrong_program_is_kept(void **state)
{
    LineProject *project = *state;
    write_faults(project, 1u << 2);
    LineRun run = line_project_build(project, (LineRequest){0});
    assert_int_equal(run.status, BUILD_PROGRAM_WRONG);
    assert_int_equal(run.counts.functions_total, 3); /* those of parts.line cannot be counted */
    assert_int_equal(run.counts.functions_emitted, 2);
    assert_int_equal(run.counts.functions_failed, 1); /* util.line:help */
    line_run_free(&run);
    write_faults(project, 0);
    run = line_project_build(project, (LineRequest){0});
    assert_int_equal(run.status, BUILD_OK);
    assert_int_equal(run.counts.files_lowered, 1);
    assert_int_equal(run.counts.functions_emitted, 2); /* parts.line:gear, util.line:help */
    line_run_free(&run);
}

static int setup(void **state)
{
    LineProject *project = malloc(sizeof *project);
    line_project_open(project);
    *state = project;
    return 0;
}

static int teardown(void **state)
{
    line_project_close(*state);
    free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_errors_of_four_kinds_come_and_go_one_by_one),
        TEST(test_a_file_with_errors_costs_its_importers_nothing),
        TEST(test_what_is_right_in_a_wrong_program_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
