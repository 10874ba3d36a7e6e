/* SPDX-License-Identifier: MIT */
/* The head of an image: what is written is read, up to the limits of the address space, and damage
 * is no danger. */
#include "image_internal.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

enum { UNITS = 40, C_SYMBOLS = 20 };

static const char *const libraries[] = {"libc.so.6", "libm.so.6"};
static const ImageSettings settings = {.interpreter = "/lib64/ld-linux-x86-64.so.2",
                                       .libraries = libraries,
                                       .library_count = 2};

typedef struct World {
    ImageHead head;
    ImageParts parts;
    ByteBuffer units, c_symbols;
    char names[UNITS + C_SYMBOLS][32];
    char runtime[512];
    char *bytes; /* no byte more is there */
    size_t size;
} World;

static void put_symbols(ByteBuffer *symbols, char (*names)[32], uint32_t count, const char *prefix)
{
    for (uint32_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "%s%u", prefix, i);
        ImageSymbol symbol = {.hash = slot_hash(slice_from(names[i]), 0),
                              .name = slice_from(names[i]), .text = i * 16, .size = 16};
        buffer_put(symbols, slice_of(&symbol, sizeof symbol));
    }
    image_sort_unique(symbols);
    unsigned shift = slot_shift(slot_capacity(count));
    uint32_t end = 0;
    for (uint32_t i = 0; i < count; i++) {
        ImageSymbol *symbol = &image_symbols(symbols)[i];
        symbol->slot = slot_of_next(symbol->hash, shift, end);
        end = symbol->slot + 1;
    }
}

static int setup(void **state)
{
    World *world = memory_allocate_zeroed(1, sizeof *world);
    put_symbols(&world->units, world->names, UNITS, "a.x:f");
    put_symbols(&world->c_symbols, world->names + UNITS, C_SYMBOLS, "function");
    world->head = (ImageHead){.settings = &settings,
                              .units = image_symbols(&world->units),
                              .unit_count = UNITS,
                              .unit_capacity = slot_capacity(UNITS),
                              .c_symbols = image_symbols(&world->c_symbols),
                              .c_count = C_SYMBOLS,
                              .c_capacity = slot_capacity(C_SYMBOLS),
                              .library_count = 2,
                              .runtime = slice_of(world->runtime, sizeof world->runtime),
                              .start = 64,
                              .section_bytes = 256,
                              .build_id = {1, 2}};
    assert_true(image_head_plan(&world->head, &world->parts));
    world->size = (size_t)image_head_size(&world->head, &world->parts);
    world->bytes = aligned_alloc(16, world->size);
    image_head_write(&world->head, &world->parts, world->bytes);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    World *world = *state;
    buffer_free(&world->units);
    buffer_free(&world->c_symbols);
    free(world->bytes);
    memory_free(world);
    return 0;
}

/* ---- round trips ---------------------------------------------------------------------------- */

static void what_is_written_is_read(void **state)
{
    const World *world = *state;
    ImageParts parts;
    ByteBuffer c_symbols = {0};
    assert_true(image_head_read(slice_of(world->bytes, world->size), &parts));
    assert_int_equal(parts.slots, world->parts.slots);
    assert_int_equal(parts.symbols, world->parts.symbols);
    assert_int_equal(parts.text, world->parts.text);
    assert_int_equal(parts.slot_count, slot_room(128));
    assert_int_equal(parts.c_slot_count, slot_room(64));
    assert_int_equal(parts.unit_count, UNITS);
    assert_memory_equal(world->bytes + parts.build_id, &world->head.build_id, sizeof(Hash128));
    assert_true(image_head_c_symbols(slice_of(world->bytes, (size_t)parts.slots), &parts, 0,
                                     &c_symbols));
    assert_int_equal(image_symbol_count(&c_symbols), C_SYMBOLS);
    for (uint32_t i = 0; i < C_SYMBOLS; i++) {
        const ImageSymbol *was = &world->head.c_symbols[i], *is = &image_symbols(&c_symbols)[i];
        assert_true(slice_equal(is->name, was->name));
        assert_int_equal(is->slot, was->slot);
    }
    buffer_free(&c_symbols);
}

static void each_unit_has_its_slot_and_its_symbol(void **state)
{
    const World *world = *state;
    uint32_t used = 0;
    const ImageSlot *slots = (const void *)(world->bytes + world->parts.slots);
    const ElfSymbol *symbols = (const void *)(world->bytes + world->parts.symbols);
    for (uint32_t i = 0; i < world->parts.slot_count; i++)
        used += slots[i].address != 0;
    assert_int_equal(used, UNITS);
    for (uint32_t i = 0; i < UNITS; i++) {
        const ImageSymbol *unit = &world->head.units[i];
        assert_int_equal(slots[unit->slot].address, IMAGE_TEXT_ADDRESS + unit->text);
        assert_int_equal(symbols[unit->slot + 1].value, IMAGE_TEXT_ADDRESS + unit->text);
        assert_int_equal(symbols[unit->slot + 1].size, 16);
    }
}

static void the_front_is_written_alone(void **state)
{
    const World *world = *state;
    size_t size = (size_t)world->parts.slots;
    char *front = aligned_alloc(16, size);
    memset(front, 0xff, size);
    image_head_write_front(&world->head, &world->parts, front);
    assert_memory_equal(front, world->bytes, size);
    free(front);
}

static void the_address_of_a_slot_names_it(void **state)
{
    (void)state;
    bool is_c;
    uint32_t slot;
    for (uint32_t i = 0; i < 1000; i++) {
        assert_true(image_slot_at(image_unit_slot(i), &is_c, &slot));
        assert_true(!is_c && slot == i);
        assert_true(image_slot_at(image_c_slot(i), &is_c, &slot));
        assert_true(is_c && slot == i);
    }
    assert_false(image_slot_at(image_unit_slot(5) + 8, &is_c, &slot));
    assert_false(image_slot_at(image_c_slot(5) + 4, &is_c, &slot));
    assert_false(image_slot_at(image_c_slot(0) - 8, &is_c, &slot));
    assert_false(image_slot_at(IMAGE_TEXT_ADDRESS, &is_c, &slot));
    assert_false(image_slot_at(0, &is_c, &slot));
    assert_false(image_slot_at(UINT32_MAX, &is_c, &slot));
}

/* ---- limits --------------------------------------------------------------------------------- */

static void the_text_ends_below_2_GiB(void **state)
{
    World *world = *state;
    ImageParts parts;
    uint64_t most = (uint64_t)IMAGE_END_ADDRESS - IMAGE_TEXT_ADDRESS - sizeof world->runtime;
    world->head.section_bytes = most;
    assert_true(image_head_plan(&world->head, &parts));
    world->head.section_bytes = most + 1;
    assert_false(image_head_plan(&world->head, &parts));
}

static void slots_end_where_the_text_begins(void **state)
{
    World *world = *state;
    ImageParts parts;
    world->head.unit_capacity = 1 << 23; /* 4 million units */
    assert_true(image_head_plan(&world->head, &parts));
    world->head.unit_capacity = 1 << 24;
    assert_false(image_head_plan(&world->head, &parts));
}

static void c_slots_end_where_the_slots_begin(void **state)
{
    World *world = *state;
    ImageParts parts;
    world->head.c_capacity = 1 << 23;
    assert_true(image_head_plan(&world->head, &parts));
    world->head.c_capacity = 1 << 24;
    assert_false(image_head_plan(&world->head, &parts));
}

static void names_end_where_the_data_begins(void **state)
{
    World *world = *state;
    ImageParts parts;
    ImageSymbol *symbols = image_symbols(&world->c_symbols);
    size_t most = IMAGE_DATA_ADDRESS - IMAGE_HEADERS_ADDRESS;
    symbols[0].name.size = most - IMAGE_PAGE; /* planning does not read them */
    assert_true(image_head_plan(&world->head, &parts));
    symbols[0].name.size = most;
    assert_false(image_head_plan(&world->head, &parts));
}

static void the_dynamic_section_has_one_page(void **state)
{
    World *world = *state;
    ImageParts parts;
    enum { MANY = 300 };
    const char *many[MANY];
    for (unsigned i = 0; i < MANY; i++)
        many[i] = "lib";
    ImageSettings with_many = {.interpreter = "ld.so", .libraries = many, .library_count = MANY};
    world->head.settings = &with_many;
    world->head.library_count = 244;
    assert_true(image_head_plan(&world->head, &parts));
    world->head.library_count = 245;
    assert_false(image_head_plan(&world->head, &parts));
}

/* ---- damage --------------------------------------------------------------------------------- */

/* As image_patch.c reads it; true if nothing was wrong. */
static bool read_head(const World *world)
{
    ImageParts parts;
    ByteBuffer c_symbols = {0};
    if (!image_head_read(slice_of(world->bytes, world->size), &parts) || parts.text > world->size)
        return false;
    size_t size = (size_t)parts.slots;
    char *front = memory_allocate(size);
    memcpy(front, world->bytes, size);
    bool is_right = image_head_c_symbols(slice_of(front, size), &parts, 0, &c_symbols);
    for (uint32_t i = 0; i < image_symbol_count(&c_symbols); i++)
        assert_true(image_symbols(&c_symbols)[i].slot < parts.c_slot_count);
    buffer_free(&c_symbols);
    memory_free(front);
    return is_right;
}

static void every_byte_may_be_another(void **state)
{
    World *world = *state;
    unsigned refused = 0;
    for (size_t i = 0; i < IMAGE_PAGE; i++)
        for (int bit = 0; bit < 9; bit++) {
            char was = world->bytes[i];
            world->bytes[i] = (char)(was ^ (bit == 8 ? 0xff : 1 << bit));
            refused += !read_head(world);
            world->bytes[i] = was;
        }
    assert_true(refused > 1000);
    assert_true(read_head(world));
}

static void what_is_too_short_is_no_head(void **state)
{
    const World *world = *state;
    ImageParts parts;
    char *cut = aligned_alloc(16, IMAGE_PAGE);
    memcpy(cut, world->bytes, IMAGE_PAGE);
    for (size_t size = 0; size < IMAGE_PAGE; size++)
        assert_false(image_head_read(slice_of(cut, size), &parts));
    assert_true(image_head_read(slice_of(cut, IMAGE_PAGE), &parts));
    memset(cut, 0, IMAGE_PAGE);
    assert_false(image_head_read(slice_of(cut, IMAGE_PAGE), &parts));
    free(cut);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(what_is_written_is_read),
        CASE(each_unit_has_its_slot_and_its_symbol),
        CASE(the_front_is_written_alone),
        CASE(the_address_of_a_slot_names_it),
        CASE(the_text_ends_below_2_GiB),
        CASE(slots_end_where_the_text_begins),
        CASE(c_slots_end_where_the_slots_begin),
        CASE(names_end_where_the_data_begins),
        CASE(the_dynamic_section_has_one_page),
        CASE(every_byte_may_be_another),
        CASE(what_is_too_short_is_no_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
