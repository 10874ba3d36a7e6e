/* SPDX-License-Identifier: MIT */
/*
 * Tokens, errors, locals and references: the basis of every grammar rule.
 *
 * Locals are a stack. A name's record holds the index of the innermost local of that name, and each
 * local the index that it shadows. Finding one costs nothing, and closing a block costs one step
 * per local in it:
 *
 *     names    a ─► local 3          locals   0 a   1 b   2 c   3 a, covers 0
 *
 * On recovery: an error should be reported once, and so should the next one. Skipping too little
 * reports one mistake five times; skipping too much hides the next one. A statement ends at its
 * `;`, at the `}` of a block that it opened, or at a word that only begins statements. `fn`,
 * `struct`, `extern` and `import` occur in no function: they always begin a declaration.
 */
#include "parser_internal.h"

#include "lexer_problem.h"
#include "lexical.h"
#include "source_text.h"
#include "spelling.h"

#include <stdarg.h>
#include <stdio.h>

enum { SHOWN_NAME_BYTES = 60 };

/* ---- tokens -------------------------------------------------------------------------------- */

void parser_panic(Parser *parser)
{
    if (parser->panicking)
        return;
    parser->panicking = true;
    parser->held = parser->token;
    parser->token.kind = TOKEN_NONE;
}

static void resume(Parser *parser)
{
    if (parser->panicking)
        parser->token = parser->held;
    parser->panicking = false;
}

static COLD void report_invalid(Parser *parser)
{
    char problem[128];
    if (lexer_problem(parser->source, parser->token, problem, sizeof problem))
        parser_error(parser, parser->token.offset, "%s", problem);
}

/* After the end comes the end again. */
static void read_batch(Parser *parser)
{
    Token *batch = parser->batch;
    batch[0] = parser->following[-2];
    size_t count = lexer_read(&parser->lexer, batch + 1, BATCH_TOKENS);
    batch[1 + count].kind = TOKEN_NONE;
    parser->token = batch[1];
    parser->following = batch + 2;
}

/* Reports the invalid token; true if the next one takes its place. */
static COLD bool pass_over(Parser *parser)
{
    report_invalid(parser);
    uint32_t end = parser->stopped ? 0 : lexer_problem_end(parser->source, parser->token);
    if (end == 0)
        return false;
    parser->lexer.at = parser->source.data + end;
    read_batch(parser);
    return true;
}

void parser_step_specially(Parser *parser)
{
    if (parser_at(parser, TOKEN_NONE))
        read_batch(parser);
    while (parser_at(parser, TOKEN_INVALID) && pass_over(parser))
        continue;
}

void parser_rewind(Parser *parser, Token taken, uint32_t brace_depth)
{
    parser->panicking = false;
    parser->brace_depth = brace_depth;
    parser->lexer.at = parser->source.data + taken.offset + taken.size;
    parser->batch[0] = taken;
    parser->token.kind = TOKEN_NONE;
    parser->following = parser->batch + 2;
    parser_step_specially(parser);
    if (parser_at(parser, TOKEN_INVALID))
        parser_panic(parser);
}

/* An '=' after what may be a whole condition. */
static bool may_compare(TokenKind kind, const char *where)
{
    return kind == TOKEN_RIGHT_PAREN || kind == TOKEN_SEMICOLON ||
           (kind == TOKEN_LEFT_BRACE && strcmp(where, "after the condition") == 0);
}

void parser_fail_to_expect(Parser *parser, TokenKind kind, const char *where)
{
    char what[128];
    if (parser_at(parser, TOKEN_ASSIGN) && may_compare(kind, where)) {
        parser_fail_at(parser, parser->token.offset, "'=' assigns: '==' compares");
        return;
    }
    snprintf(what, sizeof what, "%s %s", token_kind_text(kind), where);
    parser_fail(parser, what);
}

static COLD NameId fail_to_expect_name(Parser *parser, const char *where)
{
    Token token = parser->token;
    if (parser_advise_name(parser)) {
        parser_advance(parser); /* the type */
        NameId name = name_table_intern(&parser->names, parser_text(parser, parser->token));
        parser_advance(parser);
        parser_panic(parser);
        return name;
    }
    if (token.kind == TOKEN_PRINT || token_is_builtin_type(token.kind)) {
        parser_error(parser, token.offset, "%s is a built-in name", token_kind_text(token.kind));
        parser_advance(parser); /* it was meant as a name, and the rest will make sense */
    } else {
        char what[128];
        snprintf(what, sizeof what, "a name %s", where);
        parser_fail(parser, what);
    }
    return NAME_NONE;
}

NameId parser_expect_name(Parser *parser, uint32_t *offset, const char *where)
{
    *offset = parser->token.offset;
    if (!parser_at(parser, TOKEN_NAME))
        return fail_to_expect_name(parser, where);
    NameId name = name_table_intern(&parser->names, parser_text(parser, parser->token));
    parser_advance(parser);
    return name;
}

int parser_name_width(const Parser *parser, NameId id)
{
    size_t size = parser_name(parser, id)->text.size;
    return size > SHOWN_NAME_BYTES ? SHOWN_NAME_BYTES : (int)size;
}

Slice parser_string(Parser *parser, Token token)
{
    Slice literal = slice_of(parser->source.data + token.offset + 1, token.size - 2);
    if (literal.size == 0 || memchr(literal.data, '\\', literal.size) == NULL)
        return literal;
    StringError error = {0};
    parser->scratch.size = 0;
    buffer_reserve(&parser->scratch, literal.size);
    parser->scratch.size = lexical_unescape(literal, parser->scratch.data, &error);
    if (error.message != NULL)
        parser_error_plain(parser, token.offset + 1 + (uint32_t)error.offset, error.message);
    return buffer_slice(&parser->scratch);
}

/* ---- errors -------------------------------------------------------------------------------- */

uint32_t parser_line(const Parser *parser, uint32_t offset)
{
    return source_text_line(zir_builder_lines(&parser->zir), parser->zir.line_count, offset);
}

static void stop(Parser *parser)
{
    parser_panic(parser);
    parser->stopped = true;
    parser->outline_is_lost = true;
    parser->held.kind = TOKEN_END;
    parser->lexer.at = parser->lexer.end;
    parser->batch[1].kind = TOKEN_NONE;
    parser->following = &parser->batch[1];
}

/* After each error. */
static void count_error(Parser *parser, uint32_t line, uint32_t column)
{
    if (parser->worst < parser->place)
        parser->worst = parser->place;
    static const char last_words[] = "too many errors: the rest of this file is left out";
    if (++parser->error_count != MINI_MAX_ERRORS)
        return;
    diagnostics_add_plain(parser->diagnostics, line, column, slice_from(last_words));
    stop(parser);
}

void parser_error(Parser *parser, uint32_t offset, const char *format, ...)
{
    if (parser->panicking || parser->stopped)
        return;
    uint32_t line = parser_line(parser, offset), column = parser_column(parser, offset, line);
    va_list args;
    va_start(args, format);
    diagnostics_add_list(parser->diagnostics, line, column, format, args);
    va_end(args);
    count_error(parser, line, column);
}

void parser_error_plain(Parser *parser, uint32_t offset, const char *message)
{
    if (parser->panicking || parser->stopped)
        return;
    uint32_t line = parser_line(parser, offset), column = parser_column(parser, offset, line);
    diagnostics_add_plain(parser->diagnostics, line, column, slice_from(message));
    count_error(parser, line, column);
}

void parser_note(Parser *parser, uint32_t offset, const char *message)
{
    if (parser->panicking || parser->stopped)
        return;
    uint32_t line = parser_line(parser, offset), column = parser_column(parser, offset, line);
    diagnostics_add_plain(parser->diagnostics, line, column, slice_from(message))->severity =
        SEVERITY_NOTE;
}

void parser_stop(Parser *parser, uint32_t offset, const char *message)
{
    parser_error_plain(parser, offset, message);
    stop(parser);
}

void parser_fail_at(Parser *parser, uint32_t offset, const char *message)
{
    parser_error_plain(parser, offset, message);
    parser_panic(parser);
}

/* The text found instead of what was expected, as a message names it. */
static void describe(const Parser *parser, Token token, char *text, size_t size)
{
    Slice written = parser_text(parser, token);
    int width = written.size > SHOWN_NAME_BYTES ? SHOWN_NAME_BYTES : (int)written.size;
    if (token.kind == TOKEN_NAME || token.kind == TOKEN_INT || token.kind == TOKEN_FLOAT)
        snprintf(text, size, "'%.*s'", width, written.data);
    else
        snprintf(text, size, "%s", token_kind_text(token.kind));
}

/* A token missing at the end of a line is missing there, not where the next line begins. */
static uint32_t place_of_failure(const Parser *parser)
{
    Token taken = parser->following[-2];
    uint32_t found = parser->token.offset, end = taken.offset + taken.size;
    if (end == 0 || parser_line(parser, end) == parser_line(parser, found))
        return found;
    return end;
}

static void fail(Parser *parser, uint32_t offset, const char *what)
{
    char found[128];
    if (!parser->panicking && !parser_at(parser, TOKEN_INVALID) && !parser_advise(parser, what)) {
        describe(parser, parser->token, found, sizeof found);
        parser_error(parser, offset, "expected %s, found %s", what, found);
    }
    parser_panic(parser);
}

void parser_fail(Parser *parser, const char *what)
{
    fail(parser, parser->panicking ? 0 : place_of_failure(parser), what);
}

void parser_fail_here(Parser *parser, const char *what)
{
    fail(parser, parser->token.offset, what);
}

void parser_enter(Parser *parser)
{
    if (++parser->nesting > MINI_MAX_NESTING && !parser->stopped)
        parser_stop(parser, parser->token.offset, "this is nested more than 1000 levels deep");
}

/* ---- recovery ------------------------------------------------------------------------------ */

bool parser_begins_statement(TokenKind kind)
{
    return kind == TOKEN_CONST || kind == TOKEN_VAR || kind == TOKEN_IF || kind == TOKEN_WHILE ||
           kind == TOKEN_BREAK || kind == TOKEN_CONTINUE || kind == TOKEN_RETURN ||
           kind == TOKEN_PRINT;
}

void parser_recover_statement(Parser *parser, uint32_t block_depth)
{
    resume(parser);
    while (!parser_at_declaration(parser)) {
        bool inside = parser->brace_depth > block_depth;
        TokenKind kind = parser->token.kind;
        if (!inside && (kind == TOKEN_RIGHT_BRACE || parser_begins_statement(kind)))
            return;
        parser_step(parser);
        if (!inside && kind == TOKEN_SEMICOLON)
            return;
        /* A '}' may also have closed a struct literal; then the statement continues. */
        if (kind == TOKEN_RIGHT_BRACE && parser->brace_depth == block_depth &&
            parser_at(parser, TOKEN_NAME))
            return;
    }
}

bool parser_recover_body(Parser *parser)
{
    resume(parser);
    while (!parser_at(parser, TOKEN_LEFT_BRACE) && !parser_at(parser, TOKEN_RIGHT_BRACE) &&
           !parser_at(parser, TOKEN_SEMICOLON) && !parser_begins_statement(parser->token.kind) &&
           !parser_at_declaration(parser))
        parser_step(parser);
    return parser_at(parser, TOKEN_LEFT_BRACE);
}

void parser_recover_anywhere(Parser *parser)
{
    resume(parser);
    while (!parser_at_declaration(parser))
        parser_step(parser);
}

void parser_recover_declaration(Parser *parser)
{
    resume(parser);
    while (!parser_at_declaration(parser)) {
        TokenKind kind = parser->token.kind;
        if (parser->brace_depth == 0 && kind == TOKEN_CONST)
            return;
        parser_step(parser);
        if (parser->brace_depth == 0 && (kind == TOKEN_SEMICOLON || kind == TOKEN_RIGHT_BRACE))
            return;
    }
}

/* ---- locals -------------------------------------------------------------------------------- */

static Local *local_at(const Parser *parser, uint32_t index)
{
    return (Local *)(void *)parser->locals.data + index;
}

const Local *parser_find_local(const Parser *parser, NameId name)
{
    uint32_t local = parser_name(parser, name)->local;
    return local == 0 ? NULL : local_at(parser, local - 1);
}

static COLD void report_second_local(Parser *parser, NameId name, uint32_t offset)
{
    uint32_t first = local_at(parser, parser_name(parser, name)->local - 1)->offset;
    parser_error(parser, offset, "'%.*s' is already declared in this block",
                 NAME_ARGS(parser, name));
    parser_note(parser, first, "the first one is here");
}

void parser_declare_local(Parser *parser, NameId name, LocalKind kind, uint32_t inst,
                          uint32_t offset)
{
    Name *record = parser_name(parser, name);
    if (name != NAME_NONE && record->local > parser->block)
        report_second_local(parser, name, offset);
    Local local = {name, record->local, inst, kind, offset};
    buffer_put(&parser->locals, slice_of(&local, sizeof local));
    record->local = parser_local_count(parser);
}

uint32_t parser_open_block(Parser *parser)
{
    uint32_t outer = parser->block;
    parser->block = parser_local_count(parser);
    return outer;
}

void parser_close_block(Parser *parser, uint32_t outer)
{
    for (uint32_t i = parser_local_count(parser); i > parser->block; i--) {
        const Local *local = local_at(parser, i - 1);
        parser_name(parser, local->name)->local = local->shadowed;
    }
    parser->locals.size = parser->block * sizeof(Local);
    parser->block = outer;
}

/* ---- references ---------------------------------------------------------------------------- */

uint32_t parser_reference(Parser *parser, uint32_t import, NameId name)
{
    Name *record = parser_name(parser, name);
    if (import == IMPORT_SELF && record->referred_by == parser->zir.part)
        return record->reference;
    uint32_t number = declarations_add_reference(&parser->declarations, import, record->text,
                                                 parser->in_interface);
    if (import == IMPORT_SELF) {
        parser->undeclared += record->referred_by == 0 && record->declared_at == 0;
        record->referred_by = parser->zir.part;
        record->reference = number;
    }
    return number;
}

uint32_t parser_take_reference(Parser *parser, NameId name, uint32_t offset)
{
    uint32_t alias = parser_name(parser, name)->alias;
    if (alias == 0)
        return parser_reference(parser, IMPORT_SELF, name);
    if (!parser_take(parser, TOKEN_DOT)) {
        if (!parser->panicking)
            parser_error(parser, offset, "'%.*s' is an import: name what you want of it, as in "
                         "%.*s.name", NAME_ARGS(parser, name), NAME_ARGS(parser, name));
        parser_panic(parser);
        return 0;
    }
    uint32_t member_offset;
    NameId member = parser_expect_name(parser, &member_offset, "of the import after '.'");
    return member == NAME_NONE ? 0 : parser_reference(parser, alias - 1, member);
}

void parser_try_aliases(const Parser *parser, Spelling *spelling)
{
    for (uint32_t i = 0; i < parser->import_count && i < SPELLING_MOST_TRIED; i++)
        spelling_try(spelling, parser_name(parser, parser->aliases[i])->text);
}

uint32_t parser_find_hint(Parser *parser, NameId name)
{
    enum { MOST_HINTS = 100 }; /* of a file: who reads more? */
    Slice text = parser_name(parser, name)->text;
    NameTable *all = parser->all_names;
    if (parser_name(parser, name)->alias != 0 ||
        all->items[name_table_intern(all, text)].declared_at != 0 ||
        parser->hint_count++ >= MOST_HINTS)
        return 0;
    Spelling spelling = spelling_of(text);
    uint32_t locals = parser_local_count(parser);
    for (uint32_t i = locals; i-- > 0 && locals - i <= SPELLING_MOST_TRIED;)
        spelling_try(&spelling, parser_name(parser, local_at(parser, i)->name)->text);
    parser_try_aliases(parser, &spelling);
    return spelling.best.size == 0 ? 0 : zir_put_text(&parser->zir, spelling.best) + 1;
}
