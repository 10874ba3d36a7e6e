/* SPDX-License-Identifier: MIT */
/*
 * What an edit changes in an image.
 *
 *     1  units of the sections that changed     read from the image that is there: those that go
 *     2  their units as they are now            those that come
 *     3  all units, without 1 and with 2, in order: slots
 *     4  a slot that moved                      every section whose code names it is written again
 *     5  places, once sizes are known           addresses in the slots
 *
 * Only units of changed sections are looked at one by one. The rest is taken from the slots of the
 * last image, where it is in order already. Step 4 reads all sections, but not for a body.
 */
#include "image_internal.h"

#include "binary_file.h"
#include "output_layout.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { SECTIONS_PER_BATCH = 64, RUN_BYTES = 4096 };

typedef struct ImagePatch {
    OutputBase base; /* `dirty` is our own copy */
    const BuildPlan *plan;
    Executor *executor;
    ByteBuffer head; /* bytes of the last one */
    ImageParts parts;
    ByteBuffer units, c_symbols; /* of the last image, in slot order */
    uint32_t *unit_at;           /* per slot: number + 1 */
    uint64_t *places;            /* file offset per section of the last image, and the end */
    bool *is_gone;               /* per section of the last image: changed, or not there any more */
    ByteBuffer removed, inserted; /* units, sorted */
    ByteBuffer wanted_c;         /* what the new code names */
    bool *is_dropped_c;          /* per slot: code that is gone named it */
    Hash128 build_id;
} ImagePatch;

void image_forget_patch(ProgramImage *image)
{
    ImagePatch *patch = image->patch;
    if (patch == NULL)
        return;
    ByteBuffer *buffers[] = {&patch->head, &patch->units, &patch->c_symbols, &patch->removed,
                             &patch->inserted, &patch->wanted_c};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        buffer_free(buffers[i]);
    memory_free((void *)patch->base.dirty);
    memory_free(patch->unit_at);
    memory_free(patch->places);
    memory_free(patch->is_gone);
    memory_free(patch->is_dropped_c);
    memory_free(patch);
    image->patch = NULL;
}

/* ---- the last image ------------------------------------------------------------------------ */

static void sum_up(ImagePatch *patch)
{
    const OutputBase *base = &patch->base;
    patch->places = memory_allocate((base->section_count + 1) * sizeof *patch->places);
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
    patch->is_gone = memory_allocate(base->section_count + 1);
    memset(patch->is_gone, true, base->section_count + 1);
    for (uint32_t i = 0; i < patch->plan->section_count; i++) {
        uint32_t last = build_last_number(patch->plan, i);
        bool is_dirty = next < base->dirty_count && base->dirty[next] == i;
        next += is_dirty;
        if (last != FILE_NONE && !is_dirty)
            patch->is_gone[last] = false;
    }
}

static bool read_head(ImagePatch *patch, unsigned hash_bits)
{
    size_t size = (size_t)patch->base.head_blocks * OUTPUT_BLOCK;
    buffer_reserve(&patch->head, size);
    patch->head.size = size;
    Slice head = buffer_slice(&patch->head);
    if (read_all_at(patch->base.fd, patch->head.data, size, 0) != 0 ||
        !image_head_read(head, &patch->parts) ||
        !image_head_symbols(head, &patch->parts, hash_bits, &patch->units, &patch->c_symbols))
        return false;
    patch->unit_at = memory_allocate_zeroed(patch->parts.slot_count + 1, sizeof *patch->unit_at);
    for (uint32_t i = 0; i < image_symbol_count(&patch->units); i++)
        patch->unit_at[image_symbols(&patch->units)[i].slot] = i + 1;
    memcpy(&patch->build_id, patch->head.data + patch->parts.build_id, sizeof patch->build_id);
    patch->is_dropped_c =
        memory_allocate_zeroed(patch->parts.c_slot_count + 1, sizeof *patch->is_dropped_c);
    return true;
}

static bool load(ProgramImage *image, Build *build, const OutputBase *base)
{
    ImagePatch *patch = memory_allocate_zeroed(1, sizeof *patch);
    uint32_t *dirty = memory_allocate((base->dirty_count + 1) * sizeof *dirty);
    if (base->dirty_count != 0)
        memcpy(dirty, base->dirty, base->dirty_count * sizeof *dirty);
    patch->base = *base;
    patch->base.dirty = dirty;
    patch->plan = build_planned(build);
    patch->executor = build_request(build)->executor;
    image->patch = patch;
    sum_up(patch);
    mark_gone(patch);
    return read_head(patch, image->settings.hash_bits);
}

/* ---- 1: what goes -------------------------------------------------------------------------- */

/* The unit with that hash whose code is at that offset in the text. */
static ImageSymbol *find_old_unit(const ImagePatch *patch, uint64_t hash, uint64_t text)
{
    uint32_t count = image_symbol_count(&patch->units);
    uint32_t home = (uint32_t)(hash >> slot_shift(slot_capacity(count)));
    for (uint32_t i = home; i < patch->parts.slot_count && patch->unit_at[i] != 0; i++) {
        ImageSymbol *unit = &image_symbols(&patch->units)[patch->unit_at[i] - 1];
        if (unit->hash == hash && unit->text == text)
            return unit;
    }
    return NULL;
}

static Slice copy_name(ProgramImage *image, Slice name)
{
    char *copy = arena_allocate(&image->names, name.size);
    memcpy(copy, name.data, name.size);
    return slice_of(copy, name.size);
}

static bool remove_units(ProgramImage *image, const SectionView *view, uint64_t text)
{
    ImagePatch *patch = image->patch;
    for (uint32_t i = 0; i < view->head->unit_count; i++) {
        Slice name = image_section_name(view, i);
        uint64_t hash = slot_hash(name, image->settings.hash_bits);
        ImageSymbol *unit = find_old_unit(patch, hash, text + view->units[i].code);
        if (unit == NULL)
            return false;
        unit->name = copy_name(image, name);
        unit->section = 0;
        buffer_put(&patch->removed, slice_of(unit, sizeof *unit));
    }
    for (uint32_t i = 0; i < view->head->reference_count; i++) {
        bool is_c;
        uint32_t slot;
        if (image_slot_at(image_section_slot(view, i), &is_c, &slot) && is_c &&
            slot < patch->parts.c_slot_count)
            patch->is_dropped_c[slot] = true;
    }
    return true;
}

static int remove_section(ProgramImage *image, uint32_t section, ByteBuffer *bytes)
{
    ImagePatch *patch = image->patch;
    uint64_t start = patch->places[section], size = patch->places[section + 1] - start;
    SectionView view;
    bytes->size = 0;
    buffer_reserve(bytes, (size_t)size);
    int status = read_all_at(patch->base.fd, bytes->data, (size_t)size, start);
    if (status != 0)
        return image_fail(image, "cannot read the output", status);
    if (!image_section_view(slice_of(bytes->data, (size_t)size), &view) ||
        !remove_units(image, &view, start - patch->parts.text))
        return -EXDEV;
    patch->build_id = image_subtract(patch->build_id, view.head->content);
    return 0;
}

static int remove_gone(ProgramImage *image)
{
    ByteBuffer bytes = {0};
    int status = 0;
    for (uint32_t i = 0; i < image->patch->base.section_count && status == 0; i++)
        if (image->patch->is_gone[i])
            status = remove_section(image, i, &bytes);
    buffer_free(&bytes);
    return status;
}

/* ---- 2: what comes ------------------------------------------------------------------------- */

static int insert_dirty(ProgramImage *image, Build *build)
{
    ImagePatch *patch = image->patch;
    UnitCollector collector = {image, &patch->inserted, &patch->wanted_c, 0, 0};
    ByteBuffer known = {0}; /* units of the run-time section, which are there already */
    UnitCollector runtime = {image, &known, &patch->wanted_c, 0, 0};
    Slice runtime_texts = image_runtime_texts(build);
    image_collect(&runtime, &runtime_texts, 1);
    buffer_free(&known);
    image->head.build_id = patch->build_id;
    int status = 0;
    for (uint32_t i = 0; i < patch->base.dirty_count && status == 0; i++) {
        uint32_t count, section = patch->base.dirty[i];
        const Slice *texts = build_section_texts(build, section, &count);
        collector.base = 0;
        collector.section = section;
        status = image_collect_section(&collector, build_section_path(build, section), texts,
                                       count);
    }
    uint32_t count = image_symbol_count(&patch->inserted);
    image_sort_unique(&patch->inserted);
    image_sort_unique(&patch->wanted_c);
    if (status == 0 && image_symbol_count(&patch->inserted) != count)
        return image_fail(image, "two units have one symbol", -EEXIST);
    return status;
}

/* A unit that stays, in a section that changed, had a slot before. */
static void match_slots(ImagePatch *patch)
{
    ImageSymbol *inserted = image_symbols(&patch->inserted);
    image_sort_unique(&patch->removed);
    const ImageSymbol *removed = image_symbols(&patch->removed);
    uint32_t next = 0, count = image_symbol_count(&patch->removed);
    for (uint32_t i = 0; i < image_symbol_count(&patch->inserted); i++) {
        while (next < count && image_compare_symbols(&removed[next], &inserted[i]) < 0)
            next++;
        if (next < count && image_compare_symbols(&removed[next], &inserted[i]) == 0)
            inserted[i].last_slot = removed[next].last_slot;
    }
}

/* ---- 3: all units, in order ---------------------------------------------------------------- */

/* The name of a unit of the last image, which is read only where a hash does not decide. */
static int load_name(ProgramImage *image, ImageSymbol *unit)
{
    enum { STEP = 256 };
    ByteBuffer name = {0};
    uint64_t at = image->patch->parts.text + unit->name_at;
    uint64_t end = image->patch->places[image->patch->base.section_count];
    const char *nul = NULL;
    int status = unit->name.data != NULL ? 0 : -EXDEV;
    while (unit->name.data == NULL && nul == NULL && at < end) {
        size_t size = end - at < STEP ? (size_t)(end - at) : STEP;
        buffer_reserve(&name, size);
        if (read_all_at(image->patch->base.fd, name.data + name.size, size, at) != 0)
            break;
        nul = memchr(name.data + name.size, '\0', size);
        name.size += size;
        at += size;
    }
    if (nul != NULL) {
        unit->name = copy_name(image, slice_of(name.data, (size_t)(nul - name.data)));
        status = 0;
    }
    buffer_free(&name);
    return status;
}

static int put_unit(ByteBuffer *units, const ImageSymbol *unit)
{
    buffer_put(units, slice_of(unit, sizeof *unit));
    return 0;
}

/* Which comes first? Names decide between equal hashes. */
static int compare(ProgramImage *image, ImageSymbol *old, const ImageSymbol *new, int *order)
{
    int status = old->hash == new->hash ? load_name(image, old) : 0;
    *order = image_compare_symbols(old, new);
    return status;
}

static int merge_units(ProgramImage *image)
{
    ImagePatch *patch = image->patch;
    ImageSymbol *old = image_symbols(&patch->units);
    const ImageSymbol *new = image_symbols(&patch->inserted);
    uint32_t old_count = image_symbol_count(&patch->units);
    uint32_t new_count = image_symbol_count(&patch->inserted);
    uint32_t i = 0, j = 0;
    int status = 0;
    buffer_reserve(&image->units, patch->units.size + patch->inserted.size);
    while ((i < old_count || j < new_count) && status == 0) {
        if (i < old_count && old[i].section != SLOT_NONE) {
            i++; /* it is gone */
            continue;
        }
        int order = i == old_count ? 1 : -1;
        if (i < old_count && j < new_count)
            status = compare(image, &old[i], &new[j], &order);
        if (order == 0)
            return image_fail(image, "two units have one symbol", -EEXIST);
        status = status != 0 ? status : put_unit(&image->units, order < 0 ? &old[i++] : &new[j++]);
    }
    return status;
}

/* Where several units have one hash, code finds them by name. */
static int load_needed_names(ProgramImage *image)
{
    ImageSymbol *units = image_symbols(&image->units);
    uint32_t count = image_symbol_count(&image->units);
    int status = 0;
    for (uint32_t i = 1; i < count && status == 0; i++)
        if (units[i].hash == units[i - 1].hash) {
            status = load_name(image, &units[i - 1]);
            status = status != 0 ? status : load_name(image, &units[i]);
        }
    return status;
}

/* ---- 4: who names what? -------------------------------------------------------------------- */

typedef struct Scan {
    const ImagePatch *patch;
    const bool *moved_units, *moved_c; /* per slot of the last image */
    atomic_bool *used_c;               /* per slot, set: the code of a section that stays names it */
    bool *names_moved;                 /* per section, set */
    ByteBuffer *buffers;               /* per worker */
    atomic_bool is_damaged;
} Scan;

static void scan_section(Scan *scan, uint32_t section, const SectionView *view)
{
    const ImageParts *parts = &scan->patch->parts;
    for (uint32_t i = 0; i < view->head->reference_count; i++) {
        bool is_c;
        uint32_t slot;
        if (!image_slot_at(image_section_slot(view, i), &is_c, &slot) ||
            slot >= (is_c ? parts->c_slot_count : parts->slot_count)) {
            scan->is_damaged = true;
            return;
        }
        if (is_c)
            scan->used_c[slot] = true;
        scan->names_moved[section] |= is_c ? scan->moved_c[slot] : scan->moved_units[slot];
    }
}

static void scan_batch(void *arg, size_t index, unsigned worker)
{
    Scan *scan = arg;
    const ImagePatch *patch = scan->patch;
    ByteBuffer *bytes = &scan->buffers[worker];
    uint32_t first = (uint32_t)index * SECTIONS_PER_BATCH, count = patch->base.section_count;
    uint32_t end = count - first < SECTIONS_PER_BATCH ? count : first + SECTIONS_PER_BATCH;
    uint64_t start = patch->places[first], size = patch->places[end] - start;
    bytes->size = 0;
    buffer_reserve(bytes, (size_t)size);
    if (read_all_at(patch->base.fd, bytes->data, (size_t)size, start) != 0) {
        scan->is_damaged = true;
        return;
    }
    for (uint32_t i = first; i < end; i++) {
        SectionView view;
        Slice section = slice_of(bytes->data + (patch->places[i] - start),
                                 (size_t)(patch->places[i + 1] - patch->places[i]));
        if (patch->is_gone[i])
            continue;
        if (image_section_view(section, &view))
            scan_section(scan, i, &view);
        else
            scan->is_damaged = true;
    }
}

/* Cost: the whole text is read. 0 or -EXDEV. */
static int scan_sections(Scan *scan)
{
    const ImagePatch *patch = scan->patch;
    unsigned workers = patch->executor->workers;
    scan->buffers = memory_allocate_zeroed(workers, sizeof *scan->buffers);
    size_t batches = ((size_t)patch->base.section_count + SECTIONS_PER_BATCH - 1) /
                     SECTIONS_PER_BATCH;
    executor_run(patch->executor, batches, scan_batch, scan);
    for (unsigned i = 0; i < workers; i++)
        buffer_free(&scan->buffers[i]);
    memory_free(scan->buffers);
    return scan->is_damaged ? -EXDEV : 0;
}

/* The C symbols of the last image, without those that nobody names any more, and with new ones. */
static void merge_c_symbols(ProgramImage *image, const Scan *scan)
{
    const ImagePatch *patch = image->patch;
    const ImageSymbol *old = image_symbols(&patch->c_symbols);
    for (uint32_t i = 0; i < image_symbol_count(&patch->c_symbols); i++)
        if (!patch->is_dropped_c[old[i].slot] || scan->used_c[old[i].slot])
            put_unit(&image->c_symbols, &old[i]);
    buffer_put(&image->c_symbols, buffer_slice(&patch->wanted_c));
    image_sort_unique(&image->c_symbols);
}

/* Is a symbol dropped, as far as the new code knows? */
static bool may_drop_c(const ImagePatch *patch)
{
    const ImageSymbol *old = image_symbols(&patch->c_symbols);
    for (uint32_t i = 0; i < image_symbol_count(&patch->c_symbols); i++)
        if (patch->is_dropped_c[old[i].slot] &&
            (patch->wanted_c.size == 0 ||
             bsearch(&old[i], patch->wanted_c.data, image_symbol_count(&patch->wanted_c),
                     sizeof old[i], image_compare_symbols) == NULL))
            return true;
    return false;
}

/* Where a symbol of both images has another slot now. */
static bool mark_moved(const ByteBuffer *symbols, bool *moved, uint32_t slot_count)
{
    const ImageSymbol *items = image_symbols(symbols);
    bool any = false;
    for (uint32_t i = 0; i < image_symbol_count(symbols); i++)
        if (items[i].last_slot < slot_count && items[i].slot != items[i].last_slot)
            any = moved[items[i].last_slot] = true;
    return any;
}

/* The same C symbol: it has its old slot, even if new code asked for it. */
static void match_c_slots(ProgramImage *image)
{
    const ByteBuffer *old = &image->patch->c_symbols;
    ImageSymbol *symbols = image_symbols(&image->c_symbols);
    for (uint32_t i = 0; i < image_symbol_count(&image->c_symbols); i++) {
        const ImageSymbol *found =
            old->size == 0 ? NULL
                           : bsearch(&symbols[i], old->data, image_symbol_count(old),
                                     sizeof *found, image_compare_symbols);
        symbols[i].last_slot = found == NULL ? SLOT_NONE : found->last_slot;
    }
}

static void list_sections(const ImagePatch *patch, const bool *names_moved, ByteBuffer *more)
{
    for (uint32_t i = 0; i < patch->plan->section_count; i++) {
        uint32_t last = build_last_number(patch->plan, i);
        if (last != FILE_NONE && names_moved[last])
            buffer_put_u32(more, i);
    }
}

static int give_slots(ProgramImage *image, Scan *scan, bool *moved_units, bool *moved_c,
                      ByteBuffer *more)
{
    ImagePatch *patch = image->patch;
    int status = may_drop_c(patch) ? scan_sections(scan) : 0;
    if (status != 0)
        return status;
    merge_c_symbols(image, scan);
    match_c_slots(image);
    image_give_slots(image);
    if (image->head.unit_capacity != slot_capacity(image_symbol_count(&patch->units)) ||
        image->head.c_capacity != slot_capacity(image_symbol_count(&patch->c_symbols)))
        return -EXDEV;
    bool any = mark_moved(&image->units, moved_units, patch->parts.slot_count);
    any |= mark_moved(&image->c_symbols, moved_c, patch->parts.c_slot_count);
    if (any)
        status = scan_sections(scan);
    if (status == 0 && any)
        list_sections(patch, scan->names_moved, more);
    return status;
}

static int find_moved(ProgramImage *image, ByteBuffer *more)
{
    ImagePatch *patch = image->patch;
    const ImageParts *parts = &patch->parts;
    bool *moved_units = memory_allocate_zeroed(parts->slot_count + 1, sizeof *moved_units);
    bool *moved_c = memory_allocate_zeroed(parts->c_slot_count + 1, sizeof *moved_c);
    Scan scan = {.patch = patch, .moved_units = moved_units, .moved_c = moved_c};
    scan.used_c = memory_allocate_zeroed(parts->c_slot_count + 1, sizeof *scan.used_c);
    scan.names_moved =
        memory_allocate_zeroed(patch->base.section_count + 1, sizeof *scan.names_moved);
    int status = give_slots(image, &scan, moved_units, moved_c, more);
    memory_free(moved_units);
    memory_free(moved_c);
    memory_free(scan.used_c);
    memory_free(scan.names_moved);
    return status;
}

int image_begin_patch(OutputFormat *format, Build *build, const OutputBase *base,
                      ByteBuffer *more)
{
    ProgramImage *image = image_of(format);
    image_forget_patch(image);
    image->units.size = image->c_symbols.size = 0;
    image->head = (ImageHead){.settings = &image->settings};
    if (!load(image, build, base))
        return -EXDEV;
    int status = remove_gone(image);
    if (status == 0)
        status = insert_dirty(image, build);
    if (status == 0) {
        match_slots(image->patch);
        status = merge_units(image);
    }
    if (status == 0)
        status = load_needed_names(image);
    if (status == 0)
        status = find_moved(image, more);
    if (status == 0)
        status = image_make_runtime(image, image_runtime_texts(build));
    return status == 0 ? image_plan_head(image) : status;
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
        at += (uint64_t)OUTPUT_BLOCK *
              (is_dirty ? records[next].blocks : patch->base.sections[last].blocks);
        next += is_dirty;
        if (last == FILE_NONE)
            continue;
        uint64_t from = patch->places[last] - patch->parts.text;
        Shift shift = {from, places->sections[i] - from};
        const Shift *known = (const Shift *)(const void *)places->shifts.data;
        size_t shifts = places->shifts.size / sizeof shift;
        if (shifts == 0 ? shift.by != 0 : known[shifts - 1].by != shift.by)
            buffer_put(&places->shifts, slice_of(&shift, sizeof shift));
    }
    places->sections[count] = at;
}

static uint64_t shift_of(const Places *places, uint64_t text)
{
    const Shift *shifts = (const Shift *)(const void *)places->shifts.data;
    size_t low = 0, high = places->shifts.size / sizeof *shifts; /* the last one from below */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (shifts[middle].from <= text)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? 0 : shifts[low - 1].by;
}

static void place_units(ProgramImage *image, const Places *places)
{
    ImageSymbol *units = image_symbols(&image->units);
    for (uint32_t i = 0; i < image->head.unit_count; i++) {
        uint64_t by = units[i].section == SLOT_NONE ? shift_of(places, units[i].text)
                                                    : places->sections[units[i].section];
        units[i].text += (uint32_t)by;
        units[i].name_at += (uint32_t)by;
    }
}

static void add_run(ByteBuffer *runs, uint64_t offset, uint64_t size)
{
    PatchRun run = {offset, size, 0, (size_t)offset};
    PatchRun *last = (PatchRun *)(void *)(runs->data + runs->size) - 1;
    if (runs->size != 0 && last->offset + last->size == offset)
        last->size += size;
    else
        buffer_put(runs, slice_of(&run, sizeof run));
}

static void find_head_runs(ProgramImage *image)
{
    Slice old = buffer_slice(&image->patch->head), new = image->format.head;
    ByteBuffer *runs = &image->format.head_runs;
    runs->size = 0;
    for (size_t at = 0; at < new.size; at += RUN_BYTES) {
        size_t size = new.size - at < RUN_BYTES ? new.size - at : RUN_BYTES;
        if (old.size != new.size || memcmp(old.data + at, new.data + at, size) != 0)
            add_run(runs, at, size);
    }
}

int image_end_patch(OutputFormat *format, Build *build, const OutputPatch *output,
                    const DirtyParts *dirty)
{
    (void)build;
    ProgramImage *image = image_of(format);
    Places places = {0};
    find_places(image, output, dirty, &places);
    place_units(image, &places);
    image->head.section_bytes =
        places.sections[image->patch->plan->section_count] - image->head.runtime.size;
    int status = image_plan_head(image);
    memory_free(places.sections);
    buffer_free(&places.shifts);
    if (status != 0)
        return status;
    image->head.start = image_start(image);
    image_write_head(image);
    find_head_runs(image);
    return 0;
}
