/* SPDX-License-Identifier: MIT */
/*
 * An import is six things in a row, with blanks and comments between them:
 *
 *     import "math.mini" as math ;
 *
 * The scanner expects exactly that, repeatedly. Anything else ends the scan, whether the first
 * function or a mistake: the parser reports which, and what is wrong. Keywords end where their
 * letters end, so `import"a"as b;` is an import and `imported` is not.
 */
#include "import_scanner.h"

#include "lexical.h"

typedef struct Scanner {
    const char *at, *end;
    uint32_t line;          /* of line_start */
    const char *line_start; /* at or before `at` */
} Scanner;

static Slice next_word(Scanner *scanner)
{
    scanner->at = lexical_skip_blanks(scanner->at, scanner->end);
    const char *start = scanner->at;
    if (start < scanner->end && lexical_is(*start, CHAR_WORD_START))
        scanner->at = lexical_word_end(start, scanner->end);
    return slice_of(start, (size_t)(scanner->at - start));
}

/* The text between the quotes. */
static bool next_string(Scanner *scanner, Slice *text)
{
    const char *start = scanner->at = lexical_skip_blanks(scanner->at, scanner->end);
    if (start == scanner->end || *start != '"')
        return false;
    const char *end = lexical_string_end(start, scanner->end);
    if (end == NULL)
        return false;
    scanner->at = end;
    *text = slice_of(start + 1, (size_t)(end - start) - 2);
    return true;
}

static bool next_semicolon(Scanner *scanner)
{
    scanner->at = lexical_skip_blanks(scanner->at, scanner->end);
    return scanner->at < scanner->end && *scanner->at++ == ';';
}

/* Moves the line count on to the line of `to`, which is never before the last one asked for. */
static void count_lines(Scanner *scanner, const char *to)
{
    const char *newline;
    while ((newline = memchr(scanner->line_start, '\n', (size_t)(to - scanner->line_start)))) {
        scanner->line++;
        scanner->line_start = newline + 1;
    }
}

/* The path that a string literal spells. A literal without escapes is its own text. */
static bool path_of(Slice literal, Arena *arena, Slice *path)
{
    *path = literal;
    if (literal.size == 0 || memchr(literal.data, '\\', literal.size) == NULL)
        return true;
    StringError error = {0};
    char *text = arena_allocate(arena, literal.size);
    *path = slice_of(text, lexical_unescape(literal, text, &error));
    return error.message == NULL;
}

static bool scan_one(Scanner *scanner, ImportScan *scan)
{
    Slice literal, path;
    if (!slice_equal(next_word(scanner), slice_from("import")) || !next_string(scanner, &literal))
        return false;
    const char *quote = literal.data - 1;
    if (!slice_equal(next_word(scanner), slice_from("as")) || next_word(scanner).size == 0 ||
        !next_semicolon(scanner) || !path_of(literal, scan->arena, &path))
        return false;
    count_lines(scanner, quote);
    uint32_t column = (uint32_t)(quote - scanner->line_start) + 1;
    import_scan_add(scan, path, scanner->line, column);
    return true;
}

void mini_scan_imports(void *language, Slice source, ImportScan *scan)
{
    (void)language;
    if (source.size == 0)
        return;
    Scanner scanner = {source.data, source.data + source.size, 1, source.data};
    while (scan_one(&scanner, scan))
        continue;
}
