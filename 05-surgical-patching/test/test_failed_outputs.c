/* SPDX-License-Identifier: MIT */
/* Builds that fail or are killed while they write the output: the old one stays, or the next build
 * repairs what was left. */
#include "project.h"

#include "output_layout.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_forged_marker_is_refused(void **state)
{
    Project *project = *state;
    char text[2000];
    const char *marker = "; ==== FILE: x:00000000000000000000000000000000 ====";
    /* the section's marker and "a.line:one() " come before the body */
    int spaces = 2 * OUTPUT_BLOCK - (13 + 6 + 39) - 13 - 1;
    snprintf(text, sizeof text, "unit one %*s\\n%s\n", spaces, "", marker);
    project_write(project, "a.line", text);
    project_expect_failure(project, "out", BUILD_MACHINE_FAILED, "reads as a file marker");
    project->force = true;
    project_expect_failure(project, "out", BUILD_MACHINE_FAILED, "reads as a file marker");
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
    project_expect_kept(project, "out", before);
    project_edit(project);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
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

static void check_full_disk(Project *project, const char *output, size_t limit)
{
    char *before = scratch_read(&project->scratch, "out", NULL);
    size_t entries = entries_of(project);
    full_disk_begin(limit);
    BuildStatus status = project_build(project, output);
    full_disk_end();
    assert_int_equal(status, BUILD_MACHINE_FAILED);
    assert_non_null(strstr(project->failure, "cannot write the output"));
    assert_int_equal(entries_of(project), entries); /* no draft is left */
    project_expect_kept(project, "out", before);
}

static void a_full_disk_leaves_the_old_output(void **state)
{
    Project *project = *state;
    project_build_many(project);
    struct stat output;
    assert_int_equal(stat(project_path(project, "out"), &output), 0);
    project_write_unit(project, "many/0.line", "unit", 700, 'b');
    check_full_disk(project, "out", (size_t)output.st_size);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    check_full_disk(project, "out2", (size_t)output.st_size);
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
}

/* The state is saved after the file was made longer: that is undone. */
static void a_cache_that_fails_leaves_the_old_output(void **state)
{
    Project *project = *state;
    char blocker[512];
    struct stat before, after;
    assert_int_equal(stat(project_path(project, "out"), &before), 0);
    snprintf(blocker, sizeof blocker, "%s", project_cache_file(project, ".sections.1"));
    blocker[strlen(blocker) - 1] = '2'; /* the next generation */
    assert_int_equal(mkdir(project_path(project, blocker), 0777), 0);
    project_write_unit(project, "a.line", "one", 900, 'a');
    project_expect_failure(project, "out", BUILD_MACHINE_FAILED, "cannot write the output's state");
    assert_int_equal(stat(project_path(project, "out"), &after), 0);
    assert_int_equal(before.st_size, after.st_size);
    assert_int_equal(rmdir(project_path(project, blocker)), 0);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
}

/* Builds in a child that is killed after a while; true if it was still building. */
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
    project_build_many(project);
    size_t entries = entries_of(project) + 1; /* and the clean builds' directory, made below */
    srand((unsigned)getpid());
    for (int round = 0; round < 40; round++) {
        project_write_many(project, rand() % 50, 1 + rand() % 100, (size_t)rand() % 600,
                           (char)('a' + rand() % 26));
        killed += build_and_kill(project, (useconds_t)(rand() % 6000));
        assert_int_equal(project_build(project, "out"), BUILD_OK);
        project_expect_clean_output(project, "out");
        assert_true(entries_of(project) <= entries);
    }
    print_message("killed %d of 40 builds\n", killed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_BUILT_PROJECT(a_forged_marker_is_refused),
        CASE_IN_BUILT_PROJECT(a_wrong_program_leaves_the_output_alone),
        CASE_IN_BUILT_PROJECT(a_full_disk_leaves_the_old_output),
        CASE_IN_BUILT_PROJECT(a_cache_that_fails_leaves_the_old_output),
        CASE_IN_BUILT_PROJECT(a_killed_build_leaves_nothing_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
