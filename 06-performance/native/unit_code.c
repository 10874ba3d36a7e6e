/* SPDX-License-Identifier: MIT */
/*
 * Header and references are copied out with memcpy: blobs in a cache or a buffer have any
 * alignment. The sum of the sizes must be the size, in 64 bits, so that one comparison checks all.
 */
#include "unit_code.h"

#include "content_hash.h"

enum { UNIT_CODE_MAGIC = 0x43554E7F, FIRST_SLOTS = 16 };

typedef struct Header {
    uint32_t magic, size, code_size, symbol_size, reference_count, zero;
} Header;

typedef struct Reference {
    uint32_t offset, kind, symbol_offset, symbol_size;
} Reference;

static uint64_t padded(uint64_t size)
{
    return (size + 7) & ~(uint64_t)7;
}

/* ---- writing ------------------------------------------------------------------------------- */

void unit_code_begin(UnitCodeBuilder *builder, Arena *arena, Slice symbol)
{
    *builder = (UnitCodeBuilder){.code = {.arena = arena}, .references = {.arena = arena},
                                 .texts = {.arena = arena}, .symbol_size = (uint32_t)symbol.size};
    buffer_put(&builder->texts, symbol);
    buffer_put_byte(&builder->texts, '\0');
}

static Reference stored_reference(const char *references, uint32_t i)
{
    Reference reference;
    memcpy(&reference, references + i * sizeof reference, sizeof reference);
    return reference;
}

/* The slot of a symbol: the one that holds a reference to it, or the free one for it. */
static uint32_t *find_slot(const UnitCodeBuilder *builder, Slice symbol)
{
    uint32_t mask = builder->slot_count - 1;
    for (uint32_t i = (uint32_t)hash_checksum(symbol) & mask;; i = (i + 1) & mask) {
        if (builder->slots[i] == 0)
            return &builder->slots[i];
        Reference known = stored_reference(builder->references.data, builder->slots[i] - 1);
        Slice text = slice_of(builder->texts.data + known.symbol_offset, known.symbol_size);
        if (slice_equal(text, symbol))
            return &builder->slots[i];
    }
}

static void grow(UnitCodeBuilder *builder)
{
    const uint32_t *old = builder->slots;
    uint32_t old_count = builder->slot_count;
    builder->slot_count = old_count == 0 ? FIRST_SLOTS : old_count * 2;
    size_t size = builder->slot_count * sizeof *builder->slots;
    builder->slots = memset(arena_allocate(builder->code.arena, size), 0, size);
    for (uint32_t i = 0; i < old_count; i++) {
        if (old[i] == 0)
            continue;
        Reference known = stored_reference(builder->references.data, old[i] - 1);
        *find_slot(builder, slice_of(builder->texts.data + known.symbol_offset,
                                     known.symbol_size)) = old[i];
    }
}

void unit_code_refer(UnitCodeBuilder *builder, uint32_t offset, ReferenceKind kind, Slice symbol)
{
    if (builder->symbol_count * 2 >= builder->slot_count)
        grow(builder);
    uint32_t *slot = find_slot(builder, symbol);
    Reference reference = {offset, (uint32_t)kind, (uint32_t)builder->texts.size,
                           (uint32_t)symbol.size};
    if (*slot != 0) {
        reference.symbol_offset =
            stored_reference(builder->references.data, *slot - 1).symbol_offset;
    } else {
        buffer_put(&builder->texts, symbol);
        builder->symbol_count++;
        *slot = builder->count + 1;
    }
    buffer_put(&builder->references, slice_of(&reference, sizeof reference));
    builder->count++;
}

static void put_padded(ByteBuffer *out, Slice bytes)
{
    static const char zeros[8] = {0};
    buffer_put(out, bytes);
    buffer_put(out, slice_of(zeros, (size_t)(padded(bytes.size) - bytes.size)));
}

bool unit_code_finish(UnitCodeBuilder *builder, ByteBuffer *out)
{
    uint64_t size = sizeof(Header) + builder->references.size + padded(builder->code.size) +
                    padded(builder->texts.size);
    if (size > INT32_MAX)
        return false;
    Header header = {UNIT_CODE_MAGIC, (uint32_t)size, (uint32_t)builder->code.size,
                     builder->symbol_size, builder->count, 0};
    buffer_reserve(out, (size_t)size);
    buffer_put(out, slice_of(&header, sizeof header));
    buffer_put(out, buffer_slice(&builder->references));
    put_padded(out, buffer_slice(&builder->code));
    put_padded(out, buffer_slice(&builder->texts));
    return true;
}

/* ---- reading ------------------------------------------------------------------------------- */

static bool is_symbol(Slice texts, uint32_t offset, uint32_t size)
{
    return size != 0 && offset <= texts.size && size <= texts.size - offset &&
           memchr(texts.data + offset, '\0', size) == NULL;
}

static bool are_references_right(const UnitCode *unit)
{
    uint64_t free_from = 0;
    for (uint32_t i = 0; i < unit->reference_count; i++) {
        Reference reference = stored_reference(unit->references.data, i);
        if (reference.kind > REFERENCE_C || reference.offset < free_from ||
            !is_symbol(unit->texts, reference.symbol_offset, reference.symbol_size))
            return false;
        free_from = (uint64_t)reference.offset + 4;
    }
    return free_from <= unit->code.size;
}

bool unit_code_next(Slice *rest, UnitCode *unit)
{
    Header header;
    if (rest->size < sizeof header)
        return false;
    memcpy(&header, rest->data, sizeof header);
    uint64_t references_size = (uint64_t)header.reference_count * sizeof(Reference);
    uint64_t texts_at = sizeof header + references_size + padded(header.code_size);
    if (header.magic != UNIT_CODE_MAGIC || header.zero != 0 || header.size > rest->size ||
        header.size % 8 != 0 || texts_at >= header.size)
        return false;
    const char *references = rest->data + sizeof header;
    *unit = (UnitCode){
        .code = slice_of(references + references_size, header.code_size),
        .reference_count = header.reference_count,
        .references = slice_of(references, (size_t)references_size),
        .texts = slice_of(rest->data + texts_at, (size_t)(header.size - texts_at)),
    };
    if (!is_symbol(unit->texts, 0, header.symbol_size) || header.symbol_size == unit->texts.size ||
        unit->texts.data[header.symbol_size] != '\0' || !are_references_right(unit))
        return false;
    unit->symbol = slice_of(unit->texts.data, header.symbol_size);
    *rest = slice_of(rest->data + header.size, rest->size - header.size);
    return true;
}

CodeReference unit_code_reference(const UnitCode *unit, uint32_t i)
{
    Reference stored = stored_reference(unit->references.data, i);
    return (CodeReference){
        .offset = stored.offset,
        .kind = (ReferenceKind)stored.kind,
        .symbol = slice_of(unit->texts.data + stored.symbol_offset, stored.symbol_size),
    };
}
