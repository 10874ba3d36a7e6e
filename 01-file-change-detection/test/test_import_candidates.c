/* SPDX-License-Identifier: MIT */
/* Imports that are looked for in several places: beside their file, in "inc", and in "sys", by an
 * absolute path. */
#include "sample_project.h"
#include "thread_executor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static SampleProject *searching(void **state)
{
    SampleProject *project = *state;
    project->searches = true;
    return project;
}

static void put_main(const SampleProject *project, const char *source)
{
    scratch_write(&project->scratch, "main.mini", source);
}

/* "$" stands for the directory of the project, which has another name in each run. */
static void expect_text(const SampleProject *project, const char *text, const char *expected)
{
    ByteBuffer shown = {0};
    size_t size = strlen(project->scratch.path);
    for (const char *at = text; *at != '\0';) {
        bool is_directory = strncmp(at, project->scratch.path, size) == 0;
        buffer_put_byte(&shown, is_directory ? '$' : *at);
        at += is_directory ? size : 1;
    }
    buffer_put_byte(&shown, '\0');
    assert_string_equal(shown.data, expected);
    buffer_free(&shown);
}

/* What was written before is trusted from then on. */
static void expect(SampleProject *project, const char *reported)
{
    scratch_settle(&project->scratch);
    assert_int_equal(sample_project_discover(project), 0);
    expect_text(project, project->reported.data, reported);
}

/* The absent paths, in the order of their numbers. */
static void expect_absent(const SampleProject *project, const char *paths)
{
    ByteBuffer text = {0};
    for (uint32_t i = 0; i < project->cache.absent_count; i++) {
        buffer_put(&text, file_hash_cache_path(&project->cache, project->cache.count + i));
        buffer_put_byte(&text, ' ');
    }
    buffer_put_byte(&text, '\0');
    expect_text(project, text.data, paths);
    buffer_free(&text);
}

static void make_link(const SampleProject *project, const char *target, const char *name)
{
    assert_int_equal(symlinkat(target, project->scratch.fd, name), 0);
}

static void remove_file(const SampleProject *project, const char *name)
{
    assert_int_equal(unlinkat(project->scratch.fd, name, 0), 0);
}

/* ---- where an import leads ------------------------------------------------------------------- */

static void the_first_candidate_that_holds_a_file_is_taken(void **state)
{
    SampleProject *project = searching(state);
    put_main(project, "import \"x.mini\" as x;\nimport \"y.mini\" as y;\n"
                      "import \"z.mini\" as z;\n");
    scratch_write(&project->scratch, "x.mini", "");
    scratch_write(&project->scratch, "inc/x.mini", "");
    scratch_write(&project->scratch, "inc/y.mini", "import \"x.mini\" as x;\n");
    scratch_write(&project->scratch, "sys/z.mini", "import \"x.mini\" as x;\n");
    expect(project, "added $/sys/z.mini\nadded inc/x.mini\nadded inc/y.mini\nadded main.mini\n"
                    "added x.mini\n");
    expect_absent(project, "$/sys/x.mini inc/z.mini y.mini z.mini ");
    uint32_t file = file_hash_cache_find(&project->cache, slice_from("main.mini"));
    assert_int_equal(file_hash_cache_targets(&project->cache, file), 3);
    assert_int_equal(project->cache.records[file].import_count, 6);
}

/* An absolute path that begins in the project is a name of its own. */
static void an_absolute_path_is_a_name_of_its_own(void **state)
{
    SampleProject *project = searching(state);
    put_main(project, "import \"x.mini\" as x;\nimport \"sys/x.mini\" as x;\n");
    scratch_write(&project->scratch, "sys/x.mini", "");
    expect(project, "added $/sys/x.mini\nadded main.mini\nadded sys/x.mini\n");
}

static void an_absent_path_is_asked_for_once_by_however_many(void **state)
{
    enum { FILES = 30 };
    SampleProject *project = searching(state);
    ByteBuffer imports = {0};
    for (int i = 0; i < FILES; i++) {
        char name[32];
        snprintf(name, sizeof name, "f%02d.mini", i);
        buffer_put_format(&imports, "import \"%s\" as f%d;\n", name, i);
        scratch_write(&project->scratch, name, "import \"x.mini\" as x;\n"
                                               "import \"y.mini\" as y;\n");
    }
    buffer_put_byte(&imports, '\0');
    put_main(project, imports.data);
    buffer_free(&imports);
    scratch_write(&project->scratch, "sys/x.mini", "");
    scratch_write(&project->scratch, "sys/y.mini", "");
    scratch_settle(&project->scratch);
    for (int threads = 0; threads < 2; threads++) {
        project->executor = threads ? &thread_executor : &executor_serial;
        file_hash_cache_close(&project->cache);
        assert_int_equal(sample_project_discover(project), 0);
        expect_absent(project, "inc/x.mini inc/y.mini x.mini y.mini ");
        assert_int_equal(project->cache.count, FILES + 3);
        assert_int_equal(sample_project_discover(project), 0);
        assert_int_equal(project->found.files_stat, FILES + 3 + 4);
        assert_int_equal(project->found.files_hashed, 0);
    }
}

/* What is asked for in a cold run: each file once by its reader, each candidate once. */
static void a_cold_run_asks_for_each_candidate_once(void **state)
{
    SampleProject *project = searching(state);
    put_main(project, "import \"x.mini\" as x;\nimport \"./x.mini\" as y;\n"
                      "import \"y.mini\" as z;\n");
    scratch_write(&project->scratch, "inc/x.mini", "");
    scratch_write(&project->scratch, "y.mini", "import \"x.mini\" as x;\n");
    expect(project, "added inc/x.mini\nadded main.mini\nadded y.mini\n");
    assert_int_equal(project->found.files_stat, 3 + 3);
}

static void an_import_without_a_file_is_reported(void **state)
{
    SampleProject *project = searching(state);
    put_main(project, "import \"b.mini\" as b;\nimport \"no/../x.mini\" as x;\n");
    assert_int_equal(sample_project_discover(project), -EBADMSG);
    assert_int_equal(project->found.error, 0);
    assert_int_equal(project->diagnostics.count, 1);
    const Diagnostic *diagnostic = &project->diagnostics.items[0];
    assert_string_equal(diagnostic->path.data, "main.mini");
    assert_int_equal(diagnostic->line, 2);
    assert_true(slice_equal(diagnostic->message,
                            slice_from("cannot import \"no/../x.mini\": there is no such file")));
    scratch_write(&project->scratch, "inc/x.mini", "");
    assert_int_equal(sample_project_discover(project), 0);
}

static void an_optional_import_may_lead_nowhere(void **state)
{
    SampleProject *project = searching(state);
    put_main(project, "import \"maybe/x.mini\" as x;\n");
    expect(project, "added main.mini\n");
    assert_false(project->cache.has_gaps);
    assert_int_equal(project->cache.imports[0], FILE_ABSENT);
    assert_int_equal(file_hash_cache_targets(&project->cache, 0), 1);
    expect_absent(project, "$/sys/maybe/x.mini inc/maybe/x.mini maybe/x.mini ");
    expect(project, "same main.mini\n");

    scratch_write(&project->scratch, "inc/maybe/x.mini", "");
    expect(project, "added inc/maybe/x.mini\nredirected main.mini\n");
    expect_absent(project, "maybe/x.mini ");
    remove_file(project, "inc/maybe/x.mini");
    expect(project, "removed inc/maybe/x.mini\nredirected main.mini\n");
    expect_absent(project, "$/sys/maybe/x.mini inc/maybe/x.mini maybe/x.mini ");
}

/* Each of these is there, and none is a file. */
static void what_holds_no_regular_file_is_absent(void **state)
{
    SampleProject *project = searching(state);
    char source[900], long_name[301];
    memset(long_name, 'n', 300);
    long_name[300] = '\0';
    snprintf(source, sizeof source,
             "import \"directory\" as a;\nimport \"dangling\" as b;\nimport \"loop\" as c;\n"
             "import \"b.mini/x\" as d;\nimport \"fifo\" as e;\nimport \"maybe%s\" as f;\n",
             long_name);
    put_main(project, source);
    scratch_write(&project->scratch, "b.mini", "");
    assert_int_equal(mkdirat(project->scratch.fd, "directory", 0777), 0);
    assert_int_equal(mkfifoat(project->scratch.fd, "fifo", 0666), 0);
    make_link(project, "loop", "loop");
    make_link(project, "nothing", "dangling");
    scratch_write(&project->scratch, "inc/directory", "");
    scratch_write(&project->scratch, "inc/dangling", "");
    scratch_write(&project->scratch, "inc/loop", "");
    scratch_write(&project->scratch, "inc/b.mini/x", "");
    scratch_write(&project->scratch, "inc/fifo", "");
    expect(project, "added inc/b.mini/x\nadded inc/dangling\nadded inc/directory\nadded inc/fifo\n"
                    "added inc/loop\nadded main.mini\n");
}

/* Root may look everywhere. */
static int discover_as_a_user(SampleProject *project)
{
    bool is_root = geteuid() == 0;
    assert_int_equal(fchmod(project->scratch.fd, 0777) | fchmod(project->clock.fd, 0777), 0);
    assert_int_equal(is_root ? seteuid(12345) : 0, 0);
    int status = sample_project_discover(project);
    assert_int_equal(is_root ? seteuid(0) : 0, 0);
    return status;
}

/* A file in a place that cannot be looked at may be there: the next place is no answer. */
static void a_place_that_cannot_be_looked_at_is_a_failure(void **state)
{
    SampleProject *project = searching(state);
    put_main(project, "import \"x.mini\" as x;\n");
    scratch_write(&project->scratch, "sys/x.mini", "");
    expect(project, "added $/sys/x.mini\nadded main.mini\n");
    assert_int_equal(mkdirat(project->scratch.fd, "inc", 0), 0);
    for (int cold = 0; cold < 2; cold++) {
        assert_int_equal(discover_as_a_user(project), -EACCES);
        assert_int_equal(project->found.error, -EACCES);
        assert_string_equal(project->found.error_path, "inc/x.mini");
        file_hash_cache_close(&project->cache);
    }
    assert_int_equal(fchmodat(project->scratch.fd, "inc", 0777, 0), 0);
    assert_int_equal(sample_project_discover(project), 0);
}

/* ---- what appears and what goes -------------------------------------------------------------- */

static void a_file_that_appears_redirects_who_asked_for_it(void **state)
{
    SampleProject *project = searching(state);
    put_main(project, "import \"x.mini\" as x;\nimport \"lib/a.mini\" as a;\n");
    scratch_write(&project->scratch, "lib/a.mini", "import \"x.mini\" as x;\n");
    scratch_write(&project->scratch, "inc/x.mini", "");
    expect(project, "added inc/x.mini\nadded lib/a.mini\nadded main.mini\n");
    scratch_write(&project->scratch, "lib/x.mini", "");
    expect(project, "same inc/x.mini\nredirected lib/a.mini\nadded lib/x.mini\nsame main.mini\n");
    assert_int_equal(project->found.files_hashed, 2);
    assert_true(project->found.renumbered);
    expect_absent(project, "x.mini ");

    scratch_write(&project->scratch, "x.mini", "");
    expect(project, "removed inc/x.mini\nsame lib/a.mini\nsame lib/x.mini\n"
                    "redirected main.mini\nadded x.mini\n");
    expect_absent(project, "");
}

static void an_import_falls_through_to_the_next_candidate(void **state)
{
    SampleProject *project = searching(state);
    put_main(project, "import \"x.mini\" as x;\nimport \"lib/a.mini\" as a;\n");
    scratch_write(&project->scratch, "lib/a.mini", "import \"x.mini\" as x;\n");
    scratch_write(&project->scratch, "x.mini", "");
    scratch_write(&project->scratch, "inc/x.mini", "");
    expect(project, "added inc/x.mini\nadded lib/a.mini\nadded main.mini\nadded x.mini\n");
    remove_file(project, "x.mini"); /* the next candidate is part of the program already */
    expect(project, "removed x.mini\nsame inc/x.mini\nsame lib/a.mini\nredirected main.mini\n");
    expect_absent(project, "lib/x.mini x.mini ");
    remove_file(project, "inc/x.mini");
    assert_int_equal(sample_project_discover(project), -EBADMSG);
    assert_int_equal(project->diagnostics.count, 2);
}

static void a_file_that_becomes_a_directory_is_gone(void **state)
{
    SampleProject *project = searching(state);
    put_main(project, "import \"x.mini\" as x;\n");
    scratch_write(&project->scratch, "x.mini", "");
    scratch_write(&project->scratch, "inc/x.mini", "");
    expect(project, "added main.mini\nadded x.mini\n");
    remove_file(project, "x.mini");
    assert_int_equal(mkdirat(project->scratch.fd, "x.mini", 0777), 0);
    expect(project, "removed x.mini\nadded inc/x.mini\nredirected main.mini\n");
    assert_int_equal(unlinkat(project->scratch.fd, "x.mini", AT_REMOVEDIR), 0);
    scratch_write(&project->scratch, "x.mini", "");
    expect(project, "removed inc/x.mini\nredirected main.mini\nadded x.mini\n");
}

static void an_absent_path_whose_directory_appears(void **state)
{
    SampleProject *project = searching(state);
    put_main(project, "import \"x.mini\" as x;\n");
    scratch_write(&project->scratch, "sys/x.mini", "");
    scratch_write(&project->scratch, "elsewhere/x.mini", "");
    expect(project, "added $/sys/x.mini\nadded main.mini\n");
    make_link(project, "elsewhere", "inc");
    expect(project, "removed $/sys/x.mini\nadded inc/x.mini\nredirected main.mini\n");
    remove_file(project, "inc");
    expect(project, "removed inc/x.mini\nadded $/sys/x.mini\nredirected main.mini\n");
    int fd = project->scratch.fd;
    assert_int_equal(renameat(fd, "elsewhere", fd, "inc"), 0);
    expect(project, "removed $/sys/x.mini\nadded inc/x.mini\nredirected main.mini\n");
}

/* The content changed as well: one change, and its imports are those of the new content. */
static void a_changed_file_whose_import_is_redirected_is_changed(void **state)
{
    SampleProject *project = searching(state);
    put_main(project, "import \"x.mini\" as x;\nimport \"y.mini\" as y;\n");
    scratch_write(&project->scratch, "inc/x.mini", "");
    scratch_write(&project->scratch, "inc/y.mini", "");
    expect(project, "added inc/x.mini\nadded inc/y.mini\nadded main.mini\n");
    put_main(project, "import \"x.mini\" as x;\n");
    scratch_write(&project->scratch, "x.mini", "");
    expect(project, "removed inc/x.mini\nremoved inc/y.mini\nchanged main.mini\nadded x.mini\n");
    expect_absent(project, "");
}

/* The recorded numbers are the same, once of an import and once of an absent path. */
static void an_absent_path_that_becomes_an_import_is_seen(void **state)
{
    SampleProject *project = searching(state);
    put_main(project, "import \"x.mini\" as x;\n");
    scratch_write(&project->scratch, "inc/x.mini", "");
    expect(project, "added inc/x.mini\nadded main.mini\n");
    scratch_write(&project->scratch, "x.mini", "");
    put_main(project, "import \"inc/x.mini\" as x;\nimport \"x.mini\" as y;\n");
    expect(project, "same inc/x.mini\nchanged main.mini\nadded x.mini\n");
}

static void trusting_nothing_finds_what_appeared_and_what_went(void **state)
{
    SampleProject *project = searching(state);
    project->trust_nothing = true;
    put_main(project, "import \"x.mini\" as x;\n");
    scratch_write(&project->scratch, "inc/x.mini", "");
    expect(project, "added inc/x.mini\nadded main.mini\n");
    expect(project, "touched inc/x.mini\ntouched main.mini\n");
    scratch_write(&project->scratch, "x.mini", "");
    expect(project, "removed inc/x.mini\nredirected main.mini\nadded x.mini\n");
    remove_file(project, "x.mini");
    expect(project, "removed x.mini\nadded inc/x.mini\nredirected main.mini\n");
}

static void a_language_that_does_not_search_starts_cold(void **state)
{
    SampleProject *project = searching(state);
    put_main(project, "import \"lib/x.mini\" as x;\n");
    scratch_write(&project->scratch, "inc/lib/x.mini", "");
    expect(project, "added inc/lib/x.mini\nadded main.mini\n");
    project->searches = false;
    assert_int_equal(sample_project_discover(project), -EBADMSG);
    assert_int_equal(project->found.last_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_PROJECT(the_first_candidate_that_holds_a_file_is_taken),
        CASE_WITH_PROJECT(an_absolute_path_is_a_name_of_its_own),
        CASE_WITH_PROJECT(an_absent_path_is_asked_for_once_by_however_many),
        CASE_WITH_PROJECT(a_cold_run_asks_for_each_candidate_once),
        CASE_WITH_PROJECT(an_import_without_a_file_is_reported),
        CASE_WITH_PROJECT(an_optional_import_may_lead_nowhere),
        CASE_WITH_PROJECT(what_holds_no_regular_file_is_absent),
        CASE_WITH_PROJECT(a_place_that_cannot_be_looked_at_is_a_failure),
        CASE_WITH_PROJECT(a_file_that_appears_redirects_who_asked_for_it),
        CASE_WITH_PROJECT(an_import_falls_through_to_the_next_candidate),
        CASE_WITH_PROJECT(a_file_that_becomes_a_directory_is_gone),
        CASE_WITH_PROJECT(an_absent_path_whose_directory_appears),
        CASE_WITH_PROJECT(a_changed_file_whose_import_is_redirected_is_changed),
        CASE_WITH_PROJECT(an_absent_path_that_becomes_an_import_is_seen),
        CASE_WITH_PROJECT(trusting_nothing_finds_what_appeared_and_what_went),
        CASE_WITH_PROJECT(a_language_that_does_not_search_starts_cold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
