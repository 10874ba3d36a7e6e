/* SPDX-License-Identifier: MIT */
/* The object store and everything that can happen to its files: a get returns the right bytes or
 * misses, an open repairs or says why not, and afterwards the store works as a new one does. */
#include "object_store.h"
#include "scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OBJECTS = 6, FIRST_COMMIT = 4, PACK_HEADER = 32, INDEX_HEADER = 64, SLOT = 32 };

static const char *const texts[OBJECTS] = {
    "", "a", "fifteen bytes..", "sixteen bytes...", "seventeen bytes..",
    "a somewhat longer payload, so that there are bits of it to be flipped",
};

static Hash128 key_of(uint32_t number)
{
    return hash_bytes(slice_of(&number, sizeof number));
}

static void put(ObjectStore *store, uint32_t number)
{
    Slice part = slice_from(texts[number]);
    object_store_put(store, key_of(number), &part, 1);
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

/* Is the object there? If so, it must be the right one. */
static bool is_intact(const ObjectStore *store, uint32_t number)
{
    Slice payload;
    if (!object_store_get(store, key_of(number), &payload))
        return false;
    assert_true(slice_equal(payload, slice_from(texts[number])));
    return true;
}

static unsigned count_intact(const ObjectStore *store)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < OBJECTS; i++)
        count += is_intact(store, i);
    return count;
}

/* Whatever happened: what is missing can be put again, and stays. Closes the store. */
static void expect_usable(const Scratch *scratch, ObjectStore *store)
{
    for (uint32_t i = 0; i < OBJECTS; i++)
        put(store, i);
    assert_int_equal(count_intact(store), OBJECTS);
    commit(store);
    assert_int_equal(count_intact(store), OBJECTS);
    object_store_close(store);
    store = open_store(scratch);
    assert_int_equal(count_intact(store), OBJECTS);
    assert_false(object_store_is_damaged(store));
    object_store_close(store);
}

/* For loops over bits: one bit of each byte is tried to the end, which writes files. */
static void expect_usable_or_close(const Scratch *scratch, ObjectStore *store, size_t bit)
{
    if (bit % 8 == bit / 8 % 8)
        expect_usable(scratch, store);
    else
        object_store_close(store);
}

/* The files of a small store made in two commits, and where each record of its pack ends. */
typedef struct Files {
    Scratch scratch;
    char *pack, *index, *first_index; /* the last one is that of the first commit */
    size_t pack_size, index_size, first_index_size;
    size_t ends[OBJECTS];
} Files;

static void make_files(Files *files)
{
    scratch_open(&files->scratch);
    ObjectStore *store = open_store(&files->scratch);
    size_t end = PACK_HEADER;
    for (uint32_t i = 0; i < OBJECTS; i++) {
        put(store, i);
        end += 32 + (strlen(texts[i]) + 15) / 16 * 16;
        files->ends[i] = end;
        if (i + 1 == FIRST_COMMIT) {
            commit(store);
            files->first_index = scratch_read(&files->scratch, "s.index", &files->first_index_size);
        }
    }
    commit(store);
    object_store_close(store);
    files->pack = scratch_read(&files->scratch, "s.pack", &files->pack_size);
    files->index = scratch_read(&files->scratch, "s.index", &files->index_size);
    assert_int_equal(files->pack_size, files->ends[OBJECTS - 1]);
}

static void free_files(Files *files)
{
    free(files->pack);
    free(files->index);
    free(files->first_index);
    scratch_close(&files->scratch);
}

/* New files each time: ext4 sends a file that is truncated and written again to the disk. */
static void write_files(const Files *files, Slice pack, Slice index)
{
    unlinkat(files->scratch.fd, "s.pack", 0);
    unlinkat(files->scratch.fd, "s.index", 0);
    scratch_write_bytes(&files->scratch, "s.pack", pack);
    scratch_write_bytes(&files->scratch, "s.index", index);
}

static void remove_file(const Files *files, const char *name)
{
    assert_int_equal(unlinkat(files->scratch.fd, name, 0), 0);
}

static Slice whole_pack(const Files *files)
{
    return slice_of(files->pack, files->pack_size);
}

static Slice whole_index(const Files *files)
{
    return slice_of(files->index, files->index_size);
}

static Slice old_index(const Files *files)
{
    return slice_of(files->first_index, files->first_index_size);
}

static void test_a_torn_tail_is_cut_off_at_any_length(void **state)
{
    (void)state;
    Files files;
    make_files(&files);
    const Slice indexes[] = {whole_index(&files), old_index(&files), slice_from("")};
    for (size_t length = 0; length <= files.pack_size; length++)
        for (size_t i = 0; i < 3; i++) {
            write_files(&files, slice_of(files.pack, length), indexes[i]);
            ObjectStore *store = open_store(&files.scratch);
            unsigned whole = 0;
            for (uint32_t k = 0; k < OBJECTS; k++) {
                assert_int_equal(is_intact(store, k), files.ends[k] <= length);
                whole += files.ends[k] <= length;
            }
            size_t good = whole == 0 ? PACK_HEADER : files.ends[whole - 1];
            if (length != good && length != 0)
                assert_true(object_store_is_damaged(store));
            expect_usable(&files.scratch, store);
        }
    free_files(&files);
}

static unsigned records_before(const Files *files, size_t offset)
{
    unsigned count = 0;
    while (files->ends[count] <= offset)
        count++;
    return count;
}

static bool is_in_record_header(const Files *files, size_t offset)
{
    if (offset < PACK_HEADER)
        return false;
    unsigned number = records_before(files, offset);
    return offset < (number == 0 ? PACK_HEADER : files->ends[number - 1]) + 32;
}

/* A damaged header ends the pack for who has no index: where the next record is, it cannot know. */
static void test_a_flipped_bit_in_the_pack_never_gives_wrong_bytes(void **state)
{
    (void)state;
    Files files;
    make_files(&files);
    for (size_t bit = 0; bit < files.pack_size * 8; bit++) {
        files.pack[bit / 8] = (char)(files.pack[bit / 8] ^ (1 << bit % 8));
        for (int lost_index = 0; lost_index < 2; lost_index++) {
            write_files(&files, whole_pack(&files), whole_index(&files));
            if (lost_index)
                remove_file(&files, "s.index");
            ObjectStore *store = open_store(&files.scratch);
            unsigned intact = count_intact(store);
            if (bit / 8 >= PACK_HEADER && !lost_index)
                assert_true(intact >= OBJECTS - 1);
            if (lost_index && is_in_record_header(&files, bit / 8))
                assert_int_equal(object_store_count(store), records_before(&files, bit / 8));
            expect_usable_or_close(&files.scratch, store, bit);
        }
        files.pack[bit / 8] = (char)(files.pack[bit / 8] ^ (1 << bit % 8));
    }
    free_files(&files);
}

static void test_a_damaged_payload_loses_one_object_even_without_an_index(void **state)
{
    (void)state;
    Files files;
    make_files(&files);
    files.pack[files.ends[3] + 32 + 5] ^= 1;
    write_files(&files, whole_pack(&files), slice_from("no index"));
    ObjectStore *store = open_store(&files.scratch);
    assert_false(is_intact(store, 4));
    assert_int_equal(count_intact(store), OBJECTS - 1);
    assert_true(object_store_is_damaged(store));
    object_store_close(store);
    free_files(&files);
}

static void test_a_flipped_bit_in_the_index_never_gives_wrong_bytes(void **state)
{
    (void)state;
    Files files;
    make_files(&files);
    for (size_t bit = 0; bit < files.index_size * 8; bit++) {
        files.index[bit / 8] = (char)(files.index[bit / 8] ^ (1 << bit % 8));
        write_files(&files, whole_pack(&files), whole_index(&files));
        ObjectStore *store = open_store(&files.scratch);
        unsigned intact = count_intact(store);
        assert_true(intact >= (bit / 8 < INDEX_HEADER ? OBJECTS : OBJECTS - 3));
        if (bit / 8 < INDEX_HEADER)
            assert_int_equal(object_store_count(store), OBJECTS);
        expect_usable_or_close(&files.scratch, store, bit);
        files.index[bit / 8] = (char)(files.index[bit / 8] ^ (1 << bit % 8));
    }
    free_files(&files);
}

static void test_an_index_of_any_length_is_rebuilt(void **state)
{
    (void)state;
    Files files;
    make_files(&files);
    for (size_t length = 0; length < files.index_size; length += length < 130 ? 1 : 61) {
        write_files(&files, whole_pack(&files), slice_of(files.index, length));
        ObjectStore *store = open_store(&files.scratch);
        assert_int_equal(count_intact(store), OBJECTS);
        assert_int_equal(object_store_count(store), OBJECTS);
        assert_false(object_store_is_damaged(store));
        expect_usable(&files.scratch, store);
    }
    free_files(&files);
}

static void test_a_rebuilt_index_is_saved(void **state)
{
    (void)state;
    Files files;
    make_files(&files);
    remove_file(&files, "s.index");
    ObjectStore *store = open_store(&files.scratch);
    commit(store);
    object_store_close(store);
    size_t size;
    char *index = scratch_read(&files.scratch, "s.index", &size);
    assert_true(slice_equal(slice_of(index, size), whole_index(&files)));
    free(index);
    free_files(&files);
}

/* The other pack differs in its first record only: nothing tells that the index is not its own
 * but that record. */
static void test_an_index_of_another_pack_is_not_believed(void **state)
{
    (void)state;
    Files files;
    make_files(&files);
    Scratch other;
    scratch_open(&other);
    ObjectStore *store = open_store(&other);
    Slice part = slice_from("");
    object_store_put(store, key_of(77), &part, 1);
    for (uint32_t i = 1; i < OBJECTS; i++)
        put(store, i);
    commit(store);
    object_store_close(store);
    size_t size;
    char *pack = scratch_read(&other, "s.pack", &size);
    assert_int_equal(size, files.pack_size);
    write_files(&files, slice_of(pack, size), whole_index(&files));
    store = open_store(&files.scratch);
    assert_false(is_intact(store, 0));
    assert_int_equal(count_intact(store), OBJECTS - 1);
    expect_usable(&files.scratch, store);
    free(pack);
    scratch_close(&other);
    free_files(&files);
}

/* Here the last records differ, if in nothing but the key: the index is known to be foreign. */
static void test_a_pack_that_was_replaced_is_gone_through(void **state)
{
    (void)state;
    Files files;
    make_files(&files);
    Scratch other;
    scratch_open(&other);
    ObjectStore *store = open_store(&other);
    for (uint32_t i = 0; i < OBJECTS - 1; i++)
        put(store, i);
    Slice last = slice_from(texts[OBJECTS - 1]), payload;
    object_store_put(store, key_of(77), &last, 1);
    commit(store);
    object_store_close(store);
    size_t size;
    char *pack = scratch_read(&other, "s.pack", &size);
    assert_int_equal(size, files.pack_size);
    write_files(&files, slice_of(pack, size), whole_index(&files));
    store = open_store(&files.scratch);
    assert_true(object_store_get(store, key_of(77), &payload));
    assert_false(object_store_has(store, key_of(OBJECTS - 1)));
    assert_int_equal(object_store_count(store), OBJECTS);
    expect_usable(&files.scratch, store);
    free(pack);
    scratch_close(&other);
    free_files(&files);
}

static size_t find_slot(const Files *files, Hash128 key)
{
    size_t at = INDEX_HEADER;
    while (memcmp(files->index + at, &key, sizeof key) != 0)
        at += SLOT;
    assert_true(at < files->index_size);
    return at;
}

/* A slot may lead anywhere: past the end, between records, to where the next object will be. */
static void test_a_slot_that_leads_astray_is_a_miss(void **state)
{
    (void)state;
    Files files;
    make_files(&files);
    const uint64_t offsets[] = {files.pack_size, files.pack_size - 16, files.pack_size + 16,
                                files.ends[0],   PACK_HEADER + 1,      16,
                                2,               UINT64_MAX,           UINT64_MAX - 15};
    size_t at = find_slot(&files, key_of(2));
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        memcpy(files.index + at + 16, &offsets[i], sizeof offsets[i]);
        write_files(&files, whole_pack(&files), whole_index(&files));
        ObjectStore *store = open_store(&files.scratch);
        Slice part = slice_from("pending");
        object_store_put(store, key_of(500), &part, 1);
        assert_false(is_intact(store, 2));
        assert_int_equal(count_intact(store), OBJECTS - 1);
        expect_usable(&files.scratch, store);
    }
    free_files(&files);
}

/* Killed after the slots of the second commit were written, before the header was. */
static void test_slots_without_their_header_are_counted_once(void **state)
{
    (void)state;
    Files files;
    make_files(&files);
    assert_int_equal(files.index_size, files.first_index_size);
    memcpy(files.index, files.first_index, INDEX_HEADER);
    write_files(&files, whole_pack(&files), whole_index(&files));
    ObjectStore *store = open_store(&files.scratch);
    assert_int_equal(count_intact(store), OBJECTS);
    assert_int_equal(object_store_count(store), OBJECTS);
    assert_false(object_store_is_damaged(store));
    expect_usable(&files.scratch, store);
    free_files(&files);
}

static void test_an_index_without_a_free_slot_ends_no_probe_in_a_circle(void **state)
{
    (void)state;
    Files files;
    make_files(&files);
    for (size_t at = INDEX_HEADER; at < files.index_size; at += SLOT) {
        uint64_t offset;
        memcpy(&offset, files.index + at + 16, sizeof offset);
        if (offset == 0)
            memset(files.index + at, 0x77, SLOT);
    }
    write_files(&files, whole_pack(&files), whole_index(&files));
    ObjectStore *store = open_store(&files.scratch);
    assert_int_equal(count_intact(store), OBJECTS);
    assert_false(object_store_has(store, key_of(1000)));
    object_store_invalidate(store, key_of(1000));
    for (uint32_t i = 1000; i < 1200; i++) {
        Slice part = slice_of(files.pack, i % 100);
        object_store_put(store, key_of(i), &part, 1);
    }
    assert_true(object_store_has(store, key_of(1199)));
    expect_usable(&files.scratch, store);
    free_files(&files);
}

static void test_another_version_starts_an_empty_pack(void **state)
{
    (void)state;
    Files files;
    make_files(&files);
    files.pack[8]++;
    write_files(&files, whole_pack(&files), whole_index(&files));
    ObjectStore *store = open_store(&files.scratch);
    assert_true(object_store_is_damaged(store));
    assert_int_equal(count_intact(store), 0);
    expect_usable(&files.scratch, store);
    free_files(&files);
}

static void expect_refused(const Scratch *scratch, const char *name)
{
    ObjectStore *store;
    struct stat before, after;
    assert_int_equal(fstatat(scratch->fd, name, &before, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(object_store_open(&store, scratch->fd, "s"), -EINVAL);
    assert_null(store);
    assert_int_equal(fstatat(scratch->fd, name, &after, AT_SYMLINK_NOFOLLOW), 0);
    assert_int_equal(before.st_mode, after.st_mode);
}

static void test_what_is_no_file_is_refused_and_left_alone(void **state)
{
    (void)state;
    static const char *const names[] = {"s.pack", "s.index"};
    for (int i = 0; i < 2; i++) {
        Scratch scratch;
        scratch_open(&scratch);
        assert_int_equal(mkdirat(scratch.fd, names[i], 0777), 0);
        expect_refused(&scratch, names[i]);
        assert_int_equal(unlinkat(scratch.fd, names[i], AT_REMOVEDIR), 0);
        assert_int_equal(mkfifoat(scratch.fd, names[i], 0666), 0);
        expect_refused(&scratch, names[i]);
        assert_int_equal(unlinkat(scratch.fd, names[i], 0), 0);
        scratch_write(&scratch, "somebody's", "file");
        assert_int_equal(symlinkat("somebody's", scratch.fd, names[i]), 0);
        expect_refused(&scratch, names[i]);
        char *untouched = scratch_read(&scratch, "somebody's", NULL);
        assert_string_equal(untouched, "file");
        free(untouched);
        scratch_close(&scratch);
    }
}

/* ---- no space left -------------------------------------------------------------------------- */

/* A limit on the size of files makes a write stop short, and the next one fail. */
static void limit_file_size(rlim_t size, struct rlimit *old)
{
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, old), 0);
    struct rlimit limit = {size, old->rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_a_write_that_fails_half_way_changes_nothing(void **state)
{
    (void)state;
    Files files;
    make_files(&files);
    char large[20000];
    memset(large, 'x', sizeof large);
    Slice part = slice_of(large, sizeof large), payload;
    ObjectStore *store = open_store(&files.scratch);
    object_store_put(store, key_of(99), &part, 1);
    struct rlimit old;
    limit_file_size(10000, &old);
    assert_int_equal(object_store_commit(store, false, NULL), -EFBIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);

    size_t size;
    free(scratch_read(&files.scratch, "s.pack", &size));
    assert_int_equal(size, files.pack_size);
    assert_int_equal(object_store_pack_size(store), files.pack_size);
    assert_int_equal(count_intact(store), OBJECTS);
    assert_true(object_store_get(store, key_of(99), &payload));
    commit(store);
    assert_true(object_store_get(store, key_of(99), &payload));
    expect_usable(&files.scratch, store);
    free_files(&files);
}

static void test_a_first_write_that_fails_can_be_done_again(void **state)
{
    (void)state;
    Scratch scratch;
    scratch_open(&scratch);
    ObjectStore *store = open_store(&scratch);
    put(store, 5);
    struct rlimit old;
    limit_file_size(40, &old);
    assert_int_equal(object_store_commit(store, false, NULL), -EFBIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    object_store_close(store);
    store = open_store(&scratch);
    assert_false(object_store_is_damaged(store));
    expect_usable(&scratch, store);
    scratch_close(&scratch);
}

static void test_an_index_that_cannot_be_written_fails_the_commit(void **state)
{
    (void)state;
    Scratch scratch;
    scratch_open(&scratch);
    ObjectStore *store = open_store(&scratch);
    put(store, 1);
    assert_int_equal(mkdirat(scratch.fd, "s.index.tmp", 0777), 0);
    assert_true(object_store_commit(store, false, NULL) < 0);
    size_t size;
    free(scratch_read(&scratch, "s.pack", &size));
    assert_int_equal(size, 0);
    assert_true(is_intact(store, 1));
    assert_int_equal(unlinkat(scratch.fd, "s.index.tmp", AT_REMOVEDIR), 0);
    expect_usable(&scratch, store);
    scratch_close(&scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_torn_tail_is_cut_off_at_any_length),
        cmocka_unit_test(test_a_flipped_bit_in_the_pack_never_gives_wrong_bytes),
        cmocka_unit_test(test_a_damaged_payload_loses_one_object_even_without_an_index),
        cmocka_unit_test(test_a_flipped_bit_in_the_index_never_gives_wrong_bytes),
        cmocka_unit_test(test_an_index_of_any_length_is_rebuilt),
        cmocka_unit_test(test_a_rebuilt_index_is_saved),
        cmocka_unit_test(test_an_index_of_another_pack_is_not_believed),
        cmocka_unit_test(test_a_pack_that_was_replaced_is_gone_through),
        cmocka_unit_test(test_a_slot_that_leads_astray_is_a_miss),
        cmocka_unit_test(test_slots_without_their_header_are_counted_once),
        cmocka_unit_test(test_an_index_without_a_free_slot_ends_no_probe_in_a_circle),
        cmocka_unit_test(test_another_version_starts_an_empty_pack),
        cmocka_unit_test(test_what_is_no_file_is_refused_and_left_alone),
        cmocka_unit_test(test_a_write_that_fails_half_way_changes_nothing),
        cmocka_unit_test(test_a_first_write_that_fails_can_be_done_again),
        cmocka_unit_test(test_an_index_that_cannot_be_written_fails_the_commit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
