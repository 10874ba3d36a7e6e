/* SPDX-License-Identifier: MIT */
#include "decision_log.h"
#include "patch_strategy.h"
#include "scratch.h"

static void assert_line(Decision decision, const char *subject, const char *expected)
{
    ByteBuffer text = {0};
    decision_format(decision, slice_from(subject), &text);
    buffer_put_byte(&text, '\0');
    assert_string_equal(text.data, expected);
    buffer_free(&text);
}

static void every_decision_has_a_wording_and_a_level(void **state)
{
    (void)state;
    for (int decision = 0; decision < DECISION_COUNT; decision++) {
        int level = decision_level((Decision)decision);
        assert_true(level == 1 || level == 2);
        ByteBuffer text = {0};
        decision_format((Decision)decision, slice_from("subject"), &text);
        assert_true(text.size > 10 && text.data[0] != ' ');
        assert_int_equal(text.data[text.size - 1], '\n');
        buffer_free(&text);
    }
}

static void lines_name_the_subject_and_the_reason(void **state)
{
    (void)state;
    assert_line(DECISION_FILE_CHANGED, "math.mini", "changed      math.mini\n");
    assert_line(DECISION_UNIT_DIRTY, "math.mini:add",
                "emitted      math.mini:add (its source changed)\n");
    assert_line(DECISION_UNIT_DEPENDENT, "main.mini:main",
                "emitted      main.mini:main (something it names changed)\n");
    assert_line(DECISION_FILE_ADDED, "a\n\033[31m\xff.mini", "added        a??[31m?.mini\n");
    assert_line(DECISION_OUTPUT_PATCHED, "", "output       patch\n");
    assert_line(DECISION_OUTPUT_PATCHED, patch_reason_name(REASON_NONE), "output       patch\n");
    assert_line(DECISION_OUTPUT_REASSEMBLED, "section outgrew its place",
                "output       reassemble: section outgrew its place\n");
}

static void what_was_done_is_level_one_and_what_was_saved_level_two(void **state)
{
    (void)state;
    assert_int_equal(decision_level(DECISION_FILE_CHANGED), 1);
    assert_int_equal(decision_level(DECISION_UNIT_DIRTY), 1);
    assert_int_equal(decision_level(DECISION_OUTPUT_FULL), 1);
    assert_int_equal(decision_level(DECISION_FILE_UNCHANGED), 2);
    assert_int_equal(decision_level(DECISION_UNIT_CACHED), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_decision_has_a_wording_and_a_level),
        cmocka_unit_test(lines_name_the_subject_and_the_reason),
        cmocka_unit_test(what_was_done_is_level_one_and_what_was_saved_level_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
