/* SPDX-License-Identifier: MIT */
/* The state file "files" of a scratch directory, and the small steps of its tests. Each step fails
 * the running test if the state file does not behave. */
#ifndef SAMPLE_STATE_H
#define SAMPLE_STATE_H

#include "scratch.h"
#include "state_file.h"

enum { BASE_SIZE = 4096 };

typedef struct SampleState {
    StateFile state;
    Image image;
} SampleState;

/* Generation 1: BASE_SIZE bytes of `letter`, without a journal; and with a journal of one entry,
 * `text` at 100. */
void make_state_base(const Scratch *scratch, char letter, StateRef *ref);
void make_state_journal(const Scratch *scratch, char letter, const char *text, StateRef *ref);

/* What state_file_load returns; the second requires 0. The caller closes the image. */
int try_state(SampleState *state, const Scratch *scratch, const StateRef *ref);
void open_state(SampleState *state, const Scratch *scratch, const StateRef *ref);

void change_state(SampleState *state, size_t offset, const char *text);

/* Commits, and prunes what the new ref supersedes. */
void commit_state(SampleState *state, StateRef *ref);

/* The state on disk has `expected` at `offset`; or it cannot be loaded, for that reason. */
void expect_state(const Scratch *scratch, const StateRef *ref, size_t offset, const char *expected);
void expect_no_state(const Scratch *scratch, const StateRef *ref, int expected);

#endif
