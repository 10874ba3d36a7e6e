/* SPDX-License-Identifier: MIT */
/*
 * What an edit changes in an image.
 *
 *     1  units of the sections that changed     read from the image that is there: those that go
 *     2  their units as they are now            those that come
 *     3  slots                                  only where a symbol comes or goes (image_slots.h)
 *     4  a slot that moved                      every section whose code names it is written again
 *     5  places, once sizes are known           addresses in the slots
 *
 * For the edit of a body these are some units, a page of slots and one of symbols. Only step 4 and,
 * if sections moved, step 5 look at everything.
 */
#include "image_internal.h"

#include "binary_file.h"
#include "image_pages.h"
#include "image_scan.h"
#include "image_slots.h"
#include "output_layout.h"

#include <errno.h>
#include <stdlib.h>

typedef struct ImagePatch {
    OutputBase base; /* `dirty` is our own copy */
    const BuildPlan *plan;
    Executor *executor;
    ImagePages pages;
    ImageSlots slots;
    ByteBuffer front;            /* bytes of the last head before its slots */
    ByteBuffer c_symbols;        /* of the last image, in slot order */
    uint64_t *places;            /* file offset per section of the last image, and the end */
    bool *is_gone;               /* per section of the last image: changed, or not there any more */
    ByteBuffer removed, inserted; /* units, in order */
    ByteBuffer wanted_c;         /* what the new code names */
    bool *is_dropped_c;          /* per slot: code that is gone named it */
    Arena names;
} ImagePatch;

void image_forget_patch(ProgramImage *image)
{
    ImagePatch *patch = image->patch;
    if (patch == NULL)
        return;
    buffer_free(&patch->front);
    buffer_free(&patch->c_symbols);
    buffer_free(&patch->removed);
    buffer_free(&patch->inserted);
    buffer_free(&patch->wanted_c);
    image_pages_close(&patch->pages);
    memory_free((void *)patch->base.dirty);
    memory_free(patch->slots.has_moved);
    memory_free(patch->places);
    memory_free(patch->is_gone);
    memory_free(patch->is_dropped_c);
    arena_free(&patch->names);
    memory_free(patch);
    image->patch = NULL;
}

uint32_t image_patch_find(const ImagePatch *patch, uint64_t hash, Slice name)
{
    return image_slots_find(&patch->slots, hash, name);
}

/* ---- the last image ------------------------------------------------------------------------ */

static void sum_up(ImagePatch *patch)
{
    const OutputBase *base = &patch->base;
    patch->places = memory_allocate((base->section_count + (size_t)1) * sizeof *patch->places);
    patch->places[0] = (uint64_t)base->head_blocks * OUTPUT_BLOCK;
    for (uint32_t i = 0; i < base->section_count; i++)
        patch->places[i + 1] =
            patch->places[i] + (uint64_t)base->sections[i].blocks * OUTPUT_BLOCK;
}

/* Sections of the last image that are not in this one, or changed. */
static void mark_gone(ImagePatch *patch)
{
    const OutputBase *base = &patch->base;
    uint32_t next = 0;
    patch->is_gone = memory_allocate(base->section_count + (size_t)1);
    memset(patch->is_gone, true, base->section_count + (size_t)1);
    for (uint32_t i = 0; i < patch->plan->section_count; i++) {
        uint32_t last = build_last_number(patch->plan, i);
        bool is_dirty = next < base->dirty_count && base->dirty[next] == i;
        next += is_dirty;
        if (last != FILE_NONE && !is_dirty)
            patch->is_gone[last] = false;
    }
}

static bool read_head(ProgramImage *image)
{
    ImagePatch *patch = image->patch;
    ImageParts *parts = &patch->slots.parts;
    char page[IMAGE_PAGE];
    uint64_t size = (uint64_t)patch->base.head_blocks * OUTPUT_BLOCK;
    image_pages_open(&patch->pages, patch->base.fd, size);
    image_pages_read(&patch->pages, 0, page, sizeof page);
    if (!image_head_read(slice_of(page, sizeof page), parts) || parts->text > size)
        return false;
    buffer_reserve(&patch->front, (size_t)parts->slots);
    patch->front.size = (size_t)parts->slots;
    image_pages_read(&patch->pages, 0, patch->front.data, patch->front.size);
    patch->is_dropped_c =
        memory_allocate_zeroed(parts->c_slot_count + (size_t)1, sizeof *patch->is_dropped_c);
    return image_head_c_symbols(buffer_slice(&patch->front), parts, image->settings.hash_bits,
                                &patch->c_symbols) &&
           slot_room(slot_capacity(image_symbol_count(&patch->c_symbols))) ==
               parts->c_slot_count &&
           patch->pages.error == 0;
}

static bool load(ProgramImage *image, Build *build, const OutputBase *base)
{
    ImagePatch *patch = memory_allocate_zeroed(1, sizeof *patch);
    uint32_t *dirty = memory_allocate((base->dirty_count + (size_t)1) * sizeof *dirty);
    if (base->dirty_count != 0)
        memcpy(dirty, base->dirty, base->dirty_count * sizeof *dirty);
    patch->base = *base;
    patch->base.dirty = dirty;
    patch->plan = build_planned(build);
    patch->executor = build_request(build)->executor;
    image->patch = patch;
    sum_up(patch);
    mark_gone(patch);
    patch->slots.pages = &patch->pages;
    patch->slots.names = &patch->names;
    patch->slots.file_size = patch->places[base->section_count];
    if (!read_head(image))
        return false;
    patch->slots.capacity = slot_capacity(patch->slots.parts.unit_count);
    return slot_room(patch->slots.capacity) == patch->slots.parts.slot_count;
}

/* ---- 1: what goes -------------------------------------------------------------------------- */

static bool remove_units(ProgramImage *image, const SectionView *view, uint64_t text)
{
    ImagePatch *patch = image->patch;
    for (uint32_t i = 0; i < view->head->unit_count; i++) {
        Slice name = image_section_name(view, i);
        uint64_t hash = slot_hash(name, image->settings.hash_bits);
        uint32_t slot =
            image_slots_find_code(&patch->slots, hash, text + view->units[i].code);
        char *copy = arena_allocate(&patch->names, name.size);
        memcpy(copy, name.data, name.size);
        ImageSymbol unit = {.hash = hash, .name = slice_of(copy, name.size), .last_slot = slot};
        buffer_put(&patch->removed, slice_of(&unit, sizeof unit));
        if (slot == SLOT_NONE)
            return false;
    }
    return true;
}

static void drop_c_symbols(ImagePatch *patch, const SectionView *view)
{
    for (uint32_t i = 0; i < view->head->reference_count; i++) {
        bool is_c;
        uint32_t slot;
        if (image_slot_at(image_section_slot(view, i), &is_c, &slot) && is_c &&
            slot < patch->slots.parts.c_slot_count)
            patch->is_dropped_c[slot] = true;
    }
}

static int remove_section(ProgramImage *image, uint32_t section, ByteBuffer *bytes)
{
    ImagePatch *patch = image->patch;
    uint64_t start = patch->places[section], size = patch->places[section + 1] - start;
    SectionView view;
    bytes->size = 0;
    buffer_reserve(bytes, (size_t)size);
    if (read_all_at(patch->base.fd, bytes->data, (size_t)size, start) != 0 ||
        !image_section_view(slice_of(bytes->data, (size_t)size), &view) ||
        !remove_units(image, &view, start - patch->slots.parts.text))
        return -EXDEV;
    drop_c_symbols(patch, &view);
    image->head.build_id = hash_subtract(image->head.build_id, view.head->content);
    return 0;
}

static int remove_gone(ProgramImage *image)
{
    ImagePatch *patch = image->patch;
    ByteBuffer bytes = {0};
    int status = 0;
    memcpy(&image->head.build_id, patch->front.data + patch->slots.parts.build_id,
           sizeof image->head.build_id);
    for (uint32_t i = 0; i < patch->base.section_count && status == 0; i++)
        if (patch->is_gone[i])
            status = remove_section(image, i, &bytes);
    buffer_free(&bytes);
    image_sort_unique(&patch->removed);
    return status;
}

/* ---- 2: what comes ------------------------------------------------------------------------- */

static int insert_dirty(ProgramImage *image, Build *build)
{
    ImagePatch *patch = image->patch;
    UnitCollector collector = {image, &patch->inserted, &patch->wanted_c, 0, 0};
    int status = 0;
    image_collect_runtime_c(image, image_runtime_texts(build), &patch->wanted_c);
    for (uint32_t i = 0; i < patch->base.dirty_count && status == 0; i++) {
        uint32_t count;
        collector.base = 0;
        collector.section = patch->base.dirty[i];
        const Slice *texts = build_section_texts(build, collector.section, &count);
        status = image_collect_section(&collector,
                                       build_section_path(build, collector.section), texts, count);
    }
    uint32_t count = image_symbol_count(&patch->inserted);
    image_sort_unique(&patch->inserted);
    image_sort_unique(&patch->wanted_c);
    return status == 0 && image_symbol_count(&patch->inserted) != count ? -EEXIST : status;
}

/* ---- 3: slots ------------------------------------------------------------------------------ */

static int compare_numbers(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* A unit that comes with the name of one that goes stays. Appends the slots of the others that go.
 * Both lists are in order. */
static void match_units(ImagePatch *patch, ByteBuffer *going)
{
    const ImageSymbol *old = image_symbols(&patch->removed);
    ImageSymbol *new = image_symbols(&patch->inserted);
    uint32_t old_count = image_symbol_count(&patch->removed);
    uint32_t new_count = image_symbol_count(&patch->inserted);
    for (uint32_t i = 0, j = 0; i < old_count; i++) {
        while (j < new_count && image_compare_symbols(&new[j], &old[i]) < 0)
            j++;
        if (j < new_count && image_compare_symbols(&new[j], &old[i]) == 0)
            new[j].last_slot = old[i].last_slot;
        else
            buffer_put_u32(going, old[i].last_slot);
    }
    if (going->size != 0)
        qsort(going->data, going->size / sizeof(uint32_t), sizeof(uint32_t), compare_numbers);
}

static int change_slots(ProgramImage *image)
{
    ImagePatch *patch = image->patch;
    ByteBuffer going = {0};
    match_units(patch, &going);
    ImageHead *head = &image->head;
    head->unit_count = patch->slots.parts.unit_count + image_symbol_count(&patch->inserted) -
                       image_symbol_count(&patch->removed);
    head->unit_capacity = slot_capacity(head->unit_count);
    patch->slots.coming = image_symbols(&patch->inserted);
    patch->slots.coming_count = image_symbol_count(&patch->inserted);
    int status = -EXDEV;
    if (head->unit_capacity == patch->slots.capacity)
        status = image_slots_change(&patch->slots, (const uint32_t *)(const void *)going.data,
                                    (uint32_t)(going.size / sizeof(uint32_t)));
    buffer_free(&going);
    return status;
}

/* ---- 4: who names what? -------------------------------------------------------------------- */

static const ImageSymbol *find_symbol(const ByteBuffer *symbols, const ImageSymbol *wanted)
{
    return symbols->size == 0 ? NULL
                              : bsearch(wanted, symbols->data, image_symbol_count(symbols),
                                        sizeof *wanted, image_compare_symbols);
}

/* Was a C symbol named only by code that is gone, as far as the new code knows? */
static bool may_drop_c(const ImagePatch *patch)
{
    const ImageSymbol *old = image_symbols(&patch->c_symbols);
    for (uint32_t i = 0; i < image_symbol_count(&patch->c_symbols); i++)
        if (patch->is_dropped_c[old[i].slot] && find_symbol(&patch->wanted_c, &old[i]) == NULL)
            return true;
    return false;
}

/* The C symbols of the last image, without those that nobody names any more, and with new ones. */
static void merge_c_symbols(ProgramImage *image, const ImageScan *scan)
{
    const ImagePatch *patch = image->patch;
    const ImageSymbol *old = image_symbols(&patch->c_symbols);
    for (uint32_t i = 0; i < image_symbol_count(&patch->c_symbols); i++)
        if (!patch->is_dropped_c[old[i].slot] || scan->used_c[old[i].slot])
            buffer_put(&image->c_symbols, slice_of(&old[i], sizeof old[i]));
    buffer_put(&image->c_symbols, buffer_slice(&patch->wanted_c));
    image_sort_unique(&image->c_symbols);
}

/* The same C symbol, though new code asked for it, was there before. */
static bool mark_moved_c(const ProgramImage *image, bool *moved)
{
    bool any = false;
    for (uint32_t i = 0; i < image->head.c_count; i++) {
        const ImageSymbol *symbol = &image->head.c_symbols[i];
        const ImageSymbol *old = find_symbol(&image->patch->c_symbols, symbol);
        if (old != NULL && old->slot != symbol->slot)
            any = moved[old->slot] = true;
    }
    return any;
}

static void list_sections(const ImagePatch *patch, const bool *names_moved, ByteBuffer *more)
{
    for (uint32_t i = 0; i < patch->plan->section_count; i++) {
        uint32_t last = build_last_number(patch->plan, i);
        if (last != FILE_NONE && names_moved[last])
            buffer_put_u32(more, i);
    }
}

static int find_callers(ProgramImage *image, ImageScan *scan, bool *moved_c, ByteBuffer *more)
{
    ImagePatch *patch = image->patch;
    if (may_drop_c(patch) && !image_scan(scan, patch->executor))
        return -EXDEV;
    merge_c_symbols(image, scan);
    image_give_c_slots(image);
    if (slot_room(image->head.c_capacity) != patch->slots.parts.c_slot_count)
        return -EXDEV;
    scan->moved_units = patch->slots.has_moved;
    scan->moved_c = mark_moved_c(image, moved_c) ? moved_c : NULL;
    if (scan->moved_units == NULL && scan->moved_c == NULL)
        return 0;
    if (!image_scan(scan, patch->executor))
        return -EXDEV;
    list_sections(patch, scan->names_moved, more);
    return 0;
}

static int find_moved(ProgramImage *image, ByteBuffer *more)
{
    ImagePatch *patch = image->patch;
    uint32_t sections = patch->base.section_count, slots = patch->slots.parts.c_slot_count;
    ImageScan scan = {.fd = patch->base.fd,
                      .places = patch->places,
                      .skipped = patch->is_gone,
                      .section_count = sections,
                      .parts = &patch->slots.parts};
    bool *moved_c = memory_allocate_zeroed(slots + (size_t)1, sizeof *moved_c);
    scan.used_c = memory_allocate_zeroed(slots + (size_t)1, sizeof *scan.used_c);
    scan.names_moved = memory_allocate_zeroed(sections + (size_t)1, sizeof *scan.names_moved);
    int status = find_callers(image, &scan, moved_c, more);
    memory_free(moved_c);
    memory_free(scan.used_c);
    memory_free(scan.names_moved);
    return status;
}

/* Whatever is wrong, in what is there or in what comes: to make all of it is right, or says why
 * not. */
static int give_up(ProgramImage *image)
{
    image->format.failed = NULL;
    return -EXDEV;
}

int image_begin_patch(OutputFormat *format, Build *build, const OutputBase *base,
                      ByteBuffer *more)
{
    ProgramImage *image = image_of(format);
    image_forget_patch(image);
    image->c_symbols.size = 0;
    image->head = (ImageHead){.settings = &image->settings};
    int status = load(image, build, base) ? remove_gone(image) : -EXDEV;
    if (status == 0)
        status = insert_dirty(image, build);
    if (status == 0)
        status = change_slots(image);
    if (status == 0)
        status = find_moved(image, more);
    if (status == 0)
        status = image_make_runtime(image, image_runtime_texts(build));
    if (status == 0)
        status = image_plan_head(image);
    return status == 0 ? 0 : give_up(image);
}

/* ---- 5: places ----------------------------------------------------------------------------- */

typedef struct Shift { /* from this offset in the old text on, until the next */
    uint64_t from;
    uint64_t by; /* modulo 2^64 */
} Shift;

typedef struct Places {
    uint64_t *sections; /* offset in the new text, per section, and the end */
    ByteBuffer shifts;
} Places;

static void add_shift(Places *places, Shift shift)
{
    const Shift *shifts = (const Shift *)(const void *)places->shifts.data;
    size_t count = places->shifts.size / sizeof shift;
    if (shift.by != (count == 0 ? 0 : shifts[count - 1].by))
        buffer_put(&places->shifts, slice_of(&shift, sizeof shift));
}

static void find_places(const ProgramImage *image, const OutputPatch *output,
                        const DirtyParts *dirty, Places *places)
{
    const ImagePatch *patch = image->patch;
    const SectionRecord *records = (const SectionRecord *)(const void *)output->records.data;
    uint32_t count = patch->plan->section_count, next = 0;
    uint64_t at = image->head.runtime.size;
    places->sections = memory_allocate(((size_t)count + 1) * sizeof *places->sections);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t last = build_last_number(patch->plan, i);
        bool is_dirty = next < dirty->count && dirty->sections[next] == i;
        places->sections[i] = at;
        if (last != FILE_NONE) {
            uint64_t from = patch->places[last] - patch->slots.parts.text;
            add_shift(places, (Shift){from, at - from});
        }
        at += (uint64_t)OUTPUT_BLOCK *
              (is_dirty ? records[next].blocks : patch->base.sections[last].blocks);
        next += is_dirty;
    }
    places->sections[count] = at;
}

static uint64_t shift_of(const Places *places, uint64_t text)
{
    const Shift *shifts = (const Shift *)(const void *)places->shifts.data;
    size_t low = 0, high = places->shifts.size / sizeof *shifts;
    while (low < high) { /* the last one that begins at or before it */
        size_t middle = (low + high) / 2;
        if (shifts[middle].from <= text)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? 0 : shifts[low - 1].by;
}

static void shift_unit(const ImageSlots *slots, uint32_t slot, ImageSlot value,
                       const Places *places)
{
    uint64_t by = shift_of(places, value.address - IMAGE_TEXT_ADDRESS);
    if (by == 0)
        return;
    ElfSymbol symbol = image_symbol_get(slots, slot);
    value.address += by;
    symbol.value += by;
    symbol.name += (uint32_t)by;
    image_slot_put(slots, slot, value, symbol);
}

/* Units of sections that were moved as they are. */
static void shift_units(const ImageSlots *slots, const Places *places)
{
    for (uint32_t i = 0; places->shifts.size != 0 && i < slots->parts.slot_count; i++) {
        uint32_t number;
        ImageSlot value = image_slot_get(slots, i);
        if (value.address != 0 && !image_slot_is_coming(slots, value, &number))
            shift_unit(slots, i, value, places);
    }
}

static void place_coming(const ImageSlots *slots, const Places *places)
{
    for (uint32_t i = 0; i < slots->coming_count; i++) {
        ImageSymbol unit = slots->coming[i];
        uint32_t by = (uint32_t)places->sections[unit.section];
        unit.text += by;
        unit.name_at += by;
        image_slot_put(slots, unit.slot, image_slot_of(&unit), image_symbol_of(&unit));
    }
}

/* The pages that differ; or everything, if the slots are elsewhere in the file. */
static void make_head(ProgramImage *image)
{
    ImagePatch *patch = image->patch;
    ImagePages *pages = &patch->pages;
    ByteBuffer *runs = &image->format.head_runs, front = {0};
    image->bytes.size = image->old_pages.size = runs->size = 0;
    buffer_reserve(&front, (size_t)image->parts.slots);
    front.size = (size_t)image->parts.slots;
    image_head_write_front(&image->head, &image->parts, front.data);
    image_pages_write(pages, patch->slots.parts.text, image->runtime.data, image->runtime.size);
    if (image->parts.slots == patch->slots.parts.slots) {
        image_pages_write(pages, 0, front.data, front.size);
        image_pages_collect(pages, runs, &image->old_pages, &image->bytes);
    } else {
        ByteBuffer whole = {0};
        image_pages_copy(pages, &whole);
        size_t old_front = (size_t)patch->slots.parts.slots;
        buffer_put(&image->bytes, buffer_slice(&front));
        buffer_put(&image->bytes, slice_of(whole.data + old_front, whole.size - old_front));
        buffer_put(runs, slice_of(&(PatchRun){0, image->bytes.size, 0, 0}, sizeof(PatchRun)));
        buffer_free(&whole);
    }
    buffer_free(&front);
    image->format.head = buffer_slice(&image->bytes);
    image->format.old_pages = buffer_slice(&image->old_pages);
}

int image_end_patch(OutputFormat *format, Build *build, const OutputPatch *output,
                    const DirtyParts *dirty)
{
    (void)build;
    ProgramImage *image = image_of(format);
    ImagePatch *patch = image->patch;
    Places places = {0};
    find_places(image, output, dirty, &places);
    shift_units(&patch->slots, &places);
    place_coming(&patch->slots, &places);
    image->head.section_bytes =
        places.sections[patch->plan->section_count] - image->head.runtime.size;
    memory_free(places.sections);
    buffer_free(&places.shifts);
    if (image_plan_head(image) != 0)
        return give_up(image);
    make_head(image);
    return patch->pages.error == 0 ? 0 : give_up(image);
}
