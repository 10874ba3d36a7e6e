/* SPDX-License-Identifier: MIT */
/* Each map is one thread's, and any number of threads may make maps at once. What goes wrong then is
 * seen by the thread sanitizer: make test SANITIZE=thread ONLY=test_collections */
#include "collections.h"
#include "content_hash.h"
#include "thread_executor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { MAPS = 64, KEYS = 20 };

typedef struct ByHash {
    Hash128 key;
    unsigned value;
} ByHash;

typedef struct ByName {
    char *key;
    unsigned value;
} ByName;

static Hash128 hash_of(size_t map, unsigned number)
{
    uint64_t words[] = {map, number};
    return hash_bytes(slice_of(words, sizeof words));
}

/* Puts some, changes and looks up each; false if one is missing. */
static bool fill_by_hash(size_t map)
{
    ByHash *made = NULL;
    bool is_right = true;
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < KEYS; i++)
            hmput(made, hash_of(map, i), i + round);
    for (unsigned i = 0; i < KEYS; i++)
        is_right = is_right && hmget(made, hash_of(map, i)) == i + 1;
    is_right = is_right && hmlenu(made) == KEYS && hmgeti(made, hash_of(map, KEYS)) < 0;
    hmfree(made);
    return is_right;
}

static bool fill_by_name(size_t map)
{
    char names[KEYS][32];
    ByName *made = NULL;
    bool is_right = shgeti(made, "nothing yet") < 0; /* which makes a map without a table */
    for (unsigned i = 0; i < KEYS; i++) {
        snprintf(names[i], sizeof names[i], "%zu and %u", map, i);
        shput(made, names[i], i);
    }
    for (unsigned i = 0; i < KEYS; i++)
        is_right = is_right && shget(made, names[i]) == i;
    is_right = is_right && shlenu(made) == KEYS;
    shfree(made);
    return is_right;
}

static void make_maps(void *arg, size_t index, unsigned worker)
{
    bool *is_right = arg;
    (void)worker;
    is_right[index] = fill_by_hash(index) && fill_by_name(index);
}

static void threads_make_maps_at_once(void **state)
{
    bool is_right[MAPS] = {false};
    (void)state;
    executor_run(&thread_executor, MAPS, make_maps, is_right);
    for (unsigned i = 0; i < MAPS; i++)
        assert_true(is_right[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(threads_make_maps_at_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
