/* SPDX-License-Identifier: MIT */
#include "scratch.h"
#include "spelling.h"

static void expect_nearest(const char *wrong, const char *const *names, const char *expected)
{
    Spelling spelling = spelling_of(slice_from(wrong));
    for (; *names != NULL; names++)
        spelling_try(&spelling, slice_from(*names));
    assert_true(slice_equal(spelling.best, slice_from(expected)));
}

static void a_near_name(void **state)
{
    (void)state;
    static const char *const names[] = {"return", "while", "length", "a", "ab", "abc", NULL};
    expect_nearest("retrun", names, "return");  /* two letters exchanged */
    expect_nearest("whlie", names, "while");
    expect_nearest("lengt", names, "length");   /* one left out */
    expect_nearest("lengthh", names, "length"); /* one added */
    expect_nearest("lemgth", names, "length");  /* another one */
    expect_nearest("LENGTH", names, "length");
    expect_nearest("bac", names, "abc");
}

static void none_that_is_far(void **state)
{
    (void)state;
    static const char *const names[] = {"return", "while", "b", "bc", NULL};
    expect_nearest("a", names, "");
    expect_nearest("ab", names, ""); /* too short to tell */
    expect_nearest("whl", names, "");
    expect_nearest("", names, "");
    expect_nearest("rtrnn", names, "");
}

static void the_nearest_one_and_of_equals_the_first(void **state)
{
    (void)state;
    static const char *const names[] = {"total_sum", "total_num", "total", NULL};
    expect_nearest("total_bum", names, "total_sum");
    expect_nearest("total_nun", names, "total_num");
    expect_nearest("totla", names, "total");
}

static void long_names(void **state)
{
    (void)state;
    char wrong[SPELLING_MAX_BYTES + 2], name[SPELLING_MAX_BYTES + 2];
    memset(wrong, 'n', sizeof wrong);
    memset(name, 'n', sizeof name);
    name[0] = 'm';
    Spelling spelling = spelling_of(slice_of(wrong, SPELLING_MAX_BYTES));
    spelling_try(&spelling, slice_of(name, SPELLING_MAX_BYTES + 1)); /* too long */
    assert_int_equal(spelling.best.size, 0);
    spelling_try(&spelling, slice_of(name, SPELLING_MAX_BYTES));
    assert_int_equal(spelling.best.size, SPELLING_MAX_BYTES);
    spelling = spelling_of(slice_of(wrong, SPELLING_MAX_BYTES + 1));
    spelling_try(&spelling, slice_of(name, SPELLING_MAX_BYTES));
    assert_int_equal(spelling.best.size, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_near_name),
        cmocka_unit_test(none_that_is_far),
        cmocka_unit_test(the_nearest_one_and_of_equals_the_first),
        cmocka_unit_test(long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
