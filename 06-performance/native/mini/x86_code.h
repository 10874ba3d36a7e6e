/* SPDX-License-Identifier: MIT */
/*
 * The few instructions of x86-64 that Mini needs, as bytes.
 *
 * Nearly every instruction has one shape. Which parts it has, and the bytes of its opcode, are a
 * row in a table; the rest is one function:
 *
 *     [66|F2]  [REX]  [0F]  opcode  ModRM  [displacement]  [immediate]
 *
 *     REX      0100 W R 0 B    W: 64 bits wide; R, B: fourth bit of the two registers
 *     ModRM    mm rrr bbb      rrr: a register; mm, bbb: a register, or a place in memory
 *
 *     48 8B 45 F8              mov rax, [rbp-8]       W, opcode 8B, mm 01: 8 bits of displacement
 *     03 C1                    add eax, ecx           opcode 03, mm 11: bbb is a register
 *     FF 14 25 00 00 00 00     call [slot]            the slot's address comes from the image
 *     48 8D 3D 10 00 00 00     lea rdi, [rip+16]      data of the unit, which stands after its code
 *
 * Jumps name a label. One back to a label that is bound takes 2 bytes if it is near; all others
 * take 32 bits of distance, which are filled in when the label is bound or at the end.
 *
 *     X86Code code;
 *     x86_begin(&code, &arena, symbol, 1);
 *     x86_move_number(&code, X86_RAX, 42);
 *     x86_put_plain(&code, X86_RET);
 *     x86_finish(&code, &text);
 *
 * Threads: a code belongs to one thread.
 */
#ifndef X86_CODE_H
#define X86_CODE_H

#include "string_table.h"
#include "unit_code.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum X86Register {
    X86_RAX, X86_RCX, X86_RDX, X86_RBX, X86_RSP, X86_RBP, X86_RSI, X86_RDI, X86_R8, X86_R9,
    X86_R10, X86_R11,
    X86_XMM0 = 0, X86_XMM1, X86_XMM8 = 8, /* numbered apart: the instruction decides which it is */
} X86Register;

typedef enum X86Op { /* of 32 bits, or 64 with X86_WIDE, where a width makes a difference */
    X86_ADD, X86_OR, X86_AND, X86_SUB, X86_XOR, X86_CMP, /* register ← register, operand */
    X86_MOV, X86_IMUL, X86_LEA, X86_MOVZX_BYTE, X86_MOVSXD,
    X86_STORE, X86_CMP_TO, X86_TEST,      /* operand, register */
    X86_NEG, X86_IDIV, X86_BTC, X86_CALL, X86_JMP, /* operand alone: pass 0 for the register */
    X86_MOVSD, X86_ADDSD, X86_SUBSD, X86_MULSD, X86_DIVSD, /* xmm ← xmm, operand */
    X86_UCOMISD, X86_XORPS, X86_MOVAPS,
    X86_STORE_SD,                         /* operand ← xmm */
    X86_MOVQ_TO_XMM, X86_MOVQ_FROM_XMM,   /* xmm, operand; the second one the other way */
    X86_CVTSI2SD, X86_CVTTSD2SI,          /* xmm ← operand; register ← xmm */
    X86_OP_COUNT,
    X86_WIDE = 0x100,
} X86Op;

typedef enum X86Plain { /* instructions that are always the same bytes */
    X86_RET, X86_LEAVE, X86_CDQ, X86_CQO, X86_UD2, X86_HLT, X86_REP_MOVSQ, X86_PLAIN_COUNT,
} X86Plain;

/* Conditions, as the machine numbers them: `^ 1` is the opposite. */
typedef enum X86Condition {
    X86_O, X86_NO, X86_B, X86_AE, X86_E, X86_NE, X86_BE, X86_A, X86_S, X86_NS, X86_P, X86_NP,
    X86_L, X86_GE, X86_LE, X86_G, X86_ALWAYS,
} X86Condition;

typedef enum X86Mode {
    X86_IN_REGISTER,
    X86_IN_MEMORY, /* [base + displacement] */
    X86_IN_SLOT,   /* [slot of a symbol] */
    X86_IN_DATA,   /* [rip + distance to data of this unit] */
} X86Mode;

typedef struct X86Operand {
    X86Mode mode;
    X86Register base;
    int32_t displacement;
    uint32_t data;      /* number of the string */
    ReferenceKind kind; /* of the symbol */
    Slice symbol;       /* lent until x86_put returns */
} X86Operand;

typedef uint32_t X86Label; /* below the count given to x86_begin */

typedef struct X86Fixup {
    uint32_t offset; /* of 4 bytes that receive the distance from their end */
    uint32_t target; /* label, or number of a string */
} X86Fixup;

typedef struct X86Fixups {
    X86Fixup *items;
    uint32_t count, capacity;
} X86Fixups;

typedef struct X86Code {
    UnitCodeBuilder unit;
    Arena *arena;
    StringTable strings;      /* they stand after the code */
    uint32_t *labels;         /* their places in the code, or UINT32_MAX */
    X86Fixups jumps, data;
} X86Code;

static inline X86Operand x86_register(X86Register reg)
{
    X86Operand operand = {X86_IN_REGISTER, reg, 0, 0, REFERENCE_UNIT, {NULL, 0}};
    return operand;
}

static inline X86Operand x86_memory(X86Register base, int32_t displacement)
{
    X86Operand operand = {X86_IN_MEMORY, base, displacement, 0, REFERENCE_UNIT, {NULL, 0}};
    return operand;
}

static inline X86Operand x86_slot(ReferenceKind kind, Slice symbol)
{
    X86Operand operand = {X86_IN_SLOT, X86_RAX, 0, 0, kind, symbol};
    return operand;
}

/* A NUL-terminated string, which must outlive the code. */
static inline X86Operand x86_string(X86Code *code, const char *text)
{
    uint32_t number = string_table_add(&code->strings, text);
    X86Operand operand = {X86_IN_DATA, X86_RAX, 0, number, REFERENCE_UNIT, {NULL, 0}};
    return operand;
}

static inline bool x86_fits_32(int64_t number)
{
    return number == (int32_t)number;
}

/* All memory is the arena's. */
void x86_begin(X86Code *code, Arena *arena, Slice symbol, uint32_t label_count);

/* The offset in the code of what comes next. */
static inline uint32_t x86_here(const X86Code *code)
{
    return (uint32_t)code->unit.code.size;
}

/* Any instruction of the table. `op` may be an X86Op | X86_WIDE. */
void x86_put(X86Code *code, unsigned op, X86Register reg, X86Operand operand);

/* ADD to CMP: operand, number. MOV: operand ← number, sign-extended. IMUL: the register `base` ×=
 * number. BTC: flips that bit. Not for data. */
void x86_put_number(X86Code *code, unsigned op, X86Operand operand, int32_t number);

void x86_put_plain(X86Code *code, X86Plain plain);
void x86_push(X86Code *code, X86Register reg);
void x86_pop(X86Code *code, X86Register reg);

/* The whole register, in the shortest of four ways. Changes the flags. */
void x86_move_number(X86Code *code, X86Register reg, int64_t number);

/* The register (rax to rbx) becomes 1 if the condition holds, else 0. */
void x86_set(X86Code *code, X86Condition condition, X86Register reg);

void x86_jump(X86Code *code, X86Condition condition, X86Label label);
void x86_bind(X86Code *code, X86Label label);

/* A jump over a few instructions: to the place where x86_land gets what x86_skip returned. */
uint32_t x86_skip(X86Code *code, X86Condition condition);
void x86_land(X86Code *code, uint32_t skip);

/* Fills in the distances, and appends the blob to `out`. Each label that is jumped to is bound.
 * False if it is too large. */
bool x86_finish(X86Code *code, ByteBuffer *out);

#ifdef __cplusplus
}
#endif
#endif
