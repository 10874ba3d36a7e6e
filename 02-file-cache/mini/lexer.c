/* SPDX-License-Identifier: MIT */
/*
 * The first byte of a token says what it is: a letter begins a word, a digit a number, a quote a
 * string, and anything else a sign of one or two bytes, found in a table.
 *
 * Every word could be a keyword, so this test must be cheap. The sum of length, first and second
 * letter, weighted so that no two keywords share a slot, selects the only keyword that the word can
 * be; one comparison decides. (Two keywords in one slot do not compile.)
 *
 * A number continues over letters, digits and points: `12ab` and `1.5f` are each one bad number, not
 * a number and a name. What other languages write differently is one token, too, so that it is one
 * mistake: 'text' and [index] as far as their line goes, and the two bytes that open a comment of C,
 * which the parser then skips.
 *
 * A NUL follows the source and is part of no word, number or blank: none of these needs to check
 * for the end. Strings and comments, which may hold anything, do.
 *
 * A function that lexes one token takes a position and returns a kind and a new position. The loop
 * around them keeps its position in registers, from the first token to the last.
 */
#include "lexer.h"

#include "lexical.h"
#include "source_text.h"

enum { KEYWORD_SLOTS = 64 };
#define KEYWORD_SLOT(first, second, length) \
    ((4u * (unsigned char)(first) + 8u * (unsigned char)(second) + (length)) % KEYWORD_SLOTS)
#define KEYWORD(first, second, word, kind) \
    [KEYWORD_SLOT(first, second, sizeof(word) - 1)] = {word, sizeof(word) - 1, kind}

static const struct Keyword {
    char word[14]; /* the longest has 8 letters; 16 bytes per keyword: the address is a shift */
    unsigned char size;
    unsigned char kind;
} keywords[KEYWORD_SLOTS] = {
    KEYWORD('a', 's', "as", TOKEN_AS),
    KEYWORD('b', 'r', "break", TOKEN_BREAK),
    KEYWORD('c', 'o', "const", TOKEN_CONST),
    KEYWORD('c', 'o', "continue", TOKEN_CONTINUE),
    KEYWORD('e', 'l', "else", TOKEN_ELSE),
    KEYWORD('e', 'x', "extern", TOKEN_EXTERN),
    KEYWORD('f', 'a', "false", TOKEN_FALSE),
    KEYWORD('f', 'n', "fn", TOKEN_FN),
    KEYWORD('i', 'f', "if", TOKEN_IF),
    KEYWORD('i', 'm', "import", TOKEN_IMPORT),
    KEYWORD('p', 'r', "print", TOKEN_PRINT),
    KEYWORD('r', 'e', "return", TOKEN_RETURN),
    KEYWORD('s', 't', "struct", TOKEN_STRUCT),
    KEYWORD('t', 'r', "true", TOKEN_TRUE),
    KEYWORD('v', 'a', "var", TOKEN_VAR),
    KEYWORD('w', 'h', "while", TOKEN_WHILE),
    KEYWORD('i', '3', "i32", TOKEN_I32),
    KEYWORD('i', '6', "i64", TOKEN_I64),
    KEYWORD('f', '6', "f64", TOKEN_F64),
    KEYWORD('b', 'o', "bool", TOKEN_BOOL),
    KEYWORD('s', 't', "str", TOKEN_STR),
};

static const struct Sign {
    unsigned char alone;    /* its kind, TOKEN_NONE if it cannot stand alone */
    unsigned char followed; /* its kind if `next` follows */
    char next;
} signs[256] = {
    ['('] = {TOKEN_LEFT_PAREN, 0, 0},
    [')'] = {TOKEN_RIGHT_PAREN, 0, 0},
    ['{'] = {TOKEN_LEFT_BRACE, 0, 0},
    ['}'] = {TOKEN_RIGHT_BRACE, 0, 0},
    [','] = {TOKEN_COMMA, 0, 0},
    [';'] = {TOKEN_SEMICOLON, 0, 0},
    [':'] = {TOKEN_COLON, 0, 0},
    ['.'] = {TOKEN_DOT, 0, 0},
    ['+'] = {TOKEN_PLUS, 0, 0},
    ['-'] = {TOKEN_MINUS, 0, 0},
    ['*'] = {TOKEN_STAR, 0, 0},
    ['/'] = {TOKEN_SLASH, TOKEN_INVALID, '*'},
    ['%'] = {TOKEN_PERCENT, 0, 0},
    ['='] = {TOKEN_ASSIGN, TOKEN_EQUAL, '='},
    ['!'] = {TOKEN_NOT, TOKEN_NOT_EQUAL, '='},
    ['<'] = {TOKEN_LESS, TOKEN_LESS_EQUAL, '='},
    ['>'] = {TOKEN_GREATER, TOKEN_GREATER_EQUAL, '='},
    ['&'] = {TOKEN_NONE, TOKEN_AND, '&'},
    ['|'] = {TOKEN_NONE, TOKEN_OR, '|'},
};

typedef struct Lexeme {
    TokenKind kind;
    const char *end;
} Lexeme;

static Lexeme lex_word(const char *from)
{
    const char *to = from + 1;
    while (lexical_is(*to, CHAR_WORD))
        to++;
    size_t size = (size_t)(to - from);
    const struct Keyword *keyword = &keywords[KEYWORD_SLOT(from[0], from[1], size)];
    bool is_keyword = keyword->size == size && memcmp(keyword->word, from, size) == 0;
    return (Lexeme){is_keyword ? (TokenKind)keyword->kind : TOKEN_NAME, to};
}

/* The end of a run of digits of this class; NULL if there is none. */
static const char *digits(const char *at, unsigned class)
{
    if (!lexical_is(*at, class))
        return NULL;
    while (lexical_is(*++at, class))
        continue;
    return at;
}

/* The end of `.5e-3`, or `at` if there is nothing like it; NULL for an `e` without digits. */
static const char *fraction(const char *at)
{
    if (at[0] == '.' && lexical_is(at[1], CHAR_DIGIT))
        at = digits(at + 1, CHAR_DIGIT);
    if ((*at | 0x20) != 'e')
        return at;
    at++;
    if (*at == '+' || *at == '-')
        at++;
    return digits(at, CHAR_DIGIT);
}

static const char *bad_number_end(const char *at, const char *end)
{
    at = lexical_word_end(at, end);
    while (at[0] == '.' && lexical_is(at[1], CHAR_WORD))
        at = lexical_word_end(at + 1, end);
    return at;
}

static Lexeme lex_number(const char *from, const char *end)
{
    TokenKind kind = TOKEN_INT;
    const char *to;
    if (from[0] == '0' && (from[1] | 0x20) == 'x') {
        to = digits(from + 2, CHAR_HEX_DIGIT);
    } else {
        const char *whole = digits(from, CHAR_DIGIT);
        to = fraction(whole);
        kind = to == whole ? TOKEN_INT : TOKEN_FLOAT;
    }
    if (to == NULL || lexical_is(*to, CHAR_WORD))
        return (Lexeme){TOKEN_INVALID, bad_number_end(from, end)};
    return (Lexeme){kind, to};
}

/* A string that is not closed on its line is invalid up to the end of the line. */
static Lexeme lex_string(const char *from, const char *end)
{
    const char *to = lexical_string_end(from, end);
    if (to != NULL)
        return (Lexeme){TOKEN_STRING, to};
    to = memchr(from, '\n', (size_t)(end - from));
    return (Lexeme){TOKEN_INVALID, to == NULL ? end : to};
}

/* What begins no token. */
static Lexeme lex_invalid(const char *from, const char *end)
{
    uint32_t code_point; /* of a character that may not occur in a source */
    size_t size = utf8_decode(from, end, &code_point);
    const char *to = from + (size == 0 ? 1 : size);
    char closing = *from == '[' ? ']' : '\'';
    if (*from == '[' || *from == '\'') {
        while (to < end && *to != closing && *to != '\n')
            to++;
        to = to < end && *to == closing ? to + 1 : from + 1;
    }
    return (Lexeme){TOKEN_INVALID, to};
}

static Lexeme lex_sign(const char *from, const char *end)
{
    const struct Sign *sign = &signs[(unsigned char)*from];
    if (from[1] == sign->next && sign->followed != TOKEN_NONE)
        return (Lexeme){(TokenKind)sign->followed, from + 2};
    if (sign->alone != TOKEN_NONE)
        return (Lexeme){(TokenKind)sign->alone, from + 1};
    return lex_invalid(from, end);
}

static inline Lexeme lex(const char *at, const char *end)
{
    if (lexical_is(*at, CHAR_WORD_START))
        return lex_word(at);
    if (lexical_is(*at, CHAR_DIGIT))
        return lex_number(at, end);
    if (*at == '"')
        return lex_string(at, end);
    return lex_sign(at, end);
}

size_t lexer_read(Lexer *lexer, Token *tokens, size_t room)
{
    const char *start = lexer->start, *at = lexer->at, *end = lexer->end;
    Token *token = tokens;
    while (token < tokens + room) {
        while (lexical_is(*at, CHAR_BLANK))
            at++;
        if (*at == '/')
            at = lexical_skip_comments(at, end);
        if (at == end) {
            *token++ = (Token){TOKEN_END, (uint32_t)(at - start), 0};
            break;
        }
        Lexeme lexeme = lex(at, end);
        *token++ = (Token){lexeme.kind, (uint32_t)(at - start), (uint32_t)(lexeme.end - at)};
        at = lexeme.end;
    }
    lexer->at = at;
    return (size_t)(token - tokens);
}

/* ---- messages ------------------------------------------------------------------------------ */

const char *token_kind_text(TokenKind kind)
{
    static const char *const texts[TOKEN_KIND_COUNT] = {
        [TOKEN_NONE] = "nothing", [TOKEN_END] = "the end of the file",
        [TOKEN_INVALID] = "an error", [TOKEN_NAME] = "a name", [TOKEN_INT] = "an integer",
        [TOKEN_FLOAT] = "a float", [TOKEN_STRING] = "a string", [TOKEN_AS] = "'as'",
        [TOKEN_BREAK] = "'break'", [TOKEN_CONST] = "'const'", [TOKEN_CONTINUE] = "'continue'",
        [TOKEN_ELSE] = "'else'", [TOKEN_EXTERN] = "'extern'", [TOKEN_FALSE] = "'false'",
        [TOKEN_FN] = "'fn'", [TOKEN_IF] = "'if'", [TOKEN_IMPORT] = "'import'",
        [TOKEN_PRINT] = "'print'", [TOKEN_RETURN] = "'return'", [TOKEN_STRUCT] = "'struct'",
        [TOKEN_TRUE] = "'true'", [TOKEN_VAR] = "'var'", [TOKEN_WHILE] = "'while'",
        [TOKEN_I32] = "'i32'", [TOKEN_I64] = "'i64'", [TOKEN_F64] = "'f64'",
        [TOKEN_BOOL] = "'bool'", [TOKEN_STR] = "'str'", [TOKEN_LEFT_PAREN] = "'('",
        [TOKEN_RIGHT_PAREN] = "')'", [TOKEN_LEFT_BRACE] = "'{'", [TOKEN_RIGHT_BRACE] = "'}'",
        [TOKEN_COMMA] = "','", [TOKEN_SEMICOLON] = "';'", [TOKEN_COLON] = "':'",
        [TOKEN_DOT] = "'.'", [TOKEN_ASSIGN] = "'='", [TOKEN_PLUS] = "'+'", [TOKEN_MINUS] = "'-'",
        [TOKEN_STAR] = "'*'", [TOKEN_SLASH] = "'/'", [TOKEN_PERCENT] = "'%'",
        [TOKEN_EQUAL] = "'=='", [TOKEN_NOT_EQUAL] = "'!='", [TOKEN_LESS] = "'<'",
        [TOKEN_LESS_EQUAL] = "'<='", [TOKEN_GREATER] = "'>'", [TOKEN_GREATER_EQUAL] = "'>='",
        [TOKEN_AND] = "'&&'", [TOKEN_OR] = "'||'", [TOKEN_NOT] = "'!'",
    };
    return texts[kind];
}
