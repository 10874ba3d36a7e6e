/* SPDX-License-Identifier: MIT */
/* Files are overwritten and names exchanged, where that is possible. */
#define _GNU_SOURCE /* RTLD_NEXT */

#include "binary_exchange.h"
#include "scratch.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const BinaryFormat FORMAT = {"exmpl", 1};
static const char *const NAME = "example.bin";
static int exchange_error; /* 0: unchanged */

/* In place of the C library's. */
int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
    int (*real)(int, const char *, int, const char *, unsigned);
    *(void **)&real = dlsym(RTLD_NEXT, "renameat2");
    errno = exchange_error;
    return exchange_error != 0 ? -1 : real(from_fd, from, to_fd, to, flags);
}

static void expect_content(const Scratch *scratch, const char *expected)
{
    MappedFile file;
    assert_int_equal(binary_file_map(scratch->fd, NAME, &FORMAT, 0, &file), 0);
    assert_true(slice_equal(slice_of(file.content, file.content_size), slice_from(expected)));
    mapped_file_close(&file);
}

static int count_entries(const Scratch *scratch)
{
    char command[512];
    snprintf(command, sizeof command, "ls -A '%s' | wc -l", scratch->path);
    FILE *pipe = popen(command, "r");
    int count = -1;
    assert_non_null(pipe);
    assert_int_equal(fscanf(pipe, "%d", &count), 1);
    pclose(pipe);
    return count;
}

static int exchange(const Scratch *scratch, const char *text)
{
    Slice part = slice_from(text);
    return binary_file_exchange(scratch->fd, NAME, "spare", &FORMAT, &part, 1, false);
}

static uint64_t inode_of(const Scratch *scratch, const char *name)
{
    struct stat status;
    assert_int_equal(fstatat(scratch->fd, name, &status, 0), 0);
    return (uint64_t)status.st_ino;
}

static void expect_spare(const Scratch *scratch, const char *expected)
{
    size_t size;
    char *bytes = scratch_read(scratch, "spare", &size);
    assert_int_equal(size, BINARY_HEADER_SIZE + strlen(expected));
    assert_memory_equal(bytes + BINARY_HEADER_SIZE, expected, strlen(expected));
    free(bytes);
}

/* Two files always suffice: the next exchange overwrites the old one. */
static void an_exchange_leaves_the_old_file_as_the_spare(void **state)
{
    Scratch *scratch = *state;
    assert_int_equal(exchange(scratch, "first"), 0);
    expect_content(scratch, "first");
    assert_int_equal(exchange(scratch, "a longer second"), 0);
    expect_content(scratch, "a longer second");
#ifdef __linux__
    expect_spare(scratch, "first");
    uint64_t name = inode_of(scratch, NAME), spare = inode_of(scratch, "spare");
    assert_int_equal(exchange(scratch, "third"), 0);
    expect_spare(scratch, "a longer second");
    assert_int_equal(inode_of(scratch, NAME), spare);
    assert_int_equal(inode_of(scratch, "spare"), name);
    assert_int_equal(count_entries(scratch), 2);
#endif
    assert_int_equal(exchange(scratch, "4th"), 0);
    expect_content(scratch, "4th");
}

/* A killed process leaves a half-written spare; somebody may leave anything else. */
static void an_exchange_takes_any_spare(void **state)
{
    Scratch *scratch = *state;
    assert_int_equal(exchange(scratch, "old"), 0);
    scratch_write(scratch, "spare", "torn, and longer than what is written over it: .......");
    assert_int_equal(exchange(scratch, "new"), 0);
    expect_content(scratch, "new");
    unlinkat(scratch->fd, "spare", 0);
    scratch_write(scratch, "precious", "precious");
    assert_int_equal(symlinkat("precious", scratch->fd, "spare"), 0);
    assert_int_equal(exchange(scratch, "newer"), 0);
    expect_content(scratch, "newer");
    char *text = scratch_read(scratch, "precious", NULL);
    assert_string_equal(text, "precious");
    free(text);
    assert_int_equal(unlinkat(scratch->fd, "spare", 0), 0);
    scratch_write(scratch, "spare/inhabitant", "");
    assert_int_equal(exchange(scratch, "newest"), 0);
    expect_content(scratch, "newest");
}

static void what_is_no_file_does_not_become_the_spare(void **state)
{
    Scratch *scratch = *state;
    assert_int_equal(symlinkat("none", scratch->fd, NAME), 0);
    assert_int_equal(exchange(scratch, "new"), 0);
    expect_content(scratch, "new");
    assert_int_equal(count_entries(scratch), 1);
    assert_int_equal(unlinkat(scratch->fd, NAME, 0), 0);
    scratch_write(scratch, "example.bin/inhabitant", "");
    assert_true(exchange(scratch, "newer") < 0);
    assert_true(scratch_exists(scratch, "example.bin/inhabitant"));
}

static void a_failed_exchange_leaves_the_old_file(void **state)
{
    Scratch *scratch = *state;
    Slice old = slice_from("old"), part = slice_from("new");
    assert_int_equal(binary_file_write(scratch->fd, NAME, &FORMAT, &old, 1, false), 0);
    assert_int_equal(binary_file_exchange(scratch->fd, NAME, "no/such/spare", &FORMAT, &part, 1,
                                          true),
                     -ENOENT);
    expect_content(scratch, "old");
    assert_int_equal(
        binary_file_exchange(scratch->fd, "no/such/name", "spare", &FORMAT, &part, 1, false),
        -ENOENT);
}

static void overwriting_keeps_the_file_and_its_length_is_the_content_s(void **state)
{
    Scratch *scratch = *state;
    static const char *const texts[] = {"first", "a longer second", "3rd", ""};
    uint64_t inode = 0;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        Slice part = slice_from(texts[i]);
        assert_int_equal(
            binary_file_overwrite(scratch->fd, NAME, &FORMAT, &part, 1, i % 2 == 1), 0);
        expect_content(scratch, texts[i]);
        assert_true(i == 0 || inode == inode_of(scratch, NAME));
        inode = inode_of(scratch, NAME);
    }
    Slice part = slice_from("");
    assert_int_equal(binary_file_overwrite(scratch->fd, ".", &FORMAT, &part, 1, false), -EBADMSG);
}

/* Whatever it returns, a plain rename decides. */
static void without_an_exchange_there_is_a_rename(void **state)
{
    const Scratch *scratch = *state;
    static const int errors[] = {0, EINVAL, ENOSYS, EPERM, EOPNOTSUPP, EIO};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        char text = (char)('a' + i);
        Slice part = slice_of(&text, 1);
        MappedFile file;
        exchange_error = errors[i];
        int status =
            binary_file_exchange(scratch->fd, "name", "spare", &FORMAT, &part, 1, false);
        exchange_error = 0;
        assert_int_equal(status, 0);
        assert_int_equal(binary_file_map(scratch->fd, "name", &FORMAT, 0, &file), 0);
        assert_int_equal(file.content[0], text);
        mapped_file_close(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(an_exchange_leaves_the_old_file_as_the_spare),
        CASE_IN_SCRATCH(an_exchange_takes_any_spare),
        CASE_IN_SCRATCH(what_is_no_file_does_not_become_the_spare),
        CASE_IN_SCRATCH(a_failed_exchange_leaves_the_old_file),
        CASE_IN_SCRATCH(overwriting_keeps_the_file_and_its_length_is_the_content_s),
        CASE_IN_SCRATCH(without_an_exchange_there_is_a_rename),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
