/* SPDX-License-Identifier: MIT */
/* Symbols come and go on the pages of a head; the slots are always those of a table made at once. */
#include "image_internal.h"
#include "image_slots.h"
#include "random_numbers.h"
#include "scratch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST = 400 };

typedef struct Set { /* of numbers, each a symbol */
    bool has[MOST];
    uint32_t count;
    unsigned bits;
} Set;

typedef struct Sorted {
    ImageSymbol symbols[MOST];
    uint32_t count;
} Sorted;

static Slice name_of(uint32_t number)
{
    static char names[MOST][24];
    snprintf(names[number], sizeof names[number], "dir/file%u.x:name%u", number / 3, number);
    return slice_from(names[number]);
}

/* The symbols of a set in order, with their slots: the model. */
static void sort(const Set *set, uint32_t capacity, Sorted *sorted)
{
    ByteBuffer symbols = {0};
    for (uint32_t i = 0; i < MOST; i++) {
        ImageSymbol symbol = {.hash = slot_hash(name_of(i), set->bits), .name = name_of(i),
                              .last_slot = SLOT_NONE, .section = i, .size = i};
        if (set->has[i])
            buffer_put(&symbols, slice_of(&symbol, sizeof symbol));
    }
    image_sort_unique(&symbols);
    sorted->count = image_symbol_count(&symbols);
    uint32_t end = 0;
    for (uint32_t i = 0; i < sorted->count; i++) {
        sorted->symbols[i] = image_symbols(&symbols)[i];
        sorted->symbols[i].slot = slot_of_next(sorted->symbols[i].hash, slot_shift(capacity), end);
        end = sorted->symbols[i].slot + 1;
    }
    assert_true(end <= slot_room(capacity));
    buffer_free(&symbols);
}

/* A file with slots, symbols, and as its text the names. */
typedef struct World {
    Scratch scratch;
    int fd;
    uint32_t capacity;
    ImageParts parts;
    uint64_t size;
} World;

static void write_at(const World *world, const void *bytes, size_t size, uint64_t offset)
{
    assert_int_equal(pwrite(world->fd, bytes, size, (off_t)offset), (ssize_t)size);
}

static uint32_t text_of(uint32_t number)
{
    return 16 + number * 64;
}

static void write_image(World *world, const Set *set)
{
    Sorted sorted;
    sort(set, world->capacity, &sorted);
    uint32_t room = slot_room(world->capacity);
    world->parts = (ImageParts){.slots = 0, .symbols = room * sizeof(ImageSlot),
                                .slot_count = room, .unit_count = set->count};
    world->parts.text = world->parts.symbols + (room + 1) * sizeof(ElfSymbol);
    world->size = world->parts.text + text_of(MOST);
    assert_int_equal(ftruncate(world->fd, 0), 0);
    assert_int_equal(ftruncate(world->fd, (off_t)world->size), 0);
    const ElfSymbol nothing = image_free_symbol();
    for (uint32_t i = 0; i < room; i++)
        write_at(world, &nothing, sizeof nothing,
                 world->parts.symbols + (i + 1) * sizeof nothing);
    for (uint32_t i = 0; i < sorted.count; i++) {
        ImageSymbol *symbol = &sorted.symbols[i];
        symbol->text = symbol->name_at = text_of(symbol->section);
        ImageSlot slot = image_slot_of(symbol);
        ElfSymbol elf = image_symbol_of(symbol);
        write_at(world, &slot, sizeof slot, symbol->slot * sizeof slot);
        write_at(world, &elf, sizeof elf, world->parts.symbols + (symbol->slot + 1) * sizeof elf);
        write_at(world, symbol->name.data, symbol->name.size, world->parts.text + symbol->text);
    }
}

static void expect_slots(const ImageSlots *slots, const Set *before, const Set *now)
{
    Sorted old, new;
    sort(before, slots->capacity, &old);
    sort(now, slots->capacity, &new);
    uint32_t used = 0;
    for (uint32_t i = 0; i < new.count; i++) {
        const ImageSymbol *symbol = &new.symbols[i];
        uint32_t number, slot = image_slots_find(slots, symbol->hash, symbol->name);
        assert_int_equal(slot, symbol->slot);
        ImageSlot value = image_slot_get(slots, slot);
        if (image_slot_is_coming(slots, value, &number))
            assert_int_equal(slots->coming[number].slot, slot);
        else
            assert_int_equal(value.address, IMAGE_TEXT_ADDRESS + text_of(symbol->section));
    }
    for (uint32_t i = 0; i < slots->parts.slot_count; i++)
        used += image_slot_get(slots, i).address != 0;
    assert_int_equal(used, new.count);
    for (uint32_t i = 0; i < old.count; i++) {
        uint32_t number = old.symbols[i].section, at = 0;
        while (at < new.count && new.symbols[at].section != number)
            at++;
        bool moves = at < new.count && new.symbols[at].slot != old.symbols[i].slot;
        bool is_marked = slots->has_moved != NULL && slots->has_moved[old.symbols[i].slot];
        assert_int_equal(is_marked, moves);
    }
}

static void change(World *world, const Set *before, const Set *now)
{
    Sorted sorted;
    ByteBuffer going = {0}, coming = {0};
    Arena names = {0};
    ImagePages pages;
    write_image(world, before);
    image_pages_open(&pages, world->fd, world->size);
    ImageSlots slots = {.pages = &pages, .parts = world->parts, .capacity = world->capacity,
                        .file_size = world->size, .names = &names};
    sort(before, world->capacity, &sorted);
    for (uint32_t i = 0; i < sorted.count; i++)
        if (!now->has[sorted.symbols[i].section])
            buffer_put_u32(&going, sorted.symbols[i].slot);
    sort(now, world->capacity, &sorted);
    for (uint32_t i = 0; i < sorted.count; i++)
        if (!before->has[sorted.symbols[i].section])
            buffer_put(&coming, slice_of(&sorted.symbols[i], sizeof sorted.symbols[i]));
    slots.coming = image_symbols(&coming);
    slots.coming_count = image_symbol_count(&coming);
    assert_int_equal(image_slots_change(&slots, (const uint32_t *)(const void *)going.data,
                                        (uint32_t)(going.size / sizeof(uint32_t))), 0);
    assert_int_equal(pages.error, 0);
    expect_slots(&slots, before, now);
    memory_free(slots.has_moved);
    image_pages_close(&pages);
    arena_free(&names);
    buffer_free(&going);
    buffer_free(&coming);
}

static void toggle(Set *set, uint32_t number)
{
    set->has[number] = !set->has[number];
    set->count += set->has[number] ? 1 : (uint32_t)-1;
}

static void random_sets(void **state, unsigned bits, uint32_t capacity, uint32_t fill)
{
    World *world = *state;
    Random random = random_begin();
    world->capacity = capacity;
    Set set = {.bits = bits};
    for (uint32_t round = 0; round < 100; round++) {
        Set next = set;
        uint32_t edits = 1 + random_draw(&random, round % 10 == 0 ? 40 : 4);
        for (uint32_t i = 0; i < edits; i++) {
            uint32_t number = random_draw(&random, MOST);
            if (next.has[number] || next.count < fill)
                toggle(&next, number);
        }
        change(world, &set, &next);
        set = next;
    }
}

static void any_symbols_come_and_go(void **state)
{
    random_sets(state, 0, 256, 128);
}

static void symbols_with_equal_hashes_are_told_apart_by_their_names(void **state)
{
    random_sets(state, 8, 1024, 390);
}

static void a_full_table_overflows_into_the_room_behind_it(void **state)
{
    random_sets(state, 0, 256, 250);
}

static int open_world(void **state)
{
    World *world = memory_allocate_zeroed(1, sizeof *world);
    scratch_open(&world->scratch);
    char path[600];
    snprintf(path, sizeof path, "%s/image", world->scratch.path);
    world->fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_true(world->fd >= 0);
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    World *world = *state;
    close(world->fd);
    scratch_close(&world->scratch);
    memory_free(world);
    return 0;
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(any_symbols_come_and_go),
        CASE(symbols_with_equal_hashes_are_told_apart_by_their_names),
        CASE(a_full_table_overflows_into_the_room_behind_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
