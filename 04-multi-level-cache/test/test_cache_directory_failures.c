/* SPDX-License-Identifier: MIT */
/* System calls on the cache directory that fail, and keep failing: that is reported at once. */
#define _GNU_SOURCE /* RTLD_NEXT */

#include "cache_directory.h"
#include "scratch.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *failing_name; /* on which fstatat fails; NULL: none */
static bool lists_fail;          /* readdir fails, each time */

static enum { AS_THEY_ARE, NEW_AT_EACH_LOOK, NEW_BY_NAME } numbers; /* of inodes */
static unsigned looks;
static const char *replaced; /* replaced by a new file before each look at it by name; NULL: none */

static void change_number(struct stat *status, bool by_name)
{
    if (++looks > 100000)
        _exit(1); /* a program that retries endlessly */
    if (numbers == NEW_AT_EACH_LOOK)
        status->st_ino = looks;
    if (numbers == NEW_BY_NAME && by_name)
        status->st_ino++;
}

/* In place of the C library's, like the next ones. */
int fstatat(int dir_fd, const char *restrict path, struct stat *restrict status, int flags)
{
    int (*real)(int, const char *, struct stat *, int);
    *(void **)&real = dlsym(RTLD_NEXT, "fstatat");
    if (failing_name == NULL || strcmp(path, failing_name) != 0) {
        if (replaced != NULL && strcmp(path, replaced) == 0 && unlinkat(dir_fd, path, 0) == 0)
            close(openat(dir_fd, path, O_WRONLY | O_CREAT | O_EXCL, 0666));
        int result = real(dir_fd, path, status, flags);
        change_number(status, true);
        return result;
    }
    errno = EIO;
    return -1;
}

int fstat(int fd, struct stat *status)
{
    int (*real)(int, struct stat *);
    *(void **)&real = dlsym(RTLD_NEXT, "fstat");
    int result = real(fd, status);
    change_number(status, false);
    return result;
}

struct dirent *readdir(DIR *list)
{
    struct dirent *(*real)(DIR *);
    *(void **)&real = dlsym(RTLD_NEXT, "readdir");
    if (!lists_fail)
        return real(list);
    errno = EIO;
    return NULL;
}

static void expect_failure_at(const char *path, const char *name)
{
    CacheDirectory directory;
    failing_name = name;
    alarm(600); /* ends a program that retries endlessly */
    int status = cache_directory_open(&directory, path, CACHE_DIRECTORY_MAKE, NULL);
    alarm(0);
    failing_name = NULL;
    assert_int_equal(status, -EIO);
    assert_string_equal(directory.failed, "cannot lock the cache directory");
    assert_int_equal(directory.fd, -1);
}

static void test_a_lock_that_cannot_be_looked_at_is_reported(void **state)
{
    char path[512];
    const Scratch *scratch = *state;
    snprintf(path, sizeof path, "%s/cache", scratch->path);
    expect_failure_at(path, "lock");
    expect_failure_at(path, path);
}

static void test_a_list_that_cannot_be_read_is_no_empty_one(void **state)
{
    char path[512];
    CacheDirectory directory;
    const Scratch *scratch = *state;
    snprintf(path, sizeof path, "%s/cache", scratch->path);
    assert_int_equal(cache_directory_open(&directory, path, CACHE_DIRECTORY_MAKE, NULL), 0);
    scratch_write(scratch, "cache/zir.pack", "x");
    lists_fail = true;
    int status = cache_directory_clean(&directory, NULL, NULL);
    lists_fail = false;
    assert_int_equal(status, -EIO);
    assert_int_equal(cache_directory_clean(&directory, NULL, NULL), 0);
    assert_false(scratch_exists(scratch, "cache/zir.pack"));
    cache_directory_close(&directory);
}

static void test_numbers_that_prove_nothing_keep_nobody_away(void **state)
{
    char path[512];
    CacheDirectory directory;
    const Scratch *scratch = *state;
    snprintf(path, sizeof path, "%s/cache", scratch->path);
    for (numbers = NEW_AT_EACH_LOOK; numbers <= NEW_BY_NAME; numbers++) {
        looks = 0;
        for (int work = 0; work < 2; work++) {
            assert_int_equal(cache_directory_open(&directory, path, CACHE_DIRECTORY_MAKE, NULL), 0);
            assert_int_equal(directory.may_have_leftovers, work);
            assert_int_equal(cache_directory_begin_work(&directory), 0);
            if (work == 1)
                assert_int_equal(cache_directory_end_work(&directory), 0);
            cache_directory_close(&directory);
        }
        assert_in_range(looks, 1, 1000);
    }
    numbers = AS_THEY_ARE;
    char *text = scratch_read(scratch, "cache/lock", NULL);
    assert_string_equal(text, "at rest\n"); /* and no note any more */
    free(text);
}

/* Somebody replaces the lock again and again: that is finally reported. */
static void test_a_lock_that_is_always_another_one_is_given_up(void **state)
{
    char path[512];
    CacheDirectory directory;
    const Scratch *scratch = *state;
    snprintf(path, sizeof path, "%s/cache", scratch->path);
    replaced = "lock";
    looks = 0;
    int status = cache_directory_open(&directory, path, CACHE_DIRECTORY_MAKE, NULL);
    replaced = NULL;
    assert_int_equal(status, -EAGAIN);
    assert_int_equal(directory.fd, -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(test_numbers_that_prove_nothing_keep_nobody_away),
        CASE_IN_SCRATCH(test_a_lock_that_is_always_another_one_is_given_up),
        CASE_IN_SCRATCH(test_a_lock_that_cannot_be_looked_at_is_reported),
        CASE_IN_SCRATCH(test_a_list_that_cannot_be_read_is_no_empty_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
