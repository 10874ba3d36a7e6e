/* SPDX-License-Identifier: MIT */
/* Which names mean descriptors. Stage 5 tests what is done with them. */
#include "output_place.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int descriptor_of(const char *path)
{
    OutputPlace place;
    int status = output_place_find(&place, path);
    return status < 0 ? status : place.descriptor;
}

static void descriptors_have_many_names(void **state)
{
    char own[64], thread[64];
    (void)state;
    snprintf(own, sizeof own, "/proc/%ld/fd/2", (long)getpid());
    snprintf(thread, sizeof thread, "/proc/%ld/task/%ld/fd/2", (long)getpid(), (long)getpid());
    assert_int_equal(descriptor_of("-"), 1);
    assert_int_equal(descriptor_of("/dev/stdout"), 1);
    assert_int_equal(descriptor_of("/dev/fd/1"), 1);
    assert_int_equal(descriptor_of("/dev/stderr"), 2);
    assert_int_equal(descriptor_of("//dev/.//stderr"), 2);
    assert_int_equal(descriptor_of("/dev/../dev/fd/2"), 2);
    assert_int_equal(descriptor_of("/proc/self/fd/2"), 2);
    assert_int_equal(descriptor_of("/proc/thread-self/fd/2"), 2);
    assert_int_equal(descriptor_of(own), 2);
    assert_int_equal(descriptor_of(thread), 2);
}

static void other_names_are_those_of_files(void **state)
{
    Scratch *scratch = *state;
    char path[400];
    const char *targets[] = {"/dev/stdout", "/proc/self/fd/1", "/dev/fd/1"};
    assert_int_equal(descriptor_of("./-"), -1);
    assert_int_equal(descriptor_of("/dev/null"), -1);
    assert_int_equal(descriptor_of("/dev/fd/1x"), -1);
    assert_int_equal(descriptor_of("/dev/fd/99999999999999999999"), -1);
    for (int i = 0; i < 3; i++) { /* a link found at the path */
        snprintf(path, sizeof path, "%s/link%d", scratch->path, i);
        assert_int_equal(symlink(targets[i], path), 0);
        assert_int_equal(descriptor_of(path), -1);
    }
}

/* Only the spelling counts: a tree can also come with a link to a directory. */
static void a_link_on_the_way_names_no_descriptor(void **state)
{
    static const char *const targets[] = {"/proc/self/fd", "/dev/fd", "/proc/thread-self/fd"};
    Scratch *scratch = *state;
    char link[400], path[420];
    for (int i = 0; i < 3; i++) {
        snprintf(link, sizeof link, "%s/out%d", scratch->path, i);
        assert_int_equal(symlink(targets[i], link), 0);
        snprintf(path, sizeof path, "%s/1", link);
        assert_int_equal(descriptor_of(path), -ELOOP);
    }
    snprintf(link, sizeof link, "%s/dev", scratch->path);
    assert_int_equal(symlink("/dev", link), 0);
    snprintf(path, sizeof path, "%s/stdout", link);
    assert_int_equal(descriptor_of(path), -ELOOP);
    snprintf(path, sizeof path, "%s/fd/2", link);
    assert_int_equal(descriptor_of(path), -ELOOP);
    snprintf(path, sizeof path, "%s/null", link);
    assert_int_equal(descriptor_of(path), -1);
}

static void what_the_process_opened_itself_was_not_given(void **state)
{
    char name[32];
    (void)state;
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_true(fd > STDERR_FILENO);
    snprintf(name, sizeof name, "/dev/fd/%d", fd);
    assert_int_equal(descriptor_of(name), -EBADF);
    assert_int_equal(fcntl(fd, F_SETFD, 0), 0);
    assert_int_equal(descriptor_of(name), fd);
    close(fd);
    assert_int_equal(descriptor_of(name), -EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_have_many_names),
        CASE_IN_SCRATCH(other_names_are_those_of_files),
        CASE_IN_SCRATCH(a_link_on_the_way_names_no_descriptor),
        cmocka_unit_test(what_the_process_opened_itself_was_not_given),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
