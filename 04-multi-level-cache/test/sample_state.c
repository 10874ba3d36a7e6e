/* SPDX-License-Identifier: MIT */
#include "sample_state.h"

static const BinaryFormat FORMAT = {"exmpl", 1};

int try_state(SampleState *state, const Scratch *scratch, const StateRef *ref)
{
    return state_file_load(&state->state, &state->image, scratch->fd, "files", &FORMAT, ref);
}

void open_state(SampleState *state, const Scratch *scratch, const StateRef *ref)
{
    assert_int_equal(try_state(state, scratch, ref), 0);
}

void change_state(SampleState *state, size_t offset, const char *text)
{
    memcpy(state->image.data + offset, text, strlen(text));
    image_mark(&state->image, offset, strlen(text));
}

void commit_state(SampleState *state, StateRef *ref)
{
    assert_int_equal(state_file_commit(&state->state, &state->image, false, ref, NULL), 0);
    state_file_prune(&state->state);
}

void make_state_base(const Scratch *scratch, char letter, StateRef *ref)
{
    SampleState state;
    ByteBuffer bytes = {0};
    buffer_reserve(&bytes, BASE_SIZE);
    memset(bytes.data, letter, BASE_SIZE);
    bytes.size = BASE_SIZE;
    *ref = (StateRef){0};
    open_state(&state, scratch, ref);
    image_replace(&state.image, &bytes);
    assert_null(bytes.data);
    commit_state(&state, ref);
    image_close(&state.image);
}

void make_state_journal(const Scratch *scratch, char letter, const char *text, StateRef *ref)
{
    SampleState state;
    make_state_base(scratch, letter, ref);
    open_state(&state, scratch, ref);
    change_state(&state, 100, text);
    commit_state(&state, ref);
    image_close(&state.image);
}

void expect_state(const Scratch *scratch, const StateRef *ref, size_t offset, const char *expected)
{
    SampleState state;
    open_state(&state, scratch, ref);
    assert_memory_equal(state.image.data + offset, expected, strlen(expected));
    image_close(&state.image);
}

void expect_no_state(const Scratch *scratch, const StateRef *ref, int expected)
{
    SampleState state;
    assert_int_equal(try_state(&state, scratch, ref), expected);
    assert_int_equal(state.image.size, 0);
    image_close(&state.image);
}
