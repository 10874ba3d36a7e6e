/* SPDX-License-Identifier: MIT */
#include "decision_log.h"
#include "cached_codegen.h"
#include "discovery.h"
#include "multi_level_cache.h"
#include "surgical_patch.h"
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
    const struct {
        Decision first, last;
    } floors[] = {{DECISION_FILE_UNCHANGED, DECISION_VALUE_CHANGED},
                  {DECISION_IR_CACHED, DECISION_IR_LOWERED},
                  {DECISION_UNIT_CACHED, DECISION_UNIT_DEPENDENT},
                  {DECISION_STATE_MISSING, DECISION_NOT_COMPACTED},
                  {DECISION_UP_TO_DATE, DECISION_OUTPUT_FULL}};
    unsigned count = 0;
    for (Decision decision = 0; decision < DECISIONS_OF(6); decision++) {
        int level = decision_level(decision), floor = decision / DECISIONS_OF(1) - 1;
        bool is_one = floor >= 0 && decision >= floors[floor].first && decision <= floors[floor].last;
        assert_int_equal(level == 1 || level == 2, is_one);
        if (!is_one)
            continue;
        count++;
        ByteBuffer text = {0};
        decision_format(decision, slice_from("subject"), &text);
        assert_true(text.size > 10 && text.data[0] != ' ');
        assert_int_equal(text.data[text.size - 1], '\n');
        buffer_free(&text);
    }
    assert_int_equal(count, 27);
}

static void lines_name_the_subject_and_the_reason(void **state)
{
    (void)state;
    assert_line(DECISION_FILE_CHANGED, "math.mini", "changed      math.mini\n");
    assert_line(DECISION_UNIT_DIRTY, "math.mini:add",
                "emitted      math.mini:add (its source changed)\n");
    assert_line(DECISION_UNIT_DEPENDENT, "main.mini:main",
                "emitted      main.mini:main (something it names changed)\n");
    assert_line(DECISION_FILE_REDIRECTED, "main.mini",
                "redirected   main.mini (an import leads elsewhere)\n");
    assert_line(DECISION_VALUE_CHANGED, "HOME",
                "value        HOME (another than in the last build)\n");
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
