/* SPDX-License-Identifier: MIT */
/*
 * The errors and warnings of the program that is compiled, as many as one run can find.
 *
 * Each phase appends what it finds; at the end they are sorted by path, line and column, so that
 * the list is the same on one thread or eight, in a clean build or an incremental one. Lists are
 * complete; diagnostics_format_file chooses what to show of a long one.
 *
 * What is added is an error, unless it is changed at once. A note belongs to the error or warning
 * before it, moves with it when the list is sorted, and may point to another file:
 *
 *     Diagnostic *added = diagnostics_add(&diagnostics, 3, 5, "'%s' is deprecated", name);
 *     added->severity = SEVERITY_WARNING;
 *     added->code = slice_from("deprecated");
 *     added = diagnostics_add(&diagnostics, 12, 4, "it is declared here");
 *     added->severity = SEVERITY_NOTE;
 *     added->path = other_path;
 *
 * A message may quote the file, and its reader may not be allowed to see that file: an import can
 * lead to a private key, and build errors end up in public logs. Each diagnostic therefore has a
 * second form, its kind, in the compiler's own words only. The caller knows where the file is, and
 * decides which of the two is shown (source_place.h).
 *
 * Lines and columns count from 1; columns count bytes. Threads: one list per worker, merged
 * afterwards.
 */
#ifndef DIAGNOSTICS_H
#define DIAGNOSTICS_H

#include "memory.h"

#include <stdarg.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum Severity {
    SEVERITY_ERROR,
    SEVERITY_WARNING,
    SEVERITY_NOTE, /* to the diagnostic before it */
} Severity;

typedef struct Diagnostic {
    Slice path; /* as the project names the file; empty until the caller of a phase sets it */
    uint32_t line;
    uint32_t column;
    Slice message; /* one line, without "error:" */
    Slice kind;    /* the message without text from the file: "undefined name '...'" */
    Severity severity;
    Slice code;    /* the compiler's name for what is wrong, "unused-variable"; may be empty */
    Slice subject; /* the declaration of `path` whose place this is, if it is that of another one
                      than the one compiled (codegen.h); else empty */
    bool is_once;   /* one mistake that shows in many places, a name declared nowhere: of those with
                       equal messages in one file, the first is enough */
} Diagnostic;

typedef struct Diagnostics { /* {0} is an empty list */
    Diagnostic *items;       /* owned */
    size_t count;
    size_t capacity;
    Arena texts; /* owns the messages */
    Slice path;  /* given to each added diagnostic; the caller sets it per file */
} Diagnostics;

/* Adds an error with a message formatted as printf does. The message is copied, the path is lent.
 * `format` must be the compiler's own words: it becomes the kind, with "..." for each conversion.
 * What was added may be changed until the next one is: a path, a code or a subject set there is
 * lent. */
#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
Diagnostic *diagnostics_add(Diagnostics *diagnostics, uint32_t line, uint32_t column,
                            const char *format, ...);
#if defined(__GNUC__)
__attribute__((format(printf, 4, 0)))
#endif
Diagnostic *diagnostics_add_list(Diagnostics *diagnostics, uint32_t line, uint32_t column,
                                 const char *format, va_list arguments);

/* Adds an error with a message that quotes nothing: it is its own kind. */
Diagnostic *diagnostics_add_plain(Diagnostics *diagnostics, uint32_t line, uint32_t column,
                                  Slice message);

/* Appends copies of all of `from`'s diagnostics; their paths and subjects stay lent. */
void diagnostics_append(Diagnostics *diagnostics, const Diagnostics *from);

/* Is any of them, from number `first` on, an error? */
bool diagnostics_have_error(const Diagnostics *diagnostics, size_t first);

/* Sorts by path, line, column, severity, message, each with its notes, and drops exact
 * repetitions, and of those to be reported once all but the first. */
void diagnostics_sort(Diagnostics *diagnostics);

/* "path:line:column: error: message [code]\n", then, where `source` has that line, the line and a
 * caret under the column. A line longer than a screen is shown around its column. */
void diagnostic_format(const Diagnostic *diagnostic, Slice source, ByteBuffer *text);

/* "path:line:column: error: kind [code]\n", for a file that must not be quoted. */
void diagnostic_format_kind(const Diagnostic *diagnostic, ByteBuffer *text);

/* In a sorted list, the end of the diagnostics with the path of number `first`, and their notes. */
size_t diagnostics_file_end(const Diagnostics *diagnostics, size_t first);

/* At most this many errors and this many warnings of one file are shown; the others are counted. */
enum { DIAGNOSTICS_SHOWN = 100 };

/* Formats the sorted diagnostics of one file, called `path`, as diagnostic_format does; if there
 * are many more than DIAGNOSTICS_SHOWN, a last line says how many more: "path:line:column: error: 23
 * more errors in this file are not shown". A note that points to another file is one line, with the
 * path and the message that it holds: if these may not be shown, change them first. Cost: one pass
 * over the source. */
void diagnostics_format_file(const Diagnostic *items, size_t count, Slice path, Slice source,
                             ByteBuffer *text);

/* The same, but only the kinds. */
void diagnostics_format_kinds(const Diagnostic *items, size_t count, Slice path, ByteBuffer *text);

void diagnostics_free(Diagnostics *diagnostics);

#ifdef __cplusplus
}
#endif
#endif
