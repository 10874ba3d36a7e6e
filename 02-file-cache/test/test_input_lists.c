/* SPDX-License-Identifier: MIT */
/* The lists of what lowering asked for: which holds, how many are kept, and damaged ones. */
#include "input_lists.h"
#include "scratch.h"

#include <stdlib.h>

enum { H, MAIN, COUNT };

typedef struct Sample {
    Scratch scratch;
    ZirCache cache;
    FileHashCache files; /* main reads h and asks for MODE; near/h is absent */
    Arena arena;
} Sample;

static Hash128 hash_of(const char *text)
{
    return hash_bytes(slice_from(text));
}

static void make_table(Sample *sample, const char *header, const char *mode)
{
    static const uint32_t imports[] = {H, COUNT, COUNT + 1};
    static const uint8_t roles[] = {IMPORT_TEXT, IMPORT_VALUE, IMPORT_VALUE};
    static const uint8_t file_roles[COUNT] = {[H] = IMPORT_TEXT};
    FileEntry files[COUNT] = {
        [H] = {.path = slice_from("h"), .content = hash_of(header)},
        [MAIN] = {.path = slice_from("main"), .content = hash_of("main"), .imports = imports,
                  .import_count = 3, .roles = roles}};
    FileValue value = {slice_from("MODE"), 2, mode == NULL ? (Hash128){0, 0} : hash_of(mode)};
    Slice absent = slice_from("near/h");
    FileSplice all = {.entries = files, .entry_count = COUNT, .absents = &absent, .absent_count = 1,
                      .values = &value, .value_count = 1, .file_roles = file_roles};
    FileHashCache none = {0};
    file_hash_cache_close(&sample->files);
    assert_int_equal(
        file_hash_cache_splice(&sample->files, &none, slice_from("main"), &all), 0);
}

static int setup(void **state)
{
    Sample *sample = calloc(1, sizeof *sample);
    scratch_open(&sample->scratch);
    assert_int_equal(zir_cache_open(&sample->cache, sample->scratch.fd, hash_of("compiler")), 0);
    make_table(sample, "one", "debug");
    *state = sample;
    return 0;
}

static int teardown(void **state)
{
    Sample *sample = *state;
    zir_cache_close(&sample->cache);
    file_hash_cache_close(&sample->files);
    arena_free(&sample->arena);
    scratch_close(&sample->scratch);
    free(sample);
    return 0;
}

/* What lowering main asks for, with the answers of the table. */
static void ask(const Sample *sample, InputList *list)
{
    InputEntry entries[] = {
        {INPUT_NO_FILE, 0, slice_from("near/h"), {0, 0}},
        {INPUT_HAS_CONTENT, 0, slice_from("h"), sample->files.records[H].content},
        {INPUT_HAS_VALUE, 2, slice_from("MODE"), sample->files.values[0].content},
        {INPUT_NO_FILE, 0, slice_from("near/h"), {0, 0}},
    };
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        input_list_add(list, &entries[i]);
}

static void lower_main(Sample *sample, const char *ir)
{
    InputList list = {0};
    ask(sample, &list);
    Slice bytes = buffer_slice(&list.bytes);
    Slice lists = input_lists_join(&sample->cache, &sample->files, MAIN, bytes, &sample->arena);
    Lowered lowered = {slice_from("d"), slice_from(ir), {"", 0}};
    zir_cache_put(&sample->cache, input_list_content(hash_of("main"), bytes), &lowered);
    input_lists_put(&sample->cache, &sample->files, MAIN, lists);
    assert_int_equal(zir_cache_commit(&sample->cache, false, NULL), 0);
    input_list_free(&list);
}

static void expect(Sample *sample, const char *ir)
{
    Hash128 content;
    Lowered lowered;
    assert_int_equal(input_lists_find(&sample->cache, &sample->files, MAIN, &content), ir != NULL);
    if (ir == NULL)
        return;
    assert_true(zir_cache_get(&sample->cache, content, &lowered));
    assert_true(slice_equal(lowered.ir, slice_from(ir)));
}

static void a_list_has_each_answer_once(void **state)
{
    Sample *sample = *state;
    InputList list = {0};
    InputEntry entry;
    int count = 0;
    ask(sample, &list);
    Slice bytes = buffer_slice(&list.bytes);
    assert_true(input_list_holds(bytes, &sample->files));
    while (input_list_next(&bytes, &entry))
        count++;
    assert_int_equal(count, 3);
    assert_int_equal(bytes.size, 0);
    input_list_free(&list);
}

static void another_answer_is_a_miss_and_the_one_before_a_hit(void **state)
{
    Sample *sample = *state;
    expect(sample, NULL);
    lower_main(sample, "one, debug");
    expect(sample, "one, debug");
    make_table(sample, "two", "debug");
    expect(sample, NULL);
    lower_main(sample, "two, debug");
    make_table(sample, "two", NULL);
    expect(sample, NULL);
    lower_main(sample, "two, none");
    expect(sample, "two, none");
    make_table(sample, "one", "debug");
    expect(sample, "one, debug");
    make_table(sample, "two", "debug");
    expect(sample, "two, debug");
}

static void the_last_four_are_kept(void **state)
{
    Sample *sample = *state;
    static const char *const headers[] = {"1", "2", "3", "4", "5"};
    for (int i = 0; i < 5; i++) {
        make_table(sample, headers[i], "debug");
        lower_main(sample, headers[i]);
    }
    for (int i = 0; i < 5; i++) {
        make_table(sample, headers[i], "debug");
        expect(sample, i == 0 ? NULL : headers[i]);
    }
}

static void count_key(void *context, Hash128 key)
{
    assert_false(hash_is_none(key));
    ++*(int *)context;
}

static void all_that_lists_lead_to_is_visited(void **state)
{
    Sample *sample = *state;
    int keys = 0;
    lower_main(sample, "one");
    make_table(sample, "two", "debug");
    lower_main(sample, "two");
    input_lists_visit(&sample->cache, sample->cache.fingerprint, &sample->files, MAIN, count_key,
                      &keys);
    assert_int_equal(keys, 1 + 1 + 2);
    keys = 0;
    input_lists_visit(&sample->cache, sample->cache.fingerprint, &sample->files, H, count_key,
                      &keys);
    assert_int_equal(keys, 0); /* a text is not lowered */
}

/* What asked for nothing has no list, and no other key than before. */
static void a_source_that_asked_for_nothing_is_found_by_its_content(void **state)
{
    Sample *sample = *state;
    Lowered lowered = {slice_from("d"), slice_from("plain"), {"", 0}};
    zir_cache_put(&sample->cache, input_list_content(hash_of("main"), (Slice){"", 0}), &lowered);
    expect(sample, "plain");
    make_table(sample, "two", NULL);
    expect(sample, "plain");
}

/* Whatever bytes it has. */
static void a_damaged_list_does_not_hold(void **state)
{
    Sample *sample = *state;
    InputList list = {0};
    ask(sample, &list);
    Slice right = buffer_slice(&list.bytes);
    for (size_t size = 1; size < right.size; size++) {
        char *cut = malloc(size); /* of its own, for the address sanitizer */
        memcpy(cut, right.data, size);
        Slice bytes = slice_of(cut, size);
        InputEntry entry;
        bool is_whole = true;
        for (Slice rest = bytes; rest.size != 0 && is_whole;)
            is_whole = input_list_next(&rest, &entry);
        assert_int_equal(input_list_holds(bytes, &sample->files), is_whole);
        free(cut);
    }
    size_t first = 12 + 6 + 16; /* another absent path would be absent, too */
    for (size_t at = first; at < right.size; at++) {
        list.bytes.data[at] ^= 0x41;
        assert_false(input_list_holds(buffer_slice(&list.bytes), &sample->files));
        list.bytes.data[at] ^= 0x41;
    }
    input_list_free(&list);
}

static void damaged_lists_are_a_miss(void **state)
{
    Sample *sample = *state;
    Hash128 content;
    lower_main(sample, "one");
    static const char *const wrong[] = {"\xff\xff\xff\x7f", "\x01", "\x02\0\0\0xy", ""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        input_lists_put(&sample->cache, &sample->files, MAIN, slice_of(wrong[i], i == 2 ? 6 : 1));
        assert_false(input_lists_find(&sample->cache, &sample->files, MAIN, &content));
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_list_has_each_answer_once),
        CASE(another_answer_is_a_miss_and_the_one_before_a_hit),
        CASE(the_last_four_are_kept),
        CASE(all_that_lists_lead_to_is_visited),
        CASE(a_source_that_asked_for_nothing_is_found_by_its_content),
        CASE(a_damaged_list_does_not_hold),
        CASE(damaged_lists_are_a_miss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
