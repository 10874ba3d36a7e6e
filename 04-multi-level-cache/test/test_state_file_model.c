/* SPDX-License-Identifier: MIT */
/* A state file beside a naive model, an array of bytes: after each of many random steps the image
 * equals that array, and what a killed process left equals the array of the last commit. */
#include "sample_state.h"

#include <stdlib.h>

typedef struct Model {
    unsigned char bytes[1 << 16];
    size_t size;
} Model;

typedef struct Run {
    const Scratch *scratch;
    SampleState state;
    StateRef manifest; /* the ref in the manifest on disk */
    Model now, committed;
    unsigned seed;
    int step;
} Run;

static void expect_model(const Run *run, const Image *image, const Model *model)
{
    if (image->size != model->size ||
        (model->size != 0 && memcmp(image->data, model->bytes, model->size) != 0))
        fail_msg("seed %u, step %d: the image differs from the model", run->seed, run->step);
}

static void reopen(Run *run)
{
    image_close(&run->state.image);
    run->now = run->committed;
    if (try_state(&run->state, run->scratch, &run->manifest) != 0)
        fail_msg("seed %u, step %d: the state does not load", run->seed, run->step);
}

static void random_change(Run *run)
{
    Model *now = &run->now;
    if (now->size == 0)
        return;
    size_t offset = (size_t)rand() % now->size;
    size_t size = (size_t)rand() % 40;
    if (size > now->size - offset)
        size = now->size - offset;
    for (size_t i = 0; i < size; i++)
        now->bytes[offset + i] = (unsigned char)rand();
    memcpy(run->state.image.data + offset, now->bytes + offset, size);
    image_mark(&run->state.image, offset, size);
}

static void random_append(Run *run)
{
    Model *now = &run->now;
    size_t size = 1 + (size_t)rand() % 60, offset = (now->size + 7) / 8 * 8;
    if (offset + size > sizeof now->bytes)
        return;
    memset(now->bytes + now->size, 0, offset + size - now->size);
    bool zeros = rand() % 3 == 0;
    for (size_t i = 0; i < size && !zeros; i++)
        now->bytes[offset + i] = (unsigned char)rand();
    size_t at = image_append(&run->state.image, zeros ? NULL : now->bytes + offset, size);
    assert_int_equal(at, offset);
    now->size = offset + size;
}

static void random_replace(Run *run)
{
    ByteBuffer bytes = {0};
    run->now.size = (size_t)rand() % 9000;
    for (size_t i = 0; i < run->now.size; i++)
        run->now.bytes[i] = (unsigned char)rand();
    buffer_put(&bytes, slice_of(run->now.bytes, run->now.size));
    image_replace(&run->state.image, &bytes);
}

/* Commits, and perhaps is killed before the manifest is renamed, or before the prune. */
static void random_commit(Run *run)
{
    StateRef next;
    assert_int_equal(state_file_commit(&run->state.state, &run->state.image, false, &next, NULL), 0);
    SampleState old;
    open_state(&old, run->scratch, &run->manifest);
    expect_model(run, &old.image, &run->committed);
    image_close(&old.image);
    if (rand() % 4 == 0) {
        reopen(run);
        return;
    }
    run->manifest = next;
    run->committed = run->now;
    if (rand() % 4 == 0)
        reopen(run);
    else
        state_file_prune(&run->state.state);
}

static void like_a_byte_array(void **state)
{
    enum { SEEDS = 60, STEPS = 200 };
    Run *run = calloc(1, sizeof *run);
    for (unsigned seed = 1; seed <= SEEDS; seed++) {
        Scratch scratch;
        scratch_open(&scratch);
        *run = (Run){.scratch = &scratch, .seed = seed};
        srand(seed);
        reopen(run);
        for (run->step = 0; run->step < STEPS; run->step++) {
            int choice = rand() % 100;
            if (choice < 50)
                random_change(run);
            else if (choice < 70)
                random_append(run);
            else if (choice < 72)
                random_replace(run);
            else if (choice < 95)
                random_commit(run);
            else
                reopen(run);
            expect_model(run, &run->state.image, &run->now);
        }
        image_close(&run->state.image);
        scratch_close(&scratch);
    }
    free(run);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(like_a_byte_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
