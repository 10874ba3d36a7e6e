/* SPDX-License-Identifier: MIT */
/*
 * Builds of sources that see other files, ended at each call that changes the file system: killed
 * before it, killed half way through a write, or the call fails. Between two such calls nothing
 * changes, so these are all the states that such a build can leave.
 *
 * The next build gives the output of a clean one, and leaves nothing over. Nor is a list of what
 * lowering saw believed that does not hold: the sources are then edited once more, and switched
 * back, which lowers nothing.
 *
 * `make test` tries a sample; STRIKE_STRIDE=1 tries every call.
 */
#define _GNU_SOURCE /* RTLD_NEXT, renameat2 */

#include "include_project.h"
#include "kept_cache.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a call that strikes ------------------------------------------------------------------- */

typedef enum Fault { FAULT_KILL, FAULT_TORN, FAULT_FAILURE, FAULTS } Fault;

/* FAULT_TORN counts writes only. `at` 0: nothing strikes. */
static struct {
    Fault fault;
    unsigned at, calls;
} strike;

static bool is_struck(bool is_write)
{
    if (strike.at == 0 || (strike.fault == FAULT_TORN && !is_write) || ++strike.calls != strike.at)
        return false;
    if (strike.fault == FAULT_KILL)
        raise(SIGKILL);
    errno = ENOSPC;
    return true;
}

static void *real_call(const char *name)
{
    void *call = dlsym(RTLD_NEXT, name);
    if (call == NULL)
        abort();
    return call;
}

/* Defines the C library's function of that name: it fails when it strikes. */
#define CHANGING_CALL(name, parameters, arguments)                   \
    int name parameters                                              \
    {                                                                \
        int(*real) parameters;                                       \
        *(void **)&real = real_call(#name);                          \
        return is_struck(false) ? -1 : real arguments;               \
    }

CHANGING_CALL(mkdir, (const char *path, mode_t mode), (path, mode))
CHANGING_CALL(rename, (const char *from, const char *to), (from, to))
CHANGING_CALL(renameat, (int from_fd, const char *from, int to_fd, const char *to),
              (from_fd, from, to_fd, to))
#ifdef RENAME_EXCHANGE
CHANGING_CALL(renameat2, (int from_fd, const char *from, int to_fd, const char *to, unsigned flags),
              (from_fd, from, to_fd, to, flags))
#endif
CHANGING_CALL(unlink, (const char *path), (path))
CHANGING_CALL(unlinkat, (int dir_fd, const char *path, int flags), (dir_fd, path, flags))
CHANGING_CALL(ftruncate, (int fd, off_t size), (fd, size))
CHANGING_CALL(fchmod, (int fd, mode_t mode), (fd, mode))
CHANGING_CALL(fchmodat, (int dir_fd, const char *path, mode_t mode, int flags),
              (dir_fd, path, mode, flags))
CHANGING_CALL(futimens, (int fd, const struct timespec times[2]), (fd, times))
CHANGING_CALL(utimensat, (int dir_fd, const char *path, const struct timespec times[2], int flags),
              (dir_fd, path, times, flags))

int openat(int dir_fd, const char *path, int flags, ...)
{
    int (*real)(int, const char *, int, ...);
    va_list arguments;
    *(void **)&real = real_call("openat");
    va_start(arguments, flags);
    mode_t mode = va_arg(arguments, mode_t); /* of open_at, which always has one */
    va_end(arguments);
    bool changes = (flags & (O_CREAT | O_TRUNC)) != 0;
    return changes && is_struck(false) ? -1 : real(dir_fd, path, flags, mode);
}

int posix_fallocate(int fd, off_t offset, off_t size)
{
    int (*real)(int, off_t, off_t);
    *(void **)&real = real_call("posix_fallocate");
    return is_struck(false) ? ENOSPC : real(fd, offset, size);
}

/* What a write that strikes returns. Half of it may be there. */
static ssize_t end_write(void)
{
    if (strike.fault == FAULT_TORN)
        raise(SIGKILL);
    errno = ENOSPC;
    return -1;
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    ssize_t (*real)(int, const void *, size_t, off_t);
    *(void **)&real = real_call("pwrite");
    if (!is_struck(true))
        return real(fd, bytes, size, offset);
    return real(fd, bytes, size / 2, offset) < 0 ? -1 : end_write();
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    ssize_t (*real)(int, const void *, size_t);
    *(void **)&real = real_call("write");
    if (!is_struck(true))
        return real(fd, bytes, size);
    return real(fd, bytes, size / 2) < 0 ? -1 : end_write();
}

/* The second half of the parts is missing. */
ssize_t writev(int fd, const struct iovec *parts, int count)
{
    ssize_t (*real)(int, const struct iovec *, int);
    *(void **)&real = real_call("writev");
    if (!is_struck(true))
        return real(fd, parts, count);
    return count > 1 && real(fd, parts, count / 2) < 0 ? -1 : end_write();
}

/* ---- what is built ------------------------------------------------------------------------- */

typedef struct Scenario {
    const char *name;
    IncludeSources after; /* built last, and struck */
} Scenario;

/* Built before, in this order: the lists of each part then have two entries. */
static const IncludeSources before[] = {{.parts = 3}, {.parts = 3, .shared = 1, .data = 1}};
static const IncludeSources next = {.parts = 3, .shared = 5, .deep = 5, .value = 3, .data = 3};

static const Scenario scenarios[] = {
    {"a text is edited", {.parts = 3, .shared = 2, .data = 1}},
    {"a text of a text is edited", {.parts = 3, .shared = 1, .deep = 1, .data = 1}},
    {"everything is switched back", {.parts = 3}},
    {"a text appears at an earlier place", {.parts = 3, .shared = 1, .near = 1, .data = 1}},
    {"data is edited", {.parts = 3, .shared = 1, .data = 2}},
    {"data goes", {.parts = 3, .shared = 1}},
    {"a value is set", {.parts = 3, .shared = 1, .data = 1, .value = 1}},
    {"a body is edited", {.parts = 3, .shared = 1, .data = 1, .body = 1}},
    {"a file is added", {.parts = 4, .shared = 1, .data = 1}},
};

typedef struct Outputs { /* of clean builds */
    char *after, *next;
    size_t after_size, next_size;
} Outputs;

static void settle(IncludeProject *project, const IncludeSources *sources)
{
    include_project_write(project, sources);
    scratch_settle(&project->mini.scratch);
    mini_project_settle(&project->mini);
}

static Outputs find_outputs(IncludeProject *project, const IncludeSources *after)
{
    Outputs outputs;
    include_project_write(project, &next);
    outputs.next = mini_project_clean_output(&project->mini, &outputs.next_size);
    include_project_write(project, after);
    outputs.after = mini_project_clean_output(&project->mini, &outputs.after_size);
    assert_true(outputs.next != NULL && outputs.after != NULL);
    return outputs;
}

static void free_outputs(Outputs *outputs)
{
    free(outputs->after);
    free(outputs->next);
}

/* ---- one try ------------------------------------------------------------------------------- */

enum { NOT_STRUCK = 100 };

/* In a child. False if the build makes fewer calls. */
static bool build_struck(MiniProject *project, Fault fault, unsigned at, BuildStatus *status)
{
    int ended;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        strike.fault = fault;
        strike.at = at;
        *status = mini_project_build(project);
        _exit(strike.calls < at ? NOT_STRUCK : (int)*status);
    }
    assert_int_equal(waitpid(child, &ended, 0), child);
    *status = BUILD_MACHINE_FAILED;
    if (WIFSIGNALED(ended)) {
        assert_int_equal(WTERMSIG(ended), SIGKILL);
        assert_int_not_equal(fault, FAULT_FAILURE);
        return true;
    }
    assert_true(WIFEXITED(ended));
    if (WEXITSTATUS(ended) == NOT_STRUCK)
        return false;
    *status = (BuildStatus)WEXITSTATUS(ended);
    return true;
}

static void expect_built(MiniProject *project, Slice expected, const char *what)
{
    if (mini_project_build(project) != BUILD_OK)
        fail_msg("%s: the build ends with status %d: %s", what, project->status,
                 project->said.data);
    if (!mini_project_output_is(project, expected))
        fail_msg("%s: the output is wrong", what);
}

static void expect_right_answers(IncludeProject *project, const IncludeSources *after,
                                 const Outputs *outputs, const char *what)
{
    include_project_write(project, &next);
    expect_built(&project->mini, slice_of(outputs->next, outputs->next_size), what);
    include_project_write(project, after);
    expect_built(&project->mini, slice_of(outputs->after, outputs->after_size), what);
    if (project->mini.counts.files_lowered != 0)
        fail_msg("%s: something is lowered after a switch back", what);
    mini_project_expect_nothing_left_over(&project->mini, what);
}

/* False if the build makes fewer calls. The sources are those of `after`. */
static bool try_at(IncludeProject *project, const IncludeSources *after, const Outputs *outputs,
                   Fault fault, unsigned at, const char *name)
{
    char what[128];
    BuildStatus status;
    Slice expected = slice_of(outputs->after, outputs->after_size);
    snprintf(what, sizeof what, "%s: fault %d at call %u", name, fault, at);
    if (!build_struck(&project->mini, fault, at, &status))
        return false;
    if (status != BUILD_MACHINE_FAILED &&
        (status != BUILD_OK || !mini_project_output_is(&project->mini, expected)))
        fail_msg("%s: ends with status %d, and its output is wrong", what, status);
    mini_project_expect_healed(&project->mini, expected, what);
    expect_right_answers(project, after, outputs, what);
    return true;
}

/* ---- all of them --------------------------------------------------------------------------- */

/* The first of the calls to be tried, all of a stride apart: another one for each `number`. */
static unsigned first_of(unsigned number, unsigned *stride)
{
    *stride = (unsigned)number_from("STRIKE_STRIDE", 7);
    return 1 + number % *stride;
}

static unsigned strike_an_edit(unsigned number)
{
    const Scenario *scenario = &scenarios[number];
    IncludeProject project;
    KeptCache kept;
    unsigned tries = 0, stride;
    include_project_open(&project);
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        settle(&project, &before[i]);
    kept_cache_read(&kept, &project.mini.scratch);
    Outputs outputs = find_outputs(&project, &scenario->after);
    for (Fault fault = 0; fault < FAULTS; fault++)
        for (unsigned at = first_of(number + fault, &stride);; at += stride, tries++) {
            kept_cache_put_back(&kept, &project.mini.scratch);
            kept_cache_adopt_output(&project.mini.scratch, false);
            if (!try_at(&project, &scenario->after, &outputs, fault, at, scenario->name))
                break;
        }
    free_outputs(&outputs);
    kept_cache_free(&kept);
    include_project_close(&project);
    return tries;
}

static void test_edits_that_are_struck(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof scenarios / sizeof *scenarios; i++) {
        unsigned tries = strike_an_edit(i);
        print_message("# tried: %u faults, %s\n", tries, scenarios[i].name);
        assert_true(tries > 8);
    }
}

static void test_a_first_build_that_is_struck(void **state)
{
    static const IncludeSources after = {.parts = 3, .shared = 1, .data = 1, .value = 1};
    unsigned tries = 0, stride;
    bool was_struck = true;
    (void)state;
    for (Fault fault = 0; fault < FAULTS; fault++, was_struck = true)
        for (unsigned at = first_of(fault, &stride); was_struck; at += stride) {
            IncludeProject project;
            include_project_open(&project);
            Outputs outputs = find_outputs(&project, &after);
            was_struck = try_at(&project, &after, &outputs, fault, at, "a first build");
            tries += was_struck;
            free_outputs(&outputs);
            include_project_close(&project);
        }
    print_message("# tried: %u faults of a first build\n", tries);
    assert_true(tries > 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edits_that_are_struck),
        cmocka_unit_test(test_a_first_build_that_is_struck),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
