/* SPDX-License-Identifier: MIT */
/* Compaction: what is live stays, of the rest the newest; and a process that is killed in between,
 * or a disk that is full, loses nothing that is live. */
#include "object_store.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { OBJECTS = 16, PAYLOAD = 100, EXTENT = 32 + 112, HEADER = 32 };

static Hash128 key_of(uint32_t number)
{
    return hash_bytes(slice_of(&number, sizeof number));
}

/* The payload of an object: its number and its version, in words. */
static Slice payload_of(uint32_t number, uint32_t version, char bytes[PAYLOAD])
{
    memset(bytes, 'a' + (int)(number % 26), PAYLOAD);
    snprintf(bytes, PAYLOAD, "object %u, version %u", (unsigned)number, (unsigned)version);
    return slice_of(bytes, PAYLOAD);
}

static void put(ObjectStore *store, uint32_t number, uint32_t version)
{
    char bytes[PAYLOAD];
    Slice parts[] = {payload_of(number, version, bytes), {"", 0}};
    object_store_put(store, key_of(number), parts, 2); /* two parts are copied */
}

static bool has(const ObjectStore *store, uint32_t number, uint32_t version)
{
    char bytes[PAYLOAD];
    Slice payload;
    if (!object_store_get(store, key_of(number), &payload))
        return false;
    assert_true(slice_equal(payload, payload_of(number, version, bytes)));
    return true;
}

static ObjectStore *open_store(const Scratch *scratch)
{
    ObjectStore *store;
    assert_int_equal(object_store_open(&store, scratch->fd, "s"), 0);
    return store;
}

static void commit(ObjectStore *store)
{
    assert_int_equal(object_store_commit(store, false, NULL), 0);
}

/* Bit i of the mask: object i is live. */
static bool is_live(void *context, Hash128 key)
{
    const uint32_t *mask = context;
    for (uint32_t i = 0; i < OBJECTS; i++)
        if ((*mask >> i & 1) != 0 && hash_equal(key, key_of(i)))
            return true;
    return false;
}

static int compact(ObjectStore *store, uint32_t live, unsigned target_objects)
{
    return object_store_compact(store, HEADER + (uint64_t)target_objects * EXTENT, is_live, &live,
                                false, NULL);
}

/* A store with all objects, in the order of their numbers, half of them in a second commit. */
static ObjectStore *make_store(const Scratch *scratch)
{
    ObjectStore *store = open_store(scratch);
    for (uint32_t i = 0; i < OBJECTS; i++) {
        put(store, i, 0);
        if (i == OBJECTS / 2)
            commit(store);
    }
    commit(store);
    assert_int_equal(object_store_pack_size(store), HEADER + OBJECTS * EXTENT);
    return store;
}

static uint32_t mask_of(const ObjectStore *store)
{
    uint32_t mask = 0;
    for (uint32_t i = 0; i < OBJECTS; i++)
        mask |= (uint32_t)has(store, i, 0) << i;
    return mask;
}

static int setup(void **state)
{
    Scratch *scratch = malloc(sizeof *scratch);
    scratch_open(scratch);
    *state = scratch;
    return 0;
}

static int teardown(void **state)
{
    scratch_close(*state);
    free(*state);
    return 0;
}

/* ---- what stays ---------------------------------------------------------------------------- */

static void test_the_live_and_the_newest_stay(void **state)
{
    static const struct {
        uint32_t live;
        unsigned target;
        uint32_t expected;
    } cases[] = {
        {0x0000, 0, 0x0000},  /* nothing is used, nothing is wanted */
        {0x0000, 4, 0xF000},  /* the newest four */
        {0x000F, 0, 0x000F},  /* the live, whatever the target */
        {0x000F, 6, 0xC00F},  /* the live, and the newest two */
        {0x8001, 3, 0xC001},
        {0x5555, 9, 0xD555},
        {0xFFFF, 0, 0xFFFF},
        {0x0000, 16, 0xFFFF},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ObjectStore *store = make_store(*state);
        assert_int_equal(compact(store, cases[i].live, cases[i].target), 0);
        assert_int_equal(mask_of(store), cases[i].expected);
        uint64_t count = object_store_count(store);
        assert_int_equal(object_store_pack_size(store), HEADER + count * EXTENT);
        object_store_close(store);

        store = open_store(*state);
        assert_int_equal(mask_of(store), cases[i].expected);
        assert_int_equal(object_store_count(store), count);
        assert_false(object_store_is_damaged(store));
        assert_false(object_store_lost_index(store));
        assert_int_equal(object_store_clear(store), 0);
        object_store_close(store);
    }
}

/* The oldest go first: a small one does not outlive a newer one that is too large. */
static void test_age_decides_and_not_size(void **state)
{
    char bytes[2000] = {0};
    Slice large = slice_of(bytes, sizeof bytes);
    ObjectStore *store = make_store(*state);
    object_store_put(store, key_of(OBJECTS), &large, 1);
    commit(store);
    put(store, OBJECTS + 1, 0);
    assert_int_equal(compact(store, 0x0001, 4), 0);
    assert_int_equal(mask_of(store), 0x0001);
    assert_true(has(store, OBJECTS + 1, 0));
    assert_int_equal(object_store_count(store), 2);
    object_store_close(store);
}

static void test_a_compacted_store_works_as_any_other(void **state)
{
    ObjectStore *store = make_store(*state);
    assert_int_equal(compact(store, 0x0101, 0), 0);
    put(store, 3, 0);
    assert_true(has(store, 3, 0)); /* before the commit, too */
    commit(store);
    assert_int_equal(compact(store, 0x0100, 2), 0);
    assert_int_equal(mask_of(store), 0x0108);
    put(store, 4, 0);
    commit(store);
    object_store_close(store);
    store = open_store(*state);
    assert_int_equal(mask_of(store), 0x0118);
    object_store_close(store);
}

static void test_what_was_put_is_committed_first(void **state)
{
    ObjectStore *store = open_store(*state);
    put(store, 1, 0);
    put(store, 2, 0);
    assert_int_equal(compact(store, 1u << 1, 0), 0);
    object_store_close(store);
    store = open_store(*state);
    assert_int_equal(mask_of(store), 1u << 1);
    object_store_close(store);
}

static void test_nothing_to_gain_writes_nothing(void **state)
{
    uint64_t written = 0;
    uint32_t all = 0xFFFF;
    ObjectStore *store = make_store(*state);
    assert_int_equal(object_store_compact(store, 0, is_live, &all, false, &written), 0);
    assert_int_equal(written, 0);
    object_store_close(store);
    assert_int_equal(unlinkat(((Scratch *)*state)->fd, "s.pack", 0), 0);
    store = open_store(*state);
    assert_int_equal(object_store_compact(store, 0, is_live, &all, false, &written), 0);
    object_store_close(store);
    assert_false(scratch_exists(*state, "s.pack"));
}

static void test_payloads_stay_valid(void **state)
{
    char bytes[PAYLOAD];
    Slice before;
    ObjectStore *store = make_store(*state);
    assert_true(object_store_get(store, key_of(2), &before));
    assert_int_equal(compact(store, 0, 3), 0);
    assert_int_equal(compact(store, 0, 1), 0);
    assert_false(has(store, 2, 0));
    assert_true(slice_equal(before, payload_of(2, 0, bytes)));
    object_store_close(store);
}

static void test_the_forgotten_do_not_come_back(void **state)
{
    ObjectStore *store = make_store(*state);
    object_store_invalidate(store, key_of(5));
    object_store_invalidate(store, key_of(6));
    put(store, 6, 1); /* the record with version 0 is still there, older */
    assert_int_equal(compact(store, 0x00FF, 8), 0);
    assert_false(has(store, 5, 0));
    assert_true(has(store, 6, 1));
    object_store_close(store);
    assert_int_equal(unlinkat(((Scratch *)*state)->fd, "s.index", 0), 0);
    store = open_store(*state); /* and not even without an index */
    assert_false(has(store, 5, 0));
    assert_true(has(store, 6, 1));
    object_store_close(store);
}

static void test_a_damaged_record_goes_and_hides_no_other(void **state)
{
    static const off_t places[] = {40, 3, 28}; /* of payload, key and header checksum */
    const Scratch *scratch = *state;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        ObjectStore *store = make_store(scratch);
        char byte;
        off_t place = HEADER + 7 * EXTENT + places[i];
        int fd = openat(scratch->fd, "s.pack", O_RDWR);
        assert_int_equal(pread(fd, &byte, 1, place), 1);
        byte = (char)(byte ^ 4);
        assert_int_equal(pwrite(fd, &byte, 1, place), 1);
        close(fd);
        assert_int_equal(object_store_count_damaged(store), 1);
        assert_int_equal(compact(store, 0xFFFE, 0), 0);
        uint32_t expected = places[i] == 28 ? 0xFFFE : 0xFF7E; /* a payload that is right stays */
        assert_int_equal(mask_of(store), expected);
        assert_int_equal(object_store_count_damaged(store), 0);
        assert_int_equal(object_store_clear(store), 0);
        object_store_close(store);
    }
}

/* ---- killed, refused ------------------------------------------------------------------------ */

static Slice read_file(const Scratch *scratch, const char *name)
{
    size_t size;
    char *bytes = scratch_read(scratch, name, &size);
    return slice_of(bytes, size);
}

static void set_file(const Scratch *scratch, const char *name, const Slice *bytes)
{
    unlinkat(scratch->fd, name, 0);
    if (bytes != NULL)
        scratch_write_bytes(scratch, name, *bytes);
}

/* The files as they are between any two steps of object_compaction.c; and an index that stayed
 * beside the new pack, which only a disk that loses writes can leave. */
static void test_killed_between_any_two_steps(void **state)
{
    const Scratch *scratch = *state;
    const uint32_t live = 0x0A0A;
    ObjectStore *store = make_store(scratch);
    object_store_close(store);
    Slice old_pack = read_file(scratch, "s.pack"), old_index = read_file(scratch, "s.index");
    store = open_store(scratch);
    assert_int_equal(compact(store, live, 6), 0);
    object_store_close(store);
    Slice pack = read_file(scratch, "s.pack"), index = read_file(scratch, "s.index");
    Slice torn = slice_of(pack.data, pack.size / 2);
    const struct {
        const Slice *pack, *index, *temporary;
        bool is_normal;
    } cases[] = {
        {&old_pack, &old_index, &torn, true}, {&old_pack, &old_index, &pack, true},
        {&old_pack, NULL, &pack, true},       {&pack, NULL, NULL, true},
        {&pack, &index, NULL, true},          {&pack, &old_index, NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        set_file(scratch, "s.pack", cases[i].pack);
        set_file(scratch, "s.index", cases[i].index);
        set_file(scratch, "s.pack.tmp", cases[i].temporary);
        store = open_store(scratch);
        assert_int_equal(mask_of(store) & live, live);
        if (cases[i].is_normal)
            assert_false(object_store_is_damaged(store));
        assert_int_equal(compact(store, live, 4), 0);
        assert_int_equal(mask_of(store), live);
        assert_false(scratch_exists(scratch, "s.pack.tmp"));
        object_store_close(store);
    }
    free((char *)old_pack.data);
    free((char *)old_index.data);
    free((char *)pack.data);
    free((char *)index.data);
}

static void expect_nothing_lost(const Scratch *scratch, ObjectStore *store)
{
    assert_int_equal(mask_of(store), 0xFFFF);
    object_store_close(store);
    store = open_store(scratch);
    assert_int_equal(mask_of(store), 0xFFFF);
    assert_int_equal(compact(store, 0x00FF, 0), 0);
    assert_int_equal(mask_of(store), 0x00FF);
    object_store_close(store);
}

static void test_a_full_disk_loses_nothing(void **state)
{
    const Scratch *scratch = *state;
    ObjectStore *store = make_store(scratch);
    struct rlimit old, limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    limit = (struct rlimit){HEADER + 3 * EXTENT, old.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(compact(store, 0x00FF, 0), -EFBIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_false(scratch_exists(scratch, "s.pack.tmp"));
    expect_nothing_lost(scratch, store);
}

static void test_a_directory_in_the_way_loses_nothing(void **state)
{
    static const char *const names[] = {"s.pack.tmp", "s.index.tmp"};
    const Scratch *scratch = *state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ObjectStore *store = make_store(scratch);
        assert_int_equal(mkdirat(scratch->fd, names[i], 0777), 0);
        assert_true(compact(store, 0xFFFE, 0) < 0);
        assert_int_equal(mask_of(store) & 0xFFFE, 0xFFFE);
        object_store_close(store);
        assert_int_equal(unlinkat(scratch->fd, names[i], AT_REMOVEDIR), 0);
        store = open_store(scratch);
        assert_int_equal(mask_of(store) & 0xFFFE, 0xFFFE);
        assert_int_equal(object_store_clear(store), 0);
        object_store_close(store);
    }
}

/* What is mapped can be got even when the name leads elsewhere. */
static void test_a_pack_that_cannot_be_replaced_loses_nothing(void **state)
{
    const Scratch *scratch = *state;
    ObjectStore *store = make_store(scratch);
    assert_int_equal(unlinkat(scratch->fd, "s.pack", 0), 0);
    assert_int_equal(mkdirat(scratch->fd, "s.pack", 0777), 0);
    assert_int_equal(compact(store, 0x00FF, 0), -EISDIR);
    assert_int_equal(mask_of(store), 0xFFFF);
    assert_false(scratch_exists(scratch, "s.pack.tmp"));
    object_store_close(store);
}

/* ---- stores that write nothing --------------------------------------------------------------- */

static void test_other_stores_are_left_alone(void **state)
{
    const Scratch *scratch = *state;
    ObjectStore *store = make_store(scratch);
    object_store_close(store);
    Slice before = read_file(scratch, "s.pack");
    assert_int_equal(object_store_open_read_only(&store, scratch->fd, "s"), 0);
    assert_int_equal(compact(store, 0, 0), -EROFS);
    object_store_close(store);
    Slice after = read_file(scratch, "s.pack");
    assert_true(slice_equal(before, after));
    store = object_store_make_in_memory();
    put(store, 1, 0);
    assert_int_equal(compact(store, 0, 0), 0);
    assert_true(has(store, 1, 0));
    object_store_close(store);
    free((char *)before.data);
    free((char *)after.data);
}

/* ---- against a naive model ------------------------------------------------------------------- */

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*seed >> 33);
}

/* Random puts, reopens and compactions: what is live in each of them is never lost. An object that
 * was not live may go, and is put again. */
static void test_random_compactions_lose_nothing_live(void **state)
{
    const Scratch *scratch = *state;
    const char *given = getenv("SEED");
    uint64_t seed = given == NULL ? (uint64_t)time(NULL) : strtoull(given, NULL, 10);
    print_message("SEED=%llu\n", (unsigned long long)seed);
    ObjectStore *store = open_store(scratch);
    uint32_t present = 0, dropped = 0;
    for (int step = 0; step < 2000; step++) {
        uint32_t number = next_random(&seed) % OBJECTS;
        switch (next_random(&seed) % 8) {
        case 0:
            object_store_close(store); /* also without a commit */
            store = open_store(scratch);
            present &= mask_of(store);
            break;
        case 1: {
            uint32_t live = present & next_random(&seed), before = mask_of(store);
            assert_int_equal(compact(store, live, next_random(&seed) % OBJECTS), 0);
            uint32_t after = mask_of(store);
            assert_int_equal(after & live, live);
            assert_int_equal(after & ~before, 0);
            dropped += after != before;
            present &= after;
            break;
        }
        case 2:
        case 3:
            commit(store);
            present = mask_of(store);
            break;
        default: put(store, number, 0);
        }
        assert_int_equal(mask_of(store) & present, present);
    }
    assert_true(dropped > 10);
    object_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_the_live_and_the_newest_stay),
        TEST(test_age_decides_and_not_size),
        TEST(test_a_compacted_store_works_as_any_other),
        TEST(test_what_was_put_is_committed_first),
        TEST(test_nothing_to_gain_writes_nothing),
        TEST(test_payloads_stay_valid),
        TEST(test_the_forgotten_do_not_come_back),
        TEST(test_a_damaged_record_goes_and_hides_no_other),
        TEST(test_killed_between_any_two_steps),
        TEST(test_a_full_disk_loses_nothing),
        TEST(test_a_directory_in_the_way_loses_nothing),
        TEST(test_a_pack_that_cannot_be_replaced_loses_nothing),
        TEST(test_other_stores_are_left_alone),
        TEST(test_random_compactions_lose_nothing_live),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
