/* SPDX-License-Identifier: MIT */
/* Tokens, the values of literals, and a source as text. */
#include "lexer_problem.h"
#include "literal.h"
#include "scratch.h"
#include "source_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* "KIND[text] KIND[text] ...", kinds as messages name them. */
static void expect_tokens(const char *text, const char *expected)
{
    Slice source = slice_from(text);
    Lexer lexer = {source.data, source.data, source.data + source.size};
    char found[1024] = "";
    size_t size = 0;
    for (Token token; (token = lexer_next(&lexer)).kind != TOKEN_END;)
        size += (size_t)snprintf(found + size, sizeof found - size, "%s[%.*s] ",
                                 token_kind_text(token.kind), (int)token.size,
                                 source.data + token.offset);
    assert_string_equal(found, expected);
    assert_int_equal(lexer_next(&lexer).kind, TOKEN_END);
}

static void test_every_keyword_and_sign(void **state)
{
    (void)state;
    for (int kind = TOKEN_AS; kind < TOKEN_KIND_COUNT; kind++) {
        char text[16];
        const char *quoted = token_kind_text((TokenKind)kind);
        snprintf(text, sizeof text, "%.*s", (int)strlen(quoted) - 2, quoted + 1);
        Lexer lexer = {text, text, text + strlen(text)};
        Token token = lexer_next(&lexer);
        assert_int_equal(token.kind, kind);
        assert_int_equal(token.size, strlen(text));
        if (!token_is_word((TokenKind)kind))
            continue;
        strcat(text, "_");
        lexer = (Lexer){text, text, text + strlen(text)};
        assert_int_equal(lexer_next(&lexer).kind, TOKEN_NAME);
    }
}

static void test_words(void **state)
{
    (void)state;
    expect_tokens("a _b c9 Fn fnn f bed", "a name[a] a name[_b] a name[c9] a name[Fn] "
                                          "a name[fnn] a name[f] a name[bed] ");
    expect_tokens("a// fn\r\n\tb//", "a name[a] a name[b] ");
    expect_tokens("a\rb", "a name[a] a name[b] ");
    expect_tokens("", "");
}

static void test_signs_take_the_longest(void **state)
{
    (void)state;
    expect_tokens("===!==", "'=='[==] '='[=] '!='[!=] '='[=] ");
    expect_tokens("<=<>=>", "'<='[<=] '<'[<] '>='[>=] '>'[>] ");
    expect_tokens("&&&", "'&&'[&&] an error[&] ");
    expect_tokens("a/b//c", "a name[a] '/'[/] a name[b] ");
}

static void test_numbers(void **state)
{
    (void)state;
    expect_tokens("0 42 0x1fF 007", "an integer[0] an integer[42] an integer[0x1fF] "
                                    "an integer[007] ");
    expect_tokens("1.5 1e9 1.5e-3 2E+7", "a float[1.5] a float[1e9] a float[1.5e-3] "
                                         "a float[2E+7] ");
    expect_tokens("1.x 1..2 .5", "an integer[1] '.'[.] a name[x] an integer[1] '.'[.] '.'[.] "
                                 "an integer[2] '.'[.] an integer[5] ");
    expect_tokens("12ab 1_000 0x 0xg 1e 1e+ 1.5f", "an error[12ab] an error[1_000] an error[0x] "
                                                   "an error[0xg] an error[1e] an error[1e] "
                                                   "'+'[+] an error[1.5f] ");
}

static void test_strings(void **state)
{
    (void)state;
    expect_tokens("\"\"\"a\\\"b\" \"\\\\\"", "a string[\"\"] a string[\"a\\\"b\"] "
                                             "a string[\"\\\\\"] ");
    expect_tokens("\"a // b\" c", "a string[\"a // b\"] a name[c] ");
    expect_tokens("\"ab\nc\"", "an error[\"ab] a name[c] an error[\"] ");
    expect_tokens("\"ab\\\nc\"", "an error[\"ab\\] a name[c] an error[\"] ");
    expect_tokens("\"ab\\", "an error[\"ab\\] ");
}

static void expect_problem(const char *text, size_t size, const char *expected)
{
    Slice source = slice_of(text, size);
    Lexer lexer = {source.data, source.data, source.data + source.size};
    char problem[100] = "";
    Token token = lexer_next(&lexer);
    assert_int_equal(token.kind, TOKEN_INVALID);
    assert_int_equal(lexer_problem(source, token, problem, sizeof problem), expected != NULL);
    assert_string_equal(problem, expected == NULL ? "" : expected);
}

static void test_problems_are_reported(void **state)
{
    (void)state;
    expect_problem("\"abc", 4, "the string is not closed on its line");
    expect_problem("0xz", 3, "'0xz' is not a number");
    expect_problem("&", 1, "Mini has no operators on bits: did you mean '&&'?");
    expect_problem("| |", 3, "Mini has no operators on bits: did you mean '||'?");
    expect_problem("@a", 2, "unexpected character '@'");
    expect_problem("\x07", 1, "unexpected character U+0007");
    expect_problem("\xef\xbb\xbf", 3,
                   "the file begins with a byte order mark: save it as UTF-8 without one");
    expect_problem("\xff", 1, NULL);
    expect_problem("\xc3", 1, NULL);
    expect_problem("\0", 1, NULL);
}

static void test_integers(void **state)
{
    (void)state;
    uint64_t value;
    assert_true(literal_int(slice_from("18446744073709551615"), &value));
    assert_true(value == UINT64_MAX);
    assert_true(literal_int(slice_from("0xFFFFFFFFffffffff"), &value));
    assert_true(value == UINT64_MAX);
    assert_true(literal_int(slice_from("0x00000000000000000001a"), &value));
    assert_true(value == 26);
    assert_false(literal_int(slice_from("18446744073709551616"), &value));
    assert_false(literal_int(slice_from("0x10000000000000000"), &value));
    assert_false(literal_int(slice_from("99999999999999999999999"), &value));
}

static double float_of(const char *text)
{
    double value = -1;
    assert_int_equal(literal_float(slice_from(text), &value), FLOAT_OK);
    return value;
}

static void test_floats(void **state)
{
    (void)state;
    assert_true(float_of("1.5") == 1.5);
    assert_true(float_of("1e9") == 1e9);
    assert_true(float_of("1.5e-3") == 1.5e-3);
    assert_true(float_of("0.1") == 0.1);
    assert_true(float_of("123456789.987654321E+10") == 123456789.987654321E+10);
    assert_true(float_of("1.7976931348623157e308") == 1.7976931348623157e308);
    assert_true(float_of("4.9406564584124654e-324") == 4.9406564584124654e-324);
    assert_true(float_of("1e-99999999999999999999") == 0);
    assert_true(float_of("0e99999999999999999999") == 0);
    double value;
    assert_int_equal(literal_float(slice_from("1e309"), &value), FLOAT_TOO_LARGE);
    assert_int_equal(literal_float(slice_from("1e99999999999999999999"), &value),
                     FLOAT_TOO_LARGE);
    char text[LITERAL_MAX_FLOAT_BYTES + 2] = {'0', '.'};
    memset(text + 2, '1', sizeof text - 2);
    assert_int_equal(literal_float(slice_of(text, LITERAL_MAX_FLOAT_BYTES), &value), FLOAT_OK);
    assert_true(fabs(value - 1.0 / 9) < 1e-15);
    assert_int_equal(literal_float(slice_of(text, sizeof text), &value), FLOAT_TOO_LONG);
}

static void test_what_is_no_text_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size, bad;
    } cases[] = {
        {"", 0, 0},
        {"plain ascii, sixteen bytes and more", 35, 35},
        {"0123456789\0", 11, 10},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z", 10, 10},
        {"01234567\xc3", 9, 8},          /* cut off */
        {"\xc3z", 2, 0},
        {"a\x80", 2, 1},                 /* a tail alone */
        {"\xc1\xbf", 2, 0},              /* overlong */
        {"\xe0\x9f\xbf", 3, 0},
        {"\xf0\x8f\xbf\xbf", 4, 0},
        {"\xed\xa0\x80", 3, 0},          /* surrogate */
        {"\xf4\x8f\xbf\xbf", 4, 4},      /* U+10FFFF */
        {"\xf4\x90\x80\x80", 4, 0},
        {"\xff", 1, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *copy = memory_allocate(cases[i].size);
        if (cases[i].size != 0)
            memcpy(copy, cases[i].bytes, cases[i].size);
        assert_int_equal(source_text_find_bad(slice_of(copy, cases[i].size), 0), cases[i].bad);
        free(copy);
    }
    assert_int_equal(source_text_find_bad(slice_of("\0a\0", 3), 1), 2);
}

static void test_lines(void **state)
{
    (void)state;
    ByteBuffer buffer = {0};
    assert_int_equal(source_text_line_starts(slice_from("ab\r\n\nc"), &buffer), 3);
    const uint32_t *starts = (const uint32_t *)(const void *)buffer.data;
    const uint32_t lines[] = {1, 1, 1, 1, 2, 3, 3};
    for (uint32_t offset = 0; offset < 7; offset++)
        assert_int_equal(source_text_line(starts, 3, offset), lines[offset]);
    buffer.size = 0;
    assert_int_equal(source_text_line_starts(slice_from(""), &buffer), 1);
    assert_int_equal(source_text_line_starts(slice_from("\n"), &buffer), 2);
    buffer_free(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_keyword_and_sign),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_signs_take_the_longest),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_problems_are_reported),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_floats),
        cmocka_unit_test(test_what_is_no_text_is_found),
        cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
