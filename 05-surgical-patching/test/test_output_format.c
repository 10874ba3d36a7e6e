/* SPDX-License-Identifier: MIT */
/* An output in a format of its own, and one that is a program. After each build, project_expect
 * compares the output with that of a clean build. */
#ifdef __linux__
#define _GNU_SOURCE /* F_SETLEASE */
#endif

#include "output_layout.h"
#include "output_verify.h"
#include "project.h"
#include "table_format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct World {
    Project project;
    TableFormat table;
} World;

static int setup_new(void **state)
{
    World *world = memory_allocate_zeroed(1, sizeof *world);
    project_open(&world->project);
    table_format_init(&world->table);
    world->project.format = &world->table.format;
    *state = world;
    return 0;
}

static int setup(void **state)
{
    setup_new(state);
    World *world = *state;
    project_expect(&world->project, "out", PATCH_FULL, REASON_FIRST_BUILD);
    return 0;
}

static int setup_program(void **state)
{
    setup_new(state);
    World *world = *state;
    world->table.format.is_program = true;
    umask(022);
    project_expect(&world->project, "out", PATCH_FULL, REASON_FIRST_BUILD);
    return 0;
}

static int teardown(void **state)
{
    World *world = *state;
    project_close(&world->project);
    table_format_free(&world->table);
    memory_free(world);
    umask(022);
    return 0;
}

static void expect_patched(World *world)
{
    project_expect(&world->project, "out", PATCH_IN_PLACE, REASON_NONE);
}

static void expect_failure(World *world, const char *words)
{
    project_expect_failure(&world->project, "out", BUILD_MACHINE_FAILED, words);
}

/* ---- a table in the head -------------------------------------------------------------------- */

static void a_section_that_keeps_its_size_is_written_alone(void **state)
{
    World *world = *state;
    project_edit(&world->project);
    expect_patched(world);
    assert_int_equal(world->project.result.sections_written, 1);
    assert_int_equal(world->project.result.bytes_written, OUTPUT_BLOCK);
    project_expect(&world->project, "out", PATCH_UP_TO_DATE, REASON_NONE);
}

static void a_section_that_grows_changes_the_table(void **state)
{
    World *world = *state;
    project_write_unit(&world->project, "a.line", "one", 700, 'x');
    expect_patched(world);
    assert_int_equal(world->project.result.sections_written, 1);
    assert_true(world->project.result.bytes_moved >= 2 * OUTPUT_BLOCK);
    project_write_unit(&world->project, "a.line", "one", 7, 'x');
    expect_patched(world);
}

/* Numbers: a, b, lib/c, main. main names a and b, b names lib/c. */
static void numbers_that_shift_are_written_again(void **state)
{
    World *world = *state;
    project_write(&world->project, "aa.line", "unit fresh x\n");
    project_write(&world->project, "a.line",
                  "import \"aa.line\" as aa\nunit one first $aa.fresh\n");
    expect_patched(world);
    /* a, aa, which came; b and main, which name what moved */
    assert_int_equal(world->project.result.sections_written, 4);
    assert_int_equal(world->project.counts.functions_emitted, 2);
    project_write(&world->project, "a.line", "unit one first\n");
    expect_patched(world);
    assert_int_equal(world->project.result.sections_written, 3);
    assert_int_equal(world->project.counts.functions_emitted, 0); /* a is as it was */
}

static void a_table_that_grows_by_a_block_moves_everything(void **state)
{
    World *world = *state;
    char text[200] = "", file[16];
    uint32_t before = 0;
    for (int i = 0; i < 6; i++) {
        snprintf(file, sizeof file, "z%d.line", i);
        project_write(&world->project, file, "unit z x\n");
        size_t size = strlen(text);
        snprintf(text + size, sizeof text - size, "import \"%s\" as z%d\n", file, i);
        char whole[300];
        snprintf(whole, sizeof whole, "%sunit one first\n", text);
        project_write(&world->project, "a.line", whole);
        before = world->table.format.head_blocks;
        expect_patched(world);
        if (world->table.format.head_blocks == before)
            continue;
        assert_true(world->project.result.bytes_moved >= 3 * OUTPUT_BLOCK);
        project_write(&world->project, "a.line", "unit one first\n");
        expect_patched(world);
        return;
    }
    fail_msg("the table did not grow");
}

/* 500 rows are 8 pages. */
static void the_hash_of_a_table_follows_its_pages(void **state)
{
    World *world = *state;
    Project *project = &world->project;
    project_build_many(project);
    project_write_unit(project, "many/99.line", "unit", 700, 'b'); /* the last row but main's */
    expect_patched(world);
    assert_true(world->table.new_pages.size <= 4096);
    scratch_age(&project->scratch, "out", 100); /* so all bytes are compared */
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
    char page[4096], other[4096];
    int fd = open(project_path(project, "out"), O_RDWR);
    assert_int_equal(pread(fd, page, sizeof page, 4096), sizeof page);
    assert_int_equal(pread(fd, other, sizeof other, 8192), sizeof other);
    assert_int_equal(pwrite(fd, page, sizeof page, 8192), sizeof page);
    assert_int_equal(pwrite(fd, other, sizeof other, 4096), sizeof other);
    close(fd);
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_OUTPUT_CHANGED);
}

static void a_format_may_refuse_to_patch(void **state)
{
    World *world = *state;
    world->table.most_files = 4;
    project_edit(&world->project);
    expect_patched(world);
    project_write(&world->project, "aa.line", "unit fresh x\n");
    project_write(&world->project, "a.line", "import \"aa.line\" as aa\nunit one $aa.fresh\n");
    project_expect(&world->project, "out", PATCH_REASSEMBLE, REASON_LAYOUT_CHANGED);
    project_expect(&world->project, "out", PATCH_UP_TO_DATE, REASON_NONE);
}

/* Also late, when a section or the head is made. */
static void a_format_may_give_up_later(void **state)
{
    World *world = *state;
    world->table.end_patch_fails = -EXDEV;
    project_edit(&world->project);
    project_expect(&world->project, "out", PATCH_REASSEMBLE, REASON_LAYOUT_CHANGED);
    world->table.end_patch_fails = 0;
    project_edit(&world->project);
    expect_patched(world);
}

static void what_fails_is_said_and_the_output_stays(void **state)
{
    World *world = *state;
    const struct {
        int *fails;
        const char *words;
        bool forced;
    } cases[] = {
        {&world->table.begin_patch_fails, "the table cannot be read", false},
        {&world->table.end_patch_fails, "the table cannot be ended", false},
        {&world->table.begin_all_fails, "the table cannot be made", true},
        {&world->table.section_fails, "cannot write the output", true},
    };
    project_edit(&world->project);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *before = scratch_read(&world->project.scratch, "out", NULL);
        *cases[i].fails = -EIO;
        world->project.force = cases[i].forced;
        expect_failure(world, cases[i].words);
        assert_int_equal(world->project.error, EIO);
        project_expect_kept(&world->project, "out", before);
        *cases[i].fails = 0;
        world->table.format.failed = NULL;
    }
    world->project.force = false;
    expect_patched(world);
}

static void bytes_that_others_changed_are_not_patched(void **state)
{
    World *world = *state;
    project_overwrite(&world->project, "out", 3 * OUTPUT_BLOCK + 20, "#");
    project_expect(&world->project, "out", PATCH_REASSEMBLE, REASON_OUTPUT_CHANGED);
    project_overwrite(&world->project, "out", 70, "#");
    project_expect(&world->project, "out", PATCH_REASSEMBLE, REASON_OUTPUT_CHANGED);
    scratch_age(&world->project.scratch, "out", 100);
    project_expect(&world->project, "out", PATCH_UP_TO_DATE, REASON_NONE);
}

/* ---- verifying ------------------------------------------------------------------------------ */

static void count_difference(void *context, Slice subject, const char *what)
{
    (void)subject;
    (void)what;
    ++*(unsigned *)context;
}

static unsigned differences(World *world)
{
    Build *build;
    unsigned count = 0;
    Compiler compiler = line_language(world->project.settings);
    BuildRequest request = project_request(&world->project, &compiler);
    Verification verification = {.differs = count_difference, .context = &count};
    request.in_memory = true;
    assert_int_equal(build_open(&build, &request), BUILD_OK);
    assert_int_equal(build_verify(build, &verification), BUILD_OK);
    assert_int_equal(output_verify(build, NULL, &world->table.format, &verification), BUILD_OK);
    build_close(build);
    return count;
}

static void a_format_is_verified(void **state)
{
    World *world = *state;
    assert_int_equal(differences(world), 0);
    project_write_unit(&world->project, "a.line", "one", 700, 'x');
    expect_patched(world);
    assert_int_equal(differences(world), 0);
    project_overwrite(&world->project, "out", 3 * OUTPUT_BLOCK + 20, "#");
    assert_int_equal(differences(world), 1);
    project_overwrite(&world->project, "out", 70, "#");
    assert_int_equal(differences(world), 2);
}

/* ---- programs ------------------------------------------------------------------------------- */

static void expect_mode(const World *world, mode_t mode)
{
    struct stat status;
    assert_int_equal(stat(project_path(&world->project, "out"), &status), 0);
    assert_int_equal(status.st_mode & 07777, mode);
}

static void set_mode(const World *world, mode_t mode)
{
    assert_int_equal(chmod(project_path(&world->project, "out"), mode), 0);
}

static void whoever_may_read_a_new_program_may_execute_it(void **state)
{
    World *world = *state;
    static const mode_t masks[] = {022, 077, 027, 002, 0};
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        umask(masks[i]);
        assert_int_equal(unlink(project_path(&world->project, "out")), 0);
        project_expect(&world->project, "out", PATCH_REASSEMBLE, REASON_NO_OUTPUT);
        expect_mode(world, 0777 & ~masks[i]);
    }
}

/* One that no build has seen is not put at risk: the first edit makes a new file. */
static void a_mode_of_the_users_stays(void **state)
{
    World *world = *state;
    static const mode_t modes[] = {0744, 0700, 0711, 0755, 0710};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        set_mode(world, modes[i]);
        project_edit(&world->project);
        project_expect(&world->project, "out", PATCH_REASSEMBLE, REASON_OUTPUT_CHANGED);
        expect_mode(world, modes[i]);
        project_edit(&world->project);
        expect_patched(world);
        expect_mode(world, modes[i]);
        set_mode(world, 0750);
        project_expect(&world->project, "out", PATCH_UP_TO_DATE, REASON_NONE);
        project_edit(&world->project);
        expect_patched(world);
        expect_mode(world, 0750);
        set_mode(world, modes[i]);
        world->project.force = true;
        project_expect(&world->project, "out", PATCH_FULL, REASON_FORCED);
        world->project.force = false;
        expect_mode(world, modes[i]);
    }
}

static void a_program_without_execute_bits_gets_them(void **state)
{
    World *world = *state;
    set_mode(world, 0644);
    project_expect(&world->project, "out", PATCH_IN_PLACE, REASON_OUTPUT_CHANGED);
    assert_int_equal(world->project.result.sections_written, 0);
    expect_mode(world, 0755);
    project_expect(&world->project, "out", PATCH_UP_TO_DATE, REASON_NONE);
    set_mode(world, 0600);
    project_edit(&world->project);
    project_expect(&world->project, "out", PATCH_IN_PLACE, REASON_OUTPUT_CHANGED);
    expect_mode(world, 0700);
}

static void a_stamp_that_lies(OutputRecord *record, void *context)
{
    assert_int_equal(file_stamp_at(AT_FDCWD, context, &record->known.stamp), 0);
    record->known.racy_since_ns = 0;
}

/* Where a stamp does not show that permissions changed. */
static void permissions_are_looked_at_too(void **state)
{
    World *world = *state;
    char path[512];
    snprintf(path, sizeof path, "%s", project_path(&world->project, "out"));
    set_mode(world, 0644);
    project_change_record(&world->project, a_stamp_that_lies, path);
    project_expect(&world->project, "out", PATCH_IN_PLACE, REASON_OUTPUT_CHANGED);
    expect_mode(world, 0755);
    set_mode(world, 0744);
    project_change_record(&world->project, a_stamp_that_lies, path);
    project_expect(&world->project, "out", PATCH_UP_TO_DATE, REASON_NONE);
    project_edit(&world->project); /* it was recorded */
    expect_patched(world);
    expect_mode(world, 0744);
}

/* A limit below the end of the output fails the write of its last section. What is there then is
 * what a build leaves that is killed there. */
static void leave_half_a_program(World *world, char letter)
{
    Project *project = &world->project;
    struct stat status;
    project_write_unit(project, "many/98.line", "unit", 20, letter);
    project_write_unit(project, "many/99.line", "unit", 20, letter);
    assert_int_equal(stat(project_path(project, "out"), &status), 0);
    full_disk_begin((size_t)status.st_size - 65 * OUTPUT_BLOCK);
    BuildStatus ended = project_build(project, "out");
    full_disk_end();
    assert_int_equal(ended, BUILD_MACHINE_FAILED);
}

static void half_a_program_cannot_be_executed_and_a_whole_one_as_before(void **state)
{
    World *world = *state;
    Project *project = &world->project;
    static const mode_t modes[] = {0755, 0744, 0700, 0711, 0710};
    project_build_many(project);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        set_mode(world, modes[i]);
        project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
        leave_half_a_program(world, (char)('b' + i));
        expect_mode(world, modes[i] & ~0111u);
        project_expect(project, "out", PATCH_REASSEMBLE, REASON_LAST_UNFINISHED);
        expect_mode(world, modes[i]);
    }
}

/* No build has seen this mode: a file of its own is made, and the program stays whole. */
static void a_new_mode_is_not_put_at_risk(void **state)
{
    World *world = *state;
    project_build_many(&world->project);
    set_mode(world, 0744);
    leave_half_a_program(world, 'b');
    expect_mode(world, 0744);
    project_expect(&world->project, "out", PATCH_REASSEMBLE, REASON_OUTPUT_CHANGED);
    expect_mode(world, 0744);
}

/* Somebody gave half of a program other permissions. */
static void a_mode_that_nobody_knows_follows_from_who_may_read(void **state)
{
    World *world = *state;
    project_build_many(&world->project);
    leave_half_a_program(world, 'b');
    set_mode(world, 0640);
    project_expect(&world->project, "out", PATCH_REASSEMBLE, REASON_LAST_UNFINISHED);
    expect_mode(world, 0750);
}

static void a_build_that_fails_before_it_writes_leaves_a_program(void **state)
{
    World *world = *state;
    Project *project = &world->project;
    struct stat status;
    char blocker[512];
    set_mode(world, 0744);
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
    snprintf(blocker, sizeof blocker, "%s", project_cache_file(project, ".sections.1"));
    blocker[strlen(blocker) - 1] = '2'; /* the next generation */
    assert_int_equal(mkdir(project_path(project, blocker), 0777), 0);
    project_write_unit(project, "a.line", "one", 900, 'a');
    expect_failure(world, "cannot write the output's state");
    expect_mode(world, 0744);
    assert_int_equal(rmdir(project_path(project, blocker)), 0);
    project_build_many(project);
    expect_mode(world, 0744);
    assert_int_equal(stat(project_path(project, "out"), &status), 0);
    project_write_unit(project, "many/0.line", "unit", 700, 'b');
    full_disk_begin((size_t)status.st_size);
    BuildStatus ended = project_build(project, "out");
    full_disk_end();
    assert_int_equal(ended, BUILD_MACHINE_FAILED);
    expect_mode(world, 0744);
}

/* Whoever has it open may be a process that executes it, where the system does not tell them
 * apart. */
static void a_program_that_is_in_use_is_replaced(void **state)
{
#ifdef F_SETLEASE
    World *world = *state;
    char *before = scratch_read(&world->project.scratch, "out", NULL);
    size_t size = strlen(before);
    int fd = open(project_path(&world->project, "out"), O_RDONLY);
    char *now = memory_allocate_zeroed(1, size + 1);
    project_edit(&world->project);
    project_expect(&world->project, "out", PATCH_REASSEMBLE, REASON_OUTPUT_IN_USE);
    assert_int_equal(pread(fd, now, size, 0), (ssize_t)size);
    assert_string_equal(now, before); /* for who has it open, nothing has changed */
    close(fd);
    free(before);
    memory_free(now);
    project_edit(&world->project);
    expect_patched(world);
#else
    (void)state;
    print_message("skipped: there are no leases\n");
    skip();
#endif
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define CASE_OF_PROGRAM(name) cmocka_unit_test_setup_teardown(name, setup_program, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_section_that_keeps_its_size_is_written_alone),
        CASE(a_section_that_grows_changes_the_table),
        CASE(numbers_that_shift_are_written_again),
        CASE(a_table_that_grows_by_a_block_moves_everything),
        CASE(the_hash_of_a_table_follows_its_pages),
        CASE(a_format_may_refuse_to_patch),
        CASE(a_format_may_give_up_later),
        CASE(what_fails_is_said_and_the_output_stays),
        CASE(bytes_that_others_changed_are_not_patched),
        CASE(a_format_is_verified),
        CASE_OF_PROGRAM(whoever_may_read_a_new_program_may_execute_it),
        CASE_OF_PROGRAM(a_mode_of_the_users_stays),
        CASE_OF_PROGRAM(a_program_without_execute_bits_gets_them),
        CASE_OF_PROGRAM(permissions_are_looked_at_too),
        CASE_OF_PROGRAM(half_a_program_cannot_be_executed_and_a_whole_one_as_before),
        CASE_OF_PROGRAM(a_new_mode_is_not_put_at_risk),
        CASE_OF_PROGRAM(a_mode_that_nobody_knows_follows_from_who_may_read),
        CASE_OF_PROGRAM(a_build_that_fails_before_it_writes_leaves_a_program),
        CASE_OF_PROGRAM(a_program_that_is_in_use_is_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
