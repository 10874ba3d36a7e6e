/* SPDX-License-Identifier: MIT */
/*
 * Blocks and statements.
 *
 * Every statement function also answers one question: can control reach what follows? Not after
 * return, break and continue; not after an if with two arms that both end; not after `while true`
 * without a break. A block ends if any of its statements does. That is enough to know whether a
 * function with a result can forget to return one.
 *
 * A chain of else-ifs is a loop here. Its IFs nest in ZIR, each in the ELSE of the previous one;
 * their numbers wait on a stack until the end of the chain and are closed from the last one.
 */
#include "parser_internal.h"

#include <stdio.h>

/* ---- simple statements --------------------------------------------------------------------- */

/* `const x: T = e;` and `var`, inside a function. The name is known only after the end. */
static void parse_local(Parser *parser)
{
    bool is_var = parser_at(parser, TOKEN_VAR);
    uint32_t offset;
    parser_advance(parser);
    NameId name = parser_expect_name(parser, &offset, is_var ? "after 'var'" : "after 'const'");
    TypeUse type = parse_optional_type(parser, offset);
    parser_expect(parser, TOKEN_ASSIGN, is_var ? "and a value: a variable starts with one"
                                               : "and the value of the constant");
    uint32_t value = parse_expression(parser);
    parser_expect(parser, TOKEN_SEMICOLON, "after the value");
    uint32_t number = parser_emit_typed(parser, is_var ? ZIR_VAR : ZIR_LET, value, type);
    parser_declare_local(parser, name, is_var ? LOCAL_VAR : LOCAL_CONST, number, offset);
}

/* The rest of `place = e;`. */
static void parse_store(Parser *parser, uint32_t place)
{
    uint32_t position = parser->token.offset;
    parser_expect(parser, TOKEN_ASSIGN, "after what is assigned to");
    uint32_t value = parse_expression(parser);
    parser_expect(parser, TOKEN_SEMICOLON, "after the value");
    parser_emit(parser, position, ZIR_STORE, place, value);
}

static void parse_local_assignment(Parser *parser, NameId name, Token first)
{
    uint32_t offset = first.offset;
    const Local *local = parser_find_local(parser, name);
    if (parser_at(parser, TOKEN_LEFT_PAREN)) {
        parser_fail_at(parser, parser->token.offset,
                       "only a function can be called, and this name is a local here");
        return;
    }
    if (!parser_at(parser, TOKEN_ASSIGN) && !parser_at(parser, TOKEN_DOT)) {
        parse_unused_value(parser, first);
        return;
    }
    if (local->kind != LOCAL_VAR)
        parser_error(parser, offset, "'%.*s' cannot be assigned: it is a %s, not a var",
                     NAME_ARGS(parser, name),
                     local->kind == LOCAL_CONST ? "const" : "parameter");
    uint32_t place = parser_emit(parser, offset, ZIR_ADDR, local->inst, 0);
    while (parser_take(parser, TOKEN_DOT)) {
        uint32_t position;
        NameId field = parser_expect_name(parser, &position, "of a field after '.'");
        uint32_t text = zir_put_text(&parser->zir, parser_name(parser, field)->text);
        place = parser_emit(parser, position, ZIR_FIELD_ADDR, place, text);
    }
    parse_store(parser, place);
}

/* A statement that begins with a name: a call or an assignment. */
static void parse_name_statement(Parser *parser)
{
    uint32_t offset, depth = parser->brace_depth;
    Token first = parser->token;
    size_t first_error = parser->diagnostics->count;
    NameId name = parser_expect_name(parser, &offset, "");
    if (parser_find_local(parser, name) != NULL) {
        parse_local_assignment(parser, name, first);
        return;
    }
    uint32_t value = parse_global(parser, name, offset);
    if (parser_at(parser, TOKEN_ASSIGN)) {
        parser_error(parser, offset, "'%.*s' cannot be assigned: no var of this name is known here",
                     NAME_ARGS(parser, name));
        parse_store(parser, value);
    } else if (!parser->panicking && parser->zir.insts[value].op != ZIR_CALL) {
        parse_unused_value(parser, first);
    } else {
        parser_expect(parser, TOKEN_SEMICOLON, "after the call");
    }
    if (parser->panicking)
        parse_foreign_statement(parser, first, depth, first_error);
}

static void parse_print(Parser *parser)
{
    uint32_t position = parser->token.offset;
    parser_advance(parser);
    parser_expect(parser, TOKEN_LEFT_PAREN, "after 'print'");
    uint32_t value = parse_expression(parser);
    parser_expect(parser, TOKEN_RIGHT_PAREN, "after the value");
    parser_expect(parser, TOKEN_SEMICOLON, "after print(...)");
    parser_emit(parser, position, ZIR_PRINT, value, 0);
}

static void parse_return(Parser *parser)
{
    uint32_t position = parser->token.offset;
    uint32_t value = ZIR_NO_VALUE;
    parser_advance(parser);
    if (!parser_at(parser, TOKEN_SEMICOLON))
        value = parse_expression(parser);
    parser_expect(parser, TOKEN_SEMICOLON, value == ZIR_NO_VALUE ? "after 'return'"
                                                                 : "after the value");
    parser_emit(parser, position, ZIR_RETURN, value, 0);
}

static void parse_jump(Parser *parser)
{
    Token token = parser->token;
    bool is_break = token.kind == TOKEN_BREAK;
    parser_advance(parser);
    if (parser->loop == NO_LOOP)
        parser_error(parser, token.offset, "'%s' outside of a loop",
                     is_break ? "break" : "continue");
    parser->loop_breaks |= is_break;
    parser_emit(parser, token.offset, is_break ? ZIR_BREAK : ZIR_CONTINUE, parser->loop, 0);
    parser_expect(parser, TOKEN_SEMICOLON, is_break ? "after 'break'" : "after 'continue'");
}

/* ---- compound statements ------------------------------------------------------------------- */

/* Closes the IFs above `base`, the last one first. */
static void close_chain(Parser *parser, size_t base, uint32_t close)
{
    while (parser->ifs.size > base) {
        uint32_t number, chain_end = parser->zir.count;
        parser->ifs.size -= sizeof number;
        memcpy(&number, parser->ifs.data + parser->ifs.size, sizeof number);
        ZirInst *insts = parser->zir.insts;
        if (insts[number].b == 0)
            insts[number].b = chain_end;
        else
            insts[insts[number].b].b = chain_end;
        parser_emit(parser, close, ZIR_END, number, 0);
    }
}

static bool parse_if(Parser *parser)
{
    size_t base = parser->ifs.size;
    bool ends = true, has_else = false;
    uint32_t close = 0;
    do {
        uint32_t position = parser->token.offset;
        parser_advance(parser);
        uint32_t condition = parse_condition(parser);
        uint32_t number = parser_emit(parser, position, ZIR_IF, condition, 0);
        buffer_put_u32(&parser->ifs, number);
        ends &= parse_block(parser, "after the condition", &close);
        position = parser->token.offset;
        has_else = parser_take(parser, TOKEN_ELSE);
        if (has_else) {
            uint32_t middle = parser_emit(parser, position, ZIR_ELSE, number, 0);
            parser->zir.insts[number].b = middle; /* after the call, which may move insts */
        }
    } while (has_else && parser_at(parser, TOKEN_IF));
    if (has_else)
        ends &= parse_block(parser, "or 'if' after 'else'", &close);
    close_chain(parser, base, close);
    return ends && has_else;
}

/* True if control never gets past the loop. */
static bool parse_while(Parser *parser)
{
    uint32_t outer_loop = parser->loop, close;
    bool outer_breaks = parser->loop_breaks;
    uint32_t number = parser_emit(parser, parser->token.offset, ZIR_LOOP, 0, 0);
    parser_advance(parser);
    uint32_t first = parser->zir.count;
    uint32_t condition = parse_condition(parser);
    bool forever = parser->zir.count == first + 1 && parser->zir.insts[first].op == ZIR_BOOL &&
                   parser->zir.insts[first].a == 1;
    uint32_t test = parser_emit(parser, parser->zir.positions[number], ZIR_LOOP_COND, condition, 0);
    parser->loop = number;
    parser->loop_breaks = false;
    parse_block(parser, "after the condition", &close);
    uint32_t end = parser_emit(parser, close, ZIR_END_LOOP, number, 0);
    parser->zir.insts[number].b = parser->zir.insts[test].b = end;
    bool ends = forever && !parser->loop_breaks;
    parser->loop = outer_loop;
    parser->loop_breaks = outer_breaks;
    return ends;
}

/* True if the code after it cannot be reached. */
static bool parse_statement(Parser *parser)
{
    switch (parser->token.kind) {
    case TOKEN_NAME:
        parse_name_statement(parser);
        return false;
    case TOKEN_CONST:
    case TOKEN_VAR:
        parse_local(parser);
        return false;
    case TOKEN_PRINT:
        parse_print(parser);
        return false;
    case TOKEN_IF:
        return parse_if(parser);
    case TOKEN_WHILE:
        return parse_while(parser);
    case TOKEN_RETURN:
        parse_return(parser);
        return true;
    case TOKEN_BREAK:
    case TOKEN_CONTINUE:
        parse_jump(parser);
        return true;
    default:
        parser_fail_here(parser, "a statement");
        return false;
    }
}

/* ---- blocks -------------------------------------------------------------------------------- */

/* A forgotten '{' is reported, then assumed: what follows is most likely the body, even though its
 * '}' can then be confused with the function's. */
static void open_brace(Parser *parser, const char *where)
{
    if (parser_expect(parser, TOKEN_LEFT_BRACE, where))
        return;
    if (parser_recover_body(parser)) {
        parser_advance(parser);
        return;
    }
    parser->brace_is_missing = true;
    parser->brace_depth++;
    parser_take(parser, TOKEN_SEMICOLON);
}

/* Where a declaration begins or the file ends, all open blocks lack their '}'. That is reported
 * once, for the innermost. */
static void close_brace(Parser *parser, uint32_t open)
{
    if (parser_take(parser, TOKEN_RIGHT_BRACE) || parser->brace_is_missing)
        return;
    char what[64];
    snprintf(what, sizeof what, "'}' to close the block of line %u",
             (unsigned)parser_line(parser, open));
    parser_fail(parser, what);
    parser->brace_is_missing = true;
}

bool parse_braces(Parser *parser, const char *where, uint32_t *close)
{
    uint32_t open = parser->token.offset;
    bool ends = false;
    parser_enter(parser);
    open_brace(parser, where);
    uint32_t depth = parser->brace_depth;
    while (!parser_at(parser, TOKEN_RIGHT_BRACE) && !parser_at_declaration(parser)) {
        ends |= parse_statement(parser);
        if (parser->panicking)
            parser_recover_statement(parser, depth);
    }
    *close = parser->token.offset;
    close_brace(parser, open);
    parser_leave(parser);
    return ends;
}

bool parse_block(Parser *parser, const char *where, uint32_t *close)
{
    uint32_t outer = parser_open_block(parser);
    bool ends = parse_braces(parser, where, close);
    while (parser->literal_in_condition) { /* that was the literal: the block follows */
        parser->literal_in_condition = false;
        if (parser_recover_body(parser))
            ends = parse_braces(parser, where, close);
    }
    parser_close_block(parser, outer);
    return ends;
}
