/* SPDX-License-Identifier: MIT */
/* Programs without an entry point, and programs that are a list of files. */
#include "line_sample.h"

#include <unistd.h>

static void write_library(const LineProject *project)
{
    const Scratch *scratch = &project->scratch;
    scratch_write(scratch, "main.line", "import \"types.line\" as types\n"
                                        "unit first(a $types.box) x\n");
    scratch_write(scratch, "types.line", "unit box(w h)\n");
    scratch_write(scratch, "b/second.line", "import \"../types.line\" as types\n"
                                            "unit second(a $types.box) y\n");
    scratch_write(scratch, "third.line", "unit third z\n");
}

static const char *const others[] = {"./third.line", "b/second.line", "third.line", "main.line"};

static LineRequest library(size_t more)
{
    return (LineRequest){.is_library = true, .more_entries = others, .more_entry_count = more};
}

static void expect(LineProject *project, LineRequest request, const char *dirty, unsigned emitted)
{
    LineRun run = line_build(project, request);
    assert_string_equal(run.dirty.data, dirty);
    assert_int_equal(run.counts.functions_emitted, emitted);
    line_run_free(&run);
}

static void a_library_needs_no_entry_point(void **state)
{
    LineProject *project = *state;
    write_library(project);
    LineRun run = line_project_build(project, (LineRequest){0});
    assert_int_equal(run.status, BUILD_PROGRAM_WRONG);
    assert_string_equal(run.diagnostics.data,
                        "main.line:1:1: error: the entry file has no unit 'main'\n");
    line_run_free(&run);
    line_project_clean(project);
    expect(project, library(0), "main.line\ntypes.line\n", 1);
    expect(project, library(0), "", 0);
    scratch_write(&project->scratch, "main.line", "unit main x\n"); /* a name as any other */
    expect(project, library(0), "main.line\n", 1);
    assert_string_equal(line_output_section(&project->output, "main.line"),
                        "main.line:main() x\n");
}

static void a_program_is_all_that_its_list_reaches(void **state)
{
    LineProject *project = *state;
    write_library(project);
    scratch_settle(&project->scratch);
    expect(project, library(4), "b/second.line\nmain.line\nthird.line\ntypes.line\n", 3);
    LineRun run = line_build(project, library(4));
    assert_true(run.is_unchanged);
    assert_int_equal(run.counts.files_stat, 4);
    assert_int_equal(run.counts.files_hashed, 0);
    assert_int_equal(run.counts.bytes_written, 0);
    line_run_free(&run);
    line_edit(project, "types.line", "w h", "w h d");
    expect(project, library(4), "b/second.line\nmain.line\ntypes.line\n", 2);
}

static void the_list_grows_and_shrinks(void **state)
{
    LineProject *project = *state;
    write_library(project);
    expect(project, library(0), "main.line\ntypes.line\n", 1);
    expect(project, library(2), "b/second.line\nthird.line\n", 2);
    LineRun run = line_build(project, library(1));
    assert_int_equal(run.counts.files_removed, 1);
    assert_int_equal(run.counts.functions_emitted, 0);
    line_run_free(&run);
    expect(project, library(2), "b/second.line\n", 0); /* cached */
}

/* A file of the program becomes an entry: nothing is to be done, and the next build knows it. */
static void the_list_alone_is_no_change_of_the_program(void **state)
{
    static const char *const types[] = {"types.line"};
    LineProject *project = *state;
    write_library(project);
    scratch_settle(&project->scratch);
    expect(project, library(0), "main.line\ntypes.line\n", 1);
    LineRequest request = {.is_library = true, .more_entries = types, .more_entry_count = 1};
    LineRun run = line_build(project, request);
    assert_true(run.is_unchanged);
    assert_int_not_equal(run.counts.bytes_written, 0);
    line_run_free(&run);
    run = line_build(project, request);
    assert_int_equal(run.counts.bytes_written, 0);
    line_run_free(&run);
    scratch_write(&project->scratch, "main.line", "unit alone x\n");
    expect(project, request, "main.line\n", 1);
    assert_string_equal(line_output_section(&project->output, "types.line"), "");
}

static void expect_misused(LineProject *project, const char *path, const char *shown)
{
    LineRequest request = {.is_library = true, .more_entries = &path, .more_entry_count = 1};
    LineRun run = line_project_build(project, request);
    assert_int_equal(run.status, BUILD_MISUSED);
    assert_string_equal(run.failure.what, "cannot read the entry file");
    assert_string_equal(run.failure.path, shown);
    line_run_free(&run);
}

static void a_list_that_names_no_file_is_misuse(void **state)
{
    LineProject *project = *state;
    write_library(project);
    expect_misused(project, "b/no.line", "b/no.line");
    expect_misused(project, "./b", "b");
    expect_misused(project, "b/", "b/");
    expect_misused(project, "", "");
    expect(project, library(2), "b/second.line\nmain.line\nthird.line\ntypes.line\n", 3);
    assert_int_equal(unlinkat(project->scratch.fd, "third.line", 0), 0);
    expect_misused(project, "third.line", "third.line");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_SAMPLE(a_library_needs_no_entry_point),
        CASE_WITH_SAMPLE(a_program_is_all_that_its_list_reaches),
        CASE_WITH_SAMPLE(the_list_grows_and_shrinks),
        CASE_WITH_SAMPLE(the_list_alone_is_no_change_of_the_program),
        CASE_WITH_SAMPLE(a_list_that_names_no_file_is_misuse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
