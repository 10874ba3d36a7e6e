/* SPDX-License-Identifier: MIT */
#include "fuzz_input.h"

#include "binary_file.h"
#include "content_hash.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void fuzz_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

/* ---- decoding ---------------------------------------------------------------------------- */

uint8_t fuzz_u8(FuzzInput *input)
{
    return fuzz_is_over(input) ? 0 : *input->at++;
}

uint16_t fuzz_u16(FuzzInput *input)
{
    unsigned low = fuzz_u8(input);
    return (uint16_t)(low | (unsigned)fuzz_u8(input) << 8);
}

uint32_t fuzz_u32(FuzzInput *input)
{
    uint32_t low = fuzz_u16(input);
    return low | (uint32_t)fuzz_u16(input) << 16;
}

uint32_t fuzz_below(FuzzInput *input, uint32_t limit)
{
    return (limit <= 256 ? fuzz_u8(input) : fuzz_u16(input)) % limit;
}

Slice fuzz_bytes(FuzzInput *input, size_t size)
{
    size_t left = (size_t)(input->end - input->at);
    Slice bytes = slice_of(input->at, size < left ? size : left);
    input->at += bytes.size;
    return bytes;
}

Slice fuzz_rest(FuzzInput *input)
{
    return fuzz_bytes(input, (size_t)(input->end - input->at));
}

/* ---- damage ------------------------------------------------------------------------------ */

/* Edge values: a length or an offset that becomes one of these does the most harm. */
static uint32_t sharp_number(FuzzInput *input)
{
    static const uint32_t numbers[] = {0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFF8};
    uint32_t choice = fuzz_below(input, 8);
    return choice < 6 ? numbers[choice] : choice == 6 ? fuzz_u16(input) : fuzz_u32(input);
}

static void set_number(FuzzInput *input, ByteBuffer *bytes, size_t at)
{
    uint32_t number = sharp_number(input);
    size_t size = bytes->size - at < sizeof number ? bytes->size - at : sizeof number;
    memcpy(bytes->data + at, &number, size);
}

static void repeat_end(ByteBuffer *bytes, size_t at)
{
    size_t size = bytes->size - at;
    buffer_reserve(bytes, size);
    memcpy(bytes->data + bytes->size, bytes->data + at, size);
    bytes->size += size;
}

bool fuzz_damage(FuzzInput *input, ByteBuffer *bytes)
{
    uint32_t count = fuzz_below(input, 8);
    for (uint32_t i = 0; i < count && bytes->size != 0; i++) {
        uint32_t kind = fuzz_below(input, 8);
        size_t at = fuzz_u16(input) % bytes->size;
        if (kind < 3)
            bytes->data[at] = (char)fuzz_u8(input);
        else if (kind < 6)
            set_number(input, bytes, at & ~(size_t)3);
        else if (kind == 6)
            bytes->size = at;
        else if (bytes->size < 1 << 16)
            repeat_end(bytes, at);
    }
    return count != 0;
}

void fuzz_seal(ByteBuffer *file)
{
    enum { SIZE_AT = 16, CHECKSUM_AT = 24 };
    FUZZ_CHECK(file->size >= BINARY_HEADER_SIZE);
    uint64_t size = file->size - BINARY_HEADER_SIZE;
    uint64_t checksum =
        hash_checksum(slice_of(file->data + BINARY_HEADER_SIZE, (size_t)size));
    memcpy(file->data + SIZE_AT, &size, sizeof size);
    memcpy(file->data + CHECKSUM_AT, &checksum, sizeof checksum);
}
