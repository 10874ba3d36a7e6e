/* SPDX-License-Identifier: MIT */
/*
 * A server may accept what is written, and report only on close that the user's quota is exceeded.
 * Then the build fails, and the next one repairs it.
 *
 * The functions with which a build writes and closes are redefined here. They note which files were
 * written since they were last closed; the first close of such a file, on any descriptor, counts.
 * One of these closes fails.
 */
#define _GNU_SOURCE
#include "project.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static struct {
    pthread_mutex_t guard;
    bool is_watching;
    ino_t written[64]; /* not closed since; 0: free */
    unsigned closes;   /* of such files */
    unsigned failing;  /* the number of the one that fails; 0: none does */
    char victim[512];  /* the path of the one that failed */
    const char *edited; /* a file that somebody writes to while it is synced; NULL: none */
} server = {.guard = PTHREAD_MUTEX_INITIALIZER};

static void *next_definition(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL)
        abort();
    return function;
}

static void path_of(int fd, char path[512])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, 511);
    path[size < 0 ? 0 : size] = '\0';
}

/* The clock holds nothing; lock and entries hold nothing worth keeping. */
static bool holds_something(int fd, ino_t *inode)
{
    struct stat status;
    char path[512];
    path_of(fd, path);
    *inode = fstat(fd, &status) == 0 && S_ISREG(status.st_mode) ? status.st_ino : 0;
    return server.is_watching && *inode != 0 && strstr(path, "/clock") == NULL &&
           strstr(path, "/lock") == NULL && strstr(path, "/entries") == NULL;
}

static void note_write(int fd)
{
    ino_t inode;
    if (!holds_something(fd, &inode))
        return;
    pthread_mutex_lock(&server.guard);
    unsigned i = 0;
    while (server.written[i] != inode && server.written[i] != 0)
        i++;
    server.written[i] = inode;
    pthread_mutex_unlock(&server.guard);
}

/* Does this close report lost bytes? */
static bool reports(int fd)
{
    ino_t inode;
    bool fails = false;
    if (!holds_something(fd, &inode))
        return false;
    pthread_mutex_lock(&server.guard);
    for (unsigned i = 0; i < sizeof server.written / sizeof *server.written; i++) {
        if (server.written[i] != inode)
            continue;
        server.written[i] = 0;
        fails = ++server.closes == server.failing;
    }
    pthread_mutex_unlock(&server.guard);
    if (fails)
        path_of(fd, server.victim);
    return fails;
}

int close(int fd)
{
    int (*real)(int);
    *(void **)&real = next_definition("close");
    bool is_lost = reports(fd);
    int status = real(fd);
    if (!is_lost)
        return status;
    errno = EDQUOT;
    return -1;
}

/* It may take long on a slow disk. */
int fsync(int fd)
{
    int (*real)(int);
    char path[512];
    *(void **)&real = next_definition("fsync");
    path_of(fd, path);
    if (server.edited != NULL && strcmp(path, server.edited) == 0) {
        int other = open(path, O_WRONLY | O_CLOEXEC);
        assert_int_equal(pwrite(other, "#", 1, 0), 1);
        close(other);
        nanosleep(&(struct timespec){0, 30 * 1000 * 1000}, NULL); /* and the tick is over */
    }
    return real(fd);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    ssize_t (*real)(int, const void *, size_t);
    *(void **)&real = next_definition("write");
    note_write(fd);
    return real(fd, bytes, size);
}

ssize_t writev(int fd, const struct iovec *vector, int count)
{
    ssize_t (*real)(int, const struct iovec *, int);
    *(void **)&real = next_definition("writev");
    note_write(fd);
    return real(fd, vector, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off_t);
    *(void **)&real = next_definition("pwrite");
    note_write(fd);
    return real(fd, bytes, size, offset);
}

/* Builds while the close of that number fails; 0: none fails. */
static BuildStatus build_with_quota(Project *project, const char *output, unsigned failing)
{
    memset(server.written, 0, sizeof server.written);
    *server.victim = '\0';
    server.closes = 0;
    server.failing = failing;
    server.is_watching = true;
    BuildStatus status = project_build(project, output);
    server.is_watching = false;
    return status;
}

static void assert_reported(const Project *project, BuildStatus status)
{
    if (status != BUILD_MACHINE_FAILED || project->error != EDQUOT)
        fail_msg("bytes of %s are lost, and that is status %d, errno %d, '%s'", server.victim,
                 status, project->error, project->failure);
}

typedef void (*Change)(Project *project);

/* ---- the output ------------------------------------------------------------------------------ */

/* After each change, a build that loses a file, until it is one of this name. */
static void build_losing(Project *project, const char *output, Change change, const char *lost)
{
    for (unsigned failing = 1;; failing++) {
        change(project);
        BuildStatus status = build_with_quota(project, output, failing);
        if (*server.victim == '\0')
            fail_msg("nobody looks what comes of closing %s", lost);
        assert_reported(project, status);
        if (strstr(server.victim, lost) != NULL)
            return;
        assert_int_equal(project_build(project, "out"), BUILD_OK);
    }
}

static void force(Project *project)
{
    project_edit(project);
    project->force = true;
}

static void expect_last_edit(const Project *project, int number)
{
    char words[32];
    char *text = scratch_read(&project->scratch, "out", NULL);
    snprintf(words, sizeof words, "edit %d", number);
    assert_non_null(strstr(text, words));
    free(text);
}

static void a_draft_that_is_lost_is_not_published(void **state)
{
    Project *project = *state;
    build_losing(project, "out", force, "/.output-");
    assert_non_null(strstr(project->failure, "cannot replace the output"));
    assert_false(scratch_exists(&project->scratch, strrchr(server.victim, '/') + 1));
    expect_last_edit(project, project->edits - 2);
    project->force = false;
    assert_int_equal(project_build(project, "out"), BUILD_OK);
    assert_int_not_equal(project->result.strategy, PATCH_UP_TO_DATE);
    project_expect_clean_output(project, "out");
}

static void a_patch_that_is_lost_is_not_believed(void **state)
{
    Project *project = *state;
    build_losing(project, "out", project_edit, "/out");
    assert_non_null(strstr(project->failure, "cannot write the output"));
    project_overwrite(project, "out", 0, "what the server has");
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_LAST_UNFINISHED);
}

static void what_others_write_during_a_sync_is_noticed(void **state)
{
    Project *project = *state;
    assert_int_equal(project_build(project, "out"), BUILD_OK);
    project_edit(project);
    project->sync = true;
    server.edited = project_path(project, "out");
    BuildStatus status = project_build(project, "out");
    server.edited = NULL;
    assert_int_equal(status, BUILD_OK);
    assert_int_equal(project->result.strategy, PATCH_IN_PLACE);
    assert_int_equal(project_build(project, "out"), BUILD_OK);
    assert_int_not_equal(project->result.strategy, PATCH_UP_TO_DATE);
    project_expect_clean_output(project, "out");
}

static void change_nothing(Project *project)
{
    (void)project;
}

static void a_stream_that_is_lost_is_reported(void **state)
{
    Project *project = *state;
    char name[32];
    int fd = open(project_path(project, "stream"), O_WRONLY | O_CREAT, 0600);
    assert_true(fd > STDERR_FILENO);
    snprintf(name, sizeof name, "/dev/fd/%d", fd);
    build_losing(project, name, change_nothing, "/stream");
    assert_non_null(strstr(project->failure, "cannot write the output"));
    close(fd);
}

/* ---- all that is written --------------------------------------------------------------------- */

/* Whatever is lost, the build says so, and the next one makes the output good. */
static void lose_each(Project *project, Change change, unsigned least)
{
    unsigned lost = 0;
    for (bool is_over = false; !is_over; lost++) {
        change(project);
        BuildStatus status = build_with_quota(project, "out", lost + 1);
        is_over = *server.victim == '\0';
        if (is_over)
            assert_int_equal(status, BUILD_OK);
        else
            assert_reported(project, status);
        assert_int_equal(project_build(project, "out"), BUILD_OK);
        project_expect_clean_output(project, "out");
    }
    assert_true(lost > least);
}

static void remove_all(Project *project)
{
    char command[1200];
    snprintf(command, sizeof command, "rm -rf '%s' '%s'", project_path(project, "cache"),
             project_path(project, "out"));
    assert_int_equal(system(command), 0);
}

/* Two packs, two indices, three tables, a mark, the output and the manifest. */
static void no_loss_of_a_first_build_is_ignored(void **state)
{
    lose_each(*state, remove_all, 9);
}

static void no_loss_of_a_patch_is_ignored(void **state)
{
    lose_each(*state, project_edit, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_BUILT_PROJECT(a_draft_that_is_lost_is_not_published),
        CASE_IN_BUILT_PROJECT(a_patch_that_is_lost_is_not_believed),
        CASE_IN_BUILT_PROJECT(what_others_write_during_a_sync_is_noticed),
        CASE_IN_BUILT_PROJECT(a_stream_that_is_lost_is_reported),
        CASE_IN_BUILT_PROJECT(no_loss_of_a_first_build_is_ignored),
        CASE_IN_BUILT_PROJECT(no_loss_of_a_patch_is_ignored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
