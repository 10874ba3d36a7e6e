/* SPDX-License-Identifier: MIT */
/*
 * The text shown comes from a file that somebody else wrote, and goes to a terminal. Everything
 * that is not printable UTF-8 (escape sequences, invalid bytes) and every invisible character (one
 * that reverses the direction of text, has no width, or is a tag of others) is shown as one '?':
 * different names look different, and nothing is hidden.
 *
 * The caret's line repeats the tabs of the line above it and has a space for each column of every
 * other character, so the caret is in the right column whatever the terminal's tab stops are: two
 * for what is drawn two columns wide, none for a mark on the letter before it. A table of our own
 * says which: wcwidth depends on the locale, and a program that sets none has no widths. It holds
 * the blocks that are in use, not each character: for a rare one the caret may be a column off.
 */
#include "diagnostics.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* A longer line is cut to about this many bytes around the column. */
enum { SHOWN_BYTES = 100 };

/* ---- the list --------------------------------------------------------------------------- */

static Diagnostic *append(Diagnostics *diagnostics, Diagnostic diagnostic)
{
    if (diagnostics->count == diagnostics->capacity) {
        diagnostics->capacity = diagnostics->capacity == 0 ? 16 : diagnostics->capacity * 2;
        diagnostics->items =
            memory_resize(diagnostics->items, diagnostics->capacity * sizeof *diagnostics->items);
    }
    diagnostics->items[diagnostics->count] = diagnostic;
    return &diagnostics->items[diagnostics->count++];
}

/* The format with "..." for each conversion, or several in a row. Leaving out all of them, and not
 * only those known to quote the file, keeps later messages safe. */
static Slice make_kind(Arena *arena, const char *format)
{
    static const char hidden[] = "...";
    ByteBuffer kind = {.arena = arena};
    buffer_reserve(&kind, strlen(format) * 2);
    const char *hidden_end = NULL; /* in the format: the end of what the last "..." replaces */
    bool has_words = false;
    while (*format != '\0') {
        bool is_percent = strncmp(format, "%%", 2) == 0;
        if (*format != '%' || is_percent) {
            buffer_put_byte(&kind, *format);
            has_words = true;
            format += is_percent ? 2 : 1;
            continue;
        }
        if (format != hidden_end)
            buffer_put(&kind, slice_from(hidden));
        format++;
        format += strspn(format, "-+ #0123456789.*hlLjzt");
        format += *format != '\0';
        hidden_end = format;
    }
    return has_words ? buffer_slice(&kind) : slice_from("not shown: it would quote the file");
}

Diagnostic *diagnostics_add_list(Diagnostics *diagnostics, uint32_t line, uint32_t column,
                                 const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    size_t size = length < 0 ? 0 : (size_t)length;
    char *message = arena_allocate(&diagnostics->texts, size + 1);
    message[0] = '\0';
    vsnprintf(message, size + 1, format, arguments);
    for (size_t i = 0; i < size; i++) /* what it quotes (an import path, say) may hold line feeds */
        if (message[i] == '\n' || message[i] == '\r')
            message[i] = '?';
    return append(diagnostics, (Diagnostic){.path = diagnostics->path,
                                            .line = line,
                                            .column = column,
                                            .message = slice_of(message, size),
                                            .kind = make_kind(&diagnostics->texts, format)});
}

Diagnostic *diagnostics_add(Diagnostics *diagnostics, uint32_t line, uint32_t column,
                            const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    Diagnostic *added = diagnostics_add_list(diagnostics, line, column, format, arguments);
    va_end(arguments);
    return added;
}

Diagnostic *diagnostics_add_plain(Diagnostics *diagnostics, uint32_t line, uint32_t column,
                                  Slice message)
{
    Slice copy = slice_of(arena_copy(&diagnostics->texts, message), message.size);
    return append(diagnostics, (Diagnostic){.path = diagnostics->path,
                                            .line = line,
                                            .column = column,
                                            .message = copy,
                                            .kind = copy});
}

void diagnostics_append(Diagnostics *diagnostics, const Diagnostics *from)
{
    for (size_t i = 0; i < from->count; i++) {
        Diagnostic copy = from->items[i];
        copy.message.data = arena_copy(&diagnostics->texts, copy.message);
        copy.kind.data = arena_copy(&diagnostics->texts, copy.kind);
        copy.code.data = arena_copy(&diagnostics->texts, copy.code);
        append(diagnostics, copy);
    }
}

bool diagnostics_have_error(const Diagnostics *diagnostics, size_t first)
{
    for (size_t i = first; i < diagnostics->count; i++)
        if (diagnostics->items[i].severity == SEVERITY_ERROR)
            return true;
    return false;
}

/* ---- their order ------------------------------------------------------------------------- */

typedef struct Group { /* an error or a warning, and the notes to it */
    const Diagnostic *items;
    size_t count;
} Group;

static int compare_numbers(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int compare_diagnostics(const Diagnostic *a, const Diagnostic *b)
{
    int order = slice_compare(a->path, b->path);
    if (order == 0)
        order = compare_numbers(a->line, b->line);
    if (order == 0)
        order = compare_numbers(a->column, b->column);
    if (order == 0)
        order = compare_numbers(a->severity, b->severity);
    if (order == 0)
        order = slice_compare(a->message, b->message);
    return order != 0 ? order : slice_compare(a->code, b->code);
}

static int compare_groups(const void *left, const void *right)
{
    const Group *a = left, *b = right;
    int order = 0;
    for (size_t i = 0; order == 0 && i < a->count && i < b->count; i++)
        order = compare_diagnostics(&a->items[i], &b->items[i]);
    return order != 0 ? order : (a->count > b->count) - (a->count < b->count);
}

static size_t find_groups(const Diagnostics *diagnostics, Group *groups)
{
    size_t count = 0;
    for (size_t i = 0; i < diagnostics->count; i++) {
        if (i == 0 || diagnostics->items[i].severity != SEVERITY_NOTE)
            groups[count++] = (Group){&diagnostics->items[i], 0};
        groups[count - 1].count++;
    }
    return count;
}

/* Groups of one file with one message come together, the first one first. */
static int compare_told_once(const void *left, const void *right)
{
    const Group *const *a = left, *const *b = right;
    int order = slice_compare((*a)->items->path, (*b)->items->path);
    if (order == 0)
        order = slice_compare((*a)->items->message, (*b)->items->message);
    return order != 0 ? order : (*a > *b) - (*a < *b);
}

static bool say_the_same(const Group *a, const Group *b)
{
    return slice_equal(a->items->path, b->items->path) &&
           slice_equal(a->items->message, b->items->message);
}

/* Of the sorted groups that are reported once, those that repeat an earlier one lose their items. */
static void drop_told(Group *groups, size_t count)
{
    Group **once = memory_allocate((count + 1) * sizeof(Group *));
    size_t once_count = 0;
    for (size_t i = 0; i < count; i++)
        if (groups[i].items->is_once)
            once[once_count++] = &groups[i];
    qsort(once, once_count, sizeof *once, compare_told_once);
    for (size_t i = once_count; i-- > 1;)
        if (say_the_same(once[i - 1], once[i]))
            once[i]->count = 0;
    memory_free(once);
}

void diagnostics_sort(Diagnostics *diagnostics)
{
    if (diagnostics->count < 2)
        return;
    Group *groups = memory_allocate(diagnostics->count * sizeof *groups);
    size_t group_count = find_groups(diagnostics, groups);
    qsort(groups, group_count, sizeof *groups, compare_groups);
    drop_told(groups, group_count);
    Diagnostics sorted = {.texts = diagnostics->texts, .path = diagnostics->path};
    for (size_t i = 0; i < group_count; i++)
        if (i == 0 || compare_groups(&groups[i - 1], &groups[i]) != 0)
            for (size_t k = 0; k < groups[i].count; k++)
                append(&sorted, groups[i].items[k]);
    memory_free(groups);
    memory_free(diagnostics->items);
    *diagnostics = sorted;
}

void diagnostics_free(Diagnostics *diagnostics)
{
    memory_free(diagnostics->items);
    arena_free(&diagnostics->texts);
    *diagnostics = (Diagnostics){0};
}

/* ---- text that a terminal may see -------------------------------------------------------- */

/* The size of the UTF-8 character that `text` (not empty) begins with, and its code point; 0 if
 * it is not one. Overlong forms and surrogates are not UTF-8. */
static size_t decode_utf8(Slice text, uint32_t *code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)text.data[0];
    size_t size = first < 0x80 ? 1 : first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (size == 0 || size > text.size || first > 0xF4)
        return 0;
    *code = size == 1 ? first : first & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++) {
        unsigned char next = (unsigned char)text.data[i];
        if ((next & 0xC0) != 0x80)
            return 0;
        *code = *code << 6 | (next & 0x3Fu);
    }
    bool surrogate = *code >= 0xD800 && *code <= 0xDFFF;
    return *code < smallest[size] || *code > 0x10FFFF || surrogate ? 0 : size;
}

/* In order: controls, line ends, and what Unicode calls default ignorable: it draws nothing. */
static const struct {
    uint32_t first, last;
} unseen[] = {
    {0x00, 0x1F},       {0x7F, 0x9F},       {0xAD, 0xAD},       {0x034F, 0x034F},
    {0x061C, 0x061C},   {0x115F, 0x1160},   {0x17B4, 0x17B5},   {0x180B, 0x180F},
    {0x200B, 0x200F},   {0x2028, 0x202E},   {0x2060, 0x206F},   {0x3164, 0x3164},
    {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},   {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFFB},
    {0xFFFE, 0xFFFF},   {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF},
};

static bool is_printable(uint32_t code)
{
    size_t i = 0;
    while (i < sizeof unseen / sizeof *unseen && unseen[i].last < code)
        i++;
    return i == sizeof unseen / sizeof *unseen || code < unseen[i].first;
}

typedef struct Range {
    uint32_t first, last;
} Range;

static const Range wide[] = { /* East Asian Wide and Fullwidth */
    {0x1100, 0x115F},   {0x231A, 0x231B},   {0x23E9, 0x23EC},   {0x2614, 0x2615},
    {0x26A1, 0x26A1},   {0x2705, 0x2705},   {0x270A, 0x270B},   {0x2728, 0x2728},
    {0x274C, 0x274C},   {0x2753, 0x2755},   {0x2795, 0x2797},   {0x2B50, 0x2B50},
    {0x2E80, 0x303E},   {0x3041, 0x4DBF},   {0x4E00, 0xA4CF},   {0xA960, 0xA97F},
    {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF01, 0xFF60},
    {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF},
    {0x20000, 0x3FFFD},
};

static const Range marks[] = { /* Mn and Me */
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F},
    {0x0900, 0x0902}, {0x093C, 0x093C}, {0x0941, 0x0948}, {0x094D, 0x094D}, {0x0E31, 0x0E31},
    {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20F0},
    {0x302A, 0x302D}, {0x3099, 0x309A}, {0xFE20, 0xFE2F},
};

static bool is_in(const Range *ranges, size_t count, uint32_t code)
{
    size_t i = 0;
    while (i < count && ranges[i].last < code)
        i++;
    return i < count && code >= ranges[i].first;
}

/* Columns that a terminal draws it in. */
static unsigned width_of(uint32_t code)
{
    if (is_in(marks, sizeof marks / sizeof *marks, code))
        return 0;
    return is_in(wide, sizeof wide / sizeof *wide, code) ? 2 : 1;
}

/* The next character as it is shown; moves `text` past it. */
static Slice next_shown(Slice *text)
{
    uint32_t code = 0;
    size_t size = decode_utf8(*text, &code);
    bool shown = size != 0 && (is_printable(code) || code == '\t');
    Slice result = shown ? slice_of(text->data, size) : slice_from("?");
    size_t used = size == 0 ? 1 : size;
    *text = slice_of(text->data + used, text->size - used);
    return result;
}

void diagnostics_put_shown(ByteBuffer *text, Slice bytes)
{
    while (bytes.size != 0)
        buffer_put(text, next_shown(&bytes));
}

/* Blanks as wide as `bytes` are when shown. */
static void put_blank(ByteBuffer *text, Slice bytes)
{
    while (bytes.size != 0) {
        uint32_t code = 0;
        Slice shown = next_shown(&bytes);
        decode_utf8(shown, &code);
        for (unsigned width = width_of(code); width != 0; width--)
            buffer_put_byte(text, code == '\t' ? '\t' : ' ');
    }
}

/* ---- the source line --------------------------------------------------------------------- */

/* A file's errors are shown in the order of their lines. Each line is searched for from the
 * previous one: together they cost one pass over the source. */
typedef struct LineSearch {
    Slice source;
    uint32_t number; /* of the last line found; 0: none */
    Slice line;      /* without its end */
    size_t next;     /* where the line after it starts */
} LineSearch;

/* The line that starts at `next`. False at the end of the source. */
static bool find_next(LineSearch *search)
{
    if (search->next == search->source.size)
        return false;
    const char *start = search->source.data + search->next;
    size_t left = search->source.size - search->next;
    const char *newline = memchr(start, '\n', left);
    size_t size = newline == NULL ? left : (size_t)(newline - start);
    search->next += newline == NULL ? size : size + 1;
    search->number++;
    search->line = slice_of(start, size);
    if (size != 0 && start[size - 1] == '\r')
        search->line.size--;
    return true;
}

static bool inside_character(Slice line, size_t place)
{
    return place < line.size && ((unsigned char)line.data[place] & 0xC0) == 0x80;
}

/* The part [first, last) of a long line that is shown: the column is in its middle, or as near to
 * it as the line's ends allow. Characters stay whole where the bytes form any; a window never
 * begins after its column. */
static void choose_window(Slice line, size_t column, size_t *first, size_t *last)
{
    *first = 0;
    *last = line.size;
    if (line.size <= SHOWN_BYTES)
        return;
    if (column > SHOWN_BYTES / 2)
        *first = column - SHOWN_BYTES / 2;
    if (*first > line.size - SHOWN_BYTES)
        *first = line.size - SHOWN_BYTES;
    *last = *first + SHOWN_BYTES;
    for (int i = 0; i < 3 && *first < column && inside_character(line, *first); i++)
        (*first)++;
    for (int i = 0; i < 3 && inside_character(line, *last); i++)
        (*last)++;
}

static void put_line_and_caret(ByteBuffer *text, Slice line, size_t column)
{
    static const char cut[] = "...";
    size_t first, last;
    choose_window(line, column, &first, &last);

    if (first != 0)
        buffer_put(text, slice_from(cut));
    diagnostics_put_shown(text, slice_of(line.data + first, last - first));
    if (last != line.size)
        buffer_put(text, slice_from(cut));
    buffer_put_byte(text, '\n');

    if (first != 0)
        put_blank(text, slice_from(cut));
    put_blank(text, slice_of(line.data + first, column - first));
    buffer_put(text, slice_from("^\n"));
}

/* ---- the diagnostics ----------------------------------------------------------------------- */

static void put_place(const Diagnostic *diagnostic, Slice path, ByteBuffer *text)
{
    static const char *const names[] = {
        [SEVERITY_ERROR] = ": error: ",
        [SEVERITY_WARNING] = ": warning: ",
        [SEVERITY_NOTE] = ": note: ",
    };
    diagnostics_put_shown(text, path);
    buffer_put_byte(text, ':');
    buffer_put_decimal(text, diagnostic->line);
    buffer_put_byte(text, ':');
    buffer_put_decimal(text, diagnostic->column);
    buffer_put(text, slice_from(names[diagnostic->severity]));
}

static void put_diagnostic(const Diagnostic *diagnostic, Slice path, Slice message,
                           ByteBuffer *text)
{
    put_place(diagnostic, path, text);
    diagnostics_put_shown(text, message);
    if (diagnostic->code.size != 0) {
        buffer_put(text, slice_from(" ["));
        diagnostics_put_shown(text, diagnostic->code);
        buffer_put_byte(text, ']');
    }
    buffer_put_byte(text, '\n');
}

void diagnostic_format_kind(const Diagnostic *diagnostic, ByteBuffer *text)
{
    put_diagnostic(diagnostic, diagnostic->path, diagnostic->kind, text);
}

static void put_diagnostic_and_line(const Diagnostic *diagnostic, Slice path, LineSearch *search,
                                    ByteBuffer *text)
{
    put_diagnostic(diagnostic, path, diagnostic->message, text);
    if (diagnostic->line == 0)
        return;
    if (diagnostic->line < search->number)
        *search = (LineSearch){.source = search->source};
    while (search->number < diagnostic->line)
        if (!find_next(search))
            return;
    size_t column = diagnostic->column == 0 ? 0 : diagnostic->column - 1;
    put_line_and_caret(text, search->line,
                       column < search->line.size ? column : search->line.size);
}

void diagnostic_format(const Diagnostic *diagnostic, Slice source, ByteBuffer *text)
{
    LineSearch search = {.source = source};
    put_diagnostic_and_line(diagnostic, diagnostic->path, &search, text);
}

size_t diagnostics_file_end(const Diagnostics *diagnostics, size_t first)
{
    size_t end = first;
    while (end < diagnostics->count &&
           (slice_equal(diagnostics->items[first].path, diagnostics->items[end].path) ||
            (end != first && diagnostics->items[end].severity == SEVERITY_NOTE)))
        end++;
    return end;
}

typedef struct ShownKind { /* the errors of a file, or its warnings */
    size_t count, shown;
    const Diagnostic *first_left; /* the first one not shown */
} ShownKind;

/* A single remaining one is reported instead of the line that would count it. */
static size_t most_shown(size_t count)
{
    return count <= DIAGNOSTICS_SHOWN + 1 ? count : DIAGNOSTICS_SHOWN;
}

static bool is_shown(ShownKind *kind, const Diagnostic *diagnostic)
{
    if (kind->shown < most_shown(kind->count)) {
        kind->shown++;
        return true;
    }
    if (kind->first_left == NULL)
        kind->first_left = diagnostic;
    return false;
}

static void put_rest(const ShownKind *kind, Slice path, const char *what, ByteBuffer *text)
{
    if (kind->first_left == NULL)
        return;
    put_place(kind->first_left, path, text);
    buffer_put_format(text, "%zu more %s in this file are not shown\n", kind->count - kind->shown,
                      what);
}

/* Without a search only the kinds are reported. */
static void put_one(const Diagnostic *diagnostic, Slice own_path, Slice path, LineSearch *search,
                    ByteBuffer *text)
{
    bool is_own = slice_equal(diagnostic->path, own_path);
    Slice shown_path = is_own ? path : diagnostic->path;
    if (search != NULL && is_own)
        put_diagnostic_and_line(diagnostic, shown_path, search, text);
    else
        put_diagnostic(diagnostic, shown_path,
                       search != NULL ? diagnostic->message : diagnostic->kind, text);
}

static void put_all(const Diagnostic *items, size_t count, Slice path, LineSearch *search,
                    ByteBuffer *text)
{
    ShownKind errors = {0}, warnings = {0};
    bool shows = true;
    for (size_t i = 0; i < count; i++) {
        errors.count += items[i].severity == SEVERITY_ERROR;
        warnings.count += items[i].severity == SEVERITY_WARNING;
    }
    for (size_t i = 0; i < count; i++) {
        if (items[i].severity != SEVERITY_NOTE)
            shows = is_shown(items[i].severity == SEVERITY_ERROR ? &errors : &warnings, &items[i]);
        if (shows)
            put_one(&items[i], items->path, path, search, text);
    }
    put_rest(&errors, path, "errors", text);
    put_rest(&warnings, path, "warnings", text);
}

void diagnostics_format_file(const Diagnostic *items, size_t count, Slice path, Slice source,
                             ByteBuffer *text)
{
    LineSearch search = {.source = source};
    put_all(items, count, path, &search, text);
}

void diagnostics_format_kinds(const Diagnostic *items, size_t count, Slice path, ByteBuffer *text)
{
    put_all(items, count, path, NULL, text);
}
