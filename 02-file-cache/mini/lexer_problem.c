/* SPDX-License-Identifier: MIT */
#include "lexer_problem.h"

#include "lexical.h"
#include "source_text.h"

#include <stdio.h>

enum { SHOWN_BYTES = 40, BYTE_ORDER_MARK = 0xFEFF };

/* ---- numbers ------------------------------------------------------------------------------- */

/* Is it one of the words of a list, with a blank after each? */
static bool is_one_of(Slice text, const char *words)
{
    for (const char *end; (end = strchr(words, ' ')) != NULL; words = end + 1)
        if (slice_equal(text, slice_of(words, (size_t)(end - words))))
            return true;
    return false;
}

/* The number that the text begins with: `1.5` of `1.5f`, `10` of `10u`. */
static Slice plain_number(Slice text)
{
    size_t size = 0;
    while (size < text.size && lexical_is(text.data[size], CHAR_DIGIT))
        size++;
    if (size + 1 < text.size && text.data[size] == '.')
        for (size++; size < text.size && lexical_is(text.data[size], CHAR_DIGIT);)
            size++;
    return slice_of(text.data, size);
}

static bool is_split(Slice text)
{
    size_t signs = 0;
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == '_')
            signs++;
        else if (!lexical_is(text.data[i], CHAR_DIGIT))
            return false;
    return signs != 0;
}

static void write_without(Slice text, char left_out, char *out)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] != left_out)
            *out++ = text.data[i];
    *out = '\0';
}

static void number_problem(Slice token, char *text, size_t size)
{
    static const char float_suffixes[] = "f F d D f32 f64 ";
    static const char int_suffixes[] = "u U l L ul UL ll LL ull ULL i32 i64 u32 u64 ";
    Slice number = plain_number(token);
    Slice suffix = slice_of(token.data + number.size, token.size - number.size);
    int shown = token.size > SHOWN_BYTES ? SHOWN_BYTES : (int)token.size;
    bool has_point = memchr(number.data, '.', number.size) != NULL;
    char plain[SHOWN_BYTES + 1];
    if (token.size <= SHOWN_BYTES && is_one_of(suffix, float_suffixes))
        snprintf(text, size, "'%.*s' is not a number: without its suffix, %.*s%s is an f64", shown,
                 token.data, (int)number.size, number.data, has_point ? "" : ".0");
    else if (token.size <= SHOWN_BYTES && !has_point && is_one_of(suffix, int_suffixes))
        snprintf(text, size, "'%.*s' is not a number: an integer has no suffix, write %.*s", shown,
                 token.data, (int)number.size, number.data);
    else if (token.size <= SHOWN_BYTES && is_split(token)) {
        write_without(token, '_', plain);
        snprintf(text, size, "'%.*s' is not a number: write its digits together, %s", shown,
                 token.data, plain);
    } else if (token.size > 1 && *token.data == '0' && strchr("bBoO", token.data[1]) != NULL)
        snprintf(text, size, "'%.*s' is not a number: write it decimal, or hexadecimal with 0x",
                 shown, token.data);
    else
        snprintf(text, size, "'%.*s' is not a number", shown, token.data);
}

/* ---- signs --------------------------------------------------------------------------------- */

static const struct {
    uint32_t code_point;
    char message[88];
} sign_messages[] = {
    {'&', "Mini has no operators on bits: did you mean '&&'?"},
    {'|', "Mini has no operators on bits: did you mean '||'?"},
    {'^', "unexpected '^': Mini has neither operators on bits nor a power"},
    {'~', "unexpected '~': Mini has no operators on bits"},
    {'?', "unexpected '?': Mini chooses with 'if' and 'else', between statements"},
    {'[', "unexpected '[': Mini has no arrays"},
    {']', "unexpected ']': Mini has no arrays"},
    {'#', "unexpected '#': a comment begins with '//', an import is import \"file.mini\" as name;"},
    {'`', "unexpected '`': a string stands between double quotes"},
    {0xA0, "this is a no-break space (U+00A0): write a plain one"},
    {0x2018, "a string stands between plain double quotes, not U+2018"},
    {0x2019, "a string stands between plain double quotes, not U+2019"},
    {0x201C, "a string stands between plain double quotes, not U+201C"},
    {0x201D, "a string stands between plain double quotes, not U+201D"},
    {0x2212, "this minus is U+2212: write '-'"},
    {0x37E, "this semicolon is a Greek question mark (U+037E): write ';'"},
    {0xFF1B, "this semicolon is U+FF1B: write ';'"},
};

static void quote_problem(Slice token, char *text, size_t size)
{
    bool is_closed = token.size > 1;
    if (!is_closed || token.size > SHOWN_BYTES || memchr(token.data, '"', token.size) != NULL)
        snprintf(text, size, "a string stands between double quotes, not single ones");
    else
        snprintf(text, size, "a string stands between double quotes: \"%.*s\"",
                 (int)token.size - 2, token.data + 1);
}

static void sign_problem(uint32_t code_point, char *text, size_t size)
{
    for (size_t i = 0; i < sizeof sign_messages / sizeof *sign_messages; i++)
        if (sign_messages[i].code_point == code_point) {
            snprintf(text, size, "%s", sign_messages[i].message);
            return;
        }
    if (code_point > ' ' && code_point < 127)
        snprintf(text, size, "unexpected character '%c'", (char)code_point);
    else
        snprintf(text, size, "unexpected character U+%04X", (unsigned)code_point);
}

bool lexer_problem(Slice source, Token token, char *text, size_t size)
{
    const char *at = source.data + token.offset;
    uint32_t code_point;
    if (*at == '"')
        snprintf(text, size, "the string is not closed on its line");
    else if (lexical_is(*at, CHAR_DIGIT))
        number_problem(slice_of(at, token.size), text, size);
    else if (*at == '\'')
        quote_problem(slice_of(at, token.size), text, size);
    else if (*at == '/')
        snprintf(text, size, "a comment begins with '//' and ends with its line: Mini has no /* */");
    else if (*at == '\0' || utf8_decode(at, at + token.size, &code_point) == 0)
        return false;
    else if (code_point == BYTE_ORDER_MARK && token.offset == 0)
        snprintf(text, size, "the file begins with a byte order mark: save it as UTF-8 without one");
    else
        sign_problem(code_point, text, size);
    return true;
}

uint32_t lexer_problem_end(Slice source, Token token)
{
    const char *at = source.data + token.offset, *end = source.data + source.size;
    uint32_t code_point;
    if (*at == '/') {
        for (at += 2; end - at >= 2 && (at[0] != '*' || at[1] != '/');)
            at++;
        return end - at >= 2 ? (uint32_t)(at + 2 - source.data) : (uint32_t)source.size;
    }
    bool is_mark = token.offset == 0 && utf8_decode(at, end, &code_point) != 0 &&
                   code_point == BYTE_ORDER_MARK;
    return is_mark ? token.size : 0;
}
