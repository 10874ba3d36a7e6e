/* SPDX-License-Identifier: MIT */
#include "image_internal.h"

#include "output_layout.h"


#include <errno.h>
#include <stdlib.h>

int image_fail(ProgramImage *image, const char *what, int status)
{
    image->format.failed = what;
    return status;
}

/* ---- collecting units ---------------------------------------------------------------------- */

static void put_symbol(ByteBuffer *symbols, ImageSymbol symbol)
{
    buffer_put(symbols, slice_of(&symbol, sizeof symbol));
}

static void collect_unit(void *context, const UnitCode *unit, const SectionUnit *place)
{
    UnitCollector *collector = context;
    unsigned bits = collector->image->settings.hash_bits;
    put_symbol(collector->units, (ImageSymbol){.hash = slot_hash(unit->symbol, bits),
                                               .name = unit->symbol,
                                               .last_slot = SLOT_NONE,
                                               .section = collector->section,
                                               .text = collector->base + place->code,
                                               .size = place->code_size,
                                               .name_at = collector->base + place->name});
    for (uint32_t i = 0; i < unit->reference_count; i++) {
        CodeReference reference = unit_code_reference(unit, i);
        if (reference.kind == REFERENCE_C)
            put_symbol(collector->c_symbols,
                       (ImageSymbol){.hash = slot_hash(reference.symbol, bits),
                                     .name = reference.symbol});
    }
}

void image_collect(UnitCollector *collector, const Slice *texts, uint32_t count)
{
    image_section_visit(texts, count, collect_unit, collector);
}

int image_compare_symbols(const void *a, const void *b)
{
    const ImageSymbol *left = a, *right = b;
    if (left->hash != right->hash)
        return left->hash < right->hash ? -1 : 1;
    return slice_compare(left->name, right->name);
}

void image_sort_unique(ByteBuffer *symbols)
{
    ImageSymbol *items = image_symbols(symbols);
    uint32_t count = image_symbol_count(symbols), kept = 0;
    if (count != 0)
        qsort(items, count, sizeof *items, image_compare_symbols);
    for (uint32_t i = 0; i < count; i++)
        if (kept == 0 || image_compare_symbols(&items[kept - 1], &items[i]) != 0)
            items[kept++] = items[i];
    symbols->size = kept * sizeof *items;
}

/* ---- slots --------------------------------------------------------------------------------- */

/* Twice the capacity, should there not be enough room behind the last home. */
static uint32_t place_symbols(ByteBuffer *symbols)
{
    ImageSymbol *items = image_symbols(symbols);
    uint32_t count = image_symbol_count(symbols), capacity = slot_capacity(count), end;
    for (;; capacity *= 2) {
        end = 0;
        for (uint32_t i = 0; i < count; i++) {
            items[i].slot = slot_of_next(items[i].hash, slot_shift(capacity), end);
            end = items[i].slot + 1;
        }
        if (end <= slot_room(capacity))
            return capacity;
    }
}

static uint32_t *find_table(const ByteBuffer *symbols, uint32_t capacity, uint32_t *old)
{
    memory_free(old);
    uint32_t *at = memory_allocate_zeroed((size_t)slot_room(capacity) + 1, sizeof *at);
    for (uint32_t i = 0; i < image_symbol_count(symbols); i++)
        at[image_symbols(symbols)[i].slot] = i + 1;
    return at;
}

void image_give_c_slots(ProgramImage *image)
{
    ImageHead *head = &image->head;
    head->c_count = image_symbol_count(&image->c_symbols);
    head->c_capacity = place_symbols(&image->c_symbols);
    head->c_symbols = image_symbols(&image->c_symbols);
    image->c_at = find_table(&image->c_symbols, head->c_capacity, image->c_at);
}

static void give_slots(ProgramImage *image)
{
    ImageHead *head = &image->head;
    head->unit_count = image_symbol_count(&image->units);
    head->unit_capacity = place_symbols(&image->units);
    head->units = image_symbols(&image->units);
    image->unit_at = find_table(&image->units, head->unit_capacity, image->unit_at);
}

/* Names are compared where the hash is right. */
static const ImageSymbol *find(const ImageSymbol *symbols, const uint32_t *at, uint32_t capacity,
                               uint64_t hash, Slice name)
{
    for (uint32_t i = (uint32_t)(hash >> slot_shift(capacity)); at[i] != 0; i++) {
        const ImageSymbol *symbol = &symbols[at[i] - 1];
        if (symbol->hash > hash)
            return NULL;
        if (symbol->hash == hash && slice_equal(symbol->name, name))
            return symbol;
    }
    return NULL;
}

static uint32_t find_slot(const void *context, ReferenceKind kind, Slice name)
{
    const ProgramImage *image = context;
    const ImageHead *head = &image->head;
    uint64_t hash = slot_hash(name, image->settings.hash_bits);
    if (kind == REFERENCE_C) {
        const ImageSymbol *found = find(head->c_symbols, image->c_at, head->c_capacity, hash, name);
        return found == NULL ? 0 : image_c_slot(found->slot);
    }
    uint32_t slot = SLOT_NONE;
    if (image->patch != NULL) {
        slot = image_patch_find(image->patch, hash, name);
    } else {
        const ImageSymbol *found = find(head->units, image->unit_at, head->unit_capacity, hash,
                                        name);
        slot = found == NULL ? SLOT_NONE : found->slot;
    }
    return slot == SLOT_NONE ? 0 : image_unit_slot(slot);
}

/* ---- sections ------------------------------------------------------------------------------ */

static uint64_t section_blocks_of(const OutputFormat *format, Slice path, const Slice *texts,
                                  uint32_t count)
{
    (void)format;
    (void)path;
    return image_section_size(texts, count) / SECTION_BLOCK;
}

static int write_section(const OutputFormat *format, char *to, uint64_t size, Slice path,
                         const Slice *texts, uint32_t count)
{
    const ProgramImage *image = image_of(format);
    int status = image_section_write(to, size, path, texts, count, find_slot, image);
    return status != 0 && image->patch != NULL ? -EXDEV : status;
}

Slice image_runtime_texts(const Build *build)
{
    return build_request(build)->compiler->prelude;
}

void image_collect_runtime_c(ProgramImage *image, Slice texts, ByteBuffer *c_symbols)
{
    ByteBuffer units = {0};
    UnitCollector collector = {image, &units, c_symbols, 0, 0};
    image_collect(&collector, &texts, 1);
    buffer_free(&units);
}

/* How many C symbols every program has. */
static uint32_t count_runtime_c(ProgramImage *image, Slice texts)
{
    ByteBuffer c_symbols = {0};
    image_collect_runtime_c(image, texts, &c_symbols);
    image_sort_unique(&c_symbols);
    uint32_t count = image_symbol_count(&c_symbols);
    buffer_free(&c_symbols);
    return count;
}

static void find_start(void *context, const UnitCode *unit, const SectionUnit *place)
{
    ImageHead *head = context;
    if (slice_equal(unit->symbol, slice_from(IMAGE_START_SYMBOL)))
        head->start = place->code;
}

int image_make_runtime(ProgramImage *image, Slice texts)
{
    uint64_t size = image_section_size(&texts, 1);
    image->runtime.size = 0;
    buffer_reserve(&image->runtime, size);
    int status = image_section_write(image->runtime.data, size, slice_from(""), &texts, 1,
                                     find_slot, image);
    image->runtime.size = (size_t)size;
    image->head.runtime = buffer_slice(&image->runtime);
    image->head.library_count = image->head.c_count > count_runtime_c(image, texts)
                                    ? image->settings.library_count
                                    : image->settings.needed_count;
    image_section_visit(&texts, 1, find_start, &image->head);
    return status == 0 ? 0 : image_fail(image, "code names a unit that is not there", status);
}

/* ---- all of it ----------------------------------------------------------------------------- */

int image_collect_section(UnitCollector *collector, Slice path, const Slice *texts,
                          uint32_t count)
{
    uint64_t size = image_section_size(texts, count);
    if (size == 0)
        return image_fail(collector->image, "the code of a unit is damaged", -EBADMSG);
    if (collector->base + size > IMAGE_END_ADDRESS - IMAGE_TEXT_ADDRESS)
        return image_fail(collector->image, "the program is too large for an executable", -EFBIG);
    image_collect(collector, texts, count);
    collector->base += (uint32_t)size;
    ImageHead *head = &collector->image->head;
    head->build_id = hash_add(head->build_id, image_section_content(path, texts, count));
    return 0;
}

static int collect_all(ProgramImage *image, const Build *build)
{
    UnitCollector collector = {image, &image->units, &image->c_symbols, 0, 0};
    Slice runtime = image_runtime_texts(build);
    int status = image_collect_section(&collector, slice_from(""), &runtime, 1);
    uint32_t runtime_size = collector.base;
    for (uint32_t i = 0; i < build_section_count(build) && status == 0; i++) {
        uint32_t count;
        const Slice *texts = build_section_texts(build, i, &count);
        status = image_collect_section(&collector, build_section_path(build, i), texts, count);
    }
    image->head.section_bytes = collector.base - runtime_size;
    return status;
}

static int sort_units(ProgramImage *image)
{
    uint32_t count = image_symbol_count(&image->units);
    image_sort_unique(&image->units);
    image_sort_unique(&image->c_symbols);
    return image_symbol_count(&image->units) == count
               ? 0
               : image_fail(image, "two units have one symbol", -EEXIST);
}

int image_plan_head(ProgramImage *image)
{
    if (!image_head_plan(&image->head, &image->parts))
        return image_fail(image, "the program is too large for an executable", -EFBIG);
    image->format.head_blocks =
        (uint32_t)(image_head_size(&image->head, &image->parts) / OUTPUT_BLOCK);
    return 0;
}

static void write_head(ProgramImage *image)
{
    size_t size = (size_t)image_head_size(&image->head, &image->parts);
    image->bytes.size = 0;
    buffer_reserve(&image->bytes, size);
    image_head_write(&image->head, &image->parts, image->bytes.data);
    image->bytes.size = size;
    image->format.head = buffer_slice(&image->bytes);
}

static int begin_all(OutputFormat *format, Build *build)
{
    ProgramImage *image = image_of(format);
    image_forget_patch(image);
    image->units.size = image->c_symbols.size = image->bytes.size = 0;
    image->head = (ImageHead){.settings = &image->settings};
    int status = collect_all(image, build);
    if (status == 0)
        status = sort_units(image);
    if (status != 0)
        return status;
    give_slots(image);
    image_give_c_slots(image);
    status = image_make_runtime(image, image_runtime_texts(build));
    if (status == 0)
        status = image_plan_head(image);
    if (status == 0)
        write_head(image);
    return status;
}

/* ---- life ---------------------------------------------------------------------------------- */

void program_image_init(ProgramImage *image, const ImageSettings *settings)
{
    *image = (ProgramImage){.format = {.begin_all = begin_all,
                                       .begin_patch = image_begin_patch,
                                       .end_patch = image_end_patch,
                                       .section_blocks = section_blocks_of,
                                       .section_write = write_section,
                                       .is_program = true},
                            .settings = *settings};
}

void program_image_free(ProgramImage *image)
{
    image_forget_patch(image);
    buffer_free(&image->units);
    buffer_free(&image->c_symbols);
    buffer_free(&image->runtime);
    buffer_free(&image->bytes);
    buffer_free(&image->format.head_runs);
    memory_free(image->unit_at);
    memory_free(image->c_at);
    buffer_free(&image->old_pages);
    *image = (ProgramImage){0};
}
