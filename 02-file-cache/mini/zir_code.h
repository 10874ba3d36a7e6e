/* SPDX-License-Identifier: MIT */
/*
 * Instructions as they are kept: small numbers take one byte.
 *
 * An instruction with its position is 16 bytes in memory. Nearly all numbers in it are small, so
 * what is kept, in memory from lowering to emitting and then on disk, is a third of that:
 *
 *     op u8, + 0x40 if a type follows, + 0x80 if a count follows
 *     type u8 if not 0 │ count if not 0 │ a + 1 │ b │ position - the one before
 *
 * Numbers are LEB128: seven bits a byte, low ones first, the top bit set if more follow. a is kept
 * plus 1, so that ZIR_NO_VALUE is 0; the difference of two positions has its sign in bit 0.
 *
 * Unpacking costs some twenty machine instructions each; fresh memory costs more.
 */
#ifndef ZIR_CODE_H
#define ZIR_CODE_H

#include "zir.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { ZIR_CODE_LEAST_BYTES = 4 }; /* of an instruction */

/* Appends `count` instructions. Operations must be below 64. */
void zir_code_put(ByteBuffer *code, const ZirInst *insts, const uint32_t *positions,
                  uint32_t count);

/* Reads `count` instructions. Returns how many bytes they take; 0 if they are cut off, or a number
 * is too large for its place. Nothing else is checked. */
size_t zir_code_get(Slice code, ZirInst *insts, uint32_t *positions, uint32_t count);

#ifdef __cplusplus
}
#endif
#endif
