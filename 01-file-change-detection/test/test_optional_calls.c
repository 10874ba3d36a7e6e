/* SPDX-License-Identifier: MIT */
/* Calls that are not available everywhere, and what happens without them. */
#define _GNU_SOURCE /* RTLD_NEXT */

#include "binary_file.h"
#include "cache_mark.h"
#include "scratch.h"
#include "system_calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int reserve_error, chmod_error; /* 0: unchanged */

/* Replaces the C library's, as do the next ones. */
int posix_fallocate(int fd, off_t offset, off_t size)
{
    int (*real)(int, off_t, off_t);
    *(void **)&real = dlsym(RTLD_NEXT, "posix_fallocate");
    return reserve_error != 0 ? reserve_error : real(fd, offset, size);
}

int fchmodat(int dir_fd, const char *path, mode_t mode, int flags)
{
    int (*real)(int, const char *, mode_t, int);
    *(void **)&real = dlsym(RTLD_NEXT, "fchmodat");
    errno = chmod_error;
    return chmod_error != 0 ? -1 : real(dir_fd, path, mode, flags);
}

static int reserve(const Scratch *scratch, int error)
{
    int fd = openat(scratch->fd, "file", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    struct stat status;
    reserve_error = error;
    int result = reserve_space(fd, 0, 5000);
    reserve_error = 0;
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_size, result == 0 ? 5000 : 0);
    close(fd);
    return result;
}

static void without_a_promise_of_space_there_is_the_length(void **state)
{
    const Scratch *scratch = *state;
    static const int missing[] = {0, EINVAL, EOPNOTSUPP, ENOSYS, EPERM};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        assert_int_equal(reserve(scratch, missing[i]), 0);
    static const int failed[] = {ENOSPC, EIO, EFBIG, EDQUOT};
    for (size_t i = 0; i < sizeof failed / sizeof *failed; i++)
        assert_int_equal(reserve(scratch, failed[i]), -failed[i]);
}

static int make_directory(const Scratch *scratch, const char *name, int error)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", scratch->path, name);
    mode_t before = umask(0300);
    chmod_error = error;
    int status = cache_mark_make_directory(path, 0777);
    chmod_error = 0;
    umask(before);
    return status;
}

static void without_modes_a_directory_keeps_its_own(void **state)
{
    const Scratch *scratch = *state;
    assert_int_equal(make_directory(scratch, "0", 0), 0);
    assert_int_equal(make_directory(scratch, "1", EPERM), 0);
    assert_int_equal(make_directory(scratch, "2", EOPNOTSUPP), 0);
    assert_int_equal(make_directory(scratch, "3", ENOSYS), 0);
    assert_int_equal(make_directory(scratch, "4", EIO), -EIO);
    assert_int_equal(make_directory(scratch, "5", EACCES), -EACCES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(without_a_promise_of_space_there_is_the_length),
        CASE_IN_SCRATCH(without_modes_a_directory_keeps_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
