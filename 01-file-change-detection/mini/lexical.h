/* SPDX-License-Identifier: MIT */
/*
 * What a Mini source is made of below the level of tokens: blanks, comments, words, strings.
 *
 * Two readers of sources must agree on these, the import scanner of stage 1 and the lexer of stage
 * 2. A string that is closed for one of them and open for the other would hide an import. The rules
 * are therefore here, once, and both use them.
 *
 *     const char *at = lexical_skip_blanks(source.data, end);
 *     const char *word_end = lexical_word_end(at, end);
 *
 * All functions read [at, end) and nothing else; the source need not end in a NUL. A carriage
 * return is a blank; CR LF needs nothing more.
 */
#ifndef LEXICAL_H
#define LEXICAL_H

#include "slice.h"

#ifdef __cplusplus
extern "C" {
#endif

enum CharClass { /* bits */
    CHAR_BLANK = 1,      /* space, tab, CR, LF */
    CHAR_WORD_START = 2, /* A-Z a-z _ */
    CHAR_DIGIT = 4,      /* 0-9 */
    CHAR_HEX_DIGIT = 8,  /* 0-9 A-F a-f */
    CHAR_WORD = CHAR_WORD_START | CHAR_DIGIT,
};

extern const unsigned char lexical_char_class[256];

static inline bool lexical_is(char c, unsigned classes)
{
    return (lexical_char_class[(unsigned char)c] & classes) != 0;
}

/* The first byte that is neither blank nor part of a `//` comment, or `end`. The first form is for
 * a caller at a slash. */
const char *lexical_skip_comments(const char *at, const char *end);

static inline const char *lexical_skip_blanks(const char *at, const char *end)
{
    while (at < end && lexical_is(*at, CHAR_BLANK))
        at++;
    return at < end && *at == '/' ? lexical_skip_comments(at, end) : at;
}

/* The end of the run of letters, digits and underscores that starts at `at`. */
static inline const char *lexical_word_end(const char *at, const char *end)
{
    while (at < end && lexical_is(*at, CHAR_WORD))
        at++;
    return at;
}

/* The byte after the closing quote of the string that opens at `at`, or NULL if the line ends
 * first. */
const char *lexical_string_end(const char *at, const char *end);

/* The value of a hex digit. */
unsigned lexical_hex_value(char digit);

typedef struct StringError { /* of a string whose escapes are wrong */
    size_t offset;           /* of the escape, in the text between the quotes */
    const char *message;
} StringError;

/* Resolves the escapes of `text`, the text between the quotes, into `out`, which has room for
 * text.size bytes (no string grows by this). Returns the number of bytes written; a wrong escape is
 * left out and fills `error` (its message was NULL before). */
size_t lexical_unescape(Slice text, char *out, StringError *error);

#ifdef __cplusplus
}
#endif
#endif
