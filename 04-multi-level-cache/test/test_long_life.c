/* SPDX-License-Identifier: MIT */
/* Builds inside a process that lives long, an editor or a server: they can be cancelled, need not
 * wait for others, and leave nothing behind. */
#include "counting_host.h"
#include "line_sample.h"
#include "thread_executor.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- cancelling ------------------------------------------------------------------------------ */

typedef struct Patience { /* counts down, on any thread */
    atomic_int left;
} Patience;

static bool is_over(void *context)
{
    Patience *patience = context;
    return atomic_fetch_sub(&patience->left, 1) <= 0;
}

static LineRun build_until_over(LineProject *project, LineRequest request, int questions)
{
    Patience patience = {questions};
    request.cancelled = is_over;
    request.cancelled_context = &patience;
    return line_project_build(project, request);
}

static void test_a_cancelled_build_keeps_what_it_finished(void **state)
{
    LineProject *project = *state;
    unsigned lowered = 0, emitted = 0;
    for (int questions = 0;; questions++) {
        LineRun run = build_until_over(project, (LineRequest){0}, questions);
        lowered += (unsigned)run.counts.files_lowered;
        emitted += (unsigned)run.counts.functions_emitted;
        BuildStatus status = run.status;
        line_run_free(&run);
        if (status == BUILD_OK)
            break;
        assert_int_equal(status, BUILD_CANCELLED);
        assert_int_equal(project->output.count, 0);
    }
    assert_int_equal(lowered, 4); /* nothing was done twice */
    assert_int_equal(emitted, 7);
    line_project_expect_clean(project, (LineRequest){0});
}

static void test_a_cancelled_edit_is_built_later(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    for (int questions = 0; questions < 12; questions++) { /* the first five find the edit */
        char text[64];
        snprintf(text, sizeof text, "unit box(size%d)\nunit point(x y)\n", questions);
        scratch_write(&project->scratch, "types.line", text);
        LineRun run =
            build_until_over(project, (LineRequest){.executor = &thread_executor}, questions);
        assert_true(run.status == BUILD_CANCELLED || run.status == BUILD_OK);
        line_run_free(&run);
        line_rebuild(project);
    }
}

/* Each file is asked about while changes are looked for, although there are none. */
static void test_a_build_without_a_change_is_cancelled_while_it_looks(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    scratch_settle(&project->scratch);
    line_rebuild(project);
    for (int questions = 0; questions <= 4; questions++) {
        LineRun run = build_until_over(project, (LineRequest){0}, questions);
        assert_int_equal(run.status, questions < 4 ? BUILD_CANCELLED : BUILD_OK);
        assert_int_equal(run.counts.bytes_written, 0);
        line_run_free(&run);
    }
    line_rebuild(project);
}

static void test_a_wrong_program_may_be_cancelled(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    scratch_write(&project->scratch, "types.line", "unit box(size\n");
    LineRun run = build_until_over(project, (LineRequest){0}, 0);
    assert_int_equal(run.status, BUILD_CANCELLED);
    line_run_free(&run);
}

/* ---- waiting --------------------------------------------------------------------------------- */

/* A process that holds the cache until the pipe is closed. */
static pid_t hold_cache(const LineProject *project, int until[2])
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(until), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        LineSteps steps;
        close(until[1]);
        if (line_steps_open(&steps, project, (LineRequest){0}) != BUILD_OK ||
            write(ready[1], "r", 1) != 1)
            _exit(1);
        (void)!read(until[0], &byte, 1);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    close(until[0]);
    return child;
}

static void let_go(pid_t child, int fd)
{
    int status;
    close(fd);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static BuildStatus build_status(LineProject *project, LineRequest request)
{
    LineRun run = line_project_build(project, request);
    line_run_free(&run);
    return run.status;
}

static void test_a_cache_in_use_need_not_be_waited_for(void **state)
{
    LineProject *project = *state;
    Patience patience = {3};
    int until[2];
    line_rebuild(project);
    pid_t child = hold_cache(project, until);
    assert_int_equal(build_status(project, (LineRequest){.wait_limit_ms = -1}), BUILD_BUSY);
    assert_int_equal(build_status(project, (LineRequest){.wait_limit_ms = 30}), BUILD_BUSY);
    assert_int_equal(build_status(project, (LineRequest){.cancelled = is_over,
                                                         .cancelled_context = &patience}),
                     BUILD_CANCELLED);
    let_go(child, until[1]);
    assert_int_equal(build_status(project, (LineRequest){.wait_limit_ms = -1}), BUILD_OK);
}

/* ---- the host's memory ------------------------------------------------------------------------ */

static void test_a_host_gets_all_its_memory_back(void **state)
{
    LineProject *project = *state;
    CountingHost counting = {0};
    MemoryHost host = counting_host(&counting);
    for (int edit = 0; edit < 3; edit++) {
        LineSteps steps;
        scratch_write(&project->scratch, "types.line",
                      edit == 1 ? "unit box(size\n" : "unit box(size)\nunit point(x y)\n");
        memory_set_host(&host);
        BuildStatus status = line_steps_open(&steps, project, (LineRequest){0});
        assert_true(counting.held > 0);
        if (status == BUILD_OK)
            status = build_plan(steps.build);
        if (status == BUILD_OK) {
            build_want_all(steps.build);
            status = build_emit(steps.build);
        }
        if (status == BUILD_OK)
            status = build_save(steps.build);
        if (status == BUILD_OK)
            status = build_commit(steps.build);
        build_close(steps.build);
        memory_set_host(NULL);
        assert_int_equal(status, edit == 1 ? BUILD_PROGRAM_WRONG : BUILD_OK);
        assert_int_equal(counting.held, 0);
        assert_true(counting.calls > 0);
    }
}

/* ---- many builds ----------------------------------------------------------------------------- */

static unsigned count_descriptors(void)
{
    unsigned count = 0;
    DIR *list = opendir("/proc/self/fd");
    assert_non_null(list);
    while (readdir(list) != NULL)
        count++;
    closedir(list);
    return count;
}

/* Pages in use: that is what a process that lives long must not lose. */
static long resident_pages(void)
{
    long all, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld %ld", &all, &resident), 2);
    fclose(file);
    return resident;
}

static void build_many(LineProject *project, int builds)
{
    for (int i = 0; i < builds; i++) {
        LineRequest request = {.check_only = i % 7 == 0, .paranoid = i % 11 == 0};
        if (i % 4 == 0) {
            char text[64];
            snprintf(text, sizeof text, "unit box(size%d)\nunit point(x y)\n", i % 8);
            scratch_write(&project->scratch, "types.line", text);
        }
        LineRun run = i % 5 == 0 ? build_until_over(project, request, i % 3)
                                 : line_project_build(project, request);
        assert_true(run.status == BUILD_OK || run.status == BUILD_CANCELLED);
        line_run_free(&run);
    }
}

static void test_ten_thousand_builds_leave_nothing(void **state)
{
    LineProject *project = *state;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    enum { BUILDS = 2000, FIRST = 500 };
#else
    enum { BUILDS = 10000, FIRST = 500 };
#endif
    if (access("/proc/self/fd", R_OK) != 0)
        skip();
    build_many(project, FIRST); /* until allocator and caches are as large as they get */
    unsigned descriptors = count_descriptors();
    long pages = resident_pages();
    build_many(project, BUILDS);
    assert_int_equal(count_descriptors(), descriptors);
    print_message("# tried: %d builds, %ld pages more than before\n", BUILDS,
                  resident_pages() - pages);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    assert_true(resident_pages() - pages < 64); /* a sanitizer keeps what was freed */
#endif
    line_rebuild(project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_SAMPLE(test_a_cancelled_build_keeps_what_it_finished),
        CASE_WITH_SAMPLE(test_a_cancelled_edit_is_built_later),
        CASE_WITH_SAMPLE(test_a_build_without_a_change_is_cancelled_while_it_looks),
        CASE_WITH_SAMPLE(test_a_wrong_program_may_be_cancelled),
        CASE_WITH_SAMPLE(test_a_cache_in_use_need_not_be_waited_for),
        CASE_WITH_SAMPLE(test_a_host_gets_all_its_memory_back),
        CASE_WITH_SAMPLE(test_ten_thousand_builds_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
