/* SPDX-License-Identifier: MIT */
#include "sample_state.h"

static const BinaryFormat FORMAT = {"exmpl", 1};

int try_state(StateFile *state, const Scratch *scratch, const StateRef *ref)
{
    return state_file_open(state, scratch->fd, "files", &FORMAT, ref);
}

void open_state(StateFile *state, const Scratch *scratch, const StateRef *ref)
{
    assert_int_equal(try_state(state, scratch, ref), 0);
}

void change_state(StateFile *state, size_t offset, const char *text)
{
    memcpy(state->image + offset, text, strlen(text));
    state_file_mark(state, offset, strlen(text));
}

void commit_state(StateFile *state, StateRef *ref)
{
    assert_int_equal(state_file_commit(state, false, ref, NULL), 0);
    state_file_settle(state);
}

void make_state_base(const Scratch *scratch, char letter, StateRef *ref)
{
    StateFile state;
    ByteBuffer image = {0};
    buffer_reserve(&image, BASE_SIZE);
    memset(image.data, letter, BASE_SIZE);
    image.size = BASE_SIZE;
    *ref = (StateRef){0};
    open_state(&state, scratch, ref);
    state_file_replace(&state, &image);
    assert_null(image.data);
    commit_state(&state, ref);
    state_file_close(&state);
}

void make_state_journal(const Scratch *scratch, char letter, const char *text, StateRef *ref)
{
    StateFile state;
    make_state_base(scratch, letter, ref);
    open_state(&state, scratch, ref);
    change_state(&state, 100, text);
    commit_state(&state, ref);
    state_file_close(&state);
}

void expect_state(const Scratch *scratch, const StateRef *ref, size_t offset, const char *expected)
{
    StateFile state;
    open_state(&state, scratch, ref);
    assert_memory_equal(state.image + offset, expected, strlen(expected));
    state_file_close(&state);
}

void expect_no_state(const Scratch *scratch, const StateRef *ref, int expected)
{
    StateFile state;
    assert_int_equal(try_state(&state, scratch, ref), expected);
    assert_int_equal(state.size, 0);
    state_file_close(&state);
}
