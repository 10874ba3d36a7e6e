/* SPDX-License-Identifier: MIT */
/* An incremental build reports all warnings of the program, as a clean one does, for as little work
 * as without them. */
#include "build_drop.h"
#include "line_language.h"
#include "line_sample.h"

#include <stdlib.h>
#include <unistd.h>

/* What the sample below has to say, in the order of a clean build. */
static const char all_warnings[] =
    "lib/lib.line:2:1: warning: to do: 'tidy' [todo]\n"
    "types.line:1:1: note: in this file\n"
    "lib/lib.line:3:6: warning: 'types.line:box' is old [old]\n"
    "types.line:1:6: note: 'box' is this one\n"
    "main.line:3:12: warning: a body with a '?'\n"
    "other.line:1:1: warning: to do: 'nothing' [todo]\n";

static int warned_setup(void **state)
{
    LineProject *project = malloc(sizeof *project);
    assert_non_null(project);
    line_project_open(project);
    scratch_write(&project->scratch, "main.line", "import \"lib/lib.line\" as lib\n"
                                                  "import \"other.line\" as other\n"
                                                  "unit main $lib.area ?\n"
                                                  "unit alone $other.use\n");
    scratch_write(&project->scratch, "lib/lib.line", "import \"../types.line\" as types\n"
                                                     "todo in \"../types.line\" tidy\n"
                                                     "unit area(a $types.box) multiplied\n"
                                                     "unit count(n) counted\n");
    scratch_write(&project->scratch, "other.line", "todo nothing\n"
                                                   "unit use used\n");
    scratch_write(&project->scratch, "types.line", "unit box(!width height)\n"
                                                   "unit point(x y)\n");
    *state = project;
    return 0;
}

/* The same from an incremental build as from a clean one. */
static void expect(LineProject *project, LineRequest request, BuildStatus status,
                   const char *diagnostics)
{
    LineOutput output = {0};
    LineRun run = line_project_build(project, request);
    LineRun clean = line_project_build_clean(project, request, &output);
    assert_string_equal(run.diagnostics.data, diagnostics);
    assert_string_equal(clean.diagnostics.data, diagnostics);
    assert_int_equal(run.status, status);
    assert_int_equal(clean.status, status);
    line_run_free(&run);
    line_run_free(&clean);
    line_output_free(&output);
}

static void expect_warnings(LineProject *project, const char *warnings)
{
    expect(project, (LineRequest){0}, BUILD_OK, warnings);
}

/* Builds; all warnings are those of a clean build, and this is what it cost. */
static void expect_work(LineProject *project, unsigned lowered, unsigned emitted,
                        const char *dirty)
{
    LineOutput output = {0};
    LineRun run = line_project_build(project, (LineRequest){0});
    LineRun clean = line_project_build_clean(project, (LineRequest){0}, &output);
    assert_int_equal(run.status, BUILD_OK);
    assert_true(strstr(run.diagnostics.data, "warning") != NULL);
    assert_string_equal(run.diagnostics.data, clean.diagnostics.data);
    assert_true(line_output_equal(&project->output, &output));
    assert_int_equal(run.counts.files_lowered, lowered);
    assert_int_equal(run.counts.functions_emitted, emitted);
    assert_string_equal(run.dirty.data, dirty);
    line_run_free(&run);
    line_run_free(&clean);
    line_output_free(&output);
}

static void remove_matching(const LineProject *project, const char *part)
{
    FileList list = scratch_list(&project->scratch, "cache");
    for (unsigned i = 0; i < list.count; i++)
        if (strstr(list.paths[i], part) != NULL)
            assert_int_equal(unlinkat(project->scratch.fd, list.paths[i], 0), 0);
}

static void remove_packs(const LineProject *project)
{
    remove_matching(project, "zir.pack");
    remove_matching(project, "air.pack");
}

static void expect_verified(const LineProject *project)
{
    ByteBuffer differences = line_project_verify(project, (LineRequest){0}, NULL);
    assert_string_equal(differences.data, "");
    buffer_free(&differences);
}

/* ---- what is reported, and for how much ---------------------------------------------------- */

static void test_all_are_reported_when_nothing_changed(void **state)
{
    LineProject *project = *state;
    for (int i = 0; i < 3; i++)
        expect_warnings(project, all_warnings);
    LineRun run = line_project_build(project, (LineRequest){0});
    assert_true(run.is_unchanged);
    assert_int_equal(run.counts.files_hashed + run.counts.files_lowered, 0);
    assert_int_equal(run.counts.functions_emitted, 0);
    assert_int_equal(run.counts.functions_cached, 5);
    assert_int_equal(run.counts.bytes_written, 0);
    line_run_free(&run);
}

static void test_all_are_reported_when_one_file_changed(void **state)
{
    LineProject *project = *state;
    expect_warnings(project, all_warnings);
    line_edit(project, "lib/lib.line", "counted", "counted twice");
    expect_work(project, 1, 1, "lib/lib.line\n");
    line_edit(project, "other.line", "used", "used twice");
    expect_work(project, 1, 1, "other.line\n");
}

static void test_what_moved_is_reported_where_it_is(void **state)
{
    LineProject *project = *state;
    expect_warnings(project, all_warnings);
    line_edit(project, "main.line", "unit main", "# a comment\n\nunit main");
    expect_work(project, 1, 0, "");
    line_edit(project, "other.line", "todo", "#\ntodo");
    expect_work(project, 1, 0, "");
    line_edit(project, "types.line", "unit box", "#\nunit box"); /* where a note points to */
    expect_work(project, 1, 0, "");
    LineRun run = line_project_build(project, (LineRequest){0});
    assert_non_null(strstr(run.diagnostics.data, "main.line:5:12: warning"));
    assert_non_null(strstr(run.diagnostics.data, "other.line:2:1: warning"));
    assert_non_null(strstr(run.diagnostics.data, "types.line:2:6: note: 'box' is this one"));
    line_run_free(&run);
}

static void test_they_come_and_go(void **state)
{
    LineProject *project = *state;
    expect_warnings(project, all_warnings);
    line_edit(project, "main.line", " ?", "");
    line_edit(project, "other.line", "todo nothing\n", "");
    expect_work(project, 2, 1, "main.line\n");
    line_edit(project, "types.line", "!width", "width"); /* types, lib and main have new text */
    expect_work(project, 1, 2, "lib/lib.line\nmain.line\ntypes.line\n");
    line_edit(project, "lib/lib.line", "todo in \"../types.line\" tidy\n", "");
    expect_warnings(project, "");
    expect_verified(project);
    remove_packs(project); /* nothing would be opened for warnings any more */
    expect_warnings(project, "");
    line_edit(project, "main.line", "unit main", "todo it\nunit main");
    expect_warnings(project, "main.line:3:1: warning: to do: 'it' [todo]\n");
    expect_warnings(project, "main.line:3:1: warning: to do: 'it' [todo]\n");
}

static void test_an_undone_edit_brings_them_back(void **state)
{
    LineProject *project = *state;
    expect_warnings(project, all_warnings);
    line_edit(project, "main.line", " ?", " !");
    line_edit(project, "other.line", "todo nothing", "# todo nothing");
    expect_work(project, 2, 1, "main.line\n");
    line_edit(project, "main.line", " !", " ?");
    line_edit(project, "other.line", "# todo nothing", "todo nothing");
    expect_work(project, 0, 0, "main.line\n");
    expect_warnings(project, all_warnings);
}

static void test_files_with_equal_bytes_have_warnings_of_their_own(void **state)
{
    LineProject *project = *state;
    static const char text[] = "import \"x.line\" as x\ntodo in \"x.line\" this\nunit a $x.x\n";
    scratch_write(&project->scratch, "main.line", "import \"a/a.line\" as a\n"
                                                  "import \"b/a.line\" as b\n"
                                                  "unit main $a.a $b.a\n");
    scratch_write(&project->scratch, "a/a.line", text);
    scratch_write(&project->scratch, "b/a.line", text);
    scratch_write(&project->scratch, "a/x.line", "unit x x\n");
    scratch_write(&project->scratch, "b/x.line", "unit x y\n");
    for (int i = 0; i < 2; i++)
        expect_warnings(project, "a/a.line:2:1: warning: to do: 'this' [todo]\n"
                                 "a/x.line:1:1: note: in this file\n"
                                 "b/a.line:2:1: warning: to do: 'this' [todo]\n"
                                 "b/x.line:1:1: note: in this file\n");
}

/* Without warnings a build in which nothing changed opens no table of units and no pack. */
static void test_without_warnings_nothing_more_is_opened(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    remove_packs(project);
    LineRun run = line_project_build(project, (LineRequest){0});
    assert_int_equal(run.status, BUILD_OK);
    assert_true(run.is_unchanged);
    assert_false(scratch_exists(&project->scratch, "cache/zir.pack"));
    line_run_free(&run);
}

/* ---- warnings as errors -------------------------------------------------------------------- */

static const LineRequest strict = {.warnings_are_errors = true};

static void expect_strict(LineProject *project)
{
    expect(project, strict, BUILD_PROGRAM_WRONG,
           "lib/lib.line:2:1: error: to do: 'tidy' [todo]\n"
           "types.line:1:1: note: in this file\n"
           "lib/lib.line:3:6: error: 'types.line:box' is old [old]\n"
           "types.line:1:6: note: 'box' is this one\n"
           "main.line:3:12: error: a body with a '?'\n"
           "other.line:1:1: error: to do: 'nothing' [todo]\n");
}

static void test_as_errors_they_fail_a_build_that_has_everything(void **state)
{
    LineProject *project = *state;
    expect_warnings(project, all_warnings);
    expect_strict(project);
    LineRun run = line_project_build(project, strict);
    assert_int_equal(run.counts.files_lowered + run.counts.functions_emitted, 0);
    line_run_free(&run);
    expect_strict(project);
    expect_warnings(project, all_warnings);
}

static void test_what_a_strict_build_made_is_kept(void **state)
{
    LineProject *project = *state;
    expect_strict(project);
    LineRun run = line_project_build(project, (LineRequest){0});
    assert_int_equal(run.status, BUILD_OK);
    assert_string_equal(run.diagnostics.data, all_warnings);
    assert_int_equal(run.counts.files_lowered + run.counts.functions_emitted, 0);
    line_run_free(&run);
}

static void test_without_warnings_a_strict_build_is_as_any(void **state)
{
    LineProject *project = *state;
    LineRun run = line_build(project, strict);
    assert_int_equal(run.counts.files_lowered, 4);
    line_run_free(&run);
    line_expect(project, 0, 0, "");
}

/* ---- beside errors ------------------------------------------------------------------------- */

static void test_warnings_are_reported_beside_errors(void **state)
{
    LineProject *project = *state;
    expect_warnings(project, all_warnings);
    line_edit(project, "other.line", "unit use", "nonsense\nunit use");
    line_edit(project, "main.line", " ?", " ? $gone");
    for (int i = 0; i < 2; i++)
        expect(project, (LineRequest){0}, BUILD_PROGRAM_WRONG,
               "lib/lib.line:2:1: warning: to do: 'tidy' [todo]\n"
               "types.line:1:1: note: in this file\n"
               "lib/lib.line:3:6: warning: 'types.line:box' is old [old]\n"
               "types.line:1:6: note: 'box' is this one\n"
               "main.line:3:6: error: unknown unit: 'gone'\n"
               "main.line:3:12: warning: a body with a '?'\n"
               "other.line:1:1: warning: to do: 'nothing' [todo]\n"
               "other.line:2:1: error: what is this line?: 'nonsense'\n");
}

/* They may follow from what the errors of another file hide. */
static void test_warnings_of_what_names_a_wrong_file_wait(void **state)
{
    LineProject *project = *state;
    expect_warnings(project, all_warnings);
    line_edit(project, "types.line", "unit point", "nonsense\nunit point");
    for (int i = 0; i < 2; i++)
        expect(project, (LineRequest){0}, BUILD_PROGRAM_WRONG,
               "lib/lib.line:2:1: warning: to do: 'tidy' [todo]\n"
               "types.line:1:1: note: in this file\n"
               "other.line:1:1: warning: to do: 'nothing' [todo]\n"
               "types.line:2:1: error: what is this line?: 'nonsense'\n");
    line_edit(project, "types.line", "nonsense\n", "");
    expect_work(project, 0, 0, "");
    expect_warnings(project, all_warnings);
}

/* ---- what is lost -------------------------------------------------------------------------- */

static void test_what_is_lost_is_made_again_with_its_warnings(void **state)
{
    LineProject *project = *state;
    expect_warnings(project, all_warnings);
    remove_packs(project);
    LineRun run = line_project_build(project, (LineRequest){0});
    assert_true(run.is_unchanged);
    assert_string_equal(run.diagnostics.data, all_warnings);
    assert_true(run.counts.files_lowered >= 2 && run.counts.functions_emitted >= 2);
    line_run_free(&run);
    run = line_project_build(project, (LineRequest){0}); /* it was kept */
    assert_string_equal(run.diagnostics.data, all_warnings);
    assert_int_equal(run.counts.files_lowered + run.counts.functions_emitted, 0);
    line_run_free(&run);
    ByteBuffer differences = line_project_verify(project, (LineRequest){0}, NULL);
    assert_null(strstr(differences.data, "wrong"));
    buffer_free(&differences);
}

static void drop(const LineProject *project, const char *path, const char *unit)
{
    LineSteps steps;
    DropCounts dropped;
    assert_int_equal(line_steps_open(&steps, project, (LineRequest){0}), BUILD_OK);
    assert_int_equal(build_discover(steps.build), BUILD_OK);
    uint32_t file = file_hash_cache_find(build_files(steps.build), slice_from(path));
    assert_int_equal(build_drop(steps.build, file, slice_from(unit), &dropped), BUILD_OK);
    build_close(steps.build);
}

static void test_what_was_dropped_is_made_again_with_its_warnings(void **state)
{
    LineProject *project = *state;
    expect_warnings(project, all_warnings);
    drop(project, "main.line", "main");
    expect_work(project, 0, 1, "main.line\n");
    drop(project, "lib/lib.line", "");
    expect_work(project, 1, 2, "lib/lib.line\n");
    expect_warnings(project, all_warnings);
}

static void test_a_lost_table_of_units_is_made_again(void **state)
{
    LineProject *project = *state;
    expect_warnings(project, all_warnings);
    remove_matching(project, ".units.");
    expect_warnings(project, all_warnings);
    expect_warnings(project, all_warnings);
}

static void test_verify_compares_them(void **state)
{
    LineProject *project = *state;
    expect_warnings(project, all_warnings);
    expect_verified(project);
}

/* ---- units that are emitted together ------------------------------------------------------- */

static void test_units_that_are_emitted_together_have_their_own(void **state)
{
    LineProject *project = *state;
    LineRequest together = {.together = true};
    expect(project, together, BUILD_OK, all_warnings);
    expect(project, together, BUILD_OK, all_warnings);
    expect_warnings(project, all_warnings);
    scratch_write(&project->scratch, "main.line", "import \"lib/lib.line\" as lib\n"
                                                  "import \"types.line\" as types\n"
                                                  "unit a one?\n"
                                                  "unit main $types.box ?\n"
                                                  "unit b $lib.count two?\n");
    line_edit(project, "types.line", "unit point", "nonsense\nunit point");
    expect(project, together, BUILD_PROGRAM_WRONG,
           "lib/lib.line:2:1: warning: to do: 'tidy' [todo]\n"
           "types.line:1:1: note: in this file\n"
           "main.line:3:9: warning: a body with a '?'\n"
           "main.line:5:15: warning: a body with a '?'\n"
           "types.line:2:1: error: what is this line?: 'nonsense'\n");
}

/* Says so of each unit that has company. */
static void emit_and_count(void *language, UnitEmission *units, size_t count, Arena *scratch)
{
    line_emit_file(language, units, count, scratch);
    for (size_t i = 0; i < count && count > 1; i++)
        diagnostics_add_plain(units[i].diagnostics, 1, 1, slice_from("not alone"))->severity =
            SEVERITY_WARNING;
}

static void test_a_warning_that_depends_on_company_is_named(void **state)
{
    LineProject *project = *state;
    Compiler compiler = line_language("");
    compiler.emit_file = emit_and_count;
    LineRun run = line_project_build(project, (LineRequest){.compiler = &compiler});
    assert_int_equal(run.status, BUILD_OK);
    line_run_free(&run);
    ByteBuffer found =
        line_project_verify(project, (LineRequest){.compiler = &compiler}, NULL);
    assert_string_equal(found.data,
                        "lib/lib.line:count: its output is different if it is emitted alone\n"
                        "main.line:alone: its output is different if it is emitted alone\n"
                        "types.line:point: its output is different if it is emitted alone\n");
    buffer_free(&found);
}

/* ---- cancelling ---------------------------------------------------------------------------- */

static bool at_once(void *context)
{
    (void)context;
    return true;
}

/* Else it would end well, without the warnings that it did not look up. */
static void test_a_build_with_nothing_to_do_is_cancelled_too(void **state)
{
    LineProject *project = *state;
    LineSteps steps;
    expect_warnings(project, all_warnings);
    assert_int_equal(line_steps_open(&steps, project, (LineRequest){.cancelled = at_once}),
                     BUILD_OK);
    assert_int_equal(build_plan(steps.build), BUILD_CANCELLED);
    build_close(steps.build);
    expect_warnings(project, all_warnings);
}

/* ---- a plug that is wrong ------------------------------------------------------------------ */

static bool refuse_lower(void *language, Slice source, const HashSecret *secret, Arena *arena,
                         Diagnostics *diagnostics, Lowered *lowered)
{
    (void)language, (void)source, (void)secret, (void)arena, (void)diagnostics, (void)lowered;
    return false;
}

static bool refuse_use(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
                       ByteBuffer *text, Diagnostics *diagnostics)
{
    (void)language, (void)lookup, (void)scratch, (void)text, (void)diagnostics;
    return !slice_equal(unit->symbol, slice_from("other.line:use"));
}

static bool emit_error(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
                       ByteBuffer *text, Diagnostics *diagnostics)
{
    if (!refuse_use(language, unit, lookup, scratch, text, diagnostics))
        diagnostics_add_plain(diagnostics, 7, 1, slice_from("wrong, and yet true"));
    return true;
}

static bool lower_with_error(void *language, Slice source, const HashSecret *secret, Arena *arena,
                             Diagnostics *diagnostics, Lowered *lowered)
{
    diagnostics_add_plain(diagnostics, 8, 1, slice_from("wrong, and yet true"));
    return line_language("").lower(language, source, secret, arena, diagnostics, lowered);
}

static void expect_refused(LineSteps *steps, const char *diagnostics)
{
    ByteBuffer text = {0};
    BuildStatus status = build_plan(steps->build);
    if (status == BUILD_OK)
        status = build_emit(steps->build);
    assert_int_equal(status, BUILD_PROGRAM_WRONG);
    const Diagnostics *list = build_diagnostics(steps->build);
    for (size_t i = 0; i < list->count; i++)
        diagnostic_format(&list->items[i], (Slice){"", 0}, &text);
    buffer_put_byte(&text, '\0');
    assert_string_equal(text.data, diagnostics);
    buffer_free(&text);
    build_close(steps->build);
}

static void test_a_plug_that_says_nothing_is_named(void **state)
{
    LineProject *project = *state;
    LineSteps steps;
    scratch_write(&project->scratch, "main.line", "import \"other.line\" as other\n"
                                                  "unit main $other.use\n");
    scratch_write(&project->scratch, "other.line", "#\nunit use used\n");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(line_steps_open(&steps, project, (LineRequest){0}), BUILD_OK);
        steps.compiler.lower = refuse_lower;
        expect_refused(&steps,
                       "main.line:1:1: error: the compiler refused main.line and did not say why\n"
                       "other.line:1:1: error: the compiler refused other.line and did not say "
                       "why\n");
    }
    for (int i = 0; i < 2; i++) {
        assert_int_equal(line_steps_open(&steps, project, (LineRequest){0}), BUILD_OK);
        steps.compiler.emit = refuse_use;
        expect_refused(&steps, "other.line:2:6: error: the compiler refused other.line:use "
                                        "and did not say why\n");
    }
}

static void test_an_error_is_never_kept(void **state)
{
    LineProject *project = *state;
    LineSteps steps;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(line_steps_open(&steps, project, (LineRequest){0}), BUILD_OK);
        steps.compiler.emit = emit_error;
        expect_refused(&steps,
                       "lib/lib.line:2:1: warning: to do: 'tidy' [todo]\n"
                       "types.line:1:1: note: in this file\n"
                       "other.line:1:1: warning: to do: 'nothing' [todo]\n"
                       "other.line:7:1: error: wrong, and yet true\n");
    }
    scratch_write(&project->scratch, "main.line", "todo it\nunit main m\n");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(line_steps_open(&steps, project, (LineRequest){0}), BUILD_OK);
        steps.compiler.lower = lower_with_error;
        expect_refused(&steps, "main.line:1:1: warning: to do: 'it' [todo]\n"
                               "main.line:8:1: error: wrong, and yet true\n");
    }
}

int main(void)
{
#define CASE_WITH_WARNINGS(name) \
    cmocka_unit_test_setup_teardown(name, warned_setup, line_project_teardown)
    const struct CMUnitTest tests[] = {
        CASE_WITH_WARNINGS(test_all_are_reported_when_nothing_changed),
        CASE_WITH_WARNINGS(test_all_are_reported_when_one_file_changed),
        CASE_WITH_WARNINGS(test_what_moved_is_reported_where_it_is),
        CASE_WITH_WARNINGS(test_they_come_and_go),
        CASE_WITH_WARNINGS(test_an_undone_edit_brings_them_back),
        CASE_WITH_WARNINGS(test_files_with_equal_bytes_have_warnings_of_their_own),
        CASE_WITH_SAMPLE(test_without_warnings_nothing_more_is_opened),
        CASE_WITH_WARNINGS(test_as_errors_they_fail_a_build_that_has_everything),
        CASE_WITH_WARNINGS(test_what_a_strict_build_made_is_kept),
        CASE_WITH_SAMPLE(test_without_warnings_a_strict_build_is_as_any),
        CASE_WITH_WARNINGS(test_warnings_are_reported_beside_errors),
        CASE_WITH_WARNINGS(test_warnings_of_what_names_a_wrong_file_wait),
        CASE_WITH_WARNINGS(test_what_is_lost_is_made_again_with_its_warnings),
        CASE_WITH_WARNINGS(test_what_was_dropped_is_made_again_with_its_warnings),
        CASE_WITH_WARNINGS(test_a_lost_table_of_units_is_made_again),
        CASE_WITH_WARNINGS(test_verify_compares_them),
        CASE_WITH_WARNINGS(test_units_that_are_emitted_together_have_their_own),
        CASE_WITH_WARNINGS(test_a_warning_that_depends_on_company_is_named),
        CASE_WITH_WARNINGS(test_a_build_with_nothing_to_do_is_cancelled_too),
        CASE_WITH_WARNINGS(test_a_plug_that_says_nothing_is_named),
        CASE_WITH_WARNINGS(test_an_error_is_never_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
