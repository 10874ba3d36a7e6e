/* SPDX-License-Identifier: MIT */
/* Sections of an image: what is written is read, whatever their size, and damage is no danger. */
#include "image_section.h"
#include "scratch.h"

#include <errno.h>
#include <stdlib.h>

typedef struct Section {
    Arena arena;
    ByteBuffer text; /* of its units */
    char *bytes;     /* as it stands in an image: no byte more is there */
    size_t size;
} Section;

static void put_unit(Section *section, const char *symbol, size_t code_size,
                     const char *const *names, uint32_t count)
{
    UnitCodeBuilder builder;
    unit_code_begin(&builder, &section->arena, slice_from(symbol));
    for (size_t i = 0; i < code_size; i++)
        buffer_put_byte(&builder.code, (char)(i + 1));
    for (uint32_t i = 0; i < count; i++)
        unit_code_refer(&builder, i * 4, i % 2 == 0 ? REFERENCE_C : REFERENCE_UNIT,
                        slice_from(names[i]));
    assert_true(unit_code_finish(&builder, &section->text));
}

/* Addresses that tell kind and name; "nobody" has none. */
static uint32_t find(const void *context, ReferenceKind kind, Slice symbol)
{
    (void)context;
    if (slice_equal(symbol, slice_from("nobody")))
        return 0;
    return (uint32_t)symbol.size << 8 | (uint32_t)kind << 4 | 1;
}

static int write_section(Section *section, const char *path)
{
    Slice text = buffer_slice(&section->text);
    free(section->bytes);
    section->size = (size_t)image_section_size(&text, 1);
    assert_true(section->size != 0);
    section->bytes = aligned_alloc(16, section->size);
    memset(section->bytes, 0xff, section->size);
    return image_section_write(section->bytes, section->size, slice_from(path), &text, 1, find,
                               NULL);
}

static void close_section(Section *section)
{
    free(section->bytes);
    buffer_free(&section->text);
    arena_free(&section->arena);
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    static const char *const names[] = {"printf", "a.x:f", "exit", "a.x:longer"};
    Section section = {0};
    SectionView view;
    put_unit(&section, "main", 21, names, 4);
    put_unit(&section, "a.x:f", 0, NULL, 0);
    put_unit(&section, "a.x:longer", 16, names + 1, 1);
    assert_int_equal(write_section(&section, "a.x"), 0);
    assert_true(image_section_view(slice_of(section.bytes, section.size), &view));
    assert_int_equal(view.head->unit_count, 3);
    assert_int_equal(view.head->reference_count, 5);
    assert_true(slice_equal(image_section_name(&view, 0), slice_from("main")));
    assert_true(slice_equal(image_section_name(&view, 1), slice_from("a.x:f")));
    assert_true(slice_equal(image_section_name(&view, 2), slice_from("a.x:longer")));
    assert_int_equal(view.units[0].code_size, 21);
    assert_int_equal(view.units[0].code % 16, 0);
    assert_int_equal(view.units[2].code % 16, 0);
    assert_int_equal(section.bytes[view.units[0].code + 20], 21);
    for (uint32_t i = 0; i < 4; i++) {
        ReferenceKind kind = i % 2 == 0 ? REFERENCE_C : REFERENCE_UNIT;
        assert_int_equal(image_section_slot(&view, i), find(NULL, kind, slice_from(names[i])));
    }
    for (size_t i = view.head->size; i < section.size; i++)
        assert_int_equal(section.bytes[i], 0);
    close_section(&section);
}

static void a_section_has_room_for_its_units_and_a_zero(void **state)
{
    (void)state;
    static const char *const names[] = {"abs"};
    for (size_t code = 0; code < 3 * SECTION_BLOCK; code++) {
        Section section = {0};
        SectionView view;
        put_unit(&section, code % 2 == 0 ? "f" : "a.x:function", code, names, code >= 4);
        assert_int_equal(write_section(&section, "a.x"), 0);
        assert_int_equal(section.size % SECTION_BLOCK, 0);
        assert_true(image_section_view(slice_of(section.bytes, section.size), &view));
        assert_in_range(section.size - view.head->size, 1, SECTION_BLOCK);
        close_section(&section);
    }
}

static void a_section_without_units_is_one_block(void **state)
{
    (void)state;
    Section section = {0};
    SectionView view;
    assert_int_equal(write_section(&section, "a.x"), 0);
    assert_int_equal(section.size, SECTION_BLOCK);
    assert_true(image_section_view(slice_of(section.bytes, section.size), &view));
    assert_int_equal(view.head->unit_count, 0);
    close_section(&section);
}

static void its_hash_is_of_path_and_units(void **state)
{
    (void)state;
    Section section = {0};
    put_unit(&section, "f", 20, NULL, 0);
    put_unit(&section, "g", 20, NULL, 0);
    Slice text = buffer_slice(&section.text), half[] = {text, text};
    half[0].size = half[1].size = text.size / 2;
    half[1].data += half[0].size;
    Slice swapped[] = {half[1], half[0]};
    Hash128 content = image_section_content(slice_from("a.x"), half, 2);
    assert_true(hash_equal(content, image_section_content(slice_from("a.x"), half, 2)));
    assert_false(hash_equal(content, image_section_content(slice_from("b.x"), half, 2)));
    assert_false(hash_equal(content, image_section_content(slice_from("a.x"), half, 1)));
    assert_false(hash_equal(content, image_section_content(slice_from("a.x"), swapped, 2)));
    close_section(&section);
}

static void code_that_is_not_well_formed_has_no_section(void **state)
{
    (void)state;
    Section section = {0};
    put_unit(&section, "f", 20, NULL, 0);
    Slice text = buffer_slice(&section.text);
    text.size -= 8;
    assert_int_equal(image_section_size(&text, 1), 0);
    close_section(&section);
}

static void a_missing_symbol_is_an_error(void **state)
{
    (void)state;
    static const char *const names[] = {"abs", "nobody"};
    Section section = {0};
    put_unit(&section, "f", 20, names, 2);
    assert_int_equal(write_section(&section, "a.x"), -ENOENT);
    close_section(&section);
}

/* All that a view offers lies in the section: with sanitizers, reading it proves that. */
static void read_everything(const SectionView *view, size_t size)
{
    for (uint32_t i = 0; i < view->head->unit_count; i++) {
        Slice name = image_section_name(view, i);
        assert_int_equal(name.data[name.size], 0);
        assert_true((uint64_t)view->units[i].code + view->units[i].code_size < size);
    }
    for (uint32_t i = 0; i < view->head->reference_count; i++)
        (void)image_section_slot(view, i);
}

static void every_byte_may_be_another(void **state)
{
    (void)state;
    static const char *const names[] = {"printf", "a.x:f", "exit"};
    Section section = {0};
    unsigned refused = 0;
    put_unit(&section, "main", 40, names, 3);
    put_unit(&section, "a.x:f", 33, names, 1);
    assert_int_equal(write_section(&section, "a.x"), 0);
    for (size_t i = 0; i < section.size; i++)
        for (int value = 0; value < 256; value++) {
            SectionView view;
            char was = section.bytes[i];
            section.bytes[i] = (char)value;
            if (image_section_view(slice_of(section.bytes, section.size), &view))
                read_everything(&view, section.size);
            else
                refused++;
            section.bytes[i] = was;
        }
    assert_true(refused > 1000);
    close_section(&section);
}

static void every_end_may_be_missing(void **state)
{
    (void)state;
    Section section = {0};
    SectionView view;
    put_unit(&section, "main", 400, NULL, 0);
    assert_int_equal(write_section(&section, "a.x"), 0);
    assert_true(image_section_view(slice_of(section.bytes, section.size), &view));
    uint32_t used = view.head->size;
    for (size_t size = 0; size <= used; size++) {
        char *cut = aligned_alloc(16, (size + 16) / 16 * 16);
        memcpy(cut, section.bytes, size);
        assert_false(image_section_view(slice_of(cut, size), &view));
        free(cut);
    }
    close_section(&section);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_section_has_room_for_its_units_and_a_zero),
        cmocka_unit_test(a_section_without_units_is_one_block),
        cmocka_unit_test(its_hash_is_of_path_and_units),
        cmocka_unit_test(code_that_is_not_well_formed_has_no_section),
        cmocka_unit_test(a_missing_symbol_is_an_error),
        cmocka_unit_test(every_byte_may_be_another),
        cmocka_unit_test(every_end_may_be_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
