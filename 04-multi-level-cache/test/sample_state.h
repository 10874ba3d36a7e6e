/* SPDX-License-Identifier: MIT */
/* The state file "files" of a scratch directory, and the small steps that its tests are made of.
 * Each fails the running test if the state file does not play along. */
#ifndef SAMPLE_STATE_H
#define SAMPLE_STATE_H

#include "scratch.h"
#include "state_file.h"

enum { BASE_SIZE = 4096 };

typedef struct SampleState {
    StateFile state;
    Image image;
} SampleState;

/* Generation 1: BASE_SIZE bytes of `letter`, without a journal; and with one of a single entry,
 * `text` at 100. */
void make_state_base(const Scratch *scratch, char letter, StateRef *ref);
void make_state_journal(const Scratch *scratch, char letter, const char *text, StateRef *ref);

/* What state_file_load returns; and the same if that must be 0. The caller closes the image. */
int try_state(SampleState *state, const Scratch *scratch, const StateRef *ref);
void open_state(SampleState *state, const Scratch *scratch, const StateRef *ref);

void change_state(SampleState *state, size_t offset, const char *text);

/* Commits, and prunes what the new ref supersedes. */
void commit_state(SampleState *state, StateRef *ref);

/* What is on disk has `expected` at `offset`; or it cannot be had, for that reason. */
void expect_state(const Scratch *scratch, const StateRef *ref, size_t offset, const char *expected);
void expect_no_state(const Scratch *scratch, const StateRef *ref, int expected);

#endif
