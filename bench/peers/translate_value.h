/* SPDX-License-Identifier: MIT */
/*
 * Values: each instruction of ZIR gets the text of its value, made of the texts of its operands.
 * So the translation has the nesting that its source had.
 *
 * Arithmetic means the same everywhere. An i32 wraps around: in C by -fwrapv, in Go always, in
 * TypeScript by `| 0` and Math.imul; an i64 is a bigint there. Divisors must be known and positive,
 * so that all languages divide alike.
 *
 * Only translate_corpus.c includes this.
 */
#ifndef TRANSLATE_VALUE_H
#define TRANSLATE_VALUE_H

#include "target_language.h"

/* ---- operands ------------------------------------------------------------------------------------ */

static const ZirInst *inst_at(const Part *part, uint32_t at)
{
    return &part->zir->insts[at];
}

static uint8_t kind_at(const Part *part, uint32_t at)
{
    return part->air->insts[at].type.kind;
}

static bool is_ts(const Part *part)
{
    return part->translation->language == LANGUAGE_TS;
}

static const char *operand(Part *part, uint32_t value, Level least)
{
    const Value *taken = &part->values[value];
    part->taken[value] = true;
    return taken->level < least ? text_of(part, "(%s)", taken->text) : taken->text;
}

/* A value that is stored, passed or returned. A struct must be a new one: TypeScript would not
 * copy it. */
static const char *moved(Part *part, uint32_t at, uint32_t value)
{
    uint8_t op = inst_at(part, value)->op;
    if (kind_at(part, value) == AIR_STRUCT && op != ZIR_STRUCT_LIT && op != ZIR_CALL)
        refuse(part, at, "the copy of a struct");
    return operand(part, value, LEVEL_OR);
}

static void set_value(Part *part, uint32_t at, Level level, const char *text)
{
    part->values[at].text = text;
    part->values[at].level = level;
}

/* C may call the functions of one expression in any order. */
static void join_calls(Part *part, uint32_t at, uint32_t operand_at)
{
    if (part->values[at].calls && part->values[operand_at].calls)
        refuse(part, at, "an expression that calls two functions");
    part->values[at].calls |= part->values[operand_at].calls;
}

/* ---- values -------------------------------------------------------------------------------------- */

static void translate_int(Part *part, uint32_t at)
{
    const ZirInst *inst = inst_at(part, at);
    uint64_t magnitude = (uint64_t)inst->b << 32 | inst->a;
    set_value(part, at, inst->count == 1 ? LEVEL_UNARY : LEVEL_ATOM,
              text_of(part, "%s%llu%s", inst->count == 1 ? "-" : "", (unsigned long long)magnitude,
                      kind_at(part, at) == AIR_I64 ? part->spelling->i64_suffix : ""));
}

static void translate_bool(Part *part, uint32_t at)
{
    bool is_c = part->translation->language == LANGUAGE_C, is_true = inst_at(part, at)->a != 0;
    set_value(part, at, LEVEL_ATOM,
              is_true ? (is_c ? "1" : "true") : (is_c ? "0" : "false"));
}

static void translate_reference(Part *part, uint32_t at)
{
    Entity *constant = part->entities->items[part->air->insts[at].link];
    constant_value(part, at, constant);
    if (part->translation->language == LANGUAGE_C)
        need_constant(part, at, constant);
    set_value(part, at, LEVEL_ATOM, used_name(part, constant));
}

static bool is_known_and_positive(Part *part, uint32_t value)
{
    uint32_t at = air_holder(part->zir, part->air->insts, value);
    const ZirInst *inst = inst_at(part, at);
    if (inst->op == ZIR_REF)
        return constant_value(part, at, part->entities->items[part->air->insts[at].link]) > 0;
    return inst->op == ZIR_INT && inst->count == 0 && (inst->a != 0 || inst->b != 0);
}

/* In 32 bits: Math.imul(a, b), or a + b | 0. */
static void wrap_in_ts(Part *part, uint32_t at, const char *left, const char *right,
                       const char *text)
{
    if (kind_at(part, at) == AIR_I64)
        set_value(part, at, LEVEL_ATOM, text_of(part, "BigInt.asIntN(64, %s)", text));
    else if (inst_at(part, at)->op == ZIR_MUL)
        set_value(part, at, LEVEL_ATOM, text_of(part, "Math.imul(%s, %s)", left, right));
    else
        set_value(part, at, LEVEL_BIT_OR, text_of(part, "%s | 0", text));
}

static void translate_arithmetic(Part *part, uint32_t at)
{
    static const char signs[] = {'+', '-', '*', '/', '%'};
    const ZirInst *inst = inst_at(part, at);
    Level level = inst->op <= ZIR_SUB ? LEVEL_ADD : LEVEL_MULTIPLY;
    join_calls(part, at, inst->a);
    join_calls(part, at, inst->b);
    if (inst->op >= ZIR_DIV && !is_known_and_positive(part, inst->b))
        refuse(part, at, "a divisor that is not known and positive");
    const char *text = text_of(part, "%s %c %s", operand(part, inst->a, level),
                               signs[inst->op - ZIR_ADD], operand(part, inst->b, (Level)(level + 1)));
    set_value(part, at, level, text);
    if (is_ts(part))
        wrap_in_ts(part, at, operand(part, inst->a, LEVEL_OR), operand(part, inst->b, LEVEL_OR),
                   text);
}

static void translate_unary(Part *part, uint32_t at)
{
    const ZirInst *inst = inst_at(part, at);
    join_calls(part, at, inst->a);
    const char *text = text_of(part, "%c%s", inst->op == ZIR_NOT ? '!' : '-',
                               operand(part, inst->a, LEVEL_ATOM));
    set_value(part, at, LEVEL_UNARY, text);
    if (inst->op == ZIR_NEG && is_ts(part))
        wrap_in_ts(part, at, "", "", text);
}

static void translate_comparison(Part *part, uint32_t at)
{
    static const char *const signs[] = {"", "", "<", "<=", ">", ">="};
    const ZirInst *inst = inst_at(part, at);
    const char *sign = inst->op == ZIR_EQ   ? part->spelling->equal
                       : inst->op == ZIR_NE ? part->spelling->not_equal
                                            : signs[inst->op - ZIR_EQ];
    join_calls(part, at, inst->a);
    join_calls(part, at, inst->b);
    set_value(part, at, LEVEL_COMPARE,
              text_of(part, "%s %s %s", operand(part, inst->a, LEVEL_ADD), sign,
                      operand(part, inst->b, LEVEL_ADD)));
}

static void translate_logic_end(Part *part, uint32_t at)
{
    const ZirInst *inst = inst_at(part, at), *start = inst_at(part, inst->a);
    Level level = start->op == ZIR_AND ? LEVEL_AND : LEVEL_OR;
    part->values[at].calls = part->values[start->a].calls || part->values[inst->b].calls;
    set_value(part, at, level,
              text_of(part, "%s %s %s", operand(part, start->a, level),
                      level == LEVEL_AND ? "&&" : "||",
                      operand(part, inst->b, (Level)(level + 1))));
}

static void translate_cast(Part *part, uint32_t at)
{
    uint32_t value = inst_at(part, at)->a;
    const char *type = type_name(part, at, part->air->insts[at].type);
    join_calls(part, at, value);
    if (kind_at(part, at) == kind_at(part, value))
        set_value(part, at, part->values[value].level, operand(part, value, LEVEL_OR));
    else if (part->translation->language == LANGUAGE_C)
        set_value(part, at, LEVEL_UNARY,
                  text_of(part, "(%s)%s", type, operand(part, value, LEVEL_UNARY)));
    else if (!is_ts(part))
        set_value(part, at, LEVEL_ATOM,
                  text_of(part, "%s(%s)", type, operand(part, value, LEVEL_OR)));
    else
        set_value(part, at, LEVEL_ATOM,
                  text_of(part, kind_at(part, at) == AIR_I64 ? "BigInt(%s)"
                                                             : "Number(BigInt.asIntN(32, %s))",
                          operand(part, value, LEVEL_OR)));
}

static void translate_call(Part *part, uint32_t at)
{
    Entity *callee = part->entities->items[part->air->insts[at].link];
    if (callee->zir.kind != ZIR_FN) {
        refuse(part, at, "a call of a C function");
        return;
    }
    if (part->translation->language == LANGUAGE_C)
        need(part, text_of(part, "%s;\n", signature(part, callee)));
    const char *text = text_of(part, "%s(", used_name(part, callee));
    for (uint32_t arg = at - inst_at(part, at)->count; arg < at; arg++) {
        uint32_t value = inst_at(part, arg)->a;
        join_calls(part, at, value);
        text = text_of(part, "%s%s%s", text, text[strlen(text) - 1] == '(' ? "" : ", ",
                       moved(part, at, value));
    }
    part->values[at].calls = true;
    set_value(part, at, LEVEL_ATOM, text_of(part, "%s)", text));
}

static void translate_struct_literal(Part *part, uint32_t at)
{
    Language language = part->translation->language;
    const char *type = type_name(part, at, part->air->insts[at].type);
    const char *text = language == LANGUAGE_C    ? text_of(part, "(%s){", type)
                       : language == LANGUAGE_TS ? "{" : text_of(part, "%s{", type);
    for (uint32_t init = at - inst_at(part, at)->count; init < at; init++) {
        uint32_t value = inst_at(part, init)->a;
        const char *name = field_name(part, entity_text(part->unit, inst_at(part, init)->b));
        join_calls(part, at, value);
        text = text_of(part, language == LANGUAGE_C ? "%s .%s = %s," : "%s %s: %s,", text, name,
                       moved(part, at, value));
    }
    set_value(part, at, LEVEL_ATOM, text_of(part, "%s }", text));
}

static void translate_field(Part *part, uint32_t at)
{
    const ZirInst *inst = inst_at(part, at);
    join_calls(part, at, inst->a);
    set_value(part, at, LEVEL_ATOM,
              text_of(part, "%s.%s", operand(part, inst->a, LEVEL_ATOM),
                      field_name(part, entity_text(part->unit, inst->b))));
}

/* The name of a place or a variable. */
static void translate_place(Part *part, uint32_t at)
{
    const ZirInst *inst = inst_at(part, at);
    const char *text = part->values[inst->a].text;
    if (inst->op == ZIR_FIELD_ADDR)
        text = text_of(part, "%s.%s", text, field_name(part, entity_text(part->unit, inst->b)));
    set_value(part, at, LEVEL_ATOM, text);
}

static void translate_value(Part *part, uint32_t at)
{
    switch ((ZirOp)inst_at(part, at)->op) {
    case ZIR_INT: translate_int(part, at); break;
    case ZIR_BOOL: translate_bool(part, at); break;
    case ZIR_REF: translate_reference(part, at); break;
    case ZIR_GET: case ZIR_ADDR: case ZIR_FIELD_ADDR: translate_place(part, at); break;
    case ZIR_FIELD: translate_field(part, at); break;
    case ZIR_NEG: case ZIR_NOT: translate_unary(part, at); break;
    case ZIR_ADD: case ZIR_SUB: case ZIR_MUL: case ZIR_DIV: case ZIR_REM:
        translate_arithmetic(part, at);
        break;
    case ZIR_EQ: case ZIR_NE: case ZIR_LT: case ZIR_LE: case ZIR_GT: case ZIR_GE:
        translate_comparison(part, at);
        break;
    case ZIR_LOGIC_END: translate_logic_end(part, at); break;
    case ZIR_CAST: translate_cast(part, at); break;
    case ZIR_CALL: translate_call(part, at); break;
    case ZIR_STRUCT_LIT: translate_struct_literal(part, at); break;
    case ZIR_AND: case ZIR_OR: case ZIR_ARG: case ZIR_INIT: break; /* parts of what follows */
    default: refuse(part, at, "a value of this kind"); break;
    }
}

#endif
