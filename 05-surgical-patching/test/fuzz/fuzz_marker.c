/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as an output file, and as the path and the text of a section.
 *
 *     reading    a marker that is read is the one that would be written for that path and key; the
 *                prelude and sections of an output follow each other and cover all of it
 *     writing    whatever the path and the text, the section is found again, as one, in its place,
 *                unless a line of the text would be read as a marker, and then that is known
 */
#include "file_marker.h"
#include "fuzz_input.h"
#include "output_layout.h"

#include <stdlib.h>

/* ---- reading ----------------------------------------------------------------------------- */

static void check_marker(Slice text, const OutputSection *section)
{
    Slice at = slice_of(text.data + section->offset, (size_t)section->size);
    size_t size = file_marker_size(section->path);
    char *marker = memory_allocate(size);
    FUZZ_CHECK(section->offset == 0 || at.data[-1] == '\n');
    FUZZ_CHECK(file_marker_write(marker, section->path, section->key) == marker + size);
    FUZZ_CHECK(at.size >= size && memcmp(at.data, marker, size) == 0);
    free(marker);
}

static void expect_unchanged(void *context, SectionDifference difference,
                             const OutputSection *was, const OutputSection *is)
{
    uint32_t *count = context;
    FUZZ_CHECK(difference == SECTION_UNCHANGED && was == is);
    (*count)++;
}

static void check_output(Slice text, size_t alignment)
{
    OutputSections sections;
    uint32_t count = 0;
    output_sections_parse(&sections, text, alignment);
    uint64_t end = sections.prelude.size;
    for (uint32_t i = 0; i < sections.count; i++) {
        FUZZ_CHECK(sections.items[i].offset == end && end % alignment == 0);
        check_marker(text, &sections.items[i]);
        end += sections.items[i].size;
    }
    FUZZ_CHECK(end == text.size);
    output_sections_compare(&sections, &sections, expect_unchanged, &count);
    FUZZ_CHECK(count == sections.count);
    output_sections_free(&sections);
}

/* ---- writing ----------------------------------------------------------------------------- */

static void check_section(Slice path, Slice text, Slice prelude)
{
    OutputSections sections;
    Hash128 key = hash_bytes(text);
    size_t prelude_size = (size_t)prelude_blocks(prelude) * OUTPUT_BLOCK;
    size_t size = prelude_size + (size_t)section_blocks(path, &text, 1) * OUTPUT_BLOCK;
    char *output = memory_allocate(size);
    prelude_write(output, prelude);
    section_write(output + prelude_size, path, &text, 1);
    FUZZ_CHECK(output[size - 1] == '\n');
    check_output(slice_of(output, size), OUTPUT_BLOCK);

    FileMarker marker;
    Arena arena = {0};
    bool forges = blocks_hold_marker(slice_of(output + prelude_size, size - prelude_size));
    bool prelude_forges = blocks_hold_marker(slice_of(output, prelude_size)) ||
                          file_marker_read(slice_of(output, size), &arena, &marker);
    output_sections_parse(&sections, slice_of(output, size), OUTPUT_BLOCK);
    if (!forges && !prelude_forges && file_marker_size(path) <= 1 << 16) {
        FUZZ_CHECK(sections.count == 1 && sections.prelude.size == prelude_size);
        FUZZ_CHECK(slice_equal(sections.items[0].path, path));
        FUZZ_CHECK(hash_equal(sections.items[0].key, key));
    }
    output_sections_free(&sections);
    arena_free(&arena);
    free(output);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {data, data + size};
    check_output(slice_of(data, size), 1);
    check_output(slice_of(data, size), OUTPUT_BLOCK);
    Slice path = fuzz_bytes(&input, fuzz_u8(&input));
    Slice text = fuzz_bytes(&input, fuzz_u16(&input));
    check_section(path, text, fuzz_rest(&input));
    return 0;
}
