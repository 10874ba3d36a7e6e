/* SPDX-License-Identifier: MIT */
/*
 * Sources crafted to have equal hashes, and a cache that built one of them: the other is still
 * another program. Every separately hashed part of a source has its turn: the file, a body, an
 * interface, a line of the prelude.
 */
#include "colliding_texts.h"
#include "line_project.h"

#include <stdlib.h>

typedef struct Pair {
    char one[COLLIDING_SIZE + 1], other[COLLIDING_SIZE + 1];
} Pair;

static Pair pair_at(size_t offset)
{
    Pair pair = {{0}, {0}};
    colliding_texts_make(pair.one, pair.other, offset);
    return pair;
}

static void write_source(const LineProject *project, const char *name, const char *before,
                         const char *text, const char *after)
{
    ByteBuffer source = {0};
    const char *const parts[] = {before, text, after, "\n"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        buffer_put(&source, slice_from(parts[i]));
    scratch_write_bytes(&project->scratch, name, buffer_slice(&source));
    buffer_free(&source);
}

/* Builds with one, then with the other: each time as if from nothing. `offset` is the offset of the
 * texts in the hashed bytes. */
static void expect_both(const char *before, size_t offset, const char *after)
{
    LineProject project;
    Pair pair = pair_at(offset);
    const char *texts[] = {pair.one, pair.other, pair.one};
    line_project_open(&project);
    scratch_write(&project.scratch, "main.line", "import \"a.line\" as a\nunit main calls $a.f\n");
    for (size_t i = 0; i < 3; i++) {
        write_source(&project, "a.line", before, texts[i], after);
        LineRun run = line_project_build(&project, (LineRequest){0});
        assert_string_equal(run.diagnostics.data, "");
        assert_false(run.is_unchanged);
        line_run_free(&run);
        line_project_expect_clean(&project, (LineRequest){0});
    }
    line_project_close(&project);
}

static void expect_public_collision(size_t offset, Slice before)
{
    Pair pair = pair_at(offset);
    ByteBuffer one = {0}, other = {0};
    assert_int_equal(before.size, offset);
    buffer_put(&one, before);
    buffer_put(&one, slice_from(pair.one));
    buffer_put(&other, before);
    buffer_put(&other, slice_from(pair.other));
    assert_false(slice_equal(buffer_slice(&one), buffer_slice(&other)));
    assert_true(hash_equal(hash_bytes(buffer_slice(&one)), hash_bytes(buffer_slice(&other))));
    buffer_free(&one);
    buffer_free(&other);
}

static void test_two_files(void **state)
{
    (void)state;
    const char before[] = "unit f ";
    expect_public_collision(sizeof before - 1, slice_from(before));
    expect_both(before, sizeof before - 1, "");
}

static void test_two_bodies(void **state)
{
    (void)state;
    expect_public_collision(0, slice_from(""));
    expect_both("unit f ", 0, "");
}

/* The hashed bytes of an interface: the sizes of name and parameters, then both. */
static void test_two_interfaces(void **state)
{
    (void)state;
    enum { OFFSET = sizeof(uint32_t) + 1 + sizeof(uint32_t) };
    const char before[OFFSET] = {1, 0, 0, 0, 'f', (char)(COLLIDING_SIZE & 255),
                                 COLLIDING_SIZE >> 8};
    expect_public_collision(OFFSET, slice_of(before, OFFSET));
    expect_both("unit f(", OFFSET, ") body");
}

/* The unit itself is untouched: only the prelude has another line. */
static void test_two_lines_of_the_prelude(void **state)
{
    (void)state;
    enum { OFFSET = sizeof(uint32_t) + 1 + sizeof(uint32_t) };
    expect_both("unit f body\ndeclare s ", OFFSET, "");
}

/* Objects are shared by all programs that use a cache. */
static void test_two_programs_that_share_a_cache(void **state)
{
    (void)state;
    const char before[] = "unit main ";
    LineProject project;
    Pair pair = pair_at(sizeof before - 1);
    line_project_open(&project);
    write_source(&project, "a.line", before, pair.one, "");
    write_source(&project, "b.line", before, pair.other, "");
    const char *const entries[] = {"a.line", "b.line"};
    for (size_t i = 0; i < 2; i++) {
        LineRun run = line_project_build(&project, (LineRequest){.entry = entries[i]});
        assert_string_equal(run.diagnostics.data, "");
        line_run_free(&run);
        assert_non_null(strstr(line_output_section(&project.output, entries[i]),
                               i == 0 ? pair.one : pair.other));
    }
    line_project_close(&project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_files),
        cmocka_unit_test(test_two_bodies),
        cmocka_unit_test(test_two_interfaces),
        cmocka_unit_test(test_two_lines_of_the_prelude),
        cmocka_unit_test(test_two_programs_that_share_a_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
