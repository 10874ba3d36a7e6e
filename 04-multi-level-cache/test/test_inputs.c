/* SPDX-License-Identifier: MIT */
/* Lowering that sees other files, and inputs that are no sources: what is lowered and emitted after
 * which edit, what is reported, and what is refused. */
#include "build_drop.h"
#include "include_language.h"
#include "line_project.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct Sample {
    LineProject project;
    IncludeLanguage language;
    Compiler compiler;
} Sample;

/* main includes a.h, which includes b.h; lib embeds data and asks for MODE; other uses none. */
static void write_program(const Sample *sample)
{
    const Scratch *scratch = &sample->project.scratch;
    scratch_write(scratch, "main.tree", "import \"lib.tree\" as lib\n"
                                        "import \"other.tree\" as other\n"
                                        "include \"a.h\"\n"
                                        "fn main = (print %WORD $lib.get $other.x)\n"
                                        "fn apart = (nothing)\n");
    scratch_write(scratch, "near/a.h", "warn of a\ninclude \"b.h\"\nifdef NEVER\n"
                                       "include \"c.h\"\nendif\n");
    scratch_write(scratch, "near/b.h", "define WORD hello\nwarn of b\n");
    scratch_write(scratch, "near/c.h", "define WORD never\n");
    scratch_write(scratch, "lib.tree", "env MODE\nembed table \"table.bin\"\n"
                                       "fn get = (in %MODE)\nfn size = (of table)\n");
    scratch_write(scratch, "table.bin", "some bytes");
    scratch_write(scratch, "other.tree", "fn x = (y)\n");
}

static int setup(void **state)
{
    Sample *sample = calloc(1, sizeof *sample);
    line_project_open(&sample->project);
    sample->language.values[0][0] = "MODE";
    sample->language.values[0][1] = "debug";
    sample->compiler = include_language(&sample->language);
    write_program(sample);
    *state = sample;
    return 0;
}

static int teardown(void **state)
{
    Sample *sample = *state;
    line_project_close(&sample->project);
    free(sample);
    return 0;
}

static LineRequest request_of(Sample *sample)
{
    return (LineRequest){.entry = "main.tree", .compiler = &sample->compiler};
}

/* Builds, compares with a clean build, and returns the run of the first. */
static LineRun build(Sample *sample)
{
    LineOutput clean = {0};
    LineRun run = line_project_build(&sample->project, request_of(sample));
    LineRun plain = line_project_build_clean(&sample->project, request_of(sample), &clean);
    assert_string_equal(run.diagnostics.data, plain.diagnostics.data);
    assert_int_equal(run.status, plain.status);
    if (run.status == BUILD_OK)
        assert_true(line_output_equal(&sample->project.output, &clean));
    line_output_free(&clean);
    line_run_free(&plain);
    return run;
}

static void expect(Sample *sample, unsigned lowered, unsigned emitted)
{
    LineRun run = build(sample);
    assert_int_equal(run.status, BUILD_OK);
    assert_int_equal(run.counts.files_lowered, lowered);
    assert_int_equal(run.counts.functions_emitted, emitted);
    line_run_free(&run);
}

static void edit(const Sample *sample, const char *path, const char *text)
{
    scratch_write(&sample->project.scratch, path, text);
}

static void expect_section(const Sample *sample, const char *path, const char *text)
{
    assert_string_equal(line_output_section(&sample->project.output, path), text);
}

/* ---- what is lowered ------------------------------------------------------------------------- */

static void an_edit_of_a_text_lowers_its_includers_again(void **state)
{
    Sample *sample = *state;
    expect(sample, 3, 5);
    expect_section(sample, "near/b.h", "");
    edit(sample, "near/b.h", "define WORD goodbye\nwarn of b\n");
    expect(sample, 1, 1); /* not `apart` */
    expect_section(sample, "main.tree",
                   "main.tree[]:main{} = (print goodbye lib.tree[]:get{} other.tree[]:x{})\n"
                   "main.tree[]:apart{} = (nothing)\n");
    edit(sample, "near/b.h", "define WORD hello\nwarn of b\n");
    expect(sample, 0, 0); /* switched back */
    edit(sample, "near/b.h", "define WORD hello\n# the same\nwarn of b\n");
    expect(sample, 1, 0); /* its warning is elsewhere */
}

static void what_is_left_out_is_not_asked_for(void **state)
{
    Sample *sample = *state;
    expect(sample, 3, 5);
    edit(sample, "near/c.h", "define WORD other\n");
    LineRun run = build(sample);
    assert_non_null(strstr(run.decisions.data, "input main.tree\n"));
    assert_non_null(strstr(run.decisions.data, "ir-cached main.tree\n"));
    assert_int_equal(run.counts.files_lowered, 0);
    assert_int_equal(run.counts.files_hashed, 1); /* main was not read */
    line_run_free(&run);
}

static void data_and_values_reach_who_used_them(void **state)
{
    Sample *sample = *state;
    expect(sample, 3, 5);
    edit(sample, "table.bin", "other bytes");
    expect(sample, 1, 3); /* all that sees the interface of lib: main's too */
    sample->language.values[0][1] = "release";
    LineRun run = build(sample);
    assert_non_null(strstr(run.decisions.data, "value MODE\n"));
    assert_non_null(strstr(run.decisions.data, "input lib.tree\n"));
    assert_int_equal(run.counts.files_lowered, 1);
    assert_int_equal(run.counts.functions_emitted, 1);
    assert_int_equal(run.counts.files_hashed, 0);
    line_run_free(&run);
    sample->language.values[0][1] = NULL;
    expect(sample, 1, 1);
    sample->language.values[0][1] = "debug";
    expect(sample, 0, 0);
}

/* The near one hides it; the far one is as it was. */
static void a_text_that_moves_is_followed(void **state)
{
    Sample *sample = *state;
    expect(sample, 3, 5);
    edit(sample, "far/b.h", "define WORD far\n");
    expect(sample, 0, 0);
    assert_int_equal(unlinkat(sample->project.scratch.fd, "near/b.h", 0), 0);
    expect(sample, 1, 1);
    edit(sample, "near/b.h", "define WORD hello\nwarn of b\n");
    expect(sample, 0, 0);
}

static void a_text_may_become_a_source(void **state)
{
    Sample *sample = *state;
    expect(sample, 3, 5);
    edit(sample, "near/b.h", "fn in_text = (a)\n");
    expect(sample, 1, 3);
    edit(sample, "other.tree", "import \"near/b.h\" as b\nfn x = (y $b.in_text)\n");
    expect(sample, 2, 2); /* other, and b itself */
    expect_section(sample, "near/b.h", "near/b.h[]:in_text{} = (a)\n");
    edit(sample, "other.tree", "fn x = (y)\n");
    expect(sample, 0, 0);
    expect_section(sample, "near/b.h", "");
}

static void warnings_point_into_texts_and_are_reported_again(void **state)
{
    Sample *sample = *state;
    for (int i = 0; i < 3; i++) {
        LineRun run = build(sample);
        assert_string_equal(run.diagnostics.data, "near/a.h:1:1: warning: of a\n"
                                                  "near/b.h:2:1: warning: of b\n");
        line_run_free(&run);
        if (i == 1)
            edit(sample, "other.tree", "fn x = (z)\n");
    }
}

static void texts_that_include_each_other_without_end_are_an_error(void **state)
{
    Sample *sample = *state;
    expect(sample, 3, 5);
    edit(sample, "near/b.h", "include \"a.h\"\n");
    LineRun run = build(sample);
    assert_int_equal(run.status, BUILD_PROGRAM_WRONG);
    assert_non_null(strstr(run.diagnostics.data, "error: includes too much\n"));
    line_run_free(&run);
    edit(sample, "near/b.h", "define WORD hello\nwarn of b\n");
    expect(sample, 0, 0);
}

static void a_missing_text_is_a_wrong_import(void **state)
{
    Sample *sample = *state;
    assert_int_equal(unlinkat(sample->project.scratch.fd, "near/b.h", 0), 0);
    LineRun run = build(sample);
    assert_int_equal(run.status, BUILD_PROGRAM_WRONG);
    assert_string_equal(run.diagnostics.data,
                        "near/a.h:1:1: warning: of a\n"
                        "near/a.h:2:1: error: cannot import \"b.h\": there is no such file\n");
    line_run_free(&run);
    edit(sample, "near/b.h", "define WORD hello\nwarn of b\n");
    expect(sample, 1, 2);
}

/* ---- other builds ---------------------------------------------------------------------------- */

static void without_a_change_nothing_is_read_and_each_value_asked_once(void **state)
{
    Sample *sample = *state;
    edit(sample, "other.tree", "env MODE\nfn x = (y)\n");
    scratch_settle(&sample->project.scratch);
    LineRun run = line_project_build(&sample->project, request_of(sample));
    line_run_free(&run);
    sample->language.values_asked = sample->language.lowered = 0;
    run = line_project_build(&sample->project, request_of(sample));
    assert_true(run.is_unchanged);
    assert_int_equal(run.counts.files_hashed, 0);
    assert_int_equal(run.counts.values_asked, 1);
    assert_int_equal(sample->language.values_asked, 1);
    assert_int_equal(sample->language.lowered, 0);
    line_run_free(&run);
}

static void a_forced_build_uses_no_list(void **state)
{
    Sample *sample = *state;
    expect(sample, 3, 5);
    LineRequest request = request_of(sample);
    request.force = true;
    LineRun run = line_project_build(&sample->project, request);
    assert_int_equal(run.counts.files_lowered, 3);
    line_run_free(&run);
    expect(sample, 0, 0);
}

static void other_settings_begin_with_what_is_lowered(void **state)
{
    Sample *sample = *state;
    expect(sample, 3, 5);
    sample->compiler.settings = hash_bytes(slice_from("fast"));
    sample->language.values[0][1] = "release";
    expect(sample, 1, 5);
    sample->compiler.settings = (Hash128){0, 0};
    expect(sample, 0, 1);
}

static void the_collection_knows_the_lists(void **state)
{
    Sample *sample = *state;
    UsedObjects used;
    expect(sample, 3, 5);
    edit(sample, "near/b.h", "define WORD goodbye\n");
    expect(sample, 1, 1);
    line_project_used(&sample->project, &used);
    /* Three contents of sources; the lists of main and of lib, which lead to two and to one. */
    assert_int_equal(used.zir.count, 3 + 2 + 2 + 1);
    used_objects_free(&used);
}

static void verifying_knows_another_value_from_a_wrong_record(void **state)
{
    Sample *sample = *state;
    expect(sample, 3, 5);
    ByteBuffer found = line_project_verify(&sample->project, request_of(sample), NULL);
    assert_string_equal(found.data, "");
    buffer_free(&found);
    sample->language.values[0][1] = "release";
    found = line_project_verify(&sample->project, request_of(sample), NULL);
    assert_string_equal(found.data, "MODE: has another value than in the last build\n");
    buffer_free(&found);
}

/* What is damaged is a miss: of lists, of lowered forms, of outputs. */
static void damaged_objects_are_made_again(void **state)
{
    Sample *sample = *state;
    char path[512];
    for (unsigned i = 0; i < 40; i++) {
        edit(sample, "near/b.h", i % 2 == 0 ? "define WORD one\n" : "define WORD two\n");
        LineRun run = build(sample);
        assert_int_equal(run.status, BUILD_OK);
        line_run_free(&run);
        snprintf(path, sizeof path, "%s/cache/zir.pack", sample->project.scratch.path);
        FILE *pack = fopen(path, "r+b");
        assert_non_null(pack);
        fseek(pack, 0, SEEK_END);
        fseek(pack, 32 + (long)i * (ftell(pack) - 32) / 40, SEEK_SET);
        int byte = fgetc(pack);
        fseek(pack, -1, SEEK_CUR);
        fputc(byte ^ 0x10, pack);
        fclose(pack);
    }
}

static void what_is_dropped_of_an_includer_is_made_again(void **state)
{
    Sample *sample = *state;
    LineSteps steps;
    DropCounts dropped;
    expect(sample, 3, 5);
    assert_int_equal(line_steps_open(&steps, &sample->project, request_of(sample)), BUILD_OK);
    assert_int_equal(build_plan(steps.build), BUILD_OK);
    uint32_t section = 0, header = 0;
    for (uint32_t i = 0; i < 7; i++) {
        if (slice_equal(build_section_path(steps.build, i), slice_from("main.tree")))
            section = i;
        if (slice_equal(build_section_path(steps.build, i), slice_from("near/a.h")))
            header = i;
    }
    assert_int_equal(build_drop(steps.build, header, (Slice){"", 0}, &dropped), BUILD_OK);
    assert_int_equal(dropped.lowered + dropped.outputs, 0);
    assert_int_equal(build_drop(steps.build, section, (Slice){"", 0}, &dropped), BUILD_OK);
    assert_int_equal(dropped.lowered, 1);
    assert_int_equal(dropped.outputs, 2);
    build_close(steps.build);
    expect(sample, 1, 2);
}

/* ---- what is refused ------------------------------------------------------------------------- */

static void expect_refused(Sample *sample, IncludeMistake mistake, const char *diagnostics)
{
    line_project_clean(&sample->project);
    sample->language.mistake = mistake;
    LineRun run = line_project_build(&sample->project, request_of(sample));
    assert_int_equal(run.status, BUILD_PROGRAM_WRONG);
    if (strstr(run.diagnostics.data, diagnostics) == NULL)
        fail_msg("no '%s' in: %s", diagnostics, run.diagnostics.data);
    line_run_free(&run);
}

static void what_the_scan_did_not_find_is_refused(void **state)
{
    Sample *sample = *state;
    expect_refused(sample, INCLUDE_SCANS_NO_EMBED,
                   "lib.tree:1:1: error: asks for 'table.bin', which scan_imports did not find\n");
    expect_refused(sample, INCLUDE_SCANS_NO_ENV, "lib.tree:1:1: error: asks for the value 'MODE', "
                                                 "which scan_imports did not find\n");
    expect_refused(sample, INCLUDE_ASKS_FROM_SELF,
                   "main.tree:1:1: error: asks for 'b.h', which scan_imports did not find\n");
}

static void a_value_that_changes_while_it_is_used_fails_the_build(void **state)
{
    Sample *sample = *state;
    sample->language.mistake = INCLUDE_VALUE_CHANGES;
    LineRun run = line_project_build(&sample->project, request_of(sample));
    assert_int_equal(run.status, BUILD_MACHINE_FAILED);
    assert_string_equal(run.failure.path, "MODE");
    assert_string_equal(run.failure.what, "the value was changed while it was used");
    line_run_free(&run);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_edit_of_a_text_lowers_its_includers_again),
        CASE(what_is_left_out_is_not_asked_for),
        CASE(data_and_values_reach_who_used_them),
        CASE(a_text_that_moves_is_followed),
        CASE(a_text_may_become_a_source),
        CASE(warnings_point_into_texts_and_are_reported_again),
        CASE(texts_that_include_each_other_without_end_are_an_error),
        CASE(a_missing_text_is_a_wrong_import),
        CASE(without_a_change_nothing_is_read_and_each_value_asked_once),
        CASE(a_forced_build_uses_no_list),
        CASE(other_settings_begin_with_what_is_lowered),
        CASE(the_collection_knows_the_lists),
        CASE(verifying_knows_another_value_from_a_wrong_record),
        CASE(damaged_objects_are_made_again),
        CASE(what_is_dropped_of_an_includer_is_made_again),
        CASE(what_the_scan_did_not_find_is_refused),
        CASE(a_value_that_changes_while_it_is_used_fails_the_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
