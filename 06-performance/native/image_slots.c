/* SPDX-License-Identifier: MIT */
#include "image_slots.h"

#include "binary_file.h"

#include <errno.h>

static const uint64_t coming_mark = (uint64_t)1 << 63;

/* ---- one slot ------------------------------------------------------------------------------ */

static uint64_t slot_offset(const ImageSlots *slots, uint32_t slot)
{
    return slots->parts.slots + (uint64_t)slot * sizeof(ImageSlot);
}

static uint64_t symbol_offset(const ImageSlots *slots, uint32_t slot)
{
    return slots->parts.symbols + ((uint64_t)slot + 1) * sizeof(ElfSymbol);
}

ImageSlot image_slot_get(const ImageSlots *slots, uint32_t slot)
{
    ImageSlot value;
    image_pages_read(slots->pages, slot_offset(slots, slot), &value, sizeof value);
    return value;
}

ElfSymbol image_symbol_get(const ImageSlots *slots, uint32_t slot)
{
    ElfSymbol symbol;
    image_pages_read(slots->pages, symbol_offset(slots, slot), &symbol, sizeof symbol);
    return symbol;
}

void image_slot_put(const ImageSlots *slots, uint32_t slot, ImageSlot value, ElfSymbol symbol)
{
    image_pages_write(slots->pages, slot_offset(slots, slot), &value, sizeof value);
    image_pages_write(slots->pages, symbol_offset(slots, slot), &symbol, sizeof symbol);
}

static bool is_free(ImageSlot slot)
{
    return slot.address == 0;
}

/* ---- names --------------------------------------------------------------------------------- */

/* Read only where a hash does not decide. Empty if it cannot be read. */
static Slice read_name(const ImageSlots *slots, const ElfSymbol *symbol)
{
    enum { STEP = 256 };
    ByteBuffer name = {.arena = slots->names};
    uint64_t at = slots->parts.text + symbol->name;
    const char *nul = NULL;
    while (nul == NULL) {
        size_t size = slots->file_size - at < STEP ? (size_t)(slots->file_size - at) : STEP;
        buffer_reserve(&name, STEP);
        if (at >= slots->file_size ||
            read_all_at(slots->pages->fd, name.data + name.size, size, at) != 0)
            return slice_of("", 0);
        nul = memchr(name.data + name.size, '\0', size);
        name.size += size;
        at += size;
    }
    return slice_of(name.data, (size_t)(nul - name.data));
}

typedef struct Placed { /* a symbol on its way to its slot */
    ImageSlot slot;
    ElfSymbol symbol;
    uint32_t from; /* its slot before; SLOT_NONE: it comes */
} Placed;

static Slice name_of(const ImageSlots *slots, const Placed *placed)
{
    uint32_t number;
    return image_slot_is_coming(slots, placed->slot, &number) ? slots->coming[number].name
                                                       : read_name(slots, &placed->symbol);
}

static Placed take(const ImageSlots *slots, uint32_t slot)
{
    return (Placed){image_slot_get(slots, slot), image_symbol_get(slots, slot), slot};
}

/* ---- finding ------------------------------------------------------------------------------- */

static uint32_t home_of(const ImageSlots *slots, uint64_t hash)
{
    return (uint32_t)(hash >> slot_shift(slots->capacity));
}

uint32_t image_slots_find_code(const ImageSlots *slots, uint64_t hash, uint64_t text)
{
    for (uint32_t i = home_of(slots, hash); i < slots->parts.slot_count; i++) {
        ImageSlot slot = image_slot_get(slots, i);
        if (is_free(slot) || slot.hash > hash)
            return SLOT_NONE;
        if (slot.hash == hash && slot.address == IMAGE_TEXT_ADDRESS + text)
            return i;
    }
    return SLOT_NONE;
}

static bool has_hash(const ImageSlots *slots, uint32_t slot, uint64_t hash)
{
    if (slot >= slots->parts.slot_count)
        return false;
    ImageSlot value = image_slot_get(slots, slot);
    return !is_free(value) && value.hash == hash;
}

/* Of several with one hash, the one with the name. */
static uint32_t find_name(const ImageSlots *slots, uint32_t slot, uint64_t hash, Slice name)
{
    for (; has_hash(slots, slot, hash); slot++) {
        Placed placed = take(slots, slot);
        if (slice_equal(name_of(slots, &placed), name))
            return slot;
    }
    return SLOT_NONE;
}

uint32_t image_slots_find(const ImageSlots *slots, uint64_t hash, Slice name)
{
    uint32_t i = home_of(slots, hash);
    while (i < slots->parts.slot_count) {
        ImageSlot slot = image_slot_get(slots, i);
        if (is_free(slot) || slot.hash > hash)
            return SLOT_NONE;
        if (slot.hash == hash)
            return has_hash(slots, i + 1, hash) ? find_name(slots, i, hash, name) : i;
        i++;
    }
    return SLOT_NONE;
}

/* ---- filling slots again ------------------------------------------------------------------- */

typedef struct Filling {
    ImageSlots *slots;
    const uint32_t *going;
    uint32_t going_count, next_going;
    uint32_t next_coming;
    ByteBuffer queue; /* Placed, in order: read, and not put yet */
    size_t first;     /* of the queue that is not put */
    uint32_t read;    /* the next slot to read */
    bool has_duplicate;
} Filling;

static Placed *waiting(const Filling *filling)
{
    return (Placed *)(void *)filling->queue.data + filling->first;
}

static size_t waiting_count(const Filling *filling)
{
    return filling->queue.size / sizeof(Placed) - filling->first;
}

/* The next slot on the way, unless its symbol goes. */
static void read_slot(Filling *filling)
{
    uint32_t slot = filling->read++;
    Placed placed = take(filling->slots, slot);
    while (filling->next_going < filling->going_count &&
           filling->going[filling->next_going] < slot)
        filling->next_going++;
    bool goes = filling->next_going < filling->going_count &&
                filling->going[filling->next_going] == slot;
    if (!goes && !is_free(placed.slot))
        buffer_put(&filling->queue, slice_of(&placed, sizeof placed));
}

static int compare(Filling *filling, const Placed *a, const Placed *b)
{
    if (a->slot.hash != b->slot.hash)
        return a->slot.hash < b->slot.hash ? -1 : 1;
    int order = slice_compare(name_of(filling->slots, a), name_of(filling->slots, b));
    filling->has_duplicate |= order == 0;
    return order;
}

static const ImageSymbol *next_coming(const Filling *filling)
{
    return filling->next_coming == filling->slots->coming_count
               ? NULL
               : &filling->slots->coming[filling->next_coming];
}

/* Symbols that come before `placed`, with nothing free between, are read first. */
static void read_before(Filling *filling, const Placed *placed)
{
    const ImageSlots *slots = filling->slots;
    while (filling->read < slots->parts.slot_count) {
        Placed next = take(slots, filling->read);
        if (is_free(next.slot) || compare(filling, &next, placed) > 0)
            return;
        read_slot(filling);
    }
}

/* Those whose home is reached take their place among those that wait. */
static void let_come(Filling *filling, uint32_t slot)
{
    const ImageSymbol *unit;
    while ((unit = next_coming(filling)) != NULL &&
           (unit->last_slot != SLOT_NONE || home_of(filling->slots, unit->hash) <= slot)) {
        Placed placed = {{coming_mark | filling->next_coming++, unit->hash}, {0}, SLOT_NONE};
        if (unit->last_slot != SLOT_NONE)
            continue; /* it has its place */
        read_before(filling, &placed);
        buffer_put(&filling->queue, slice_of(&placed, sizeof placed));
        Placed *items = waiting(filling);
        for (size_t i = waiting_count(filling) - 1;
             i != 0 && compare(filling, &items[i - 1], &items[i]) > 0; i--) {
            Placed before = items[i - 1];
            items[i - 1] = items[i];
            items[i] = before;
        }
    }
}

/* A symbol behind this slot, with nothing free between, may belong further left now. */
static void read_ahead(Filling *filling, uint32_t slot)
{
    const ImageSlots *slots = filling->slots;
    while (waiting_count(filling) == 0 && filling->read < slots->parts.slot_count) {
        ImageSlot next = image_slot_get(slots, filling->read);
        if (is_free(next) || home_of(slots, next.hash) > slot)
            return;
        read_slot(filling);
    }
}

static void note_move(ImageSlots *slots, uint32_t from)
{
    if (slots->has_moved == NULL)
        slots->has_moved =
            memory_allocate_zeroed(slots->parts.slot_count + 1, sizeof *slots->has_moved);
    slots->has_moved[from] = true;
}

static void put(Filling *filling, uint32_t slot)
{
    ImageSlots *slots = filling->slots;
    uint32_t number;
    if (waiting_count(filling) == 0) {
        image_slot_put(slots, slot, (ImageSlot){0}, image_free_symbol());
        return;
    }
    Placed placed = *waiting(filling);
    filling->first++;
    if (image_slot_is_coming(slots, placed.slot, &number))
        slots->coming[number].slot = slot;
    if (placed.from != SLOT_NONE && placed.from != slot)
        note_move(slots, placed.from);
    image_slot_put(slots, slot, placed.slot, placed.symbol);
}

/* Where the next symbol comes or goes; SLOT_NONE: none does. */
static uint32_t next_change(Filling *filling)
{
    while (next_coming(filling) != NULL && next_coming(filling)->last_slot != SLOT_NONE)
        filling->next_coming++;
    uint32_t going = filling->next_going == filling->going_count
                         ? SLOT_NONE
                         : filling->going[filling->next_going];
    uint32_t coming = next_coming(filling) == NULL
                          ? SLOT_NONE
                          : home_of(filling->slots, next_coming(filling)->hash);
    return going < coming ? going : coming;
}

/* From one change to where everything is in its old place again. */
static int fill_from(Filling *filling, uint32_t slot)
{
    ImageSlots *slots = filling->slots;
    for (filling->read = slot;; slot++) {
        if (slot >= slots->parts.slot_count)
            return waiting_count(filling) == 0 && next_coming(filling) == NULL ? 0 : -EXDEV;
        while (filling->read <= slot)
            read_slot(filling);
        let_come(filling, slot);
        read_ahead(filling, slot);
        put(filling, slot);
        while (filling->next_going < filling->going_count &&
               filling->going[filling->next_going] < filling->read)
            filling->next_going++;
        if (waiting_count(filling) == 0 && filling->read == slot + 1 &&
            next_change(filling) > slot + 1)
            return 0;
    }
}

/* A unit that stays, and whose section changed, takes the place that it had. */
static void keep_places(ImageSlots *slots)
{
    for (uint32_t i = 0; i < slots->coming_count; i++) {
        ImageSymbol *unit = &slots->coming[i];
        unit->slot = unit->last_slot;
        if (unit->last_slot != SLOT_NONE)
            image_slot_put(slots, unit->slot, (ImageSlot){coming_mark | i, unit->hash},
                           image_symbol_get(slots, unit->slot));
    }
}

int image_slots_change(ImageSlots *slots, const uint32_t *going, uint32_t going_count)
{
    Filling filling = {.slots = slots, .going = going, .going_count = going_count};
    int status = 0;
    keep_places(slots);
    for (uint32_t slot; status == 0 && (slot = next_change(&filling)) != SLOT_NONE;) {
        filling.queue.size = filling.first = 0;
        status = fill_from(&filling, slot);
    }
    buffer_free(&filling.queue);
    return filling.has_duplicate ? -EEXIST : status;
}
