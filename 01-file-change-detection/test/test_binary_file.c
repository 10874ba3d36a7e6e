/* SPDX-License-Identifier: MIT */
#include "binary_file.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const BinaryFormat FORMAT = {"exmpl", 1};
static const char *const NAME = "example.bin";

static void write_text(const Scratch *scratch, const char *text)
{
    Slice part = slice_from(text);
    assert_int_equal(binary_file_write(scratch->fd, NAME, &FORMAT, &part, 1, false), 0);
}

static void expect_map(const Scratch *scratch, int expected)
{
    MappedFile file;
    assert_int_equal(binary_file_map(scratch->fd, NAME, &FORMAT, 0, &file), expected);
    if (expected != 0)
        assert_null(file.mapping);
    mapped_file_close(&file);
}

static void expect_content(const Scratch *scratch, const char *expected)
{
    MappedFile file;
    assert_int_equal(binary_file_map(scratch->fd, NAME, &FORMAT, 0, &file), 0);
    assert_true(slice_equal(slice_of(file.content, file.content_size), slice_from(expected)));
    mapped_file_close(&file);
}

static void what_was_written_is_mapped(void **state)
{
    Slice parts[] = {slice_from("one"), {0}, slice_from(" two"), slice_from("")};
    Scratch *scratch = *state;
    assert_int_equal(binary_file_write(scratch->fd, NAME, &FORMAT, parts, 4, false), 0);
    expect_content(scratch, "one two");
    assert_int_equal(binary_file_write(scratch->fd, NAME, &FORMAT, parts + 2, 2, true), 0);
    expect_content(scratch, " two");
    assert_int_equal(binary_file_write(scratch->fd, NAME, &FORMAT, NULL, 0, false), 0);
    expect_content(scratch, "");
}

static void a_content_of_fixed_size_is_read(void **state)
{
    Scratch *scratch = *state;
    char text[] = "before";
    assert_int_equal(binary_file_read(scratch->fd, NAME, &FORMAT, text, 5), -ENOENT);
    write_text(scratch, "after");
    assert_int_equal(binary_file_read(scratch->fd, NAME, &FORMAT, text, 6), -EBADMSG);
    assert_int_equal(binary_file_read(scratch->fd, NAME, &FORMAT, text, 4), -EBADMSG);
    assert_string_equal(text, "before");
    assert_int_equal(binary_file_read(scratch->fd, NAME, &FORMAT, text, 5), 0);
    assert_string_equal(text, "aftere");
}

static void a_name_may_have_directories(void **state)
{
    Scratch *scratch = *state;
    char path[512];
    Slice part = slice_from("deep");
    scratch_write(scratch, "a/b/neighbour", "");
    snprintf(path, sizeof path, "%s/a/b/file.bin", scratch->path);
    assert_int_equal(binary_file_write(AT_FDCWD, path, &FORMAT, &part, 1, true), 0);
    MappedFile file;
    assert_int_equal(binary_file_map(scratch->fd, "a/b/file.bin", &FORMAT, 0, &file), 0);
    mapped_file_close(&file);
}

/* Size, checksum and version are in fixed bytes, the same on every machine. */
static void the_bytes_on_disk(void **state)
{
    static const unsigned char expected[] = {
        'e', 'x', 'm', 'p', 'l', 0, 0, 0, 1,    0,    0,    0,    0,    0,    0,    0,
        0,   0,   0,   0,   0,   0, 0, 0, 0xc2, 0x94, 0xd3, 0x38, 0x05, 0x80, 0x06, 0x2d};
    write_text(*state, "");
    size_t size;
    char *bytes = scratch_read(*state, NAME, &size);
    assert_int_equal(size, sizeof expected);
    assert_memory_equal(bytes, expected, sizeof expected);
    free(bytes);
}

static void room_is_zero_and_writes_stay_private(void **state)
{
    Scratch *scratch = *state;
    static const size_t sizes[] = {0, 1, 4063, 4064, 4065, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char *text = malloc(sizes[i] + 1);
        memset(text, 'x', sizes[i]);
        Slice part = slice_of(text, sizes[i]);
        assert_int_equal(binary_file_write(scratch->fd, NAME, &FORMAT, &part, 1, false), 0);
        MappedFile file;
        assert_int_equal(binary_file_map(scratch->fd, NAME, &FORMAT, 10000, &file), 0);
        assert_int_equal(file.content_size, sizes[i]);
        assert_int_equal((uintptr_t)file.content % 32, 0);
        assert_true(file.room >= 10000);
        for (size_t j = 0; j < file.room; j++)
            assert_int_equal(file.content[sizes[i] + j], 0);
        memset(file.content, 'y', file.content_size + file.room);
        mapped_file_close(&file);
        assert_int_equal(binary_file_map(scratch->fd, NAME, &FORMAT, 0, &file), 0);
        assert_true(slice_equal(slice_of(file.content, file.content_size), part));
        mapped_file_close(&file);
        free(text);
    }
}

static void missing(void **state)
{
    expect_map(*state, -ENOENT);
}

static void truncated_at_every_length(void **state)
{
    Scratch *scratch = *state;
    size_t size;
    write_text(scratch, "content");
    char *bytes = scratch_read(scratch, NAME, &size);
    for (size_t length = 0; length < size; length++) {
        scratch_write_bytes(scratch, NAME, slice_of(bytes, length));
        expect_map(scratch, -EBADMSG);
    }
    scratch_write_bytes(scratch, NAME, slice_of(bytes, size + 1)); /* its NUL: one too many */
    expect_map(scratch, -EBADMSG);
    scratch_write_bytes(scratch, NAME, slice_of(bytes, size));
    expect_map(scratch, 0);
    free(bytes);
}

static void every_bit_flipped(void **state)
{
    Scratch *scratch = *state;
    size_t size;
    write_text(scratch, "content");
    char *bytes = scratch_read(scratch, NAME, &size);
    for (size_t bit = 0; bit < size * 8; bit++) {
        bytes[bit / 8] ^= (char)(1 << bit % 8);
        scratch_write_bytes(scratch, NAME, slice_of(bytes, size));
        expect_map(scratch, -EBADMSG);
        bytes[bit / 8] ^= (char)(1 << bit % 8);
    }
    free(bytes);
}

static void another_format_or_version(void **state)
{
    static const BinaryFormat others[] = {{"exmpl", 2}, {"exmpl2", 1}, {"", 1}};
    Scratch *scratch = *state;
    write_text(scratch, "content");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        MappedFile file;
        assert_int_equal(binary_file_map(scratch->fd, NAME, &others[i], 0, &file), -EBADMSG);
    }
}

static void something_else_in_its_place(void **state)
{
    Scratch *scratch = *state;
    assert_int_equal(mkdirat(scratch->fd, NAME, 0777), 0);
    expect_map(scratch, -EBADMSG);
    assert_int_equal(unlinkat(scratch->fd, NAME, AT_REMOVEDIR), 0);

    assert_int_equal(mkfifoat(scratch->fd, NAME, 0666), 0);
    expect_map(scratch, -EBADMSG);
    assert_int_equal(unlinkat(scratch->fd, NAME, 0), 0);

    write_text(scratch, "target");
    assert_int_equal(renameat(scratch->fd, NAME, scratch->fd, "target"), 0);
    assert_int_equal(symlinkat("target", scratch->fd, NAME), 0);
    expect_map(scratch, -EBADMSG);
    write_text(scratch, "new"); /* replaces the link, not what it points to */
    expect_content(scratch, "new");
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

static void a_failed_write_leaves_everything_as_it_was(void **state)
{
    Scratch *scratch = *state;
    Slice part = slice_from("new");
    scratch_write(scratch, "example.bin/inhabitant", "a directory that rename cannot replace");
    assert_true(binary_file_write(scratch->fd, NAME, &FORMAT, &part, 1, false) < 0);
    assert_true(scratch_exists(scratch, "example.bin/inhabitant"));
    assert_int_equal(count_entries(scratch), 1);
    assert_int_equal(binary_file_write(scratch->fd, "no/such/dir", &FORMAT, &part, 1, false),
                     -ENOENT);
}

/* A process was killed while writing; now another one has its pid. */
static void a_leftover_temporary_file_is_no_obstacle(void **state)
{
    Scratch *scratch = *state;
    char temporary[64];
    snprintf(temporary, sizeof temporary, "%s.tmp.%ld", NAME, (long)getpid());
    scratch_write(scratch, "precious", "precious");
    assert_int_equal(symlinkat("precious", scratch->fd, temporary), 0);
    write_text(scratch, "new");
    expect_content(scratch, "new");
    char *text = scratch_read(scratch, "precious", NULL);
    assert_string_equal(text, "precious");
    free(text);
}

static void opening_regular_files_only(void **state)
{
    Scratch *scratch = *state;
    uint64_t size;
    scratch_write(scratch, "five", "12345");
    int fd = open_regular(scratch->fd, "five", O_RDONLY, &size);
    assert_true(fd >= 0);
    assert_int_equal(size, 5);
    close(fd);
    assert_int_equal(open_regular(scratch->fd, "none", O_RDONLY, &size), -ENOENT);
    assert_int_equal(mkfifoat(scratch->fd, "fifo", 0666), 0);
    assert_int_equal(open_regular(scratch->fd, "fifo", O_RDONLY, &size), -EBADMSG);
    assert_int_equal(open_regular(scratch->fd, "fifo", O_WRONLY, &size), -EBADMSG);
    assert_int_equal(open_regular(scratch->fd, ".", O_WRONLY, &size), -EBADMSG);
}

static void writing_at_an_offset(void **state)
{
    Scratch *scratch = *state;
    scratch_write(scratch, "text", "0123456789");
    int fd = openat(scratch->fd, "text", O_WRONLY | O_CLOEXEC);
    Slice parts[] = {slice_from("ab"), {0}, slice_from("c")};
    assert_int_equal(write_all_at(fd, parts, 3, 4), 0);
    assert_int_equal(write_all_at(fd, NULL, 0, 0), 0);
    close(fd);
    char *text = scratch_read(scratch, "text", NULL);
    assert_string_equal(text, "0123abc789");
    free(text);
    assert_int_equal(write_all_at(-1, parts, 3, 0), -EBADF);
}

static void interrupt(int signal)
{
    (void)signal;
}

/* A timer interrupts the writer every millisecond: writes end early or not at all. */
static void write_interrupted(int fd, const Slice *parts, size_t count)
{
    struct sigaction action = {.sa_handler = interrupt};
    struct itimerval timer = {{0, 1000}, {0, 1000}};
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &timer, NULL);
    _exit(write_parts(fd, parts, count) == 0 ? 0 : 1);
}

/* Starts late: by then the pipe is full, and the timer has interrupted a waiting writer. */
static void read_slowly(int fd, const char *expected, size_t size)
{
    char *got = malloc(size + 1);
    size_t done = 0;
    struct timespec nap = {0, 20000000};
    for (ssize_t count = 1; count > 0; done += (size_t)count) {
        nanosleep(&nap, NULL);
        nap.tv_nsec = 200000;
        count = read(fd, got + done, size + 1 - done < 9999 ? size + 1 - done : 9999);
        assert_true(count >= 0);
    }
    assert_int_equal(done, size);
    assert_memory_equal(got, expected, size);
    free(got);
}

static void many_parts_through_interruptions_and_short_writes(void **state)
{
    enum { PARTS = 2000, LARGEST = 700 };
    (void)state;
    char *bytes = malloc(PARTS * LARGEST);
    Slice parts[PARTS];
    size_t size = 0;
    srand(1);
    for (size_t i = 0; i < PARTS; i++) {
        parts[i] = slice_of(bytes + size, i % 5 == 0 ? 0 : (size_t)rand() % LARGEST);
        for (size_t j = 0; j < parts[i].size; j++)
            bytes[size++] = (char)rand();
    }
    int fds[2], status;
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0)
        write_interrupted(fds[1], parts, PARTS);
    close(fds[1]);
    read_slowly(fds[0], bytes, size);
    close(fds[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(what_was_written_is_mapped),
        CASE_IN_SCRATCH(a_content_of_fixed_size_is_read),
        CASE_IN_SCRATCH(a_name_may_have_directories),
        CASE_IN_SCRATCH(the_bytes_on_disk),
        CASE_IN_SCRATCH(room_is_zero_and_writes_stay_private),
        CASE_IN_SCRATCH(missing),
        CASE_IN_SCRATCH(truncated_at_every_length),
        CASE_IN_SCRATCH(every_bit_flipped),
        CASE_IN_SCRATCH(another_format_or_version),
        CASE_IN_SCRATCH(something_else_in_its_place),
        CASE_IN_SCRATCH(a_failed_write_leaves_everything_as_it_was),
        CASE_IN_SCRATCH(a_leftover_temporary_file_is_no_obstacle),
        CASE_IN_SCRATCH(opening_regular_files_only),
        CASE_IN_SCRATCH(writing_at_an_offset),
        cmocka_unit_test(many_parts_through_interruptions_and_short_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
