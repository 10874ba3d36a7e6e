/* SPDX-License-Identifier: MIT */
/* Imports of texts, data and values: what is recorded of them, and what a change of one reaches. */
#include "sample_project.h"

#include <errno.h>
#include <unistd.h>

static SampleProject *with_inputs(void **state)
{
    SampleProject *project = *state;
    project->searches = project->inputs = true;
    return project;
}

static void expect(SampleProject *project, const char *reported)
{
    scratch_settle(&project->scratch);
    project->values_asked = 0;
    assert_int_equal(sample_project_discover(project), 0);
    assert_string_equal(project->reported.data, reported);
}

static ImportRole role_of(const SampleProject *project, const char *path)
{
    return file_hash_cache_role(&project->cache,
                                file_hash_cache_find(&project->cache, slice_from(path)));
}

/* main reads a text, which reads another and asks for MODE; b is a source and reads data. */
static void write_sources(SampleProject *project)
{
    const Scratch *scratch = &project->scratch;
    scratch_write(scratch, "main.mini", "import \"b.mini\" as b;\n import \"t.mini\" as t;\n");
    scratch_write(scratch, "b.mini", "  import \"d\" as d;\n");
    scratch_write(scratch, "t.mini", " import \"u.mini\" as u;\n   import \"MODE\" as m;\n");
    scratch_write(scratch, "u.mini", "");
    scratch_write(scratch, "d", "import \"no.mini\" as nobody;");
    project->values[0][0] = "MODE";
    project->values[0][1] = "secret word";
}

static void the_strongest_role_counts_and_data_is_not_scanned(void **state)
{
    SampleProject *project = with_inputs(state);
    write_sources(project);
    expect(project, "added b.mini\nadded d\nadded main.mini\nadded t.mini\nadded u.mini\n");
    assert_int_equal(role_of(project, "b.mini"), IMPORT_SOURCE);
    assert_int_equal(role_of(project, "t.mini"), IMPORT_TEXT);
    assert_int_equal(role_of(project, "u.mini"), IMPORT_TEXT);
    assert_int_equal(role_of(project, "d"), IMPORT_DATA);
    uint32_t main_file = file_hash_cache_find(&project->cache, slice_from("main.mini"));
    assert_int_equal(file_hash_cache_targets(&project->cache, main_file), 1);

    scratch_write(&project->scratch, "b.mini", "import \"u.mini\" as u;\n");
    expect(project, "removed d\nchanged b.mini\nsame main.mini\nsame t.mini\nrole u.mini\n");
    assert_int_equal(role_of(project, "u.mini"), IMPORT_SOURCE);
}

static void a_change_reaches_the_sources_that_read_it(void **state)
{
    SampleProject *project = with_inputs(state);
    write_sources(project);
    expect(project, "added b.mini\nadded d\nadded main.mini\nadded t.mini\nadded u.mini\n");
    scratch_write(&project->scratch, "u.mini", "const x = 1;\n");
    expect(project, "same b.mini\nsame d\ninput main.mini\nsame t.mini\nchanged u.mini\n");
    assert_int_equal(project->found.files_hashed, 1);
    scratch_write(&project->scratch, "d", "other data");
    expect(project, "input b.mini\nchanged d\nsame main.mini\nsame t.mini\nsame u.mini\n");
}

static void a_value_is_asked_for_once_and_never_stored(void **state)
{
    SampleProject *project = with_inputs(state);
    write_sources(project);
    expect(project, "added b.mini\nadded d\nadded main.mini\nadded t.mini\nadded u.mini\n");
    Hash128 before = file_hash_cache_combined(&project->cache, (Hash128){0, 0});
    Slice image = image_slice(&project->cache.image);
    for (size_t i = 0; i + 6 <= image.size; i++)
        assert_memory_not_equal(image.data + i, "secret", 6);
    expect(project, "same b.mini\nsame d\nsame main.mini\nsame t.mini\nsame u.mini\n");
    assert_int_equal(project->values_asked, 1);
    assert_int_equal(project->found.files_hashed, 0);
    assert_int_equal(project->found.change_count, 0);
    assert_true(hash_equal(before, file_hash_cache_combined(&project->cache, (Hash128){0, 0})));

    for (int round = 0; round < 2; round++) { /* another value, and then none */
        project->values[0][round] = round == 0 ? "OTHER" : "";
        if (round == 1) {
            project->values[0][0] = "MODE";
            project->values[0][1] = "another word";
        }
        expect(project, "value MODE\n"
                        "same b.mini\nsame d\ninput main.mini\nsame t.mini\nsame u.mini\n");
        assert_int_equal(project->values_asked, 1);
        assert_int_equal(project->found.files_hashed, 0);
        assert_false(
            hash_equal(before, file_hash_cache_combined(&project->cache, (Hash128){0, 0})));
    }
}

static void texts_may_include_each_other(void **state)
{
    SampleProject *project = with_inputs(state);
    write_sources(project);
    scratch_write(&project->scratch, "u.mini", " import \"t.mini\" as t;\n");
    expect(project, "added b.mini\nadded d\nadded main.mini\nadded t.mini\nadded u.mini\n");
    scratch_write(&project->scratch, "t.mini", " import \"u.mini\" as u;\n");
    expect(project, "same b.mini\nsame d\ninput main.mini\nchanged t.mini\nsame u.mini\n");
    assert_int_equal(project->cache.value_count, 0);
}

/* The place that an optional one is looked for is asked for; its content counts no less. */
static void data_that_appears_and_goes(void **state)
{
    SampleProject *project = with_inputs(state);
    write_sources(project);
    scratch_write(&project->scratch, "b.mini", "  import \"maybe1\" as d;\n");
    expect(project, "added b.mini\nadded main.mini\nadded t.mini\nadded u.mini\n");
    scratch_write(&project->scratch, "inc/maybe1", "\0binary");
    expect(project, "redirected b.mini\nadded inc/maybe1\nsame main.mini\nsame t.mini\n"
                    "same u.mini\n");
    assert_int_equal(unlinkat(project->scratch.fd, "inc/maybe1", 0), 0);
    expect(project, "removed inc/maybe1\nredirected b.mini\nsame main.mini\nsame t.mini\n"
                    "same u.mini\n");
}

static void data_that_is_missing_is_a_wrong_import(void **state)
{
    SampleProject *project = with_inputs(state);
    write_sources(project);
    assert_int_equal(unlinkat(project->scratch.fd, "d", 0), 0);
    assert_int_equal(sample_project_discover(project), -EBADMSG);
    assert_int_equal(project->diagnostics.count, 1);
    assert_true(slice_equal(project->diagnostics.items[0].path, slice_from("b.mini")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_PROJECT(the_strongest_role_counts_and_data_is_not_scanned),
        CASE_WITH_PROJECT(a_change_reaches_the_sources_that_read_it),
        CASE_WITH_PROJECT(a_value_is_asked_for_once_and_never_stored),
        CASE_WITH_PROJECT(texts_may_include_each_other),
        CASE_WITH_PROJECT(data_that_appears_and_goes),
        CASE_WITH_PROJECT(data_that_is_missing_is_a_wrong_import),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
