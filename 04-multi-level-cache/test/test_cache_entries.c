/* SPDX-License-Identifier: MIT */
/* An entry is removed when its file is gone, or when a limit requires it and it was long unused;
 * and a commit costs the same whatever else is in the directory. */
#include "cache_entries.h"
#include "line_project.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DAY = 24 * 60 * 60 };

static int setup(void **state)
{
    LineProject *project = malloc(sizeof *project);
    line_project_open(project);
    *state = project;
    return 0;
}

static int teardown(void **state)
{
    line_project_close(*state);
    free(*state);
    return 0;
}

/* Each checkout is a program of its own, and all are built with one cache. */
static void checkout_name(char name[64], unsigned number)
{
    snprintf(name, 64, "checkout%u/main.line", number);
}

static void build(LineProject *project, const char *entry, const char *text, uint64_t limit_bytes)
{
    char source[300];
    snprintf(source, sizeof source, "unit main %s of %s\n", text, entry);
    scratch_write(&project->scratch, entry, source);
    line_output_free(&project->output); /* of another program */
    LineRun run =
        line_project_build(project, (LineRequest){.entry = entry, .limit_bytes = limit_bytes});
    assert_int_equal(run.status, BUILD_OK);
    line_run_free(&run);
}

static void build_checkout(LineProject *project, unsigned number)
{
    char name[64];
    checkout_name(name, number);
    build(project, name, "text", 0);
}

static void delete_checkout(const LineProject *project, unsigned number)
{
    char name[64];
    checkout_name(name, number);
    assert_int_equal(unlinkat(project->scratch.fd, name, 0), 0);
}

static void open_cache(const LineProject *project, CacheDirectory *directory)
{
    char path[512];
    snprintf(path, sizeof path, "%s/cache", project->scratch.path);
    assert_int_equal(cache_directory_open(directory, path, 0, NULL), 0);
}

/* How many entries there are, and how many of them are gone. */
static size_t count_entries(const LineProject *project, size_t *gone)
{
    CacheEntries entries;
    CacheDirectory directory;
    open_cache(project, &directory);
    assert_int_equal(cache_entries_list(&entries, &directory, ""), 0);
    size_t count = entries.count;
    *gone = 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(entries.items[i].bytes > 200);
        *gone += entries.items[i].is_gone;
    }
    cache_entries_free(&entries);
    cache_directory_close(&directory);
    return count;
}

static void expect_entries(const LineProject *project, size_t count, size_t gone)
{
    size_t found_gone, found = count_entries(project, &found_gone);
    assert_int_equal(found, count);
    assert_int_equal(found_gone, gone);
}

static bool is_manifest_of(const CacheDirectory *directory, const LineProject *project,
                           const char *entry, char manifest[64])
{
    char id[PROGRAM_ID_SIZE + 1], path[64];
    snprintf(path, sizeof path, "%s", entry);
    char *slash = strrchr(path, '/');
    int fd = project->scratch.fd;
    if (slash != NULL) {
        *slash = '\0';
        fd = openat(project->scratch.fd, path, O_RDONLY | O_DIRECTORY);
    }
    assert_int_equal(
        cache_directory_program_id(fd, slice_from(slash == NULL ? entry : slash + 1), id), 0);
    if (slash != NULL)
        close(fd);
    snprintf(manifest, 64, "%s.manifest", id);
    struct stat status;
    return fstatat(directory->fd, manifest, &status, 0) == 0;
}

static bool is_recorded(const LineProject *project, const char *entry)
{
    char manifest[64];
    CacheDirectory directory;
    open_cache(project, &directory);
    bool recorded = is_manifest_of(&directory, project, entry, manifest);
    cache_directory_close(&directory);
    return recorded;
}

/* As if the entry had last been used that long ago. */
static void age(const LineProject *project, const char *entry, int seconds)
{
    char manifest[64];
    CacheDirectory directory;
    struct timespec times[2] = {{0, UTIME_OMIT}, {time(NULL) - seconds, 0}};
    open_cache(project, &directory);
    assert_true(is_manifest_of(&directory, project, entry, manifest));
    assert_int_equal(utimensat(directory.fd, manifest, times, 0), 0);
    cache_directory_close(&directory);
}

static int64_t last_use(const LineProject *project, const char *entry)
{
    char manifest[64];
    struct stat status;
    CacheDirectory directory;
    open_cache(project, &directory);
    assert_true(is_manifest_of(&directory, project, entry, manifest));
    assert_int_equal(fstatat(directory.fd, manifest, &status, 0), 0);
    cache_directory_close(&directory);
    return (int64_t)status.st_mtime;
}

static void test_forty_deleted_checkouts_go_with_a_limit(void **state)
{
    LineProject *project = *state;
    for (unsigned i = 0; i < 40; i++)
        build_checkout(project, i);
    for (unsigned i = 0; i < 40; i++)
        delete_checkout(project, i);
    expect_entries(project, 40, 40);
    build(project, "main.line", "text", 1024);
    expect_entries(project, 1, 0);
    line_project_expect_clean(project, (LineRequest){0});
    UsedObjects used;
    line_project_used(project, &used);
    assert_int_equal(used.zir.count, 1);
    used_objects_free(&used);
}

/* Without a limit too: at most as many entries are gone as exist, plus a few. */
static void test_deleted_checkouts_do_not_pile_up(void **state)
{
    LineProject *project = *state;
    size_t gone, most = 0;
    for (unsigned i = 0; i < 200; i++) {
        build_checkout(project, i);
        size_t count = count_entries(project, &gone);
        most = count > most ? count : most;
        delete_checkout(project, i);
    }
    assert_in_range(most, 2, 20);
}

/* Neither the state of an entry nor its objects are removed while its file exists, whatever else
 * is. */
static void test_what_is_there_stays(void **state)
{
    LineProject *project = *state;
    for (unsigned i = 0; i < 60; i++)
        build_checkout(project, i);
    for (unsigned i = 0; i < 60; i += 2)
        delete_checkout(project, i);
    for (unsigned i = 60; i < 140; i++)
        build_checkout(project, i);
    expect_entries(project, 110, 0);
    for (unsigned i = 1; i < 60; i += 2) {
        char name[64];
        checkout_name(name, i);
        line_output_free(&project->output);
        LineRun run = line_project_build(project, (LineRequest){.entry = name});
        assert_true(run.is_unchanged);
        line_run_free(&run);
    }
}

static uint64_t size_of(const LineProject *project, const char *name)
{
    struct stat status;
    assert_int_equal(fstatat(project->scratch.fd, name, &status, 0), 0);
    return (uint64_t)status.st_size;
}

/* The size of one of several similar entries, with its objects. */
static uint64_t bytes_of_one(const LineProject *project, unsigned builds)
{
    CacheEntries entries;
    CacheDirectory directory;
    open_cache(project, &directory);
    assert_int_equal(cache_entries_list(&entries, &directory, ""), 0);
    uint64_t objects = size_of(project, "cache/zir.pack") + size_of(project, "cache/air.pack");
    uint64_t bytes = entries.items[1].bytes + objects / builds; /* the first has a spare too */
    cache_entries_free(&entries);
    cache_directory_close(&directory);
    return bytes;
}

static void test_the_oldest_go_if_the_limit_asks_for_it(void **state)
{
    LineProject *project = *state;
    static const char *const names[] = {"a.line", "b.line", "c.line", "d.line"};
    for (size_t i = 0; i < 4; i++)
        build(project, names[i], "text", 0);
    age(project, "a.line", 3 * DAY);
    age(project, "b.line", 9 * DAY);
    age(project, "c.line", 2 * DAY);
    build(project, "d.line", "another text", 1 << 20); /* there is room */
    expect_entries(project, 4, 0);

    uint64_t one = bytes_of_one(project, 5); /* d was built twice */
    build(project, "d.line", "another text!", one * 4); /* a spare more than the size of three */
    assert_false(is_recorded(project, "b.line"));
    expect_entries(project, 3, 0);
    build(project, "d.line", "a fourth text", 1);
    expect_entries(project, 1, 0); /* itself */
    assert_true(is_recorded(project, "d.line"));
}

/* Two projects built in turns do not evict each other. */
static void test_what_was_used_today_stays(void **state)
{
    LineProject *project = *state;
    for (int i = 0; i < 5; i++) {
        char text[32];
        snprintf(text, sizeof text, "text %d", i);
        build(project, "a.line", text, 1);
        build(project, "b.line", text, 1);
        expect_entries(project, 2, 0);
    }
}

/* A build with nothing to do writes nothing, except one time stamp a day. */
static void test_last_use_is_noted_once_a_day(void **state)
{
    LineProject *project = *state;
    build(project, "main.line", "text", 0);
    for (int days = 0; days < 3; days++) {
        age(project, "main.line", days * DAY + 3600);
        int64_t before = last_use(project, "main.line");
        LineRun run = line_project_build(project, (LineRequest){0});
        assert_true(run.is_unchanged);
        line_run_free(&run);
        int64_t after = last_use(project, "main.line");
        if (days == 0)
            assert_true(after == before);
        else
            assert_true(after > before + days * DAY);
    }
}

/* State without a manifest, as a killed `clean` leaves it. */
static void test_what_no_manifest_names_goes_too(void **state)
{
    LineProject *project = *state;
    scratch_write(&project->scratch, "cache/" "incremental-cache", "");
    scratch_write(&project->scratch, "cache/0123456789abcdef.files.3", "x");
    scratch_write(&project->scratch, "cache/0123456789abcdef.notes", "not ours");
    for (unsigned i = 0; i < 20; i++)
        build_checkout(project, i);
    assert_false(scratch_exists(&project->scratch, "cache/0123456789abcdef.files.3"));
    assert_true(scratch_exists(&project->scratch, "cache/0123456789abcdef.notes"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_forty_deleted_checkouts_go_with_a_limit),
        TEST(test_deleted_checkouts_do_not_pile_up),
        TEST(test_what_is_there_stays),
        TEST(test_the_oldest_go_if_the_limit_asks_for_it),
        TEST(test_what_was_used_today_stays),
        TEST(test_last_use_is_noted_once_a_day),
        TEST(test_what_no_manifest_names_goes_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
