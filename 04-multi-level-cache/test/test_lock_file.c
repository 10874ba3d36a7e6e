/* SPDX-License-Identifier: MIT */
/* The lock on a cache directory where there is no flock. */
#define _GNU_SOURCE /* RTLD_NEXT */

#include "cache_directory.h"
#include "scratch.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int flock_error;                  /* 0: unchanged */
static unsigned slept, reported;             /* how often */
static void (*while_sleeping)(void *context);
static void *sleep_context;

/* In place of the C library's, like the next one. */
int flock(int fd, int how)
{
    int (*real)(int, int);
    *(void **)&real = dlsym(RTLD_NEXT, "flock");
    errno = flock_error;
    return flock_error != 0 ? -1 : real(fd, how);
}

/* Skips the ten minutes. */
int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    (void)wanted;
    (void)left;
    slept++;
    if (while_sleeping != NULL)
        while_sleeping(sleep_context);
    return 0;
}

static void report(void *context)
{
    (void)context;
    reported++;
}

static int open_cache(const Scratch *scratch, CacheDirectory *directory, int error)
{
    char path[512];
    snprintf(path, sizeof path, "%s/cache", scratch->path);
    slept = reported = 0;
    flock_error = error;
    LockWaiting waiting = {.begins = report};
    int status = cache_directory_open(directory, path, CACHE_DIRECTORY_MAKE, &waiting);
    flock_error = 0;
    return status;
}

static void a_file_does_the_work_of_flock(void **state)
{
    const Scratch *scratch = *state;
    CacheDirectory directory;
    static const int missing[] = {ENOLCK, ENOSYS, EOPNOTSUPP, EPERM};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) {
        assert_int_equal(open_cache(scratch, &directory, missing[i]), 0);
        assert_true(directory.has_no_flock);
        assert_true(scratch_exists(scratch, "cache/lock.0"));
        assert_int_equal(slept + reported, 0);
        cache_directory_close(&directory);
        assert_false(scratch_exists(scratch, "cache/lock.0"));
    }
    assert_int_equal(open_cache(scratch, &directory, EIO), -EIO);
    assert_int_equal(open_cache(scratch, &directory, 0), 0);
    assert_false(directory.has_no_flock);
    assert_false(scratch_exists(scratch, "cache/lock.0"));
    cache_directory_close(&directory);
}

static void close_after_three(void *context)
{
    if (slept == 3)
        cache_directory_close(context);
}

static void the_second_one_waits_and_says_so(void **state)
{
    const Scratch *scratch = *state;
    CacheDirectory first, second;
    assert_int_equal(open_cache(scratch, &first, ENOLCK), 0);
    while_sleeping = close_after_three;
    sleep_context = &first;
    assert_int_equal(open_cache(scratch, &second, ENOLCK), 0);
    while_sleeping = NULL;
    assert_int_equal(slept, 3);
    assert_int_equal(reported, 1);
    assert_true(scratch_exists(scratch, "cache/lock.0"));
    cache_directory_close(&second);
}

/* A process that takes the lock and ends without giving it back. */
static void leave_a_lock(const Scratch *scratch)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        CacheDirectory directory;
        _exit(open_cache(scratch, &directory, ENOLCK) == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void what_a_killed_process_left_keeps_nobody_away(void **state)
{
    const Scratch *scratch = *state;
    CacheDirectory directory;
    leave_a_lock(scratch);
    leave_a_lock(scratch);
    assert_int_equal(open_cache(scratch, &directory, ENOLCK), 0);
    assert_int_equal(slept, 0);
    assert_int_equal(directory.lock_file.number, 2);
    cache_directory_close(&directory);
    assert_true(scratch_exists(scratch, "cache/lock.0"));
    assert_true(scratch_exists(scratch, "cache/lock.1"));
    assert_false(scratch_exists(scratch, "cache/lock.2"));
}

/* The line of a lock that this process holds: machine, process, start. */
static void read_own_line(const Scratch *scratch, char machine[64], long *process,
                          unsigned long long *start)
{
    CacheDirectory directory;
    assert_int_equal(open_cache(scratch, &directory, ENOLCK), 0);
    char *text = scratch_read(scratch, "cache/lock.0", NULL);
    assert_int_equal(sscanf(text, "%63s %ld %llu", machine, process, start), 3);
    free(text);
    cache_directory_close(&directory);
}

static void a_number_that_is_given_again_is_another_process(void **state)
{
    const Scratch *scratch = *state;
    CacheDirectory directory;
    char machine[64], line[128];
    long process;
    unsigned long long start;
    read_own_line(scratch, machine, &process, &start);
    assert_int_equal(process, getpid());
    if (start == 0)
        skip(); /* the system does not report it */
    snprintf(line, sizeof line, "%s %ld %llu\n", machine, process, start - 1);
    scratch_write(scratch, "cache/lock.0", line);
    assert_int_equal(open_cache(scratch, &directory, ENOLCK), 0);
    assert_int_equal(directory.lock_file.number, 1);
    cache_directory_close(&directory);
}

/* Another machine's lock, one that was never written, and something that is not a lock. */
static void who_cannot_be_asked_is_given_up(void **state)
{
    const Scratch *scratch = *state;
    CacheDirectory directory;
    static const char *const lines[] = {"0123456789abcdef0123456789abcdef 1 1\n", "", "x",
                                        "\0\0\0\0\0\0\0"};
    assert_int_equal(open_cache(scratch, &directory, 0), 0);
    cache_directory_close(&directory);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        scratch_write(scratch, "cache/lock.0", lines[i]);
        assert_int_equal(open_cache(scratch, &directory, ENOLCK), -ETIMEDOUT);
        assert_int_equal(reported, 1);
        assert_in_range(slept, 1000, 20000);
        assert_non_null(strstr(directory.failed, "remove that file"));
        assert_int_equal(directory.fd, -1);
    }
    assert_int_equal(unlinkat(scratch->fd, "cache/lock.0", 0), 0);
    assert_int_equal(mkfifoat(scratch->fd, "cache/lock.0", 0666), 0);
    assert_int_equal(open_cache(scratch, &directory, ENOLCK), -ETIMEDOUT);
}

static void wait_really(void *context)
{
    (void)context;
    sched_yield();
}

/* Adds one to a number in a file the given number of times; dies in the middle of the last one. */
static void count_up(const Scratch *scratch, int times)
{
    while_sleeping = wait_really;
    for (int i = 0; i <= times; i++) {
        CacheDirectory directory;
        char text[32];
        if (open_cache(scratch, &directory, ENOLCK) != 0)
            _exit(1);
        if (i == times)
            _exit(0);
        char *before = scratch_read(scratch, "number", NULL);
        snprintf(text, sizeof text, "%d", atoi(before) + 1);
        free(before);
        scratch_write(scratch, "number", text);
        cache_directory_close(&directory);
    }
}

static void test_processes_exclude_each_other(void **state)
{
    enum { PROCESSES = 8, TIMES = 50 };
    const Scratch *scratch = *state;
    int status;
    scratch_write(scratch, "number", "0");
    for (int i = 0; i < PROCESSES; i++)
        if (fork() == 0)
            count_up(scratch, TIMES);
    for (int i = 0; i < PROCESSES; i++) {
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    char *number = scratch_read(scratch, "number", NULL);
    assert_int_equal(atoi(number), PROCESSES * TIMES);
    free(number);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(a_file_does_the_work_of_flock),
        CASE_IN_SCRATCH(the_second_one_waits_and_says_so),
        CASE_IN_SCRATCH(what_a_killed_process_left_keeps_nobody_away),
        CASE_IN_SCRATCH(a_number_that_is_given_again_is_another_process),
        CASE_IN_SCRATCH(who_cannot_be_asked_is_given_up),
        CASE_IN_SCRATCH(test_processes_exclude_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
