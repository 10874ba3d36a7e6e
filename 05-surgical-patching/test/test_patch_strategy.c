/* SPDX-License-Identifier: MIT */
/* The decision: each obstacle gives its reason, and the costs decide the rest. */
#include "patch_strategy.h"
#include "scratch.h"

#include <stdio.h>

/* One section of 10,000 changed and kept its size. */
static PatchSituation one_edit(void)
{
    PatchSituation situation = {
        .had_state = true,
        .same_output_path = true,
        .output_exists = true,
        .output_is_plain = true,
        .output_is_writable = true,
        .output_is_whole = true,
        .output_is_untouched = true,
        .writes = 1,
        .bytes_dirty = 1280,
        .bytes_total = 12800000,
        .sections_clean = 9999,
    };
    return situation;
}

static void check(PatchSituation situation, PatchStrategy strategy, PatchReason reason)
{
    PatchReason found = REASON_COUNT;
    assert_int_equal(patch_strategy_choose(&situation, &found), strategy);
    assert_int_equal(found, reason);
}

#define CHECK(change, strategy, reason)       \
    do {                                      \
        PatchSituation s = one_edit();        \
        change;                               \
        check(s, strategy, reason);           \
    } while (0)

static void an_edit_is_patched(void **state)
{
    (void)state;
    CHECK((void)0, PATCH_IN_PLACE, REASON_NONE);
}

static void nothing_to_write_is_up_to_date(void **state)
{
    (void)state;
    CHECK(s.writes = 0, PATCH_UP_TO_DATE, REASON_NONE);
    CHECK(s.writes = 0; s.output_is_plain = false, PATCH_UP_TO_DATE, REASON_NONE);
}

static void each_obstacle_has_its_reason(void **state)
{
    (void)state;
    CHECK(s.forced = true, PATCH_FULL, REASON_FORCED);
    CHECK(s.settings_changed = true, PATCH_FULL, REASON_SETTINGS_CHANGED);
    CHECK(s.had_state = false, PATCH_FULL, REASON_FIRST_BUILD);
    CHECK(s.state_damaged = true, PATCH_REASSEMBLE, REASON_DAMAGED_STATE);
    CHECK(s.last_unfinished = true, PATCH_REASSEMBLE, REASON_LAST_UNFINISHED);
    CHECK(s.same_output_path = false, PATCH_REASSEMBLE, REASON_OTHER_OUTPUT);
    CHECK(s.output_exists = false, PATCH_REASSEMBLE, REASON_NO_OUTPUT);
    CHECK(s.output_is_plain = false, PATCH_REASSEMBLE, REASON_OUTPUT_LINKED);
    CHECK(s.output_is_whole = false, PATCH_REASSEMBLE, REASON_OUTPUT_CHANGED);
    CHECK(s.output_is_writable = false, PATCH_REASSEMBLE, REASON_OUTPUT_READ_ONLY);
    CHECK(s.output_is_in_use = true, PATCH_REASSEMBLE, REASON_OUTPUT_IN_USE);
    CHECK(s.layout_changed = true, PATCH_REASSEMBLE, REASON_LAYOUT_CHANGED);
}

static void files_that_came_or_went_are_no_obstacle(void **state)
{
    (void)state;
    CHECK(s.files_changed = true, PATCH_IN_PLACE, REASON_NONE);
    CHECK(s.writes = 0; s.files_changed = true, PATCH_IN_PLACE, REASON_NONE);
}

static void obstacles_hold_even_if_nothing_is_to_be_written(void **state)
{
    (void)state;
    CHECK(s.writes = 0; s.forced = true, PATCH_FULL, REASON_FORCED);
    CHECK(s.writes = 0; s.last_unfinished = true, PATCH_REASSEMBLE, REASON_LAST_UNFINISHED);
    CHECK(s.writes = 0; s.output_exists = false, PATCH_REASSEMBLE, REASON_NO_OUTPUT);
}

/* Its size is right, so the differences are known: it is patched, and the reason says why. */
static void an_output_changed_in_place_is_patched(void **state)
{
    (void)state;
    CHECK(s.output_is_untouched = false, PATCH_IN_PLACE, REASON_OUTPUT_CHANGED);
}

static void moving_half_of_the_file_is_still_cheaper(void **state)
{
    (void)state;
    CHECK(s.writes = 2; s.moves = 1; s.bytes_moved = s.bytes_total / 2, PATCH_IN_PLACE,
          REASON_NONE);
}

static void writing_most_sections_one_by_one_is_not(void **state)
{
    (void)state;
    CHECK(s.writes = 5000; s.sections_clean = 5000; s.bytes_dirty = 6400000, PATCH_IN_PLACE,
          REASON_NONE);
    CHECK(s.writes = 8000; s.sections_clean = 2000; s.bytes_dirty = 10240000, PATCH_REASSEMBLE,
          REASON_TOO_MANY_CHANGES);
}

/* The sections alone would be patched; the cost of moving the rest tips the balance. */
static void growing_in_many_places_is_not(void **state)
{
    (void)state;
    CHECK(s.writes = 10000; s.moves = 5000; s.sections_clean = 5000; s.bytes_dirty = 6400000;
          s.bytes_moved = 6400000, PATCH_REASSEMBLE, REASON_SECTION_OUTGREW);
}

static void everything_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < REASON_COUNT; i++)
        for (int j = 0; j < i; j++)
            assert_string_not_equal(patch_reason_name((PatchReason)i),
                                    patch_reason_name((PatchReason)j));
    assert_string_equal(patch_strategy_name(PATCH_UP_TO_DATE), "up-to-date");
    assert_string_equal(patch_strategy_name(PATCH_IN_PLACE), "patch");
    assert_string_equal(patch_strategy_name(PATCH_REASSEMBLE), "reassemble");
    assert_string_equal(patch_strategy_name(PATCH_FULL), "full");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_edit_is_patched),
        cmocka_unit_test(nothing_to_write_is_up_to_date),
        cmocka_unit_test(each_obstacle_has_its_reason),
        cmocka_unit_test(files_that_came_or_went_are_no_obstacle),
        cmocka_unit_test(obstacles_hold_even_if_nothing_is_to_be_written),
        cmocka_unit_test(an_output_changed_in_place_is_patched),
        cmocka_unit_test(moving_half_of_the_file_is_still_cheaper),
        cmocka_unit_test(writing_most_sections_one_by_one_is_not),
        cmocka_unit_test(growing_in_many_places_is_not),
        cmocka_unit_test(everything_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
