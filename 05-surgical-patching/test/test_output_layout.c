/* SPDX-License-Identifier: MIT */
/* The layout: sizes, padding, and what a text must not hold. */
#include "file_marker.h"
#include "output_layout.h"
#include "scratch.h"

#include <stdlib.h>

static void padding_is_one_line_of_1_to_256_bytes(void **state)
{
    (void)state;
    static const struct {
        uint64_t size, blocks;
    } cases[] = {{0, 1}, {1, 1}, {254, 1}, {255, 1}, {256, 2}, {257, 2}, {511, 2}, {512, 3}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(blocks_of(cases[i].size), cases[i].blocks);
}

static void a_prelude_is_its_text_and_padding(void **state)
{
    (void)state;
    char text[600];
    memset(text, 'x', sizeof text);
    for (size_t size = 0; size < sizeof text; size++) {
        char blocks[1024];
        memset(blocks, '?', sizeof blocks);
        size_t total = (size_t)prelude_blocks(slice_of(text, size)) * OUTPUT_BLOCK;
        prelude_write(blocks, slice_of(text, size));
        assert_true(size == 0 || memcmp(blocks, text, size) == 0);
        for (size_t i = size; i < total - 1; i++)
            assert_int_equal(blocks[i], ' ');
        assert_int_equal(blocks[total - 1], '\n');
        assert_int_equal(blocks[total], '?');
    }
}

static void a_section_is_marker_texts_and_padding(void **state)
{
    (void)state;
    Slice texts[] = {slice_from("first\n"), slice_of(NULL, 0), slice_from("second\n")};
    Slice path = slice_from("a.mini");
    Hash128 key = hash_bytes(slice_from("first\nsecond\n"));
    char marker[128], blocks[OUTPUT_BLOCK];
    assert_int_equal(section_blocks(path, texts, 3), 1);
    section_write(blocks, path, texts, 3);
    size_t size = (size_t)(file_marker_write(marker, path, key) - marker);
    assert_memory_equal(blocks, marker, size);
    assert_memory_equal(blocks + size, "first\nsecond\n  ", 15);
    assert_int_equal(blocks[OUTPUT_BLOCK - 1], '\n');
}

/* A section whose text fills its blocks to the last byte has one more block, of padding. */
static void sections_of_all_sizes_have_the_announced_size(void **state)
{
    (void)state;
    char text[700];
    memset(text, 'y', sizeof text);
    for (size_t size = 0; size < sizeof text; size++) {
        char blocks[1280];
        Slice part = slice_of(text, size);
        memset(blocks, '?', sizeof blocks);
        size_t total = (size_t)section_blocks(slice_from("p"), &part, 1) * OUTPUT_BLOCK;
        section_write(blocks, slice_from("p"), &part, 1);
        assert_int_equal(total, (file_marker_size(slice_from("p")) + size) / 256 * 256 + 256);
        assert_int_equal(blocks[total - 1], '\n');
        assert_int_equal(blocks[total], '?');
    }
}

static Slice section_around(char *blocks, size_t space_before, const char *text)
{
    char spaces[OUTPUT_BLOCK];
    memset(spaces, '\n', sizeof spaces);
    Slice texts[] = {slice_of(spaces, space_before), slice_from(text)};
    size_t total = (size_t)section_blocks(slice_from("p"), texts, 2) * OUTPUT_BLOCK;
    section_write(blocks, slice_from("p"), texts, 2);
    return slice_of(blocks, total);
}

static void a_marker_in_a_text_is_found_where_it_would_be_read(void **state)
{
    (void)state;
    const char *forged = "; ==== FILE: q:00000000000000000000000000000000 ====\n";
    char blocks[1024];
    size_t to_next_block = OUTPUT_BLOCK - file_marker_size(slice_from("p"));
    for (size_t space = 0; space < OUTPUT_BLOCK; space++) {
        OutputSections sections;
        Slice section = section_around(blocks, space, forged);
        assert_int_equal(blocks_hold_marker(section), space == to_next_block);
        output_sections_parse(&sections, section, OUTPUT_BLOCK);
        assert_int_equal(sections.count, space == to_next_block ? 2 : 1);
        output_sections_free(&sections);
    }
    assert_false(blocks_hold_marker(section_around(blocks, to_next_block, "; ==== FILE: q:\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(padding_is_one_line_of_1_to_256_bytes),
        cmocka_unit_test(a_prelude_is_its_text_and_padding),
        cmocka_unit_test(a_section_is_marker_texts_and_padding),
        cmocka_unit_test(sections_of_all_sizes_have_the_announced_size),
        cmocka_unit_test(a_marker_in_a_text_is_found_where_it_would_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
