/* SPDX-License-Identifier: MIT */
/* Verifying an output: every byte of it is compared, and so is its record. */
#include "output_layout.h"
#include "output_verify.h"
#include "project.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Finding {
    const Project *project;
    ByteBuffer lines;
} Finding;

/* Strips the directory of an output and the id of an entry. */
static Slice shown(const Finding *finding, Slice subject)
{
    size_t directory = strlen(finding->project->scratch.path) + 1;
    if (subject.size != 0 && subject.data[0] == '/')
        return slice_of(subject.data + directory, subject.size - directory);
    if (subject.size > 16 && memcmp(subject.data + 16, ".sections", 9) == 0)
        return slice_from("state");
    return subject;
}

static void note(void *context, Slice subject, const char *what)
{
    Finding *finding = context;
    buffer_put(&finding->lines, shown(finding, subject));
    buffer_put(&finding->lines, slice_from(": "));
    buffer_put(&finding->lines, slice_from(what));
    buffer_put_byte(&finding->lines, '\n');
}

/* The differences found by verifying `output` (NULL: the recorded one). The caller frees. */
static ByteBuffer verify(const Project *project, const char *output, Verification *counts)
{
    Build *build;
    Finding finding = {.project = project};
    Compiler compiler = line_language(project->settings);
    BuildRequest request = project_request(project, &compiler);
    request.in_memory = true;
    *counts = (Verification){.differs = note, .context = &finding};
    assert_int_equal(build_open(&build, &request), BUILD_OK);
    assert_int_equal(build_verify(build, counts), BUILD_OK);
    assert_int_equal(output_verify(build, output == NULL ? NULL : project_path(project, output),
                                   NULL, counts),
                     BUILD_OK);
    build_close(build);
    buffer_put_byte(&finding.lines, '\0');
    return finding.lines;
}

static void expect_of(const Project *project, const char *output, const char *expected)
{
    Verification counts;
    ByteBuffer found = verify(project, output, &counts);
    assert_string_equal(found.data, expected);
    buffer_free(&found);
}

static void expect(const Project *project, const char *expected)
{
    expect_of(project, NULL, expected);
}

static void flip(const Project *project, const char *name, off_t place)
{
    scratch_flip(&project->scratch, name, place, 1);
}

static off_t size_of(const Project *project, const char *name)
{
    struct stat status;
    assert_int_equal(stat(project_path(project, name), &status), 0);
    return status.st_size;
}

/* ---- the output ------------------------------------------------------------------------------ */

static void all_is_well(void **state)
{
    Verification counts;
    ByteBuffer found = verify(*state, NULL, &counts);
    assert_string_equal(found.data, "");
    assert_int_equal(counts.sections, 4);
    assert_true(counts.bytes >= (uint64_t)size_of(*state, "out"));
    buffer_free(&found);
    project_write(*state, "a.line", "unit one patched\n");
    project_expect(*state, "out", PATCH_IN_PLACE, REASON_NONE);
    expect(*state, "");
}

static void every_byte_is_compared(void **state)
{
    Verification counts;
    for (off_t place = 0; place < size_of(*state, "out"); place++) {
        flip(*state, "out", place);
        ByteBuffer found = verify(*state, NULL, &counts);
        if (counts.differences != 1)
            fail_msg("byte %ld: %s", (long)place, found.data);
        buffer_free(&found);
        flip(*state, "out", place);
    }
    expect(*state, "");
}

static void a_changed_section_is_named(void **state)
{
    off_t sections = size_of(*state, "out") - 4 * OUTPUT_BLOCK;
    flip(*state, "out", 0);
    flip(*state, "out", sections + 10);
    flip(*state, "out", sections + 3 * OUTPUT_BLOCK + 10);
    expect(*state, "out: its prelude is wrong\n"
                   "a.line: its section of the output is wrong\n"
                   "main.line: its section of the output is wrong\n");
}

static void another_size_is_named(void **state)
{
    off_t size = size_of(*state, "out");
    assert_int_equal(truncate(project_path(*state, "out"), size + 1), 0);
    expect(*state, "out: its size is wrong\n");
    assert_int_equal(truncate(project_path(*state, "out"), size - 1), 0);
    expect(*state, "main.line: its section of the output is wrong\n"
                   "out: its size is wrong\n");
}

static void a_missing_output_is_named(void **state)
{
    assert_int_equal(unlink(project_path(*state, "out")), 0);
    expect(*state, "out: does not exist\n");
    assert_int_equal(mkdir(project_path(*state, "out"), 0777), 0);
    expect(*state, "out: is not a regular file\n");
    assert_int_equal(rmdir(project_path(*state, "out")), 0);
}

static void another_output_can_be_compared(void **state)
{
    Project *project = *state;
    size_t size;
    char *bytes = scratch_read(&project->scratch, "out", &size);
    scratch_write_bytes(&project->scratch, "copy", slice_of(bytes, size));
    free(bytes);
    expect_of(project, "copy", "");
    flip(project, "copy", (off_t)size - OUTPUT_BLOCK);
    expect_of(project, "copy", "main.line: its section of the output is wrong\n");
    expect_of(project, "nothing", "nothing: does not exist\n");
    expect(project, "");
}

static void a_stamp_that_lies(OutputRecord *record, void *context)
{
    assert_int_equal(file_stamp_at(AT_FDCWD, context, &record->known.stamp), 0);
    record->known.racy_since_ns = 0;
}

/* Somebody changed the output, and the record says that nobody did. */
static void an_unnoticed_change_is_named_as_such(void **state)
{
    flip(*state, "out", size_of(*state, "out") - OUTPUT_BLOCK);
    project_change_record(*state, a_stamp_that_lies, (void *)project_path(*state, "out"));
    expect(*state, "main.line: its section of the output is wrong\n"
                   "out: its stamp says that nobody changed it\n");
}

static void an_output_that_is_not_kept(void **state)
{
    assert_int_equal(project_build(*state, "/dev/null"), BUILD_OK);
    expect(*state, "");
}

static void stale_outputs_are_not_compared(void **state)
{
    flip(*state, "out", 0);
    project_write(*state, "a.line", "unit one edited\n");
    expect(*state, "a.line: was edited since the last build\n");
}

/* ---- what is recorded of it ----------------------------------------------------------------- */

static void wrong_prelude(OutputRecord *record, void *context)
{
    (void)context;
    record->prelude.low++;
}

static void wrong_size(OutputRecord *record, void *context)
{
    (void)context;
    record->size_bytes++;
}

static void wrong_records_are_named(void **state)
{
    project_change_record(*state, wrong_prelude, NULL);
    expect(*state, "state: what is recorded of the prelude is wrong\n");
    project_change_record(*state, wrong_size, NULL);
    expect(*state, "state: is missing, damaged or contradicts itself\n"
                   "state: what is recorded of the prelude is wrong\n"
                   "state: the recorded size of the output is wrong\n");
}

/* A hash of a section that is not that of its bytes, with all checksums right. */
static void a_wrong_section_record_is_named(void **state)
{
    Project *project = *state;
    Build *build;
    OutputState output;
    uint64_t written = 0;
    Compiler compiler = line_language(project->settings);
    BuildRequest request = project_request(project, &compiler);
    assert_int_equal(build_open(&build, &request), BUILD_OK);
    assert_int_equal(build_plan(build), BUILD_OK);
    output_state_open(&output, build);
    assert_int_equal(output_state_load(&output, build, 4), 0);
    SectionRecord record = output_state_sections(&output)[1];
    record.bytes.high++;
    const uint32_t section = 1;
    output_state_update(&output, build_planned(build), &section, 1, &record);
    assert_int_equal(output_state_save(&output, build, &written), 0);
    assert_int_equal(build_save(build), BUILD_OK);
    assert_int_equal(build_commit(build), BUILD_OK);
    output_state_close(&output);
    build_close(build);
    expect(project, "b.line: what is recorded of its section is wrong\n");
}

static void a_damaged_state_is_named(void **state)
{
    Project *project = *state;
    char name[300];
    Build *build;
    Compiler compiler = line_language(project->settings);
    BuildRequest request = project_request(project, &compiler);
    request.in_memory = true;
    assert_int_equal(build_open(&build, &request), BUILD_OK);
    assert_int_equal(build_plan(build), BUILD_OK);
    snprintf(name, sizeof name, "cache/%s.sections.1", build_planned(build)->entry_id);
    build_close(build);
    for (off_t place = 0; place < size_of(project, name); place++) {
        flip(project, name, place);
        expect(project, "state: is missing, damaged or contradicts itself\n");
        flip(project, name, place);
    }
    expect(project, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_BUILT_PROJECT(all_is_well),
        CASE_IN_BUILT_PROJECT(every_byte_is_compared),
        CASE_IN_BUILT_PROJECT(a_changed_section_is_named),
        CASE_IN_BUILT_PROJECT(another_size_is_named),
        CASE_IN_BUILT_PROJECT(a_missing_output_is_named),
        CASE_IN_BUILT_PROJECT(another_output_can_be_compared),
        CASE_IN_BUILT_PROJECT(an_unnoticed_change_is_named_as_such),
        CASE_IN_BUILT_PROJECT(an_output_that_is_not_kept),
        CASE_IN_BUILT_PROJECT(stale_outputs_are_not_compared),
        CASE_IN_BUILT_PROJECT(wrong_records_are_named),
        CASE_IN_BUILT_PROJECT(a_wrong_section_record_is_named),
        CASE_IN_BUILT_PROJECT(a_damaged_state_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
