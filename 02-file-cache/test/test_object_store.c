/* SPDX-License-Identifier: MIT */
/* The object store: what is put can be got, stays, and costs what it should. What damage does is
 * in test_object_store_damage.c. */
#include "object_store.h"
#include "scratch.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static Hash128 key_of(const char *name)
{
    return hash_bytes(slice_from(name));
}

static ObjectStore *open_store(const Scratch *scratch)
{
    ObjectStore *store;
    assert_int_equal(object_store_open(&store, scratch->fd, "s"), 0);
    return store;
}

static void put_text(ObjectStore *store, const char *name, const char *text)
{
    Slice part = slice_from(text);
    object_store_put(store, key_of(name), &part, 1);
}

static uint64_t commit(ObjectStore *store)
{
    uint64_t written = 0;
    assert_int_equal(object_store_commit(store, false, &written), 0);
    return written;
}

static void expect_text(const ObjectStore *store, const char *name, const char *expected)
{
    Slice payload;
    assert_true(object_store_get(store, key_of(name), &payload));
    assert_true(object_store_has(store, key_of(name)));
    assert_int_equal(payload.size, strlen(expected));
    assert_memory_equal(payload.data, expected, payload.size);
}

static void expect_miss(const ObjectStore *store, const char *name)
{
    Slice payload;
    assert_false(object_store_get(store, key_of(name), &payload));
}

static void test_the_example_of_the_header(void **state)
{
    (void)state;
    Scratch scratch;
    scratch_open(&scratch);
    Hash128 key = key_of("key");
    Slice parts[] = {slice_from("one"), slice_from(" and two")}, payload;
    uint64_t written = 0;
    ObjectStore *store;
    if (object_store_open(&store, scratch.fd, "zir") == 0) {
        if (!object_store_get(store, key, &payload))
            object_store_put(store, key, parts, 2);
        object_store_commit(store, false, &written);
        object_store_close(store);
    }
    assert_int_equal(object_store_open(&store, scratch.fd, "zir"), 0);
    assert_true(object_store_get(store, key, &payload));
    assert_true(slice_equal(payload, slice_from("one and two")));
    object_store_close(store);
    scratch_close(&scratch);
}

static void test_what_is_put_can_be_got_before_and_after_the_commit(void **state)
{
    (void)state;
    Scratch scratch;
    scratch_open(&scratch);
    ObjectStore *store = open_store(&scratch);
    expect_miss(store, "a");
    put_text(store, "a", "apple");
    put_text(store, "b", "");
    expect_text(store, "a", "apple");
    expect_text(store, "b", "");
    assert_int_equal(object_store_count(store), 2);
    commit(store);
    put_text(store, "c", "cherry");
    expect_text(store, "a", "apple");
    expect_text(store, "b", "");
    expect_text(store, "c", "cherry");
    commit(store);
    expect_text(store, "c", "cherry");
    object_store_close(store);

    store = open_store(&scratch);
    expect_text(store, "a", "apple");
    expect_text(store, "b", "");
    expect_text(store, "c", "cherry");
    expect_miss(store, "d");
    assert_int_equal(object_store_count(store), 3);
    assert_false(object_store_is_damaged(store));
    object_store_close(store);
    scratch_close(&scratch);
}

static void test_closing_without_a_commit_drops_what_was_put(void **state)
{
    (void)state;
    Scratch scratch;
    scratch_open(&scratch);
    ObjectStore *store = open_store(&scratch);
    put_text(store, "kept", "1");
    commit(store);
    put_text(store, "dropped", "2");
    object_store_close(store);
    store = open_store(&scratch);
    expect_text(store, "kept", "1");
    expect_miss(store, "dropped");
    assert_false(object_store_has(store, key_of("dropped")));
    object_store_close(store);
    scratch_close(&scratch);
}

static void test_a_key_is_stored_once(void **state)
{
    (void)state;
    Scratch scratch;
    scratch_open(&scratch);
    ObjectStore *store = open_store(&scratch);
    put_text(store, "a", "apple");
    expect_text(store, "a", "apple");
    commit(store);
    uint64_t size = object_store_pack_size(store);
    put_text(store, "a", "apple");
    assert_int_equal(commit(store), 0);
    assert_int_equal(object_store_pack_size(store), size);
    assert_int_equal(object_store_count(store), 1);
    object_store_close(store);
    scratch_close(&scratch);
}

static void test_nothing_is_written_without_need(void **state)
{
    (void)state;
    Scratch scratch;
    scratch_open(&scratch);
    ObjectStore *store = open_store(&scratch);
    assert_int_equal(commit(store), 0);
    object_store_close(store);
    assert_false(scratch_exists(&scratch, "s.pack"));
    assert_false(scratch_exists(&scratch, "s.index"));

    store = open_store(&scratch);
    put_text(store, "a", "apple");
    assert_true(commit(store) > 0);
    assert_int_equal(commit(store), 0);
    object_store_close(store);
    store = open_store(&scratch);
    expect_text(store, "a", "apple");
    assert_int_equal(commit(store), 0);
    object_store_close(store);
    scratch_close(&scratch);
}

static void test_a_forgotten_key_is_a_miss(void **state)
{
    (void)state;
    Scratch scratch;
    scratch_open(&scratch);
    ObjectStore *store = open_store(&scratch);
    put_text(store, "a", "apple");
    put_text(store, "b", "banana");
    commit(store);
    object_store_invalidate(store, key_of("a"));
    object_store_invalidate(store, key_of("never put"));
    expect_miss(store, "a");
    expect_text(store, "b", "banana");
    assert_int_equal(object_store_count(store), 1);
    commit(store);
    object_store_close(store);

    store = open_store(&scratch);
    expect_miss(store, "a");
    put_text(store, "a", "apple again");
    expect_text(store, "a", "apple again");
    commit(store);
    object_store_close(store);
    store = open_store(&scratch);
    expect_text(store, "a", "apple again");
    expect_text(store, "b", "banana");
    object_store_close(store);
    scratch_close(&scratch);
}

static void test_other_bytes_take_the_place_of_an_object(void **state)
{
    (void)state;
    Scratch scratch;
    scratch_open(&scratch);
    ObjectStore *store = open_store(&scratch);
    put_text(store, "a", "apple");
    commit(store);
    static const char *const others[] = {"grape", "", "apples", "appl", "apple"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        put_text(store, "a", others[i]);
        expect_text(store, "a", others[i]);
        assert_int_equal(object_store_count(store), 1);
        commit(store);
        object_store_close(store);
        if (i % 2 == 1) /* whoever goes through the records meets the newest one last */
            assert_int_equal(unlinkat(scratch.fd, "s.index", 0), 0);
        store = open_store(&scratch);
        expect_text(store, "a", others[i]);
    }
    object_store_close(store);
    scratch_close(&scratch);
}

static void test_a_cleared_store_is_empty_and_usable(void **state)
{
    (void)state;
    Scratch scratch;
    scratch_open(&scratch);
    ObjectStore *store = open_store(&scratch);
    put_text(store, "a", "apple");
    commit(store);
    put_text(store, "b", "banana");
    assert_int_equal(object_store_clear(store), 0);
    expect_miss(store, "a");
    expect_miss(store, "b");
    assert_int_equal(object_store_count(store), 0);
    assert_false(scratch_exists(&scratch, "s.pack"));
    assert_false(scratch_exists(&scratch, "s.index"));
    put_text(store, "c", "cherry");
    commit(store);
    object_store_close(store);
    store = open_store(&scratch);
    expect_miss(store, "a");
    expect_text(store, "c", "cherry");
    object_store_close(store);
    scratch_close(&scratch);
}

static void test_two_stores_live_in_one_directory(void **state)
{
    (void)state;
    Scratch scratch;
    scratch_open(&scratch);
    ObjectStore *store = open_store(&scratch), *other;
    assert_int_equal(object_store_open(&other, scratch.fd, "other"), 0);
    put_text(store, "a", "apple");
    put_text(other, "a", "other apple");
    assert_int_equal(object_store_commit(store, true, NULL), 0);
    assert_int_equal(object_store_commit(other, true, NULL), 0);
    expect_text(store, "a", "apple");
    expect_text(other, "a", "other apple");
    object_store_close(other);
    object_store_close(store);
    object_store_close(NULL);
    assert_int_equal(object_store_open(&store, scratch.fd,
                                       "a-name-of-more-than-forty-bytes-is-refused"),
                     -ENAMETOOLONG);
    assert_null(store);
    scratch_close(&scratch);
}

/* ---- size ----------------------------------------------------------------------------------- */

static Hash128 key_of_number(uint32_t number)
{
    return hash_bytes(slice_of(&number, sizeof number));
}

static void put_number(ObjectStore *store, uint32_t number, const uint32_t *stored)
{
    Slice part = slice_of(stored, sizeof *stored * (1 + number % 7));
    object_store_put(store, key_of_number(number), &part, 1);
}

static void expect_number(const ObjectStore *store, uint32_t number)
{
    Slice payload;
    uint32_t first;
    assert_true(object_store_get(store, key_of_number(number), &payload));
    assert_int_equal(payload.size, sizeof first * (1 + number % 7));
    memcpy(&first, payload.data, sizeof first);
    assert_int_equal(first, number);
}

static void test_it_grows_to_a_hundred_thousand_objects(void **state)
{
    (void)state;
    enum { COUNT = 100000, COMMITS = 4 };
    Scratch scratch;
    scratch_open(&scratch);
    uint32_t *numbers = malloc((COUNT + 8) * sizeof *numbers);
    assert_non_null(numbers);
    for (uint32_t i = 0; i < COUNT + 8; i++)
        numbers[i] = i;
    ObjectStore *store = open_store(&scratch);
    for (uint32_t i = 0; i < COUNT; i++) {
        put_number(store, i, &numbers[i]);
        if (i % (COUNT / COMMITS) == COUNT / COMMITS - 1)
            commit(store);
    }
    assert_int_equal(object_store_count(store), COUNT);
    for (uint32_t i = 0; i < COUNT; i++)
        expect_number(store, i);
    object_store_close(store);

    store = open_store(&scratch);
    for (uint32_t i = 0; i < COUNT; i++)
        expect_number(store, i);
    put_number(store, COUNT, &numbers[COUNT]);
    assert_in_range(commit(store), 1, 32 + 32 + 32 + 64); /* record, slot, header of the index */
    object_store_close(store);
    store = open_store(&scratch);
    expect_number(store, COUNT);
    expect_number(store, 0);
    assert_int_equal(object_store_count(store), COUNT + 1);
    assert_false(object_store_is_damaged(store));
    object_store_close(store);
    free(numbers);
    scratch_close(&scratch);
}

static void test_large_and_small_payloads_mix(void **state)
{
    (void)state;
    enum { LARGEST = 1 << 20 };
    static const size_t sizes[] = {1, 100000, 0, 32767, 32768, 32769, 15, 16, 17, LARGEST, 3};
    enum { COUNT = sizeof sizes / sizeof *sizes };
    Scratch scratch;
    scratch_open(&scratch);
    char *bytes = malloc(LARGEST);
    assert_non_null(bytes);
    for (size_t i = 0; i < LARGEST; i++)
        bytes[i] = (char)(i * 31 + i / 255);
    ObjectStore *store = open_store(&scratch);
    for (uint32_t i = 0; i < COUNT; i++) {
        Slice part = slice_of(bytes, sizes[i]);
        object_store_put(store, key_of_number(i), &part, 1);
    }
    assert_int_equal(object_store_commit(store, true, NULL), 0);
    for (int reopened = 0; reopened < 2; reopened++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            Slice payload;
            assert_true(object_store_get(store, key_of_number(i), &payload));
            assert_true(slice_equal(payload, slice_of(bytes, sizes[i])));
            assert_int_equal((uintptr_t)payload.data % 16, 0);
        }
        object_store_close(store);
        store = open_store(&scratch);
    }
    object_store_close(store);
    free(bytes);
    scratch_close(&scratch);
}

/* ---- against a model ------------------------------------------------------------------------ */

/* Three sets of keys say all that a store may do. Many keys share their low bits, so that probes
 * run into each other and past forgotten keys. */
enum { KEYS = 200, STEPS = 20000 };

typedef struct Model {
    Scratch scratch;
    ObjectStore *store;
    uint64_t random;
    bool present[KEYS];   /* can be got now */
    bool committed[KEYS]; /* can be got after closing and opening */
    bool in_pack[KEYS];   /* ... if the index is lost in between */
    bool pending[KEYS];   /* put since the last commit */
    char payloads[KEYS][256];
} Model;

static uint32_t next_random(Model *model, uint32_t below)
{
    model->random = model->random * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(model->random >> 33) % below;
}

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
    if (next_random(model, 8) == 0)
        object_store_expect(model->store, next_random(model, 200));
    if (next_random(model, 2) == 0)
        object_store_put(model->store, model_key(number), parts, 2);
    else
        object_store_put(model->store, model_key(number), &payload, 1);
    model->pending[number] |= !model->present[number];
    model->present[number] = true;
}

static void model_commit(Model *model)
{
    assert_int_equal(object_store_commit(model->store, false, NULL), 0);
    for (uint32_t i = 0; i < KEYS; i++) {
        model->committed[i] = model->present[i];
        model->in_pack[i] |= model->pending[i];
        model->pending[i] = false;
    }
}

static void model_reopen(Model *model, const bool *present)
{
    object_store_close(model->store);
    model->store = NULL;
    assert_int_equal(object_store_open(&model->store, model->scratch.fd, "s"), 0);
    memmove(model->present, present, sizeof model->present);
    memcpy(model->committed, model->present, sizeof model->committed);
    memset(model->pending, 0, sizeof model->pending);
    assert_false(object_store_is_damaged(model->store));
}

static void model_lose_index(Model *model)
{
    unlinkat(model->scratch.fd, "s.index", 0);
    model_reopen(model, model->in_pack);
}

/* The pack was written, the index was not. */
static void model_kill_in_commit(Model *model)
{
    if (!scratch_exists(&model->scratch, "s.index"))
        return;
    size_t size;
    char *index = scratch_read(&model->scratch, "s.index", &size);
    bool expected[KEYS];
    for (uint32_t i = 0; i < KEYS; i++)
        expected[i] = model->committed[i] || model->pending[i];
    model_commit(model);
    scratch_write_bytes(&model->scratch, "s.index", slice_of(index, size));
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
    uint32_t dice = next_random(model, 1000), number = next_random(model, KEYS);
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
    (void)state;
    static Model model;
    const char *seed = getenv("SEED");
    model.random = seed != NULL ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
    print_message("SEED=%llu\n", (unsigned long long)model.random);
    scratch_open(&model.scratch);
    for (uint32_t i = 0; i < KEYS; i++)
        memset(model.payloads[i], (int)i, sizeof model.payloads[i]);
    model.store = open_store(&model.scratch);
    for (int i = 0; i < STEPS; i++)
        model_step(&model);
    model_check_all(&model);
    object_store_close(model.store);
    scratch_close(&model.scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_example_of_the_header),
        cmocka_unit_test(test_what_is_put_can_be_got_before_and_after_the_commit),
        cmocka_unit_test(test_closing_without_a_commit_drops_what_was_put),
        cmocka_unit_test(test_a_key_is_stored_once),
        cmocka_unit_test(test_nothing_is_written_without_need),
        cmocka_unit_test(test_a_forgotten_key_is_a_miss),
        cmocka_unit_test(test_other_bytes_take_the_place_of_an_object),
        cmocka_unit_test(test_a_cleared_store_is_empty_and_usable),
        cmocka_unit_test(test_two_stores_live_in_one_directory),
        cmocka_unit_test(test_it_grows_to_a_hundred_thousand_objects),
        cmocka_unit_test(test_large_and_small_payloads_mix),
        cmocka_unit_test(test_it_does_what_a_naive_model_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
