/* SPDX-License-Identifier: MIT */
#include "scratch.h"
#include "source_path.h"

#include <stdlib.h>

static void resolved_paths(void **state)
{
    (void)state;
    static const struct {
        const char *importer, *import, *path;
    } cases[] = {
        {"main.mini", "math.mini", "math.mini"},
        {"main.mini", "lib/math.mini", "lib/math.mini"},
        {"lib/a.mini", "b.mini", "lib/b.mini"},
        {"lib/a.mini", "./b.mini", "lib/b.mini"},
        {"lib/a.mini", ".//./b.mini", "lib/b.mini"},
        {"lib/a.mini", "../b.mini", "b.mini"},
        {"lib/net/http.mini", "../json.mini", "lib/json.mini"},
        {"lib/net/http.mini", "../../x/json.mini", "x/json.mini"},
        {"main.mini", "../b.mini", "../b.mini"},
        {"main.mini", "../../b.mini", "../../b.mini"},
        {"lib/a.mini", "../../b.mini", "../b.mini"},
        {"../lib/a.mini", "b.mini", "../lib/b.mini"},
        {"../lib/a.mini", "../b.mini", "../b.mini"},
        {"../lib/a.mini", "../../b.mini", "../../b.mini"},
        {"main.mini", "x/../b.mini", "b.mini"},
        {"main.mini", "x/y/../../b.mini", "b.mini"},
        {"main.mini", "x/../../b.mini", "../b.mini"},
        {"main.mini", "a//b.mini", "a/b.mini"},
        {"main.mini", "...", "..."},
        {"main.mini", "..a/.b", "..a/.b"},
        {"main.mini", ".../../b", "b"},
        {"main.mini", "main.mini", "main.mini"},
        {"lib/a.mini", "../lib/a.mini", "lib/a.mini"},
        {"main.mini", "a\\b c.mini", "a\\b c.mini"},
        {"/usr/a.mini", "b.mini", "/usr/b.mini"},
        {"/usr/x/a.mini", "../../../b.mini", "/b.mini"},
        {"/a.mini", "b.mini", "/b.mini"},
    };
    Arena arena = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Slice path;
        assert_int_equal(source_path_resolve(slice_from(cases[i].importer),
                                             slice_from(cases[i].import), &arena, &path),
                         PATH_OK);
        assert_string_equal(path.data, cases[i].path);
        assert_int_equal(path.size, strlen(cases[i].path));
    }
    arena_free(&arena);
}

static void normalised_paths(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"a.h", "a.h"},           {"./inc//a.h", "inc/a.h"},       {"inc/../a.h", "a.h"},
        {"../a.h", "../a.h"},     {"../x/../../a.h", "../../a.h"}, {"/a.h", "/a.h"},
        {"//usr/./a.h", "/usr/a.h"}, {"/usr/../a.h", "/a.h"},      {"/../../usr/a.h", "/usr/a.h"},
        {"/usr/../../../a", "/a"},
    };
    Arena arena = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Slice path;
        assert_int_equal(source_path_normalize(slice_from(cases[i][0]), &arena, &path), PATH_OK);
        assert_string_equal(path.data, cases[i][1]);
        assert_int_equal(path.size, strlen(cases[i][1]));
    }
    arena_free(&arena);
}

static void paths_that_name_no_file(void **state)
{
    (void)state;
    static const char *const no_file[] = {"", "/", "//", "/.", "/..", "a/", "/usr/", "..", "a/."};
    Arena arena = {0};
    Slice path;
    for (size_t i = 0; i < sizeof no_file / sizeof *no_file; i++)
        assert_int_equal(source_path_normalize(slice_from(no_file[i]), &arena, &path), PATH_EMPTY);
    assert_int_equal(source_path_normalize(slice_of("/\0", 2), &arena, &path), PATH_HAS_NUL);
    char longest[4096];
    memset(longest, 'x', sizeof longest);
    longest[0] = '/';
    assert_int_equal(source_path_normalize(slice_of(longest, 4095), &arena, &path), PATH_OK);
    assert_int_equal(source_path_normalize(slice_of(longest, 4096), &arena, &path), PATH_TOO_LONG);
    arena_free(&arena);
}

static void expect_error(Slice import, PathError expected)
{
    Arena arena = {0};
    Slice path;
    assert_int_equal(source_path_resolve(slice_from("lib/a.mini"), import, &arena, &path),
                     expected);
    arena_free(&arena);
}

static void refused_paths(void **state)
{
    (void)state;
    static const char *const no_file[] = {"", ".", "..", "b/", "b/.", "b/..", "./", "../.."};
    for (size_t i = 0; i < sizeof no_file / sizeof *no_file; i++)
        expect_error(slice_from(no_file[i]), PATH_EMPTY);
    expect_error((Slice){0}, PATH_EMPTY);
    expect_error(slice_from("/b.mini"), PATH_ABSOLUTE);
    expect_error(slice_from("//b.mini"), PATH_ABSOLUTE);
    expect_error(slice_of("b\0.mini", 7), PATH_HAS_NUL);
    expect_error(slice_of("/\0", 2), PATH_HAS_NUL);
}

static void the_longest_path(void **state)
{
    (void)state;
    char import[9000];
    memset(import, 'x', sizeof import);
    expect_error(slice_of(import, 4091), PATH_OK); /* "lib/" and 4091 bytes are 4095 */
    expect_error(slice_of(import, 4092), PATH_TOO_LONG);
    expect_error(slice_of(import, sizeof import), PATH_TOO_LONG);
    for (size_t i = 0; i + 1 < sizeof import; i += 2)
        memcpy(import + i, "./", 2);
    import[sizeof import - 1] = 'x';
    expect_error(slice_of(import, sizeof import), PATH_OK); /* what it names counts: "lib/x" */
}

/* No "." or "//", ".." only in front, and resolving the result again changes nothing. */
static void expect_normal(Slice path)
{
    bool named = false;
    for (size_t i = 0, start = 0; i <= path.size; i++) {
        if (i != path.size && path.data[i] != '/')
            continue;
        Slice part = slice_of(path.data + start, i - start);
        bool up = slice_equal(part, slice_from(".."));
        assert_true(part.size != 0 && !slice_equal(part, slice_from(".")));
        assert_false(up && named);
        named |= !up;
        start = i + 1;
    }
    Arena arena = {0};
    Slice again;
    assert_int_equal(source_path_resolve(slice_from("main.mini"), path, &arena, &again), PATH_OK);
    assert_true(slice_equal(path, again));
    arena_free(&arena);
}

static void random_paths_come_out_normal(void **state)
{
    static const char *const pieces[] = {"a", "b", ".", "..", "/", "/", "/", "c.mini"};
    (void)state;
    srand(1);
    Arena arena = {0};
    Slice importer = slice_from("main.mini");
    for (int round = 0; round < 20000; round++) {
        ByteBuffer import = {0};
        for (int i = rand() % 12; i >= 0; i--)
            buffer_put(&import, slice_from(pieces[rand() % 8]));
        Slice path;
        if (source_path_resolve(importer, buffer_slice(&import), &arena, &path) == PATH_OK) {
            expect_normal(path);
            importer = path.size > 60 ? slice_from("main.mini") : path;
        }
        buffer_free(&import);
    }
    arena_free(&arena);
}

static void every_error_has_a_text(void **state)
{
    (void)state;
    for (int error = PATH_OK; error <= PATH_NOWHERE; error++) {
        const char *text = path_error_text((PathError)error);
        assert_true(strlen(text) > 10);
        for (int other = PATH_OK; other < error; other++)
            assert_string_not_equal(text, path_error_text((PathError)other));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolved_paths),
        cmocka_unit_test(normalised_paths),
        cmocka_unit_test(paths_that_name_no_file),
        cmocka_unit_test(refused_paths),
        cmocka_unit_test(the_longest_path),
        cmocka_unit_test(random_paths_come_out_normal),
        cmocka_unit_test(every_error_has_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
