/* SPDX-License-Identifier: MIT */
/* Calls of the system on the cache directory that fail, and go on failing: that is told, at once. */
#define _GNU_SOURCE /* RTLD_NEXT */

#include "cache_directory.h"
#include "scratch.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *failing_name; /* which fstatat cannot look at; NULL: none */
static bool lists_fail;          /* readdir does, each time */

/* In place of the C library's, as the next one. */
int fstatat(int dir_fd, const char *restrict path, struct stat *restrict status, int flags)
{
    int (*real)(int, const char *, struct stat *, int);
    *(void **)&real = dlsym(RTLD_NEXT, "fstatat");
    if (failing_name == NULL || strcmp(path, failing_name) != 0)
        return real(dir_fd, path, status, flags);
    errno = EIO;
    return -1;
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
    alarm(600); /* ends a program that tries for ever */
    int status = cache_directory_open(&directory, path, true, NULL, NULL);
    alarm(0);
    failing_name = NULL;
    assert_int_equal(status, -EIO);
    assert_string_equal(directory.failed, "cannot lock the cache directory");
    assert_int_equal(directory.fd, -1);
}

static void test_a_lock_that_cannot_be_looked_at_is_told(void **state)
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
    assert_int_equal(cache_directory_open(&directory, path, true, NULL, NULL), 0);
    scratch_write(scratch, "cache/zir.pack", "x");
    lists_fail = true;
    int status = cache_directory_clean(&directory, NULL, NULL);
    lists_fail = false;
    assert_int_equal(status, -EIO);
    assert_int_equal(cache_directory_clean(&directory, NULL, NULL), 0);
    assert_false(scratch_exists(scratch, "cache/zir.pack"));
    cache_directory_close(&directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(test_a_lock_that_cannot_be_looked_at_is_told),
        CASE_IN_SCRATCH(test_a_list_that_cannot_be_read_is_no_empty_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
