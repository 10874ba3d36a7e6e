/* SPDX-License-Identifier: MIT */
/* A state file: what is committed is loaded, at the expected cost. Damage is tested in
 * test_state_file_damage.c, many random steps in test_state_file_model.c. */
#include "sample_state.h"

#include <errno.h>
#include <stdlib.h>

static const BinaryFormat FORMAT = {"exmpl", 1};

static void nothing_was_ever_written(void **state)
{
    Scratch *scratch = *state;
    SampleState file;
    StateRef ref = {0};
    open_state(&file, scratch, &ref);
    assert_int_equal(file.image.size, 0);
    assert_false(image_is_changed(&file.image));
    uint64_t written = 0;
    assert_int_equal(state_file_commit(&file.state, &file.image, false, &ref, &written), 0);
    assert_int_equal(ref.generation + written, 0);
    image_close(&file.image);
    assert_int_equal(state_file_load(&file.state, &file.image, scratch->fd,
                                     "a name that is longer than forty characters", &FORMAT, &ref),
                     -ENAMETOOLONG);
    image_close(&file.image);
}

static void a_small_change_goes_to_the_journal(void **state)
{
    Scratch *scratch = *state;
    StateRef ref;
    make_state_journal(scratch, 'x', "new", &ref);
    assert_int_equal(ref.generation, 1);
    assert_int_equal(ref.base_size, BASE_SIZE);
    assert_int_equal(ref.image_size, BASE_SIZE);
    assert_int_equal(ref.journal_size, 24 + 8);
    assert_true(scratch_exists(scratch, "files.1"));
    assert_true(scratch_exists(scratch, "files.1.journal"));
    expect_state(scratch, &ref, 99, "xnewx");
}

static void an_unchanged_image_is_not_written(void **state)
{
    Scratch *scratch = *state;
    StateRef ref, again;
    make_state_journal(scratch, 'x', "new", &ref);
    SampleState file;
    open_state(&file, scratch, &ref);
    assert_false(image_is_changed(&file.image));
    image_mark(&file.image, 100, 0);
    assert_false(image_is_changed(&file.image));
    uint64_t written = 0;
    assert_int_equal(state_file_commit(&file.state, &file.image, false, &again, &written), 0);
    assert_int_equal(written, 0);
    assert_memory_equal(&again, &ref, sizeof ref);
    image_close(&file.image);
}

static void marks_that_touch_become_one_entry(void **state)
{
    Scratch *scratch = *state;
    StateRef ref;
    make_state_base(scratch, 'x', &ref);
    SampleState file;
    open_state(&file, scratch, &ref);
    change_state(&file, 108, "second..");
    change_state(&file, 100, "first...");
    change_state(&file, 104, "over");
    change_state(&file, 130, "near");
    change_state(&file, 1000, "far");
    uint64_t written = 0;
    assert_int_equal(state_file_commit(&file.state, &file.image, true, &ref, &written), 0);
    assert_int_equal(ref.journal_size, (24 + 40) + (24 + 8));
    assert_int_equal(written, ref.journal_size);
    image_close(&file.image);
    expect_state(scratch, &ref, 100, "firsoversecond..xxxxxxxxxxxxxxnearx");
    expect_state(scratch, &ref, 999, "xfarx");
}

static void a_build_that_did_not_commit_leaves_no_trace(void **state)
{
    Scratch *scratch = *state;
    StateRef ref, lost;
    make_state_journal(scratch, 'x', "new", &ref);
    SampleState file;
    open_state(&file, scratch, &ref);
    change_state(&file, 100, "a change whose manifest is never renamed");
    commit_state(&file, &lost);
    image_close(&file.image);
    expect_state(scratch, &ref, 99, "xnewxx");

    /* The next build overwrites the tail; what remains of it after the new end is ignored. */
    open_state(&file, scratch, &ref);
    change_state(&file, 200, "kept");
    commit_state(&file, &ref);
    image_close(&file.image);
    assert_true(ref.journal_size < lost.journal_size);
    expect_state(scratch, &ref, 99, "xnewxx");
    expect_state(scratch, &ref, 199, "xkeptx");
}

static void a_new_base_after_an_eighth(void **state)
{
    Scratch *scratch = *state;
    StateRef ref, before;
    make_state_base(scratch, 'x', &ref);
    SampleState file;
    open_state(&file, scratch, &ref);
    for (int i = 0; i < 16; i++) { /* 16 * 32 bytes are the eighth exactly */
        change_state(&file, 64 * (size_t)i, "edit");
        before = ref;
        commit_state(&file, &ref);
        assert_int_equal(ref.generation, 1);
        assert_int_equal(ref.journal_size, before.journal_size + 32);
    }
    change_state(&file, 2000, "last");
    before = ref;
    assert_int_equal(state_file_commit(&file.state, &file.image, false, &ref, NULL), 0);
    assert_int_equal(ref.generation, 2);
    assert_int_equal(ref.journal_size, 0);

    expect_state(scratch, &before, 2000, "xxxx"); /* both exist until the prune */
    expect_state(scratch, &ref, 2000, "last");
    state_file_prune(&file.state);
    assert_false(scratch_exists(scratch, "files.1"));
    assert_false(scratch_exists(scratch, "files.1.journal"));
    expect_state(scratch, &ref, 0, "edit");
    expect_state(scratch, &ref, 2000, "last");
    image_close(&file.image);
}

static void the_image_grows_beyond_its_mapping(void **state)
{
    Scratch *scratch = *state;
    StateRef ref;
    make_state_base(scratch, 'x', &ref);
    SampleState file;
    open_state(&file, scratch, &ref);
    assert_int_equal(image_append(&file.image, "tail", 3), BASE_SIZE);
    assert_int_equal(image_append(&file.image, NULL, 5), BASE_SIZE + 8);
    assert_int_equal(image_append(&file.image, "", 0), BASE_SIZE + 16);
    commit_state(&file, &ref);
    assert_int_equal(ref.generation, 1);
    assert_int_equal(ref.image_size, BASE_SIZE + 13);
    expect_state(scratch, &ref, BASE_SIZE - 1, "xtai");
    char *block = calloc(1, 3000000);
    memset(block, 'b', 3000000);
    size_t place = image_append(&file.image, block, 3000000);
    assert_int_equal(place, BASE_SIZE + 16);
    assert_memory_equal(file.image.data + BASE_SIZE, "tai\0\0\0\0\0\0\0\0\0\0\0\0\0b", 17);
    commit_state(&file, &ref);
    assert_int_equal(ref.generation, 2);
    expect_state(scratch, &ref, place + 2999996, "bbbb");
    image_close(&file.image);
    free(block);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(nothing_was_ever_written),
        CASE_IN_SCRATCH(a_small_change_goes_to_the_journal),
        CASE_IN_SCRATCH(an_unchanged_image_is_not_written),
        CASE_IN_SCRATCH(marks_that_touch_become_one_entry),
        CASE_IN_SCRATCH(a_build_that_did_not_commit_leaves_no_trace),
        CASE_IN_SCRATCH(a_new_base_after_an_eighth),
        CASE_IN_SCRATCH(the_image_grows_beyond_its_mapping),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
