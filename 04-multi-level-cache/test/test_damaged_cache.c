/* SPDX-License-Identifier: MIT */
/* Whatever becomes of the files of a cache: the output is that of a clean build, and the cache
 * is whole again afterwards. */
#include "line_language.h"
#include "line_project.h"
#include "manifest.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int setup(void **state)
{
    LineProject *project = malloc(sizeof *project);
    line_project_open(project);
    scratch_write(&project->scratch, "main.line", "import \"lib.line\" as lib\n"
                                                  "declare puts i32 @puts(ptr)\n"
                                                  "unit main $lib.area\n");
    scratch_write(&project->scratch, "lib.line", "unit box(w h)\n"
                                                 "unit area(a $box) multiplied\n");
    *state = project;
    return 0;
}

static int teardown(void **state)
{
    line_project_close(*state);
    free(*state);
    return 0;
}

static LineRun build(LineProject *project)
{
    LineRun run = line_project_build(project, (LineRequest){0});
    assert_int_equal(run.status, BUILD_OK);
    line_project_expect_clean(project, (LineRequest){0});
    return run;
}

static void build_and_forget(LineProject *project)
{
    LineRun run = build(project);
    line_run_free(&run);
}

static void edit_lib(LineProject *project, unsigned number)
{
    char text[128];
    snprintf(text, sizeof text, "unit box(w h)\nunit area(a $box) multiplied %u\n", number);
    scratch_write(&project->scratch, "lib.line", text);
}

/* ---- each file, each damage ---------------------------------------------------------------- */

typedef enum Damage {
    DAMAGE_REMOVE, DAMAGE_EMPTY, DAMAGE_HALVE, DAMAGE_EXTEND, DAMAGE_ZERO,
    DAMAGE_FLIP_FIRST, DAMAGE_FLIP_MIDDLE, DAMAGE_FLIP_LAST,
    DAMAGE_COUNT
} Damage;

static void flip(int fd, off_t place)
{
    char byte = 0;
    if (pread(fd, &byte, 1, place) != 1)
        return;
    byte = (char)(byte ^ 0x10);
    assert_int_equal(pwrite(fd, &byte, 1, place), 1);
}

static void damage(int dir_fd, const char *name, Damage how)
{
    struct stat status;
    static const char zeros[256];
    int fd = openat(dir_fd, name, O_RDWR);
    assert_true(fd >= 0 && fstat(fd, &status) == 0);
    switch (how) {
    case DAMAGE_REMOVE: assert_int_equal(unlinkat(dir_fd, name, 0), 0); break;
    case DAMAGE_EMPTY: assert_int_equal(ftruncate(fd, 0), 0); break;
    case DAMAGE_HALVE: assert_int_equal(ftruncate(fd, status.st_size / 2), 0); break;
    case DAMAGE_EXTEND: assert_int_equal(ftruncate(fd, status.st_size + 100), 0); break;
    case DAMAGE_ZERO: assert_true(pwrite(fd, zeros, sizeof zeros, 0) > 0); break;
    case DAMAGE_FLIP_FIRST: flip(fd, 0); break;
    case DAMAGE_FLIP_MIDDLE: flip(fd, status.st_size / 2); break;
    case DAMAGE_FLIP_LAST: flip(fd, status.st_size - 1); break;
    case DAMAGE_COUNT: break;
    }
    close(fd);
}

/* The names in the cache directory, the lock aside. The caller frees each. */
static unsigned list_files(int dir_fd, char *names[32])
{
    unsigned count = 0;
    DIR *list = fdopendir(dup(dir_fd));
    assert_non_null(list);
    rewinddir(list);
    for (struct dirent *item; (item = readdir(list)) != NULL && count < 32;)
        if (item->d_name[0] != '.' && strcmp(item->d_name, "lock") != 0)
            names[count++] = strdup(item->d_name);
    closedir(list);
    return count;
}

/* Leaves state with a base, a journal and an unsettled mark, and packs with several records. */
static void make_history(LineProject *project, unsigned *edit)
{
    for (int i = 0; i < 2; i++) {
        edit_lib(project, ++*edit);
        LineRun run = line_project_build(project, (LineRequest){0});
        assert_int_equal(run.status, BUILD_OK);
        line_run_free(&run);
    }
}

static void test_every_damage_heals(void **state)
{
    LineProject *project = *state;
    char *names[32];
    unsigned edit = 0;
    make_history(project, &edit);
    int cache_fd = openat(project->scratch.fd, "cache", O_RDONLY | O_DIRECTORY);
    unsigned count = list_files(cache_fd, names);
    assert_true(count >= 8);
    for (unsigned i = 0; i < count; i++) {
        for (Damage how = 0; how < DAMAGE_COUNT; how++) {
            make_history(project, &edit);
            if (faccessat(cache_fd, names[i], F_OK, 0) != 0)
                continue; /* a generation that was superseded */
            damage(cache_fd, names[i], how);
            build_and_forget(project);
            edit_lib(project, ++edit);
            build_and_forget(project);
            edit_lib(project, 1); /* kept long ago, if it still is */
            build_and_forget(project);
            LineRun run = build(project);
            assert_true(run.is_unchanged); /* healed */
            assert_false(run.was_damaged);
            line_run_free(&run);
        }
        free(names[i]);
    }
    close(cache_fd);
}

static void test_damaged_state_is_told(void **state)
{
    LineProject *project = *state;
    char *names[32];
    build_and_forget(project);
    int cache_fd = openat(project->scratch.fd, "cache", O_RDONLY | O_DIRECTORY);
    unsigned count = list_files(cache_fd, names), told = 0;
    for (unsigned i = 0; i < count; i++) {
        if (strstr(names[i], ".manifest") != NULL || strstr(names[i], ".files") != NULL) {
            damage(cache_fd, names[i], DAMAGE_FLIP_LAST);
            LineRun run = build(project);
            assert_true(run.was_damaged);
            assert_false(run.had_state);
            assert_non_null(strstr(run.decisions.data, "damaged "));
            assert_int_equal(run.counts.functions_emitted, 0); /* the objects are still there */
            line_run_free(&run);
            told++;
        }
        free(names[i]);
    }
    assert_int_equal(told, 2);
    close(cache_fd);
}

/* A unit table that is gone is noticed only when it is needed. */
static void test_a_lost_unit_table_is_made_again(void **state)
{
    LineProject *project = *state;
    char *names[32];
    build_and_forget(project);
    int cache_fd = openat(project->scratch.fd, "cache", O_RDONLY | O_DIRECTORY);
    unsigned count = list_files(cache_fd, names);
    for (unsigned i = 0; i < count; i++) {
        if (strstr(names[i], ".units") != NULL)
            damage(cache_fd, names[i], DAMAGE_REMOVE);
        free(names[i]);
    }
    close(cache_fd);
    LineRun run = build(project);
    assert_true(run.is_unchanged);
    line_run_free(&run);
    edit_lib(project, 1);
    run = build(project);
    assert_true(run.was_damaged);
    assert_int_equal(run.counts.files_lowered, 1);
    assert_int_equal(run.counts.functions_emitted, 1);
    assert_string_equal(run.dirty.data, "lib.line\nmain.line\n");
    line_run_free(&run);
}

/* ---- a restart ----------------------------------------------------------------------------- */

/* Makes the manifest say that it was written in another run of the system. */
static void pretend_a_restart(const LineProject *project)
{
    char *names[32], id[17] = "";
    uint64_t written = 0;
    Manifest manifest;
    int cache_fd = openat(project->scratch.fd, "cache", O_RDONLY | O_DIRECTORY);
    unsigned count = list_files(cache_fd, names);
    for (unsigned i = 0; i < count; i++) {
        if (strstr(names[i], ".manifest") != NULL)
            memcpy(id, names[i], 16);
        free(names[i]);
    }
    assert_int_equal(manifest_load(&manifest, cache_fd, id), 0);
    manifest.header.boot.low++;
    assert_int_equal(manifest_store(&manifest, cache_fd, id, false, &written), 0);
    manifest_free(&manifest);
    close(cache_fd);
}

static void test_a_restart_of_the_system_is_noticed(void **state)
{
    LineProject *project = *state;
    for (int synced = 0; synced < 2; synced++) {
        LineRun run = line_project_build(project, (LineRequest){.sync = synced});
        assert_false(run.may_be_unsynced);
        line_run_free(&run);
        pretend_a_restart(project);
        run = line_project_build(project, (LineRequest){.sync = synced});
        assert_int_equal(run.may_be_unsynced, !synced);
        line_run_free(&run);
        run = line_project_build(project, (LineRequest){.sync = synced});
        assert_false(run.may_be_unsynced); /* the commit was made in this run of the system */
        line_run_free(&run);
        BuildFailure failure;
        char path[512];
        snprintf(path, sizeof path, "%s/cache", project->scratch.path);
        assert_int_equal(build_clean(path, NULL, &failure), BUILD_OK);
    }
}

/* ---- lost objects of files that were not changed ------------------------------------------- */

static void remove_packs(const LineProject *project)
{
    static const char *const names[] = {"cache/zir.pack", "cache/zir.index", "cache/air.pack",
                                        "cache/air.index"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlinkat(project->scratch.fd, names[i], 0);
}

static void test_lost_objects_are_made_again_from_the_sources(void **state)
{
    LineProject *project = *state;
    build_and_forget(project);
    remove_packs(project);
    scratch_write(&project->scratch, "main.line", "import \"lib.line\" as lib\n"
                                                  "unit main $lib.area again\n");
    LineRun run = build(project);
    assert_int_equal(run.counts.files_lowered, 2); /* main, and lib that it names */
    line_run_free(&run);
    scratch_write(&project->scratch, "main.line", "import \"lib.line\" as lib\n"
                                                  "unit main $lib.area and again\n");
    run = build(project);
    assert_int_equal(run.counts.files_lowered, 1);
    line_run_free(&run);
}

/* The source goes between the plan and the emission, when nothing else is left of it. */
static void test_a_source_that_goes_meanwhile_fails_the_build(void **state)
{
    LineProject *project = *state;
    char entry[512], cache[512];
    Compiler compiler = line_language("");
    BuildRequest request = {
        .compiler = &compiler, .entry = entry, .cache_dir = cache, .executor = &executor_serial};
    Build *opened;
    snprintf(entry, sizeof entry, "%s/main.line", project->scratch.path);
    snprintf(cache, sizeof cache, "%s/cache", project->scratch.path);
    build_and_forget(project);
    for (int edited = 0; edited < 2; edited++) {
        remove_packs(project);
        assert_int_equal(build_open(&opened, &request), BUILD_OK);
        assert_int_equal(build_plan(opened), BUILD_OK);
        assert_true(build_is_unchanged(opened));
        build_want_all(opened);
        if (edited)
            scratch_write(&project->scratch, "lib.line", "unit area edited\n");
        else
            unlinkat(project->scratch.fd, "lib.line", 0);
        assert_int_equal(build_emit(opened), BUILD_MACHINE_FAILED);
        assert_string_equal(build_failure(opened)->path, "lib.line");
        build_close(opened);
        scratch_write(&project->scratch, "lib.line", "unit box(w h)\n"
                                                     "unit area(a $box) multiplied\n");
        build_and_forget(project);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_every_damage_heals),
        TEST(test_damaged_state_is_told),
        TEST(test_a_lost_unit_table_is_made_again),
        TEST(test_a_restart_of_the_system_is_noticed),
        TEST(test_lost_objects_are_made_again_from_the_sources),
        TEST(test_a_source_that_goes_meanwhile_fails_the_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
