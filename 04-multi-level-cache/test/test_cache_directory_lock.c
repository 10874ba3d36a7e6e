/* SPDX-License-Identifier: MIT */
/* One build at a time: who waits, for which directory, and what the lock says of the last holder. */
#include "cache_world.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/select.h>
#include <unistd.h>

/* Writes a byte to the pipe whose descriptor is `context`. */
static void report_waiting(void *context)
{
    const int *fd = context;
    if (write(*fd, "w", 1) != 1)
        _exit(9);
}

static char read_byte(int fd)
{
    char byte = '\0';
    assert_int_equal(read(fd, &byte, 1), 1);
    return byte;
}

/* A process that opens the directory and reports "w" if it must wait and "o" when it has it. A
 * child shares its parent's lock until it closes it. */
static pid_t start_opener(const CacheWorld *world, CacheDirectory held, int report_fd)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child != 0)
        return child;
    CacheDirectory directory;
    cache_directory_close(&held);
    LockWaiting waiting = {.begins = report_waiting, .context = &report_fd};
    int status =
        cache_directory_open(&directory, world->path, CACHE_DIRECTORY_MAKE, &waiting);
    if (status != 0 || write(report_fd, "o", 1) != 1)
        _exit(8);
    _exit(0);
}

static bool has_byte_soon(int fd)
{
    fd_set set;
    struct timeval wait = {0, 100000};
    FD_ZERO(&set);
    FD_SET(fd, &set);
    return select(fd + 1, &set, NULL, NULL, &wait) == 1;
}

typedef struct Waiting {
    pid_t child;
    int pipes[2];
} Waiting;

/* Opens the directory, and waits until another process waits for it. */
static Waiting open_before_another(const CacheWorld *world, CacheDirectory *directory)
{
    Waiting waiting;
    assert_int_equal(pipe(waiting.pipes), 0);
    cache_world_open(world, directory);
    waiting.child = start_opener(world, *directory, waiting.pipes[1]);
    assert_int_equal(read_byte(waiting.pipes[0]), 'w');
    return waiting;
}

static void expect_opened(const Waiting *waiting)
{
    assert_int_equal(read_byte(waiting->pipes[0]), 'o');
    cache_world_expect_exit(waiting->child);
    close(waiting->pipes[0]);
    close(waiting->pipes[1]);
}

static void test_a_second_build_waits_and_says_so(void **state)
{
    CacheWorld *world = *state;
    CacheDirectory directory;
    Waiting waiting = open_before_another(world, &directory);
    assert_false(has_byte_soon(waiting.pipes[0])); /* reported once, and still waiting */
    cache_directory_close(&directory);
    expect_opened(&waiting);
    cache_world_open(world, &directory); /* the lock went with the process */
    cache_directory_close(&directory);
}

/* The waiting process has the lock of a directory that is no longer at the path. */
static void test_a_directory_that_was_replaced_is_left(void **state)
{
    CacheWorld *world = *state;
    CacheDirectory directory, second;
    char moved[512];
    Waiting waiting = open_before_another(world, &directory);
    snprintf(moved, sizeof moved, "%s/moved", world->scratch.path);
    assert_int_equal(rename(world->path, moved), 0);
    cache_world_open(world, &second); /* a new directory, and its lock is ours */
    cache_directory_close(&directory);
    assert_false(has_byte_soon(waiting.pipes[0])); /* the child waits for the new one, silently */
    cache_directory_close(&second);
    expect_opened(&waiting);
}

static void test_a_removed_lock_file_is_noticed(void **state)
{
    CacheWorld *world = *state;
    CacheDirectory directory, second;
    Waiting waiting = open_before_another(world, &directory);
    assert_int_equal(unlinkat(directory.fd, "lock", 0), 0);
    cache_world_open(world, &second);
    cache_directory_close(&directory);
    assert_false(has_byte_soon(waiting.pipes[0]));
    cache_directory_close(&second);
    expect_opened(&waiting);
}

static void test_the_lock_says_whether_somebody_may_have_leftovers(void **state)
{
    CacheWorld *world = *state;
    CacheDirectory directory;
    cache_world_open(world, &directory);
    assert_false(directory.may_have_leftovers); /* nobody was there */
    assert_int_equal(cache_directory_begin_work(&directory), 0);
    assert_int_equal(cache_directory_begin_work(&directory), 0);
    cache_directory_close(&directory); /* and no word of an end */
    cache_world_open(world, &directory);
    assert_true(directory.may_have_leftovers);
    cache_directory_close(&directory);
    cache_world_open(world, &directory); /* unchanged: nothing was done about it */
    assert_true(directory.may_have_leftovers);
    assert_int_equal(cache_directory_begin_work(&directory), 0);
    assert_int_equal(cache_directory_end_work(&directory), 0);
    cache_directory_close(&directory);
    cache_world_open(world, &directory);
    assert_false(directory.may_have_leftovers);
    cache_directory_close(&directory);
}

static void test_a_program_that_is_run_does_not_keep_the_lock(void **state)
{
    CacheWorld *world = *state;
    CacheDirectory directory;
    cache_world_open(world, &directory);
    assert_int_equal(fcntl(directory.lock_fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(fcntl(directory.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    cache_directory_close(&directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_CACHE(test_the_lock_says_whether_somebody_may_have_leftovers),
        CASE_WITH_CACHE(test_a_second_build_waits_and_says_so),
        CASE_WITH_CACHE(test_a_directory_that_was_replaced_is_left),
        CASE_WITH_CACHE(test_a_removed_lock_file_is_noticed),
        CASE_WITH_CACHE(test_a_program_that_is_run_does_not_keep_the_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
