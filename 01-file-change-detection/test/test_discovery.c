/* SPDX-License-Identifier: MIT */
/* Which files does a program have, and which of them changed: from cold to warm, through edits,
 * with what is missing and what is in the way. */
#include "discovery.h"
#include "import_graph.h"
#include "import_scanner.h"
#include "scratch.h"
#include "thread_executor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct Project {
    Scratch scratch, clock; /* sources; where the file system's clock is asked */
    FileHashCache cache;
    Discovery found;
    Diagnostics diagnostics;
    ByteBuffer told; /* "decision path\n" each */
    bool trust_nothing;
    Executor *executor;
} Project;

static void tell(void *context, Decision decision, Slice subject)
{
    static const char *const names[DECISION_COUNT] = {
        [DECISION_FILE_UNCHANGED] = "same ",  [DECISION_FILE_TOUCHED] = "touched ",
        [DECISION_FILE_CHANGED] = "changed ", [DECISION_FILE_ADDED] = "added ",
        [DECISION_FILE_REMOVED] = "removed ",
    };
    ByteBuffer *told = context;
    buffer_put(told, slice_from(names[decision]));
    buffer_put(told, subject);
    buffer_put_byte(told, '\n');
}

/* main imports lib/a and b; both import shared; lib/a and b import each other. */
static void write_sample(Project *project)
{
    Scratch *scratch = &project->scratch;
    scratch_write(scratch, "main.mini", "import \"lib/a.mini\" as a;\nimport \"b.mini\" as b;\n");
    scratch_write(scratch, "lib/a.mini", "import \"../b.mini\" as b;\n"
                                         "import \"../shared.mini\" as shared;\n");
    scratch_write(scratch, "b.mini", "import \"lib/a.mini\" as a;\n\n"
                                     "import \"shared.mini\" as shared;\n");
    scratch_write(scratch, "shared.mini", "const x = 1;\n");
}

static void age_all(Project *project)
{
    static const char *const files[] = {"main.mini", "lib/a.mini", "b.mini", "shared.mini"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (scratch_exists(&project->scratch, files[i]))
            scratch_age(&project->scratch, files[i], 60);
}

static int setup(void **state)
{
    Project *project = calloc(1, sizeof *project);
    scratch_open(&project->scratch);
    scratch_open(&project->clock);
    project->executor = &executor_serial;
    write_sample(project);
    *state = project;
    return 0;
}

static void forget_answers(Project *project)
{
    diagnostics_free(&project->diagnostics);
    discovery_free(&project->found);
    buffer_free(&project->told);
}

static int teardown(void **state)
{
    Project *project = *state;
    forget_answers(project);
    file_hash_cache_close(&project->cache);
    scratch_close(&project->scratch);
    scratch_close(&project->clock);
    free(project);
    return 0;
}

static int run(Project *project)
{
    forget_answers(project);
    Observer observer = {tell, &project->told};
    DiscoveryRequest request = {
        .dir_fd = project->scratch.fd,
        .clock_dir_fd = project->clock.fd,
        .entry = slice_from("main.mini"),
        .trust_nothing = project->trust_nothing,
        .scan = mini_scan_imports,
        .executor = project->executor,
        .observer = &observer,
        .diagnostics = &project->diagnostics,
    };
    int status = discover(&project->found, &request, &project->cache);
    buffer_put_byte(&project->told, '\0');
    diagnostics_sort(&project->diagnostics);
    return status;
}

static void expect(Project *project, const char *told)
{
    assert_int_equal(run(project), 0);
    assert_string_equal(project->told.data, told);
}

static void expect_counts(const Project *project, unsigned stat, unsigned hashed)
{
    assert_int_equal(project->found.files_stat, stat);
    assert_int_equal(project->found.files_hashed, hashed);
}

static void expect_imports(const Project *project, const char *path, const char *imports)
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
    Project *project = *state;
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
    Project *project = *state;
    age_all(project);
    expect(project, ALL_ADDED);
    expect(project, ALL_SAME);
    expect_counts(project, 4, 0);
    assert_int_equal(project->found.bytes_read, 0);
    assert_int_equal(project->found.change_count, 0);
    assert_false(project->found.renumbered);
}

static void test_without_a_clock_no_stamp_is_trusted(void **state)
{
    Project *project = *state;
    int clock = project->clock.fd;
    age_all(project);
    project->clock.fd = -1;
    expect(project, ALL_ADDED);
    project->clock.fd = clock;
    assert_int_equal(project->cache.records[0].stamp.inode, 0);
    assert_int_equal(run(project), 0);
    expect_counts(project, 4, 4);
}

static void test_trusting_nothing_reads_everything(void **state)
{
    Project *project = *state;
    age_all(project);
    expect(project, ALL_ADDED);
    project->trust_nothing = true;
    expect(project, "touched b.mini\ntouched lib/a.mini\ntouched main.mini\ntouched shared.mini\n");
    expect_counts(project, 4, 4);
}

static void test_a_file_that_was_too_young_is_trusted_after_one_more_look(void **state)
{
    Project *project = *state;
    age_all(project);
    expect(project, ALL_ADDED);
    scratch_write(&project->scratch, "b.mini", "import \"lib/a.mini\" as a;\n");
    project->cache.records[0].stamp = (FileStamp){0}; /* what a young file is recorded as */
    scratch_age(&project->scratch, "b.mini", 60);
    assert_int_equal(run(project), 0);
    expect_counts(project, 4, 1);
    assert_int_equal(run(project), 0);
    expect_counts(project, 4, 0);
}

/* ---- edits --------------------------------------------------------------------------------- */

static void test_a_touched_file_is_read_and_not_changed(void **state)
{
    Project *project = *state;
    age_all(project);
    expect(project, ALL_ADDED);
    scratch_age(&project->scratch, "shared.mini", 30);
    expect(project, "same b.mini\nsame lib/a.mini\nsame main.mini\ntouched shared.mini\n");
    expect_counts(project, 4, 1);
    expect(project, ALL_SAME); /* the new stamp was kept */
    expect_counts(project, 4, 0);
}

static void test_an_edited_file_is_changed(void **state)
{
    Project *project = *state;
    age_all(project);
    expect(project, ALL_ADDED);
    scratch_write(&project->scratch, "shared.mini", "const x = 22;\n");
    expect(project, "same b.mini\nsame lib/a.mini\nsame main.mini\nchanged shared.mini\n");
    expect_counts(project, 4, 1);
    assert_false(project->found.renumbered);
    assert_int_equal(project->found.bytes_read, strlen("const x = 22;\n"));
}

/* The edit that only ctime gives away: same size, and the mtime put back. */
static void test_an_edit_that_hides_is_found(void **state)
{
    Project *project = *state;
    struct stat before;
    age_all(project);
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
    Project *project = *state;
    expect(project, ALL_ADDED);
    scratch_write(&project->scratch, "shared.mini", "import \"main.mini\" as main;\n");
    assert_int_equal(run(project), 0);
    assert_false(project->found.renumbered);
    expect_imports(project, "shared.mini", "main.mini ");
    assert_int_equal(project->found.changes[project->found.change_count - 1].kind, FILE_CHANGED);
}

static void test_files_come_and_go_and_numbers_move(void **state)
{
    Project *project = *state;
    age_all(project);
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
    Project *project = *state;
    expect(project, ALL_ADDED);
    scratch_write(&project->scratch, "lib/a.mini", "");
    scratch_write(&project->scratch, "b.mini", "");
    assert_int_equal(unlinkat(project->scratch.fd, "shared.mini", 0), 0);
    assert_int_equal(run(project), 0);
    assert_int_equal(project->cache.count, 3);
    assert_int_equal(project->found.removed, 1);
}

static void test_another_entry_starts_cold(void **state)
{
    Project *project = *state;
    expect(project, ALL_ADDED);
    FileEntry other = {.path = slice_from("other.mini")};
    file_hash_cache_replace(&project->cache, slice_from("other.mini"), &other, 1);
    expect(project, ALL_ADDED);
}

/* ---- what is missing or in the way --------------------------------------------------------- */

static void expect_message(const Project *project, size_t i, const char *path, unsigned line,
                           const char *message)
{
    assert_true(i < project->diagnostics.count);
    const Diagnostic *diagnostic = &project->diagnostics.items[i];
    assert_string_equal(diagnostic->path.data, path);
    assert_int_equal(diagnostic->line, line);
    assert_int_equal(diagnostic->message.size, strlen(message));
    assert_memory_equal(diagnostic->message.data, message, strlen(message));
}

static void test_a_missing_import_is_told_where_it_is_imported(void **state)
{
    Project *project = *state;
    const char *message = "cannot import \"shared.mini\": there is no such file";
    for (int warm = 0; warm < 2; warm++) { /* the second time the importers are unchanged */
        age_all(project);
        if (warm)
            assert_int_equal(run(project), 0);
        assert_int_equal(unlinkat(project->scratch.fd, "shared.mini", 0), 0);
        assert_int_equal(run(project), -EBADMSG);
        assert_int_equal(project->found.error, 0);
        assert_int_equal(project->diagnostics.count, 2);
        expect_message(project, 0, "b.mini", 3, message);
        expect_message(project, 1, "lib/a.mini", 2, message);
        write_sample(project);
        assert_int_equal(run(project), 0);
    }
}

/* Nobody may keep it; but what there is can be looked at. */
static void test_the_files_beside_a_missing_import_are_found(void **state)
{
    Project *project = *state;
    ImportGraph graph;
    assert_int_equal(unlinkat(project->scratch.fd, "shared.mini", 0), 0);
    assert_int_equal(run(project), -EBADMSG);
    const FileHashCache *cache = &project->cache;
    uint32_t file = file_hash_cache_find(cache, slice_from("b.mini"));
    assert_int_equal(cache->count, 3);
    assert_int_equal(project->found.change_count, 3);
    assert_int_equal(file_hash_cache_find(cache, slice_from("shared.mini")), FILE_NONE);
    assert_true(cache->has_gaps);
    assert_int_equal(cache->imports[cache->records[file].first_import + 1], FILE_NONE);
    assert_false(hash_is_none(file_hash_cache_combined_from(cache, file)));
    import_graph_build(&graph, cache);
    assert_int_equal(graph.first_import[file + 1] - graph.first_import[file], 1);
    import_graph_free(&graph);
    write_sample(project);
    assert_int_equal(run(project), 0);
    assert_false(project->cache.has_gaps);
}

static void test_wrong_imports_are_told_by_kind(void **state)
{
    Project *project = *state;
    char source[1024], name[301];
    memset(name, 'n', 300);
    name[300] = '\0';
    assert_int_equal(mkdirat(project->scratch.fd, "directory", 0777), 0);
    assert_int_equal(mkfifoat(project->scratch.fd, "fifo", 0666), 0);
    assert_int_equal(symlinkat("loop", project->scratch.fd, "loop"), 0);
    snprintf(source, sizeof source, "import \"directory\" as a;\nimport \"fifo\" as b;\n"
             "import \"loop\" as c;\nimport \"/etc/passwd\" as d;\nimport \"\" as e;\n"
             "import \"b.mini/x\" as f;\nimport \"%s\" as g;\n", name);
    scratch_write(&project->scratch, "main.mini", source);
    assert_int_equal(run(project), -EBADMSG);
    assert_int_equal(project->diagnostics.count, 7);
    expect_message(project, 0, "main.mini", 1, "cannot import \"directory\": it is a directory");
    expect_message(project, 1, "main.mini", 2, "cannot import \"fifo\": it is not a regular file");
    expect_message(project, 2, "main.mini", 3,
                   "cannot import \"loop\": its symbolic links lead nowhere");
    expect_message(project, 3, "main.mini", 4,
                   "cannot import \"/etc/passwd\": the import path is absolute; write it relative "
                   "to the importing file");
    expect_message(project, 4, "main.mini", 5,
                   "cannot import \"\": the import path names no file");
    expect_message(project, 5, "main.mini", 6,
                   "cannot import \"b.mini/x\": there is no such file");
    assert_int_equal(project->diagnostics.items[6].line, 7);
}

static void test_a_missing_entry_is_a_failure(void **state)
{
    Project *project = *state;
    assert_int_equal(unlinkat(project->scratch.fd, "main.mini", 0), 0);
    assert_int_equal(run(project), -ENOENT);
    assert_int_equal(project->found.error, -ENOENT);
    assert_string_equal(project->found.error_path, "main.mini");
}

/* Nobody is asked to read two gigabytes; a file that exists and cannot be read is no error of
 * the program. The first one in path order is named. */
static void test_what_cannot_be_read_is_a_failure(void **state)
{
    Project *project = *state;
    for (int i = 0; i < 2; i++) {
        int fd = openat(project->scratch.fd, i == 0 ? "shared.mini" : "b.mini", O_WRONLY);
        assert_int_equal(ftruncate(fd, (off_t)3 << 30), 0);
        close(fd);
    }
    assert_int_equal(run(project), -EFBIG);
    assert_string_equal(project->found.error_path, "b.mini");
}

static void test_a_symlink_is_named_by_its_own_name(void **state)
{
    Project *project = *state;
    assert_int_equal(symlinkat("shared.mini", project->scratch.fd, "link.mini"), 0);
    scratch_write(&project->scratch, "main.mini", "import \"link.mini\" as link;\n");
    expect(project, "added link.mini\nadded main.mini\n");
}

/* ---- size and threads ---------------------------------------------------------------------- */

static void test_a_long_chain_of_imports(void **state)
{
    Project *project = *state;
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
        assert_int_equal(run(project), 0);
        assert_int_equal(project->cache.count, LENGTH);
        expect_counts(project, LENGTH, LENGTH);
    }
}

static void test_threads_find_the_same(void **state)
{
    Project *project = *state;
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
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_a_cold_run_finds_each_file_once_in_path_order),
        TEST(test_a_warm_run_asks_stat_and_reads_nothing),
        TEST(test_without_a_clock_no_stamp_is_trusted),
        TEST(test_trusting_nothing_reads_everything),
        TEST(test_a_file_that_was_too_young_is_trusted_after_one_more_look),
        TEST(test_a_touched_file_is_read_and_not_changed),
        TEST(test_an_edited_file_is_changed),
        TEST(test_an_edit_that_hides_is_found),
        TEST(test_imports_between_the_same_files_move_no_numbers),
        TEST(test_files_come_and_go_and_numbers_move),
        TEST(test_a_removed_file_that_nobody_imports_any_more_is_no_error),
        TEST(test_another_entry_starts_cold),
        TEST(test_a_missing_import_is_told_where_it_is_imported),
        TEST(test_the_files_beside_a_missing_import_are_found),
        TEST(test_wrong_imports_are_told_by_kind),
        TEST(test_a_missing_entry_is_a_failure),
        TEST(test_what_cannot_be_read_is_a_failure),
        TEST(test_a_symlink_is_named_by_its_own_name),
        TEST(test_a_long_chain_of_imports),
        TEST(test_threads_find_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
