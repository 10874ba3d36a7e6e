/* SPDX-License-Identifier: MIT */
#include "zir_code.h"

enum { OP_WIDE = 63, SMALL_END = 1 << 3, OPERAND_END = 1 << 10 };
enum { TYPE_SHIFT = 6, COUNT_SHIFT = 9, A_SHIFT = 12, B_SHIFT = 22 };
enum { WORDS_OF_INST = sizeof(ZirInst) / sizeof(uint32_t) };

static bool fits_a_word(const ZirInst *inst)
{
    return (inst->type | inst->count) < SMALL_END && ((inst->a + 1) | inst->b) < OPERAND_END;
}

void zir_code_put(ByteBuffer *code, const ZirInst *insts, uint32_t count)
{
    buffer_reserve(code, (size_t)count * (1 + WORDS_OF_INST) * sizeof(uint32_t));
    uint32_t *words = (uint32_t *)(void *)(code->data + code->size), *to = words;
    for (const ZirInst *inst = insts; inst < insts + count; inst++) {
        if (fits_a_word(inst)) {
            *to++ = inst->op | (uint32_t)inst->type << TYPE_SHIFT |
                    (uint32_t)inst->count << COUNT_SHIFT | (inst->a + 1) << A_SHIFT |
                    inst->b << B_SHIFT;
        } else {
            *to++ = OP_WIDE;
            memcpy(to, inst, sizeof *inst);
            to += WORDS_OF_INST;
        }
    }
    code->size += (size_t)(to - words) * sizeof *to;
}

/* Before each instruction, at least as many words remain as instructions. */
size_t zir_code_get(Slice code, ZirInst *insts, uint32_t count)
{
    const uint32_t *words = (const uint32_t *)(const void *)code.data, *at = words;
    size_t spare = code.size / sizeof *words; /* words for instructions that do not fit one */
    if (spare < count)
        return 0;
    spare -= count;
    for (ZirInst *inst = insts; inst < insts + count; inst++) {
        uint32_t word = *at++;
        if ((word & 63) != OP_WIDE) {
            *inst = (ZirInst){.op = word & 63,
                              .type = word >> TYPE_SHIFT & (SMALL_END - 1),
                              .count = word >> COUNT_SHIFT & (SMALL_END - 1),
                              .a = (word >> A_SHIFT & (OPERAND_END - 1)) - 1,
                              .b = word >> B_SHIFT};
        } else if (spare >= WORDS_OF_INST) {
            spare -= WORDS_OF_INST;
            memcpy(inst, at, sizeof *inst);
            at += WORDS_OF_INST;
        } else {
            return 0;
        }
    }
    return (size_t)(at - words) * sizeof *at;
}
