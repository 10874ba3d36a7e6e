/* SPDX-License-Identifier: MIT */
/*
 * Writes the ZIR blob of a file, part by part.
 *
 *     zir_builder_init(&builder, source, &scratch);
 *     zir_begin_part(&builder, offset);
 *     name = zir_put_text(&builder, slice_from("a"));
 *     zir_emit(&builder, offset, (ZirInst){.op = ZIR_PARAM, .type = ZIR_TYPE_I32, .a = name});
 *     zir_end_interface(&builder);
 *     ...
 *     zir_finish_part(&builder, ZIR_FN, declaration);     hashes it, too
 *     blob = zir_builder_finish(&builder, arena);
 *
 * The blob is in `arena`, everything else in `scratch`.
 */
#ifndef ZIR_BUILDER_H
#define ZIR_BUILDER_H

#include "declarations.h"
#include "zir.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ZirTextSlot {
    uint32_t part; /* free unless it is the current part's number */
    uint32_t offset;
} ZirTextSlot;

typedef struct ZirBuilder {
    Arena *scratch;
    const HashSecret *secret; /* for the hashes of parts; NULL after init */
    ByteBuffer blob; /* header, line starts, finished parts */
    uint32_t line_count;
    uint32_t part; /* number of the current part, from 1 */
    /* the current part */
    uint32_t position;
    ZirInst *insts;
    uint32_t *positions;
    uint32_t count, capacity;
    uint32_t interface_count;
    size_t interface_text;
    ByteBuffer text;
    ZirTextSlot *slots; /* hash table over the texts of this part */
    uint32_t text_count, slot_mask;
    ByteBuffer hashed;
} ZirBuilder;

void zir_builder_init(ZirBuilder *builder, Slice source, Arena *scratch);

/* Starts of the source's lines, line_count of them. Valid until a part is finished. */
const uint32_t *zir_builder_lines(const ZirBuilder *builder);

/* `position` is where the part begins in the source; no instruction's position may be less. */
void zir_begin_part(ZirBuilder *builder, uint32_t position);

void zir_builder_grow(ZirBuilder *builder);

/* Appends an instruction and returns its number. */
static inline uint32_t zir_emit(ZirBuilder *builder, uint32_t position, ZirInst inst)
{
    if (builder->count == builder->capacity)
        zir_builder_grow(builder);
    builder->insts[builder->count] = inst;
    builder->positions[builder->count] = position;
    return builder->count++;
}

/* The offset of `text` in the part's text, which holds equal texts once. `text` holds no NUL. */
uint32_t zir_put_text(ZirBuilder *builder, Slice text);

/* Everything emitted so far is the interface; the rest is the body. */
void zir_end_interface(ZirBuilder *builder);

/* Forgets the body, or all that was emitted, of a declaration with an error. */
void zir_break_body(ZirBuilder *builder);
void zir_break_interface(ZirBuilder *builder);

/* Appends the part to the blob and sets the declaration's hashes and place. */
void zir_finish_part(ZirBuilder *builder, ZirKind kind, Declaration *declaration);

/* The finished blob, in the arena. */
Slice zir_builder_finish(const ZirBuilder *builder, Arena *arena);

#ifdef __cplusplus
}
#endif
#endif
