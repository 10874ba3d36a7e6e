/* SPDX-License-Identifier: MIT */
/*
 * What fuzz targets share: a target is one function that is handed bytes that somebody made up,
 * does with them whatever they say, and ends the process where a promise is broken.
 *
 *     int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
 *     {
 *         FuzzInput input = {data, data + size};
 *         uint32_t steps = fuzz_below(&input, 16);
 *         ...
 *         FUZZ_CHECK(saved == loaded);
 *         return 0;
 *     }
 *
 * `make fuzz` links targets with libFuzzer, which makes bytes up and keeps those that reach new
 * code. `make test` links them with fuzz/replay.c, which runs the seeds that lie beside the
 * target's source: every input that once broke something is a test from then on.
 */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include "memory.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the process with a message unless the condition holds. */
#define FUZZ_CHECK(condition) \
    ((condition) ? (void)0 : fuzz_failed(__FILE__, __LINE__, #condition))

_Noreturn void fuzz_failed(const char *file, int line, const char *condition);

/* ---- decoding ---------------------------------------------------------------------------- */

typedef struct FuzzInput {
    const uint8_t *at, *end;
} FuzzInput;

static inline bool fuzz_is_over(const FuzzInput *input)
{
    return input->at == input->end;
}

/* The next bytes as a little-endian number; behind the end there are zeros. */
uint8_t fuzz_u8(FuzzInput *input);
uint16_t fuzz_u16(FuzzInput *input);
uint32_t fuzz_u32(FuzzInput *input);

/* A number below `limit` (1 to 65536) from the next byte, or two where one is not enough. */
uint32_t fuzz_below(FuzzInput *input, uint32_t limit);

/* The next `size` bytes, or those that are left. */
Slice fuzz_bytes(FuzzInput *input, size_t size);
Slice fuzz_rest(FuzzInput *input);

/* ---- damage ------------------------------------------------------------------------------ */

/* Damages `bytes` as the input says, in a few places at most: single bytes and whole numbers
 * become others, the end is cut off or repeated. False if the input wants none. */
bool fuzz_damage(FuzzInput *input, ByteBuffer *bytes);

/* Makes size and checksum in the header of a binary file (binary_file.h) fit what follows it. */
void fuzz_seal(ByteBuffer *file);

#endif
