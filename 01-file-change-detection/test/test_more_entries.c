/* SPDX-License-Identifier: MIT */
/* A program that is a list of files: all that its entries reach. */
#include "sample_project.h"

#include <errno.h>
#include <unistd.h>

/* What is reported, with these further entries. */
static void expect(SampleProject *project, const Slice *more, uint32_t count, const char *reported)
{
    project->more_entries = more;
    project->more_entry_count = count;
    assert_int_equal(sample_project_discover(project), 0);
    assert_string_equal(project->reported.data, reported);
}

static void write_sources(SampleProject *project)
{
    scratch_write(&project->scratch, "main.mini", "import \"shared.mini\" as s;\n");
    scratch_write(&project->scratch, "b.mini", "import \"lib/a.mini\" as a;\n");
    scratch_write(&project->scratch, "lib/a.mini", "");
    scratch_write(&project->scratch, "z.mini", "");
    scratch_settle(&project->scratch);
}

static void a_program_is_what_all_entries_reach(void **state)
{
    SampleProject *project = *state;
    const Slice more[] = {slice_from("b.mini"), slice_from("shared.mini"), slice_from("z.mini")};
    write_sources(project);
    expect(project, more, 3, "added b.mini\nadded lib/a.mini\nadded main.mini\nadded shared.mini\n"
                             "added z.mini\n");
    assert_true(slice_equal(project->cache.entry, slice_from("main.mini")));
    expect(project, more, 3, "same b.mini\nsame lib/a.mini\nsame main.mini\nsame shared.mini\n"
                             "same z.mini\n");
    assert_int_equal(project->found.files_stat, 5);
    assert_int_equal(project->found.files_hashed, 0);
}

static void an_entry_comes_and_goes_as_an_import_does(void **state)
{
    SampleProject *project = *state;
    const Slice more[] = {slice_from("b.mini"), slice_from("lib/a.mini"), slice_from("z.mini")};
    write_sources(project);
    expect(project, NULL, 0, "added main.mini\nadded shared.mini\n");
    expect(project, more, 1, "added b.mini\nadded lib/a.mini\nsame main.mini\nsame shared.mini\n");
    assert_int_equal(project->found.files_hashed, 2);
    expect(project, more, 3, "same b.mini\nsame lib/a.mini\nsame main.mini\nsame shared.mini\n"
                             "added z.mini\n");
    expect(project, more + 1, 1, "removed b.mini\nremoved z.mini\nsame lib/a.mini\nsame main.mini\n"
                                 "same shared.mini\n");
    expect(project, NULL, 0, "removed lib/a.mini\nsame main.mini\nsame shared.mini\n");
}

/* The same files: only the list is another. */
static void an_imported_file_may_become_an_entry(void **state)
{
    SampleProject *project = *state;
    const Slice more[] = {slice_from("shared.mini")};
    write_sources(project);
    expect(project, NULL, 0, "added main.mini\nadded shared.mini\n");
    expect(project, more, 1, "same main.mini\nsame shared.mini\n");
    assert_false(project->found.renumbered);
    assert_true(image_is_changed(&project->cache.image));
    scratch_write(&project->scratch, "main.mini", "");
    expect(project, more, 1, "changed main.mini\nsame shared.mini\n");
}

static void a_missing_entry_is_a_failure(void **state)
{
    SampleProject *project = *state;
    const Slice more[] = {slice_from("lib/a.mini"), slice_from("z.mini")};
    write_sources(project);
    project->more_entries = more;
    project->more_entry_count = 2;
    assert_int_equal(sample_project_discover(project), 0);
    assert_int_equal(unlinkat(project->scratch.fd, "z.mini", 0), 0);
    for (int cold = 0; cold < 2; cold++) {
        assert_int_equal(sample_project_discover(project), -ENOENT);
        assert_string_equal(project->found.error_path, "z.mini");
        file_hash_cache_close(&project->cache);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_PROJECT(a_program_is_what_all_entries_reach),
        CASE_WITH_PROJECT(an_entry_comes_and_goes_as_an_import_does),
        CASE_WITH_PROJECT(an_imported_file_may_become_an_entry),
        CASE_WITH_PROJECT(a_missing_entry_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
