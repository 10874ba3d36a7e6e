/* SPDX-License-Identifier: MIT */
/*
 * A constant's operands are evaluated before it, in the order of the walk; then sema checks its
 * instructions like any others, and they are folded in one forward pass, one value per instruction.
 * The side of an `&&` or `||` that does not decide is folded like everything else, so that every
 * instruction has a value, whatever ZIR from a cache refers to; but a division by zero there is not
 * an error.
 *
 * Integers wrap: they are computed as unsigned 64-bit numbers and cut to their type. A NaN is
 * always the same NaN; otherwise the output would depend on the compiling machine.
 */
#include "const_eval.h"

#include "interface_walk.h"
#include "sema.h"

#include <math.h>

enum { MOST_COMPARED_BYTES = 1000 };

typedef struct Folding {
    const Air *air;
    const Zir *zir;
    Arena *arena;              /* of the values: that of the notes or of this unit */
    const ConstValue **values; /* per instruction */
    uint32_t undecisive_end;   /* instructions before it are not evaluated at run time */
    Diagnostics *diagnostics;
    bool is_wrong;
} Folding;

/* ---- scalars ------------------------------------------------------------------------------- */

static double canonical(double value)
{
    return isnan(value) ? (double)NAN : value;
}

/* As llvm.fptosi.sat: NaN is 0, a value out of range is the nearest one in range. */
static int64_t saturate(AirType type, double value)
{
    if (isnan(value))
        return 0;
    int64_t lowest = type.kind == AIR_I32 ? INT32_MIN : INT64_MIN;
    int64_t highest = type.kind == AIR_I32 ? INT32_MAX : INT64_MAX;
    if (value <= (double)lowest)
        return lowest;
    return value >= (double)highest ? highest : (int64_t)value;
}

static double fold_real(uint8_t op, double a, double b)
{
    switch (op) {
    case ZIR_ADD: return canonical(a + b);
    case ZIR_SUB: return canonical(a - b);
    case ZIR_MUL: return canonical(a * b);
    default: return canonical(a / b);
    }
}

static uint64_t fold_integer(uint8_t op, int64_t a, int64_t b)
{
    switch (op) {
    case ZIR_ADD: return (uint64_t)a + (uint64_t)b;
    case ZIR_SUB: return (uint64_t)a - (uint64_t)b;
    case ZIR_MUL: return (uint64_t)a * (uint64_t)b;
    case ZIR_DIV: return b == -1 ? 0 - (uint64_t)a : (uint64_t)(a / b);
    default: return b == -1 ? 0 : (uint64_t)(a % b);
    }
}

/* -1, 0 or 1; 2 if either is a NaN. */
static int order_of(const ConstValue *a, const ConstValue *b)
{
    switch (a->type.kind) {
    case AIR_F64:
        if (isnan(a->as.real) || isnan(b->as.real))
            return 2;
        return (a->as.real > b->as.real) - (a->as.real < b->as.real);
    case AIR_STR:
        return a->as.text != b->as.text &&
               (a->text_size != b->text_size || strcmp(a->as.text, b->as.text) != 0);
    default: return (a->as.integer > b->as.integer) - (a->as.integer < b->as.integer);
    }
}

static bool holds(uint8_t op, int order)
{
    switch (op) {
    case ZIR_EQ: return order == 0;
    case ZIR_NE: return order != 0;
    case ZIR_LT: return order == -1;
    case ZIR_LE: return order == -1 || order == 0;
    case ZIR_GT: return order == 1;
    default: return order == 1 || order == 0;
    }
}

/* ---- values -------------------------------------------------------------------------------- */

static ConstValue *new_value(const Folding *folding, AirTypeKind kind)
{
    ConstValue *value = arena_allocate(folding->arena, sizeof *value);
    *value = (ConstValue){.type = {.kind = (uint8_t)kind}};
    return value;
}

static void set_origin(ConstValue *value, const Entity *entity)
{
    value->type.file = entity->unit.file;
    value->type.declaration = entity->unit.declaration;
}

AirType const_type(Entities *entities, const ConstValue *value)
{
    AirType type = {value->type.kind, 0};
    if (type.kind == AIR_STRUCT)
        type.index = entity_of(entities, value->type.file, value->type.declaration)->number;
    return type;
}

static const ConstValue *integer_value(const Folding *folding, uint8_t kind, uint64_t bits)
{
    ConstValue *value = new_value(folding, (AirTypeKind)kind);
    value->as.integer = kind == AIR_I32 ? (int64_t)(int32_t)(uint32_t)bits : (int64_t)bits;
    return value;
}

static const ConstValue *real_value(const Folding *folding, double real)
{
    ConstValue *value = new_value(folding, AIR_F64);
    value->as.real = real;
    return value;
}

static const ConstValue *bool_value(const Folding *folding, bool truth)
{
    ConstValue *value = new_value(folding, AIR_BOOL);
    value->as.integer = truth;
    return value;
}

static const ConstValue *fold_literal(Folding *folding, uint32_t at)
{
    const ZirInst *inst = &folding->zir->insts[at];
    AirType type = folding->air->insts[at].type;
    uint64_t bits = (uint64_t)inst->b << 32 | inst->a;
    if (inst->op == ZIR_FLOAT) {
        double real;
        memcpy(&real, &bits, sizeof real);
        return real_value(folding, real);
    }
    if (type.kind == AIR_F64)
        return real_value(folding, inst->count != 0 ? -(double)bits : (double)bits);
    return integer_value(folding, type.kind, inst->count != 0 ? 0 - bits : bits);
}

static const ConstValue *fold_text(Folding *folding, uint32_t at)
{
    ConstValue *value = new_value(folding, AIR_STR);
    value->text_offset = folding->zir->insts[at].a;
    value->as.text = entity_text(folding->air->unit, value->text_offset);
    value->text_size = (uint32_t)strlen(value->as.text);
    set_origin(value, folding->air->unit);
    return value;
}

static const ConstValue *fold_negation(Folding *folding, const ConstValue *operand)
{
    if (operand->type.kind == AIR_F64)
        return real_value(folding, canonical(-operand->as.real));
    return integer_value(folding, operand->type.kind, 0 - (uint64_t)operand->as.integer);
}

static void report(Folding *folding, uint32_t at, const char *what)
{
    if (at < folding->undecisive_end)
        return;
    folding->is_wrong = true;
    if (folding->diagnostics == NULL)
        return;
    uint32_t line, column;
    zir_position(folding->zir, at, &line, &column);
    diagnostics_add_plain(folding->diagnostics, line, column, slice_from(what));
}

/* A comparison takes six bytes of source. A thousand others may compare the same strings: they must
 * not be long. */
static const ConstValue *fold_comparison(Folding *folding, uint32_t at)
{
    const ZirInst *inst = &folding->zir->insts[at];
    const ConstValue *a = folding->values[inst->a], *b = folding->values[inst->b];
    if (a->type.kind == AIR_STR && a->text_size == b->text_size && a->as.text != b->as.text &&
        a->text_size > MOST_COMPARED_BYTES)
        report(folding, at, "strings of equal length and of more than 1000 bytes cannot be compared "
                            "in a constant");
    else
        return bool_value(folding, holds(inst->op, order_of(a, b)));
    return bool_value(folding, false);
}

static const ConstValue *fold_arithmetic(Folding *folding, uint32_t at)
{
    const ZirInst *inst = &folding->zir->insts[at];
    const ConstValue *a = folding->values[inst->a], *b = folding->values[inst->b];
    if (a->type.kind == AIR_F64)
        return real_value(folding, fold_real(inst->op, a->as.real, b->as.real));
    if ((inst->op == ZIR_DIV || inst->op == ZIR_REM) && b->as.integer == 0) {
        report(folding, at, "division by zero in a constant");
        return a;
    }
    uint64_t bits = fold_integer(inst->op, a->as.integer, b->as.integer);
    return integer_value(folding, a->type.kind, bits);
}

static const ConstValue *fold_cast(Folding *folding, uint32_t at)
{
    const ConstValue *from = folding->values[folding->zir->insts[at].a];
    AirType to = folding->air->insts[at].type;
    if (to.kind == AIR_F64)
        return from->type.kind == AIR_F64 ? from
                                          : real_value(folding, (double)from->as.integer);
    if (from->type.kind == AIR_F64)
        return integer_value(folding, to.kind, (uint64_t)saturate(to, from->as.real));
    return integer_value(folding, to.kind, (uint64_t)from->as.integer);
}

/* ---- structs ------------------------------------------------------------------------------- */

static const ConstValue *fold_struct(Folding *folding, uint32_t at)
{
    const ZirInst *inst = &folding->zir->insts[at];
    const ConstValue **fields =
        arena_allocate(folding->arena, inst->count * sizeof *fields);
    AirType type = folding->air->insts[at].type;
    ConstValue *value = new_value(folding, AIR_STRUCT);
    set_origin(value, folding->air->entities->items[type.index]);
    for (uint32_t init = at - inst->count; init < at; init++)
        fields[folding->air->insts[init].link] = folding->values[folding->zir->insts[init].a];
    value->as.fields = fields;
    return value;
}

/* ---- the pass ------------------------------------------------------------------------------ */

/* True if an AND or OR is decided by its left operand. */
static bool is_decided(const Folding *folding, const ZirInst *inst)
{
    bool left = folding->values[inst->a]->as.integer != 0;
    return left == (inst->op == ZIR_OR);
}

static const ConstValue *fold_inst(Folding *folding, uint32_t at)
{
    const ZirInst *inst = &folding->zir->insts[at], *begin;
    const ConstValue **values = folding->values;
    switch ((ZirOp)inst->op) {
    case ZIR_INT: case ZIR_FLOAT: return fold_literal(folding, at);
    case ZIR_BOOL: return bool_value(folding, inst->a != 0);
    case ZIR_STR: return fold_text(folding, at);
    case ZIR_REF: return folding->air->entities->items[folding->air->insts[at].link]->value;
    case ZIR_FIELD: return values[inst->a]->as.fields[folding->air->insts[at].link];
    case ZIR_NEG: return fold_negation(folding, values[inst->a]);
    case ZIR_NOT: return bool_value(folding, values[inst->a]->as.integer == 0);
    case ZIR_ADD: case ZIR_SUB: case ZIR_MUL: case ZIR_DIV: case ZIR_REM:
        return fold_arithmetic(folding, at);
    case ZIR_EQ: case ZIR_NE: case ZIR_LT: case ZIR_LE: case ZIR_GT: case ZIR_GE:
        return fold_comparison(folding, at);
    case ZIR_AND: case ZIR_OR: /* the right operand is between here and the end */
        if (is_decided(folding, inst) && folding->undecisive_end < inst->b)
            folding->undecisive_end = inst->b;
        return NULL;
    case ZIR_LOGIC_END:
        begin = &folding->zir->insts[inst->a];
        return values[is_decided(folding, begin) ? begin->a : inst->b];
    case ZIR_CAST: return fold_cast(folding, at);
    case ZIR_STRUCT_LIT: return fold_struct(folding, at);
    case ZIR_CONST_VALUE: return values[inst->a];
    default: return NULL; /* ARG and INIT have no value of their own */
    }
}

static const ConstValue *fold(const Air *air, Diagnostics *diagnostics)
{
    const Zir *zir = &air->unit->zir;
    Folding folding = {.air = air, .zir = zir, .diagnostics = diagnostics};
    folding.arena =
        air->unit->note != NULL ? air->entities->lookup->notes : air->entities->scratch;
    folding.values =
        arena_allocate(air->entities->scratch, zir->inst_count * sizeof *folding.values);
    for (uint32_t at = 0; at < zir->inst_count && !folding.is_wrong; at++)
        folding.values[at] = fold_inst(&folding, at);
    return folding.is_wrong ? NULL : folding.values[zir->inst_count - 1];
}

/* Its operands are already evaluated. */
static void evaluate(Entities *entities, Entity *constant, Diagnostics *diagnostics)
{
    Air air;
    if (!constant->is_wrong && sema_check(entities, constant, diagnostics, &air))
        constant->value = fold(&air, diagnostics);
    constant->is_wrong = constant->value == NULL;
    entity_note(entities, constant, true);
}

static void evaluate_closure(Entities *entities, Entity *constant, Diagnostics *diagnostics)
{
    InterfaceWalk walk;
    interface_walk_begin(&walk, entities, constant);
    for (Entity *next; (next = interface_walk_next(&walk)) != NULL;)
        if (next != constant && entity_is_hopeless(entities, next))
            next->is_wrong = true;
        else if (next != constant)
            evaluate(entities, next, NULL);
        else if (!interface_walk_report(&walk, diagnostics))
            evaluate(entities, next, diagnostics);
}

const ConstValue *const_value_of(Entities *entities, Entity *constant)
{
    if (entity_is_hopeless(entities, constant))
        return NULL;
    if (constant->state == ENTITY_NEW)
        evaluate_closure(entities, constant, NULL);
    return constant->state == ENTITY_DONE ? constant->value : NULL;
}

bool const_check(Entities *entities, Entity *constant, Diagnostics *diagnostics)
{
    evaluate_closure(entities, constant, diagnostics);
    return constant->value != NULL;
}
