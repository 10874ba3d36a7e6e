/* SPDX-License-Identifier: MIT */
/* What may be at the output's path: a file with another name or none, one that may not be written,
 * something other than a file, a source of the program. */
#include "project.h"

#include "output_draft.h"
#include "output_layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of the name itself: no symlink is followed. */
static mode_t mode_of(const Project *project, const char *name)
{
    struct stat status;
    assert_int_equal(lstat(project_path(project, name), &status), 0);
    return status.st_mode;
}

/* ---- other names, and other than files ------------------------------------------------------ */

static void a_hard_link_keeps_its_bytes(void **state)
{
    Project *project = *state;
    char *before = scratch_read(&project->scratch, "out", NULL);
    assert_int_equal(link(project_path(project, "out"), project_path(project, "copy")), 0);
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
    project_edit(project);
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_OUTPUT_LINKED);
    project_expect_kept(project, "copy", before);
    project_edit(project);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
}

static void a_symlink_is_replaced_and_its_target_kept(void **state)
{
    Project *project = *state;
    assert_int_equal(rename(project_path(project, "out"), project_path(project, "real")), 0);
    assert_int_equal(symlink("real", project_path(project, "out")), 0);
    char *before = scratch_read(&project->scratch, "real", NULL);
    project_edit(project);
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_OUTPUT_LINKED);
    project_expect_kept(project, "real", before);
    assert_true(S_ISREG(mode_of(project, "out")));
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
    for (int round = 0; round < 2; round++) { /* written even if unchanged: nothing is kept there */
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
    assert_true(S_ISCHR(mode_of(project, "/dev/null")));
}

/* ---- permissions ---------------------------------------------------------------------------- */

/* Root may write anything, so a test of permissions must run as another user. */
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
    project_edit(project);
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_OUTPUT_READ_ONLY);
    become_oneself();
    assert_int_equal(mode_of(project, "out") & 0777, 0444);
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

static void a_new_file_has_the_mode_of_the_old(void **state)
{
    Project *project = *state;
    assert_int_equal(chmod(project_path(project, "out"), 0640), 0);
    project->force = true;
    project_expect(project, "out", PATCH_FULL, REASON_FORCED);
    assert_int_equal(mode_of(project, "out") & 0777, 0640);
}

/* An output made by another user and writable by all: the next one must not be like it. */
static void only_the_mode_of_an_own_file_is_kept(void **state)
{
    Project *project = *state;
    project->force = true;
    mode_t before = umask(022);
    assert_int_equal(chmod(project_path(project, "out"), 07755), 0);
    project_expect(project, "out", PATCH_FULL, REASON_FORCED);
    assert_int_equal(mode_of(project, "out") & 07777, 0755);
    assert_int_equal(rename(project_path(project, "out"), project_path(project, "real")), 0);
    assert_int_equal(chmod(project_path(project, "real"), 0666), 0);
    assert_int_equal(symlink("real", project_path(project, "out")), 0);
    project_expect(project, "out", PATCH_FULL, REASON_FORCED);
    assert_int_equal(mode_of(project, "out") & 07777, 0644);
    if (geteuid() == 0) { /* only root can make one owned by another user */
        assert_int_equal(chmod(project_path(project, "out"), 0666), 0);
        assert_int_equal(chown(project_path(project, "out"), 12345, 12345), 0);
        project_expect(project, "out", PATCH_FULL, REASON_FORCED);
        assert_int_equal(mode_of(project, "out") & 07777, 0644);
    }
    umask(before);
}

/* ---- what somebody else does meanwhile ------------------------------------------------------- */

/* Looks at the output, exchanges it, and fails the test unless that is noticed. */
static void expect_notice(Project *project, void (*exchange)(const Project *project))
{
    OutputFile file;
    bool is_writable, is_in_use;
    assert_int_equal(output_file_look(&file, project_path(project, "out")), 0);
    assert_int_equal(file.kind, OUTPUT_PLAIN);
    int fd = output_file_open(&file, &is_writable, &is_in_use);
    assert_true(fd >= 0 && is_writable && output_file_is_still(&file, fd));
    exchange(project);
    assert_false(output_file_is_still(&file, fd));
    close(fd);
    assert_int_equal(output_file_open(&file, &is_writable, &is_in_use), -ESTALE);
    unlink(project_path(project, "out"));
    rename(project_path(project, "own"), project_path(project, "out"));
}

static void keep_own(const Project *project)
{
    assert_int_equal(rename(project_path(project, "out"), project_path(project, "own")), 0);
}

static void for_a_symlink(const Project *project)
{
    keep_own(project);
    assert_int_equal(symlink("a.line", project_path(project, "out")), 0);
}

static void for_a_symlink_to_itself(const Project *project)
{
    keep_own(project);
    assert_int_equal(symlink("own", project_path(project, "out")), 0);
}

static void for_another_file(const Project *project)
{
    keep_own(project);
    assert_int_equal(link(project_path(project, "a.line"), project_path(project, "out")), 0);
}

static void for_a_second_name(const Project *project)
{
    assert_int_equal(link(project_path(project, "out"), project_path(project, "own")), 0);
}

static void for_a_fifo(const Project *project)
{
    keep_own(project);
    assert_int_equal(mkfifo(project_path(project, "out"), 0600), 0);
}

static void what_takes_the_place_of_the_output_is_not_patched(void **state)
{
    Project *project = *state;
    char *before = scratch_read(&project->scratch, "a.line", NULL);
    expect_notice(project, for_a_symlink);
    expect_notice(project, for_a_symlink_to_itself);
    expect_notice(project, for_another_file);
    expect_notice(project, for_a_second_name);
    expect_notice(project, for_a_fifo);
    project_expect_kept(project, "a.line", before);
}

/* ---- drafts ---------------------------------------------------------------------------------- */

static OutputFile look(const Project *project, const char *name)
{
    OutputFile file;
    assert_int_equal(output_file_look(&file, project_path(project, name)), 0);
    return file;
}

/* As a killed build leaves it: no lock, and its name in use. */
static void leave_draft(const Project *project, const char *output, char path[PATH_MAX])
{
    OutputFile file = look(project, output);
    OutputDraft draft;
    assert_int_equal(output_draft_open(&draft, &file), 0);
    assert_int_equal(write(draft.fd, "half", 4), 4);
    strcpy(path, draft.path);
    draft.path[0] = '\0';
    output_draft_close(&draft);
    assert_int_equal(access(path, F_OK), 0);
}

/* The next build has another cache, or patches, or has nothing to do but to keep a stamp. */
static void what_a_killed_build_left_goes_with_the_next_commit(void **state)
{
    Project *project = *state;
    char path[PATH_MAX];
    leave_draft(project, "out", path);
    project_edit(project);
    project_expect(project, "out", PATCH_IN_PLACE, REASON_NONE);
    assert_int_not_equal(access(path, F_OK), 0);
    leave_draft(project, "out", path);
    assert_int_equal(rename(project_path(project, "cache"), project_path(project, "kept")), 0);
    project_expect(project, "out", PATCH_FULL, REASON_FIRST_BUILD);
    assert_int_not_equal(access(path, F_OK), 0);
    leave_draft(project, "other", path);
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
    assert_int_equal(access(path, F_OK), 0); /* nobody has built "other" since */
    project_expect(project, "other", PATCH_REASSEMBLE, REASON_OTHER_OUTPUT);
    assert_int_not_equal(access(path, F_OK), 0);
}

/* Two caches, one output. */
static void a_draft_in_use_is_left_alone(void **state)
{
    Project *project = *state;
    OutputFile file = look(project, "out");
    OutputDraft first, second, third;
    FileStamp stamp;
    assert_int_equal(output_draft_open(&first, &file), 0);
    assert_int_equal(output_draft_open(&second, &file), 0);
    assert_string_not_equal(first.path, second.path);
    output_draft_remove_leftovers(&file);
    assert_int_equal(access(first.path, F_OK), 0);
    assert_int_equal(access(second.path, F_OK), 0);
    assert_int_equal(write(first.fd, "first", 5), 5);
    assert_int_equal(write(second.fd, "second", 6), 6);
    assert_int_equal(output_draft_publish(&first, &file, false, &stamp), 0);
    assert_int_equal(output_draft_open(&third, &file), 0);
    output_draft_close(&first);
    assert_int_equal(output_draft_publish(&second, &file, false, &stamp), 0);
    output_draft_close(&second);
    output_draft_close(&third);
    char *text = scratch_read(&project->scratch, "out", NULL);
    assert_string_equal(text, "second");
    free(text);
}

/* Its names can be worked out by others. */
static void what_has_the_name_of_a_draft_is_no_obstacle(void **state)
{
    Project *project = *state;
    OutputFile file = look(project, "out");
    OutputDraft draft;
    FileStamp stamp;
    char names[16][PATH_MAX];
    char *before = scratch_read(&project->scratch, "a.line", NULL);
    for (int i = 0; i < 16; i++) { /* directories and links under the first names that are tried */
        assert_int_equal(output_draft_open(&draft, &file), 0);
        strcpy(names[i], draft.path);
        output_draft_close(&draft);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(names[i], names[k]);
        assert_int_equal(i % 2 == 0 ? mkdir(names[i], 0700) : symlink("a.line", names[i]), 0);
    }
    assert_int_equal(output_draft_open(&draft, &file), 0);
    assert_int_equal(write(draft.fd, "draft\n", 6), 6);
    assert_int_equal(output_draft_publish(&draft, &file, false, &stamp), 0);
    output_draft_close(&draft);
    output_draft_remove_leftovers(&file);
    for (int i = 0; i < 16; i++) {
        struct stat status;
        assert_int_equal(lstat(names[i], &status), 0);
    }
    char *output = scratch_read(&project->scratch, "out", NULL);
    assert_string_equal(output, "draft\n");
    free(output);
    project_expect_kept(project, "a.line", before);
}

/* ---- places that are refused ----------------------------------------------------------------- */

static void a_source_is_not_overwritten(void **state)
{
    Project *project = *state;
    project_expect_failure(project, "main.line", BUILD_MISUSED, "is a source of the program");
    project_expect_failure(project, "lib/c.line", BUILD_MISUSED, "is a source of the program");
    assert_int_equal(link(project_path(project, "a.line"), project_path(project, "hard")), 0);
    assert_int_equal(symlink("b.line", project_path(project, "soft")), 0);
    project_expect_failure(project, "hard", BUILD_MISUSED, "is a source of the program");
    project_expect_failure(project, "soft", BUILD_MISUSED, "is a source of the program");
}

static void an_output_that_became_a_source_is_not_overwritten(void **state)
{
    Project *project = *state;
    scratch_write(&project->scratch, "out", "unit one x\n");
    project_write(project, "main.line", "import \"out\" as o\nunit main $o.one\n");
    project_expect_failure(project, "out", BUILD_MISUSED, "is a source of the program");
}

/* What an editor shows is no program yet: neither to a file nor to a stream is anything written. */
static void a_build_with_overlays_has_no_output(void **state)
{
    Project *project = *state;
    const SourceOverlay unsaved[] = {{"a.line", slice_from("unit one unsaved\n")}};
    Compiler compiler = line_language(project->settings);
    BuildRequest request = project_request(project, &compiler);
    const char *const outputs[] = {"out", "new", "-"};
    request.overlays = unsaved;
    request.overlay_count = 1;
    FileList before = scratch_list(&project->scratch, ".");
    for (int i = 0; i < 3; i++) {
        Build *build;
        PatchResult result;
        char *kept = scratch_read(&project->scratch, "out", NULL);
        assert_int_equal(build_open(&build, &request), BUILD_OK);
        assert_int_equal(build_plan(build), BUILD_OK);
        assert_int_equal(build_planned(build)->dirty_count, 1);
        assert_int_equal(output_write(build, project_path(project, outputs[i]), &result),
                         BUILD_MISUSED);
        assert_string_equal(build_failure(build)->what, "a build with overlays has no output");
        build_close(build);
        project_expect_kept(project, "out", kept);
    }
    FileList after = scratch_list(&project->scratch, ".");
    assert_memory_equal(&after, &before, sizeof after);
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
}

static void a_place_in_the_cache_is_refused(void **state)
{
    Project *project = *state;
    assert_int_equal(symlink("cache", project_path(project, "way")), 0);
    const char *names[] = {"cache/lock", "cache/zir.pack", "cache/new", "lib/../cache/./clock",
                           "way/air.pack"};
    char *before = scratch_read(&project->scratch, "cache/zir.pack", NULL);
    for (int i = 0; i < 5; i++)
        project_expect_failure(project, names[i], BUILD_MISUSED, "is in the cache directory");
    assert_int_equal(link(project_path(project, "cache/zir.pack"), project_path(project, "hard")), 0);
    assert_int_equal(symlink("cache/zir.pack", project_path(project, "soft")), 0);
    project_expect_failure(project, "hard", BUILD_MISUSED, "is a file of the cache");
    project_expect_failure(project, "soft", BUILD_MISUSED, "is a file of the cache");
    assert_false(scratch_exists(&project->scratch, "cache/new"));
    project_expect_kept(project, "cache/zir.pack", before);
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
}

static void impossible_places_are_refused(void **state)
{
    Project *project = *state;
    project_expect_failure(project, "lib", BUILD_MACHINE_FAILED, "cannot write the output");
    project_expect_failure(project, "lib/", BUILD_MACHINE_FAILED, "cannot write the output");
    project_expect_failure(project, "no/such/out", BUILD_MACHINE_FAILED,
                           "cannot find the directory");
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_BUILT_PROJECT(a_hard_link_keeps_its_bytes),
        CASE_IN_BUILT_PROJECT(a_symlink_is_replaced_and_its_target_kept),
        CASE_IN_BUILT_PROJECT(a_symlink_to_nothing_is_replaced),
        CASE_IN_BUILT_PROJECT(a_fifo_is_written_straight),
        CASE_IN_BUILT_PROJECT(a_device_is_written_straight),
        CASE_IN_BUILT_PROJECT(a_read_only_output_is_replaced),
        CASE_IN_BUILT_PROJECT(a_read_only_directory_is_a_failure),
        CASE_IN_BUILT_PROJECT(a_new_file_has_the_mode_of_the_old),
        CASE_IN_BUILT_PROJECT(only_the_mode_of_an_own_file_is_kept),
        CASE_IN_BUILT_PROJECT(what_takes_the_place_of_the_output_is_not_patched),
        CASE_IN_BUILT_PROJECT(what_a_killed_build_left_goes_with_the_next_commit),
        CASE_IN_BUILT_PROJECT(a_draft_in_use_is_left_alone),
        CASE_IN_BUILT_PROJECT(what_has_the_name_of_a_draft_is_no_obstacle),
        CASE_IN_BUILT_PROJECT(a_source_is_not_overwritten),
        CASE_IN_BUILT_PROJECT(an_output_that_became_a_source_is_not_overwritten),
        CASE_IN_BUILT_PROJECT(a_place_in_the_cache_is_refused),
        CASE_IN_BUILT_PROJECT(a_build_with_overlays_has_no_output),
        CASE_IN_BUILT_PROJECT(impossible_places_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
