/* SPDX-License-Identifier: MIT */
/*
 * The left operand is taken to rax or xmm0, where the result will be; the right one is used where
 * it is. If the right one is already there, and the operation does not commute, it moves to rcx or
 * xmm1 first.
 *
 * A comparison whose only use is the branch after it sets the flags, and the branch reads them.
 */
#include "x86_emitter.h"

#include "native_names.h"

/* ---- two operands ---------------------------------------------------------------------------- */

static bool is_same(const X86Emitter *emitter, uint32_t a, uint32_t b)
{
    return air_holder(emitter->zir, emitter->air->insts, a) ==
           air_holder(emitter->zir, emitter->air->insts, b);
}

/* A value in the form that an instruction takes. A number, if it does not fit in one, and a string
 * go to rcx or xmm1. */
static X86Operand operand_of(X86Emitter *emitter, uint32_t value)
{
    AirType type = x86_type(emitter, value);
    X86Value found = x86_value_of(emitter, value);
    if (found.kind == X86_MEMORY)
        return x86_place(found);
    if (found.kind == X86_HELD)
        return x86_register(X86_RAX);
    if (found.kind == X86_SPARE)
        return x86_register(found.base);
    X86Register reg = type.kind == AIR_F64 ? X86_XMM1 : X86_RCX;
    x86_load(emitter, reg, found, type);
    return x86_register(reg);
}

/* Takes `a` to rax or xmm0, and returns `b` as an operand that is not there, unless both are one
 * value. */
static X86Operand take_pair(X86Emitter *emitter, uint32_t at, uint32_t a, uint32_t b)
{
    AirType type = x86_type(emitter, a);
    if (is_same(emitter, a, b)) {
        x86_take(emitter, at, a);
        return x86_register(X86_RAX); /* or xmm0 */
    }
    if (!x86_is_held(emitter, b)) {
        x86_take(emitter, at, a);
        return operand_of(emitter, b);
    }
    X86Register reg = type.kind == AIR_F64 ? X86_XMM1 : X86_RCX;
    x86_load(emitter, reg, x86_value_of(emitter, b), type);
    x86_free_class(emitter, x86_class(type), at + 1);
    x86_take(emitter, at, a);
    return x86_register(reg);
}

/* Can it be an immediate operand? */
static bool is_short_number(X86Emitter *emitter, uint32_t value, int32_t *number)
{
    int64_t known;
    if (x86_type(emitter, value).kind == AIR_F64 || !x86_known_number(emitter, value, &known) ||
        !x86_fits_32(known))
        return false;
    *number = (int32_t)known;
    return true;
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

static void emit_integer(X86Emitter *emitter, uint32_t at, uint32_t a, uint32_t b)
{
    static const X86Op ops[] = {X86_ADD, X86_SUB, X86_IMUL};
    unsigned op = ops[emitter->zir->insts[at].op - ZIR_ADD] | x86_width(x86_type(emitter, at));
    int32_t number;
    if (is_short_number(emitter, b, &number)) {
        x86_take(emitter, at, a);
        x86_put_number(&emitter->code, op, x86_register(X86_RAX), number);
    } else {
        X86Operand right = take_pair(emitter, at, a, b);
        x86_put(&emitter->code, op, X86_RAX, right);
    }
    x86_hold(emitter, at);
}

static void emit_real(X86Emitter *emitter, uint32_t at, uint32_t a, uint32_t b)
{
    static const X86Op ops[] = {X86_ADDSD, X86_SUBSD, X86_MULSD, X86_DIVSD};
    X86Operand right = take_pair(emitter, at, a, b);
    x86_put(&emitter->code, ops[emitter->zir->insts[at].op - ZIR_ADD], X86_XMM0, right);
    x86_hold(emitter, at);
}

/* idiv divides rdx:rax; quotient in rax, remainder in rdx. It faults for MIN / -1. */
static void put_idiv(X86Emitter *emitter, unsigned width, bool is_remainder)
{
    X86Code *code = &emitter->code;
    x86_put_plain(code, width ? X86_CQO : X86_CDQ);
    x86_put(code, X86_IDIV | width, 0, x86_register(X86_RCX));
    if (is_remainder)
        x86_put(code, X86_MOV | width, X86_RAX, x86_register(X86_RDX));
}

static void put_guarded_division(X86Emitter *emitter, unsigned width, bool is_remainder)
{
    X86Code *code = &emitter->code;
    X86Operand dividend = x86_register(X86_RAX), divisor = x86_register(X86_RCX);
    x86_put(code, X86_TEST | width, X86_RCX, divisor);
    x86_jump(code, X86_E, x86_label(emitter, X86_LABEL_TRAP));
    x86_put_number(code, X86_CMP | width, divisor, -1);
    uint32_t is_minus_1 = x86_skip(code, X86_E);
    put_idiv(emitter, width, is_remainder);
    uint32_t end = x86_skip(code, X86_ALWAYS);
    x86_land(code, is_minus_1);
    if (is_remainder)
        x86_put(code, X86_XOR, X86_RAX, dividend);
    else
        x86_put(code, X86_NEG | width, 0, dividend);
    x86_land(code, end);
    emitter->may_trap = true;
}

static void emit_division(X86Emitter *emitter, uint32_t at)
{
    const ZirInst *inst = &emitter->zir->insts[at];
    AirType type = x86_type(emitter, at);
    int64_t divisor;
    bool is_harmless =
        x86_known_number(emitter, inst->b, &divisor) && divisor != 0 && divisor != -1;
    X86Operand right = take_pair(emitter, at, inst->a, inst->b);
    if (right.mode != X86_IN_REGISTER || right.base != X86_RCX)
        x86_put(&emitter->code, X86_MOV | x86_width(type), X86_RCX, right);
    if (is_harmless)
        put_idiv(emitter, x86_width(type), inst->op == ZIR_REM);
    else
        put_guarded_division(emitter, x86_width(type), inst->op == ZIR_REM);
    x86_hold(emitter, at);
}

void x86_emit_arithmetic(X86Emitter *emitter, uint32_t at)
{
    const ZirInst *inst = &emitter->zir->insts[at];
    bool is_real = x86_type(emitter, at).kind == AIR_F64;
    if (!is_real && (inst->op == ZIR_DIV || inst->op == ZIR_REM)) {
        emit_division(emitter, at);
        return;
    }
    bool commutes = inst->op == ZIR_ADD || inst->op == ZIR_MUL;
    bool swaps = commutes && x86_is_held(emitter, inst->b);
    (is_real ? emit_real : emit_integer)(emitter, at, swaps ? inst->b : inst->a,
                                         swaps ? inst->a : inst->b);
}

/* The sign of a real is its bit 63: negation changes nothing else, whatever the number. */
void x86_emit_negation(X86Emitter *emitter, uint32_t at)
{
    X86Code *code = &emitter->code;
    AirType type = x86_type(emitter, at);
    x86_take(emitter, at, emitter->zir->insts[at].a);
    if (type.kind == AIR_F64) {
        x86_put(code, X86_MOVQ_FROM_XMM, X86_XMM0, x86_register(X86_RCX));
        x86_put_number(code, X86_BTC | X86_WIDE, x86_register(X86_RCX), 63);
        x86_put(code, X86_MOVQ_TO_XMM, X86_XMM0, x86_register(X86_RCX));
    } else {
        x86_put(code, X86_NEG | x86_width(type), 0, x86_register(X86_RAX));
    }
    x86_hold(emitter, at);
}

void x86_emit_not(X86Emitter *emitter, uint32_t at)
{
    x86_take(emitter, at, emitter->zir->insts[at].a);
    x86_put_number(&emitter->code, X86_XOR, x86_register(X86_RAX), 1);
    x86_hold(emitter, at);
}

/* ---- comparisons ----------------------------------------------------------------------------- */

static X86Condition compare_integers(X86Emitter *emitter, uint32_t at)
{
    static const X86Condition conditions[] = {X86_E, X86_NE, X86_L, X86_LE, X86_G, X86_GE};
    const ZirInst *inst = &emitter->zir->insts[at];
    X86Code *code = &emitter->code;
    unsigned width = x86_width(x86_type(emitter, inst->a));
    int32_t number = 0;
    bool is_short = is_short_number(emitter, inst->b, &number);
    bool is_right_held = x86_is_held(emitter, inst->b);
    X86Value left = {.kind = X86_HELD};
    if (is_short || is_right_held)
        left = x86_value_of(emitter, inst->a);
    if (left.kind == X86_MEMORY && is_short) {
        x86_put_number(code, X86_CMP | width, x86_place(left), number);
    } else if (left.kind == X86_MEMORY) {
        x86_put(code, X86_CMP_TO | width, X86_RAX, x86_place(left));
    } else if (is_right_held) {
        x86_load(emitter, X86_RCX, left, x86_type(emitter, inst->a));
        x86_put(code, X86_CMP_TO | width, X86_RAX, x86_register(X86_RCX));
    } else {
        x86_read(emitter, at, inst->a);
        if (is_short)
            x86_put_number(code, X86_CMP | width, x86_register(X86_RAX), number);
        else
            x86_put(code, X86_CMP | width, X86_RAX, operand_of(emitter, inst->b));
    }
    return conditions[inst->op - ZIR_EQ];
}

static X86Condition compare_strings(X86Emitter *emitter, uint32_t at)
{
    const ZirInst *inst = &emitter->zir->insts[at];
    X86Code *code = &emitter->code;
    AirType type = air_type(AIR_STR);
    x86_store_held(emitter, at);
    x86_load(emitter, X86_RSI, x86_value_of(emitter, inst->b), type);
    x86_load(emitter, X86_RDI, x86_value_of(emitter, inst->a), type);
    x86_put(code, X86_CALL, 0, x86_slot(REFERENCE_C, slice_from("strcmp")));
    x86_forget_held(emitter);
    x86_put(code, X86_TEST, X86_RAX, x86_register(X86_RAX));
    return inst->op == ZIR_EQ ? X86_E : X86_NE;
}

/* ucomisd sets the flags as an unsigned comparison does, and all three if one is a NaN: `above` is
 * false then, so the smaller one must be on the right. */
static X86Condition compare_order(X86Emitter *emitter, uint32_t at)
{
    const ZirInst *inst = &emitter->zir->insts[at];
    bool is_less = inst->op == ZIR_LT || inst->op == ZIR_LE;
    X86Operand right = take_pair(emitter, at, is_less ? inst->b : inst->a,
                                 is_less ? inst->a : inst->b);
    x86_put(&emitter->code, X86_UCOMISD, X86_XMM0, right);
    return inst->op == ZIR_LT || inst->op == ZIR_GT ? X86_A : X86_AE;
}

/* Equal is ZF without PF; PF says that one is a NaN. */
static void emit_real_equality(X86Emitter *emitter, uint32_t at)
{
    const ZirInst *inst = &emitter->zir->insts[at];
    X86Code *code = &emitter->code;
    bool is_equal = inst->op == ZIR_EQ;
    X86Operand right = take_pair(emitter, at, inst->a, inst->b);
    x86_put(code, X86_UCOMISD, X86_XMM0, right);
    x86_free_class(emitter, X86_INTEGER, at);
    x86_set(code, is_equal ? X86_E : X86_NE, X86_RAX);
    x86_set(code, is_equal ? X86_NP : X86_P, X86_RCX);
    x86_put(code, is_equal ? X86_AND : X86_OR, X86_RAX, x86_register(X86_RCX));
    x86_hold(emitter, at);
}

static bool is_real_equality(const X86Emitter *emitter, uint32_t at)
{
    const ZirInst *inst = &emitter->zir->insts[at];
    return x86_type(emitter, inst->a).kind == AIR_F64 && (inst->op == ZIR_EQ || inst->op == ZIR_NE);
}

/* Sets the flags. */
static X86Condition compare(X86Emitter *emitter, uint32_t at)
{
    switch ((AirTypeKind)x86_type(emitter, emitter->zir->insts[at].a).kind) {
    case AIR_F64: return compare_order(emitter, at);
    case AIR_STR: return compare_strings(emitter, at);
    default: return compare_integers(emitter, at);
    }
}

/* Is the value of `at` used by the next instruction, a branch, and by nothing else? */
static bool is_for_branch(const X86Emitter *emitter, uint32_t at)
{
    uint32_t next = at + 1;
    if (next == emitter->zir->inst_count || emitter->last_uses[at] != next ||
        is_real_equality(emitter, at))
        return false;
    const ZirInst *inst = &emitter->zir->insts[next];
    return (inst->op == ZIR_IF || inst->op == ZIR_LOOP_COND) && inst->a == at;
}

void x86_emit_comparison(X86Emitter *emitter, uint32_t at)
{
    if (is_for_branch(emitter, at))
        return;
    if (is_real_equality(emitter, at)) {
        emit_real_equality(emitter, at);
        return;
    }
    X86Condition condition = compare(emitter, at);
    x86_free_class(emitter, X86_INTEGER, at + 1); /* a store leaves the flags */
    x86_set(&emitter->code, condition, X86_RAX);
    x86_hold(emitter, at);
}

static bool is_comparison(const X86Emitter *emitter, uint32_t value)
{
    uint8_t op = emitter->zir->insts[value].op;
    return op >= ZIR_EQ && op <= ZIR_GE;
}

void x86_emit_branch(X86Emitter *emitter, uint32_t at, uint32_t condition, bool wanted,
                     X86Label label)
{
    X86Condition is_true = X86_NE;
    if (condition + 1 == at && is_comparison(emitter, condition) &&
        is_for_branch(emitter, condition)) {
        is_true = compare(emitter, condition);
    } else {
        x86_read(emitter, at, condition);
        x86_put(&emitter->code, X86_TEST, X86_RAX, x86_register(X86_RAX));
    }
    x86_store_held(emitter, at);
    x86_jump(&emitter->code, wanted ? is_true : is_true ^ 1, label);
}

/* ---- casts ----------------------------------------------------------------------------------- */

/* cvttsd2si gives MIN for whatever does not fit, NaN too: then the run-time code decides. */
static void real_to_integer(X86Emitter *emitter, uint32_t at, AirType to)
{
    X86Code *code = &emitter->code;
    bool is_wide = to.kind == AIR_I64;
    x86_take(emitter, at, emitter->zir->insts[at].a);
    x86_free_class(emitter, X86_INTEGER, at);
    x86_put(code, X86_CVTTSD2SI, X86_RAX, x86_register(X86_XMM0));
    if (is_wide) {
        x86_put_number(code, X86_CMP | X86_WIDE, x86_register(X86_RAX), 1);
    } else {
        x86_put(code, X86_MOVSXD, X86_RCX, x86_register(X86_RAX));
        x86_put(code, X86_CMP | X86_WIDE, X86_RCX, x86_register(X86_RAX));
    }
    uint32_t fits = x86_skip(code, is_wide ? X86_NO : X86_E);
    x86_put(code, X86_CALL, 0,
            x86_slot(REFERENCE_UNIT,
                     slice_from(is_wide ? NATIVE_SATURATE_I64 : NATIVE_SATURATE_I32)));
    x86_land(code, fits);
}

/* cvtsi2sd leaves half of its register as it was, and so waits for it: the xor frees it of that. */
static void integer_to_real(X86Emitter *emitter, uint32_t at, AirType from)
{
    X86Code *code = &emitter->code;
    x86_free_class(emitter, X86_REAL, at);
    x86_read(emitter, at, emitter->zir->insts[at].a);
    x86_put(code, X86_XORPS, X86_XMM0, x86_register(X86_XMM0));
    x86_put(code, X86_CVTSI2SD | x86_width(from), X86_XMM0, x86_register(X86_RAX));
}

void x86_emit_cast(X86Emitter *emitter, uint32_t at)
{
    uint32_t operand = emitter->zir->insts[at].a;
    AirType from = x86_type(emitter, operand), to = x86_type(emitter, at);
    if (air_type_equal(from, to))
        return;
    if (from.kind == AIR_F64) {
        real_to_integer(emitter, at, to);
    } else if (to.kind == AIR_F64) {
        integer_to_real(emitter, at, from);
    } else {
        x86_take(emitter, at, operand);
        if (to.kind == AIR_I64)
            x86_put(&emitter->code, X86_MOVSXD, X86_RAX, x86_register(X86_RAX));
    }
    x86_hold(emitter, at);
}
