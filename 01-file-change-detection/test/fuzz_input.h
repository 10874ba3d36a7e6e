/* SPDX-License-Identifier: MIT */
/*
 * Shared by the fuzz targets. A target is one function that takes made-up bytes, does what they
 * say, and ends the process where a promise is broken.
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
 * `make fuzz` links targets with libFuzzer, which makes up bytes and keeps those that reach new
 * code. `make test` links them with fuzz/replay.c, which runs the seeds beside the target's source:
 * every input that once broke something stays a test.
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

/* The next bytes as a little-endian number; past the end, zeros. */
uint8_t fuzz_u8(FuzzInput *input);
uint16_t fuzz_u16(FuzzInput *input);
uint32_t fuzz_u32(FuzzInput *input);

/* A number below `limit` (1 to 65536) from the next byte, or the next two if one is not enough. */
uint32_t fuzz_below(FuzzInput *input, uint32_t limit);

/* The next `size` bytes, or all that remain. */
Slice fuzz_bytes(FuzzInput *input, size_t size);
Slice fuzz_rest(FuzzInput *input);

/* ---- damage ------------------------------------------------------------------------------ */

/* Damages `bytes` as the input says, in a few places at most: changes single bytes and whole
 * numbers, cuts off or repeats the end. False if the input wants no damage. */
bool fuzz_damage(FuzzInput *input, ByteBuffer *bytes);

/* Makes size and checksum in the header of a binary file (binary_file.h) match the content. */
void fuzz_seal(ByteBuffer *file);

#endif
