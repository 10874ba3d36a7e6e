/* SPDX-License-Identifier: MIT */
/* The probe: on the file system of the tests it finds what every local one does, and leaves no
 * files; and from made-up facts the right rule follows. */
#include "file_system_probe.h"
#include "probe_directory.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool is_left(const Scratch *scratch)
{
    return scratch_exists(scratch, PROBE_DIRECTORY_NAME);
}

static void a_local_file_system_keeps_its_promises(void **state)
{
    const Scratch *scratch = *state;
    FileSystemFacts facts;
    assert_int_equal(file_system_probe(&facts, scratch->fd, scratch->fd), 0);
    assert_false(is_left(scratch));
    assert_int_equal(scratch_list(scratch, ".").count, 0);
    assert_null(file_system_defect(&facts, 0));
    assert_true(facts.mtime_on_write && facts.ctime_on_write && facts.ctime_on_restored_mtime);
    assert_true(facts.ctime_on_chmod && facts.ctime_on_rename);
    assert_true(facts.is_one_device);
    assert_true(facts.behind_ns >= 0 && facts.tick_ns >= 0);
    assert_true(trust_rule_of(&facts) == TRUST_OLDER_THAN_FINE_PROBE ||
                trust_rule_of(&facts) == TRUST_OLDER_THAN_PROBE);
}

static void a_place_that_cannot_be_written_is_reported(void **state)
{
    (void)state;
    FileSystemFacts facts;
    int fd = open("/proc", O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    assert_true(file_system_probe(&facts, fd, fd) < 0);
    close(fd);
}

/* Allows a descriptor for the probe's directory, and none for a file in it. */
static void a_probe_that_fails_leaves_nothing_behind(void **state)
{
    const Scratch *scratch = *state;
    FileSystemFacts facts;
    struct rlimit old, tight;
    int next = dup(scratch->fd);
    close(next);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    tight = (struct rlimit){(rlim_t)next + 1, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    int status = file_system_probe(&facts, scratch->fd, scratch->fd);
    int next_now = dup(scratch->fd);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(status, -EMFILE);
    assert_int_equal(next_now, next);
    close(next_now);
    assert_false(is_left(scratch));
    assert_int_equal(scratch_list(scratch, ".").count, 0);
}

static void what_a_killed_probe_left_is_removed(void **state)
{
    const Scratch *scratch = *state;
    FileSystemFacts facts;
    scratch_write(scratch, PROBE_DIRECTORY_NAME "/s17", "x");
    scratch_write(scratch, PROBE_DIRECTORY_NAME "/renamed", "x");
    assert_int_equal(file_system_probe(&facts, scratch->fd, scratch->fd), 0);
    assert_null(file_system_defect(&facts, 0));
    assert_false(is_left(scratch));
}

static void a_directory_with_other_things_in_it_is_refused(void **state)
{
    const Scratch *scratch = *state;
    FileSystemFacts facts;
    scratch_write(scratch, PROBE_DIRECTORY_NAME "/tick", "mine");
    scratch_write(scratch, PROBE_DIRECTORY_NAME "/notes", "mine");
    assert_int_equal(file_system_probe(&facts, scratch->fd, scratch->fd), -EEXIST);
    assert_true(scratch_exists(scratch, PROBE_DIRECTORY_NAME "/tick"));
    assert_true(scratch_exists(scratch, PROBE_DIRECTORY_NAME "/notes"));
}

/* 0 if all of them found a correct file system. */
static int probe_times(const Scratch *scratch, unsigned times)
{
    FileSystemFacts facts;
    int status = 0;
    for (unsigned i = 0; i < times && status == 0; i++)
        status = file_system_probe(&facts, scratch->fd, scratch->fd) != 0 ||
                 file_system_defect(&facts, 0) != NULL;
    return status;
}

/* Starts a child that probes again and again, and returns when its directory exists. */
static pid_t start_probing(const Scratch *scratch)
{
    const struct timespec nap = {0, 100 * 1000};
    pid_t child = fork();
    if (child == 0)
        _exit(probe_times(scratch, 1000000));
    while (!is_left(scratch))
        nanosleep(&nap, NULL);
    return child;
}

static void end(pid_t child, int signal_number)
{
    int status;
    assert_int_equal(kill(child, signal_number), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == signal_number);
}

static void a_probe_that_is_ended_leaves_nothing_behind(void **state)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    const Scratch *scratch = *state;
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        end(start_probing(scratch), signals[i]);
        assert_false(is_left(scratch));
    }
}

static void what_a_probe_cannot_remove_the_next_one_does(void **state)
{
    const Scratch *scratch = *state;
    do
        end(start_probing(scratch), SIGKILL);
    while (!is_left(scratch)); /* it does not exist between two probes */
    assert_int_equal(probe_times(scratch, 1), 0);
    assert_false(is_left(scratch));
}

static void probes_at_once_wait_for_each_other(void **state)
{
    const Scratch *scratch = *state;
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(probe_times(scratch, 3));
    assert_int_equal(probe_times(scratch, 3), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_false(is_left(scratch));
}

static void two_devices_are_told_apart(void **state)
{
    const Scratch *scratch = *state;
    FileSystemFacts facts;
    int other = open("/proc", O_RDONLY | O_DIRECTORY);
    assert_int_equal(file_system_probe(&facts, scratch->fd, other), 0);
    assert_false(facts.is_one_device || facts.has_tried_stamps);
    assert_true(facts.rename_replaces && facts.has_flock);
    assert_int_equal(trust_rule_of(&facts), TRUST_WHAT_WAS_SEEN);
    assert_null(file_system_defect(&facts, 0));
    close(other);
}

/* A correct file system whose clock ticks every 4 ms, looked at or not. */
static const FileSystemFacts sound = {
    .is_one_device = true, .is_local = true, .has_tried_stamps = true, .tick_ns = 4000000, .looked_tick_ns = 4000000, .resolution_ns = 1,
    .ctime_on_write = true, .ctime_on_chmod = true, .ctime_on_rename = true,
    .ctime_on_restored_mtime = true, .mtime_on_write = true, .rename_replaces = true,
    .rename_keeps_inode = true, .has_flock = true, .has_private_mmap = true,
};

static void the_rule_follows_from_the_facts(void **state)
{
    (void)state;
    FileSystemFacts facts = sound;
    assert_int_equal(trust_rule_of(&facts), TRUST_OLDER_THAN_PROBE);
    facts.looked_tick_ns = 0;
    assert_int_equal(trust_rule_of(&facts), TRUST_OLDER_THAN_FINE_PROBE);
    bool *one_clock[] = {&facts.is_one_device, &facts.is_local};
    bool *needed[] = {&facts.mtime_on_write, &facts.ctime_on_write};
    for (int i = 0; i < 2; i++) {
        facts = sound;
        *one_clock[i] = false;
        assert_int_equal(trust_rule_of(&facts), TRUST_WHAT_WAS_SEEN);
        *needed[i] = false;
        assert_int_equal(trust_rule_of(&facts), TRUST_NOTHING);
        facts.has_tried_stamps = false;
        assert_int_equal(trust_rule_of(&facts), TRUST_WHAT_WAS_SEEN);
    }
    for (TrustRule rule = TRUST_OLDER_THAN_FINE_PROBE; rule <= TRUST_NOTHING; rule++)
        assert_true(strlen(trust_rule_text(rule)) > 20);
}

static void each_defect_is_named(void **state)
{
    (void)state;
    FileSystemFacts facts = sound;
    bool *needed[] = {&facts.mtime_on_write,     &facts.ctime_on_write,
                      &facts.rename_replaces,    &facts.ctime_on_restored_mtime,
                      &facts.rename_keeps_inode, &facts.has_flock,
                      &facts.has_private_mmap};
    assert_null(file_system_defect(&facts, 0));
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        *needed[i] = false;
        for (unsigned number = 0; number <= i; number++)
            assert_non_null(file_system_defect(&facts, number));
        assert_null(file_system_defect(&facts, (unsigned)i + 1));
    }
    facts = sound;
    facts.ahead_ns = 5000000000;
    assert_non_null(file_system_defect(&facts, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(a_local_file_system_keeps_its_promises),
        cmocka_unit_test(a_place_that_cannot_be_written_is_reported),
        CASE_IN_SCRATCH(a_probe_that_fails_leaves_nothing_behind),
        CASE_IN_SCRATCH(what_a_killed_probe_left_is_removed),
        CASE_IN_SCRATCH(a_directory_with_other_things_in_it_is_refused),
        CASE_IN_SCRATCH(a_probe_that_is_ended_leaves_nothing_behind),
        CASE_IN_SCRATCH(what_a_probe_cannot_remove_the_next_one_does),
        CASE_IN_SCRATCH(probes_at_once_wait_for_each_other),
        CASE_IN_SCRATCH(two_devices_are_told_apart),
        cmocka_unit_test(the_rule_follows_from_the_facts),
        cmocka_unit_test(each_defect_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
