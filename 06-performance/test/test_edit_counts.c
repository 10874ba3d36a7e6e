/* SPDX-License-Identifier: MIT */
/*
 * What an edit costs, counted: the files hashed and lowered, the functions emitted, the sections
 * written. Each case builds a small Mini project, edits it, builds again, and bounds the work of
 * the second build; its output must be that of a clean build.
 *
 * The edits are those that caches most often miss.
 */
#include "mini_project.h"

#include <fcntl.h>
#include <sys/stat.h>

/* Builds, and compares with a clean build. */
static void rebuild(MiniProject *project)
{
    mini_project_build(project);
    mini_project_expect_clean(project);
}

/* Writes a file as if it had been saved a while ago: its stamp can be trusted. */
static void save(MiniProject *project, const char *name, const char *text)
{
    scratch_write(&project->scratch, name, text);
    scratch_age(&project->scratch, name, 10);
}

static void expect(const MiniProject *project, unsigned hashed, unsigned lowered, unsigned emitted,
                   unsigned written)
{
    assert_int_equal(project->status, BUILD_OK);
    assert_int_equal(project->counts.files_hashed, hashed);
    assert_int_equal(project->counts.files_lowered, lowered);
    assert_int_equal(project->counts.functions_emitted, emitted);
    assert_int_equal(project->patch.sections_written, written);
}

/* main calls two functions of math, which every file imports; other calls one. */
static void write_project(MiniProject *project)
{
    save(project, "main.mini", "import \"math.mini\" as math;\nimport \"other.mini\" as other;\n"
                               "fn main() i32 { print(math.add(1, 2)); print(other.three());\n"
                               "    return math.zero(); }\n"
                               "fn unrelated() i32 { return 1; }\n");
    save(project, "math.mini", "fn add(a: i32, b: i32) i32 { return a + b; }\n"
                               "fn zero() i32 { return 0; }\n"
                               "fn half(x: i32) i32 { return x / 2; }\n");
    save(project, "other.mini", "import \"math.mini\" as math;\n"
                                "fn three() i32 { return math.add(1, 2); }\n"
                                "fn four() i32 { return math.half(8); }\n");
    rebuild(project);
    assert_int_equal(project->counts.functions_total, 7);
    rebuild(project); /* young stamps are trusted from here on */
}

static void test_nothing_changed(void **state)
{
    MiniProject project;
    (void)state;
    mini_project_open(&project);
    write_project(&project);
    rebuild(&project);
    expect(&project, 0, 0, 0, 0);
    assert_int_equal(project.counts.files_stat, 3);
    assert_int_equal(project.counts.declarations_visited, 0);
    assert_int_equal(project.patch.strategy, PATCH_UP_TO_DATE);
    mini_project_close(&project);
}

static void test_touched_file_is_hashed_and_nothing_else(void **state)
{
    MiniProject project;
    (void)state;
    mini_project_open(&project);
    write_project(&project);
    scratch_age(&project.scratch, "math.mini", 5);
    rebuild(&project);
    expect(&project, 1, 0, 0, 0);
    rebuild(&project);
    expect(&project, 0, 0, 0, 0);
    mini_project_close(&project);
}

static void test_body_edit_is_one_function_however_often_imported(void **state)
{
    MiniProject project;
    (void)state;
    mini_project_open(&project);
    write_project(&project);
    save(&project, "math.mini", "fn add(a: i32, b: i32) i32 { return b + a; }\n"
                                "fn zero() i32 { return 0; }\n"
                                "fn half(x: i32) i32 { return x / 2; }\n");
    rebuild(&project);
    expect(&project, 1, 1, 1, 1);
    assert_int_equal(project.counts.declarations_visited, 3);
    assert_int_equal(project.patch.strategy, PATCH_IN_PLACE);
    mini_project_close(&project);
}

static void test_comment_spaces_and_line_ends_cost_no_function(void **state)
{
    MiniProject project;
    (void)state;
    mini_project_open(&project);
    write_project(&project);
    save(&project, "math.mini", "// sums\r\nfn add(a: i32,  b: i32) i32 {\r\n\treturn a + b; }\r\n"
                                "fn zero() i32 { return 0; }\r\n"
                                "fn half(x: i32) i32 { return x / 2; } // rounds\r\n");
    rebuild(&project);
    expect(&project, 1, 1, 0, 0);
    mini_project_close(&project);
}

static void test_signature_edit_emits_exactly_its_users(void **state)
{
    MiniProject project;
    (void)state;
    mini_project_open(&project);
    write_project(&project);
    save(&project, "math.mini", "fn add(a: i32, b: i32) i32 { return a + b; }\n"
                                "fn zero() i32 { return 0; }\n"
                                "fn half(value: i32) i32 { return value / 2; }\n");
    rebuild(&project);
    expect(&project, 1, 1, 2, 2); /* half and four */
    assert_int_equal(project.counts.functions_dirty, 1);
    assert_int_equal(project.counts.functions_dependent, 1);
    mini_project_close(&project);
}

static void test_parameter_type_reaches_callers_whose_text_is_the_same(void **state)
{
    MiniProject project;
    (void)state;
    mini_project_open(&project);
    save(&project, "main.mini", "import \"a.mini\" as a;\n"
                                "fn main() i32 { print(a.twice(4)); return 0; }\n");
    save(&project, "a.mini", "fn twice(x: i32) i32 { return x + x; }\n");
    rebuild(&project);
    save(&project, "a.mini", "fn twice(x: i64) i64 { return x + x; }\n");
    rebuild(&project);
    assert_int_equal(project.counts.functions_emitted, 2);
    mini_project_close(&project);
}

static void test_swapped_parameters_reach_callers(void **state)
{
    MiniProject project;
    (void)state;
    mini_project_open(&project);
    save(&project, "main.mini", "import \"a.mini\" as a;\n"
                                "fn main() i32 { return a.f(4, 2); }\n");
    save(&project, "a.mini", "fn f(x: i32, y: i32) i32 { return x - y; }\n");
    rebuild(&project);
    save(&project, "a.mini", "fn f(y: i32, x: i32) i32 { return x - y; }\n");
    rebuild(&project);
    assert_int_equal(project.counts.functions_emitted, 2);
    mini_project_close(&project);
}

static void test_struct_two_files_away(void **state)
{
    MiniProject project;
    (void)state;
    mini_project_open(&project);
    save(&project, "main.mini", "import \"b.mini\" as b;\n"
                                "fn main() i32 { const o = b.make(); return 0; }\n"
                                "fn other() i32 { return 5; }\n");
    save(&project, "b.mini", "import \"c.mini\" as c;\n"
                             "struct Outer { inner: c.Inner, n: i32 }\n"
                             "fn make() Outer { return Outer{ inner: c.zero(), n: 1 }; }\n");
    save(&project, "c.mini", "struct Inner { x: i32 }\n"
                             "fn zero() Inner { return Inner{ x: 0 }; }\n");
    rebuild(&project);
    save(&project, "c.mini", "struct Inner { x: i64 }\n"
                             "fn zero() Inner { return Inner{ x: 0 }; }\n");
    rebuild(&project);
    assert_int_equal(project.counts.files_lowered, 1);
    assert_int_equal(project.counts.functions_emitted, 3); /* zero, make, main; not other */
    mini_project_close(&project);
}

static void test_constant_two_files_away(void **state)
{
    MiniProject project;
    (void)state;
    mini_project_open(&project);
    save(&project, "main.mini", "import \"b.mini\" as b;\n"
                                "fn main() i32 { return b.limit; }\n");
    save(&project, "b.mini", "import \"c.mini\" as c;\nconst limit: i32 = c.base + 1;\n");
    save(&project, "c.mini", "const base: i32 = 4;\n");
    rebuild(&project);
    save(&project, "c.mini", "const base: i32 = 9;\n");
    rebuild(&project);
    expect(&project, 1, 1, 1, 3);
    mini_project_close(&project);
}

static void test_alias_that_leads_to_another_file(void **state)
{
    MiniProject project;
    (void)state;
    mini_project_open(&project);
    save(&project, "main.mini", "import \"a.mini\" as lib;\nimport \"b.mini\" as unused;\n"
                                "fn main() i32 { return lib.f(); }\n");
    save(&project, "a.mini", "fn f() i32 { return 1; }\n");
    save(&project, "b.mini", "fn f() i32 { return 1; }\n");
    rebuild(&project);
    save(&project, "main.mini", "import \"b.mini\" as lib;\nimport \"a.mini\" as unused;\n"
                                "fn main() i32 { return lib.f(); }\n");
    rebuild(&project);
    assert_int_equal(project.counts.functions_emitted, 1);
    mini_project_close(&project);
}

static void test_name_that_stops_and_starts_to_resolve(void **state)
{
    MiniProject project;
    (void)state;
    mini_project_open(&project);
    save(&project, "main.mini", "import \"a.mini\" as a;\nfn main() i32 { return a.f(); }\n");
    save(&project, "a.mini", "fn f() i32 { return 1; }\n");
    rebuild(&project);
    save(&project, "a.mini", "fn g() i32 { return 1; }\n");
    rebuild(&project);
    assert_int_equal(project.status, BUILD_PROGRAM_WRONG);
    assert_non_null(strstr(project.said.data, "main.mini:2:"));
    save(&project, "a.mini", "fn f() i32 { return 1; }\n");
    rebuild(&project);
    expect(&project, 1, 0, 0, 0); /* unchanged: found by content, nothing to write */
    mini_project_close(&project);
}

static void test_entry_in_one_build_and_import_in_another(void **state)
{
    MiniProject project;
    (void)state;
    mini_project_open(&project);
    save(&project, "main.mini", "fn main() i32 { return 3; }\n");
    save(&project, "second.mini", "import \"main.mini\" as first;\n"
                                  "fn main() i32 { return first.main(); }\n");
    rebuild(&project);
    project.entry = "second.mini";
    rebuild(&project);
    assert_int_equal(project.counts.functions_emitted, 2); /* main.mini:main is not an entry here */
    project.entry = "main.mini";
    rebuild(&project);
    assert_int_equal(project.counts.functions_emitted, 0);
    mini_project_close(&project);
}

static void test_unused_constant_that_becomes_wrong(void **state)
{
    MiniProject project;
    (void)state;
    mini_project_open(&project);
    save(&project, "main.mini", "import \"a.mini\" as a;\nfn main() i32 { return a.f(); }\n");
    save(&project, "a.mini", "fn f() i32 { return 1; }\nconst unused: i32 = 8 / 2;\n");
    rebuild(&project);
    save(&project, "a.mini", "fn f() i32 { return 1; }\nconst unused: i32 = 8 / 0;\n");
    for (int i = 0; i < 2; i++) { /* and is reported again */
        rebuild(&project);
        assert_int_equal(project.status, BUILD_PROGRAM_WRONG);
        assert_non_null(strstr(project.said.data, "a.mini:2:"));
    }
    mini_project_close(&project);
}

static void test_failed_build_between_two_edits(void **state)
{
    MiniProject project;
    (void)state;
    mini_project_open(&project);
    write_project(&project);
    save(&project, "math.mini", "fn add(a: i32, b: i32) i32 { return a - b; }\n"
                                "fn zero() i32 { return nothing; }\n"
                                "fn half(x: i32) i32 { return x / 2; }\n");
    rebuild(&project);
    assert_int_equal(project.status, BUILD_PROGRAM_WRONG);
    save(&project, "math.mini", "fn add(a: i32, b: i32) i32 { return a - b; }\n"
                                "fn zero() i32 { return 0; }\n"
                                "fn half(x: i32) i32 { return x / 2; }\n");
    rebuild(&project);
    expect(&project, 1, 1, 0, 1); /* add was emitted and kept by the failed build */
    mini_project_close(&project);
}

static void test_same_size_edit_with_its_time_restored(void **state)
{
    MiniProject project;
    struct stat before;
    (void)state;
    mini_project_open(&project);
    write_project(&project);
    assert_int_equal(fstatat(project.scratch.fd, "math.mini", &before, 0), 0);
    scratch_write(&project.scratch, "math.mini",
                  "fn add(a: i32, b: i32) i32 { return a - b; }\n"
                  "fn zero() i32 { return 0; }\n"
                  "fn half(x: i32) i32 { return x / 2; }\n");
    struct timespec times[] = {before.st_atim, before.st_mtim};
    assert_int_equal(utimensat(project.scratch.fd, "math.mini", times, 0), 0);
    rebuild(&project);
    assert_int_equal(project.counts.files_hashed, 1);
    assert_int_equal(project.counts.functions_emitted, 1);
    mini_project_close(&project);
}

static void test_settings_switched_back_hit_both_ways(void **state)
{
    MiniProject project;
    ByteBuffer other_prelude = {0};
    (void)state;
    mini_project_open(&project);
    write_project(&project);
    Compiler first = project.compiler;
    assert_int_equal(
        mini_compiler_init(&project.compiler, &(MiniSettings){"wasm32-unknown-unknown"},
                           &other_prelude),
        0);
    Compiler second = project.compiler;
    rebuild(&project);
    assert_int_equal(project.counts.functions_emitted, 7);
    assert_int_equal(project.patch.reason, REASON_SETTINGS_CHANGED);
    project.compiler = first;
    rebuild(&project);
    assert_int_equal(project.counts.functions_emitted, 0);
    assert_int_equal(project.counts.files_lowered, 0);
    project.compiler = second;
    rebuild(&project);
    assert_int_equal(project.counts.functions_emitted, 0);
    assert_int_equal(project.counts.files_lowered, 0);
    buffer_free(&other_prelude);
    mini_project_close(&project);
}

static void test_file_added_and_removed(void **state)
{
    MiniProject project;
    (void)state;
    mini_project_open(&project);
    write_project(&project);
    save(&project, "new.mini", "fn n() i32 { return 1; }\n");
    save(&project, "other.mini", "import \"math.mini\" as math;\nimport \"new.mini\" as new;\n"
                                 "fn three() i32 { return math.add(1, 2); }\n"
                                 "fn four() i32 { return math.half(8) + new.n(); }\n");
    rebuild(&project);
    assert_int_equal(project.counts.files_lowered, 2);
    assert_int_equal(project.counts.functions_emitted, 2);
    assert_int_equal(project.counts.files_added, 1);
    save(&project, "other.mini", "import \"math.mini\" as math;\n"
                                 "fn three() i32 { return math.add(1, 2); }\n"
                                 "fn four() i32 { return math.half(8); }\n");
    rebuild(&project);
    assert_int_equal(project.counts.files_lowered, 0);
    assert_int_equal(project.counts.functions_emitted, 0);
    assert_int_equal(project.counts.files_removed, 1);
    mini_project_close(&project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_changed),
        cmocka_unit_test(test_touched_file_is_hashed_and_nothing_else),
        cmocka_unit_test(test_body_edit_is_one_function_however_often_imported),
        cmocka_unit_test(test_comment_spaces_and_line_ends_cost_no_function),
        cmocka_unit_test(test_signature_edit_emits_exactly_its_users),
        cmocka_unit_test(test_parameter_type_reaches_callers_whose_text_is_the_same),
        cmocka_unit_test(test_swapped_parameters_reach_callers),
        cmocka_unit_test(test_struct_two_files_away),
        cmocka_unit_test(test_constant_two_files_away),
        cmocka_unit_test(test_alias_that_leads_to_another_file),
        cmocka_unit_test(test_name_that_stops_and_starts_to_resolve),
        cmocka_unit_test(test_entry_in_one_build_and_import_in_another),
        cmocka_unit_test(test_unused_constant_that_becomes_wrong),
        cmocka_unit_test(test_failed_build_between_two_edits),
        cmocka_unit_test(test_same_size_edit_with_its_time_restored),
        cmocka_unit_test(test_settings_switched_back_hit_both_ways),
        cmocka_unit_test(test_file_added_and_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
