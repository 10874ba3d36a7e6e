/* SPDX-License-Identifier: MIT */
/* Owners as shares and volumes of other systems show them, and how others can exploit that. */
#define _GNU_SOURCE /* RTLD_NEXT */

#include "cache_mark.h"
#include "scratch.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { US_THERE = 54321, SOMEBODY = 12345, SOMEBODY_ELSE = 12346 };

/* What the file system shows and does. Unchanged while all of this is 0. */
static struct {
    uid_t of_directories, of_files; /* 0: unchanged */
    mode_t directory_mode;          /* 0: unchanged */
    bool keeps_directory_modes, keeps_file_modes;
    int new_file_error;
    bool has_nameless_files;        /* O_TMPFILE; false: as on a share */
    const char *exchanged; /* a directory that gets this name as soon as it is free, once */
    unsigned files_made;
} world;

static void *next_definition(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

static void show(struct stat *status)
{
    uid_t shown = S_ISDIR(status->st_mode) ? world.of_directories : world.of_files;
    if (shown != 0)
        status->st_uid = shown;
    if (S_ISDIR(status->st_mode) && world.directory_mode != 0)
        status->st_mode = S_IFDIR | world.directory_mode;
}

int fstat(int fd, struct stat *status)
{
    int (*real)(int, struct stat *);
    *(void **)&real = next_definition("fstat");
    int result = real(fd, status);
    if (result == 0)
        show(status);
    return result;
}

int fchmod(int fd, mode_t mode)
{
    int (*real_chmod)(int, mode_t);
    int (*real_stat)(int, struct stat *);
    struct stat status;
    *(void **)&real_chmod = next_definition("fchmod");
    *(void **)&real_stat = next_definition("fstat");
    bool is_directory = real_stat(fd, &status) == 0 && S_ISDIR(status.st_mode);
    if (is_directory ? world.keeps_directory_modes : world.keeps_file_modes) {
        errno = EPERM;
        return -1;
    }
    return real_chmod(fd, mode);
}

int openat(int dir_fd, const char *path, int flags, ...)
{
    int (*real)(int, const char *, int, ...);
    va_list arguments;
    *(void **)&real = next_definition("openat");
    va_start(arguments, flags);
    bool is_nameless = (flags & O_TMPFILE) == O_TMPFILE;
    bool makes_file = (flags & O_CREAT) != 0 || is_nameless;
    mode_t mode = makes_file ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (is_nameless && !world.has_nameless_files) {
        errno = EOPNOTSUPP;
        return -1;
    }
    world.files_made += makes_file;
    if (makes_file && world.new_file_error != 0) {
        errno = world.new_file_error;
        return -1;
    }
    return real(dir_fd, path, flags, mode);
}

int mkdir(const char *path, mode_t mode)
{
    int (*real)(const char *, mode_t);
    *(void **)&real = next_definition("mkdir");
    int result = real(path, mode);
    if (result == 0 && world.exchanged != NULL && rmdir(path) == 0)
        result = rename(world.exchanged, path);
    world.exchanged = NULL;
    return result;
}

/* The path of the cache, with everything unchanged. */
static const char *in(const Scratch *scratch)
{
    static char path[512];
    memset(&world, 0, sizeof world);
    snprintf(path, sizeof path, "%s/cache", scratch->path);
    return path;
}

static void expect_opened(const char *path)
{
    int fd = cache_mark_open(path);
    assert_true(fd >= 0);
    assert_int_equal(cache_mark_check(fd), 1);
    close(fd);
}

/* Another user's, or writable by all: by a word of the reason. */
static void expect_refused(const char *path, const char *word)
{
    const char *why = NULL;
    assert_int_equal(cache_mark_open_directory(path, false, &why), -EPERM);
    assert_non_null(strstr(why, word));
    assert_int_equal(cache_mark_open(path), -EPERM);
}

static void expect_names(const Scratch *scratch, unsigned count)
{
    uid_t directories = world.of_directories;
    world.of_directories = 0;
    assert_int_equal(scratch_list(scratch, "cache").count, count);
    world.of_directories = directories;
}

static void what_is_shown_as_ours_costs_nothing(void **state)
{
    const char *path = in(*state);
    const char *why = NULL;
    expect_opened(path);
    world.files_made = 0;
    close(cache_mark_open_directory(path, false, &why));
    assert_int_equal(world.files_made, 0);
}

static void ours_is_what_has_the_owner_of_new_files(void **state)
{
    const Scratch *scratch = *state;
    const char *path = in(scratch);
    world.of_directories = world.of_files = US_THERE;
    expect_opened(path);
    expect_opened(path);
    expect_names(scratch, 2); /* the mark and the tag: names that begin with a dot are not listed */
}

static void a_strangers_directory_is_refused(void **state)
{
    const Scratch *scratch = *state;
    const char *path = in(scratch);
    expect_opened(path);
    world.of_directories = SOMEBODY; /* an ordinary file system: new files show us */
    expect_refused(path, "another user");
    world.of_files = SOMEBODY_ELSE; /* a share that shows us as somebody else */
    expect_refused(path, "another user");
    expect_names(scratch, 2);
}

/* On a share that shows one owner for everything, whatever the server knows. */
static void where_nothing_can_be_made_nothing_is_ours(void **state)
{
    static const int errors[] = {EACCES, EPERM, EROFS};
    const Scratch *scratch = *state;
    const char *why, *path = in(scratch);
    expect_opened(path);
    world.of_directories = world.of_files = US_THERE;
    for (size_t i = 0; i < 3; i++) {
        world.new_file_error = errors[i];
        expect_refused(path, "another user");
    }
    world.new_file_error = ENOSPC; /* which says nothing of that */
    assert_int_equal(cache_mark_open_directory(path, false, &why), -ENOSPC);
}

/* As before, but the stranger lets all write, and we can make a file there. A user who may change
 * the modes of files but not that of the directory does not own the directory. */
static void a_directory_whose_mode_is_not_ours_to_change(void **state)
{
    const Scratch *scratch = *state;
    const char *why, *path = in(scratch);
    expect_opened(path);
    world.of_directories = world.of_files = US_THERE;
    world.directory_mode = 0777;
    world.keeps_directory_modes = true;
    expect_refused(path, "chmod go-w");
    world.of_directories = world.of_files = 0; /* or shown as ours */
    expect_refused(path, "chmod go-w");
    expect_names(scratch, 2);
    world.keeps_file_modes = true; /* no file has a mode there, and 0777 says nothing */
    expect_opened(path);
    world.new_file_error = EACCES; /* but it says that we may not write there */
    expect_refused(path, "chmod go-w");
    world.new_file_error = EROFS; /* nobody may */
    int fd = cache_mark_open_directory(path, false, &why);
    assert_true(fd >= 0);
    close(fd);
    world.new_file_error = 0;
    world.of_directories = world.of_files = US_THERE;
    expect_opened(path);
    expect_names(scratch, 2);
}

/* Somebody has taken all the names that the new file could have, or the disk is full. */
static void what_cannot_be_found_out_is_refused(void **state)
{
    static const int errors[] = {EEXIST, ENOSPC, EDQUOT, EIO};
    const Scratch *scratch = *state;
    const char *path = in(scratch);
    expect_opened(path);
    world.directory_mode = 0777;
    world.keeps_directory_modes = world.keeps_file_modes = true;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        world.new_file_error = errors[i];
        expect_refused(path, "chmod go-w");
    }
}

/* A name in somebody else's directory could be given to our file by its owner, and stay. */
static void the_new_file_has_no_name_where_that_can_be(void **state)
{
    const Scratch *scratch = *state;
    const char *path = in(scratch);
    expect_opened(path);
    if (open(path, O_TMPFILE | O_RDWR, 0600) < 0)
        skip(); /* the disk has no such files */
    world.has_nameless_files = true;
    world.of_directories = SOMEBODY;
    expect_refused(path, "another user");
    assert_true(world.files_made > 0);
    expect_names(scratch, 2);
    world.of_directories = world.of_files = US_THERE;
    expect_opened(path);
    expect_names(scratch, 2);
}

/* The directory that mkdir makes and the one that is then opened may differ. */
static void a_directory_that_is_put_in_place_of_the_new_one(void **state)
{
    const Scratch *scratch = *state;
    char theirs[512];
    const char *path = in(scratch);
    snprintf(theirs, sizeof theirs, "%s/theirs", scratch->path);
    scratch_write(scratch, "theirs/" CACHE_MARK_NAME, "a mark");
    world.of_directories = SOMEBODY;
    world.exchanged = theirs;
    assert_int_equal(cache_mark_open(path), -EPERM);
    assert_false(scratch_exists(scratch, "theirs"));
    expect_names(scratch, 1);
}

static void a_directory_that_gives_away_its_owner(void **state)
{
    const char *path = in(*state);
    expect_opened(path);
    world.of_directories = world.of_files = SOMEBODY;
    world.directory_mode = S_ISUID | 0700;
    expect_refused(path, "another user");
}

static void a_directory_that_is_trusted_is_used(void **state)
{
    const char *why = NULL, *path = in(*state);
    expect_opened(path);
    world.of_directories = SOMEBODY;
    int fd = cache_mark_open_directory(path, true, &why);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(chmod(path, 0777), 0); /* other users' write access was not accepted */
    assert_int_equal(cache_mark_open_directory(path, true, &why), -EPERM);
}

static void what_a_killed_process_left_does_not_count(void **state)
{
    static const char *const others[] = {"owner.tmp.", "owner.tmp.x", "owner.tmp.7a", "owner", "owner.tmp"};
    const Scratch *scratch = *state;
    const char *path = in(scratch);
    scratch_write(scratch, "cache/owner.tmp.4711", "");
    assert_true(cache_mark_is_trial("owner.tmp.4711"));
    expect_opened(path);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(cache_mark_is_trial(others[i]));
}

/* It is not followed, written or removed. */
static void what_has_the_name_of_the_new_file_is_no_obstacle(void **state)
{
    const Scratch *scratch = *state;
    const char *path = in(scratch);
    char name[64];
    expect_opened(path);
    snprintf(name, sizeof name, "cache/owner.tmp.%ld", (long)getpid());
    scratch_write(scratch, "victim", "precious");
    assert_int_equal(symlinkat("../victim", scratch->fd, name), 0);
    snprintf(name, sizeof name, "cache/owner.tmp.%ld", (long)getpid() + 1);
    scratch_write(scratch, name, "theirs");
    world.of_directories = world.of_files = US_THERE;
    expect_opened(path);
    expect_names(scratch, 4);
    char *text = scratch_read(scratch, name, NULL);
    assert_string_equal(text, "theirs");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(what_is_shown_as_ours_costs_nothing),
        CASE_IN_SCRATCH(ours_is_what_has_the_owner_of_new_files),
        CASE_IN_SCRATCH(a_strangers_directory_is_refused),
        CASE_IN_SCRATCH(where_nothing_can_be_made_nothing_is_ours),
        CASE_IN_SCRATCH(a_directory_whose_mode_is_not_ours_to_change),
        CASE_IN_SCRATCH(what_cannot_be_found_out_is_refused),
        CASE_IN_SCRATCH(the_new_file_has_no_name_where_that_can_be),
        CASE_IN_SCRATCH(a_directory_that_is_put_in_place_of_the_new_one),
        CASE_IN_SCRATCH(a_directory_that_gives_away_its_owner),
        CASE_IN_SCRATCH(a_directory_that_is_trusted_is_used),
        CASE_IN_SCRATCH(what_a_killed_process_left_does_not_count),
        CASE_IN_SCRATCH(what_has_the_name_of_the_new_file_is_no_obstacle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
