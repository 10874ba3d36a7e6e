/* SPDX-License-Identifier: MIT */
/*
 * Expressions, by precedence climbing: an operand, then all operators that bind at least as tightly
 * as required, each with a right operand that binds tighter. A chain of a million additions is a
 * loop, not a recursion; only nesting in the source recurses.
 *
 *     loosest    ||    &&    == !=    < <= > >=    + -    * / %    as    - !    . () {}    tightest
 *
 * Each function emits the instructions of what it parses and returns the number of the last one:
 * the value. Arguments are evaluated one by one but must be together before their CALL; their
 * values wait on a stack until the closing parenthesis.
 */
#include "lexical.h"
#include "literal.h"
#include "parser_internal.h"

typedef struct BinaryOperator {
    uint8_t precedence; /* 0: no operator */
    uint8_t op;         /* ZirOp */
} BinaryOperator;

static const BinaryOperator binary_operators[TOKEN_KIND_COUNT] = {
    [TOKEN_OR] = {1, ZIR_OR},
    [TOKEN_AND] = {2, ZIR_AND},
    [TOKEN_EQUAL] = {3, ZIR_EQ},
    [TOKEN_NOT_EQUAL] = {3, ZIR_NE},
    [TOKEN_LESS] = {4, ZIR_LT},
    [TOKEN_LESS_EQUAL] = {4, ZIR_LE},
    [TOKEN_GREATER] = {4, ZIR_GT},
    [TOKEN_GREATER_EQUAL] = {4, ZIR_GE},
    [TOKEN_PLUS] = {5, ZIR_ADD},
    [TOKEN_MINUS] = {5, ZIR_SUB},
    [TOKEN_STAR] = {6, ZIR_MUL},
    [TOKEN_SLASH] = {6, ZIR_DIV},
    [TOKEN_PERCENT] = {6, ZIR_REM},
};

static uint32_t emit_wide(Parser *parser, uint32_t position, ZirOp op, uint64_t bits)
{
    return parser_emit(parser, position, op, (uint32_t)bits, (uint32_t)(bits >> 32));
}

/* ---- literals ------------------------------------------------------------------------------ */

static uint32_t parse_int(Parser *parser, bool negative)
{
    Token token = parser->token;
    uint64_t value = 0;
    parser_advance(parser);
    if (!literal_int(parser_text(parser, token), &value))
        parser_error(parser, token.offset, "this integer does not fit in 64 bits");
    uint32_t inst = emit_wide(parser, token.offset, ZIR_INT, value);
    parser->zir.insts[inst].count = negative;
    return inst;
}

static uint32_t parse_float(Parser *parser, bool negative)
{
    Token token = parser->token;
    double value = 0;
    parser_advance(parser);
    FloatError error = literal_float(parser_text(parser, token), &value);
    if (error == FLOAT_TOO_LARGE)
        parser_error(parser, token.offset, "this float is larger than an f64 can be");
    if (error == FLOAT_TOO_LONG)
        parser_error(parser, token.offset, "this float has more than %d characters",
                     LITERAL_MAX_FLOAT_BYTES);
    if (negative)
        value = -value;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return emit_wide(parser, token.offset, ZIR_FLOAT, bits);
}

static uint32_t parse_string(Parser *parser)
{
    Token token = parser->token;
    parser_advance(parser);
    uint32_t text = zir_put_text(&parser->zir, parser_string(parser, token));
    return parser_emit(parser, token.offset, ZIR_STR, text, 0);
}

static uint32_t parse_bool(Parser *parser)
{
    Token token = parser->token;
    parser_advance(parser);
    return parser_emit(parser, token.offset, ZIR_BOOL, token.kind == TOKEN_TRUE, 0);
}

/* ---- calls and struct literals ------------------------------------------------------------- */

static uint32_t pending_count(const Parser *parser)
{
    return (uint32_t)(parser->pending.size / sizeof(Pending));
}

/* Emits an `op` for everything pending above `base` and pops it off the stack. */
static uint16_t emit_pending(Parser *parser, ZirOp op, uint32_t base)
{
    const Pending *items = (const Pending *)(const void *)parser->pending.data;
    uint32_t count = pending_count(parser) - base;
    for (uint32_t i = base; i < base + count; i++)
        parser_emit(parser, items[i].position, op, items[i].value, items[i].text);
    if (count > MINI_MAX_ARGUMENTS)
        parser_error(parser, items[base + MINI_MAX_ARGUMENTS].position,
                     "more than %d arguments or fields", MINI_MAX_ARGUMENTS);
    parser->pending.size = base * sizeof(Pending);
    return (uint16_t)count;
}

static void push_pending(Parser *parser, uint32_t value, uint32_t text, uint32_t position)
{
    Pending item = {value, text, position};
    buffer_put(&parser->pending, slice_of(&item, sizeof item));
}

static void parse_arguments(Parser *parser)
{
    while (!parser_at(parser, TOKEN_RIGHT_PAREN)) {
        uint32_t position = parser->token.offset;
        push_pending(parser, parse_expression(parser), 0, position);
        if (!parser_take(parser, TOKEN_COMMA))
            break;
    }
    if (!parser_take(parser, TOKEN_RIGHT_PAREN))
        parser_fail(parser, "',' or ')' after the argument");
}

static void parse_initializers(Parser *parser)
{
    while (!parser_at(parser, TOKEN_RIGHT_BRACE)) {
        uint32_t position;
        NameId name = parser_expect_name(parser, &position, "of a field");
        uint32_t text = zir_put_text(&parser->zir, parser_name(parser, name)->text);
        parser_expect(parser, TOKEN_COLON, "after the field's name");
        push_pending(parser, parse_expression(parser), text, position);
        if (!parser_take(parser, TOKEN_COMMA))
            break;
    }
    if (!parser_take(parser, TOKEN_RIGHT_BRACE))
        parser_fail(parser, "',' or '}' after the field");
}

/* The bracket is the next token. */
static uint32_t parse_list(Parser *parser, ZirOp op, uint32_t reference, uint32_t position)
{
    bool outer = parser->struct_literals;
    uint32_t base = pending_count(parser);
    parser->struct_literals = true;
    parser_enter(parser);
    parser_advance(parser);
    if (op == ZIR_CALL)
        parse_arguments(parser);
    else
        parse_initializers(parser);
    parser_leave(parser);
    parser->struct_literals = outer;
    uint16_t count = emit_pending(parser, op == ZIR_CALL ? ZIR_ARG : ZIR_INIT, base);
    uint32_t inst = parser_emit(parser, position, op, reference, 0);
    parser->zir.insts[inst].count = count;
    return inst;
}

/* ---- names --------------------------------------------------------------------------------- */

static uint32_t parse_fields(Parser *parser, uint32_t value)
{
    while (parser_take(parser, TOKEN_DOT)) {
        uint32_t position;
        NameId name = parser_expect_name(parser, &position, "of a field after '.'");
        uint32_t text = zir_put_text(&parser->zir, parser_name(parser, name)->text);
        value = parser_emit(parser, position, ZIR_FIELD, value, text);
    }
    if (parser_at(parser, TOKEN_LEFT_PAREN))
        parse_call_of_value(parser, value);
    return value;
}

uint32_t parse_global(Parser *parser, NameId name, uint32_t offset)
{
    uint32_t reference = parser_take_reference(parser, name, offset);
    uint32_t value;
    if (parser_at(parser, TOKEN_LEFT_PAREN)) {
        if (parser->in_constant)
            parser_error(parser, offset, "a top-level constant cannot call a function");
        value = parse_list(parser, ZIR_CALL, reference, offset);
    } else if (parser_at(parser, TOKEN_LEFT_BRACE) && parser->struct_literals) {
        value = parse_list(parser, ZIR_STRUCT_LIT, reference, offset);
    } else {
        value = parser_emit(parser, offset, ZIR_REF, reference, 0);
    }
    if (parser->all_names != NULL && !parser->panicking)
        parser->zir.insts[value].b = parser_find_hint(parser, name);
    return parse_fields(parser, value);
}

static uint32_t parse_name(Parser *parser)
{
    uint32_t offset;
    NameId name = parser_expect_name(parser, &offset, "");
    const Local *local = parser_find_local(parser, name);
    if (local == NULL)
        return parse_global(parser, name, offset);
    uint32_t value = local->inst;
    if (local->kind == LOCAL_VAR)
        value = parser_emit(parser, offset, ZIR_GET, value, 0);
    return parse_fields(parser, value);
}

/* ---- operators ----------------------------------------------------------------------------- */

static uint32_t parse_parentheses(Parser *parser)
{
    bool outer = parser->struct_literals;
    parser->struct_literals = true;
    parser_enter(parser);
    parser_advance(parser);
    uint32_t value = parse_expression(parser);
    parser_expect(parser, TOKEN_RIGHT_PAREN, "after the expression");
    parser_leave(parser);
    parser->struct_literals = outer;
    return parse_fields(parser, value);
}

static uint32_t parse_primary(Parser *parser)
{
    switch (parser->token.kind) {
    case TOKEN_NAME:
        return parse_name(parser);
    case TOKEN_INT:
        return parse_int(parser, false);
    case TOKEN_FLOAT:
        return parse_float(parser, false);
    case TOKEN_STRING:
        return parse_string(parser);
    case TOKEN_TRUE:
    case TOKEN_FALSE:
        return parse_bool(parser);
    case TOKEN_LEFT_PAREN:
        return parse_parentheses(parser);
    default:
        parser_fail(parser, "a value");
        return 0;
    }
}

static uint32_t parse_unary(Parser *parser)
{
    Token token = parser->token;
    bool minus = token.kind == TOKEN_MINUS;
    if (!minus && token.kind != TOKEN_NOT)
        return parse_primary(parser);
    parser_advance(parser);
    if (minus && parser_at(parser, TOKEN_INT))
        return parse_int(parser, true);
    if (minus && parser_at(parser, TOKEN_FLOAT))
        return parse_float(parser, true);
    parser_enter(parser);
    uint32_t value = parse_unary(parser);
    parser_leave(parser);
    return parser_emit(parser, token.offset, minus ? ZIR_NEG : ZIR_NOT, value, 0);
}

static uint32_t parse_operand(Parser *parser)
{
    uint32_t value = parse_unary(parser);
    while (parser_at(parser, TOKEN_AS)) {
        uint32_t position = parser->token.offset;
        parser_advance(parser);
        if (!token_is_builtin_type(parser->token.kind))
            parser_fail(parser, "i32, i64 or f64 after 'as'");
        TypeUse type = parse_type(parser);
        value = parser_emit(parser, position, ZIR_CAST, value, 0);
        parser->zir.insts[value].type = (uint8_t)type.type;
    }
    return value;
}

static uint32_t parse_binary(Parser *parser, unsigned loosest);

/* The right operand is between AND and LOGIC_END, so that it can be skipped. */
static uint32_t parse_logic(Parser *parser, BinaryOperator operator, uint32_t left,
                            uint32_t position)
{
    uint32_t begin = parser_emit(parser, position, (ZirOp)operator.op, left, 0);
    uint32_t right = parse_binary(parser, operator.precedence + 1u);
    uint32_t end = parser_emit(parser, position, ZIR_LOGIC_END, begin, right);
    parser->zir.insts[begin].b = end;
    return end;
}

static uint32_t parse_binary(Parser *parser, unsigned loosest)
{
    uint32_t left = parse_operand(parser);
    for (;;) {
        BinaryOperator operator = binary_operators[parser->token.kind];
        if (operator.precedence == 0 || operator.precedence < loosest)
            return left;
        uint32_t position = parser->token.offset;
        parser_advance(parser);
        if (operator.op == ZIR_AND || operator.op == ZIR_OR) {
            left = parse_logic(parser, operator, left, position);
        } else {
            uint32_t right = parse_binary(parser, operator.precedence + 1u);
            left = parser_emit(parser, position, (ZirOp)operator.op, left, right);
        }
    }
}

uint32_t parse_expression(Parser *parser)
{
    return parse_binary(parser, 1);
}

uint32_t parse_condition(Parser *parser)
{
    bool outer = parser->struct_literals;
    parser->struct_literals = false;
    uint32_t value = parse_expression(parser);
    parser->struct_literals = outer;
    return value;
}

/* ---- types --------------------------------------------------------------------------------- */

TypeUse parse_type(Parser *parser)
{
    static const ZirType builtin[TOKEN_KIND_COUNT] = {
        [TOKEN_I32] = ZIR_TYPE_I32, [TOKEN_I64] = ZIR_TYPE_I64, [TOKEN_F64] = ZIR_TYPE_F64,
        [TOKEN_BOOL] = ZIR_TYPE_BOOL, [TOKEN_STR] = ZIR_TYPE_STR,
    };
    Token token = parser->token;
    TypeUse use = {builtin[token.kind], 0, token.offset};
    if (use.type != ZIR_TYPE_NONE) {
        parser_advance(parser);
        return use;
    }
    if (!parser_at(parser, TOKEN_NAME)) {
        parser_fail(parser, "a type");
        return use;
    }
    use.type = ZIR_TYPE_NAMED;
    NameId name = parser_expect_name(parser, &use.position, "");
    if (parser_find_local(parser, name) != NULL)
        parser_error(parser, use.position, "'%.*s' is a local here, not a type",
                     NAME_ARGS(parser, name));
    use.reference = parser_take_reference(parser, name, use.position);
    if (parser_at(parser, TOKEN_DOT))
        parser_fail_at(parser, parser->token.offset, "only an import's name may stand before '.'");
    return use;
}

TypeUse parse_optional_type(Parser *parser, uint32_t name_offset)
{
    if (parser_take(parser, TOKEN_COLON))
        return parse_type(parser);
    return (TypeUse){ZIR_TYPE_NONE, 0, name_offset};
}
