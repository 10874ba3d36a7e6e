/* SPDX-License-Identifier: MIT */
/*
 * Symbols come and go in the slots of an image that is there.
 *
 * The slots are those of slot_table.h, on the pages of the head; nothing is unpacked. From where a
 * symbol comes or goes, slots are filled again from left to right with what stands there, in order,
 * until everything is in its old place: with two slots for each symbol, two or three steps.
 *
 *     a comes:   slot   4    5    6    7    8             goes:   slot   4    5    6    7
 *                       b    d         e                                 a    b    d    e
 *     home              5    5         7                                      5    5    7
 *                       a    b    d    e                                 b    d         e
 *
 * A unit that comes has no place yet: its slot holds its number, until it has one.
 *
 * Threads: one.
 */
#ifndef IMAGE_SLOTS_H
#define IMAGE_SLOTS_H

#include "image_head.h"
#include "image_pages.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ImageSlots {
    ImagePages *pages;
    ImageParts parts;
    uint32_t capacity;
    uint64_t file_size; /* of the image that is there */
    ImageSymbol *coming; /* units that come, in order; each is given its slot */
    uint32_t coming_count;
    bool *has_moved; /* per slot, as it was: its symbol has another one now. NULL until one has */
    Arena *names;    /* of units that were read */
} ImageSlots;

/* One slot as it is by now. */
ImageSlot image_slot_get(const ImageSlots *slots, uint32_t slot);
ElfSymbol image_symbol_get(const ImageSlots *slots, uint32_t slot);
void image_slot_put(const ImageSlots *slots, uint32_t slot, ImageSlot value, ElfSymbol symbol);

/* The number of the unit that came to this slot. False if it was there before. In a damaged image a
 * slot may look like one of those that came. */
static inline bool image_slot_is_coming(const ImageSlots *slots, ImageSlot slot, uint32_t *number)
{
    *number = (uint32_t)slot.address;
    return slot.address >> 63 != 0 && *number < slots->coming_count;
}

/* The slot of the unit whose code was at that offset in the text; SLOT_NONE if there is none. */
uint32_t image_slots_find_code(const ImageSlots *slots, uint64_t hash, uint64_t text);

/* The slot of a symbol; SLOT_NONE if there is none. */
uint32_t image_slots_find(const ImageSlots *slots, uint64_t hash, Slice name);

/* `going`: slots, ascending, of units that go. `slots->coming` are those that come, in order; one
 * with a `last_slot` takes the place of the unit that was there, with the same name. 0; -EXDEV if
 * the room behind the last home is too small; -EEXIST if a symbol is there already. */
int image_slots_change(ImageSlots *slots, const uint32_t *going, uint32_t going_count);

#ifdef __cplusplus
}
#endif
#endif
