/* SPDX-License-Identifier: MIT */
#include "file_stamp.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- the rule, with injected stamps and clocks -------------------------------------------- */

#define SECOND INT64_C(1000000000)

enum { DISK = 1, OTHER_DISK = 2 };

/* A moment in the middle of a second, like most. */
#define MOMENT (1000 * SECOND + SECOND / 2)

static void when_the_probe_proves_a_stamp(void **state)
{
    (void)state;
    const int64_t tick = MOMENT;         /* the probe's stamp */
    const int64_t wall = tick + 4000000; /* the wall clock runs ahead of it */
    const FileClock clock = {.probed_ns = tick, .wall_ns = wall, .device = DISK};
    const struct {
        const char *what;
        int64_t mtime_ns, ctime_ns;
        uint64_t device;
        bool is_proven;
    } cases[] = {
        {"written one tick earlier", tick - 1, tick - 1, DISK, true},
        {"written long ago", 1, 1, DISK, true},
        {"written before the epoch", -SECOND, tick - 1, DISK, true},
        {"written in the tick of the probe", tick, tick, DISK, false},
        {"mtime restored in the tick of the probe", tick - SECOND, tick, DISK, false},
        {"mtime in the tick, ctime before", tick, tick - 1, DISK, false},
        {"written after the probe", tick + 1, tick + 1, DISK, false},
        {"mtime in the future", wall + SECOND, tick - 1, DISK, false},
        {"mtime zero", 0, tick - 1, DISK, false},
        {"mtime beyond what can be counted", INT64_MAX, tick - 1, DISK, false},
        {"in whole seconds, as a coarser disk has them", 999 * SECOND, 999 * SECOND, DISK, false},
        {"mtime in whole seconds, as archives have them", 999 * SECOND, tick - 1, DISK, true},
        {"another disk, however old", 1, 1, OTHER_DISK, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        FileStamp stamp = {20, cases[i].mtime_ns, cases[i].ctime_ns, 7, cases[i].device};
        KnownStamp known = file_stamp_judge(&stamp, &(KnownStamp){0}, &clock);
        assert_true(file_stamp_equal(&known.stamp, &stamp));
        if (file_stamp_proves(&known, &stamp) != cases[i].is_proven)
            fail_msg("%s: should be %s", cases[i].what,
                     cases[i].is_proven ? "believed" : "racily clean");
    }
}

/* If the probe's own stamps are coarse, strictly older is still proof. */
static void coarse_stamps_are_compared_with_a_coarse_probe(void **state)
{
    (void)state;
    const FileClock clock = {.probed_ns = 1000 * SECOND, .wall_ns = MOMENT, .device = DISK};
    FileStamp stamp = {20, 998 * SECOND, 998 * SECOND, 7, DISK};
    assert_int_equal(file_stamp_judge(&stamp, &(KnownStamp){0}, &clock).racy_since_ns, 0);
    stamp.mtime_ns = stamp.ctime_ns = 1000 * SECOND;
    assert_int_not_equal(file_stamp_judge(&stamp, &(KnownStamp){0}, &clock).racy_since_ns, 0);
}

static KnownStamp judged_at(int64_t wall_ns, const FileStamp *stamp, const KnownStamp *last)
{
    const FileClock clock = {.wall_ns = wall_ns, .device = DISK};
    return file_stamp_judge(stamp, last, &clock);
}

/* No clocks are compared: only the stamps seen, and for how long. */
static void a_stamp_is_believed_after_it_was_seen_for_three_seconds(void **state)
{
    (void)state;
    const FileStamp stamp = {20, INT64_MAX, 0, 7, OTHER_DISK};
    const KnownStamp seen = {stamp, MOMENT};
    assert_int_equal(judged_at(MOMENT, &stamp, &seen).racy_since_ns, MOMENT);
    assert_int_equal(judged_at(MOMENT + 3 * SECOND, &stamp, &seen).racy_since_ns, MOMENT);
    assert_int_equal(judged_at(MOMENT + 3 * SECOND + 1, &stamp, &seen).racy_since_ns, 0);
    const KnownStamp believed = {stamp, 0};
    assert_int_equal(judged_at(MOMENT, &stamp, &believed).racy_since_ns, 0);
    assert_int_equal(judged_at(0, &stamp, &believed).racy_since_ns, 0);
}

/* The previous record has another stamp, or is in the future: the clock was set back. */
static void the_wait_begins_again(void **state)
{
    (void)state;
    const FileStamp stamp = {20, 1, 1, 7, OTHER_DISK}, other = {20, 1, 2, 7, OTHER_DISK};
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
    int64_t before = now.tv_sec * SECOND + now.tv_nsec;
    const KnownStamp cases[] = {{{0}, 0}, {other, 0}, {other, 1}, {stamp, before + 3600 * SECOND}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        KnownStamp known = judged_at(before, &stamp, &cases[i]);
        assert_true(file_stamp_equal(&known.stamp, &stamp));
        assert_in_range(known.racy_since_ns, before, before + 3599 * SECOND);
    }
}

static void without_a_clock_or_a_stamp_nothing_is_believed(void **state)
{
    (void)state;
    const FileClock no_clock = {0}, clock = {.probed_ns = MOMENT, .wall_ns = MOMENT};
    const FileStamp stamp = {20, -SECOND, -SECOND, 7, 0}, no_stamp = {0};
    const FileStamp without_inode = {20, 1, 1, 0, 0};
    const KnownStamp seen = {stamp, 1};
    assert_int_not_equal(file_stamp_judge(&stamp, &seen, &no_clock).racy_since_ns, 0);
    assert_false(file_stamp_proves(&(KnownStamp){0}, &no_stamp));
    KnownStamp unknown = file_stamp_judge(&no_stamp, &seen, &clock);
    assert_memory_equal(&unknown, &(KnownStamp){0}, sizeof unknown);
    unknown = file_stamp_judge(&without_inode, &seen, &clock);
    assert_memory_equal(&unknown, &(KnownStamp){0}, sizeof unknown);
}

static void every_field_of_a_stamp_counts(void **state)
{
    (void)state;
    const FileStamp stamp = {20, 100, 101, 7, 1}, unknown = {0};
    assert_true(file_stamp_equal(&stamp, &stamp));
    assert_false(file_stamp_equal(&unknown, &unknown));
    const FileStamp others[] = {{21, 100, 101, 7, 1}, {20, 99, 101, 7, 1},  {20, 100, 102, 7, 1},
                                {20, 100, 101, 8, 1}, {20, 100, 101, 7, 2}, {0}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        assert_false(file_stamp_equal(&stamp, &others[i]));
        assert_false(file_stamp_equal(&others[i], &stamp));
    }
}

/* It needs no clock, no times and no earlier look. */
static void a_version_is_believed_at_once(void **state)
{
    (void)state;
    const KnownStamp none = {0};
    const FileClock no_clock = {0};
    FileStamp stamp = file_stamp_of_version(7, 1), now = stamp;
    KnownStamp known = file_stamp_judge(&stamp, &none, &no_clock);
    assert_true(file_stamp_is_version(&stamp));
    assert_true(file_stamp_proves(&known, &now));
    now = file_stamp_of_version(8, 1);
    assert_false(file_stamp_proves(&known, &now));
    now = file_stamp_of_version(7, 2);
    assert_false(file_stamp_proves(&known, &now));
    stamp = now = file_stamp_of_version(0, 1);
    known = file_stamp_judge(&stamp, &none, &no_clock);
    assert_false(file_stamp_proves(&known, &now));
    assert_memory_equal(&known, &none, sizeof none);
}

/* ---- real files --------------------------------------------------------------------------- */

static FileStamp stamp_at(const Scratch *scratch, const char *name)
{
    FileStamp stamp;
    assert_int_equal(file_stamp_at(scratch->fd, name, &stamp), 0);
    return stamp;
}

static void what_stat_says(void **state)
{
    Scratch *scratch = *state;
    scratch_write(scratch, "a.mini", "12345");
    FileStamp stamp = stamp_at(scratch, "a.mini"), same;
    struct stat status;
    assert_int_equal(fstatat(scratch->fd, "a.mini", &status, 0), 0);
    assert_int_equal(stamp.size_bytes, 5);
    assert_int_equal(stamp.inode, status.st_ino);
    assert_int_equal(stamp.device, status.st_dev);
    assert_int_equal(stamp.mtime_ns, status.st_mtim.tv_sec * SECOND + status.st_mtim.tv_nsec);
    assert_int_equal(stamp.ctime_ns, status.st_ctim.tv_sec * SECOND + status.st_ctim.tv_nsec);
    int fd = openat(scratch->fd, "a.mini", O_RDONLY | O_CLOEXEC);
    assert_int_equal(file_stamp_of(fd, &same), 0);
    close(fd);
    assert_true(file_stamp_equal(&stamp, &same));
}

static void what_is_not_a_regular_file(void **state)
{
    Scratch *scratch = *state;
    FileStamp stamp = {1, 1, 1, 1, 1};
    assert_int_equal(file_stamp_at(scratch->fd, "none", &stamp), -ENOENT);
    assert_int_equal(stamp.inode, 0);
    assert_int_equal(file_stamp_at(scratch->fd, ".", &stamp), -EISDIR);
    assert_int_equal(file_stamp_at(AT_FDCWD, "/dev/null", &stamp), -EINVAL);
    assert_int_equal(file_stamp_of(-1, &stamp), -EBADF);
}

/* A moment after 2262 does not fit 64 bits of nanoseconds. It must not wrap into the past. */
static void moments_beyond_64_bits(void **state)
{
    Scratch *scratch = *state;
    scratch_write(scratch, "a.mini", "x");
    struct timespec times[2] = {{0, UTIME_OMIT}, {INT64_C(20000000000), 0}};
    if (utimensat(scratch->fd, "a.mini", times, 0) != 0)
        skip();
    struct stat status;
    assert_int_equal(fstatat(scratch->fd, "a.mini", &status, 0), 0);
    if (status.st_mtime < INT64_C(9300000000))
        skip(); /* the file system cannot store it */
    assert_true(stamp_at(scratch, "a.mini").mtime_ns > INT64_C(9200000000) * SECOND);
}

static KnownStamp judged(const FileStamp *stamp, const FileClock *clock)
{
    return file_stamp_judge(stamp, &(KnownStamp){0}, clock);
}

static void an_aged_file_is_trusted(void **state)
{
    Scratch *scratch = *state;
    FileClock clock;
    assert_int_equal(file_clock_probe(&clock, scratch->fd), 0);
    assert_true(clock.is_new && !clock.lacks_ctime);
    scratch_write(scratch, "a.mini", "x");
    scratch_age(scratch, "a.mini", 100);
    assert_int_equal(file_clock_probe(&clock, scratch->fd), 0); /* the file "clock" exists now */
    assert_false(clock.is_new);
    FileStamp stamp = stamp_at(scratch, "a.mini");
    KnownStamp known = judged(&stamp, &clock);
    assert_true(file_stamp_proves(&known, &stamp));
}

static void a_file_written_after_the_probe_is_not_trusted(void **state)
{
    Scratch *scratch = *state;
    for (int i = 0; i < 300; i++) {
        FileClock clock;
        assert_int_equal(file_clock_probe(&clock, scratch->fd), 0);
        scratch_write(scratch, "a.mini", "x");
        FileStamp stamp = stamp_at(scratch, "a.mini");
        assert_int_not_equal(judged(&stamp, &clock).racy_since_ns, 0);
    }
}

/* The promise itself: after a stamp is trusted, a later write of the same size gets another. */
static void a_trusted_stamp_never_hides_a_write(void **state)
{
    Scratch *scratch = *state;
    for (int i = 0; i < 300; i++) {
        FileClock clock;
        scratch_write(scratch, "a.mini", "one");
        assert_int_equal(file_clock_probe(&clock, scratch->fd), 0);
        FileStamp stamp = stamp_at(scratch, "a.mini");
        KnownStamp known = judged(&stamp, &clock);
        scratch_write(scratch, "a.mini", "two");
        stamp = stamp_at(scratch, "a.mini");
        assert_false(file_stamp_proves(&known, &stamp));
    }
}

/* The mount's number is used only if the times say nothing. */
static void the_mount_counts_where_times_say_nothing(void **state)
{
    Scratch *scratch = *state;
    FileStamp plain, stamp;
    scratch_write(scratch, "a.mini", "x");
    plain = stamp_at(scratch, "a.mini");
    assert_int_equal(file_stamp_in_mount(scratch->fd, "a.mini", &stamp), 0);
    assert_true(file_stamp_equal(&plain, &stamp));
    assert_int_equal(file_stamp_in_mount(scratch->fd, "none", &stamp), -ENOENT);
    assert_int_equal(stamp.inode, 0);
}

/* A user's file of the same name; another program's file; ours with a line added. */
static void a_file_of_somebody_else_is_no_clock(void **state)
{
    static const char *const texts[] = {"", "\n", "my notes\n", "The mtime of this file",
                                        "The mtime of this file is the time of its file system.\n+"};
    Scratch *scratch = *state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        FileClock clock = {0};
        scratch_write(scratch, "clock", texts[i]);
        FileStamp before = stamp_at(scratch, "clock");
        assert_int_equal(file_clock_probe(&clock, scratch->fd), 0);
        assert_true(clock.probed_ns >= before.mtime_ns);
        FileStamp after = stamp_at(scratch, "clock");
        assert_true(file_stamp_equal(&before, &after));
        char *text = scratch_read(scratch, "clock", NULL);
        assert_string_equal(text, texts[i]);
        free(text);
    }
    assert_int_equal(unlinkat(scratch->fd, "clock", 0), 0);
    assert_int_equal(rmdir(scratch->path), 0); /* nothing else remains */
    assert_int_equal(mkdir(scratch->path, 0777), 0);
}

static void a_clock_of_our_own_is_used_again(void **state)
{
    Scratch *scratch = *state;
    FileClock first, second;
    assert_int_equal(file_clock_probe(&first, scratch->fd), 0);
    FileStamp made = stamp_at(scratch, "clock");
    assert_int_equal(file_clock_probe(&second, scratch->fd), 0);
    FileStamp written = stamp_at(scratch, "clock");
    assert_int_equal(made.inode, written.inode);
    assert_int_equal(second.probed_ns, written.mtime_ns);
}

static void what_is_no_file_is_no_clock(void **state)
{
    Scratch *scratch = *state;
    FileClock clock = {.probed_ns = 1};
    scratch_write(scratch, "precious", "precious");
    assert_int_equal(symlinkat("precious", scratch->fd, "clock"), 0);
    assert_int_equal(file_clock_probe(&clock, scratch->fd), 0);
    assert_int_equal(unlinkat(scratch->fd, "clock", 0), 0);
    assert_int_equal(mkfifoat(scratch->fd, "clock", 0666), 0);
    assert_int_equal(file_clock_probe(&clock, scratch->fd), 0);
    assert_int_equal(unlinkat(scratch->fd, "clock", 0), 0);
    assert_int_equal(mkdirat(scratch->fd, "clock", 0777), 0);
    assert_int_equal(file_clock_probe(&clock, scratch->fd), 0);
    assert_int_equal(clock.device, stamp_at(scratch, "precious").device);
    assert_int_equal(unlinkat(scratch->fd, "clock", AT_REMOVEDIR), 0);
    char *text = scratch_read(scratch, "precious", NULL);
    assert_string_equal(text, "precious");
    free(text);
    assert_true(file_clock_probe(&clock, -1) < 0);
    assert_int_equal(clock.probed_ns, 0);
}

/* ---- reading ------------------------------------------------------------------------------ */

static void whole_files_are_read(void **state)
{
    static const size_t sizes[] = {0, 1, 4096, 100000, 5000000};
    Scratch *scratch = *state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        Arena arena = {0};
        char *text = malloc(sizes[i] + 1);
        for (size_t j = 0; j < sizes[i]; j++)
            text[j] = (char)(j * 31 >> 3);
        scratch_write_bytes(scratch, "a.mini", slice_of(text, sizes[i]));
        Slice bytes;
        FileStamp stamp, expected = stamp_at(scratch, "a.mini");
        assert_int_equal(file_read(scratch->fd, "a.mini", &arena, &bytes, &stamp), 0);
        assert_true(slice_equal(bytes, slice_of(text, sizes[i])));
        assert_int_equal(bytes.data[bytes.size], 0);
        assert_true(file_stamp_equal(&stamp, &expected));
        arena_free(&arena);
        free(text);
    }
}

static void no_more_is_read_than_wanted(void **state)
{
    Scratch *scratch = *state;
    static const struct {
        size_t limit, read;
    } cases[] = {{4, 4}, {6, 6}, {7, 6}, {0, 6}};
    FileStamp expected;
    scratch_write(scratch, "a.mini", "abcdef");
    expected = stamp_at(scratch, "a.mini");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Arena arena = {0};
        Slice bytes;
        FileStamp stamp;
        assert_int_equal(
            file_read_start(scratch->fd, "a.mini", cases[i].limit, &arena, &bytes, &stamp), 0);
        assert_true(slice_equal(bytes, slice_of("abcdef", cases[i].read)));
        assert_int_equal(bytes.data[bytes.size], 0);
        assert_int_equal(file_stamp_equal(&stamp, &expected), cases[i].read == 6);
        arena_free(&arena);
    }
}

static void what_cannot_be_read(void **state)
{
    Scratch *scratch = *state;
    Arena arena = {0};
    Slice bytes;
    FileStamp stamp;
    assert_int_equal(file_read(scratch->fd, "none", &arena, &bytes, &stamp), -ENOENT);
    assert_int_equal(file_read(scratch->fd, ".", &arena, &bytes, &stamp), -EISDIR);
    assert_int_equal(mkfifoat(scratch->fd, "fifo", 0666), 0);
    assert_int_equal(file_read(scratch->fd, "fifo", &arena, &bytes, &stamp), -EINVAL);
    assert_int_equal(file_read(AT_FDCWD, "/dev/zero", &arena, &bytes, &stamp), -EINVAL);
    int fd = openat(scratch->fd, "huge", O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (ftruncate(fd, (off_t)INT32_MAX + 1) == 0) /* it has no blocks */
        assert_int_equal(file_read(scratch->fd, "huge", &arena, &bytes, &stamp), -EFBIG);
    close(fd);
    assert_null(bytes.data);
    assert_int_equal(stamp.inode, 0);
    arena_free(&arena);
}

/* Counts its writes in shared memory. */
static void write_without_end(int dir_fd, atomic_ulong *writes)
{
    enum { SIZE = 1 << 20 };
    static char text[SIZE];
    int fd = openat(dir_fd, "a.mini", O_WRONLY | O_CLOEXEC);
    for (size_t size = SIZE;; size = size == SIZE ? SIZE - 1 : SIZE, ++*writes)
        if (pwrite(fd, text, size, 0) < 0 || ftruncate(fd, (off_t)size) != 0)
            _exit(1);
}

/* A process writes all the time: sooner or later it does so between our two stats. Only looks after
 * a new write count. */
static void a_file_written_while_it_is_read_has_no_stamp(void **state)
{
    Scratch *scratch = *state;
    scratch_write(scratch, "a.mini", "x");
    atomic_ulong *writes = mmap(NULL, sizeof *writes, PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(writes != MAP_FAILED);
    pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0)
        write_without_end(scratch->fd, writes);
    bool caught = false;
    unsigned long seen = 0;
    for (int looks = 0; looks < 5000 && !caught;) {
        if (*writes == seen) {
            sched_yield();
            continue;
        }
        seen = *writes;
        looks++;
        Arena arena = {0};
        Slice bytes;
        FileStamp stamp;
        assert_int_equal(file_read(scratch->fd, "a.mini", &arena, &bytes, &stamp), 0);
        caught = stamp.inode == 0;
        arena_free(&arena);
    }
    kill(writer, SIGKILL);
    assert_int_equal(waitpid(writer, NULL, 0), writer);
    munmap(writes, sizeof *writes);
    assert_true(caught);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(when_the_probe_proves_a_stamp),
        cmocka_unit_test(coarse_stamps_are_compared_with_a_coarse_probe),
        cmocka_unit_test(a_stamp_is_believed_after_it_was_seen_for_three_seconds),
        cmocka_unit_test(the_wait_begins_again),
        cmocka_unit_test(without_a_clock_or_a_stamp_nothing_is_believed),
        cmocka_unit_test(every_field_of_a_stamp_counts),
        cmocka_unit_test(a_version_is_believed_at_once),
        CASE_IN_SCRATCH(what_stat_says),
        CASE_IN_SCRATCH(what_is_not_a_regular_file),
        CASE_IN_SCRATCH(moments_beyond_64_bits),
        CASE_IN_SCRATCH(an_aged_file_is_trusted),
        CASE_IN_SCRATCH(a_file_written_after_the_probe_is_not_trusted),
        CASE_IN_SCRATCH(a_trusted_stamp_never_hides_a_write),
        CASE_IN_SCRATCH(the_mount_counts_where_times_say_nothing),
        CASE_IN_SCRATCH(a_file_of_somebody_else_is_no_clock),
        CASE_IN_SCRATCH(a_clock_of_our_own_is_used_again),
        CASE_IN_SCRATCH(what_is_no_file_is_no_clock),
        CASE_IN_SCRATCH(whole_files_are_read),
        CASE_IN_SCRATCH(no_more_is_read_than_wanted),
        CASE_IN_SCRATCH(what_cannot_be_read),
        CASE_IN_SCRATCH(a_file_written_while_it_is_read_has_no_stamp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
