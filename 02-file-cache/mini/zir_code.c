/* SPDX-License-Identifier: MIT */
/*
 * Most instructions have neither type nor count, and three numbers below 128: four bytes, read and
 * written by a short way that asks about all of them at once.
 */
#include "zir_code.h"

enum { HAS_TYPE = 0x40, HAS_COUNT = 0x80, OP_MASK = 0x3F };
enum { LONGEST_NUMBER = 5, LONGEST_INST = 2 + 4 * LONGEST_NUMBER };

static uint32_t fold_sign(uint32_t difference)
{
    return difference << 1 ^ (0 - (difference >> 31));
}

static uint32_t unfold_sign(uint32_t folded)
{
    return folded >> 1 ^ (0 - (folded & 1));
}

/* ---- writing ------------------------------------------------------------------------------- */

static unsigned char *put(unsigned char *to, uint32_t value)
{
    for (; value >= 0x80; value >>= 7)
        *to++ = (unsigned char)(value | 0x80);
    *to++ = (unsigned char)value;
    return to;
}

static unsigned char *put_inst(unsigned char *to, const ZirInst *inst, uint32_t moved)
{
    uint32_t a = inst->a + 1, position = fold_sign(moved);
    if ((inst->type | inst->count) == 0 && (a | inst->b | position) < 0x80) {
        to[0] = inst->op;
        to[1] = (unsigned char)a;
        to[2] = (unsigned char)inst->b;
        to[3] = (unsigned char)position;
        return to + 4;
    }
    unsigned flags = (inst->type != 0 ? HAS_TYPE : 0) | (inst->count != 0 ? HAS_COUNT : 0);
    *to++ = (unsigned char)(inst->op | flags);
    if (inst->type != 0)
        *to++ = inst->type;
    if (inst->count != 0)
        to = put(to, inst->count);
    to = put(to, a);
    to = put(to, inst->b);
    return put(to, position);
}

void zir_code_put(ByteBuffer *code, const ZirInst *insts, const uint32_t *positions,
                  uint32_t count)
{
    uint32_t position = 0;
    buffer_reserve(code, (size_t)count * LONGEST_INST);
    unsigned char *begin = (unsigned char *)code->data, *to = begin + code->size;
    for (uint32_t i = 0; i < count; i++) {
        to = put_inst(to, &insts[i], positions[i] - position);
        position = positions[i];
    }
    code->size = (size_t)(to - begin);
}

/* ---- reading ------------------------------------------------------------------------------- */

typedef struct Reader {
    const unsigned char *at, *end;
    bool is_bad;
} Reader;

static uint32_t get_long(Reader *reader)
{
    uint64_t value = 0;
    for (int i = 0; i < LONGEST_NUMBER && reader->at < reader->end; i++) {
        unsigned byte = *reader->at++;
        value |= (uint64_t)(byte & 0x7F) << 7 * i;
        if (byte < 0x80 && value <= UINT32_MAX)
            return (uint32_t)value;
    }
    reader->is_bad = true;
    return 0;
}

static uint32_t get(Reader *reader)
{
    if (reader->at < reader->end && *reader->at < 0x80)
        return *reader->at++;
    return get_long(reader);
}

static unsigned get_byte(Reader *reader)
{
    if (reader->at < reader->end)
        return *reader->at++;
    reader->is_bad = true;
    return 0;
}

/* Returns how far the position moved. */
static uint32_t get_inst(Reader *reader, ZirInst *inst)
{
    unsigned first = get_byte(reader);
    uint32_t count = 0;
    inst->op = (uint8_t)(first & OP_MASK);
    inst->type = (uint8_t)((first & HAS_TYPE) != 0 ? get_byte(reader) : 0);
    if ((first & HAS_COUNT) != 0)
        count = get(reader);
    reader->is_bad |= count > UINT16_MAX;
    inst->count = (uint16_t)count;
    inst->a = get(reader) - 1;
    inst->b = get(reader);
    return unfold_sign(get(reader));
}

static bool is_short(const Reader *reader)
{
    const unsigned char *at = reader->at;
    return reader->end - at >= 4 && at[0] <= OP_MASK && (at[1] | at[2] | at[3]) < 0x80;
}

size_t zir_code_get(Slice code, ZirInst *insts, uint32_t *positions, uint32_t count)
{
    const unsigned char *begin = (const unsigned char *)code.data;
    Reader reader = {begin, begin + code.size, false};
    uint32_t position = 0;
    for (uint32_t i = 0; i < count && !reader.is_bad; i++) {
        if (is_short(&reader)) {
            const unsigned char *at = reader.at;
            insts[i] = (ZirInst){.op = at[0], .a = at[1] - 1u, .b = at[2]};
            position += unfold_sign(at[3]);
            reader.at += 4;
        } else {
            position += get_inst(&reader, &insts[i]);
        }
        positions[i] = position;
    }
    return reader.is_bad ? 0 : (size_t)(reader.at - begin);
}
