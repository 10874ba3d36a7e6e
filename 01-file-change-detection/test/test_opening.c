/* SPDX-License-Identifier: MIT */
/* Only regular files are opened, whatever others put under the name: opening alone rewinds a tape
 * and lets the writer of a FIFO continue. */
#define _GNU_SOURCE /* RTLD_NEXT */

#include "binary_file.h"
#include "cache_mark.h"
#include "file_stamp.h"
#include "scratch.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    const char *name; /* whose opening is watched */
    unsigned opened;
    int flags; /* of the last call */
    void (*before)(const Scratch *scratch);
    const Scratch *scratch;
} watch;

/* Replaces the C library's, as does the next one. */
int openat(int dir_fd, const char *path, int flags, ...)
{
    int (*real)(int, const char *, int, ...);
    *(void **)&real = dlsym(RTLD_NEXT, "openat");
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (watch.name != NULL && strcmp(path, watch.name) == 0) {
        watch.opened++;
        watch.flags = flags;
        if (watch.before != NULL)
            watch.before(watch.scratch);
    }
    return real(dir_fd, path, flags, mode);
}

static void begin_watch(const Scratch *scratch, const char *name)
{
    watch.name = name;
    watch.opened = 0;
    watch.flags = 0;
    watch.before = NULL;
    watch.scratch = scratch;
}

static void end_watch(void)
{
    watch.name = NULL;
}

static int read_source(const Scratch *scratch, const char *name)
{
    Arena arena = {0};
    Slice bytes;
    FileStamp stamp;
    int status = file_read(scratch->fd, name, &arena, &bytes, &stamp);
    assert_true(status == 0 || bytes.size == 0);
    arena_free(&arena);
    return status;
}

static void sources_are_looked_at_first(void **state)
{
    const Scratch *scratch = *state;
    assert_int_equal(mkfifoat(scratch->fd, "fifo", 0666), 0);
    assert_int_equal(symlinkat("fifo", scratch->fd, "link"), 0);
    assert_int_equal(symlinkat("/dev/zero", scratch->fd, "zero"), 0);
    assert_int_equal(symlinkat("/dev/tty", scratch->fd, "terminal"), 0);
    static const char *const names[] = {"fifo", "link", "zero", "terminal"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        begin_watch(scratch, names[i]);
        assert_int_equal(read_source(scratch, names[i]), -EINVAL);
        assert_int_equal(watch.opened, 0);
    }
    scratch_write(scratch, "source", "x");
    assert_int_equal(symlinkat("source", scratch->fd, "link to source"), 0);
    begin_watch(scratch, "link to source");
    assert_int_equal(read_source(scratch, "link to source"), 0);
    assert_int_equal(watch.opened, 1);
    end_watch();
}

static void become_a_fifo(const Scratch *scratch)
{
    assert_int_equal(unlinkat(scratch->fd, "source", 0), 0);
    assert_int_equal(mkfifoat(scratch->fd, "source", 0666), 0);
}

/* If the file was replaced after the check, nothing waits and no terminal becomes ours. */
static void what_became_a_fifo_since_then_does_no_harm(void **state)
{
    const Scratch *scratch = *state;
    scratch_write(scratch, "source", "x");
    begin_watch(scratch, "source");
    watch.before = become_a_fifo;
    assert_int_equal(read_source(scratch, "source"), -EINVAL);
    assert_int_equal(watch.opened, 1);
    assert_int_equal(watch.flags & (O_NONBLOCK | O_NOCTTY), O_NONBLOCK | O_NOCTTY);
    end_watch();
}

static void files_of_a_cache_are_looked_at_first(void **state)
{
    const Scratch *scratch = *state;
    uint64_t size;
    FileClock clock;
    static const char *const names[] = {"clock", "state", "CACHEDIR.TAG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_int_equal(mkfifoat(scratch->fd, names[i], 0666), 0);
        begin_watch(scratch, names[i]);
        assert_int_equal(open_regular(scratch->fd, names[i], O_RDONLY, &size), -EBADMSG);
        assert_int_equal(open_regular(scratch->fd, names[i], O_RDWR | O_CREAT, &size), -EBADMSG);
        assert_int_equal(file_clock_probe(&clock, scratch->fd), 0);
        assert_int_equal(cache_mark_check(scratch->fd), -ENOTEMPTY);
        assert_int_equal(watch.opened, 0);
        end_watch();
        assert_int_equal(unlinkat(scratch->fd, names[i], 0), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(sources_are_looked_at_first),
        CASE_IN_SCRATCH(what_became_a_fifo_since_then_does_no_harm),
        CASE_IN_SCRATCH(files_of_a_cache_are_looked_at_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
