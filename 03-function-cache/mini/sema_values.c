/* SPDX-License-Identifier: MIT */
/*
 * Values: literals, names, operators. (Calls and struct literals: sema_calls.c.)
 *
 * An integer literal has no type of its own. It stays AIR_UNTYPED_INT, as does any value computed
 * only from such literals, until something needs a type: `1 + 2` in `x + (1 + 2)` becomes i64 with
 * x. Then adapt() gives the type to the whole tree of literals below, with a worklist and not by
 * recursion, because `1 + 1 + 1 + ...` can be a million operands deep. Each instruction is adapted
 * once, and the pass stays linear. A float literal needs none of this: there is only one type of
 * float.
 */
#include "sema_pass.h"

#include "const_eval.h"
#include "struct_check.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- literals ---------------------------------------------------------------------------- */

static uint64_t literal_magnitude(const ZirInst *inst)
{
    return (uint64_t)inst->b << 32 | inst->a;
}

static void check_range(SemaPass *pass, uint32_t at, AirTypeKind kind)
{
    const ZirInst *inst = &pass->zir->insts[at];
    uint64_t limit = kind == AIR_I32 ? INT32_MAX : INT64_MAX;
    bool is_integer = kind == AIR_I32 || kind == AIR_I64;
    if (is_integer && literal_magnitude(inst) > limit + inst->count)
        sema_error(pass, at, "%s%" PRIu64 " does not fit in %s", inst->count != 0 ? "-" : "",
                   literal_magnitude(inst), type_text(pass->entities, air_type(kind)));
}

/* A literal takes the type of a number. It also takes that of a mistake, or an unknown one: nothing
 * can then be said about its size. */
static bool gives_type(AirType type)
{
    return air_type_is_number(type) || type.kind == AIR_INVALID;
}

/* Puts an operand on the worklist if it is a literal waiting for its type. */
static uint32_t want(SemaPass *pass, uint32_t count, uint32_t operand, AirTypeKind kind)
{
    if (pass->insts[operand].type.kind != AIR_UNTYPED_INT)
        return count;
    pass->insts[operand].type = air_type(kind);
    pass->work[count] = operand;
    return count + 1;
}

/* Gives a type to a tree of untyped literals. */
static void adapt(SemaPass *pass, uint32_t root, AirTypeKind kind)
{
    uint32_t count = want(pass, 0, root, kind);
    while (count != 0) {
        uint32_t at = pass->work[--count];
        const ZirInst *inst = &pass->zir->insts[at];
        if (inst->op == ZIR_INT) {
            check_range(pass, at, kind);
            continue;
        }
        if (inst->op == ZIR_REM && kind == AIR_F64)
            sema_error(pass, at, "'%%' works on integers, found f64");
        count = want(pass, count, inst->a, kind);
        if (inst->op != ZIR_NEG)
            count = want(pass, count, inst->b, kind);
    }
}

AirType sema_no_value(SemaPass *pass, uint32_t user, uint32_t value)
{
    const ZirInst *inst = &pass->zir->insts[value];
    Entity *callee = inst->op == ZIR_CALL ? sema_resolve(pass, value, inst->a) : NULL;
    if (callee != NULL)
        sema_error(pass, value, "'%s' has no result to use", sema_name(pass, callee));
    else
        sema_error(pass, user, "there is no value to use");
    return pass->insts[value].type = air_type(AIR_INVALID);
}

AirType sema_resolved(SemaPass *pass, uint32_t user, uint32_t value)
{
    if (sema_value(pass, user, value).kind == AIR_UNTYPED_INT)
        adapt(pass, value, AIR_I32);
    return pass->insts[value].type;
}

void sema_expect(SemaPass *pass, uint32_t user, uint32_t value, AirType type, const char *what)
{
    AirType found = sema_value(pass, user, value);
    if (found.kind == AIR_UNTYPED_INT && gives_type(type)) {
        adapt(pass, value, type.kind);
        return;
    }
    found = sema_resolved(pass, user, value);
    if (air_type_equal(found, type) || found.kind == AIR_INVALID || type.kind == AIR_INVALID)
        return;
    /* An error in a value used where it is computed points at the value; in a local computed
     * earlier, at its user. */
    uint8_t op = pass->zir->insts[value].op;
    uint32_t place = op == ZIR_PARAM || op == ZIR_LET ? user : value;
    if (air_type_is_number(found) && air_type_is_number(type))
        sema_error(pass, place, "%sexpected %s, found %s: 'as %s' converts it", what,
                   type_text(pass->entities, type), type_text(pass->entities, found),
                   type_text(pass->entities, type));
    else
        sema_error(pass, place, "%sexpected %s, found %s", what, type_text(pass->entities, type),
                   type_text(pass->entities, found));
}

/* ---- operators --------------------------------------------------------------------------- */

static const char *operator_text(uint8_t op)
{
    static const char *const texts[ZIR_OP_COUNT] = {
        [ZIR_NEG] = "-", [ZIR_NOT] = "!", [ZIR_ADD] = "+", [ZIR_SUB] = "-",  [ZIR_MUL] = "*",
        [ZIR_DIV] = "/", [ZIR_REM] = "%", [ZIR_EQ] = "==", [ZIR_NE] = "!=", [ZIR_LT] = "<",
        [ZIR_LE] = "<=", [ZIR_GT] = ">",  [ZIR_GE] = ">=",
    };
    return texts[op];
}

/* Brings the two operands to one type, or reports that they have two. */
static AirType common_type(SemaPass *pass, uint32_t at)
{
    const ZirInst *inst = &pass->zir->insts[at];
    AirType left = sema_value(pass, at, inst->a);
    AirType right = sema_value(pass, at, inst->b);
    if (left.kind == AIR_UNTYPED_INT && right.kind == AIR_UNTYPED_INT)
        return left;
    if (left.kind == AIR_UNTYPED_INT && gives_type(right))
        adapt(pass, inst->a, right.kind);
    if (right.kind == AIR_UNTYPED_INT && gives_type(left))
        adapt(pass, inst->b, left.kind);
    left = sema_resolved(pass, at, inst->a);
    right = sema_resolved(pass, at, inst->b);
    if (left.kind == AIR_INVALID || right.kind == AIR_INVALID)
        return air_type(AIR_INVALID);
    if (air_type_equal(left, right))
        return left;
    bool are_numbers = air_type_is_number(left) && air_type_is_number(right);
    sema_error(pass, at, "'%s' needs two values of one type, found %s and %s%s",
               operator_text(inst->op), type_text(pass->entities, left),
               type_text(pass->entities, right), are_numbers ? ": 'as' converts one" : "");
    return air_type(AIR_INVALID);
}

static AirType refuse(SemaPass *pass, uint32_t at, const char *works_on, AirType found)
{
    sema_error(pass, at, "'%s' works on %s, found %s", operator_text(pass->zir->insts[at].op),
               works_on, type_text(pass->entities, found));
    return air_type(AIR_INVALID);
}

static bool is_numeric(AirType type)
{
    return air_type_is_number(type) || type.kind == AIR_UNTYPED_INT ||
           type.kind == AIR_INVALID;
}

static AirType check_arithmetic(SemaPass *pass, uint32_t at)
{
    AirType type = common_type(pass, at);
    if (!is_numeric(type))
        return refuse(pass, at, "numbers", type);
    if (pass->zir->insts[at].op == ZIR_REM && type.kind == AIR_F64)
        return refuse(pass, at, "integers", type);
    return type;
}

static AirType check_comparison(SemaPass *pass, uint32_t at)
{
    const ZirInst *inst = &pass->zir->insts[at];
    bool is_equality = inst->op == ZIR_EQ || inst->op == ZIR_NE;
    AirType type = common_type(pass, at);
    if (type.kind == AIR_UNTYPED_INT) {
        sema_resolved(pass, at, inst->a);
        sema_resolved(pass, at, inst->b);
    } else if (is_equality && type.kind == AIR_STRUCT) {
        refuse(pass, at, "numbers, bool and str", type);
    } else if (!is_equality && !is_numeric(type)) {
        refuse(pass, at, "numbers", type);
    }
    return air_type(AIR_BOOL);
}

static AirType check_negation(SemaPass *pass, uint32_t at)
{
    AirType type = sema_value(pass, at, pass->zir->insts[at].a);
    return is_numeric(type) ? type : refuse(pass, at, "numbers", type);
}

const char *sema_side_text(uint8_t op)
{
    return op == ZIR_AND ? "a side of '&&': " : "a side of '||': ";
}

/* `3000000000 as i64`: an integer type gives itself to a literal; f64 converts the i32. */
static AirType check_cast(SemaPass *pass, uint32_t at)
{
    const ZirInst *inst = &pass->zir->insts[at];
    AirType to = type_of_inst(pass->entities, pass->unit, inst);
    if (sema_value(pass, at, inst->a).kind == AIR_UNTYPED_INT &&
        (to.kind == AIR_I32 || to.kind == AIR_I64))
        adapt(pass, inst->a, to.kind);
    AirType from = sema_resolved(pass, at, inst->a);
    pass->insts[at].link =
        air_type_equal(from, to) ? air_holder(pass->zir, pass->insts, inst->a) : at;
    if (from.kind == AIR_INVALID || (air_type_is_number(from) && air_type_is_number(to)))
        return to;
    sema_error(pass, at, "'as' converts numbers to numbers, found %s as %s",
               type_text(pass->entities, from), type_text(pass->entities, to));
    return to;
}

/* ---- names ------------------------------------------------------------------------------- */

static AirType check_reference(SemaPass *pass, uint32_t at)
{
    Entity *entity = sema_resolve(pass, at, pass->zir->insts[at].a);
    if (entity == NULL)
        return air_type(AIR_INVALID);
    if (entity->zir.kind != ZIR_CONST) {
        sema_wrong_kind(pass, at, entity, "a value");
        return air_type(AIR_INVALID);
    }
    pass->insts[at].link = entity->number;
    const ConstValue *value = const_value_of(pass->entities, entity);
    if (value == NULL) {
        pass->is_wrong = true; /* the constant's own unit reports why */
        return air_type(AIR_INVALID);
    }
    return const_type(pass->entities, value);
}

static AirType check_field(SemaPass *pass, uint32_t at)
{
    const ZirInst *inst = &pass->zir->insts[at];
    AirType type = sema_resolved(pass, at, inst->a);
    if (type.kind != AIR_STRUCT) {
        if (type.kind != AIR_INVALID)
            sema_error(pass, at, "%s has no fields", type_text(pass->entities, type));
        return air_type(AIR_INVALID);
    }
    Entity *entity = pass->entities->items[type.index];
    if (struct_is_too_wide(entity))
        return sema_usable(pass, (AirType){AIR_STRUCT, entity->number});
    const char *name = entity_text(pass->unit, inst->b);
    uint32_t field = struct_find_field(entity, name, 0);
    pass->insts[at].link = field;
    if (field != UINT32_MAX)
        return struct_field_type(pass->entities, entity, field);
    sema_no_field(pass, at, entity, name);
    return air_type(AIR_INVALID);
}

AirType sema_check_value(SemaPass *pass, uint32_t at)
{
    const ZirInst *inst = &pass->zir->insts[at];
    switch ((ZirOp)inst->op) {
    case ZIR_INT: return air_type(AIR_UNTYPED_INT);
    case ZIR_FLOAT: return air_type(AIR_F64);
    case ZIR_BOOL: return air_type(AIR_BOOL);
    case ZIR_STR: return air_type(AIR_STR);
    case ZIR_REF: return check_reference(pass, at);
    case ZIR_GET:
        pass->insts[at].link = at;
        return pass->insts[inst->a].type;
    case ZIR_FIELD: case ZIR_FIELD_ADDR: return check_field(pass, at);
    case ZIR_NEG: return check_negation(pass, at);
    case ZIR_NOT:
        sema_expect(pass, at, inst->a, air_type(AIR_BOOL), "'!': ");
        return air_type(AIR_BOOL);
    case ZIR_ADD: case ZIR_SUB: case ZIR_MUL: case ZIR_DIV: case ZIR_REM:
        return check_arithmetic(pass, at);
    case ZIR_EQ: case ZIR_NE: case ZIR_LT: case ZIR_LE: case ZIR_GT: case ZIR_GE:
        return check_comparison(pass, at);
    case ZIR_LOGIC_END:
        sema_expect(pass, at, inst->b, air_type(AIR_BOOL),
                    sema_side_text(pass->zir->insts[inst->a].op));
        return air_type(AIR_BOOL);
    case ZIR_CAST: return check_cast(pass, at);
    case ZIR_CALL: return sema_check_call(pass, at);
    case ZIR_STRUCT_LIT: return sema_check_struct_literal(pass, at);
    default: return air_type(AIR_INVALID);
    }
}
