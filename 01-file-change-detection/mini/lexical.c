/* SPDX-License-Identifier: MIT */
/*
 * One table says for each byte what it may be part of; the loops consult nothing else. Comments run
 * to the end of their line, so memchr skips them at the speed of memory.
 */
#include "lexical.h"

#define LETTER CHAR_WORD_START
#define HEX_LETTER (CHAR_WORD_START | CHAR_HEX_DIGIT)
#define DIGIT (CHAR_DIGIT | CHAR_HEX_DIGIT)

const unsigned char lexical_char_class[256] = {
    [' '] = CHAR_BLANK, ['\t'] = CHAR_BLANK, ['\r'] = CHAR_BLANK, ['\n'] = CHAR_BLANK,
    ['0'] = DIGIT, ['1'] = DIGIT, ['2'] = DIGIT, ['3'] = DIGIT, ['4'] = DIGIT,
    ['5'] = DIGIT, ['6'] = DIGIT, ['7'] = DIGIT, ['8'] = DIGIT, ['9'] = DIGIT,
    ['A'] = HEX_LETTER, ['B'] = HEX_LETTER, ['C'] = HEX_LETTER, ['D'] = HEX_LETTER,
    ['E'] = HEX_LETTER, ['F'] = HEX_LETTER, ['G'] = LETTER, ['H'] = LETTER, ['I'] = LETTER,
    ['J'] = LETTER, ['K'] = LETTER, ['L'] = LETTER, ['M'] = LETTER, ['N'] = LETTER,
    ['O'] = LETTER, ['P'] = LETTER, ['Q'] = LETTER, ['R'] = LETTER, ['S'] = LETTER,
    ['T'] = LETTER, ['U'] = LETTER, ['V'] = LETTER, ['W'] = LETTER, ['X'] = LETTER,
    ['Y'] = LETTER, ['Z'] = LETTER, ['_'] = LETTER,
    ['a'] = HEX_LETTER, ['b'] = HEX_LETTER, ['c'] = HEX_LETTER, ['d'] = HEX_LETTER,
    ['e'] = HEX_LETTER, ['f'] = HEX_LETTER, ['g'] = LETTER, ['h'] = LETTER, ['i'] = LETTER,
    ['j'] = LETTER, ['k'] = LETTER, ['l'] = LETTER, ['m'] = LETTER, ['n'] = LETTER,
    ['o'] = LETTER, ['p'] = LETTER, ['q'] = LETTER, ['r'] = LETTER, ['s'] = LETTER,
    ['t'] = LETTER, ['u'] = LETTER, ['v'] = LETTER, ['w'] = LETTER, ['x'] = LETTER,
    ['y'] = LETTER, ['z'] = LETTER,
};

const char *lexical_skip_comments(const char *at, const char *end)
{
    while (end - at >= 2 && at[0] == '/' && at[1] == '/') {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        if (newline == NULL)
            return end;
        for (at = newline; at < end && lexical_is(*at, CHAR_BLANK);)
            at++;
    }
    return at;
}

const char *lexical_string_end(const char *at, const char *end)
{
    for (at++; at < end && *at != '\n'; at++) {
        if (*at == '"')
            return at + 1;
        if (*at == '\\' && end - at > 1 && at[1] != '\n')
            at++; /* an escaped character does not close the string */
    }
    return NULL;
}

unsigned lexical_hex_value(char digit)
{
    if (digit <= '9')
        return (unsigned)(digit - '0');
    return (unsigned)((digit | 0x20) - 'a' + 10);
}

/* Resolves the escape at `at`, which begins with a backslash, and returns its end. */
static const char *unescape_one(const char *at, const char *end, char *out, const char **message)
{
    static const char from[] = "nt\\\"", to[] = "\n\t\\\"";
    const char *known = at + 1 < end ? memchr(from, at[1], sizeof from - 1) : NULL;
    if (known != NULL) {
        *out = to[known - from];
        return at + 2;
    }
    if (at + 1 == end || at[1] != 'x') {
        *message = "unknown escape: a string knows \\n \\t \\\\ \\\" and \\xNN";
        return end - at < 2 ? end : at + 2;
    }
    if (end - at < 4 || !lexical_is(at[2], CHAR_HEX_DIGIT) || !lexical_is(at[3], CHAR_HEX_DIGIT)) {
        *message = "\\x needs two hex digits";
        return at + 2;
    }
    unsigned value = lexical_hex_value(at[2]) << 4 | lexical_hex_value(at[3]);
    if (value == 0)
        *message = "\\x00 would end the string: a str is NUL-terminated";
    *out = (char)value;
    return at + 4;
}

size_t lexical_unescape(Slice text, char *out, StringError *error)
{
    const char *at = text.data, *end = text.data + text.size;
    size_t size = 0;
    while (at < end) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));
        size_t plain = (size_t)((escape == NULL ? end : escape) - at);
        memcpy(out + size, at, plain);
        size += plain;
        if (escape == NULL)
            break;
        const char *message = NULL;
        at = unescape_one(escape, end, out + size, &message);
        size += message == NULL;
        if (message != NULL && error->message == NULL)
            *error = (StringError){(size_t)(escape - text.data), message};
    }
    return size;
}
