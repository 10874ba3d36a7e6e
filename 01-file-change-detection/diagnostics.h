/* SPDX-License-Identifier: MIT */
/*
 * The errors of the program that is compiled, as many as one run can tell.
 *
 * Each phase appends what it finds; at the end they are sorted by path, line and column, so
 * that the list is the same on one thread or eight, on a clean build or an incremental one.
 *
 * Lines and columns count from 1; columns count bytes. Threads: one list per worker, merged
 * afterwards.
 */
#ifndef DIAGNOSTICS_H
#define DIAGNOSTICS_H

#include "memory.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Diagnostic {
    Slice path; /* as the project names the file; empty until the caller of a phase sets it */
    uint32_t line;
    uint32_t column;
    Slice message; /* one line, without "error:" */
} Diagnostic;

typedef struct Diagnostics { /* {0} is an empty list */
    Diagnostic *items;       /* owned */
    size_t count;
    size_t capacity;
    Arena texts; /* owns the messages */
    Slice path;  /* given to each diagnostic that is added; the caller sets it per file */
} Diagnostics;

/* Adds a message formatted as printf does. The message is copied, the path is lent. */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
void diagnostics_add(Diagnostics *diagnostics, uint32_t line, uint32_t column, const char *format,
                     ...);

/* Appends copies of all of `from`'s diagnostics. */
void diagnostics_append(Diagnostics *diagnostics, const Diagnostics *from);

/* Sorts by path, line, column, message, and drops exact repetitions. */
void diagnostics_sort(Diagnostics *diagnostics);

/* "path:line:column: error: message\n", then, where `source` has that line, the line and a
 * caret under the column. A line longer than a screen is shown around its column. */
void diagnostic_format(const Diagnostic *diagnostic, Slice source, ByteBuffer *text);

/* Appends bytes that somebody else chose (a file's name, a line of it) as a terminal may see them:
 * a '?' for each byte or character that is no printable UTF-8, or that nobody sees. Tabs stay. */
void diagnostics_put_shown(ByteBuffer *text, Slice bytes);

void diagnostics_free(Diagnostics *diagnostics);

#ifdef __cplusplus
}
#endif
#endif
