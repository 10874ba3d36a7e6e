/* SPDX-License-Identifier: MIT */
#include "source_place.h"
#include "scratch.h"

#include <stdio.h>
#include <unistd.h>

/* Is `name` below `root`? Both are relative to the scratch directory. */
static void expect_within(const Scratch *scratch, const char *root, const char *name,
                          const char *place)
{
    Arena arena = {0};
    char full_root[512], full_name[512], expected[512];
    snprintf(full_root, sizeof full_root, "%s/%s", scratch->path, root);
    snprintf(full_name, sizeof full_name, "%s/%s", scratch->path, name);
    snprintf(expected, sizeof expected, "%s/%s", scratch->path, place == NULL ? "" : place);
    const char *found = source_place_within(full_root, full_name, &arena);
    if ((found != NULL) != (place != NULL))
        fail_msg("%s in %s: %s", name, root, found == NULL ? "should be within" : found);
    if (place != NULL)
        assert_string_equal(found, expected);
    arena_free(&arena);
}

static void make_tree(const Scratch *scratch)
{
    scratch_write(scratch, "secret", "x");
    scratch_write(scratch, "project/main.mini", "x");
    scratch_write(scratch, "project/lib/a.mini", "x");
    scratch_write(scratch, "project-2/b.mini", "x");
    assert_int_equal(symlinkat("../secret", scratch->fd, "project/link.mini"), 0);
    assert_int_equal(symlinkat("../..", scratch->fd, "project/lib/up"), 0);
    assert_int_equal(symlinkat(scratch->path, scratch->fd, "project/top"), 0);
    assert_int_equal(symlinkat("lib/a.mini", scratch->fd, "project/inner.mini"), 0);
    assert_int_equal(symlinkat("loop", scratch->fd, "project/loop"), 0);
    assert_int_equal(symlinkat("project", scratch->fd, "other"), 0);
}

static void what_counts_is_where_a_file_lies(void **state)
{
    const Scratch *scratch = *state;
    make_tree(scratch);
    expect_within(scratch, "project", "project/main.mini", "project/main.mini");
    expect_within(scratch, "project/", "project/lib/../main.mini", "project/main.mini");
    expect_within(scratch, "project", "project/inner.mini", "project/lib/a.mini");
    expect_within(scratch, "project", "project/lib/up/project/main.mini", "project/main.mini");
    expect_within(scratch, "other", "project/main.mini", "project/main.mini");
    expect_within(scratch, "project", "other/main.mini", "project/main.mini");
    expect_within(scratch, "project/..", "secret", "secret");

    expect_within(scratch, "project", "project/../secret", NULL);
    expect_within(scratch, "project", "project/link.mini", NULL);
    expect_within(scratch, "project", "project/lib/up/secret", NULL);
    expect_within(scratch, "project", "project/top/secret", NULL);
    expect_within(scratch, "project", "project-2/b.mini", NULL);
    expect_within(scratch, "project/lib", "project/main.mini", NULL);
    expect_within(scratch, "project", "project", NULL); /* is not a file in it */
}

static void a_place_that_is_not_known_is_outside(void **state)
{
    const Scratch *scratch = *state;
    make_tree(scratch);
    expect_within(scratch, "project", "project/none.mini", NULL);
    expect_within(scratch, "project", "project/loop", NULL);
    expect_within(scratch, "none", "project/main.mini", NULL);
    expect_within(scratch, "project", "project/main.mini/x", NULL);
}

static void everything_is_below_the_root_of_the_system(void **state)
{
    Arena arena = {0};
    const Scratch *scratch = *state;
    char path[512];
    scratch_write(scratch, "a", "x");
    snprintf(path, sizeof path, "%s/a", scratch->path);
    assert_string_equal(source_place_within("/", path, &arena), path);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(what_counts_is_where_a_file_lies),
        CASE_IN_SCRATCH(a_place_that_is_not_known_is_outside),
        CASE_IN_SCRATCH(everything_is_below_the_root_of_the_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
