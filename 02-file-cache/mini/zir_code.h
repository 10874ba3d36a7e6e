/* SPDX-License-Identifier: MIT */
/*
 * Stored instructions: most of them in one word.
 *
 * In memory an instruction takes 12 bytes, most of them zeros. The stored form, in memory from
 * lowering to emitting and then on disk, takes a third of that. A word has room for an instruction
 * with small numbers, and nearly all are small:
 *
 *     bits    6 op │ 3 type │ 3 count │ 10 a + 1 │ 10 b
 *
 * An instruction that does not fit follows whole after a word with the op 63. a is stored plus 1,
 * so that ZIR_NO_VALUE is 0.
 *
 * A code of bytes, with seven bits each, would be a fifth shorter. But then the start of each
 * number depends on the one before, and the processor must guess; here it shifts.
 */
#ifndef ZIR_CODE_H
#define ZIR_CODE_H

#include "zir.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Appends `count` instructions to a buffer whose size is a multiple of 4. Operations must be below
 * 63. */
void zir_code_put(ByteBuffer *code, const ZirInst *insts, uint32_t count);

/* Reads `count` instructions; the code is aligned to 4. Returns how many bytes they take; 0 if they
 * are truncated. Nothing else is checked. */
size_t zir_code_get(Slice code, ZirInst *insts, uint32_t count);

#ifdef __cplusplus
}
#endif
#endif
