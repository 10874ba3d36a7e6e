/* SPDX-License-Identifier: MIT */
/* Caches are kept in directories of our own, and nowhere else. */
#include "cache_mark.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void in_scratch(const Scratch *scratch, const char *name, char path[512])
{
    snprintf(path, 512, "%s/%s", scratch->path, name);
}

static void expect_marked(const Scratch *scratch, const char *directory)
{
    static const char *const names[] = {CACHE_MARK_NAME, "CACHEDIR.TAG", ".gitignore"};
    for (size_t i = 0; i < 3; i++) {
        char name[128];
        snprintf(name, sizeof name, "%s/%s", directory, names[i]);
        assert_true(scratch_exists(scratch, name));
        assert_true(cache_mark_owns(names[i]));
    }
    assert_false(cache_mark_owns("lock"));
}

static void a_new_directory_is_marked(void **state)
{
    Scratch *scratch = *state;
    char path[512];
    in_scratch(scratch, "cache", path);
    int fd = cache_mark_open(path);
    assert_true(fd >= 0);
    expect_marked(scratch, "cache");
    scratch_write(scratch, "cache/anything", "x");
    assert_int_equal(cache_mark_check(fd), 1);
    assert_int_equal(cache_mark_claim(fd), 0);
    close(fd);
    fd = cache_mark_open(path); /* ours from now on */
    assert_true(fd >= 0);
    close(fd);
    char *tag = scratch_read(scratch, "cache/CACHEDIR.TAG", NULL);
    assert_memory_equal(tag, "Signature: 8a477f597d28d172789f06886806bc55", 43);
    free(tag);
}

static void an_empty_directory_is_marked(void **state)
{
    Scratch *scratch = *state;
    char path[512];
    in_scratch(scratch, "cache", path);
    scratch_write(scratch, "cache/lock", ""); /* counts as empty */
    int fd = openat(scratch->fd, "cache", O_RDONLY | O_DIRECTORY);
    assert_int_equal(cache_mark_check(fd), 0);
    close(fd);
    fd = cache_mark_open(path);
    assert_true(fd >= 0);
    expect_marked(scratch, "cache");
    close(fd);
}

static void expect_refused(const Scratch *scratch)
{
    char path[512], command[1200];
    in_scratch(scratch, "cache", path);
    int fd = openat(scratch->fd, "cache", O_RDONLY | O_DIRECTORY);
    assert_int_equal(cache_mark_open(path), -ENOTEMPTY);
    assert_int_equal(cache_mark_check(fd), -ENOTEMPTY);
    assert_int_equal(cache_mark_claim(fd), -ENOTEMPTY);
    close(fd);
    snprintf(command, sizeof command, "test $(ls -A '%s' | wc -l) = 1 && rm -r '%s'", path, path);
    assert_int_equal(system(command), 0); /* nothing was added */
}

static void what_holds_other_things_is_refused(void **state)
{
    static const char *const names[] = {"cache/clock", "cache/zir.pack", "cache/.hidden",
                                        "cache/CACHEDIR.TAG", "cache/a/b",
                                        "cache/" CACHE_MARK_NAME "/no_file"};
    Scratch *scratch = *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        scratch_write(scratch, names[i], "mine");
        expect_refused(scratch);
    }
    scratch_write(scratch, "elsewhere", "mine"); /* a link is no mark */
    assert_int_equal(mkdirat(scratch->fd, "cache", 0777), 0);
    assert_int_equal(symlinkat("../elsewhere", scratch->fd, "cache/" CACHE_MARK_NAME), 0);
    expect_refused(scratch);
}

static void a_directory_that_lost_its_mark_is_known_by_its_tag(void **state)
{
    Scratch *scratch = *state;
    char path[512];
    in_scratch(scratch, "cache", path);
    int fd = cache_mark_open(path);
    scratch_write(scratch, "cache/anything", "x");
    assert_int_equal(unlinkat(fd, CACHE_MARK_NAME, 0), 0);
    assert_int_equal(cache_mark_check(fd), 1);
    assert_int_equal(cache_mark_claim(fd), 0);
    expect_marked(scratch, "cache");
    assert_int_equal(unlinkat(fd, CACHE_MARK_NAME, 0), 0);
    scratch_flip(scratch, "cache/CACHEDIR.TAG", 60, 1);
    assert_int_equal(cache_mark_check(fd), -ENOTEMPTY);
    close(fd);
}

static void what_is_no_directory_is_refused(void **state)
{
    Scratch *scratch = *state;
    char path[512];
    scratch_write(scratch, "file", "mine");
    in_scratch(scratch, "file", path);
    assert_int_equal(cache_mark_open(path), -ENOTDIR);
    in_scratch(scratch, "missing/cache", path);
    assert_int_equal(cache_mark_open(path), -ENOENT);
}

/* It may have come with the sources and lead to somebody else's files. */
static void a_symlink_is_not_followed(void **state)
{
    static const char *const targets[] = {"elsewhere", "missing", "file", "link"};
    Scratch *scratch = *state;
    char path[512], behind[520];
    const char *why = NULL;
    assert_int_equal(mkdirat(scratch->fd, "elsewhere", 0755), 0);
    scratch_write(scratch, "file", "mine");
    in_scratch(scratch, "link", path);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(symlinkat(targets[i], scratch->fd, "link"), 0);
        assert_int_equal(cache_mark_open(path), -ELOOP);
        assert_int_equal(cache_mark_open_directory(path, false, &why), -ELOOP);
        assert_non_null(strstr(why, "symlink"));
        assert_int_equal(unlinkat(scratch->fd, "link", 0), 0);
    }
    assert_false(scratch_exists(scratch, "missing"));
    assert_false(scratch_exists(scratch, "elsewhere/" CACHE_MARK_NAME));
    assert_int_equal(symlinkat("elsewhere", scratch->fd, "link"), 0);
    snprintf(behind, sizeof behind, "%s/", path); /* the slash asks for the target */
    int fd = cache_mark_open(behind);
    assert_true(fd >= 0);
    close(fd);
    expect_marked(scratch, "elsewhere");
}

static void what_others_may_write_to_is_refused(void **state)
{
    static const mode_t modes[] = {0775, 0757, 0770, 01777, 0722};
    Scratch *scratch = *state;
    char path[512];
    const char *why = NULL;
    in_scratch(scratch, "cache", path);
    close(cache_mark_open(path));
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_int_equal(cache_mark_open_directory(path, false, &why), -EPERM);
        assert_non_null(strstr(why, "chmod go-w"));
        assert_int_equal(cache_mark_open(path), -EPERM);
    }
    assert_int_equal(chmod(path, 0755), 0); /* as older builds made it */
    int fd = cache_mark_open(path);
    assert_true(fd >= 0);
    close(fd);
    if (geteuid() != 0)
        return; /* only root can make one that belongs to another user */
    assert_int_equal(chown(path, 12345, 12345), 0);
    assert_int_equal(cache_mark_open_directory(path, false, &why), -EPERM);
    assert_non_null(strstr(why, "another user"));
}

static void a_new_directory_is_for_its_owner_alone(void **state)
{
    Scratch *scratch = *state;
    struct stat status;
    char path[512];
    in_scratch(scratch, "cache", path);
    mode_t before = umask(0);
    int fd = cache_mark_open(path);
    umask(before);
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    close(fd);
}

/* Also one that takes away the owner's rights. */
static void the_umask_takes_nothing_from_the_owner(void **state)
{
    Scratch *scratch = *state;
    struct stat status;
    char path[512];
    in_scratch(scratch, "cache", path);
    mode_t before = umask(0722);
    int fd = cache_mark_open(path);
    umask(before);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    close(fd);
}

/* When many processes meet in a new directory, each may keep its files there. */
static void processes_that_meet_in_a_new_directory(void **state)
{
    enum { PROCESSES = 8, ROUNDS = 20 };
    Scratch *scratch = *state;
    for (int round = 0; round < ROUNDS; round++) {
        char path[512], name[64];
        snprintf(name, sizeof name, "cache%d", round);
        in_scratch(scratch, name, path);
        for (int i = 0; i < PROCESSES; i++) {
            if (fork() != 0)
                continue;
            int fd = cache_mark_open(path);
            snprintf(name, sizeof name, "file%d", i);
            _exit(fd >= 0 && openat(fd, name, O_WRONLY | O_CREAT, 0666) >= 0 ? 0 : 1);
        }
        int status, failed = 0;
        for (int i = 0; i < PROCESSES; i++) {
            assert_true(wait(&status) > 0);
            failed += status != 0;
        }
        assert_int_equal(failed, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(a_new_directory_is_marked),
        CASE_IN_SCRATCH(an_empty_directory_is_marked),
        CASE_IN_SCRATCH(what_holds_other_things_is_refused),
        CASE_IN_SCRATCH(a_directory_that_lost_its_mark_is_known_by_its_tag),
        CASE_IN_SCRATCH(what_is_no_directory_is_refused),
        CASE_IN_SCRATCH(a_symlink_is_not_followed),
        CASE_IN_SCRATCH(what_others_may_write_to_is_refused),
        CASE_IN_SCRATCH(a_new_directory_is_for_its_owner_alone),
        CASE_IN_SCRATCH(the_umask_takes_nothing_from_the_owner),
        CASE_IN_SCRATCH(processes_that_meet_in_a_new_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
