/* SPDX-License-Identifier: MIT */
/* Which files does a program have, and which of them changed? From cold to warm, and through
 * edits. */
#include "sample_project.h"
#include "thread_executor.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void expect(SampleProject *project, const char *reported)
{
    assert_int_equal(sample_project_discover(project), 0);
    assert_string_equal(project->reported.data, reported);
}

static void expect_counts(const SampleProject *project, unsigned stat, unsigned hashed)
{
    assert_int_equal(project->found.files_stat, stat);
    assert_int_equal(project->found.files_hashed, hashed);
}

static void expect_imports(const SampleProject *project, const char *path, const char *imports)
{
    uint32_t file = file_hash_cache_find(&project->cache, slice_from(path));
    char text[256] = "";
    assert_int_not_equal(file, FILE_NONE);
    const FileRecord *record = &project->cache.records[file];
    for (uint32_t i = 0; i < record->import_count; i++) {
        uint32_t target = project->cache.imports[record->first_import + i];
        strcat(strcat(text, file_hash_cache_path(&project->cache, target).data), " ");
    }
    assert_string_equal(text, imports);
}

/* ---- cold and warm ------------------------------------------------------------------------- */

#define ALL_ADDED "added b.mini\nadded lib/a.mini\nadded main.mini\nadded shared.mini\n"
#define ALL_SAME "same b.mini\nsame lib/a.mini\nsame main.mini\nsame shared.mini\n"

static void test_a_cold_run_finds_each_file_once_in_path_order(void **state)
{
    SampleProject *project = *state;
    expect(project, ALL_ADDED);
    expect_counts(project, 4, 4);
    assert_true(project->found.renumbered);
    assert_int_equal(project->found.change_count, 4);
    for (uint32_t i = 0; i < 4; i++) {
        const FileChange *change = &project->found.changes[i];
        assert_int_equal(change->file, i);
        assert_true(hash_equal(hash_bytes(change->source), project->cache.records[i].content));
    }
    expect_imports(project, "main.mini", "lib/a.mini b.mini ");
    expect_imports(project, "lib/a.mini", "b.mini shared.mini ");
    expect_imports(project, "b.mini", "lib/a.mini shared.mini ");
    expect_imports(project, "shared.mini", "");
}

static void test_a_warm_run_asks_stat_and_reads_nothing(void **state)
{
    SampleProject *project = *state;
    sample_project_age(project);
    expect(project, ALL_ADDED);
    expect(project, ALL_SAME);
    expect_counts(project, 4, 0);
    assert_int_equal(project->found.bytes_read, 0);
    assert_int_equal(project->found.change_count, 0);
    assert_false(project->found.renumbered);
}

static void test_without_a_clock_no_stamp_is_trusted(void **state)
{
    SampleProject *project = *state;
    int clock = project->clock.fd;
    sample_project_age(project);
    project->clock.fd = -1;
    expect(project, ALL_ADDED);
    project->clock.fd = clock;
    assert_int_not_equal(project->cache.records[0].known.racy_since_ns, 0);
    assert_int_equal(sample_project_discover(project), 0);
    expect_counts(project, 4, 4);
}

static void test_trusting_nothing_reads_everything(void **state)
{
    SampleProject *project = *state;
    sample_project_age(project);
    expect(project, ALL_ADDED);
    project->trust_nothing = true;
    expect(project, "touched b.mini\ntouched lib/a.mini\ntouched main.mini\ntouched shared.mini\n");
    expect_counts(project, 4, 4);
}

static void test_a_file_without_a_stamp_is_trusted_after_one_more_look(void **state)
{
    SampleProject *project = *state;
    sample_project_age(project);
    expect(project, ALL_ADDED);
    scratch_write(&project->scratch, "b.mini", "import \"lib/a.mini\" as a;\n");
    project->cache.records[0].known = (KnownStamp){0}; /* edited while it was read */
    scratch_age(&project->scratch, "b.mini", 60);
    assert_int_equal(sample_project_discover(project), 0);
    expect_counts(project, 4, 1);
    assert_int_equal(sample_project_discover(project), 0);
    expect_counts(project, 4, 0);
}

static void test_a_symlink_is_named_by_its_own_name(void **state)
{
    SampleProject *project = *state;
    assert_int_equal(symlinkat("shared.mini", project->scratch.fd, "link.mini"), 0);
    scratch_write(&project->scratch, "main.mini", "import \"link.mini\" as link;\n");
    expect(project, "added link.mini\nadded main.mini\n");
}

/* ---- edits --------------------------------------------------------------------------------- */

static void test_a_touched_file_is_read_and_not_changed(void **state)
{
    SampleProject *project = *state;
    sample_project_age(project);
    expect(project, ALL_ADDED);
    scratch_age(&project->scratch, "shared.mini", 30);
    expect(project, "same b.mini\nsame lib/a.mini\nsame main.mini\ntouched shared.mini\n");
    expect_counts(project, 4, 1);
    expect(project, ALL_SAME); /* the new stamp was kept */
    expect_counts(project, 4, 0);
}

static void test_an_edited_file_is_changed(void **state)
{
    SampleProject *project = *state;
    sample_project_age(project);
    expect(project, ALL_ADDED);
    scratch_write(&project->scratch, "shared.mini", "const x = 22;\n");
    expect(project, "same b.mini\nsame lib/a.mini\nsame main.mini\nchanged shared.mini\n");
    expect_counts(project, 4, 1);
    assert_false(project->found.renumbered);
    assert_int_equal(project->found.bytes_read, strlen("const x = 22;\n"));
}

/* An edit that only the ctime reveals: same size, and the mtime restored. */
static void test_an_edit_that_hides_is_found(void **state)
{
    SampleProject *project = *state;
    struct stat before;
    sample_project_age(project);
    expect(project, ALL_ADDED);
    assert_int_equal(fstatat(project->scratch.fd, "shared.mini", &before, 0), 0);
    int fd = openat(project->scratch.fd, "shared.mini", O_WRONLY);
    assert_int_equal(pwrite(fd, "2", 1, (off_t)strlen("const x = ")), 1);
    struct timespec times[2] = {before.st_atim, before.st_mtim};
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
    expect(project, "same b.mini\nsame lib/a.mini\nsame main.mini\nchanged shared.mini\n");
}

static void test_imports_between_the_same_files_move_no_numbers(void **state)
{
    SampleProject *project = *state;
    expect(project, ALL_ADDED);
    scratch_write(&project->scratch, "shared.mini", "import \"main.mini\" as main;\n");
    assert_int_equal(sample_project_discover(project), 0);
    assert_false(project->found.renumbered);
    expect_imports(project, "shared.mini", "main.mini ");
    assert_int_equal(project->found.changes[project->found.change_count - 1].kind, FILE_CHANGED);
}

static void test_files_come_and_go_and_numbers_move(void **state)
{
    SampleProject *project = *state;
    sample_project_age(project);
    expect(project, ALL_ADDED);
    scratch_write(&project->scratch, "a.mini", "import \"z.mini\" as z;\n");
    scratch_write(&project->scratch, "z.mini", "");
    scratch_write(&project->scratch, "shared.mini", "import \"a.mini\" as a;\n");
    expect(project, "added a.mini\nsame b.mini\nsame lib/a.mini\nsame main.mini\n"
                    "changed shared.mini\nadded z.mini\n");
    expect_counts(project, 6, 3); /* four of the last build, two new */
    assert_true(project->found.renumbered);
    const uint32_t old[] = {FILE_NONE, 0, 1, 2, 3, FILE_NONE};
    assert_memory_equal(project->found.old_number, old, sizeof old);

    scratch_write(&project->scratch, "shared.mini", "const x = 1;\n");
    expect(project, "removed a.mini\nremoved z.mini\nsame b.mini\nsame lib/a.mini\nsame main.mini\n"
                    "changed shared.mini\n");
    assert_int_equal(project->found.removed, 2);
    assert_true(project->found.renumbered);
}

static void test_a_removed_file_that_nobody_imports_any_more_is_no_error(void **state)
{
    SampleProject *project = *state;
    expect(project, ALL_ADDED);
    scratch_write(&project->scratch, "lib/a.mini", "");
    scratch_write(&project->scratch, "b.mini", "");
    assert_int_equal(unlinkat(project->scratch.fd, "shared.mini", 0), 0);
    assert_int_equal(sample_project_discover(project), 0);
    assert_int_equal(project->cache.count, 3);
    assert_int_equal(project->found.removed, 1);
}

static void test_another_entry_starts_cold(void **state)
{
    SampleProject *project = *state;
    expect(project, ALL_ADDED);
    FileEntry other = {.path = slice_from("other.mini")};
    file_hash_cache_replace(&project->cache, slice_from("other.mini"), &other, 1);
    expect(project, ALL_ADDED);
}

/* ---- size and threads ---------------------------------------------------------------------- */

static void test_a_long_chain_of_imports(void **state)
{
    SampleProject *project = *state;
    enum { LENGTH = 3000 };
    char path[32], source[64];
    for (int i = 0; i < LENGTH; i++) {
        snprintf(path, sizeof path, i == 0 ? "main.mini" : "f%d.mini", i);
        snprintf(source, sizeof source, "import \"f%d.mini\" as next;\n", i + 1);
        scratch_write(&project->scratch, path, i + 1 == LENGTH ? "" : source);
    }
    for (int threads = 0; threads < 2; threads++) {
        project->executor = threads ? &thread_executor : &executor_serial;
        file_hash_cache_close(&project->cache);
        assert_int_equal(sample_project_discover(project), 0);
        assert_int_equal(project->cache.count, LENGTH);
        expect_counts(project, LENGTH, LENGTH);
    }
}

static void test_threads_find_the_same(void **state)
{
    SampleProject *project = *state;
    expect(project, ALL_ADDED);
    Hash128 combined = file_hash_cache_combined(&project->cache, (Hash128){0, 0});
    project->executor = &thread_executor;
    for (int i = 0; i < 20; i++) {
        file_hash_cache_close(&project->cache);
        expect(project, ALL_ADDED);
        assert_true(hash_equal(file_hash_cache_combined(&project->cache, (Hash128){0, 0}),
                               combined));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_PROJECT(test_a_cold_run_finds_each_file_once_in_path_order),
        CASE_WITH_PROJECT(test_a_warm_run_asks_stat_and_reads_nothing),
        CASE_WITH_PROJECT(test_without_a_clock_no_stamp_is_trusted),
        CASE_WITH_PROJECT(test_trusting_nothing_reads_everything),
        CASE_WITH_PROJECT(test_a_file_without_a_stamp_is_trusted_after_one_more_look),
        CASE_WITH_PROJECT(test_a_symlink_is_named_by_its_own_name),
        CASE_WITH_PROJECT(test_a_touched_file_is_read_and_not_changed),
        CASE_WITH_PROJECT(test_an_edited_file_is_changed),
        CASE_WITH_PROJECT(test_an_edit_that_hides_is_found),
        CASE_WITH_PROJECT(test_imports_between_the_same_files_move_no_numbers),
        CASE_WITH_PROJECT(test_files_come_and_go_and_numbers_move),
        CASE_WITH_PROJECT(test_a_removed_file_that_nobody_imports_any_more_is_no_error),
        CASE_WITH_PROJECT(test_another_entry_starts_cold),
        CASE_WITH_PROJECT(test_a_long_chain_of_imports),
        CASE_WITH_PROJECT(test_threads_find_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
