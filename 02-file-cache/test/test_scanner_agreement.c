/* SPDX-License-Identifier: MIT */
/*
 * The import scanner and the parser find the same imports in every source that parses.
 *
 * The sources are random: imports with any blanks, comments, line ends and escapes that the
 * language allows, then something else; some are damaged. A damaged one mostly does not parse; then
 * the scanner need not agree, but must not crash.
 *
 * SEED=n in the environment repeats a run.
 */
#include "import_scanner.h"
#include "lowered_source.h"
#include "random_numbers.h"
#include "scratch.h"

#include <stdlib.h>

enum { ROUNDS = 20000 };

#define PICK(random, choices) choices[random_draw(random, sizeof choices / sizeof choices[0])]

static void put_blanks(Random *random, bool needed, ByteBuffer *text)
{
    static const char *const blanks[] = {
        " ", "\n", "\r\n", "\t", "\r", "// import \"no\" as no;\n", "//\r\n", "// \" \\\n",
        "////// \xc3\xa9\n", " \n\n ",
    };
    for (uint32_t count = random_draw(random, 3) + needed; count > 0; count--)
        buffer_put(text, slice_from(PICK(random, blanks)));
}

static void put_path(Random *random, ByteBuffer *text)
{
    static const char *const pieces[] = {
        "a", "lib/", "../", ".mini", "//", ";", " ", "\\\\", "\\\"", "\\n", "\\t", "\\x41", "\\xfF",
        "\xc3\xa9", "as", "import", "\t", "'",
    };
    buffer_put_byte(text, '"');
    for (uint32_t count = random_draw(random, 6); count > 0; count--)
        buffer_put(text, slice_from(PICK(random, pieces)));
    buffer_put_byte(text, '"');
}

static void put_import(Random *random, uint32_t number, ByteBuffer *text)
{
    put_blanks(random, false, text);
    buffer_put(text, slice_from("import"));
    put_blanks(random, false, text);
    put_path(random, text);
    put_blanks(random, false, text);
    buffer_put(text, slice_from("as"));
    put_blanks(random, true, text);
    buffer_put(text, slice_from("m"));
    buffer_put_decimal(text, number);
    put_blanks(random, false, text);
    buffer_put_byte(text, ';');
}

static void put_source(Random *random, ByteBuffer *text)
{
    static const char *const rests[] = {
        "", "\n", "// the end", "fn f() { }", "const s = \"import \\\"no\\\" as no;\";",
        "struct import_ { }", "const importer = 1; // import \"no\" as no;", "extern fn f();",
        "fn f() { print(\"\n",
    };
    static const char damage[] = "\"\\;/\n\r i\0\xff" "a1";
    uint32_t imports = random_draw(random, 5);
    text->size = 0;
    for (uint32_t i = 0; i < imports; i++)
        put_import(random, i, text);
    put_blanks(random, false, text);
    buffer_put(text, slice_from(PICK(random, rests)));
    for (uint32_t count = random_draw(random, 4) == 0 ? 1 + random_draw(random, 3) : 0; count > 0; count--)
        if (text->size != 0)
            text->data[random_draw(random, (uint32_t)text->size)] = PICK(random, damage);
}

/* True if the source parses; the imports are then checked to be equal. */
static bool agrees(Slice text)
{
    LoweredSource source;
    ImportScan scan = {0};
    lowered_source_open(&source, text);
    scan.arena = &source.arena;
    mini_scan_imports(NULL, text, &scan);
    if (source.succeeded) {
        const Declarations *view = &source.declarations;
        assert_int_equal(scan.count, view->import_count);
        for (uint32_t i = 0; i < scan.count; i++) {
            assert_true(slice_equal(scan.items[i].path,
                                    declarations_text(view, view->imports[i].path)));
            assert_int_equal(scan.items[i].line, view->imports[i].line);
            assert_int_equal(scan.items[i].column, view->imports[i].column);
        }
    }
    free(scan.items);
    lowered_source_close(&source);
    return source.succeeded;
}

static void test_scanner_and_parser_agree(void **state)
{
    (void)state;
    Random random = random_begin();
    ByteBuffer text = {0};
    uint32_t parsed = 0;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        put_source(&random, &text);
        char *exact = memory_allocate(text.size); /* so that reading past it is noticed */
        if (text.size != 0)
            memcpy(exact, text.data, text.size);
        parsed += agrees(slice_of(exact, text.size));
        free(exact);
    }
    assert_in_range(parsed, ROUNDS / 2, ROUNDS - ROUNDS / 20); /* both kinds occurred */
    buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scanner_and_parser_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
