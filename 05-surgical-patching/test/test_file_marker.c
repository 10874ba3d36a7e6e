/* SPDX-License-Identifier: MIT */
/* Markers: any path survives the round trip, and no text is mistaken for a marker. */
#include "file_marker.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

static const Hash128 some_key = {0x0123456789abcdefu, 0xfedcba9876543210u};

static Slice marker_of(Arena *arena, Slice path, Hash128 key)
{
    size_t size = file_marker_size(path);
    char *text = arena_allocate(arena, size);
    assert_ptr_equal(file_marker_write(text, path, key), text + size);
    return slice_of(text, size);
}

static void a_marker_is_one_readable_line(void **state)
{
    (void)state;
    Arena arena = {0};
    Slice marker = marker_of(&arena, slice_from("lib/math.mini"), some_key);
    assert_true(slice_equal(
        marker,
        slice_from("; ==== FILE: lib/math.mini:fedcba98765432100123456789abcdef ====\n")));
    arena_free(&arena);
}

static void awkward_bytes_are_escaped(void **state)
{
    (void)state;
    Arena arena = {0};
    Slice marker = marker_of(&arena, slice_from("a b=\n:\\\xc3\xa4\x7f.mini"), some_key);
    const char *expected = "; ==== FILE: a b=\\0A\\3A\\5C\\C3\\A4\\7F.mini:";
    assert_memory_equal(marker.data, expected, strlen(expected));
    arena_free(&arena);
}

static void every_path_comes_back(void **state)
{
    (void)state;
    static const char *const paths[] = {
        "main.mini", "", " ", "====", " ====\n", "a:0123456789abcdef0123456789abcdef ====",
        "x:00000000000000000000000000000000 ====\n; ==== FILE: y", "\\", "\\0A", "\\\\3A", "\r\n",
        "\n; ==== FILE: main.mini", "../up/\xff\xfe", "\xc3\xb6l.mini",
    };
    Arena arena = {0};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        FileMarker read;
        Slice marker = marker_of(&arena, slice_from(paths[i]), some_key);
        assert_ptr_equal(memchr(marker.data, '\n', marker.size), marker.data + marker.size - 1);
        assert_true(file_marker_read(marker, &arena, &read));
        assert_true(slice_equal(read.path, slice_from(paths[i])));
        assert_true(hash_equal(read.key, some_key));
        assert_int_equal(read.size, marker.size);
    }
    arena_free(&arena);
}

static void random_paths_come_back(void **state)
{
    (void)state;
    Arena arena = {0};
    srand(4711);
    for (int round = 0; round < 20000; round++) {
        char path[24];
        size_t size = (size_t)rand() % sizeof path;
        for (size_t i = 0; i < size; i++)
            path[i] = (char)(rand() % 3 == 0 ? "\\:= \n;F0A"[rand() % 9] : rand());
        FileMarker read;
        Slice marker = marker_of(&arena, slice_of(path, size), some_key);
        assert_true(file_marker_read(marker, &arena, &read));
        assert_true(slice_equal(read.path, slice_of(path, size)));
    }
    arena_free(&arena);
}

static void only_what_is_written_is_read(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "; ==== FILE: ",
        "; ==== FILE: a:0123456789abcdef0123456789abcdef ====",      /* no newline */
        "; ==== FILE: a:0123456789abcdef0123456789abcdef ==== \n",
        "; ==== FILE: a:0123456789abcdef0123456789abcdef ====\r\n",
        "; ==== FILE: a:0123456789ABCDEF0123456789ABCDEF ====\n",    /* upper-case hash */
        "; ==== FILE: a:0123456789abcdef ====\n",                    /* short hash */
        "; ==== FILE: a0123456789abcdef0123456789abcdef ====\n",     /* no colon */
        "; ==== FILE: a:b:0123456789abcdef0123456789abcdef ====\n",  /* unescaped colon */
        "; ==== FILE: \t:0123456789abcdef0123456789abcdef ====\n",   /* unescaped byte */
        "; ==== FILE: \\0a:0123456789abcdef0123456789abcdef ====\n", /* lower-case escape */
        "; ==== FILE: \\41:0123456789abcdef0123456789abcdef ====\n", /* needless escape */
        "; ==== FILE: \\0:0123456789abcdef0123456789abcdef ====\n",  /* half an escape */
        "; ==== FILE: \\:0123456789abcdef0123456789abcdef ====\n",
        " ; ==== FILE: a:0123456789abcdef0123456789abcdef ====\n",
    };
    Arena arena = {0};
    FileMarker read;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_false(file_marker_read(slice_from(texts[i]), &arena, &read));
    arena_free(&arena);
}

/* ---- outputs --------------------------------------------------------------------------------- */

#define MARKER(path, digit) \
    "; ==== FILE: " path ":0000000000000000000000000000000" digit " ====\n"

static void an_output_splits_into_its_sections(void **state)
{
    (void)state;
    Slice output = slice_from("target\n" MARKER("a", "1") "one\n" MARKER("b", "2")
                                  MARKER("c\\3A", "3") "three\nthree\n");
    OutputSections sections;
    output_sections_parse(&sections, output, 1);
    assert_int_equal(sections.count, 3);
    assert_true(slice_equal(sections.prelude, slice_from("target\n")));
    assert_true(slice_equal(sections.items[0].path, slice_from("a")));
    assert_int_equal(sections.items[0].offset, 7);
    assert_int_equal(sections.items[0].size, strlen(MARKER("a", "1") "one\n"));
    assert_int_equal(sections.items[1].key.low, 2);
    assert_int_equal(sections.items[1].size, strlen(MARKER("b", "2")));
    assert_true(slice_equal(sections.items[2].path, slice_from("c:")));
    assert_int_equal(sections.items[2].offset + sections.items[2].size, output.size);
    output_sections_free(&sections);
}

static void an_output_without_markers_is_prelude(void **state)
{
    (void)state;
    OutputSections sections;
    output_sections_parse(&sections, slice_from("just\ntext"), 1);
    assert_int_equal(sections.count, 0);
    assert_int_equal(sections.prelude.size, 9);
    output_sections_free(&sections);
    output_sections_parse(&sections, slice_from(""), 256);
    assert_int_equal(sections.count, 0);
    output_sections_free(&sections);
}

static void a_marker_in_a_line_is_text(void **state)
{
    (void)state;
    OutputSections sections;
    output_sections_parse(&sections, slice_from("x" MARKER("a", "1")), 1);
    assert_int_equal(sections.count, 0);
    output_sections_free(&sections);
}

static void with_an_alignment_markers_count_only_there(void **state)
{
    (void)state;
    char output[512];
    size_t size = strlen(MARKER("a", "1"));
    memset(output, '\n', sizeof output);
    memcpy(output + 255, MARKER("a", "1"), size);
    OutputSections sections;
    output_sections_parse(&sections, slice_of(output, sizeof output), 256);
    assert_int_equal(sections.count, 0);
    output_sections_free(&sections);
    memcpy(output + 256, MARKER("a", "1"), size);
    output[255] = '\n';
    output_sections_parse(&sections, slice_of(output, sizeof output), 256);
    assert_int_equal(sections.count, 1);
    assert_int_equal(sections.items[0].offset, 256);
    output_sections_free(&sections);
    output[255] = ' '; /* the right place, but not at the start of a line */
    output_sections_parse(&sections, slice_of(output, sizeof output), 256);
    assert_int_equal(sections.count, 0);
    output_sections_free(&sections);
}

/* Whatever the bytes, prelude and sections follow each other and cover all of them. */
static void any_bytes_are_covered(void **state)
{
    (void)state;
    static const char *const pieces[] = {MARKER("a", "1"), MARKER("b\\0A", "2"), "; ==== FILE: ",
                                         " ====\n", "\n", "text", "\\", ":"};
    srand(42);
    for (int round = 0; round < 5000; round++) {
        ByteBuffer output = {0};
        for (int i = rand() % 12; i > 0; i--)
            buffer_put(&output, slice_from(pieces[rand() % 8]));
        OutputSections sections;
        size_t alignment = rand() % 2 == 0 ? 1 : 4;
        output_sections_parse(&sections, buffer_slice(&output), alignment);
        uint64_t end = sections.prelude.size;
        for (uint32_t i = 0; i < sections.count; i++) {
            assert_int_equal(sections.items[i].offset, end);
            assert_true(sections.items[i].offset % alignment == 0);
            end += sections.items[i].size;
        }
        assert_int_equal(end, output.size);
        output_sections_free(&sections);
        buffer_free(&output);
    }
}

/* ---- differences ----------------------------------------------------------------------------- */

static void note(void *context, SectionDifference difference, const OutputSection *was,
                 const OutputSection *is)
{
    ByteBuffer *story = context;
    Slice path = is != NULL ? is->path : was->path;
    assert_true((was == NULL) == (difference == SECTION_NEW));
    assert_true((is == NULL) == (difference == SECTION_REMOVED));
    buffer_put_byte(story, "=*+-"[difference]);
    buffer_put(story, path);
    buffer_put_byte(story, ' ');
}

static void check_story(const char *before, const char *after, const char *expected)
{
    OutputSections was, is;
    ByteBuffer story = {0};
    output_sections_parse(&was, slice_from(before), 1);
    output_sections_parse(&is, slice_from(after), 1);
    output_sections_compare(&was, &is, note, &story);
    buffer_put_byte(&story, '\0');
    assert_string_equal(story.data, expected);
    buffer_free(&story);
    output_sections_free(&was);
    output_sections_free(&is);
}

static void differences_are_reported_in_path_order(void **state)
{
    (void)state;
    check_story("", "", "");
    check_story(MARKER("a", "1"), MARKER("a", "1"), "=a ");
    check_story(MARKER("a", "1") MARKER("b", "1") MARKER("d", "1"),
                MARKER("d", "1") MARKER("c", "1") MARKER("b", "2"), "-a *b +c =d ");
    check_story(MARKER("a", "1") MARKER("a", "2"), MARKER("a", "1"), "=a -a ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_marker_is_one_readable_line),
        cmocka_unit_test(awkward_bytes_are_escaped),
        cmocka_unit_test(every_path_comes_back),
        cmocka_unit_test(random_paths_come_back),
        cmocka_unit_test(only_what_is_written_is_read),
        cmocka_unit_test(an_output_splits_into_its_sections),
        cmocka_unit_test(an_output_without_markers_is_prelude),
        cmocka_unit_test(a_marker_in_a_line_is_text),
        cmocka_unit_test(with_an_alignment_markers_count_only_there),
        cmocka_unit_test(any_bytes_are_covered),
        cmocka_unit_test(differences_are_reported_in_path_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
