/* SPDX-License-Identifier: MIT */
/*
 * One unit of Mini → its text in the output: ZIR → AIR → LLVM IR.
 *
 *     function          its definition and its strings
 *     struct            a comment that says how it is spelled
 *     const             its long strings, if there are any
 *     extern fn         nothing, but it is checked like the others
 */
#ifndef MINI_EMIT_H
#define MINI_EMIT_H

#include "air.h"

#ifdef __cplusplus
extern "C" {
#endif

/* An EmitUnit; `language` is not used. Any thread. */
bool mini_emit(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
               ByteBuffer *text, Diagnostics *diagnostics);

/* What is made of units that pass their checks. LLVM IR is one back end; there may be others. */
typedef struct MiniBackEnd {
    bool (*function)(const Air *air, ByteBuffer *text); /* false: it would be too large */
    void (*constant)(Entities *entities, ByteBuffer *text);
    void (*structure)(Entities *entities, Entity *structure, ByteBuffer *text); /* or NULL */
} MiniBackEnd;

/* The same as mini_emit, for any back end. */
bool mini_emit_with(const MiniBackEnd *back_end, const Unit *unit, const Lookup *lookup,
                    Arena *scratch, ByteBuffer *text, Diagnostics *diagnostics);

#ifdef __cplusplus
}
#endif
#endif
