/* SPDX-License-Identifier: MIT */
/*
 * Whatever the bytes are, the parser terminates: with errors at places in the source, or with parts
 * that zir_view accepts. Sources are soups of tokens, and a program with tokens lost, doubled and
 * exchanged, which is closer to what people write.
 *
 * SEED=n in the environment repeats a run.
 */
#include "lowered_source.h"
#include "random_numbers.h"
#include "scratch.h"

#include <stdlib.h>

enum { ROUNDS = 10000 };

static const char *const program[] = {
    "import", "\"m\"", "as", "m", ";", "const", "c", ":", "i32", "=", "1", "+", "2", ";\n",
    "struct", "P", "{", "x", ":", "i32", ",", "y", ":", "m", ".", "Q", "}\n", "extern", "fn",
    "puts", "(", "s", ":", "str", ")", "i32", ";\n", "fn", "f", "(", "a", ":", "i32", ",", "b",
    ":", "P", ")", "i32", "{\n", "var", "v", "=", "P", "{", "x", ":", "a", ",", "y", ":", "b",
    ".", "y", "}", ";\n", "v", ".", "x", "=", "m", ".", "g", "(", "a", ",", "-", "1", ")", ";\n",
    "while", "a", "<", "c", "&&", "!", "true", "{\n", "if", "a", "==", "1.5", "{", "break", ";",
    "}", "else", "if", "(", "b", ")", "{", "continue", ";", "}", "else", "{", "print", "(",
    "\"s\"", ")", ";", "}\n", "}\n", "return", "a", "as", "i32", ";\n", "}\n",
};
static const char *const noise[] = {
    "@", "\"open", "12ab", "&", "\xff", "\n", "//", "99999999999999999999", "1e999", "\"\\q\"",
    "||",
};

enum { WORDS = sizeof program / sizeof program[0], NOISES = sizeof noise / sizeof noise[0] };

static void put_token(const char *token, ByteBuffer *text)
{
    buffer_put(text, slice_from(token));
    buffer_put_byte(text, ' ');
}

static void put_any(Random *random, ByteBuffer *text)
{
    bool is_noise = random_draw(random, 30) == 0;
    put_token(is_noise ? noise[random_draw(random, NOISES)] : program[random_draw(random, WORDS)], text);
}

static void put_soup(Random *random, ByteBuffer *text)
{
    text->size = 0;
    for (uint32_t count = random_draw(random, 300); count > 0; count--)
        put_any(random, text);
}

static void put_damaged_program(Random *random, ByteBuffer *text)
{
    uint32_t damages = random_draw(random, 4);
    text->size = 0;
    for (uint32_t i = 0; i < WORDS; i++) {
        bool damaged = random_draw(random, WORDS) < damages;
        uint32_t how = random_draw(random, 3);
        if (!damaged || how == 0)
            put_token(program[i], text);
        if (damaged && how != 2)
            put_any(random, text);
    }
}

/* The number of errors. */
static size_t lower_exactly(Slice text)
{
    char *exact = memory_allocate(text.size); /* so that reading past it is noticed */
    if (text.size != 0)
        memcpy(exact, text.data, text.size);
    LoweredSource source;
    lowered_source_open(&source, slice_of(exact, text.size));
    size_t errors = source.diagnostics.count;
    for (size_t i = 0; i < errors; i++) {
        assert_in_range(source.diagnostics.items[i].line, 1, text.size + 1);
        assert_in_range(source.diagnostics.items[i].column, 1, text.size + 1);
    }
    lowered_source_listing(&source);
    lowered_source_close(&source);
    free(exact);
    return errors;
}

static void test_whatever_the_source_the_parser_ends(void **state)
{
    (void)state;
    Random random = random_begin();
    ByteBuffer text = {0};
    size_t good = 0, bad = 0;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        if (i % 2 == 0)
            put_soup(&random, &text);
        else
            put_damaged_program(&random, &text);
        size_t errors = lower_exactly(buffer_slice(&text));
        good += errors == 0;
        bad += errors != 0;
    }
    assert_true(good > ROUNDS / 20 && bad > ROUNDS / 2);
    buffer_free(&text);
}

/* A source cut off anywhere is also reported at a place that exists. */
static void test_every_prefix_of_a_program_is_lowered(void **state)
{
    (void)state;
    ByteBuffer text = {0};
    for (uint32_t i = 0; i < WORDS; i++)
        put_token(program[i], &text);
    assert_int_equal(lower_exactly(buffer_slice(&text)), 0);
    for (size_t size = 0; size < text.size; size++)
        lower_exactly(slice_of(text.data, size));
    buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whatever_the_source_the_parser_ends),
        cmocka_unit_test(test_every_prefix_of_a_program_is_lowered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
