/* SPDX-License-Identifier: MIT */
/*
 * The current part grows in three arrays, which are reused for the next one; a finished part is
 * their copy at the end of the blob.
 *
 * Texts are found by a hash table of offsets. Clearing it for each part would make a two-line
 * function cost as much as the largest one before it. Instead, a slot holds the number of the part
 * that filled it, and a slot of an older part is free.
 *
 * The hashes are made from instructions and text but not from positions. Body instructions may
 * point into the interface's text (the field `x` of a parameter `x`): parts are equal if both body
 * and interface hashes are equal, and every key holds both.
 */
#include "zir_builder.h"

#include "source_text.h"
#include "zir_code.h"

enum { FIRST_INSTS = 256, FIRST_SLOTS = 64, PART_ALIGNMENT = 4 };

static void pad(ByteBuffer *buffer)
{
    while (buffer->size % PART_ALIGNMENT != 0)
        buffer_put_byte(buffer, 0);
}

static void make_slots(ZirBuilder *builder, uint32_t slot_count)
{
    builder->slots = arena_allocate(builder->scratch, slot_count * sizeof *builder->slots);
    memset(builder->slots, 0, slot_count * sizeof *builder->slots);
    builder->slot_mask = slot_count - 1;
}

/* A copy with room for more; the original stays until the arena is freed. */
static void *copy_larger(Arena *arena, const void *items, size_t size, size_t room)
{
    void *copy = arena_allocate(arena, room);
    if (size != 0)
        memcpy(copy, items, size);
    return copy;
}

void zir_builder_init(ZirBuilder *builder, Slice source, Arena *scratch)
{
    *builder = (ZirBuilder){.scratch = scratch,
                            .blob.arena = scratch,
                            .text.arena = scratch,
                            .hashed.arena = scratch};
    buffer_reserve(&builder->blob, source.size * 2 + 1024);
    ZirHeader header = {ZIR_VERSION, 0};
    buffer_put(&builder->blob, slice_of(&header, sizeof header));
    builder->line_count = source_text_line_starts(source, &builder->blob);
    ((ZirHeader *)(void *)builder->blob.data)->line_count = builder->line_count;
    pad(&builder->blob);
    make_slots(builder, FIRST_SLOTS);
    buffer_reserve(&builder->text, 1);
    zir_builder_grow(builder);
}

const uint32_t *zir_builder_lines(const ZirBuilder *builder)
{
    return (const uint32_t *)(const void *)(builder->blob.data + sizeof(ZirHeader));
}

void zir_begin_part(ZirBuilder *builder, uint32_t position)
{
    builder->part++;
    builder->position = position;
    builder->count = 0;
    builder->interface_count = 0;
    builder->interface_text = 0;
    builder->text.size = 0;
    builder->text_count = 0;
}

void zir_builder_grow(ZirBuilder *builder)
{
    uint32_t capacity = builder->capacity == 0 ? FIRST_INSTS : builder->capacity * 2;
    size_t inst = sizeof *builder->insts, position = sizeof *builder->positions;
    builder->insts = copy_larger(builder->scratch, builder->insts, builder->count * inst,
                                 capacity * inst);
    builder->positions = copy_larger(builder->scratch, builder->positions,
                                     builder->count * position, capacity * position);
    builder->capacity = capacity;
}

/* ---- texts --------------------------------------------------------------------------------- */

static bool text_stands_at(const ZirBuilder *builder, uint32_t offset, Slice text)
{
    if (builder->text.size - offset <= text.size)
        return false;
    const char *there = builder->text.data + offset;
    return there[text.size] == '\0' && (text.size == 0 || memcmp(there, text.data, text.size) == 0);
}

/* The slot that holds `text`, or the free slot for it. */
static ZirTextSlot *find_slot(const ZirBuilder *builder, Slice text)
{
    uint32_t i = (uint32_t)hash_checksum(text) & builder->slot_mask;
    while (builder->slots[i].part == builder->part &&
           !text_stands_at(builder, builder->slots[i].offset, text))
        i = (i + 1) & builder->slot_mask;
    return &builder->slots[i];
}

uint32_t zir_put_text(ZirBuilder *builder, Slice text)
{
    ZirTextSlot *slot = find_slot(builder, text);
    if (slot->part == builder->part)
        return slot->offset;
    uint32_t offset = (uint32_t)builder->text.size;
    *slot = (ZirTextSlot){builder->part, offset};
    buffer_put(&builder->text, text);
    buffer_put_byte(&builder->text, '\0');
    if (++builder->text_count <= builder->slot_mask / 2)
        return offset;
    make_slots(builder, (builder->slot_mask + 1) * 4);
    const char *all = builder->text.data;
    for (size_t at = 0; at < builder->text.size; at += strlen(all + at) + 1)
        *find_slot(builder, slice_from(all + at)) = (ZirTextSlot){builder->part, (uint32_t)at};
    return offset;
}

/* ---- parts --------------------------------------------------------------------------------- */

void zir_end_interface(ZirBuilder *builder)
{
    builder->interface_count = builder->count;
    builder->interface_text = builder->text.size;
}

static Hash128 hash_section(ZirBuilder *builder, ZirKind kind, Slice code, Slice text)
{
    uint64_t sizes[] = {(uint64_t)kind, code.size, text.size};
    ByteBuffer *key = &builder->hashed;
    key->size = 0;
    buffer_put(key, slice_of(sizes, sizeof sizes));
    buffer_put(key, code);
    buffer_put(key, text);
    return hash_keyed(builder->secret, buffer_slice(key));
}

/* The instructions from `first` to before `end`, packed. Valid until more is put. */
static Slice put_code(ZirBuilder *builder, uint32_t first, uint32_t end)
{
    size_t offset = builder->blob.size;
    zir_code_put(&builder->blob, builder->insts + first, end - first);
    return slice_of(builder->blob.data + offset, builder->blob.size - offset);
}

/* Instructions, and the hashes of both halves. */
static void finish_code(ZirBuilder *builder, ZirKind kind, Declaration *declaration)
{
    Slice text = buffer_slice(&builder->text);
    size_t split = builder->interface_text;
    Slice code = put_code(builder, 0, builder->interface_count);
    ZirKind seen = kind == ZIR_FN_BROKEN ? ZIR_FN : kind; /* by others */
    declaration->interface_hash = hash_section(builder, seen, code, slice_of(text.data, split));
    declaration->body_hash = (Hash128){0};
    code = put_code(builder, builder->interface_count, builder->count);
    if (seen == ZIR_FN)
        declaration->body_hash =
            hash_section(builder, kind, code, slice_of(text.data + split, text.size - split));
}

/* Returns the bytes per position. */
static uint16_t put_positions(ZirBuilder *builder)
{
    ByteBuffer *blob = &builder->blob;
    uint32_t bits = 0, count = builder->count;
    for (uint32_t i = 0; i < count; i++)
        bits |= builder->positions[i] -= builder->position;
    buffer_reserve(blob, count * sizeof(uint32_t));
    if (bits > UINT16_MAX) {
        buffer_put(blob, slice_of(builder->positions, count * sizeof(uint32_t)));
        return sizeof(uint32_t);
    }
    uint16_t *to = (uint16_t *)(void *)(blob->data + blob->size);
    for (uint32_t i = 0; i < count; i++)
        to[i] = (uint16_t)builder->positions[i];
    blob->size += count * sizeof *to;
    return sizeof *to;
}

void zir_finish_part(ZirBuilder *builder, ZirKind kind, Declaration *declaration)
{
    ByteBuffer *blob = &builder->blob;
    size_t offset = blob->size;
    ZirPart part = {.kind = (uint16_t)kind,
                    .position = builder->position,
                    .interface_count = builder->interface_count,
                    .inst_count = builder->count,
                    .text_size = (uint32_t)builder->text.size};
    buffer_put(blob, slice_of(&part, sizeof part));
    buffer_put(blob, buffer_slice(&builder->text));
    pad(blob);
    size_t code = blob->size;
    finish_code(builder, kind, declaration);
    part.code_size = (uint32_t)(blob->size - code);
    part.position_size = put_positions(builder);
    pad(blob);
    memcpy(blob->data + offset, &part, sizeof part);
    declaration->ir_offset = (uint32_t)offset;
    declaration->ir_size = (uint32_t)(blob->size - offset);
}

void zir_break_body(ZirBuilder *builder)
{
    builder->count = builder->interface_count;
    builder->text.size = builder->interface_text;
}

void zir_break_interface(ZirBuilder *builder)
{
    builder->interface_count = 0;
    builder->interface_text = 0;
    zir_break_body(builder);
}

Slice zir_builder_finish(const ZirBuilder *builder, Arena *arena)
{
    char *copy = arena_allocate(arena, builder->blob.size);
    memcpy(copy, builder->blob.data, builder->blob.size);
    return slice_of(copy, builder->blob.size);
}
