/* SPDX-License-Identifier: MIT */
/* Outputs that are neither replaced nor patched: descriptors named by the user, FIFOs and devices.
 * And what only looks like one: a link found at the path. */
#include "project.h"

#include "output_draft.h"
#include "thread_executor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A descriptor of a file that begins with somebody else's line. */
static int open_begun(const Project *project, const char *name, int flags)
{
    int fd = open(project_path(project, name), O_RDWR | O_CREAT | O_TRUNC | flags, 0600);
    assert_true(fd > STDERR_FILENO);
    assert_int_equal(write(fd, "before\n", 7), 7);
    return fd;
}

static const char *name_of(const char *directory, int fd)
{
    static char name[64];
    snprintf(name, sizeof name, "%s%d", directory, fd);
    return name;
}

/* Somebody else's line, the output `times` times, and nothing else. */
static void expect_appended(const Project *project, const char *name, int times)
{
    size_t size, output_size;
    char *bytes = scratch_read(&project->scratch, name, &size);
    char *output = scratch_read(&project->scratch, "out", &output_size);
    assert_int_equal(size, 7 + (size_t)times * output_size);
    assert_memory_equal(bytes, "before\n", 7);
    for (int i = 0; i < times; i++)
        assert_memory_equal(bytes + 7 + (size_t)i * output_size, output, output_size);
    free(bytes);
    free(output);
}

/* ---- descriptors ----------------------------------------------------------------------------- */

static void a_descriptor_is_written_from_where_it_stands(void **state)
{
    Project *project = *state;
    const int flags[] = {0, O_APPEND};
    for (int i = 0; i < 2; i++) {
        int fd = open_begun(project, "stream", flags[i]);
        for (int times = 1; times <= 2; times++) { /* written even if unchanged: nothing is kept
                                                      there */
            assert_int_equal(project_build(project, name_of("/dev/fd/", fd)), BUILD_OK);
            expect_appended(project, "stream", times);
        }
        close(fd);
    }
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_OTHER_OUTPUT);
}

static void a_descriptor_has_many_names(void **state)
{
    Project *project = *state;
    char own[64], relative[700] = "";
    snprintf(own, sizeof own, "/proc/%ld/fd/", (long)getpid());
    for (const char *at = project->scratch.path; (at = strchr(at, '/')) != NULL; at++)
        strcat(relative, "/..");
    char up[1400];
    snprintf(up, sizeof up, "%s%s/dev/fd/", project->scratch.path, relative);
    const char *directories[] = {"/dev/fd/", "/proc/self/fd/", "/proc/thread-self/fd/", own,
                                 "//dev/./fd/", up};
    int fd = open_begun(project, "stream", 0);
    for (int i = 0; i < 6; i++) {
        char name[1500];
        snprintf(name, sizeof name, "%s%d", directories[i], fd);
        assert_int_equal(project_build(project, name), BUILD_OK);
        expect_appended(project, "stream", i + 1);
    }
    close(fd);
}

/* Redirects its standard output to a file and builds into each of these. */
static void build_into_stdout(Project *project, const char *const *names, int count)
{
    fflush(stdout);
    int fd = open_begun(project, "stream", 0), given = dup(STDOUT_FILENO), failed = 0;
    assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
    for (int i = 0; i < count; i++)
        failed += project_build(project, names[i]) != BUILD_OK;
    assert_int_equal(dup2(given, STDOUT_FILENO), STDOUT_FILENO);
    close(given);
    close(fd);
    assert_int_equal(failed, 0);
}

static void standard_output_is_a_descriptor(void **state)
{
    const char *const names[] = {"-", "/dev/stdout", "/dev/./stdout", "/dev/fd/1"};
    build_into_stdout(*state, names, 4);
    expect_appended(*state, "stream", 4);
}

/* Reads a pipe to its end, with a delay and in small chunks, into the file `name`. */
static pid_t read_slowly(const Project *project, const char *name, const int ends[2])
{
    pid_t reader = fork();
    if (reader != 0)
        return reader;
    char bytes[777];
    ssize_t size;
    int fd = open(project_path(project, name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    close(ends[1]);
    while ((size = read(ends[0], bytes, sizeof bytes)) > 0)
        if (write(fd, bytes, (size_t)size) != size)
            _exit(1);
    _exit(0);
}

static void a_pipe_gets_all_in_order(void **state)
{
    Project *project = *state;
    int ends[2], ended;
    project_build_many(project);
    project->executor = &thread_executor;
    for (int i = 0; i < 2; i++) { /* the second is set to non-blocking */
        assert_int_equal(pipe(ends), 0);
        pid_t reader = read_slowly(project, "stream", ends);
        if (i == 1)
            assert_int_equal(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
        assert_int_equal(write(ends[1], "before\n", 7), 7);
        BuildStatus status = project_build(project, name_of("/dev/fd/", ends[1]));
        close(ends[0]);
        close(ends[1]);
        assert_int_equal(waitpid(reader, &ended, 0), reader);
        assert_int_equal(status, BUILD_OK);
        expect_appended(project, "stream", 1);
    }
}

/* A build opens files of its own, which get the lowest free numbers. */
static void a_descriptor_that_was_not_given_is_refused(void **state)
{
    Project *project = *state;
    for (int fd = STDERR_FILENO + 1; fd < 20; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags < 0 || (flags & FD_CLOEXEC) != 0)
            project_expect_failure(project, name_of("/dev/fd/", fd), BUILD_MACHINE_FAILED,
                                   "cannot write the output");
    }
    int fd = open("/dev/null", O_RDONLY);
    project_expect_failure(project, name_of("/dev/fd/", fd), BUILD_MACHINE_FAILED,
                           "cannot write the output");
    close(fd);
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
}

static void a_synced_descriptor_is_synced_if_it_can_be(void **state)
{
    Project *project = *state;
    int fd = open_begun(project, "stream", 0);
    project->sync = true;
    assert_int_equal(project_build(project, name_of("/dev/fd/", fd)), BUILD_OK);
    assert_int_equal(project_build(project, "/dev/null"), BUILD_OK);
    close(fd);
}

static void what_is_behind_it_may_not_be_a_source_or_the_caches(void **state)
{
    Project *project = *state;
    const char *names[] = {"lib/c.line", "cache/zir.pack", "cache/lock"};
    const char *words[] = {"is a source of the program", "is a file of the cache",
                           "is a file of the cache"};
    for (int i = 0; i < 3; i++) {
        char *before = scratch_read(&project->scratch, names[i], NULL);
        int fd = open(project_path(project, names[i]), O_WRONLY | O_APPEND);
        project_expect_failure(project, name_of("/dev/fd/", fd), BUILD_MISUSED, words[i]);
        close(fd);
        project_expect_kept(project, names[i], before);
    }
    project_expect(project, "out", PATCH_UP_TO_DATE, REASON_NONE);
}

/* ---- links that were found ------------------------------------------------------------------- */

static void a_link_that_was_found_is_no_descriptor(void **state)
{
    Project *project = *state;
    int fd = open_begun(project, "stream", 0);
    char through[700];
    snprintf(through, sizeof through, "/proc/self/cwd/../../../../../../..%s",
             project_path(project, "stream"));
    const char *targets[] = {name_of("/proc/self/fd/", fd), through, "/dev/stdout", "/dev/null",
                             "fifo"};
    assert_int_equal(mkfifo(project_path(project, "fifo"), 0600), 0);
    for (int i = 0; i < 5; i++) {
        struct stat status;
        assert_int_equal(symlink(targets[i], project_path(project, "link")), 0);
        assert_int_equal(project_build(project, "link"), BUILD_OK);
        project_expect_clean_output(project, "link");
        assert_int_equal(lstat(project_path(project, "link"), &status), 0);
        assert_true(S_ISREG(status.st_mode));
        unlink(project_path(project, "link"));
        expect_appended(project, "stream", 0);
    }
    close(fd);
}

/* The look found a FIFO; what is opened is not one, or is another. */
static void what_took_its_place_is_not_written(void **state)
{
    Project *project = *state;
    OutputFile file;
    OutputDraft draft;
    const char *path = project_path(project, "fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(output_file_look(&file, path), 0);
    assert_int_equal(file.kind, OUTPUT_SPECIAL);
    char *before = scratch_read(&project->scratch, "a.line", NULL);
    assert_int_equal(rename(path, project_path(project, "first")), 0);
    assert_int_equal(mkfifo(path, 0600), 0); /* another FIFO, with a reader */
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    assert_int_equal(output_draft_open(&draft, &file), -ESTALE);
    output_draft_close(&draft);
    close(reader);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(link(project_path(project, "a.line"), path), 0);
    assert_int_equal(output_draft_open(&draft, &file), -ESTALE);
    output_draft_close(&draft);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("a.line", path), 0);
    assert_int_equal(output_draft_open(&draft, &file), -ESTALE);
    output_draft_close(&draft);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(output_draft_open(&draft, &file), -ENOENT); /* and no file is made */
    output_draft_close(&draft);
    project_expect_kept(project, "a.line", before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_BUILT_PROJECT(a_descriptor_is_written_from_where_it_stands),
        CASE_IN_BUILT_PROJECT(a_descriptor_has_many_names),
        CASE_IN_BUILT_PROJECT(standard_output_is_a_descriptor),
        CASE_IN_BUILT_PROJECT(a_pipe_gets_all_in_order),
        CASE_IN_BUILT_PROJECT(a_descriptor_that_was_not_given_is_refused),
        CASE_IN_BUILT_PROJECT(a_synced_descriptor_is_synced_if_it_can_be),
        CASE_IN_BUILT_PROJECT(what_is_behind_it_may_not_be_a_source_or_the_caches),
        CASE_IN_BUILT_PROJECT(a_link_that_was_found_is_no_descriptor),
        CASE_IN_BUILT_PROJECT(what_took_its_place_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
