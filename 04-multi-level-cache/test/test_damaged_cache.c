/* SPDX-License-Identifier: MIT */
/* Whatever happens to the files of a cache, the output is that of a clean build, and the cache is
 * whole again afterwards. */
#include "cache_directory.h"
#include "line_sample.h"
#include "manifest.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* Gives the body of lib's area this number. */
static void edit_lib(const LineProject *project, unsigned number)
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

/* An empty file has no byte to flip. */
static void flip(const Scratch *scratch, const char *path, off_t place, off_t size)
{
    if (size != 0)
        scratch_flip(scratch, path, place, 0x10);
}

static void damage(const LineProject *project, const char *path, Damage how)
{
    static const char zeros[256];
    const Scratch *scratch = &project->scratch;
    struct stat status;
    int fd = openat(scratch->fd, path, O_RDWR);
    assert_true(fd >= 0 && fstat(fd, &status) == 0);
    off_t size = status.st_size;
    switch (how) {
    case DAMAGE_REMOVE: assert_int_equal(unlinkat(scratch->fd, path, 0), 0); break;
    case DAMAGE_EMPTY: assert_int_equal(ftruncate(fd, 0), 0); break;
    case DAMAGE_HALVE: assert_int_equal(ftruncate(fd, size / 2), 0); break;
    case DAMAGE_EXTEND: assert_int_equal(ftruncate(fd, size + 100), 0); break;
    case DAMAGE_ZERO: assert_true(pwrite(fd, zeros, sizeof zeros, 0) > 0); break;
    case DAMAGE_FLIP_FIRST: flip(scratch, path, 0, size); break;
    case DAMAGE_FLIP_MIDDLE: flip(scratch, path, size / 2, size); break;
    case DAMAGE_FLIP_LAST: flip(scratch, path, size - 1, size); break;
    case DAMAGE_COUNT: break;
    }
    close(fd);
}

static FileList list_cache(const LineProject *project)
{
    return scratch_list(&project->scratch, "cache");
}

/* The one file of the cache whose name has that part. */
static const char *find_file(const FileList *files, const char *part)
{
    const char *found = NULL;
    for (unsigned i = 0; i < files->count; i++)
        if (strstr(files->paths[i], part) != NULL) {
            assert_null(found);
            found = files->paths[i];
        }
    assert_non_null(found);
    return found;
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

static void expect_rebuilding(LineProject *project, unsigned *edit)
{
    line_rebuild(project);
    edit_lib(project, ++*edit);
    line_rebuild(project);
    edit_lib(project, 1); /* kept long ago, if it still is */
    line_rebuild(project);
    LineRun run = line_build(project, (LineRequest){0});
    assert_true(run.is_unchanged);
    assert_false(run.was_damaged);
    line_run_free(&run);
}

static void test_every_damage_is_rebuilt(void **state)
{
    LineProject *project = *state;
    unsigned edit = 0;
    make_history(project, &edit);
    FileList files = list_cache(project);
    assert_true(files.count >= 9);
    for (unsigned i = 0; i < files.count; i++)
        for (Damage how = 0; how < DAMAGE_COUNT; how++) {
            make_history(project, &edit);
            bool is_superseded = !scratch_exists(&project->scratch, files.paths[i]);
            if (is_superseded || strcmp(files.paths[i], "cache/lock") == 0 ||
                strcmp(files.paths[i], "cache/CACHEDIR.TAG") == 0) /* see test_cache_mark */
                continue;
            damage(project, files.paths[i], how);
            expect_rebuilding(project, &edit);
        }
}

static void test_damaged_state_is_reported(void **state)
{
    static const char *const parts[] = {".manifest", ".files"};
    LineProject *project = *state;
    line_rebuild(project);
    FileList files = list_cache(project);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        damage(project, find_file(&files, parts[i]), DAMAGE_FLIP_LAST);
        LineRun run = line_build(project, (LineRequest){0});
        assert_true(run.was_damaged);
        assert_false(run.had_state);
        assert_non_null(strstr(run.decisions.data, "damaged "));
        assert_int_equal(run.counts.functions_emitted, 0); /* the objects are still there */
        line_run_free(&run);
        files = list_cache(project);
    }
}

/* A missing unit table is noticed only when it is needed. */
static void test_a_lost_unit_table_is_made_again(void **state)
{
    LineProject *project = *state;
    line_rebuild(project);
    FileList files = list_cache(project);
    damage(project, find_file(&files, ".units"), DAMAGE_REMOVE);
    LineRun run = line_build(project, (LineRequest){0});
    assert_true(run.is_unchanged);
    line_run_free(&run);
    edit_lib(project, 1);
    run = line_build(project, (LineRequest){0});
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
    char id[PROGRAM_ID_SIZE + 1] = "";
    uint64_t written = 0;
    Manifest manifest;
    FileList files = list_cache(project);
    memcpy(id, find_file(&files, ".manifest") + strlen("cache/"), PROGRAM_ID_SIZE);
    int cache_fd = openat(project->scratch.fd, "cache", O_RDONLY | O_DIRECTORY);
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
        assert_true(run.may_be_unsynced); /* builds without sync may have come after it */
        assert_int_equal(run.counts.files_hashed, 2);
        line_run_free(&run);
        run = line_project_build(project, (LineRequest){.sync = synced});
        assert_false(run.may_be_unsynced); /* the commit was made in this run of the system */
        line_run_free(&run);
        line_project_clean(project);
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
    line_rebuild(project);
    remove_packs(project);
    line_edit(project, "main.line", "$lib.area", "$lib.area again");
    LineRun run = line_build(project, (LineRequest){0});
    assert_int_equal(run.counts.files_lowered, 2); /* main, and lib that it names */
    line_run_free(&run);
    line_edit(project, "main.line", "again", "and again");
    run = line_build(project, (LineRequest){0});
    assert_int_equal(run.counts.files_lowered, 1);
    line_run_free(&run);
}

/* The source is removed between plan and emission, when no other copy of it is left. */
static void expect_no_emission(LineProject *project, const char *changed_source)
{
    LineSteps steps;
    remove_packs(project);
    assert_int_equal(line_steps_open(&steps, project, (LineRequest){0}), BUILD_OK);
    assert_int_equal(build_plan(steps.build), BUILD_OK);
    assert_true(build_planned(steps.build)->is_unchanged);
    build_want_all(steps.build);
    if (changed_source != NULL)
        scratch_write(&project->scratch, "lib.line", changed_source);
    else
        unlinkat(project->scratch.fd, "lib.line", 0);
    assert_int_equal(build_emit(steps.build), BUILD_MACHINE_FAILED);
    assert_string_equal(build_failure(steps.build)->path, "lib.line");
    build_close(steps.build);
}

static void test_a_source_that_goes_meanwhile_fails_the_build(void **state)
{
    static const char *const changed_sources[] = {NULL, "unit area edited\n"};
    LineProject *project = *state;
    line_rebuild(project);
    for (size_t i = 0; i < 2; i++) {
        expect_no_emission(project, changed_sources[i]);
        line_pair_write(project);
        line_rebuild(project);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_PAIR(test_every_damage_is_rebuilt),
        CASE_WITH_PAIR(test_damaged_state_is_reported),
        CASE_WITH_PAIR(test_a_lost_unit_table_is_made_again),
        CASE_WITH_PAIR(test_a_restart_of_the_system_is_noticed),
        CASE_WITH_PAIR(test_lost_objects_are_made_again_from_the_sources),
        CASE_WITH_PAIR(test_a_source_that_goes_meanwhile_fails_the_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
