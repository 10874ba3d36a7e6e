/* SPDX-License-Identifier: MIT */
/* A directory that really exists and is ours, and a clean that removes only our files. */
#include "cache_mark.h"
#include "cache_world.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ID_A "0123456789abcdef"
#define ID_B "fedcba9876543210"

static void test_it_is_made_with_what_is_above_it(void **state)
{
    CacheWorld *world = *state;
    CacheDirectory directory;
    assert_int_equal(cache_directory_open(&directory, world->path, 0, NULL), -ENOENT);
    assert_int_equal(directory.fd, -1);
    cache_world_open(world, &directory);
    assert_true(scratch_exists(&world->scratch, "deep/cache/lock"));
    cache_directory_close(&directory);
    cache_directory_close(&directory); /* twice is harmless */
}

static void test_what_is_no_directory_is_refused(void **state)
{
    CacheWorld *world = *state;
    CacheDirectory directory;
    scratch_write(&world->scratch, "deep/cache", "a file");
    assert_int_equal(cache_directory_open(&directory, world->path, CACHE_DIRECTORY_MAKE, NULL), -ENOTDIR);
    assert_non_null(directory.failed);
}

static void test_it_alone_is_made_for_its_owner_alone(void **state)
{
    CacheWorld *world = *state;
    CacheDirectory directory;
    struct stat status;
    mode_t before = umask(022);
    strcat(world->path, "//"); /* a name with that ending is the directory's as well */
    cache_world_open(world, &directory);
    umask(before);
    assert_int_equal(fstat(directory.fd, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    assert_int_equal(fstatat(world->scratch.fd, "deep", &status, 0), 0);
    assert_int_equal(status.st_mode & 07777, 0755);
    cache_directory_close(&directory);
}

static void test_what_others_may_write_to_is_refused(void **state)
{
    CacheWorld *world = *state;
    CacheDirectory directory;
    cache_world_open(world, &directory);
    cache_directory_close(&directory);
    for (unsigned make = 0; make < 2; make++) {
        assert_int_equal(chmod(world->path, 0770), 0);
        assert_int_equal(cache_directory_open(&directory, world->path, make, NULL), -EPERM);
        assert_non_null(strstr(directory.failed, "chmod go-w"));
    }
    assert_int_equal(chmod(world->path, 0750), 0);
    cache_world_open(world, &directory);
    cache_directory_close(&directory);
}

static void test_a_symlink_is_not_followed(void **state)
{
    CacheWorld *world = *state;
    CacheDirectory directory;
    assert_int_equal(mkdirat(world->scratch.fd, "deep", 0777), 0);
    assert_int_equal(mkdirat(world->scratch.fd, "elsewhere", 0777), 0);
    assert_int_equal(symlinkat("../elsewhere", world->scratch.fd, "deep/cache"), 0);
    for (unsigned make = 0; make < 2; make++)
        assert_int_equal(cache_directory_open(&directory, world->path, make, NULL), -ELOOP);
    assert_non_null(strstr(directory.failed, "symlink"));
    assert_false(scratch_exists(&world->scratch, "elsewhere/lock"));
    strcat(world->path, "/"); /* a user who writes that means its target */
    cache_world_open(world, &directory);
    assert_true(scratch_exists(&world->scratch, "elsewhere/lock"));
    cache_directory_close(&directory);
}

static void test_another_users_directory_is_refused(void **state)
{
    CacheWorld *world = *state;
    CacheDirectory directory;
    if (geteuid() != 0)
        skip(); /* only root can create one */
    assert_int_equal(mkdirat(world->scratch.fd, "deep", 0777), 0);
    assert_int_equal(mkdirat(world->scratch.fd, "deep/cache", 0777), 0);
    assert_int_equal(chown(world->path, 12345, 12345), 0);
    assert_int_equal(cache_directory_open(&directory, world->path, CACHE_DIRECTORY_MAKE, NULL), -EPERM);
    assert_string_equal(directory.failed, "cannot use a cache directory of another user; name one of your own");
    unsigned trusting = CACHE_DIRECTORY_MAKE | CACHE_DIRECTORY_TRUST;
    assert_int_equal(chmod(world->path, 0755), 0);
    assert_int_equal(cache_directory_open(&directory, world->path, trusting, NULL), 0);
    assert_true(directory.is_marked);
    cache_directory_close(&directory);
}

static void test_what_is_not_ours_is_refused(void **state)
{
    CacheWorld *world = *state;
    CacheDirectory directory;
    scratch_write(&world->scratch, "deep/cache/clock", "my notes\n");
    for (unsigned make = 0; make < 2; make++) {
        assert_int_equal(cache_directory_open(&directory, world->path, make, NULL),
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
    CacheWorld *world = *state;
    for (size_t i = 0; i < 2; i++) {
        CacheDirectory directory;
        char command[600];
        scratch_write(&world->scratch, begun[i], "");
        cache_world_open(world, &directory);
        cache_directory_close(&directory);
        assert_true(scratch_exists(&world->scratch, "deep/cache/lock"));
        assert_int_equal(
            cache_directory_open(&directory, world->path, 0, NULL), 0);
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
    CacheWorld *world = *state;
    CacheDirectory directory;
    cache_world_open(world, &directory);
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
        int status = cache_directory_open(&directory, world->path, CACHE_DIRECTORY_MAKE, NULL);
        bool is_right = status == 0 && directory.is_read_only && directory.lock_fd >= 0 &&
                        cache_directory_begin_work(&directory) == -EROFS;
        cache_directory_close(&directory);
        _exit(is_right ? 0 : 1);
    }
    cache_world_expect_exit(child);
    assert_int_equal(geteuid() == 0 ? chown(world->path, 0, 0) : 0, 0);
    assert_int_equal(chmod(world->path, 0755), 0);
}

static void test_what_stands_in_the_place_of_a_file_is_found(void **state)
{
    CacheWorld *world = *state;
    CacheDirectory directory;
    char name[256];
    cache_world_open(world, &directory);
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

/* ---- entries ------------------------------------------------------------------------------- */

static void test_an_entry_has_one_id(void **state)
{
    CacheWorld *world = *state;
    char a[PROGRAM_ID_SIZE + 1], b[PROGRAM_ID_SIZE + 1];
    assert_int_equal(mkdirat(world->scratch.fd, "real", 0777), 0);
    assert_int_equal(symlinkat("real", world->scratch.fd, "link"), 0);
    int real = openat(world->scratch.fd, "real", O_RDONLY | O_DIRECTORY);
    int link = openat(world->scratch.fd, "link", O_RDONLY | O_DIRECTORY);
    assert_int_equal(cache_directory_program_id(real, slice_from("main.x"), a), 0);
    assert_int_equal(strspn(a, "0123456789abcdef"), PROGRAM_ID_SIZE);
    assert_int_equal(cache_directory_program_id(link, slice_from("main.x"), b), 0);
    assert_string_equal(a, b); /* the same file by any path */
    assert_int_equal(cache_directory_program_id(real, slice_from("other.x"), b), 0);
    assert_string_not_equal(a, b);
    assert_int_equal(cache_directory_program_id(world->scratch.fd, slice_from("main.x"), b), 0);
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

static void write_files(const CacheWorld *world, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char name[128];
        snprintf(name, sizeof name, "deep/cache/%s", names[i]);
        scratch_write(&world->scratch, name, "x");
    }
}

static void expect_files(const CacheWorld *world, const char *const *names, size_t count, bool exist)
{
    for (size_t i = 0; i < count; i++) {
        char name[128];
        snprintf(name, sizeof name, "deep/cache/%s", names[i]);
        assert_int_equal(scratch_exists(&world->scratch, name), exist);
    }
}

static void test_clean_removes_what_it_knows_by_name(void **state)
{
    CacheWorld *world = *state;
    CacheDirectory directory;
    CleanCounts counts = {0};
    cache_world_open(world, &directory);
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
        CASE_WITH_CACHE(test_it_is_made_with_what_is_above_it),
        CASE_WITH_CACHE(test_what_is_no_directory_is_refused),
        CASE_WITH_CACHE(test_it_alone_is_made_for_its_owner_alone),
        CASE_WITH_CACHE(test_what_others_may_write_to_is_refused),
        CASE_WITH_CACHE(test_a_symlink_is_not_followed),
        CASE_WITH_CACHE(test_another_users_directory_is_refused),
        CASE_WITH_CACHE(test_what_is_not_ours_is_refused),
        CASE_WITH_CACHE(test_a_directory_that_was_begun_is_finished),
        CASE_WITH_CACHE(test_a_directory_that_cannot_be_written_is_read),
        CASE_WITH_CACHE(test_what_stands_in_the_place_of_a_file_is_found),
        CASE_WITH_CACHE(test_an_entry_has_one_id),
        CASE_WITH_CACHE(test_clean_removes_what_it_knows_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
