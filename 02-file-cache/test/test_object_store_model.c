/* SPDX-License-Identifier: MIT */
/*
 * The object store beside a naive model. Sets of keys define everything that a store may do: after
 * each of many random steps it holds what they say and nothing else. Many keys share their low
 * bits, so that probes run into each other and past forgotten keys.
 *
 *     SEED=7 test_object_store_model
 */
#include "opened_store.h"
#include "random_numbers.h"

#include <stdlib.h>
#include <unistd.h>

enum { KEYS = 200, STEPS = 20000 };

typedef struct Model {
    const Scratch *scratch;
    ObjectStore *store;
    Random random;
    bool present[KEYS];   /* can be got now */
    bool committed[KEYS]; /* can be got after reopening */
    bool in_pack[KEYS];   /* ... if the index is lost meanwhile */
    bool pending[KEYS];   /* put since the last commit */
    char payloads[KEYS][256];
} Model;

static Hash128 model_key(uint32_t number)
{
    return (Hash128){number % 9, number};
}

static Slice model_payload(const Model *model, uint32_t number)
{
    return slice_of(model->payloads[number], number * 7 % 256);
}

static void model_put(Model *model, uint32_t number)
{
    Slice payload = model_payload(model, number);
    size_t half = payload.size / 2;
    Slice parts[] = {slice_of(payload.data, half),
                     slice_of(payload.data + half, payload.size - half)};
    if (random_draw(&model->random, 8) == 0)
        object_store_expect(model->store, random_draw(&model->random, 200), NULL);
    if (random_draw(&model->random, 2) == 0)
        object_store_put(model->store, model_key(number), parts, 2);
    else
        object_store_put(model->store, model_key(number), &payload, 1);
    model->pending[number] |= !model->present[number];
    model->present[number] = true;
}

static void model_commit(Model *model)
{
    commit_store(model->store);
    for (uint32_t i = 0; i < KEYS; i++) {
        model->committed[i] = model->present[i];
        model->in_pack[i] |= model->pending[i];
        model->pending[i] = false;
    }
}

static void model_reopen(Model *model, const bool *present)
{
    model->store = reopen_store(model->store, model->scratch);
    memmove(model->present, present, sizeof model->present);
    memcpy(model->committed, model->present, sizeof model->committed);
    memset(model->pending, 0, sizeof model->pending);
    assert_false(object_store_is_damaged(model->store));
}

static void model_lose_index(Model *model)
{
    unlinkat(model->scratch->fd, "s.index", 0);
    model_reopen(model, model->in_pack);
}

/* The pack was written, the index was not. */
static void model_kill_in_commit(Model *model)
{
    if (!scratch_exists(model->scratch, "s.index"))
        return;
    size_t size;
    char *index = scratch_read(model->scratch, "s.index", &size);
    bool expected[KEYS];
    for (uint32_t i = 0; i < KEYS; i++)
        expected[i] = model->committed[i] || model->pending[i];
    model_commit(model);
    scratch_write_bytes(model->scratch, "s.index", slice_of(index, size));
    free(index);
    model_reopen(model, expected);
}

static void model_clear(Model *model)
{
    assert_int_equal(object_store_clear(model->store), 0);
    memset(model->present, 0, sizeof model->present);
    memset(model->committed, 0, sizeof model->committed);
    memset(model->in_pack, 0, sizeof model->in_pack);
    memset(model->pending, 0, sizeof model->pending);
}

static void model_check(const Model *model, uint32_t number)
{
    Slice payload;
    bool found = object_store_get(model->store, model_key(number), &payload);
    assert_int_equal(found, model->present[number]);
    assert_int_equal(object_store_has(model->store, model_key(number)), found);
    if (found)
        assert_true(slice_equal(payload, model_payload(model, number)));
}

static void model_check_all(const Model *model)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < KEYS; i++) {
        model_check(model, i);
        count += model->present[i];
    }
    assert_int_equal(object_store_count(model->store), count);
}

static void model_step(Model *model)
{
    uint32_t dice = random_draw(&model->random, 1000), number = random_draw(&model->random, KEYS);
    if (dice < 400) {
        model_put(model, number);
    } else if (dice < 700) {
        model_check(model, number);
    } else if (dice < 930) {
        object_store_invalidate(model->store, model_key(number));
        model->present[number] = false;
    } else if (dice < 970) {
        model_commit(model);
    } else if (dice < 985) {
        model_reopen(model, model->committed);
        model_check_all(model);
    } else if (dice < 990) {
        model_lose_index(model);
        model_check_all(model);
    } else if (dice < 998) {
        model_kill_in_commit(model);
        model_check_all(model);
    } else {
        model_clear(model);
    }
}

static void test_it_does_what_a_naive_model_does(void **state)
{
    static Model model;
    model.scratch = *state;
    model.random = random_begin();
    for (uint32_t i = 0; i < KEYS; i++)
        memset(model.payloads[i], (int)i, sizeof model.payloads[i]);
    model.store = open_store(model.scratch);
    for (int i = 0; i < STEPS; i++)
        model_step(&model);
    model_check_all(&model);
    object_store_close(model.store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_SCRATCH(test_it_does_what_a_naive_model_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
