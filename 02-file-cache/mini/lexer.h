/* SPDX-License-Identifier: MIT */
/*
 * Mini source → tokens, a batch at a time.
 *
 * A token is a kind and a range of the source; nothing is copied, and only the position is kept
 * between calls. Lines are not counted: declarations and errors, which alone need them, look up the
 * offset (source_text.h).
 *
 * A NUL must follow the source: at `end`, not before it.
 *
 *     Lexer lexer = {source.data, source.data, source.data + source.size};
 *     Token tokens[64];
 *     size_t count = lexer_read(&lexer, tokens, 64);
 *
 * Calling the lexer for each token costs more than most tokens do: a call saves registers, loads
 * its state from memory and stores it. A batch that stays in the processor's cache pays that once,
 * and takes no more memory for a large source than for a small one.
 */
#ifndef LEXER_H
#define LEXER_H

#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum TokenKind {
    /* special ones */
    TOKEN_NONE, /* no token: the lexer never returns it, and no rule of the grammar accepts it */
    TOKEN_END,
    TOKEN_INVALID, /* see lexer_problem.h */
    /* others */
    TOKEN_NAME,
    TOKEN_INT,
    TOKEN_FLOAT,
    TOKEN_STRING, /* closed; its escapes are not checked */
    /* words that cannot be names */
    TOKEN_AS, TOKEN_BREAK, TOKEN_CONST, TOKEN_CONTINUE, TOKEN_ELSE, TOKEN_EXTERN, TOKEN_FALSE,
    TOKEN_FN, TOKEN_IF, TOKEN_IMPORT, TOKEN_PRINT, TOKEN_RETURN, TOKEN_STRUCT, TOKEN_TRUE,
    TOKEN_VAR, TOKEN_WHILE,
    TOKEN_I32, TOKEN_I64, TOKEN_F64, TOKEN_BOOL, TOKEN_STR,
    /* signs */
    TOKEN_LEFT_PAREN, TOKEN_RIGHT_PAREN, TOKEN_LEFT_BRACE, TOKEN_RIGHT_BRACE,
    TOKEN_COMMA, TOKEN_SEMICOLON, TOKEN_COLON, TOKEN_DOT, TOKEN_ASSIGN,
    TOKEN_PLUS, TOKEN_MINUS, TOKEN_STAR, TOKEN_SLASH, TOKEN_PERCENT,
    TOKEN_EQUAL, TOKEN_NOT_EQUAL, TOKEN_LESS, TOKEN_LESS_EQUAL, TOKEN_GREATER,
    TOKEN_GREATER_EQUAL, TOKEN_AND, TOKEN_OR, TOKEN_NOT,
    TOKEN_KIND_COUNT
} TokenKind;

typedef struct Token {
    TokenKind kind;
    uint32_t offset, size; /* in the source, in bytes */
} Token;

typedef struct Lexer {
    const char *start; /* of the source */
    const char *at;
    const char *end; /* *end is a NUL */
} Lexer;

/* Reads the next tokens, at least one and at most `room`; returns how many. Nothing follows a
 * TOKEN_END, and at the end every call returns just that. */
size_t lexer_read(Lexer *lexer, Token *tokens, size_t room);

/* The next token, by itself. */
static inline Token lexer_next(Lexer *lexer)
{
    Token token;
    lexer_read(lexer, &token, 1);
    return token;
}

/* As a message names it: "';'", "a name". */
const char *token_kind_text(TokenKind kind);

static inline bool token_is_special(TokenKind kind)
{
    return kind <= TOKEN_INVALID;
}

static inline bool token_is_builtin_type(TokenKind kind)
{
    return kind >= TOKEN_I32 && kind <= TOKEN_STR;
}

static inline bool token_is_word(TokenKind kind)
{
    return kind == TOKEN_NAME || (kind >= TOKEN_AS && kind <= TOKEN_STR);
}

#ifdef __cplusplus
}
#endif
#endif
