/* SPDX-License-Identifier: MIT */
/* Every reason not to patch, provoked on real files; and what can go wrong while writing. After
 * each build, project_expect compares the output with that of a clean build. */
#include "project.h"

#include "line_language.h"
#include "output_layout.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_built(void **state)
{
    Project *project = memory_allocate_zeroed(1, sizeof *project);
    *state = project;
    project_open(project);
    project_expect(project, "out", PATCH_FULL, REASON_FIRST_BUILD);
    return 0;
}

static int close_project(void **state)
{
    project_close(*state);
    free(*state);
    return 0;
}

/* Changes one body, so that there is something to patch. */
static void edit(Project *project)
{
    static int number;
    char text[64];
    snprintf(text, sizeof text, "unit one edit %d\n", number++);
    project_write(project, "a.line", text);
}

static void overwrite(const Project *project, const char *name, off_t offset,
                      const char *text)
{
    int fd = open(project_path(project, name), O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, text, strlen(text), offset), (ssize_t)strlen(text));
    close(fd);
}

/* The name of the cache's file that ends so; e.g. ".sections.1". */
static const char *cache_file(const Project *project, const char *ending)
{
    static char name[512];
    DIR *list = opendir(project_path(project, "cache"));
    assert_non_null(list);
    *name = '\0';
    for (struct dirent *item; (item = readdir(list)) != NULL;) {
        size_t size = strlen(item->d_name);
        if (size >= strlen(ending) && strcmp(item->d_name + size - strlen(ending), ending) == 0)
            snprintf(name, sizeof name, "cache/%s", item->d_name);
    }
    closedir(list);
    assert_string_not_equal(name, "");
    return name;
}

static size_t count_cache_files(const Project *project, const char *part)
{
    size_t count = 0;
    DIR *list = opendir(project_path(project, "cache"));
    assert_non_null(list);
    for (struct dirent *item; (item = readdir(list)) != NULL;)
        count += strstr(item->d_name, part) != NULL;
    closedir(list);
    return count;
}

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
    overwrite(project, cache_file(project, ".sections.1"), 50, "damage");
    edit(project);
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_DAMAGED_STATE);
    edit(project);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
}

static void lost_sections(void **state)
{
    Project *project = *state;
    assert_int_equal(unlink(project_path(project, cache_file(project, ".sections.1"))), 0);
    edit(project);
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_DAMAGED_STATE);
}

static void damaged_manifest(void **state)
{
    Project *project = *state;
    overwrite(project, cache_file(project, ".manifest"), 50, "damage");
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_DAMAGED_STATE);
}

static void lost_state(void **state)
{
    Project *project = *state;
    assert_int_equal(unlink(project_path(project, cache_file(project, ".manifest"))), 0);
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
    edit(project);
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_DAMAGED_STATE);
}

static void last_build_unfinished(void **state)
{
    Project *project = *state;
    Compiler compiler = line_language("default");
    BuildRequest request = {.compiler = &compiler,
                            .entry = project_path(project, "main.line"),
                            .cache_dir = project_path(project, "cache"),
                            .executor = &executor_serial};
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
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_FILES_CHANGED);
    edit(project);
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_FILES_CHANGED);
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

static void a_hard_link_keeps_its_bytes(void **state)
{
    Project *project = *state;
    char *before = scratch_read(&project->scratch, "out", NULL);
    assert_int_equal(link(project_path(project, "out"), project_path(project, "copy")), 0);
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
    edit(project);
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_OUTPUT_LINKED);
    char *copy = scratch_read(&project->scratch, "copy", NULL);
    assert_string_equal(copy, before);
    free(before);
    free(copy);
    edit(project);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
}

static void a_symlink_is_replaced_and_its_target_kept(void **state)
{
    Project *project = *state;
    assert_int_equal(rename(project_path(project, "out"), project_path(project, "real")), 0);
    assert_int_equal(symlink("real", project_path(project, "out")), 0);
    char *before = scratch_read(&project->scratch, "real", NULL);
    edit(project);
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_OUTPUT_LINKED);
    char *real = scratch_read(&project->scratch, "real", NULL);
    assert_string_equal(real, before);
    free(before);
    free(real);
    struct stat status;
    assert_int_equal(lstat(project_path(project, "out"), &status), 0);
    assert_true(S_ISREG(status.st_mode));
}

static void a_symlink_to_nothing_is_replaced(void **state)
{
    Project *project = *state;
    unlink(project_path(project, "out"));
    assert_int_equal(symlink("nothing", project_path(project, "out")), 0);
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_OUTPUT_LINKED);
    assert_false(scratch_exists(&project->scratch, "nothing"));
}

static void a_fifo_is_written_straight(void **state)
{
    Project *project = *state;
    char text[16 * OUTPUT_BLOCK];
    size_t size;
    char *expected = scratch_read(&project->scratch, "out", &size);
    assert_int_equal(mkfifo(project_path(project, "fifo"), 0600), 0);
    int reader = open(project_path(project, "fifo"), O_RDONLY | O_NONBLOCK);
    for (int round = 0; round < 2; round++) { /* unchanged is no excuse: nothing is kept there */
        assert_int_equal(project_build(project, "fifo"), BUILD_OK);
        assert_int_equal(project->result.strategy, PATCH_REASSEMBLE);
        assert_int_equal(read(reader, text, sizeof text), (ssize_t)size);
        assert_memory_equal(text, expected, size);
    }
    assert_int_equal(project->result.reason, REASON_OUTPUT_LINKED);
    close(reader);
    free(expected);
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_OTHER_OUTPUT);
}

static void a_device_is_written_straight(void **state)
{
    Project *project = *state;
    assert_int_equal(project_build(project, "/dev/null"), BUILD_OK);
    assert_int_equal(project_build(project, "/dev/full"), BUILD_MACHINE_FAILED);
    struct stat status;
    assert_int_equal(stat("/dev/null", &status), 0);
    assert_true(S_ISCHR(status.st_mode));
}

static void a_section_changed_by_others_is_patched(void **state)
{
    Project *project = *state;
    overwrite(project, "out", 3 * OUTPUT_BLOCK + 100, "#");
    project_expect(project, "out", PATCH_IN_PLACE, REASON_OUTPUT_CHANGED);
    assert_int_equal(project->result.sections_written, 1);
    assert_int_equal(project->counts.functions_emitted, 0);
    overwrite(project, "out", 0, "#");
    project_expect(project, "out", PATCH_IN_PLACE, REASON_OUTPUT_CHANGED);
    assert_int_equal(project->result.sections_written, 0); /* it was the prelude */
    assert_int_equal(project->result.bytes_written, OUTPUT_BLOCK);
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
}

static void changes_of_both_sides_are_patched(void **state)
{
    Project *project = *state;
    overwrite(project, "out", 3 * OUTPUT_BLOCK + 100, "#");
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
    usleep(20000);
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
    struct stat before, after;
    assert_int_equal(stat(project_path(project, "cache"), &before), 0);
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
    assert_int_equal(stat(project_path(project, "cache"), &after), 0);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec); /* nothing left to learn */
}

/* An edit of the output that stat does not show, as on a file system with a coarse clock. */
typedef struct HiddenEdit {
    FileStamp stamp;
    bool is_young;
} HiddenEdit;

static void record_hidden(OutputRecord *record, void *context)
{
    const HiddenEdit *edit = context;
    record->stamp = edit->stamp;
    record->is_young = edit->is_young;
}

static void hide_edit(Project *project, bool is_young)
{
    HiddenEdit hidden = {.is_young = is_young};
    overwrite(project, "out", 3 * OUTPUT_BLOCK + 100, "#");
    assert_int_equal(file_stamp_at(AT_FDCWD, project_path(project, "out"), &hidden.stamp), 0);
    project_change_record(project, record_hidden, &hidden);
}

static void a_young_output_is_compared(void **state)
{
    Project *project = *state;
    hide_edit(project, true);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_OUTPUT_CHANGED);
}

static void paranoia_does_not_trust_a_stamp(void **state)
{
    Project *project = *state;
    hide_edit(project, false);
    assert_int_equal(project_build(project, "out"), BUILD_OK);
    assert_int_equal(project->result.strategy, PATCH_UP_TO_DATE); /* it cannot know */
    project->paranoid = true;
    project_expect(project, "out", PATCH_IN_PLACE, REASON_OUTPUT_CHANGED);
}

static void a_restored_mtime_does_not_hide_a_change(void **state)
{
    Project *project = *state;
    struct stat status;
    assert_int_equal(stat(project_path(project, "out"), &status), 0);
    overwrite(project, "out", 3 * OUTPUT_BLOCK + 100, "#");
    struct timespec times[] = {status.st_atim, status.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, project_path(project, "out"), times, 0), 0);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_OUTPUT_CHANGED);
}

/* Root may write to anything, so a test of permissions must run as somebody else. */
static void become_ordinary(const Project *project)
{
    char command[400];
    if (geteuid() != 0)
        return;
    snprintf(command, sizeof command, "chown -R 65534 '%s'", project->scratch.path);
    assert_int_equal(system(command), 0);
    assert_int_equal(seteuid(65534), 0);
}

static void become_oneself(void)
{
    assert_int_equal(seteuid(getuid()), 0);
}

static void a_read_only_output_is_replaced(void **state)
{
    Project *project = *state;
    become_ordinary(project);
    assert_int_equal(chmod(project_path(project, "out"), 0444), 0);
    edit(project);
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_OUTPUT_READ_ONLY);
    become_oneself();
    struct stat status;
    assert_int_equal(stat(project_path(project, "out"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0444);
}

static void a_read_only_directory_is_a_failure(void **state)
{
    Project *project = *state;
    become_ordinary(project);
    assert_int_equal(mkdir(project_path(project, "locked"), 0555), 0);
    BuildStatus status = project_build(project, "locked/out");
    bool says_why = strstr(project->failure, "cannot write the output") != NULL;
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
    become_oneself();
    assert_int_equal(status, BUILD_MACHINE_FAILED);
    assert_true(says_why);
}

/* ---- costs --------------------------------------------------------------------------------- */

enum { MANY = 500 };

static void write_many(Project *project, int first, int step, size_t size, char letter)
{
    for (int i = first; i < MANY; i += step) {
        char file[32];
        snprintf(file, sizeof file, "many/%d.line", i);
        project_write_unit(project, file, "unit", size, letter);
    }
}

static void build_many(Project *project)
{
    ByteBuffer text = {0};
    char line[64];
    for (int i = 0; i < MANY; i++) {
        snprintf(line, sizeof line, "import \"many/%d.line\" as m%d\n", i, i);
        buffer_put(&text, slice_from(line));
    }
    buffer_put(&text, slice_of("unit main x\n", sizeof "unit main x\n"));
    project_write(project, "main.line", text.data);
    buffer_free(&text);
    write_many(project, 0, 1, 10, 'a');
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_FILES_CHANGED);
}

static void too_many_changes(void **state)
{
    Project *project = *state;
    build_many(project);
    write_many(project, 0, 10, 10, 'b');
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    assert_int_equal(project->result.sections_written, MANY / 10);
    write_many(project, 0, 1, 10, 'c');
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_TOO_MANY_CHANGES);
    write_many(project, 0, 2, 10, 'd');
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
}

static void sections_outgrew_their_places(void **state)
{
    Project *project = *state;
    build_many(project);
    write_many(project, 0, 2, 300, 'b');
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_SECTION_OUTGREW);
    assert_int_equal(project->result.sections_written, project->result.sections_total);
}

/* ---- what is refused, and what fails ------------------------------------------------------- */

static void expect_failure(Project *project, const char *output, BuildStatus status,
                           const char *words)
{
    assert_int_equal(project_build(project, output), status);
    if (strstr(project->failure, words) == NULL)
        fail_msg("'%s' does not say '%s'", project->failure, words);
}

static void a_source_is_not_overwritten(void **state)
{
    Project *project = *state;
    expect_failure(project, "main.line", BUILD_MISUSED, "is a source of the program");
    expect_failure(project, "lib/c.line", BUILD_MISUSED, "is a source of the program");
    assert_int_equal(link(project_path(project, "a.line"), project_path(project, "hard")), 0);
    assert_int_equal(symlink("b.line", project_path(project, "soft")), 0);
    expect_failure(project, "hard", BUILD_MISUSED, "is a source of the program");
    expect_failure(project, "soft", BUILD_MISUSED, "is a source of the program");
}

static void an_output_that_became_a_source_is_not_overwritten(void **state)
{
    Project *project = *state;
    scratch_write(&project->scratch, "out", "unit one x\n");
    project_write(project, "main.line", "import \"out\" as o\nunit main $o.one\n");
    expect_failure(project, "out", BUILD_MISUSED, "is a source of the program");
}

static void impossible_places_are_refused(void **state)
{
    Project *project = *state;
    expect_failure(project, "lib", BUILD_MACHINE_FAILED, "cannot write the output");
    expect_failure(project, "lib/", BUILD_MACHINE_FAILED, "cannot write the output");
    expect_failure(project, "no/such/out", BUILD_MACHINE_FAILED, "cannot find the directory");
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
}

static void a_forged_marker_is_refused(void **state)
{
    Project *project = *state;
    char text[2000];
    const char *marker = "; ==== FILE: x:00000000000000000000000000000000 ====";
    /* the section's marker and "a.line:one() " come before the body */
    int spaces = 2 * OUTPUT_BLOCK - (13 + 6 + 39) - 13 - 1;
    snprintf(text, sizeof text, "unit one %*s\\n%s\n", spaces, "", marker);
    project_write(project, "a.line", text);
    expect_failure(project, "out", BUILD_MACHINE_FAILED, "reads as a file marker");
    project->force = true;
    expect_failure(project, "out", BUILD_MACHINE_FAILED, "reads as a file marker");
    project->force = false;
    snprintf(text, sizeof text, "unit one %*s\\n%s\n", spaces + 1, "", marker);
    project_write(project, "a.line", text);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
}

static void a_wrong_program_leaves_the_output_alone(void **state)
{
    Project *project = *state;
    char *before = scratch_read(&project->scratch, "out", NULL);
    project_write(project, "a.line", "unit one $nobody\n");
    assert_int_equal(project_build(project, "out"), BUILD_PROGRAM_WRONG);
    project->force = true;
    assert_int_equal(project_build(project, "out"), BUILD_PROGRAM_WRONG);
    project->force = false;
    char *after = scratch_read(&project->scratch, "out", NULL);
    assert_string_equal(before, after);
    free(before);
    free(after);
    edit(project);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
}

/* A limit on the size of files stands in for a full disk: what is written next fails. */
static void limit_file_size(rlim_t size)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size == 0 ? limit.rlim_max : size;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static size_t entries_of(const Project *project)
{
    size_t count = 0;
    DIR *list = opendir(project->scratch.path);
    assert_non_null(list);
    while (readdir(list) != NULL)
        count++;
    closedir(list);
    return count;
}

static void check_full_disk(Project *project, const char *output, rlim_t limit)
{
    char *before = scratch_read(&project->scratch, "out", NULL);
    size_t entries = entries_of(project);
    limit_file_size(limit);
    BuildStatus status = project_build(project, output);
    limit_file_size(0);
    assert_int_equal(status, BUILD_MACHINE_FAILED);
    assert_non_null(strstr(project->failure, "cannot write the output"));
    assert_int_equal(entries_of(project), entries); /* no draft is left */
    char *after = scratch_read(&project->scratch, "out", NULL);
    assert_string_equal(before, after);
    free(before);
    free(after);
}

static void a_full_disk_leaves_the_old_output(void **state)
{
    Project *project = *state;
    build_many(project);
    struct stat output;
    assert_int_equal(stat(project_path(project, "out"), &output), 0);
    project_write_unit(project, "many/0.line", "unit", 700, 'b');
    check_full_disk(project, "out", (rlim_t)output.st_size);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    check_full_disk(project, "out2", (rlim_t)output.st_size);
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
}

/* The state is saved after the file was made longer: that is taken back. */
static void a_cache_that_fails_leaves_the_old_output(void **state)
{
    Project *project = *state;
    char blocker[512];
    struct stat before, after;
    assert_int_equal(stat(project_path(project, "out"), &before), 0);
    snprintf(blocker, sizeof blocker, "%s", cache_file(project, ".sections.1"));
    blocker[strlen(blocker) - 1] = '2'; /* the next generation */
    assert_int_equal(mkdir(project_path(project, blocker), 0777), 0);
    project_write_unit(project, "a.line", "one", 900, 'a');
    expect_failure(project, "out", BUILD_MACHINE_FAILED, "cannot write the output's state");
    assert_int_equal(stat(project_path(project, "out"), &after), 0);
    assert_int_equal(before.st_size, after.st_size);
    assert_int_equal(rmdir(project_path(project, blocker)), 0);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
}

static void superseded_state_is_removed(void **state)
{
    Project *project = *state;
    for (int i = 0; i < 5; i++) {
        edit(project);
        project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
        assert_true(count_cache_files(project, ".sections.") <= 2); /* a base and a journal */
    }
}

static void a_new_file_has_the_mode_of_the_old(void **state)
{
    Project *project = *state;
    assert_int_equal(chmod(project_path(project, "out"), 0640), 0);
    project->force = true;
    project_expect(project, "out", PATCH_FULL, REASON_FORCED);
    struct stat status;
    assert_int_equal(stat(project_path(project, "out"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0640);
}

/* ---- killed -------------------------------------------------------------------------------- */

/* Builds in a child that is killed after a while; true if it was still at it. */
static bool build_and_kill(Project *project, useconds_t after)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(project_build(project, "out") == BUILD_OK ? 0 : 1);
    usleep(after);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status);
}

static void a_killed_build_leaves_nothing_wrong(void **state)
{
    Project *project = *state;
    int killed = 0;
    build_many(project);
    size_t entries = entries_of(project) + 1; /* and the clean builds' directory, made below */
    srand((unsigned)getpid());
    for (int round = 0; round < 40; round++) {
        write_many(project, rand() % 50, 1 + rand() % 100, (size_t)rand() % 600,
                   (char)('a' + rand() % 26));
        killed += build_and_kill(project, (useconds_t)(rand() % 6000));
        assert_int_equal(project_build(project, "out"), BUILD_OK);
        project_expect_clean_output(project, "out");
        assert_true(entries_of(project) <= entries);
    }
    print_message("killed %d of 40 builds\n", killed);
}

#define ON_BUILT(test) cmocka_unit_test_setup_teardown(test, open_built, close_project)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_BUILT(forced),
        ON_BUILT(other_settings),
        ON_BUILT(damaged_sections),
        ON_BUILT(lost_sections),
        ON_BUILT(damaged_manifest),
        ON_BUILT(lost_state),
        ON_BUILT(state_that_contradicts_itself),
        ON_BUILT(last_build_unfinished),
        ON_BUILT(files_added_and_removed),
        ON_BUILT(another_output),
        ON_BUILT(no_output),
        ON_BUILT(a_hard_link_keeps_its_bytes),
        ON_BUILT(a_symlink_is_replaced_and_its_target_kept),
        ON_BUILT(a_symlink_to_nothing_is_replaced),
        ON_BUILT(a_fifo_is_written_straight),
        ON_BUILT(a_device_is_written_straight),
        ON_BUILT(a_section_changed_by_others_is_patched),
        ON_BUILT(changes_of_both_sides_are_patched),
        ON_BUILT(an_output_of_another_size_is_reassembled),
        ON_BUILT(a_touched_output_is_compared_once),
        ON_BUILT(a_young_output_is_compared),
        ON_BUILT(paranoia_does_not_trust_a_stamp),
        ON_BUILT(a_restored_mtime_does_not_hide_a_change),
        ON_BUILT(a_read_only_output_is_replaced),
        ON_BUILT(a_read_only_directory_is_a_failure),
        ON_BUILT(too_many_changes),
        ON_BUILT(sections_outgrew_their_places),
        ON_BUILT(a_source_is_not_overwritten),
        ON_BUILT(an_output_that_became_a_source_is_not_overwritten),
        ON_BUILT(impossible_places_are_refused),
        ON_BUILT(a_forged_marker_is_refused),
        ON_BUILT(a_wrong_program_leaves_the_output_alone),
        ON_BUILT(a_full_disk_leaves_the_old_output),
        ON_BUILT(a_cache_that_fails_leaves_the_old_output),
        ON_BUILT(superseded_state_is_removed),
        ON_BUILT(a_new_file_has_the_mode_of_the_old),
        ON_BUILT(a_killed_build_leaves_nothing_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
