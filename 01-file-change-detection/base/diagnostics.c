/* SPDX-License-Identifier: MIT */
#include "diagnostics.h"

#include "shown_text.h"

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
    shown_text_put(text, slice_of(line.data + first, last - first));
    if (last != line.size)
        buffer_put(text, slice_from(cut));
    buffer_put_byte(text, '\n');

    if (first != 0)
        shown_text_put_blank(text, slice_from(cut));
    shown_text_put_blank(text, slice_of(line.data + first, column - first));
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
    shown_text_put(text, path);
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
    shown_text_put(text, message);
    if (diagnostic->code.size != 0) {
        buffer_put(text, slice_from(" ["));
        shown_text_put(text, diagnostic->code);
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
