/* SPDX-License-Identifier: MIT */
/*
 * Reading is checking: one pass over the arrays, after which every range and number in them is safe
 * to use. Until then no number is trusted; sums are made in 64 bits, where four billion of anything
 * here cannot overflow.
 *
 * Writing appends to four buffers and concatenates them at the end. The one difficulty is to add
 * each reference once per declaration. Most declarations have few, and a linear search is fastest.
 * One with LINEAR_REFERENCES gets a hash table, which is rebuilt, four times as large as their
 * number, whenever that number doubles:
 *
 *     slots ─► [ 0 | 3 | 0 | 0 | 1 | ... ]      number of a reference + 1, or 0: free
 */
#include "declarations.h"

#include <assert.h>
#include <stdalign.h>
#include <stdlib.h>

enum { DECLARATIONS_VERSION = 1, LINEAR_REFERENCES = 16 };

typedef struct Header {
    uint32_t version;
    uint32_t import_count;
    uint32_t count;
    uint32_t reference_count;
    uint32_t text_size;
    uint32_t reserved[3];
} Header;

_Static_assert(sizeof(Header) == 32 && sizeof(ImportEntry) == 16 && sizeof(Declaration) == 88 &&
                   sizeof(Reference) == 12,
               "the layout of the blob has no padding and keeps its arrays aligned");

/* ---- reading ------------------------------------------------------------------------------- */

static uint64_t blob_size(const Header *header)
{
    return sizeof *header + (uint64_t)header->import_count * sizeof(ImportEntry) +
           (uint64_t)header->count * (sizeof(Declaration) + sizeof(uint32_t)) +
           (uint64_t)header->reference_count * sizeof(Reference) + header->text_size;
}

/* The positions of the arrays of a blob with this header. */
static Declarations arrays_of(const Header *header)
{
    Declarations view = {
        .import_count = header->import_count,
        .count = header->count,
        .reference_count = header->reference_count,
        .text_size = header->text_size,
    };
    view.imports = (const ImportEntry *)(header + 1);
    view.items = (const Declaration *)(view.imports + view.import_count);
    view.references = (const Reference *)(view.items + view.count);
    view.name_order = (const uint32_t *)(view.references + view.reference_count);
    view.text = (const char *)(view.name_order + view.count);
    return view;
}

static bool in_text(const Declarations *view, TextRange range)
{
    return range.offset <= view->text_size && range.size <= view->text_size - range.offset;
}

/* Is each range inside the text, and each number that of an element? */
static bool entries_are_valid(const Declarations *view)
{
    for (uint32_t i = 0; i < view->import_count; i++)
        if (!in_text(view, view->imports[i].path))
            return false;
    for (uint32_t i = 0; i < view->count; i++) {
        const Declaration *item = &view->items[i];
        uint64_t end = (uint64_t)item->first_reference + item->interface_reference_count +
                       item->body_reference_count;
        if (end > view->reference_count || !in_text(view, item->name) ||
            !in_text(view, item->prelude_symbol) || !in_text(view, item->prelude_line))
            return false;
    }
    for (uint32_t i = 0; i < view->reference_count; i++) {
        const Reference *reference = &view->references[i];
        if (reference->import >= view->import_count && reference->import != IMPORT_SELF)
            return false;
        if (!in_text(view, reference->name))
            return false;
    }
    return true;
}

/* Does `a` come before `b` in order of name, then number? */
static bool comes_before(const Declarations *view, uint32_t a, uint32_t b)
{
    int order = slice_compare(declaration_name(view, a), declaration_name(view, b));
    return order < 0 || (order == 0 && a < b);
}

/* A number that is too large would be followed; a wrong order would hide declarations. If each
 * comes strictly before the next, none occurs twice, and none is missing. */
static bool name_order_is_valid(const Declarations *view)
{
    for (uint32_t i = 0; i < view->count; i++)
        if (view->name_order[i] >= view->count ||
            (i > 0 && !comes_before(view, view->name_order[i - 1], view->name_order[i])))
            return false;
    return true;
}

bool declarations_view(Slice blob, Declarations *view)
{
    *view = (Declarations){0};
    if (blob.size < sizeof(Header) || (uintptr_t)blob.data % alignof(Declaration) != 0)
        return false;
    const Header *header = (const Header *)(const void *)blob.data;
    if (header->version != DECLARATIONS_VERSION || blob_size(header) != blob.size)
        return false;
    Declarations arrays = arrays_of(header);
    if (!entries_are_valid(&arrays) || !name_order_is_valid(&arrays))
        return false;
    *view = arrays;
    return true;
}

uint32_t declarations_place(const Declarations *view, Slice name)
{
    uint32_t low = 0, high = view->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (slice_compare(declaration_name(view, view->name_order[middle]), name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t declarations_find(const Declarations *view, Slice name)
{
    uint32_t place = declarations_place(view, name);
    if (place < view->count && slice_equal(declaration_name(view, view->name_order[place]), name))
        return view->name_order[place];
    return DECLARATION_NONE;
}

/* ---- writing ------------------------------------------------------------------------------- */

DeclarationsBuilder declarations_builder_in(Arena *arena)
{
    ByteBuffer empty = {.arena = arena};
    return (DeclarationsBuilder){empty, empty, empty, empty, empty};
}

static TextRange put_text(DeclarationsBuilder *builder, Slice text)
{
    TextRange range = {(uint32_t)builder->text.size, (uint32_t)text.size};
    buffer_put(&builder->text, text);
    return range;
}

static Slice text_at(const DeclarationsBuilder *builder, TextRange range)
{
    if (range.size == 0)
        return slice_from("");
    return slice_of(builder->text.data + range.offset, range.size);
}

static Declaration *newest(const DeclarationsBuilder *builder)
{
    assert(builder->items.size != 0);
    return (Declaration *)(void *)(builder->items.data + builder->items.size) - 1;
}

static uint32_t reference_count(const Declaration *item)
{
    return item->interface_reference_count + item->body_reference_count;
}

void declarations_add_import(DeclarationsBuilder *builder, Slice path, uint32_t line,
                             uint32_t column)
{
    ImportEntry entry = {put_text(builder, path), line, column};
    buffer_put(&builder->imports, slice_of(&entry, sizeof entry));
}

Declaration *declarations_add(DeclarationsBuilder *builder, Slice name, uint32_t line,
                              uint32_t column)
{
    Declaration item = {
        .name = put_text(builder, name),
        .first_reference = (uint32_t)(builder->references.size / sizeof(Reference)),
        .line = line,
        .column = column,
    };
    buffer_put(&builder->items, slice_of(&item, sizeof item));
    builder->slots.size = 0;
    return newest(builder);
}

static const Reference *newest_references(const DeclarationsBuilder *builder)
{
    const Reference *all = (const Reference *)(const void *)builder->references.data;
    return all == NULL ? NULL : all + newest(builder)->first_reference;
}

static bool is_reference(const DeclarationsBuilder *builder, const Reference *reference,
                         uint32_t import, Slice name)
{
    return reference->import == import && slice_equal(text_at(builder, reference->name), name);
}

/* The slot that holds the reference's number + 1, or the free slot for it. */
static uint32_t *find_slot(const DeclarationsBuilder *builder, uint32_t import, Slice name)
{
    uint32_t *slots = (uint32_t *)(void *)builder->slots.data;
    size_t mask = builder->slots.size / sizeof *slots - 1;
    const Reference *references = newest_references(builder);
    size_t i = (size_t)(hash_checksum(name) + import * 0x9E3779B97F4A7C15u) & mask;
    while (slots[i] != 0 && !is_reference(builder, &references[slots[i] - 1], import, name))
        i = (i + 1) & mask;
    return &slots[i];
}

/* Rebuilds the table, for twice `count` references. */
static void make_slots(DeclarationsBuilder *builder, uint32_t count)
{
    size_t size = (size_t)count * 4 * sizeof(uint32_t);
    builder->slots.size = 0;
    buffer_reserve(&builder->slots, size);
    builder->slots.size = size;
    memset(builder->slots.data, 0, size);
    const Reference *references = newest_references(builder);
    for (uint32_t i = 0; i < count; i++) {
        Slice name = text_at(builder, references[i].name);
        *find_slot(builder, references[i].import, name) = i + 1;
    }
}

static uint32_t find_reference(const DeclarationsBuilder *builder, uint32_t import, Slice name)
{
    uint32_t count = reference_count(newest(builder));
    if (builder->slots.size != 0) {
        uint32_t slot = *find_slot(builder, import, name);
        return slot == 0 ? count : slot - 1;
    }
    const Reference *references = newest_references(builder);
    uint32_t i = 0;
    while (i < count && !is_reference(builder, &references[i], import, name))
        i++;
    return i;
}

uint32_t declarations_add_reference(DeclarationsBuilder *builder, uint32_t import, Slice name,
                                    bool in_interface)
{
    Declaration *item = newest(builder);
    uint32_t count = reference_count(item);
    uint32_t found = find_reference(builder, import, name);
    if (found < count)
        return found;
    assert(!in_interface || item->body_reference_count == 0);
    Reference reference = {import, put_text(builder, name)};
    buffer_put(&builder->references, slice_of(&reference, sizeof reference));
    if (in_interface)
        item->interface_reference_count++;
    else
        item->body_reference_count++;
    count++;
    if (count >= LINEAR_REFERENCES && (count & (count - 1)) == 0)
        make_slots(builder, count);
    else if (builder->slots.size != 0)
        *find_slot(builder, import, name) = count;
    return count - 1;
}

void declarations_set_prelude(DeclarationsBuilder *builder, Slice symbol, Slice line)
{
    TextRange symbol_range = put_text(builder, symbol);
    newest(builder)->prelude_symbol = symbol_range;
    newest(builder)->prelude_line = put_text(builder, line);
}

typedef struct NamedItem {
    Slice name;
    uint32_t number;
} NamedItem;

static int by_name(const void *left, const void *right)
{
    const NamedItem *a = left, *b = right;
    int order = slice_compare(a->name, b->name);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

static void put_name_order(const DeclarationsBuilder *builder, uint32_t count, Arena *arena,
                           uint32_t *order)
{
    const Declaration *items = (const Declaration *)(const void *)builder->items.data;
    NamedItem *sorted = arena_allocate(arena, count * sizeof *sorted);
    for (uint32_t i = 0; i < count; i++) {
        sorted[i].name = text_at(builder, items[i].name);
        sorted[i].number = i;
    }
    qsort(sorted, count, sizeof *sorted, by_name);
    for (uint32_t i = 0; i < count; i++)
        order[i] = sorted[i].number;
}

static char *put_bytes(char *to, const ByteBuffer *from)
{
    if (from->size != 0)
        memcpy(to, from->data, from->size);
    return to + from->size;
}

Slice declarations_finish(const DeclarationsBuilder *builder, Arena *arena)
{
    Header header = {
        .version = DECLARATIONS_VERSION,
        .import_count = (uint32_t)(builder->imports.size / sizeof(ImportEntry)),
        .count = (uint32_t)(builder->items.size / sizeof(Declaration)),
        .reference_count = (uint32_t)(builder->references.size / sizeof(Reference)),
        .text_size = (uint32_t)builder->text.size,
    };
    size_t size = (size_t)blob_size(&header);
    char *blob = arena_allocate(arena, size);
    memcpy(blob, &header, sizeof header);
    char *next = put_bytes(blob + sizeof header, &builder->imports);
    next = put_bytes(next, &builder->items);
    next = put_bytes(next, &builder->references);
    if (header.count != 0)
        put_name_order(builder, header.count, arena, (uint32_t *)(void *)next);
    put_bytes(next + header.count * sizeof(uint32_t), &builder->text);
    return slice_of(blob, size);
}

void declarations_builder_reset(DeclarationsBuilder *builder)
{
    builder->imports.size = 0;
    builder->items.size = 0;
    builder->references.size = 0;
    builder->text.size = 0;
    builder->slots.size = 0;
}

void declarations_builder_free(DeclarationsBuilder *builder)
{
    buffer_free(&builder->imports);
    buffer_free(&builder->items);
    buffer_free(&builder->references);
    buffer_free(&builder->text);
    buffer_free(&builder->slots);
}
