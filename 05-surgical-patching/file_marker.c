/* SPDX-License-Identifier: MIT */
/*
 * A marker is read from both ends: a fixed beginning, a fixed end with the hash before it, and
 * between them the path. No byte of a path can be mistaken for anything else, because the line ends
 * at the first newline and a path's own newlines are escaped.
 *
 *     ; ==== FILE: │ path, escaped │ : │ 32 hex digits │  ====\n
 *     PREFIX                        SUFFIX_SIZE bytes
 *
 * Reading is strict. A line that file_marker_write would not have written is not a marker but text.
 */
#include "file_marker.h"

#include <stdlib.h>

static const char PREFIX[] = "; ==== FILE: ";
static const char END[] = " ====\n";

enum {
    PREFIX_SIZE = sizeof PREFIX - 1,
    END_SIZE = sizeof END - 1,
    SUFFIX_SIZE = 1 + HASH_HEX_SIZE + END_SIZE, /* colon, hash, end */
    LONGEST_MARKER = 1 << 16, /* read no further for a newline: any bytes parse in linear time */
};

/* ---- paths ----------------------------------------------------------------------------------- */

static bool needs_escape(char byte)
{
    return byte < ' ' || byte > '~' || byte == '\\' || byte == ':';
}

static size_t escaped_size(Slice path)
{
    size_t size = path.size;
    for (size_t i = 0; i < path.size; i++)
        size += needs_escape(path.data[i]) ? 2 : 0;
    return size;
}

static char *write_escaped(char *to, Slice path)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < path.size; i++) {
        unsigned char byte = (unsigned char)path.data[i];
        if (needs_escape(path.data[i])) {
            *to++ = '\\';
            *to++ = digits[byte >> 4];
            *to++ = digits[byte & 15];
        } else {
            *to++ = path.data[i];
        }
    }
    return to;
}

/* The value of a hex digit whose letters begin at `a` ('a' or 'A'), or -1. */
static int hex_value(char digit, char a)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    return digit >= a && digit < a + 6 ? digit - a + 10 : -1;
}

/* Reads one byte of a path and moves on. False if write_escaped would not have written it so. */
static bool read_escaped(const char **from, const char *end, char *byte)
{
    *byte = *(*from)++;
    if (*byte != '\\')
        return !needs_escape(*byte);
    if (end - *from < 2)
        return false;
    int high = hex_value((*from)[0], 'A'), low = hex_value((*from)[1], 'A');
    *from += 2;
    *byte = (char)(unsigned char)((high & 15) << 4 | (low & 15));
    return high >= 0 && low >= 0 && needs_escape(*byte);
}

static bool unescape(Slice escaped, Arena *arena, Slice *path)
{
    const char *from = escaped.data, *end = escaped.data + escaped.size;
    size_t size = 0;
    char byte;
    while (from < end) {
        if (!read_escaped(&from, end, &byte))
            return false;
        size++;
    }
    *path = escaped;
    if (size == escaped.size)
        return true;
    char *bytes = arena_allocate(arena, size);
    *path = slice_of(bytes, size);
    for (from = escaped.data; from < end; bytes++)
        read_escaped(&from, end, bytes);
    return true;
}

/* ---- one marker ------------------------------------------------------------------------------ */

size_t file_marker_size(Slice path)
{
    return PREFIX_SIZE + escaped_size(path) + SUFFIX_SIZE;
}

char *file_marker_write(char *to, Slice path, Hash128 key)
{
    char hex[HASH_HEX_SIZE + 1];
    hash_to_hex(key, hex);
    memcpy(to, PREFIX, PREFIX_SIZE);
    to = write_escaped(to + PREFIX_SIZE, path);
    *to++ = ':';
    memcpy(to, hex, HASH_HEX_SIZE);
    memcpy(to + HASH_HEX_SIZE, END, END_SIZE);
    return to + HASH_HEX_SIZE + END_SIZE;
}

static bool read_half(const char *hex, uint64_t *half)
{
    *half = 0;
    for (int i = 0; i < HASH_HEX_SIZE / 2; i++) {
        int value = hex_value(hex[i], 'a');
        if (value < 0)
            return false;
        *half = *half << 4 | (uint64_t)value;
    }
    return true;
}

bool file_marker_read(Slice text, Arena *arena, FileMarker *marker)
{
    if (text.size < PREFIX_SIZE + SUFFIX_SIZE || memcmp(text.data, PREFIX, PREFIX_SIZE) != 0)
        return false;
    size_t longest = text.size < LONGEST_MARKER ? text.size : LONGEST_MARKER;
    const char *newline = memchr(text.data, '\n', longest);
    if (newline == NULL || newline + 1 - text.data < PREFIX_SIZE + SUFFIX_SIZE)
        return false;
    const char *suffix = newline + 1 - SUFFIX_SIZE;
    if (*suffix != ':' || memcmp(newline + 1 - END_SIZE, END, END_SIZE) != 0)
        return false;
    if (!read_half(suffix + 1, &marker->key.high) ||
        !read_half(suffix + 1 + HASH_HEX_SIZE / 2, &marker->key.low))
        return false;
    marker->size = (size_t)(newline + 1 - text.data);
    return unescape(slice_of(text.data + PREFIX_SIZE, marker->size - PREFIX_SIZE - SUFFIX_SIZE),
                    arena, &marker->path);
}

/* ---- all of an output ------------------------------------------------------------------------ */

/* The first place at or after `from` where a marker may stand. */
static size_t next_place(Slice output, size_t from, size_t alignment)
{
    if (alignment > 1)
        return from + (alignment - from % alignment) % alignment;
    if (from == 0 || from >= output.size || output.data[from - 1] == '\n')
        return from;
    const char *newline = memchr(output.data + from, '\n', output.size - from);
    return newline == NULL ? output.size : (size_t)(newline + 1 - output.data);
}

static void add_section(OutputSections *sections, uint32_t *capacity, OutputSection section)
{
    if (sections->count == *capacity) {
        *capacity = *capacity == 0 ? 64 : *capacity * 2;
        sections->items = memory_resize(sections->items, *capacity * sizeof section);
    }
    sections->items[sections->count++] = section;
}

static bool starts_line(Slice output, size_t place)
{
    return place == 0 || output.data[place - 1] == '\n';
}

/* A section ends where the next one begins. */
static void set_sizes(OutputSections *sections, Slice output)
{
    uint64_t end = output.size;
    for (uint32_t i = sections->count; i-- > 0;) {
        sections->items[i].size = end - sections->items[i].offset;
        end = sections->items[i].offset;
    }
    sections->prelude = slice_of(output.data, (size_t)end);
}

void output_sections_parse(OutputSections *sections, Slice output, size_t alignment)
{
    uint32_t capacity = 0;
    FileMarker marker;
    *sections = (OutputSections){0};
    for (size_t at = 0; at < output.size;) {
        Slice rest = slice_of(output.data + at, output.size - at);
        size_t next = at + 1;
        if (starts_line(output, at) && file_marker_read(rest, &sections->paths, &marker)) {
            add_section(sections, &capacity, (OutputSection){marker.path, marker.key, at, 0});
            next = at + marker.size;
        }
        at = next_place(output, next, alignment);
    }
    set_sizes(sections, output);
}

void output_sections_free(OutputSections *sections)
{
    memory_free(sections->items);
    arena_free(&sections->paths);
    *sections = (OutputSections){0};
}

/* ---- what changed ---------------------------------------------------------------------------- */

static int compare_sections(const void *a, const void *b)
{
    const OutputSection *x = *(const OutputSection *const *)a;
    const OutputSection *y = *(const OutputSection *const *)b;
    int order = slice_compare(x->path, y->path);
    return order != 0 ? order : (x->offset > y->offset) - (x->offset < y->offset);
}

static const OutputSection **sorted(const OutputSections *sections)
{
    const OutputSection **order = memory_allocate((sections->count + 1) * sizeof *order);
    for (uint32_t i = 0; i < sections->count; i++)
        order[i] = &sections->items[i];
    qsort(order, sections->count, sizeof *order, compare_sections);
    order[sections->count] = NULL;
    return order;
}

/* The order of the next section of either list; one that has ended comes last. */
static int order_of_next(const OutputSection *was, const OutputSection *is)
{
    if (was == NULL || is == NULL)
        return (was == NULL) - (is == NULL);
    return slice_compare(was->path, is->path);
}

void output_sections_compare(const OutputSections *before, const OutputSections *after,
                             void (*report)(void *context, SectionDifference difference,
                                            const OutputSection *was, const OutputSection *is),
                             void *context)
{
    const OutputSection **old_order = sorted(before), **new_order = sorted(after);
    const OutputSection **was = old_order, **is = new_order;
    while (*was != NULL || *is != NULL) {
        int order = order_of_next(*was, *is);
        if (order < 0)
            report(context, SECTION_REMOVED, *was++, NULL);
        else if (order > 0)
            report(context, SECTION_NEW, NULL, *is++);
        else {
            bool equal = hash_equal((*was)->key, (*is)->key);
            report(context, equal ? SECTION_UNCHANGED : SECTION_CHANGED, *was++, *is++);
        }
    }
    memory_free(old_order);
    memory_free(new_order);
}
