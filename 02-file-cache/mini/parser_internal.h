/* SPDX-License-Identifier: MIT */
/*
 * Shared by the files of the parser; no other file includes it.
 *
 *     parser.c             mini_lower
 *     parse_declaration.c  the top level
 *     parse_statement.c    blocks and statements
 *     parse_expression.c   expressions and types
 *     parse_foreign.c      what other languages write, and Mini does not
 *     parser_state.c       tokens, errors and recovery, locals, references
 *
 * An error puts the parser into a panic: the current token becomes TOKEN_NONE, which no rule of the
 * grammar accepts: every loop ends and every function returns, without a single `if (failed)`. What
 * they emit meanwhile is discarded with the rest, and their errors are suppressed. The statement or
 * declaration loop then recovers: it restores the real token and skips to where the next statement
 * or declaration may begin.
 */
#ifndef PARSER_INTERNAL_H
#define PARSER_INTERNAL_H

#include "lexer.h"
#include "names.h"
#include "parser.h"
#include "spelling.h"
#include "zir_builder.h"

#define NO_LOOP UINT32_MAX

#if defined(__GNUC__)
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))
#define COLD __attribute__((cold)) /* kept out of the path of a source without errors */
#else
#define PRINTF_LIKE(text, first)
#define COLD
#endif

enum { BATCH_TOKENS = 64 };

typedef enum LocalKind { LOCAL_PARAMETER, LOCAL_CONST, LOCAL_VAR } LocalKind;

typedef struct Local {
    NameId name;
    uint32_t shadowed; /* what Name.local was before */
    uint32_t inst;     /* its PARAM, VAR, or the value of a const */
    LocalKind kind;
    uint32_t offset;   /* of its name in the source */
} Local;

typedef struct Pending { /* an argument or field of a literal, evaluated but not yet passed */
    uint32_t value;
    uint32_t text; /* name of the field */
    uint32_t position;
} Pending;

typedef struct TypeUse { /* a type as written in the source */
    ZirType type;
    uint32_t reference; /* of a ZIR_TYPE_NAMED; else 0 */
    uint32_t position;
} TypeUse;

typedef enum ParserPlace { /* in order: how much of a file an error spoils */
    PLACE_NOWHERE,   /* no error */
    PLACE_BODY,      /* the body of one function */
    PLACE_INTERFACE, /* one declaration, whose name is known */
    PLACE_OUTSIDE,   /* the file */
} ParserPlace;

typedef struct Parser {
    Slice source;
    Diagnostics *diagnostics;
    uint32_t error_count;
    bool stopped; /* nothing more is parsed or reported */
    ParserPlace place;    /* where errors are now, and ... */
    ParserPlace worst;    /* ... where the worst one of this declaration was */
    bool outline_is_lost; /* an error may hide declarations, or what they are called */

    Lexer lexer;
    /* The last token of the previous batch, then this batch, then a TOKEN_NONE. */
    Token batch[1 + BATCH_TOKENS + 1];
    const Token *following; /* in the batch: after `token`, which follows the one taken */
    Token token;            /* the next one, not yet taken */
    bool panicking;         /* then token is TOKEN_NONE, and ... */
    Token held;             /* ... this is the real one */
    uint32_t brace_depth;  /* braces taken and not yet closed */
    uint32_t nesting;

    NameTable names;
    ByteBuffer locals; /* Local, innermost last */
    uint32_t block;    /* index of the first local of the innermost block */
    uint32_t loop;     /* the innermost LOOP, or NO_LOOP */
    bool loop_breaks;  /* it has a break */

    ZirBuilder zir;
    DeclarationsBuilder declarations;
    Declaration *declaration; /* the one being parsed */
    uint32_t import_count;
    NameId aliases[SPELLING_MOST_TRIED]; /* of the first imports: what may be meant by a misspelt one */
    uint32_t hint_count;   /* asked for */
    uint32_t undeclared;   /* names that are referred to, and not declared so far */
    NameTable *all_names;  /* the second time: what the file declares; else NULL */
    bool imports_are_over;
    bool in_interface;     /* references belong to the interface */
    bool in_constant;      /* inside a top-level constant */
    bool struct_literals;  /* `name {` begins one; not in the condition of if and while */
    bool brace_is_missing; /* reported once for a declaration */
    bool literal_in_condition; /* its '{' was taken for that of the block */

    ByteBuffer pending; /* Pending, a stack: calls in arguments of calls */
    ByteBuffer ifs;     /* numbers of the IFs of else-if chains, a stack */
    ByteBuffer scratch;
} Parser;

/* ---- tokens (parser_state.c) ----------------------------------------------------------- */

static inline bool parser_at(const Parser *parser, TokenKind kind)
{
    return parser->token.kind == kind;
}

/* At a word that occurs in no function, or at the end of the file. */
static inline bool parser_at_declaration(const Parser *parser)
{
    TokenKind kind = parser->token.kind;
    return kind == TOKEN_FN || kind == TOKEN_STRUCT || kind == TOKEN_EXTERN ||
           kind == TOKEN_IMPORT || kind == TOKEN_END;
}

/* The token becomes TOKEN_NONE, until the parser recovers. */
COLD void parser_panic(Parser *parser);

/* The token is a special one: reads the next batch, reports what is invalid, and passes over what
 * can be. */
void parser_step_specially(Parser *parser);

/* Goes back to just after `taken`, a token of the source, and ends a panic. `brace_depth` is that of
 * the place. */
COLD void parser_rewind(Parser *parser, Token taken, uint32_t brace_depth);

/* Advances by one token, whatever it is. */
static inline void parser_step(Parser *parser)
{
    TokenKind taken = parser->token.kind;
    if (taken == TOKEN_LEFT_BRACE)
        parser->brace_depth++;
    else if (taken == TOKEN_RIGHT_BRACE && parser->brace_depth > 0)
        parser->brace_depth--;
    parser->token = *parser->following++;
    if (token_is_special(parser->token.kind))
        parser_step_specially(parser);
}

/* Advances by one token; panics at an invalid one, and does nothing in a panic. */
static inline void parser_advance(Parser *parser)
{
    if (parser->panicking)
        return;
    parser_step(parser);
    if (parser_at(parser, TOKEN_INVALID))
        parser_panic(parser);
}

/* Takes the token if it is of this kind, which is not TOKEN_NONE. */
static inline bool parser_take(Parser *parser, TokenKind kind)
{
    if (parser->token.kind != kind)
        return false;
    parser_step(parser);
    if (parser_at(parser, TOKEN_INVALID))
        parser_panic(parser);
    return true;
}

/* Panics: "expected ';' after the value, found 'return'". */
COLD void parser_fail_to_expect(Parser *parser, TokenKind kind, const char *where);

/* Takes a token of this kind, or panics. */
static inline bool parser_expect(Parser *parser, TokenKind kind, const char *where)
{
    if (parser_take(parser, kind))
        return true;
    parser_fail_to_expect(parser, kind, where);
    return false;
}

/* Takes a name and returns its number; panics, and returns NAME_NONE, if there is none. *offset is
 * its position. `where` continues "expected a name". A built-in name is an error, but accepted as a
 * name. */
NameId parser_expect_name(Parser *parser, uint32_t *offset, const char *where);

static inline Slice parser_text(const Parser *parser, Token token)
{
    return slice_of(parser->source.data + token.offset, token.size);
}

static inline Name *parser_name(const Parser *parser, NameId id)
{
    return &parser->names.items[id];
}

/* For printf's %.*s: a name, cut to a length that suits a message. */
#define NAME_ARGS(parser, id) parser_name_width(parser, id), parser_name(parser, id)->text.data
int parser_name_width(const Parser *parser, NameId id);

/* The text of a string token, escapes resolved. Valid until the next call. */
Slice parser_string(Parser *parser, Token token);

/* ---- errors and recovery --------------------------------------------------------------- */

/* Reports an error after which the parser can continue. */
void parser_error(Parser *parser, uint32_t offset, const char *format, ...) PRINTF_LIKE(3, 4);
void parser_error_plain(Parser *parser, uint32_t offset, const char *message); /* no format */

/* "expected WHAT, found ...", and panics. Reported where WHAT is missing: at the end of the last
 * line if the next token is not on it. */
void parser_fail(Parser *parser, const char *what);

/* The same, reported at the next token. */
void parser_fail_here(Parser *parser, const char *what);

/* Reports an error and panics. */
void parser_fail_at(Parser *parser, uint32_t offset, const char *message);

/* To the error just reported: another place that it is about. */
void parser_note(Parser *parser, uint32_t offset, const char *message);

/* Reports an error after which the rest of the file is not parsed. */
void parser_stop(Parser *parser, uint32_t offset, const char *message);

uint32_t parser_line(const Parser *parser, uint32_t offset);

static inline uint32_t parser_column(const Parser *parser, uint32_t offset, uint32_t line)
{
    return offset - zir_builder_lines(&parser->zir)[line - 1] + 1;
}

bool parser_begins_statement(TokenKind kind);

/* Skips to the next statement of a block that began at this brace depth, or to its end. */
void parser_recover_statement(Parser *parser, uint32_t block_depth);

/* Skips to a '{' that may open a body; false if the statement ends first. */
bool parser_recover_body(Parser *parser);

/* Skips the rest of a declaration. */
void parser_recover_declaration(Parser *parser);

/* Skips text that is not a declaration, most likely the rest of a function ended by an extra '}':
 * to the next word that occurs in no function. */
void parser_recover_anywhere(Parser *parser);

/* Goes one level deeper; too deep stops the parser. Each enter needs a leave. */
void parser_enter(Parser *parser);

static inline void parser_leave(Parser *parser)
{
    parser->nesting--;
}

/* ---- locals ---------------------------------------------------------------------------- */

static inline uint32_t parser_local_count(const Parser *parser)
{
    return (uint32_t)(parser->locals.size / sizeof(Local));
}

/* The local that the name means here, or NULL. Valid until one is declared. */
const Local *parser_find_local(const Parser *parser, NameId name);

/* Reports an error if the block already has one of this name. */
void parser_declare_local(Parser *parser, NameId name, LocalKind kind, uint32_t inst,
                          uint32_t offset);

/* Opens a block and returns what parser_close_block needs. */
uint32_t parser_open_block(Parser *parser);
void parser_close_block(Parser *parser, uint32_t outer);

/* ---- references ------------------------------------------------------------------------ */

/* The number of a reference from the current declaration. */
uint32_t parser_reference(Parser *parser, uint32_t import, NameId name);

/* The name at `offset` was taken and is not a local. Also takes `.member` if it is an import's
 * alias. Returns the number of the reference. */
uint32_t parser_take_reference(Parser *parser, NameId name, uint32_t offset);

/* For a name that the file does not declare, the text of the nearest local, + 1; else 0. Known only
 * when the file is parsed the second time. */
COLD uint32_t parser_find_hint(Parser *parser, NameId name);

/* Tries the names of the imports. */
COLD void parser_try_aliases(const Parser *parser, Spelling *spelling);

/* ---- instructions ---------------------------------------------------------------------- */

static inline uint32_t parser_emit(Parser *parser, uint32_t position, ZirOp op, uint32_t a,
                                   uint32_t b)
{
    return zir_emit(&parser->zir, position, (ZirInst){.op = (uint8_t)op, .a = a, .b = b});
}

static inline uint32_t parser_emit_typed(Parser *parser, ZirOp op, uint32_t a, TypeUse type)
{
    return zir_emit(&parser->zir, type.position,
                    (ZirInst){.op = (uint8_t)op, .type = (uint8_t)type.type, .a = a,
                              .b = type.reference});
}

/* ---- grammar --------------------------------------------------------------------------- */

/* Each returns the number of the instruction that holds the value. */
uint32_t parse_expression(Parser *parser);
/* An expression that a '{' ends: a struct literal needs parentheses. */
uint32_t parse_condition(Parser *parser);
/* A name that is not a local, and what follows it: a call, a field. */
uint32_t parse_global(Parser *parser, NameId name, uint32_t offset);

TypeUse parse_type(Parser *parser);
/* `: T`, or ZIR_TYPE_NONE with the name's position. */
TypeUse parse_optional_type(Parser *parser, uint32_t name_offset);

/* The braces and their contents. True if control cannot reach the end. `where` continues "expected
 * '{'". *close is the offset of the closing brace. */
bool parse_braces(Parser *parser, const char *where, uint32_t *close);

bool parse_block(Parser *parser, const char *where, uint32_t *close);

/* The next declaration of the top level; recovers if it is wrong. */
void parse_declaration(Parser *parser);

/* ---- other languages (parse_foreign.c) ------------------------------------------------- */

/* Where something was expected and the next token, or the one taken last, is a sign or a word of
 * another language, reports how Mini writes that. False if it is not. */
COLD bool parser_advise(Parser *parser, const char *what);

/* Where a name is expected: reports a built-in type with a name after it. */
COLD bool parser_advise_name(Parser *parser);

/* The same at the top level, where no declaration begins. */
COLD bool parser_advise_declaration(Parser *parser);

/* A statement that begins with the name `first` is wrong: if that is a word of another language, or
 * a misspelt one of Mini's, that is reported in place of all errors from number `first_error` of the
 * diagnostics on. */
COLD void parse_foreign_statement(Parser *parser, Token first, uint32_t brace_depth,
                                  size_t first_error);

/* At the '(' after a value that is not a name: reports that only functions are called, or that an
 * import's name is misspelt. */
COLD void parse_call_of_value(Parser *parser, uint32_t value);

/* Reports the value of a statement that neither calls nor assigns; `first` is its first token. */
COLD void parse_unused_value(Parser *parser, Token first);

/* At what other languages have between a signature's ')' and its result: reports and passes it. */
COLD void parse_foreign_arrow(Parser *parser);

#endif
