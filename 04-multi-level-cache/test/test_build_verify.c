/* SPDX-License-Identifier: MIT */
/* Verifying: silent where all is well, and every kind of mistake in every kind of state is named;
 * and whatever is found, not a byte on disk is changed. */
#include "line_language.h"
#include "line_project.h"
#include "multi_level_cache.h"

#include <dirent.h>
#include <errno.h>
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

static void build(LineProject *project)
{
    LineRun run = line_project_build(project, (LineRequest){0});
    assert_int_equal(run.status, BUILD_OK);
    line_run_free(&run);
}

/* ---- the cache directory, byte for byte ------------------------------------------------------ */

static int cache_fd(const LineProject *project)
{
    int fd = openat(project->scratch.fd, "cache", O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    return fd;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static unsigned list_cache(const LineProject *project, char *names[32])
{
    unsigned count = 0;
    DIR *list = fdopendir(cache_fd(project));
    assert_non_null(list);
    for (struct dirent *item; (item = readdir(list)) != NULL && count < 32;)
        if (item->d_name[0] != '.')
            names[count++] = strdup(item->d_name);
    closedir(list);
    qsort(names, count, sizeof *names, compare_names);
    return count;
}

/* Names, bytes and times of all files. */
static Hash128 hash_of_cache(const LineProject *project)
{
    ByteBuffer all = {0};
    char *names[32], path[128];
    unsigned count = list_cache(project, names);
    for (unsigned i = 0; i < count; i++) {
        size_t size;
        struct stat status;
        snprintf(path, sizeof path, "cache/%s", names[i]);
        assert_int_equal(fstatat(project->scratch.fd, path, &status, 0), 0);
        char *bytes = scratch_read(&project->scratch, path, &size);
        key_put_slice(&all, slice_from(names[i]));
        key_put_slice(&all, slice_of(bytes, size));
        key_put_slice(&all, slice_of(&status.st_mtim, sizeof status.st_mtim));
        free(bytes);
        free(names[i]);
    }
    Hash128 hash = hash_bytes(buffer_slice(&all));
    buffer_free(&all);
    return hash;
}

/* What verifying finds; and it changes nothing. */
static ByteBuffer verify(const LineProject *project, Verification *counts)
{
    Hash128 before = hash_of_cache(project);
    ByteBuffer found = line_project_verify(project, (LineRequest){0}, counts);
    assert_true(hash_equal(before, hash_of_cache(project)));
    return found;
}

/* The lines that verifying finds, `*` in place of the entry's id; they end in newlines. */
static void expect(const LineProject *project, const char *expected)
{
    ByteBuffer found = verify(project, NULL), plain = {0};
    for (const char *line = found.data, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        bool has_id = strspn(line, "0123456789abcdef") == ENTRY_ID_SIZE;
        buffer_put(&plain, slice_from(has_id ? "*" : ""));
        line += has_id ? ENTRY_ID_SIZE : 0;
        buffer_put(&plain, slice_of(line, (size_t)(end + 1 - line)));
    }
    buffer_put_byte(&plain, '\0');
    assert_string_equal(plain.data, expected);
    buffer_free(&plain);
    buffer_free(&found);
}

static void expect_line(const LineProject *project, const char *part)
{
    ByteBuffer found = verify(project, NULL);
    if (strstr(found.data, part) == NULL)
        fail_msg("no line has \"%s\":\n%s", part, found.data);
    buffer_free(&found);
}

/* ---- all is well ----------------------------------------------------------------------------- */

static void test_all_is_well(void **state)
{
    Verification counts;
    build(*state);
    ByteBuffer found = verify(*state, &counts);
    assert_string_equal(found.data, "");
    assert_int_equal(counts.differences, 0);
    assert_false(counts.is_stale);
    assert_int_equal(counts.files, 2);
    assert_int_equal(counts.units, 4);
    assert_int_equal(counts.objects, 6);
    assert_true(counts.bytes > 100);
    buffer_free(&found);
}

static void test_touched_files_and_old_objects_are_no_difference(void **state)
{
    LineProject *project = *state;
    build(project);
    scratch_write(&project->scratch, "lib.line", "unit area edited\n");
    build(project);
    scratch_age(&project->scratch, "main.line", 100);
    expect(project, "");
}

/* A build that was killed, or had errors, leaves objects more and a journal that is longer than
 * recorded. */
static void test_what_a_failed_build_leaves_is_no_difference(void **state)
{
    LineProject *project = *state;
    build(project);
    scratch_write(&project->scratch, "lib.line", "unit area edited\n");
    LineRun run = line_project_build(project, (LineRequest){.check_only = true});
    line_run_free(&run);
    scratch_write(&project->scratch, "lib.line", "unit box(w h)\nunit area(a $box) multiplied\n");
    expect(project, "");
}

/* ---- not built since ------------------------------------------------------------------------ */

static void test_never_built(void **state)
{
    LineProject *project = *state;
    assert_int_equal(mkdirat(project->scratch.fd, "cache", 0777), 0);
    int fd = openat(project->scratch.fd, "cache/lock", O_WRONLY | O_CREAT, 0666);
    close(fd);
    expect(project, "main.line: no build of it is recorded\n");
}

static void test_edited_added_and_removed_files_are_stale(void **state)
{
    LineProject *project = *state;
    build(project);
    scratch_write(&project->scratch, "lib.line", "import \"new.line\" as new\n"
                                                 "unit area $new.one\n");
    scratch_write(&project->scratch, "new.line", "unit one\n");
    expect(project, "lib.line: was edited since the last build\n"
                    "new.line: is not in the last build\n");
    scratch_write(&project->scratch, "main.line", "unit main alone\n");
    expect(project, "main.line: was edited since the last build\n"
                    "lib.line: is no longer imported\n");
    build(project);
    expect(project, "");
}

static void test_other_settings(void **state)
{
    LineRun run = line_project_build(*state, (LineRequest){.settings = "other"});
    line_run_free(&run);
    expect(*state, "*.manifest: is of another compiler or other settings\n");
}

static void test_an_unfinished_build(void **state)
{
    LineProject *project = *state;
    build(project);
    scratch_write(&project->scratch, "lib.line", "unit area edited\n");
    LineRun run = line_project_build(project, (LineRequest){.stop_midway = true});
    line_run_free(&run);
    expect(project, "*.unsettled: the last build did not finish writing its output\n"
                    "lib.line: was edited since the last build\n");
}

/* A program with errors cannot be compared with; that is the program's fault. */
static void test_a_wrong_program_is_told_as_such(void **state)
{
    LineProject *project = *state;
    char entry[512], cache[512];
    Build *opened;
    Compiler compiler = line_language("");
    Verification verification = {0};
    build(project);
    scratch_write(&project->scratch, "lib.line", "broken\n");
    snprintf(entry, sizeof entry, "%s/main.line", project->scratch.path);
    snprintf(cache, sizeof cache, "%s/cache", project->scratch.path);
    BuildRequest request = {.compiler = &compiler, .entry = entry, .cache_dir = cache,
                            .executor = &executor_serial, .in_memory = true};
    assert_int_equal(build_open(&opened, &request), BUILD_OK);
    assert_int_equal(build_verify(opened, &verification), BUILD_PROGRAM_WRONG);
    assert_int_equal(verification.differences, 0);
    assert_int_equal(build_diagnostics(opened)->count, 1);
    build_close(opened);
}

static void test_a_build_in_memory_cannot_be_saved(void **state)
{
    LineProject *project = *state;
    char entry[512], cache[512];
    Build *opened;
    Compiler compiler = line_language("");
    snprintf(entry, sizeof entry, "%s/main.line", project->scratch.path);
    snprintf(cache, sizeof cache, "%s/cache", project->scratch.path);
    BuildRequest request = {.compiler = &compiler, .entry = entry, .cache_dir = cache,
                            .executor = &executor_serial, .in_memory = true};
    assert_int_equal(build_open(&opened, &request), BUILD_MACHINE_FAILED); /* no cache there */
    assert_int_equal(build_failure(opened)->error, ENOENT);
    build_close(opened);
    assert_false(scratch_exists(&project->scratch, "cache"));

    build(project);
    Hash128 before = hash_of_cache(project);
    assert_int_equal(build_open(&opened, &request), BUILD_OK);
    assert_int_equal(build_plan(opened), BUILD_OK);
    build_want_all(opened);
    assert_int_equal(build_emit(opened), BUILD_OK);
    assert_int_equal(build_counts(opened)->functions_emitted, 2); /* nothing came from the cache */
    assert_int_equal(build_save(opened), BUILD_MACHINE_FAILED);
    assert_int_equal(build_begin_output(opened), BUILD_MACHINE_FAILED);
    assert_int_equal(build_commit(opened), BUILD_MACHINE_FAILED);
    assert_int_equal(build_failure(opened)->error, EROFS);
    build_close(opened);
    assert_true(hash_equal(before, hash_of_cache(project)));
}

/* ---- damage ---------------------------------------------------------------------------------- */

static void flip(const LineProject *project, const char *name, off_t place)
{
    char path[128], byte;
    snprintf(path, sizeof path, "cache/%s", name);
    int fd = openat(project->scratch.fd, path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, place), 1);
    byte = (char)(byte ^ 0x20);
    assert_int_equal(pwrite(fd, &byte, 1, place), 1);
    close(fd);
}

static off_t size_of(const LineProject *project, const char *name)
{
    char path[128];
    struct stat status;
    snprintf(path, sizeof path, "cache/%s", name);
    assert_int_equal(fstatat(project->scratch.fd, path, &status, 0), 0);
    return status.st_size;
}

/* What a flipped byte of that file must be called. NULL: it is no state. */
static const char *name_of_damage(const char *file)
{
    static const struct {
        const char *part, *line;
    } kinds[] = {
        {".manifest", ".manifest: is damaged\n"},
        {".unsettled", ".unsettled: the last build did not finish writing its output\n"},
        {".files", ".files: is missing or damaged\n"},
        {".units", ".units: is missing or damaged\n"},
        {"zir.pack", "zir.pack: holds damaged records\n"},
        {"air.pack", "air.pack: holds damaged records\n"},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strstr(file, kinds[i].part) != NULL)
            return kinds[i].line;
    return NULL;
}

/* Bases and journals, packs, manifest and mark: each byte of each. */
static void test_a_flipped_byte_anywhere_is_named(void **state)
{
    LineProject *project = *state;
    char *names[32];
    unsigned named = 0, unnoticed = 0;
    build(project);
    for (int i = 0; i < 3; i++) { /* so that there are journals */
        char text[100];
        snprintf(text, sizeof text, "unit box(w h)\nunit area(a $box) multiplied %d\n", i);
        scratch_write(&project->scratch, "lib.line", text);
        build(project);
    }
    expect(project, "");
    unsigned count = list_cache(project, names);
    for (unsigned i = 0; i < count; i++) {
        const char *line = name_of_damage(names[i]);
        bool is_pack = strstr(names[i], ".pack") != NULL;
        for (off_t place = 0; line != NULL && place < size_of(project, names[i]); place++) {
            if (is_pack && place >= 12 && place < 32)
                continue; /* zeros in the pack's header, and then its records */
            ByteBuffer found;
            flip(project, names[i], place);
            found = line_project_verify(project, (LineRequest){0}, NULL);
            if (found.size == 1 && !is_pack)
                fail_msg("%s, byte %ld: not found", names[i], (long)place);
            named += strstr(found.data, line) != NULL;
            unnoticed += found.size == 1;
            flip(project, names[i], place);
            buffer_free(&found);
        }
        free(names[i]);
    }
    expect(project, "");
    assert_true(named > 1000);
    assert_true(unnoticed < named / 10); /* padding behind the objects */
}

static void test_each_missing_file_is_named(void **state)
{
    static const struct {
        const char *part, *line;
    } cases[] = {
        {".files", ".files: is missing or damaged\n"},
        {".units", ".units: is missing or damaged\n"},
        {"zir.pack", "main.line: its ZIR is missing or damaged\n"},
        {"air.pack", "lib.line:area: its output is missing or damaged\n"},
        {"zir.index", "zir.index: does not fit its pack\n"},
        {"air.index", "air.index: does not fit its pack\n"},
        {".manifest", "main.line: no build of it is recorded\n"},
    };
    LineProject *project = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *names[32], path[512];
        build(project);
        unsigned count = list_cache(project, names);
        for (unsigned n = 0; n < count; n++) {
            snprintf(path, sizeof path, "cache/%s", names[n]);
            if (strstr(names[n], cases[i].part) != NULL)
                assert_int_equal(unlinkat(project->scratch.fd, path, 0), 0);
            free(names[n]);
        }
        expect_line(project, cases[i].line);
        BuildFailure failure;
        snprintf(path, sizeof path, "%s/cache", project->scratch.path);
        assert_int_equal(build_clean(path, NULL, &failure), BUILD_OK);
        line_output_free(&project->output);
    }
}

/* ---- what no checksum tells ----------------------------------------------------------------- */

typedef struct OpenCache {
    MultiLevelCache cache;
    Compiler compiler;
    int project_fd;
} OpenCache;

/* Opens the caches as a build does, to change what only a mistake in the caches could change. */
static void open_cache(const LineProject *project, OpenCache *opened)
{
    char path[512];
    snprintf(path, sizeof path, "%s/cache", project->scratch.path);
    opened->compiler = line_language("");
    opened->project_fd = project->scratch.fd;
    CacheRequest request = {.directory = path,
                            .project_fd = open(project->scratch.path, O_RDONLY | O_DIRECTORY),
                            .entry = slice_from("main.line"),
                            .fingerprint = opened->compiler.fingerprint};
    assert_int_equal(multi_level_cache_open(&opened->cache, &request), 0);
    assert_int_equal(multi_level_cache_open_units(&opened->cache), 0);
    assert_int_equal(multi_level_cache_open_objects(&opened->cache), 0);
    assert_true(opened->cache.had_state);
    close(request.project_fd);
}

static void commit_cache(OpenCache *opened)
{
    MultiLevelCache *cache = &opened->cache;
    const ManifestHeader *last = &cache->manifest.header;
    CommitSummary summary = {last->combined, last->prelude, last->function_count};
    assert_int_equal(multi_level_cache_commit_objects(cache, &executor_serial, false), 0);
    assert_int_equal(multi_level_cache_save(cache, false), 0);
    assert_int_equal(multi_level_cache_commit(cache, &summary, false), 0);
    multi_level_cache_close(cache);
}

/* lib.line is file 0, with the units box and area. */
static void change_unit(const LineProject *project, void (*change)(UnitRow *row, UnitRecord *units))
{
    OpenCache opened;
    open_cache(project, &opened);
    UnitTable *table = &opened.cache.units;
    UnitRecord units[2];
    UnitRow row = *unit_table_row(table, 0);
    memcpy(units, unit_table_units(table, 0), sizeof units);
    change(&row, units);
    unit_table_set(table, 0, &row, units);
    commit_cache(&opened);
}

static void wrong_interface_key(UnitRow *row, UnitRecord *units)
{
    (void)row;
    units[0].interface_key.low++;
}

static void wrong_unit_key(UnitRow *row, UnitRecord *units)
{
    (void)row;
    units[1].unit_key.high++;
}

static void wrong_own_hash(UnitRow *row, UnitRecord *units)
{
    (void)row;
    units[1].own_hash++;
}

static void wrong_section_key(UnitRow *row, UnitRecord *units)
{
    (void)units;
    row->section_key.low++;
}

static void wrong_digests(UnitRow *row, UnitRecord *units)
{
    (void)units;
    row->interface_digest.low++;
    row->prelude_digest++;
}

static void wrong_count(UnitRow *row, UnitRecord *units)
{
    (void)units;
    row->function_count++;
}

static void test_wrong_keys_are_named(void **state)
{
    static const struct {
        void (*change)(UnitRow *row, UnitRecord *units);
        const char *expected;
    } cases[] = {
        {wrong_interface_key, "lib.line:box: its interface key is wrong\n"},
        {wrong_unit_key, "lib.line:area: its unit key is wrong\n"},
        {wrong_own_hash, "lib.line:area: the hash of its own source is wrong\n"},
        {wrong_section_key, "lib.line: its section key is wrong\n"},
        {wrong_digests, "lib.line: the digest of its interfaces is wrong\n"
                        "lib.line: the digest of its prelude lines is wrong\n"},
        {wrong_count, "lib.line: the number of its units is wrong\n"},
    };
    LineProject *project = *state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        LineRun run = line_project_build(project, (LineRequest){.force = true});
        line_run_free(&run);
        expect(project, "");
        change_unit(project, cases[i].change);
        expect(project, cases[i].expected);
    }
}

/* The hash on record is not that of the file, and the stamp is: nobody else would ever know. */
static void test_a_missed_edit_is_named(void **state)
{
    LineProject *project = *state;
    OpenCache opened;
    FileStamp stamp;
    build(project);
    scratch_write(&project->scratch, "lib.line", "unit box(w h)\nunit area(a $box) missed\n");
    open_cache(project, &opened);
    FileHashCache *files = &opened.cache.files;
    assert_int_equal(file_stamp_at(project->scratch.fd, "lib.line", &stamp), 0);
    file_hash_cache_set(files, 0, &stamp, files->records[0].content);
    commit_cache(&opened);
    LineRun run = line_project_build(project, (LineRequest){0});
    assert_true(run.is_unchanged); /* so it goes */
    line_run_free(&run);
    expect_line(project, "lib.line: its recorded hash is wrong, and its stamp says that it did not "
                         "change\n");
    expect_line(project, "lib.line:area: its unit key is wrong\n");
    expect_line(project, ".manifest: its combined hash is wrong\n");
}

static void test_wrong_imports_are_named(void **state)
{
    LineProject *project = *state;
    OpenCache opened;
    build(project);
    open_cache(project, &opened);
    FileHashCache *files = &opened.cache.files;
    FileEntry entries[2];
    const uint32_t both[] = {0, 0};
    for (uint32_t i = 0; i < 2; i++)
        entries[i] = (FileEntry){.path = file_hash_cache_path(files, i),
                                 .stamp = files->records[i].stamp,
                                 .content = files->records[i].content,
                                 .imports = both,
                                 .import_count = 2 * i};
    file_hash_cache_replace(files, slice_from("main.line"), entries, 2);
    commit_cache(&opened);
    expect(project, "main.line: its recorded imports are wrong\n");
}

static void test_wrong_objects_are_named(void **state)
{
    LineProject *project = *state;
    OpenCache opened;
    Lowered lowered;
    build(project);
    open_cache(project, &opened);
    MultiLevelCache *cache = &opened.cache;
    Hash128 content = cache->files.records[0].content;
    Hash128 key = unit_table_units(&cache->units, 0)[1].unit_key;
    air_cache_invalidate(&cache->air, key);
    air_cache_put(&cache->air, key, slice_from("something else"));
    commit_cache(&opened);
    expect(project, "lib.line:area: its output is wrong\n");

    open_cache(project, &opened);
    assert_true(zir_cache_get(&cache->zir, content, &lowered));
    lowered.ir = slice_from("something else");
    zir_cache_invalidate(&cache->zir, content);
    zir_cache_put(&cache->zir, content, &lowered);
    commit_cache(&opened);
    expect(project, "lib.line: its ZIR is wrong\nlib.line:area: its output is wrong\n");

    open_cache(project, &opened);
    lowered.declarations = lowered.ir = slice_from("not even that");
    zir_cache_invalidate(&cache->zir, content);
    zir_cache_put(&cache->zir, content, &lowered);
    commit_cache(&opened);
    expect_line(project, "lib.line: its declarations are wrong\n");
}

static void test_a_wrong_summary_is_named(void **state)
{
    OpenCache opened;
    build(*state);
    open_cache(*state, &opened);
    opened.cache.manifest.header.combined.low++;
    opened.cache.manifest.header.prelude.low++;
    opened.cache.manifest.header.function_count++;
    commit_cache(&opened);
    expect(*state, "*.manifest: its combined hash is wrong\n"
                   "*.manifest: its prelude key is wrong\n"
                   "*.manifest: its number of functions is wrong\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_all_is_well),
        TEST(test_touched_files_and_old_objects_are_no_difference),
        TEST(test_what_a_failed_build_leaves_is_no_difference),
        TEST(test_never_built),
        TEST(test_edited_added_and_removed_files_are_stale),
        TEST(test_other_settings),
        TEST(test_an_unfinished_build),
        TEST(test_a_wrong_program_is_told_as_such),
        TEST(test_a_build_in_memory_cannot_be_saved),
        TEST(test_a_flipped_byte_anywhere_is_named),
        TEST(test_each_missing_file_is_named),
        TEST(test_wrong_keys_are_named),
        TEST(test_a_missed_edit_is_named),
        TEST(test_wrong_imports_are_named),
        TEST(test_wrong_objects_are_named),
        TEST(test_a_wrong_summary_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
