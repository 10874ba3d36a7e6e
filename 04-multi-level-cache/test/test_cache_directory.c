/* SPDX-License-Identifier: MIT */
/* One build at a time, in a directory that really exists, and a clean that removes only our
 * files. */
#include "cache_directory.h"
#include "cache_mark.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ID_A "0123456789abcdef"
#define ID_B "fedcba9876543210"

typedef struct World {
    Scratch scratch;
    char path[512]; /* of a cache directory in it, not yet made */
} World;

static int setup(void **state)
{
    World *world = calloc(1, sizeof *world);
    scratch_open(&world->scratch);
    snprintf(world->path, sizeof world->path, "%s/deep/cache", world->scratch.path);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    World *world = *state;
    scratch_close(&world->scratch);
    free(world);
    return 0;
}

static void expect_exit(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void open_cache(const World *world, CacheDirectory *directory)
{
    assert_int_equal(cache_directory_open(directory, world->path, CACHE_DIRECTORY_MAKE, NULL, NULL), 0);
}

static void test_it_is_made_with_what_is_above_it(void **state)
{
    World *world = *state;
    CacheDirectory directory;
    assert_int_equal(cache_directory_open(&directory, world->path, 0, NULL, NULL), -ENOENT);
    assert_int_equal(directory.fd, -1);
    open_cache(world, &directory);
    assert_true(scratch_exists(&world->scratch, "deep/cache/lock"));
    cache_directory_close(&directory);
    cache_directory_close(&directory); /* twice is harmless */
}

static void test_what_is_no_directory_is_refused(void **state)
{
    World *world = *state;
    CacheDirectory directory;
    scratch_write(&world->scratch, "deep/cache", "a file");
    assert_int_equal(cache_directory_open(&directory, world->path, CACHE_DIRECTORY_MAKE, NULL, NULL), -ENOTDIR);
    assert_non_null(directory.failed);
}

static void test_it_alone_is_made_for_its_owner_alone(void **state)
{
    World *world = *state;
    CacheDirectory directory;
    struct stat status;
    mode_t before = umask(022);
    strcat(world->path, "//"); /* a name with that ending is the directory's as well */
    open_cache(world, &directory);
    umask(before);
    assert_int_equal(fstat(directory.fd, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    assert_int_equal(fstatat(world->scratch.fd, "deep", &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0755);
    cache_directory_close(&directory);
}

static void test_what_others_may_write_to_is_refused(void **state)
{
    World *world = *state;
    CacheDirectory directory;
    open_cache(world, &directory);
    cache_directory_close(&directory);
    for (unsigned make = 0; make < 2; make++) {
        assert_int_equal(chmod(world->path, 0770), 0);
        assert_int_equal(cache_directory_open(&directory, world->path, make, NULL, NULL), -EPERM);
        assert_non_null(strstr(directory.failed, "chmod go-w"));
    }
    assert_int_equal(chmod(world->path, 0750), 0);
    open_cache(world, &directory);
    cache_directory_close(&directory);
}

static void test_a_symlink_is_not_followed(void **state)
{
    World *world = *state;
    CacheDirectory directory;
    assert_int_equal(mkdirat(world->scratch.fd, "deep", 0777), 0);
    assert_int_equal(mkdirat(world->scratch.fd, "elsewhere", 0777), 0);
    assert_int_equal(symlinkat("../elsewhere", world->scratch.fd, "deep/cache"), 0);
    for (unsigned make = 0; make < 2; make++)
        assert_int_equal(cache_directory_open(&directory, world->path, make, NULL, NULL), -ELOOP);
    assert_non_null(strstr(directory.failed, "symlink"));
    assert_false(scratch_exists(&world->scratch, "elsewhere/lock"));
    strcat(world->path, "/"); /* a user who writes that means its target */
    open_cache(world, &directory);
    assert_true(scratch_exists(&world->scratch, "elsewhere/lock"));
    cache_directory_close(&directory);
}

static void test_another_users_directory_is_refused(void **state)
{
    World *world = *state;
    CacheDirectory directory;
    if (geteuid() != 0)
        skip(); /* only root can create one */
    assert_int_equal(mkdirat(world->scratch.fd, "deep", 0777), 0);
    assert_int_equal(mkdirat(world->scratch.fd, "deep/cache", 0777), 0);
    assert_int_equal(chown(world->path, 12345, 12345), 0);
    assert_int_equal(cache_directory_open(&directory, world->path, CACHE_DIRECTORY_MAKE, NULL, NULL), -EPERM);
    assert_string_equal(directory.failed, "cannot use a cache directory of another user; name one of your own");
    unsigned trusting = CACHE_DIRECTORY_MAKE | CACHE_DIRECTORY_TRUST;
    assert_int_equal(chmod(world->path, 0755), 0);
    assert_int_equal(cache_directory_open(&directory, world->path, trusting, NULL, NULL), 0);
    assert_true(directory.is_marked);
    cache_directory_close(&directory);
}

static void test_what_is_not_ours_is_refused(void **state)
{
    World *world = *state;
    CacheDirectory directory;
    scratch_write(&world->scratch, "deep/cache/clock", "my notes\n");
    for (unsigned make = 0; make < 2; make++) {
        assert_int_equal(cache_directory_open(&directory, world->path, make, NULL, NULL),
                         -ENOTEMPTY);
        assert_string_equal(directory.failed,
                            "is not a cache directory: it has other files in it and no mark");
    }
    assert_false(scratch_exists(&world->scratch, "deep/cache/lock"));
    char *text = scratch_read(&world->scratch, "deep/cache/clock", NULL);
    assert_string_equal(text, "my notes\n");
    free(text);
}

/* Killed between the mark and the lock, or before the mark. */
static void test_a_directory_that_was_begun_is_finished(void **state)
{
    static const char *const begun[] = {"deep/cache/lock", "deep/cache/" CACHE_MARK_NAME};
    World *world = *state;
    for (size_t i = 0; i < 2; i++) {
        CacheDirectory directory;
        char command[600];
        scratch_write(&world->scratch, begun[i], "");
        open_cache(world, &directory);
        cache_directory_close(&directory);
        assert_true(scratch_exists(&world->scratch, "deep/cache/lock"));
        assert_int_equal(
            cache_directory_open(&directory, world->path, 0, NULL, NULL), 0);
        cache_directory_close(&directory);
        if (i == 1)
            assert_true(scratch_exists(&world->scratch, "deep/cache/.gitignore"));
        snprintf(command, sizeof command, "rm -r '%s'", world->path);
        assert_int_equal(system(command), 0);
    }
}

/* Without root's rights, as a user. */
static void test_a_directory_that_cannot_be_written_is_read(void **state)
{
    World *world = *state;
    CacheDirectory directory;
    open_cache(world, &directory);
    assert_false(directory.is_read_only);
    cache_directory_close(&directory);
    assert_int_equal(chmod(world->scratch.path, 0755), 0);
    assert_int_equal(geteuid() == 0 ? chown(world->path, 12345, 12345) : 0, 0);
    assert_int_equal(geteuid() == 0 ? fchownat(world->scratch.fd, "deep/cache/lock", 12345, 12345, 0)
                                    : 0, 0);
    assert_int_equal(chmod(world->path, 0555), 0);
    pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && setuid(12345) != 0)
            _exit(1);
        int status = cache_directory_open(&directory, world->path, CACHE_DIRECTORY_MAKE, NULL, NULL);
        bool is_right = status == 0 && directory.is_read_only && directory.lock_fd >= 0 &&
                        cache_directory_begin_work(&directory) == -EROFS;
        cache_directory_close(&directory);
        _exit(is_right ? 0 : 1);
    }
    expect_exit(child);
    assert_int_equal(geteuid() == 0 ? chown(world->path, 0, 0) : 0, 0);
    assert_int_equal(chmod(world->path, 0755), 0);
}

static void test_what_stands_in_the_place_of_a_file_is_found(void **state)
{
    World *world = *state;
    CacheDirectory directory;
    char name[256];
    open_cache(world, &directory);
    scratch_write(&world->scratch, "deep/cache/zir.pack", "a file");
    scratch_write(&world->scratch, "deep/cache/notes/x", "somebody else's");
    assert_false(cache_directory_find_intruder(world->path, name));
    assert_int_equal(mkdirat(directory.fd, "zir.index", 0777), 0);
    assert_int_equal(symlinkat("notes/x", directory.fd, ID_A ".manifest"), 0);
    assert_true(cache_directory_find_intruder(world->path, name));
    assert_string_equal(name, ID_A ".manifest"); /* the first in byte order */
    assert_int_equal(cache_directory_clean(&directory, NULL, NULL), 0);
    assert_false(cache_directory_find_intruder(world->path, name));
    assert_true(scratch_exists(&world->scratch, "deep/cache/notes/x"));
    cache_directory_close(&directory);
}

/* ---- the lock ------------------------------------------------------------------------------ */

/* Writes a byte to the pipe whose descriptor is `context`. */
static void report_waiting(void *context)
{
    const int *fd = context;
    if (write(*fd, "w", 1) != 1)
        _exit(9);
}

static char read_byte(int fd)
{
    char byte = '\0';
    assert_int_equal(read(fd, &byte, 1), 1);
    return byte;
}

/* A process that opens the directory and reports "w" if it must wait and "o" when it has it. A
 * child shares its parent's lock until it closes it. */
static pid_t start_opener(const World *world, CacheDirectory held, int report_fd)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child != 0)
        return child;
    CacheDirectory directory;
    cache_directory_close(&held);
    int status = cache_directory_open(&directory, world->path, CACHE_DIRECTORY_MAKE, report_waiting,
                                      &report_fd);
    if (status != 0 || write(report_fd, "o", 1) != 1)
        _exit(8);
    _exit(0);
}

static bool has_byte_soon(int fd)
{
    fd_set set;
    struct timeval wait = {0, 100000};
    FD_ZERO(&set);
    FD_SET(fd, &set);
    return select(fd + 1, &set, NULL, NULL, &wait) == 1;
}

static void test_a_second_build_waits_and_says_so(void **state)
{
    World *world = *state;
    CacheDirectory directory;
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    open_cache(world, &directory);
    pid_t child = start_opener(world, directory, pipes[1]);
    assert_int_equal(read_byte(pipes[0]), 'w');
    assert_false(has_byte_soon(pipes[0])); /* reported once, and still waiting */
    cache_directory_close(&directory);
    assert_int_equal(read_byte(pipes[0]), 'o');
    expect_exit(child);
    open_cache(world, &directory); /* the lock went with the process */
    cache_directory_close(&directory);
    close(pipes[0]);
    close(pipes[1]);
}

/* The waiting process has the lock of a directory that is no longer at the path. */
static void test_a_directory_that_was_replaced_is_left(void **state)
{
    World *world = *state;
    CacheDirectory directory, second;
    char moved[512];
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    open_cache(world, &directory);
    pid_t child = start_opener(world, directory, pipes[1]);
    assert_int_equal(read_byte(pipes[0]), 'w');
    snprintf(moved, sizeof moved, "%s/moved", world->scratch.path);
    assert_int_equal(rename(world->path, moved), 0);
    open_cache(world, &second); /* a new directory, and its lock is ours */
    cache_directory_close(&directory);
    assert_false(has_byte_soon(pipes[0])); /* the child waits for the new one, silently */
    cache_directory_close(&second);
    assert_int_equal(read_byte(pipes[0]), 'o');
    expect_exit(child);
    close(pipes[0]);
    close(pipes[1]);
}

static void test_a_removed_lock_file_is_noticed(void **state)
{
    World *world = *state;
    CacheDirectory directory, second;
    int pipes[2];
    assert_int_equal(pipe(pipes), 0);
    open_cache(world, &directory);
    pid_t child = start_opener(world, directory, pipes[1]);
    assert_int_equal(read_byte(pipes[0]), 'w');
    assert_int_equal(unlinkat(directory.fd, "lock", 0), 0);
    open_cache(world, &second);
    cache_directory_close(&directory);
    assert_false(has_byte_soon(pipes[0]));
    cache_directory_close(&second);
    assert_int_equal(read_byte(pipes[0]), 'o');
    expect_exit(child);
    close(pipes[0]);
    close(pipes[1]);
}

static void test_the_lock_says_whether_somebody_may_have_leftovers(void **state)
{
    World *world = *state;
    CacheDirectory directory;
    open_cache(world, &directory);
    assert_false(directory.may_have_leftovers); /* nobody was there */
    assert_int_equal(cache_directory_begin_work(&directory), 0);
    assert_int_equal(cache_directory_begin_work(&directory), 0);
    cache_directory_close(&directory); /* and no word of an end */
    open_cache(world, &directory);
    assert_true(directory.may_have_leftovers);
    cache_directory_close(&directory);
    open_cache(world, &directory); /* unchanged: nothing was done about it */
    assert_true(directory.may_have_leftovers);
    assert_int_equal(cache_directory_begin_work(&directory), 0);
    assert_int_equal(cache_directory_end_work(&directory), 0);
    cache_directory_close(&directory);
    open_cache(world, &directory);
    assert_false(directory.may_have_leftovers);
    cache_directory_close(&directory);
}

static void test_a_program_that_is_run_does_not_keep_the_lock(void **state)
{
    World *world = *state;
    CacheDirectory directory;
    open_cache(world, &directory);
    assert_int_equal(fcntl(directory.lock_fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(fcntl(directory.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    cache_directory_close(&directory);
}

/* ---- entries ------------------------------------------------------------------------------- */

static void test_an_entry_has_one_id(void **state)
{
    World *world = *state;
    char a[ENTRY_ID_SIZE + 1], b[ENTRY_ID_SIZE + 1];
    assert_int_equal(mkdirat(world->scratch.fd, "real", 0777), 0);
    assert_int_equal(symlinkat("real", world->scratch.fd, "link"), 0);
    int real = openat(world->scratch.fd, "real", O_RDONLY | O_DIRECTORY);
    int link = openat(world->scratch.fd, "link", O_RDONLY | O_DIRECTORY);
    assert_int_equal(cache_directory_entry_id(real, slice_from("main.x"), a), 0);
    assert_int_equal(strspn(a, "0123456789abcdef"), ENTRY_ID_SIZE);
    assert_int_equal(cache_directory_entry_id(link, slice_from("main.x"), b), 0);
    assert_string_equal(a, b); /* the same file by any path */
    assert_int_equal(cache_directory_entry_id(real, slice_from("other.x"), b), 0);
    assert_string_not_equal(a, b);
    assert_int_equal(cache_directory_entry_id(world->scratch.fd, slice_from("main.x"), b), 0);
    assert_string_not_equal(a, b);
    close(real);
    close(link);
}

/* ---- cleaning ------------------------------------------------------------------------------ */

static const char *const of_entry_a[] = {ID_A ".manifest", ID_A ".files.7", ID_A ".units.3.journal",
                                         ID_A ".unsettled", ID_A ".manifest.tmp.123"};
static const char *const of_entry_b[] = {ID_B ".manifest"};
static const char *const shared[] = {"zir.pack", "zir.index", "air.pack", "air.index", "clock",
                                     "zir.index.tmp"};
static const char *const foreign[] = {"lock", CACHE_MARK_NAME, "CACHEDIR.TAG", ".gitignore",
                                      "notes.txt", "zir.packs", "0123.manifest",
                                      ID_A "x.manifest", "clockwork", "airpack",
                                      ID_A ".notes", ID_A ".manifest.old", ID_A ".files.7.backup",
                                      "zir.pack.tmp.old", "zir.pack.tmpl"};

#define COUNT(array) (sizeof array / sizeof *array)

static void write_files(const World *world, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[128];
        snprintf(name, sizeof name, "deep/cache/%s", names[i]);
        scratch_write(&world->scratch, name, "x");
    }
}

static void expect_files(const World *world, const char *const *names, size_t count, bool exist)
{
    for (size_t i = 0; i < count; i++) {
        char name[128];
        snprintf(name, sizeof name, "deep/cache/%s", names[i]);
        assert_int_equal(scratch_exists(&world->scratch, name), exist);
    }
}

static void test_clean_removes_what_it_knows_by_name(void **state)
{
    World *world = *state;
    CacheDirectory directory;
    CleanCounts counts = {0};
    open_cache(world, &directory);
    write_files(world, of_entry_a, COUNT(of_entry_a));
    write_files(world, of_entry_b, COUNT(of_entry_b));
    write_files(world, shared, COUNT(shared));
    write_files(world, foreign, COUNT(foreign));

    assert_int_equal(cache_directory_clean(&directory, ID_A, &counts), 0);
    assert_int_equal(counts.files, COUNT(of_entry_a));
    assert_int_equal(counts.bytes, COUNT(of_entry_a)); /* one each */
    expect_files(world, of_entry_a, COUNT(of_entry_a), false);
    expect_files(world, of_entry_b, COUNT(of_entry_b), true);
    expect_files(world, shared, COUNT(shared), true);

    assert_int_equal(cache_directory_clean(&directory, NULL, &counts), 0);
    expect_files(world, of_entry_b, COUNT(of_entry_b), false);
    expect_files(world, shared, COUNT(shared), false);
    expect_files(world, foreign, COUNT(foreign), true);
    cache_directory_close(&directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_it_is_made_with_what_is_above_it),
        TEST(test_what_is_no_directory_is_refused),
        TEST(test_it_alone_is_made_for_its_owner_alone),
        TEST(test_what_others_may_write_to_is_refused),
        TEST(test_a_symlink_is_not_followed),
        TEST(test_another_users_directory_is_refused),
        TEST(test_what_is_not_ours_is_refused),
        TEST(test_a_directory_that_was_begun_is_finished),
        TEST(test_a_directory_that_cannot_be_written_is_read),
        TEST(test_what_stands_in_the_place_of_a_file_is_found),
        TEST(test_the_lock_says_whether_somebody_may_have_leftovers),
        TEST(test_a_second_build_waits_and_says_so),
        TEST(test_a_directory_that_was_replaced_is_left),
        TEST(test_a_removed_lock_file_is_noticed),
        TEST(test_a_program_that_is_run_does_not_keep_the_lock),
        TEST(test_an_entry_has_one_id),
        TEST(test_clean_removes_what_it_knows_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
