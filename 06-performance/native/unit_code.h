/* SPDX-License-Identifier: MIT */
/*
 * The machine code of one unit, before it has a place in an image.
 *
 * A back end makes one blob for each thing that other code can name: a function, a long string. The
 * blobs of a unit follow each other; they are the text that `emit` returns and the AirCache keeps.
 *
 *     blob        magic u32 │ size u32 │ code size u32 │ symbol size u32 │ reference count u32 │
 *                 0 u32 │ references │ code, padded to 8 │ texts, padded to 8
 *     reference   offset u32 │ kind u32 │ symbol offset u32 │ symbol size u32
 *     texts       the unit's own symbol, NUL, then those it refers to; offsets count from the start
 *
 * Little-endian. `size` is that of the whole blob, a multiple of 8, and so is the offset of the
 * code in it. The code runs wherever it stands: what it needs of other units it reaches through
 * slots, 8 bytes each, that the image keeps below 2 GiB and fills with the addresses of the
 * symbols. A reference is a place in the code of 4 bytes that receives the address of such a slot.
 *
 *     FF 14 25 ?? ?? ?? ??      call [slot]        {offset 3, REFERENCE_C, "printf"}
 *
 *     UnitCodeBuilder builder;                     Slice rest = text;
 *     unit_code_begin(&builder, &arena, symbol);   UnitCode unit;
 *     buffer_put(&builder.code, bytes);            while (unit_code_next(&rest, &unit))
 *     unit_code_refer(&builder, 3, kind, name);        place(unit.symbol, unit.code);
 *     unit_code_finish(&builder, &text);           bool is_damaged = rest.size != 0;
 *
 * Threads: a builder belongs to one thread; reading is free for all.
 */
#ifndef UNIT_CODE_H
#define UNIT_CODE_H

#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ReferenceKind {
    REFERENCE_UNIT, /* another unit of the program, or of the run-time code */
    REFERENCE_C,    /* a symbol of a C library */
} ReferenceKind;

typedef struct CodeReference {
    uint32_t offset;    /* in the code, of the 4 bytes */
    ReferenceKind kind;
    Slice symbol;       /* not empty, without NUL */
} CodeReference;

/* ---- writing ----------------------------------------------------------------------------- */

typedef struct UnitCodeBuilder {
    ByteBuffer code; /* append to it; written bytes may be changed */
    /* the rest is the builder's own */
    ByteBuffer references, texts;
    uint32_t symbol_size, count, symbol_count;
    uint32_t *slots; /* hash table of reference number + 1, by symbol */
    uint32_t slot_count;
} UnitCodeBuilder;

/* `symbol`, not empty and without NUL, is copied. All memory is the arena's. */
void unit_code_begin(UnitCodeBuilder *builder, Arena *arena, Slice symbol);

/* The 4 bytes at `offset` receive the address of the slot of `symbol`, which is copied; equal
 * symbols are stored once. Offsets come in ascending order, and the 4 bytes are written by the
 * caller, before or after. Cost: constant, on average. */
void unit_code_refer(UnitCodeBuilder *builder, uint32_t offset, ReferenceKind kind, Slice symbol);

/* Appends the blob to `out`. False, with nothing appended, if it would pass 2 GiB. */
bool unit_code_finish(UnitCodeBuilder *builder, ByteBuffer *out);

/* ---- reading ----------------------------------------------------------------------------- */

typedef struct UnitCode {
    Slice symbol; /* not empty, without NUL; what follows it in memory is a NUL */
    Slice code;
    uint32_t reference_count;
    Slice references, texts; /* as stored */
} UnitCode;

/* Takes the first blob from `rest`. Its slices are valid as long as the bytes of `rest`, which need
 * no alignment. Everything is checked: sizes, kinds, that references ascend, do not overlap and lie
 * within the code, that symbols lie within the texts. False, and `rest` stays as it is, at the
 * end, where `rest` is empty, or if the blob is not well formed, where it is not. Cost: one pass
 * over the references. */
bool unit_code_next(Slice *rest, UnitCode *unit);

/* Reference `i` of a unit that unit_code_next returned. */
CodeReference unit_code_reference(const UnitCode *unit, uint32_t i);

#ifdef __cplusplus
}
#endif
#endif
