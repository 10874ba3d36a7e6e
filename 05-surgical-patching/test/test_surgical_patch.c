/* SPDX-License-Identifier: MIT */
/* Writing the output: only what changed, for any reason, and always what a clean build would write.
 * The reasons are provoked in test_patch_reasons.c. */
#include "project.h"

#include "file_marker.h"
#include "output_layout.h"
#include "thread_executor.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A built project with a section of each size that the tests need. */
static int setup(void **state)
{
    project_setup(state);
    project_write_unit(*state, "a.line", "one", 300, 'a');
    project_expect(*state, "out", PATCH_FULL, REASON_FIRST_BUILD);
    return 0;
}

static struct stat stat_of(const Project *project, const char *name)
{
    struct stat status;
    assert_int_equal(stat(project_path(project, name), &status), 0);
    return status;
}

/* ---- what is written ----------------------------------------------------------------------- */

static void the_first_build_writes_every_section(void **state)
{
    Project *project = *state;
    project_expect(project, "out", PATCH_FULL, REASON_FIRST_BUILD);
    assert_int_equal(project->result.sections_total, 4);
    assert_int_equal(project->result.sections_written, 4);
    assert_int_equal(project->result.bytes_written, 5 * OUTPUT_BLOCK);

    OutputSections sections;
    size_t size;
    char *text = scratch_read(&project->scratch, "out", &size);
    output_sections_parse(&sections, slice_of(text, size), OUTPUT_BLOCK);
    assert_int_equal(sections.count, 4);
    assert_true(slice_equal(sections.items[0].path, slice_from("a.line")));
    assert_true(slice_equal(sections.items[1].path, slice_from("b.line")));
    assert_true(slice_equal(sections.items[2].path, slice_from("lib/c.line")));
    assert_true(slice_equal(sections.items[3].path, slice_from("main.line")));
    output_sections_free(&sections);
    free(text);
}

static void nothing_changed_writes_nothing(void **state)
{
    Project *project = *state;
    project_build(project, "out"); /* compares the bytes if the output was racily clean */
    struct stat output = stat_of(project, "out"), cache = stat_of(project, "cache");
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
    struct stat after = stat_of(project, "out"), cache_after = stat_of(project, "cache");
    assert_int_equal(project->result.bytes_written, 0);
    assert_int_equal(project->result.sections_written, 0);
    assert_int_equal(after.st_ino, output.st_ino);
    assert_int_equal(after.st_mtim.tv_nsec, output.st_mtim.tv_nsec);
    assert_int_equal(cache_after.st_mtim.tv_nsec, cache.st_mtim.tv_nsec);
}

static void one_body_writes_one_section(void **state)
{
    Project *project = *state;
    struct stat before = stat_of(project, "out");
    project_write(project, "b.line", "import \"lib/c.line\" as c\nunit two changed $c.three\n");
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    assert_int_equal(project->result.sections_written, 1);
    assert_int_equal(project->result.bytes_written, OUTPUT_BLOCK);
    assert_int_equal(project->result.bytes_moved, 0);
    assert_int_equal(stat_of(project, "out").st_ino, before.st_ino);
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
}

static void one_interface_writes_what_names_it(void **state)
{
    Project *project = *state;
    project_write(project, "lib/c.line", "unit three(x) third\n");
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    assert_int_equal(project->result.sections_written, 2);
}

static void a_comment_writes_nothing_and_is_remembered(void **state)
{
    Project *project = *state;
    project_write(project, "lib/c.line", "# new\nunit three third\n");
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
    assert_int_equal(project->counts.files_changed, 1);
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
    assert_int_equal(project->counts.files_changed, 0);
}

/* The new hash of a file with an edited comment is kept, although nothing was written for it. */
static void what_a_comment_costs_is_paid_once(void **state)
{
    Project *project = *state;
    off_t before = stat_of(project, "cache/zir.pack").st_size;
    project_write(project, "lib/c.line", "# new\nunit three third\n");
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
    assert_true(stat_of(project, "cache/zir.pack").st_size > before);
}

static void a_section_that_grows_moves_those_behind_it(void **state)
{
    Project *project = *state;
    project_write_unit(project, "b.line", "two", 500, 'b'); /* c is no longer imported */
    project_write(project, "main.line",
                  "import \"a.line\" as a\nimport \"b.line\" as b\nimport \"lib/c.line\" as c\n"
                  "unit main $a.one $b.two\n");
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    assert_int_equal(project->result.sections_written, 1);
    assert_int_equal(project->result.bytes_moved, 2 * OUTPUT_BLOCK);
    project_write_unit(project, "b.line", "two", 10, 'b');
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    assert_int_equal(project->result.bytes_moved, 2 * OUTPUT_BLOCK);
    assert_int_equal(project->result.bytes_written, 3 * OUTPUT_BLOCK);
}

/* Longer than the buffer that moves it, so that the direction matters. */
static void a_long_section_moves_both_ways(void **state)
{
    Project *project = *state;
    ByteBuffer text = {0};
    buffer_put(&text, slice_from("unit three "));
    for (int i = 0; i < 150000; i++)
        buffer_put_decimal(&text, (uint64_t)i);
    scratch_write_bytes(&project->scratch, "lib/c.line", buffer_slice(&text));
    assert_true(text.size > 700000);
    buffer_free(&text);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    project_write_unit(project, "a.line", "one", 3000, 'a');
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    project_write_unit(project, "a.line", "one", 30, 'a');
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    assert_true(project->result.bytes_moved > 700000);
}

static void the_last_section_moves_nothing(void **state)
{
    Project *project = *state;
    char text[1200];
    snprintf(text, sizeof text, "import \"a.line\" as a\nimport \"b.line\" as b\nunit main %*d\n",
             1000, 7);
    project_write(project, "main.line", text);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    assert_int_equal(project->result.bytes_moved, 0);
}

static void what_cancels_out_moves_only_what_is_between(void **state)
{
    Project *project = *state;
    project_write_unit(project, "a.line", "one", 10, 'a');          /* one block less */
    project_write_unit(project, "lib/c.line", "three", 300, 'c');   /* one block more */
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    assert_int_equal(project->result.sections_written, 2);
    assert_int_equal(project->result.bytes_moved, OUTPUT_BLOCK); /* b */
}

static void a_prelude_that_grows_moves_everything(void **state)
{
    Project *project = *state;
    char text[600];
    project_write(project, "lib/c.line", "declare puts int puts\nunit three third\n");
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    assert_int_equal(project->result.bytes_moved, 0);
    snprintf(text, sizeof text, "declare puts int puts%*d\nunit three third\n", 400, 1);
    project_write(project, "lib/c.line", text);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    assert_int_not_equal(project->result.bytes_moved, 0);
}

static void an_edit_taken_back_gives_the_old_bytes(void **state)
{
    Project *project = *state;
    char *before = scratch_read(&project->scratch, "out", NULL);
    project_write(project, "lib/c.line", "unit three other\n");
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    project_write(project, "lib/c.line", "unit three third\n");
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    assert_int_equal(project->counts.functions_emitted, 0);
    project_expect_kept(project, "out", before);
}

static void a_synced_build_writes_the_same(void **state)
{
    Project *project = *state;
    project->sync = true;
    project_write_unit(project, "a.line", "one", 600, 'x');
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    project_write(project, "lib/c.line", "# new\nunit three third\n");
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
    project_expect(project, "other", PATCH_REASSEMBLE, REASON_OTHER_OUTPUT);
}

/* ---- random edits -------------------------------------------------------------------------- */

enum { RANDOM_FILES = 150 };

/* Whatever is known of the output: it is all written, and nothing else is. */
static void a_build_in_memory_writes_all_of_the_output_and_records_nothing(void **state)
{
    Project *project = *state;
    project_edit(project);
    project->in_memory = true;
    assert_int_equal(project_build(project, "out"), BUILD_OK);
    assert_int_equal(project->result.strategy, PATCH_FULL);
    assert_int_equal(project->result.sections_written, project->result.sections_total);
    assert_int_equal(project->result.state_bytes_written, 0);
    assert_int_equal(project->counts.bytes_written, 0);
    project->in_memory = false;
    project_expect_clean_output(project, "out");
    project_expect(project, "out", PATCH_IN_PLACE, REASON_OUTPUT_CHANGED); /* and it is right */
}

static void random_main(Project *project, const bool *imported)
{
    ByteBuffer text = {0};
    char line[96];
    for (int i = 0; i < RANDOM_FILES; i++)
        if (imported[i]) {
            snprintf(line, sizeof line, "import \"f%d.line\" as f%d\n", i, i);
            buffer_put(&text, slice_from(line));
        }
    buffer_put(&text, slice_of("unit main start\n", sizeof "unit main start\n"));
    project_write(project, "main.line", text.data);
    buffer_free(&text);
}

static void random_output_damage(Project *project)
{
    size_t size;
    char *text = scratch_read(&project->scratch, "out", &size);
    switch (rand() % 4) {
    case 0:
        text[(size_t)rand() % size] ^= 1;
        break;
    case 1:
        size -= (size_t)rand() % size;
        break;
    case 2:
        memset(text, 'z', size / 2);
        break;
    default: /* written again, and equal */
        break;
    }
    scratch_write_bytes(&project->scratch, "out", slice_of(text, size));
    free(text);
}

static void whatever_happens_the_output_is_that_of_a_clean_build(void **state)
{
    Project *project = *state;
    bool imported[RANDOM_FILES];
    unsigned seed = (unsigned)getpid();
    print_message("seed %u\n", seed);
    srand(seed);
    for (int i = 0; i < RANDOM_FILES; i++) {
        char file[32];
        snprintf(file, sizeof file, "f%d.line", i);
        project_write_unit(project, file, "unit", 10, 'a');
        imported[i] = true;
    }
    for (int round = 0; round < 150; round++) {
        for (int edits = rand() % 5; edits > 0; edits--) {
            char file[32];
            snprintf(file, sizeof file, "f%d.line", rand() % RANDOM_FILES);
            project_write_unit(project, file, "unit", (size_t)rand() % 900,
                               (char)('a' + rand() % 26));
        }
        if (rand() % 8 == 0)
            imported[rand() % RANDOM_FILES] ^= true;
        random_main(project, imported);
        if (round != 0 && rand() % 6 == 0)
            random_output_damage(project);
        if (rand() % 20 == 0)
            unlink(project_path(project, "out"));
        project->paranoid = rand() % 10 == 0;
        project->executor = rand() % 2 == 0 ? &executor_serial : &thread_executor;
        assert_int_equal(project_build(project, "out"), BUILD_OK);
        project_expect_clean_output(project, "out");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, project_teardown)
        CASE_IN_PROJECT(the_first_build_writes_every_section),
        TEST(nothing_changed_writes_nothing),
        TEST(one_body_writes_one_section),
        TEST(one_interface_writes_what_names_it),
        TEST(a_comment_writes_nothing_and_is_remembered),
        TEST(what_a_comment_costs_is_paid_once),
        TEST(a_section_that_grows_moves_those_behind_it),
        TEST(a_long_section_moves_both_ways),
        TEST(the_last_section_moves_nothing),
        TEST(what_cancels_out_moves_only_what_is_between),
        TEST(a_prelude_that_grows_moves_everything),
        TEST(an_edit_taken_back_gives_the_old_bytes),
        TEST(a_synced_build_writes_the_same),
        CASE_IN_BUILT_PROJECT(a_build_in_memory_writes_all_of_the_output_and_records_nothing),
        CASE_IN_PROJECT(whatever_happens_the_output_is_that_of_a_clean_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
