/* SPDX-License-Identifier: MIT */
/* Every reason not to patch, provoked on real files. After each build, project_expect compares the
 * output with that of a clean build. What may be at the output's path is tested in
 * test_output_places.c, failures while it is written in test_failed_outputs.c. */
#include "project.h"

#include "output_layout.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- state --------------------------------------------------------------------------------- */

static void forced(void **state)
{
    Project *project = *state;
    project->force = true;
    project_expect(project, "out", PATCH_FULL, REASON_FORCED);
    project->force = false;
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
}

static void other_settings(void **state)
{
    Project *project = *state;
    project->settings = "other";
    project_expect(project, "out", PATCH_FULL, REASON_SETTINGS_CHANGED);
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
}

static void damaged_sections(void **state)
{
    Project *project = *state;
    project_overwrite(project, project_cache_file(project, ".sections.1"), 50, "damage");
    project_edit(project);
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_DAMAGED_STATE);
    project_edit(project);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
}

static void lost_sections(void **state)
{
    Project *project = *state;
    assert_int_equal(unlink(project_path(project, project_cache_file(project, ".sections.1"))), 0);
    project_edit(project);
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_DAMAGED_STATE);
}

static void damaged_manifest(void **state)
{
    Project *project = *state;
    project_overwrite(project, project_cache_file(project, ".manifest"), 50, "damage");
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_DAMAGED_STATE);
}

static void lost_state(void **state)
{
    Project *project = *state;
    assert_int_equal(unlink(project_path(project, project_cache_file(project, ".manifest"))), 0);
    project_expect(project, "out", PATCH_FULL, REASON_FIRST_BUILD);
}

static void wrong_sizes_in_the_record(OutputRecord *record, void *context)
{
    (void)context;
    record->prelude_blocks++;
}

static void state_that_contradicts_itself(void **state)
{
    Project *project = *state;
    project_change_record(project, wrong_sizes_in_the_record, NULL);
    project_edit(project);
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_DAMAGED_STATE);
}

static void last_build_unfinished(void **state)
{
    Project *project = *state;
    Compiler compiler = line_language("default");
    BuildRequest request = project_request(project, &compiler);
    Build *build;
    assert_int_equal(build_open(&build, &request), BUILD_OK);
    assert_int_equal(build_plan(build), BUILD_OK);
    assert_int_equal(build_begin_output(build), BUILD_OK);
    build_close(build);
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_LAST_UNFINISHED);
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
}

static void files_added_and_removed(void **state)
{
    Project *project = *state;
    project_write(project, "new.line", "unit fresh x\n");
    project_write(project, "a.line", "import \"new.line\" as new\nunit one $new.fresh\n");
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    project_edit(project);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
}

static size_t count_cache_files(const Project *project, const char *part)
{
    size_t count = 0;
    FileList files = scratch_list(&project->scratch, "cache");
    for (unsigned i = 0; i < files.count; i++)
        count += strstr(files.paths[i], part) != NULL;
    return count;
}

static void superseded_state_is_removed(void **state)
{
    Project *project = *state;
    for (int i = 0; i < 5; i++) {
        project_edit(project);
        project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
        assert_true(count_cache_files(project, ".sections.") <= 2); /* a base and a journal */
    }
}

/* ---- the output ---------------------------------------------------------------------------- */

static void another_output(void **state)
{
    Project *project = *state;
    project_expect(project, "out2", PATCH_REASSEMBLE, REASON_OTHER_OUTPUT);
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_OTHER_OUTPUT);
    project_expect(project, "./lib/../out", PATCH_UP_TO_DATE, REASON_NONE);
}

static void no_output(void **state)
{
    Project *project = *state;
    unlink(project_path(project, "out"));
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_NO_OUTPUT);
}

static void a_section_changed_by_others_is_patched(void **state)
{
    Project *project = *state;
    project_overwrite(project, "out", 3 * OUTPUT_BLOCK + 100, "#");
    project_expect(project, "out", PATCH_IN_PLACE, REASON_OUTPUT_CHANGED);
    assert_int_equal(project->result.sections_written, 1);
    assert_int_equal(project->counts.functions_emitted, 0);
    project_overwrite(project, "out", 0, "#");
    project_expect(project, "out", PATCH_IN_PLACE, REASON_OUTPUT_CHANGED);
    assert_int_equal(project->result.sections_written, 0); /* it was the prelude */
    assert_int_equal(project->result.bytes_written, OUTPUT_BLOCK);
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
}

static void changes_of_both_sides_are_patched(void **state)
{
    Project *project = *state;
    project_overwrite(project, "out", 3 * OUTPUT_BLOCK + 100, "#");
    project_write_unit(project, "a.line", "one", 300, 'x');
    project_expect(project, "out", PATCH_IN_PLACE, REASON_OUTPUT_CHANGED);
    assert_int_equal(project->result.sections_written, 2);
}

static void an_output_of_another_size_is_reassembled(void **state)
{
    Project *project = *state;
    assert_int_equal(truncate(project_path(project, "out"), 700), 0);
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_OUTPUT_CHANGED);
    scratch_write(&project->scratch, "out", "");
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_OUTPUT_CHANGED);
}

static void a_touched_output_is_compared_once(void **state)
{
    Project *project = *state;
    scratch_age(&project->scratch, "out", 100);
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
    struct stat before, after;
    assert_int_equal(stat(project_path(project, "cache"), &before), 0);
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
    assert_int_equal(stat(project_path(project, "cache"), &after), 0);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec); /* nothing new to record */
}

/* An edit of the output that stat does not show, as on a file system with a coarse clock. */
static void record_hidden(OutputRecord *record, void *context)
{
    record->known = *(const KnownStamp *)context;
}

static void hide_edit(Project *project, int64_t racy_since_ns)
{
    KnownStamp hidden = {.racy_since_ns = racy_since_ns};
    project_overwrite(project, "out", 3 * OUTPUT_BLOCK + 100, "#");
    assert_int_equal(file_stamp_at(AT_FDCWD, project_path(project, "out"), &hidden.stamp), 0);
    project_change_record(project, record_hidden, &hidden);
}

static void a_racily_clean_output_is_compared(void **state)
{
    Project *project = *state;
    hide_edit(project, 1);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_OUTPUT_CHANGED);
}

static void paranoia_does_not_trust_a_stamp(void **state)
{
    Project *project = *state;
    hide_edit(project, 0);
    assert_int_equal(project_build(project, "out"), BUILD_OK);
    assert_int_equal(project->result.strategy, PATCH_UP_TO_DATE); /* it cannot detect that */
    project->paranoid = true;
    project_expect(project, "out", PATCH_IN_PLACE, REASON_OUTPUT_CHANGED);
}

static void a_restored_mtime_does_not_hide_a_change(void **state)
{
    Project *project = *state;
    struct stat status;
    assert_int_equal(stat(project_path(project, "out"), &status), 0);
    project_overwrite(project, "out", 3 * OUTPUT_BLOCK + 100, "#");
    struct timespec times[] = {status.st_atim, status.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, project_path(project, "out"), times, 0), 0);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_OUTPUT_CHANGED);
}

/* ---- costs --------------------------------------------------------------------------------- */

static void too_many_changes(void **state)
{
    Project *project = *state;
    project_build_many(project);
    project_write_many(project, 0, 10, 10, 'b');
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    assert_int_equal(project->result.sections_written, MANY / 10);
    project_write_many(project, 0, 1, 10, 'c');
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_TOO_MANY_CHANGES);
    project_write_many(project, 0, 2, 10, 'd');
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
}

static void sections_outgrew_their_places(void **state)
{
    Project *project = *state;
    project_build_many(project);
    project_write_many(project, 0, 2, 300, 'b');
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_SECTION_OUTGREW);
    assert_int_equal(project->result.sections_written, project->result.sections_total);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_BUILT_PROJECT(forced),
        CASE_IN_BUILT_PROJECT(other_settings),
        CASE_IN_BUILT_PROJECT(damaged_sections),
        CASE_IN_BUILT_PROJECT(lost_sections),
        CASE_IN_BUILT_PROJECT(damaged_manifest),
        CASE_IN_BUILT_PROJECT(lost_state),
        CASE_IN_BUILT_PROJECT(state_that_contradicts_itself),
        CASE_IN_BUILT_PROJECT(last_build_unfinished),
        CASE_IN_BUILT_PROJECT(files_added_and_removed),
        CASE_IN_BUILT_PROJECT(superseded_state_is_removed),
        CASE_IN_BUILT_PROJECT(another_output),
        CASE_IN_BUILT_PROJECT(no_output),
        CASE_IN_BUILT_PROJECT(a_section_changed_by_others_is_patched),
        CASE_IN_BUILT_PROJECT(changes_of_both_sides_are_patched),
        CASE_IN_BUILT_PROJECT(an_output_of_another_size_is_reassembled),
        CASE_IN_BUILT_PROJECT(a_touched_output_is_compared_once),
        CASE_IN_BUILT_PROJECT(a_racily_clean_output_is_compared),
        CASE_IN_BUILT_PROJECT(paranoia_does_not_trust_a_stamp),
        CASE_IN_BUILT_PROJECT(a_restored_mtime_does_not_hide_a_change),
        CASE_IN_BUILT_PROJECT(too_many_changes),
        CASE_IN_BUILT_PROJECT(sections_outgrew_their_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
