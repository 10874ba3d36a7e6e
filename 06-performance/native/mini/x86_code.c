/* SPDX-License-Identifier: MIT */
/*
 * One table, one function that reads it. What the manual calls "opcode /digit" has its digit where
 * others have a register.
 */
#include "x86_code.h"

#define UNBOUND UINT32_MAX

enum { FIRST_FIXUPS = 16, PREFIX_66 = 0x66, PREFIX_F2 = 0xF2 };

typedef struct Form {
    uint8_t prefix;    /* 0x66, 0xF2 or 0: none */
    bool has_escape;   /* 0F */
    uint8_t opcode;
    uint8_t digit;     /* of an instruction with one operand */
    bool is_wide;      /* always */
} Form;

static const Form forms[X86_OP_COUNT] = {
    [X86_ADD] = {.opcode = 0x03}, [X86_OR] = {.opcode = 0x0B}, [X86_AND] = {.opcode = 0x23},
    [X86_SUB] = {.opcode = 0x2B}, [X86_XOR] = {.opcode = 0x33}, [X86_CMP] = {.opcode = 0x3B},
    [X86_MOV] = {.opcode = 0x8B}, [X86_IMUL] = {.has_escape = true, .opcode = 0xAF},
    [X86_LEA] = {.opcode = 0x8D, .is_wide = true},
    [X86_MOVZX_BYTE] = {.has_escape = true, .opcode = 0xB6},
    [X86_MOVSXD] = {.opcode = 0x63, .is_wide = true},
    [X86_STORE] = {.opcode = 0x89}, [X86_CMP_TO] = {.opcode = 0x39}, [X86_TEST] = {.opcode = 0x85},
    [X86_NEG] = {.opcode = 0xF7, .digit = 3}, [X86_IDIV] = {.opcode = 0xF7, .digit = 7},
    [X86_BTC] = {.has_escape = true, .opcode = 0xBA, .digit = 7},
    [X86_CALL] = {.opcode = 0xFF, .digit = 2}, [X86_JMP] = {.opcode = 0xFF, .digit = 4},
    [X86_MOVSD] = {PREFIX_F2, true, 0x10, 0, false},
    [X86_STORE_SD] = {PREFIX_F2, true, 0x11, 0, false},
    [X86_ADDSD] = {PREFIX_F2, true, 0x58, 0, false},
    [X86_SUBSD] = {PREFIX_F2, true, 0x5C, 0, false},
    [X86_MULSD] = {PREFIX_F2, true, 0x59, 0, false},
    [X86_DIVSD] = {PREFIX_F2, true, 0x5E, 0, false},
    [X86_UCOMISD] = {PREFIX_66, true, 0x2E, 0, false},
    [X86_XORPS] = {0, true, 0x57, 0, false}, [X86_MOVAPS] = {0, true, 0x28, 0, false},
    [X86_MOVQ_TO_XMM] = {PREFIX_66, true, 0x6E, 0, true},
    [X86_MOVQ_FROM_XMM] = {PREFIX_66, true, 0x7E, 0, true},
    [X86_CVTSI2SD] = {PREFIX_F2, true, 0x2A, 0, false},
    [X86_CVTTSD2SI] = {PREFIX_F2, true, 0x2C, 0, true},
};

/* ---- bytes --------------------------------------------------------------------------------- */

static void put_byte(X86Code *code, unsigned byte)
{
    buffer_put_byte(&code->unit.code, (char)(unsigned char)byte);
}

static void put_32(X86Code *code, uint32_t number)
{
    buffer_put_u32(&code->unit.code, number);
}

static void set_32(X86Code *code, uint32_t offset, uint32_t number)
{
    memcpy(code->unit.code.data + offset, &number, sizeof number);
}

static void note_fixup(X86Code *code, X86Fixups *list, uint32_t target)
{
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? FIRST_FIXUPS : list->capacity * 2;
        X86Fixup *items = arena_allocate(code->arena, capacity * sizeof *items);
        if (list->count != 0)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = (X86Fixup){x86_here(code), target};
    put_32(code, 0);
}

void x86_begin(X86Code *code, Arena *arena, Slice symbol, uint32_t label_count)
{
    *code = (X86Code){.arena = arena, .strings = {.arena = arena}};
    unit_code_begin(&code->unit, arena, symbol);
    code->labels = arena_allocate(arena, label_count * sizeof *code->labels);
    memset(code->labels, 0xFF, label_count * sizeof *code->labels);
}

/* ---- instructions -------------------------------------------------------------------------- */

/* ModRM and displacement. rsp as a base takes a further byte, 24, and so does no base, 25. */
static void put_operand(X86Code *code, unsigned reg, X86Operand operand)
{
    unsigned middle = (reg & 7) << 3, base = operand.base & 7;
    bool is_near = operand.displacement == (int8_t)operand.displacement;
    switch (operand.mode) {
    case X86_IN_REGISTER: put_byte(code, 0xC0 | middle | base); break;
    case X86_IN_MEMORY:
        put_byte(code, (is_near ? 0x40u : 0x80u) | middle | base);
        if (base == X86_RSP)
            put_byte(code, 0x24);
        if (is_near)
            put_byte(code, (unsigned)operand.displacement & 0xFF);
        else
            put_32(code, (uint32_t)operand.displacement);
        break;
    case X86_IN_SLOT:
        put_byte(code, 0x04 | middle);
        put_byte(code, 0x25);
        unit_code_refer(&code->unit, x86_here(code), operand.kind, operand.symbol);
        put_32(code, 0);
        break;
    case X86_IN_DATA:
        put_byte(code, 0x05 | middle);
        note_fixup(code, &code->data, operand.data);
        break;
    }
}

static void put_form(X86Code *code, Form form, unsigned reg, X86Operand operand)
{
    unsigned rex = (form.is_wide ? 8u : 0) | (reg > 7 ? 4u : 0) | (operand.base > 7 ? 1u : 0);
    if (form.prefix != 0)
        put_byte(code, form.prefix);
    if (rex != 0)
        put_byte(code, 0x40 | rex);
    if (form.has_escape)
        put_byte(code, 0x0F);
    put_byte(code, form.opcode);
    put_operand(code, reg | form.digit, operand);
}

static Form form_of(unsigned op)
{
    Form form = forms[op & ~(unsigned)X86_WIDE];
    form.is_wide |= (op & X86_WIDE) != 0;
    return form;
}

void x86_put(X86Code *code, unsigned op, X86Register reg, X86Operand operand)
{
    put_form(code, form_of(op), reg, operand);
}

void x86_put_number(X86Code *code, unsigned op, X86Operand operand, int32_t number)
{
    Form form = form_of(op);
    unsigned reg = 0;
    bool is_byte = number == (int8_t)number;
    if (form.opcode == forms[X86_MOV].opcode) {
        form.opcode = 0xC7;
        is_byte = false;
    } else if (form.opcode == forms[X86_IMUL].opcode) {
        form = (Form){.opcode = is_byte ? 0x6B : 0x69, .is_wide = form.is_wide};
        reg = operand.base;
    } else if (form.opcode != forms[X86_BTC].opcode) {
        form.digit = form.opcode >> 3; /* ADD is 0, OR 1, ... */
        form.opcode = is_byte ? 0x83 : 0x81;
    }
    put_form(code, form, reg, operand);
    if (is_byte)
        put_byte(code, (unsigned)number & 0xFF);
    else
        put_32(code, (uint32_t)number);
}

void x86_put_plain(X86Code *code, X86Plain plain)
{
    static const struct {
        char bytes[3];
        uint8_t size;
    } plains[X86_PLAIN_COUNT] = {
        [X86_RET] = {"\xC3", 1}, [X86_LEAVE] = {"\xC9", 1}, [X86_CDQ] = {"\x99", 1},
        [X86_CQO] = {"\x48\x99", 2}, [X86_UD2] = {"\x0F\x0B", 2}, [X86_HLT] = {"\xF4", 1},
        [X86_REP_MOVSQ] = {{'\xF3', '\x48', '\xA5'}, 3},
    };
    buffer_put(&code->unit.code, slice_of(plains[plain].bytes, plains[plain].size));
}

void x86_push(X86Code *code, X86Register reg)
{
    put_byte(code, 0x50u + reg);
}

void x86_pop(X86Code *code, X86Register reg)
{
    put_byte(code, 0x58u + reg);
}

void x86_move_number(X86Code *code, X86Register reg, int64_t number)
{
    if (number == 0) {
        x86_put(code, X86_XOR, reg, x86_register(reg));
    } else if (number == (uint32_t)number) { /* the upper half becomes zero */
        if (reg > 7)
            put_byte(code, 0x41);
        put_byte(code, 0xB8u + (reg & 7));
        put_32(code, (uint32_t)number);
    } else if (x86_fits_32(number)) {
        x86_put_number(code, X86_MOV | X86_WIDE, x86_register(reg), (int32_t)number);
    } else {
        put_byte(code, reg > 7 ? 0x49 : 0x48);
        put_byte(code, 0xB8u + (reg & 7));
        buffer_put(&code->unit.code, slice_of(&number, sizeof number));
    }
}

void x86_set(X86Code *code, X86Condition condition, X86Register reg)
{
    const Form set = {.has_escape = true, .opcode = (uint8_t)(0x90 + condition)};
    put_form(code, set, 0, x86_register(reg));
    x86_put(code, X86_MOVZX_BYTE, reg, x86_register(reg));
}

/* ---- jumps --------------------------------------------------------------------------------- */

void x86_jump(X86Code *code, X86Condition condition, X86Label label)
{
    uint32_t target = code->labels[label], end = x86_here(code) + 2;
    if (target != UNBOUND && end - target <= 128) {
        put_byte(code, condition == X86_ALWAYS ? 0xEB : 0x70u + condition);
        put_byte(code, (target - end) & 0xFF);
        return;
    }
    if (condition == X86_ALWAYS) {
        put_byte(code, 0xE9);
    } else {
        put_byte(code, 0x0F);
        put_byte(code, 0x80u + condition);
    }
    note_fixup(code, &code->jumps, label);
}

void x86_bind(X86Code *code, X86Label label)
{
    code->labels[label] = x86_here(code);
}

uint32_t x86_skip(X86Code *code, X86Condition condition)
{
    put_byte(code, condition == X86_ALWAYS ? 0xEB : 0x70u + condition);
    put_byte(code, 0);
    return x86_here(code);
}

void x86_land(X86Code *code, uint32_t skip)
{
    code->unit.code.data[skip - 1] = (char)(x86_here(code) - skip);
}

bool x86_finish(X86Code *code, ByteBuffer *out)
{
    for (uint32_t i = 0; i < code->jumps.count; i++) {
        X86Fixup jump = code->jumps.items[i];
        set_32(code, jump.offset, code->labels[jump.target] - jump.offset - 4);
    }
    uint32_t *places =
        arena_allocate(code->arena, (code->strings.count + 1) * sizeof *places);
    for (uint32_t i = 0; i < code->strings.count; i++) {
        const char *text = code->strings.items[i];
        places[i] = x86_here(code);
        buffer_put(&code->unit.code, slice_of(text, strlen(text) + 1));
    }
    for (uint32_t i = 0; i < code->data.count; i++) {
        X86Fixup data = code->data.items[i];
        set_32(code, data.offset, places[data.target] - data.offset - 4);
    }
    return unit_code_finish(&code->unit, out);
}
