/* SPDX-License-Identifier: MIT */
#include "diagnostics.h"
#include "scratch.h"

#include <stdlib.h>

static Slice text_of(const char *literal, size_t size)
{
    return slice_of(literal, size - 1);
}
#define TEXT(literal) text_of(literal, sizeof(literal)) /* may hold NUL bytes */

static void expect_format(Slice path, uint32_t line, uint32_t column, Slice source,
                          const char *expected)
{
    ByteBuffer text = {0};
    Diagnostic diagnostic = {
        .path = path, .line = line, .column = column, .message = slice_from("bad")};
    diagnostic_format(&diagnostic, source, &text);
    buffer_put_byte(&text, '\0');
    assert_string_equal(text.data, expected);
    buffer_free(&text);
}

static void line_and_caret(void **state)
{
    (void)state;
    Slice source = slice_from("const x: i32 = 5;\n\tvar\ty = z;\r\nlast");
    Slice path = slice_from("a.mini");
    expect_format(path, 1, 7, source, "a.mini:1:7: error: bad\nconst x: i32 = 5;\n      ^\n");
    expect_format(path, 2, 10, source, "a.mini:2:10: error: bad\n\tvar\ty = z;\n\t   \t    ^\n");
    expect_format(path, 3, 5, source, "a.mini:3:5: error: bad\nlast\n    ^\n");
    /* two columns each; a mark has none; an accent in one character has one */
    expect_format(path, 1, 7, slice_from("\xe6\xbc\xa2\xe5\xad\x97x"),
                  "a.mini:1:7: error: bad\n\xe6\xbc\xa2\xe5\xad\x97x\n    ^\n");
    expect_format(path, 1, 4, slice_from("e\xcc\x81x"),
                  "a.mini:1:4: error: bad\ne\xcc\x81x\n ^\n");
    expect_format(path, 1, 3, slice_from("\xc3\xa9x"),
                  "a.mini:1:3: error: bad\n\xc3\xa9x\n ^\n");
    expect_format(path, 3, 1000, source, "a.mini:3:1000: error: bad\nlast\n    ^\n");
    expect_format(path, 4, 1, source, "a.mini:4:1: error: bad\n");
    expect_format(path, 0, 0, source, "a.mini:0:0: error: bad\n");
    expect_format(path, 1, 1, (Slice){0}, "a.mini:1:1: error: bad\n");
    expect_format(path, 1, 1, slice_from("\n"), "a.mini:1:1: error: bad\n\n^\n");
    expect_format(path, 2, 1, slice_from("x\n"), "a.mini:2:1: error: bad\n");
}

static void characters_of_several_bytes_are_one_column_wide(void **state)
{
    (void)state;
    expect_format(slice_from("\xC3\xA4.mini"), 1, 5, slice_from("\xC3\xA4\xE2\x82\xAC x"),
                  "\xC3\xA4.mini:1:5: error: bad\n\xC3\xA4\xE2\x82\xAC x\n   ^\n");
}

static void what_a_terminal_must_not_see_is_replaced(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *shown;
    } cases[] = {
        {"\x1b[2J", "?[2J"},          /* clears the screen */
        {"a\rb", "a?b"},              /* overwrites the line */
        {"\x7f", "?"},                /* DEL */
        {"\xC2\x9B", "?"},            /* CSI, as one character */
        {"\xE2\x80\xAE", "?"},        /* right-to-left text from here on */
        {"\xE2\x81\xA6", "?"},        /* the same, isolated */
        {"\x80", "?"},                /* a continuation byte alone */
        {"\xC3(", "?("},              /* a missing continuation byte */
        {"\xC3", "?"},                /* also at the end */
        {"\xC0\xAF", "??"},           /* an overlong '/' */
        {"\xED\xA0\x80", "???"},      /* a surrogate */
        {"\xF5\x80\x80\x80", "????"}, /* beyond Unicode */
        {"\xF4\x90\x80\x80", "????"}, /* just beyond */
        {"\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80"},
        {"\xF9\x80\x80\x80", "????"}, /* no UTF-8 character starts with this */
        {"\xE2\x80\xA8", "?"},        /* a line separator */
        {"\xC2\xAD", "?"},            /* a hyphen that is not shown */
        {"a\xE2\x80\x8B.mini", "a?.mini"}, /* a space of no width */
        {"\xE2\x80\x8D", "?"},        /* a joiner, and below others of no width */
        {"\xE2\x81\xA0", "?"},
        {"\xE2\x81\xA4", "?"},
        {"\xEF\xBB\xBF", "?"},        /* a byte order mark */
        {"\xEF\xB8\x8F", "?"},        /* a variation selector */
        {"\xF3\xA0\x84\x80", "?"},    /* another */
        {"\xF3\xA0\x80\x81", "?"},    /* a tag, and the letter A as a tag */
        {"\xF3\xA0\x81\x81", "?"},
        {"\xE3\x85\xA4", "?"},        /* a letter that is a gap */
        {"\xE2\x80\x90\xEF\xB8\x90\xEF\xBC\x81", "\xE2\x80\x90\xEF\xB8\x90\xEF\xBC\x81"},
        {"\xFF", "?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ByteBuffer expected = {0};
        buffer_put(&expected, slice_from(cases[i].shown));
        buffer_put(&expected, slice_from(":1:1: error: bad\n"));
        buffer_put(&expected, slice_from(cases[i].shown));
        buffer_put(&expected, slice_from("\n^\n"));
        buffer_put_byte(&expected, '\0');
        Slice bytes = slice_from(cases[i].bytes);
        expect_format(bytes, 1, 1, bytes, expected.data);
        buffer_free(&expected);
    }
    expect_format(TEXT("a\0b\nc"), 1, 3, TEXT("x\0y"), "a?b?c:1:3: error: bad\nx?y\n  ^\n");
}

/* The line shown is at most a screen wide, and the caret is under the right byte. */
static void a_long_line_is_shown_around_its_column(void **state)
{
    (void)state;
    enum { LENGTH = 1000 };
    char source[LENGTH];
    for (uint32_t column = 1; column <= LENGTH; column += 13) {
        memset(source, '.', LENGTH);
        source[column - 1] = '#';
        ByteBuffer text = {0};
        Diagnostic diagnostic = {
            .path = slice_from("a"), .line = 1, .column = column, .message = slice_from("bad")};
        diagnostic_format(&diagnostic, slice_of(source, LENGTH), &text);
        buffer_put_byte(&text, '\0');
        char *line = strchr(text.data, '\n') + 1;
        char *caret_line = strchr(line, '\n') + 1;
        assert_true(caret_line - line <= 110);
        assert_int_equal(strchr(line, '#') - line, strchr(caret_line, '^') - caret_line);
        buffer_free(&text);
    }
}

static void a_cut_does_not_break_characters(void **state)
{
    (void)state;
    ByteBuffer source = {0}, text = {0};
    for (int i = 0; i < 300; i++)
        buffer_put(&source, slice_from("\xE2\x82\xAC"));
    for (uint32_t column = 1; column < 900; column += 3) {
        Diagnostic diagnostic = {
            .path = slice_from("a"), .line = 1, .column = column, .message = slice_from("bad")};
        diagnostic_format(&diagnostic, buffer_slice(&source), &text);
    }
    assert_null(memchr(text.data, '?', text.size));
    buffer_free(&source);
    buffer_free(&text);
}

/* Whatever the bytes are, formatting stays inside them and shows only safe bytes. */
static void random_bytes(void **state)
{
    (void)state;
    srand(1);
    for (int round = 0; round < 3000; round++) {
        size_t size = (size_t)rand() % 300;
        char *source = malloc(size + 1); /* on the heap, for the address sanitizer */
        for (size_t i = 0; i < size; i++)
            source[i] = (char)(rand() % 8 == 0 ? '\n' : rand());
        ByteBuffer text = {0};
        Diagnostic diagnostic = {.path = slice_of(source, size),
                                 .line = (uint32_t)rand() % 8,
                                 .column = (uint32_t)rand() % 350,
                                 .message = slice_from("bad")};
        diagnostic_format(&diagnostic, slice_of(source, size), &text);
        for (size_t i = 0; i < text.size; i++) {
            unsigned char byte = (unsigned char)text.data[i];
            assert_true(byte >= 0x20 || byte == '\n' || byte == '\t');
            assert_true(byte != 0x7F);
        }
        buffer_free(&text);
        free(source);
    }
}

/* A long line that begins in the middle of a character: the window must not begin after the column,
 * however long the character is. */
static void a_long_line_of_broken_characters(void **state)
{
    (void)state;
    char line[500];
    memset(line, 0x80, sizeof line);
    for (uint32_t column = 1; column <= sizeof line + 2; column++) {
        ByteBuffer text = {0};
        Diagnostic diagnostic = {
            .path = slice_from("f"), .line = 1, .column = column, .message = slice_from("bad")};
        diagnostic_format(&diagnostic, slice_of(line, sizeof line), &text);
        assert_in_range(text.size, 1, 2 * sizeof line);
        buffer_free(&text);
    }
}

static void add(Diagnostics *list, const char *path, uint32_t line, uint32_t column,
                const char *message)
{
    list->path = slice_from(path);
    diagnostics_add(list, line, column, "%s", message);
}

static void expect_item(const Diagnostics *list, size_t index, const char *path, uint32_t line,
                        uint32_t column, const char *message)
{
    const Diagnostic *item = &list->items[index];
    assert_true(slice_equal(item->path, slice_from(path)));
    assert_int_equal(item->line, line);
    assert_int_equal(item->column, column);
    assert_string_equal(item->message.data, message);
    assert_int_equal(item->message.size, strlen(message));
}

static void sorted_by_place_without_repetitions(void **state)
{
    (void)state;
    Diagnostics list = {0};
    add(&list, "b", 1, 1, "x");
    add(&list, "a", 10, 1, "x");
    add(&list, "a", 9, 2, "y");
    add(&list, "a", 9, 2, "x");
    add(&list, "a", 9, 1, "z");
    add(&list, "a", 9, 2, "y");
    diagnostics_sort(&list);
    assert_int_equal(list.count, 5);
    expect_item(&list, 0, "a", 9, 1, "z");
    expect_item(&list, 1, "a", 9, 2, "x");
    expect_item(&list, 2, "a", 9, 2, "y");
    expect_item(&list, 3, "a", 10, 1, "x");
    expect_item(&list, 4, "b", 1, 1, "x");
    diagnostics_free(&list);
    diagnostics_sort(&list); /* an empty list is sorted */
}

/* Errors at lines 1 to `count` of a source with that many lines, shown as those of "shown". */
static void format_many(uint32_t count, ByteBuffer *text)
{
    Diagnostics list = {0};
    ByteBuffer source = {0};
    for (uint32_t i = 1; i <= count; i++) {
        add(&list, "a", i, 2, "wrong");
        buffer_put_format(&source, "line %u\n", i);
    }
    add(&list, "b", 1, 1, "of another file");
    assert_int_equal(diagnostics_file_end(&list, 0), count);
    assert_int_equal(diagnostics_file_end(&list, count), count + 1);
    text->size = 0;
    diagnostics_format_file(list.items, count, slice_from("shown"), buffer_slice(&source), text);
    buffer_put_byte(text, '\0');
    buffer_free(&source);
    diagnostics_free(&list);
}

static void of_many_errors_some_are_reported_and_the_others_counted(void **state)
{
    (void)state;
    ByteBuffer text = {0};
    format_many(1, &text);
    assert_string_equal(text.data, "shown:1:2: error: wrong\nline 1\n ^\n");
    format_many(DIAGNOSTICS_SHOWN + 1, &text);
    assert_non_null(strstr(text.data, "\nshown:101:2: error: wrong\nline 101\n ^\n"));
    format_many(DIAGNOSTICS_SHOWN + 2, &text);
    assert_non_null(strstr(text.data, "\nshown:100:2: error: wrong\nline 100\n ^\n"
                                      "shown:101:2: error: 2 more errors in this file are not "
                                      "shown\n"));
    assert_null(strstr(text.data, "line 101"));
    buffer_free(&text);
}

static void a_message_is_one_line_whatever_it_quotes(void **state)
{
    (void)state;
    Diagnostics list = {0};
    add(&list, "a", 1, 1, "'x\ny\r\nz' declares no 'f'");
    expect_item(&list, 0, "a", 1, 1, "'x?y??z' declares no 'f'");
    diagnostics_free(&list);
}

static void messages_are_copied_and_formatted(void **state)
{
    (void)state;
    Diagnostics first = {0}, all = {0};
    char name[] = "add";
    first.path = slice_from("a");
    for (uint32_t i = 1; i <= 100; i++)
        diagnostics_add(&first, i, 2, "no function '%s' (%d)", name, 42);
    name[0] = '?';
    diagnostics_append(&all, &first);
    diagnostics_append(&all, &first);
    diagnostics_free(&first);
    assert_int_equal(all.count, 200);
    expect_item(&all, 199, "a", 100, 2, "no function 'add' (42)");
    diagnostics_free(&all);
}

static void expect_kind(const Diagnostics *list, size_t index, const char *expected)
{
    ByteBuffer text = {0};
    diagnostic_format_kind(&list->items[index], &text);
    buffer_put_byte(&text, '\0');
    assert_string_equal(text.data, expected);
    buffer_free(&text);
}

static void a_kind_holds_nothing_that_was_put_in(void **state)
{
    (void)state;
    Diagnostics list = {.path = slice_from("a")}, copy = {0};
    diagnostics_add(&list, 1, 2, "no function '%s' (%d)", "secret", 42);
    diagnostics_add(&list, 1, 3, "'%.*s' is %-5lu%% of %s%llu", 3, "secret", 7ul, "secret", 8ull);
    diagnostics_add(&list, 1, 4, "%s", "secret");
    diagnostics_add(&list, 1, 5, "100%% wrong");
    diagnostics_add_plain(&list, 1, 6, slice_from("this is %s"));
    diagnostics_append(&copy, &list);
    diagnostics_free(&list);
    expect_kind(&copy, 0, "a:1:2: error: no function '...' (...)\n");
    expect_kind(&copy, 1, "a:1:3: error: '...' is ...% of ...\n");
    expect_kind(&copy, 2, "a:1:4: error: not shown: it would quote the file\n");
    expect_kind(&copy, 3, "a:1:5: error: 100% wrong\n");
    expect_kind(&copy, 4, "a:1:6: error: this is %s\n");
    expect_item(&copy, 1, "a", 1, 3, "'sec' is 7    % of secret8");
    expect_item(&copy, 4, "a", 1, 6, "this is %s");
    diagnostics_free(&copy);
}

static Diagnostic *add_as(Diagnostics *list, Severity severity, const char *path, uint32_t line,
                          const char *message)
{
    list->path = slice_from(path);
    Diagnostic *added = diagnostics_add(list, line, 1, "%s", message);
    added->severity = severity;
    return added;
}

static void expect_messages(const Diagnostics *list, const char *expected)
{
    ByteBuffer messages = {0};
    for (size_t i = 0; i < list->count; i++) {
        buffer_put(&messages, list->items[i].message);
        buffer_put_byte(&messages, ' ');
    }
    buffer_put_byte(&messages, '\0');
    assert_string_equal(messages.data, expected);
    buffer_free(&messages);
}

static void notes_stay_with_what_they_belong_to(void **state)
{
    (void)state;
    Diagnostics list = {0};
    add_as(&list, SEVERITY_WARNING, "b", 7, "late");
    add_as(&list, SEVERITY_NOTE, "a", 1, "of-late");
    add_as(&list, SEVERITY_NOTE, "b", 9, "of-late-too");
    add_as(&list, SEVERITY_WARNING, "b", 2, "early");
    add_as(&list, SEVERITY_ERROR, "b", 2, "wrong");
    add_as(&list, SEVERITY_NOTE, "c", 1, "of-wrong");
    diagnostics_sort(&list);
    expect_messages(&list, "wrong of-wrong early late of-late of-late-too ");
    assert_int_equal(diagnostics_file_end(&list, 0), list.count);
    assert_true(diagnostics_have_error(&list, 0));
    assert_false(diagnostics_have_error(&list, 1));
    diagnostics_free(&list);
}

static void what_differs_in_a_note_or_a_code_is_no_repetition(void **state)
{
    (void)state;
    Diagnostics list = {0};
    for (int i = 0; i < 2; i++) {
        add_as(&list, SEVERITY_WARNING, "a", 1, "x");
        add_as(&list, SEVERITY_NOTE, "b", 1, "first");
        add_as(&list, SEVERITY_WARNING, "a", 1, "x");
        add_as(&list, SEVERITY_NOTE, "b", 1, "second");
        add_as(&list, SEVERITY_WARNING, "a", 1, "x");
        add_as(&list, SEVERITY_WARNING, "a", 1, "x")->code = slice_from("code");
        add_as(&list, SEVERITY_ERROR, "a", 1, "x");
    }
    diagnostics_sort(&list);
    expect_messages(&list, "x x x first x second x ");
    assert_int_equal(list.items[0].severity, SEVERITY_ERROR);
    assert_int_equal(list.items[1].severity, SEVERITY_WARNING);
    diagnostics_free(&list);
}

static void severity_code_and_notes_are_shown(void **state)
{
    (void)state;
    Diagnostics list = {0}, copy = {0};
    ByteBuffer text = {0};
    char code[] = "unused";
    add_as(&list, SEVERITY_WARNING, "a", 2, "x")->code = slice_from(code);
    add_as(&list, SEVERITY_NOTE, "b", 5, "see here");
    add_as(&list, SEVERITY_NOTE, "a", 1, "and here");
    diagnostics_append(&copy, &list);
    diagnostics_free(&list);
    code[0] = '?';
    diagnostics_format_file(copy.items, copy.count, slice_from("dir/a"), slice_from("one\ntwo\n"),
                            &text);
    buffer_put_byte(&text, '\0');
    assert_string_equal(text.data, "dir/a:2:1: warning: x [unused]\ntwo\n^\n"
                                   "b:5:1: note: see here\n"
                                   "dir/a:1:1: note: and here\none\n^\n");
    text.size = 0;
    diagnostics_format_kinds(copy.items, 2, slice_from("dir/a"), &text);
    buffer_put_byte(&text, '\0');
    assert_string_equal(text.data,
                        "dir/a:2:1: warning: not shown: it would quote the file [unused]\n"
                        "b:5:1: note: not shown: it would quote the file\n");
    buffer_free(&text);
    diagnostics_free(&copy);
}

static void many_warnings_hide_no_error(void **state)
{
    (void)state;
    Diagnostics list = {0};
    ByteBuffer text = {0};
    for (uint32_t i = 1; i <= DIAGNOSTICS_SHOWN + 2; i++) {
        add_as(&list, SEVERITY_WARNING, "a", i, "careful");
        add_as(&list, SEVERITY_NOTE, "a", i, "why");
    }
    add_as(&list, SEVERITY_ERROR, "a", 500, "wrong");
    diagnostics_format_file(list.items, list.count, slice_from("a"), (Slice){"", 0}, &text);
    buffer_put_byte(&text, '\0');
    assert_non_null(strstr(text.data, "\na:100:1: note: why\n"
                                      "a:500:1: error: wrong\n"
                                      "a:101:1: warning: 2 more warnings in this file are not "
                                      "shown\n"));
    assert_null(strstr(text.data, "a:101:1: note"));
    buffer_free(&text);
    diagnostics_free(&list);
}

static void what_is_told_once_is_told_where_it_is_first(void **state)
{
    (void)state;
    Diagnostics list = {0};
    static const char *const paths[] = {"b", "a", "a", "a"};
    for (uint32_t i = 0; i < 4; i++) {
        list.path = slice_from(paths[i]);
        diagnostics_add(&list, 10 - i, 1, "undefined name '%s'", "x")->is_once = true;
        Diagnostic *note = diagnostics_add(&list, 1, 1, "here");
        note->severity = SEVERITY_NOTE;
        diagnostics_add(&list, 10 - i, 2, "undefined name '%s'", "x"); /* and not once */
    }
    diagnostics_sort(&list);
    assert_int_equal(list.count, 2 + 3 + 2 + 1);
    assert_int_equal(list.items[0].line, 7);
    assert_true(list.items[0].is_once && !list.items[2].is_once && !list.items[3].is_once);
    diagnostics_sort(&list);
    assert_int_equal(list.count, 2 + 3 + 2 + 1);
    diagnostics_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_told_once_is_told_where_it_is_first),
        cmocka_unit_test(line_and_caret),
        cmocka_unit_test(characters_of_several_bytes_are_one_column_wide),
        cmocka_unit_test(what_a_terminal_must_not_see_is_replaced),
        cmocka_unit_test(a_long_line_is_shown_around_its_column),
        cmocka_unit_test(a_long_line_of_broken_characters),
        cmocka_unit_test(a_cut_does_not_break_characters),
        cmocka_unit_test(random_bytes),
        cmocka_unit_test(sorted_by_place_without_repetitions),
        cmocka_unit_test(messages_are_copied_and_formatted),
        cmocka_unit_test(a_kind_holds_nothing_that_was_put_in),
        cmocka_unit_test(of_many_errors_some_are_reported_and_the_others_counted),
        cmocka_unit_test(a_message_is_one_line_whatever_it_quotes),
        cmocka_unit_test(notes_stay_with_what_they_belong_to),
        cmocka_unit_test(what_differs_in_a_note_or_a_code_is_no_repetition),
        cmocka_unit_test(severity_code_and_notes_are_shown),
        cmocka_unit_test(many_warnings_hide_no_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
