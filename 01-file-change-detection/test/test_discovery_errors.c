/* SPDX-License-Identifier: MIT */
/* Discovery when files are missing or cannot be read: what is reported, and what is still found. */
#include "sample_project.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void expect_message(const SampleProject *project, size_t i, const char *path, unsigned line,
                           const char *message)
{
    assert_true(i < project->diagnostics.count);
    const Diagnostic *diagnostic = &project->diagnostics.items[i];
    assert_string_equal(diagnostic->path.data, path);
    assert_int_equal(diagnostic->line, line);
    assert_int_equal(diagnostic->message.size, strlen(message));
    assert_memory_equal(diagnostic->message.data, message, strlen(message));
}

static void test_a_missing_import_is_reported_where_it_is_imported(void **state)
{
    SampleProject *project = *state;
    const char *message = "cannot import \"shared.mini\": there is no such file";
    for (int warm = 0; warm < 2; warm++) { /* the second time, the importers are unchanged */
        sample_project_age(project);
        if (warm)
            assert_int_equal(sample_project_discover(project), 0);
        assert_int_equal(unlinkat(project->scratch.fd, "shared.mini", 0), 0);
        assert_int_equal(sample_project_discover(project), -EBADMSG);
        assert_int_equal(project->found.error, 0);
        assert_int_equal(project->diagnostics.count, 2);
        expect_message(project, 0, "b.mini", 3, message);
        expect_message(project, 1, "lib/a.mini", 2, message);
        sample_project_write(project);
        assert_int_equal(sample_project_discover(project), 0);
    }
}

/* It must not be kept, but its contents can be read. */
static void test_the_files_beside_a_missing_import_are_found(void **state)
{
    SampleProject *project = *state;
    assert_int_equal(unlinkat(project->scratch.fd, "shared.mini", 0), 0);
    assert_int_equal(sample_project_discover(project), -EBADMSG);
    const FileHashCache *cache = &project->cache;
    uint32_t file = file_hash_cache_find(cache, slice_from("b.mini"));
    assert_int_equal(cache->count, 3);
    assert_int_equal(project->found.change_count, 3);
    assert_int_equal(file_hash_cache_find(cache, slice_from("shared.mini")), FILE_NONE);
    assert_true(cache->has_gaps);
    assert_int_equal(cache->imports[cache->records[file].first_import + 1], FILE_NONE);
    assert_false(hash_is_none(file_hash_cache_combined_from(cache, file)));
    sample_project_write(project);
    assert_int_equal(sample_project_discover(project), 0);
    assert_false(project->cache.has_gaps);
}

static void test_wrong_imports_are_reported_by_kind(void **state)
{
    SampleProject *project = *state;
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
    assert_int_equal(sample_project_discover(project), -EBADMSG);
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
    SampleProject *project = *state;
    assert_int_equal(unlinkat(project->scratch.fd, "main.mini", 0), 0);
    assert_int_equal(sample_project_discover(project), -ENOENT);
    assert_int_equal(project->found.error, -ENOENT);
    assert_string_equal(project->found.error_path, "main.mini");
}

/* No file of two gigabytes is read. A file that exists and cannot be read is not an error of the
 * program. The first one in path order is named. */
static void test_what_cannot_be_read_is_a_failure(void **state)
{
    SampleProject *project = *state;
    for (int i = 0; i < 2; i++) {
        int fd = openat(project->scratch.fd, i == 0 ? "shared.mini" : "b.mini", O_WRONLY);
        assert_int_equal(ftruncate(fd, (off_t)3 << 30), 0);
        close(fd);
    }
    assert_int_equal(sample_project_discover(project), -EFBIG);
    assert_string_equal(project->found.error_path, "b.mini");
}

/* The number of files that the numbers reach cannot be made here; a smaller limit can. */
static void test_too_many_files_are_a_failure(void **state)
{
    SampleProject *project = *state;
    project->most_files = 3;
    assert_int_equal(sample_project_discover(project), -E2BIG);
    assert_int_equal(project->found.error, -E2BIG);
    assert_string_equal(project->found.error_path, "main.mini");
    project->most_files = 4;
    assert_int_equal(sample_project_discover(project), 0);
    assert_int_equal(project->cache.count, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_PROJECT(test_a_missing_import_is_reported_where_it_is_imported),
        CASE_WITH_PROJECT(test_the_files_beside_a_missing_import_are_found),
        CASE_WITH_PROJECT(test_wrong_imports_are_reported_by_kind),
        CASE_WITH_PROJECT(test_a_missing_entry_is_a_failure),
        CASE_WITH_PROJECT(test_what_cannot_be_read_is_a_failure),
        CASE_WITH_PROJECT(test_too_many_files_are_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
