/* SPDX-License-Identifier: MIT */
/*
 * The line before each file's section of an output, and the way back from an output to its
 * sections.
 *
 *     ; ==== FILE: lib/math.mini:0123456789abcdef0123456789abcdef ====
 *
 * The path is escaped, so that a marker is always one line of printable ASCII and no file name
 * can forge or break one: a byte that is not printable ASCII, a backslash and a colon are
 * written as a backslash and two upper-case hex digits, as LLVM writes names. Only this form is
 * read back, so paths and markers match one to one. The hash, the section's key, is that of the
 * text as it was written, the same on every machine. So two outputs of builds can be compared by
 * their markers alone. It does not show later changes to a section.
 *
 * A text can hold a line that looks like a marker. Outputs whose sections start at multiples of
 * some number (output_layout.h) are parsed with that `alignment`: a marker counts only there.
 *
 *     OutputSections before = {0}, after = {0};
 *     output_sections_parse(&before, old_text, 1);          1: a marker may stand anywhere
 *     output_sections_parse(&after, new_text, 1);
 *     output_sections_compare(&before, &after, report, NULL);
 *     output_sections_free(&before);
 *     output_sections_free(&after);
 *
 * Threads: any.
 */
#ifndef FILE_MARKER_H
#define FILE_MARKER_H

#include "content_hash.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- one marker ------------------------------------------------------------------------------ */

/* Bytes of the marker of `path`, its newline included. */
size_t file_marker_size(Slice path);

/* Writes the marker to `to`, which has room for it, and returns its end. */
char *file_marker_write(char *to, Slice path, Hash128 key);

typedef struct FileMarker {
    Slice path; /* unescaped: in the text, or in the arena if it had escapes */
    Hash128 key;
    size_t size; /* bytes of the line with its newline */
} FileMarker;

/* True if `text` begins with a marker (of at most 64 KiB). */
bool file_marker_read(Slice text, Arena *arena, FileMarker *marker);

/* ---- all of an output ------------------------------------------------------------------------ */

typedef struct OutputSection {
    Slice path;
    Hash128 key;
    uint64_t offset; /* of the marker */
    uint64_t size;   /* up to the next marker or the end, padding included */
} OutputSection;

typedef struct OutputSections { /* {0} is empty */
    Slice prelude;        /* the bytes before the first marker; in the output */
    OutputSection *items; /* owned; in the order of the output */
    uint32_t count;
    Arena paths; /* paths that were escaped; the others point into the output */
} OutputSections;

/* Splits any bytes into sections: without a marker, everything is prelude. The result lives as long
 * as the output's bytes. The caller frees. Cost: one pass over the lines, or, with an alignment,
 * one look at each multiple of it. */
void output_sections_parse(OutputSections *sections, Slice output, size_t alignment);
void output_sections_free(OutputSections *sections);

typedef enum SectionDifference {
    SECTION_UNCHANGED, /* same path, same key */
    SECTION_CHANGED,   /* same path, other key */
    SECTION_NEW,
    SECTION_REMOVED,
} SectionDifference;

/* Calls `report` for each section of either output, in byte order of paths, with its change. `was`
 * is NULL for a new section, `is` for a removed one. Where a path occurs more than once, the n-th
 * is compared with the n-th. */
void output_sections_compare(const OutputSections *before, const OutputSections *after,
                             void (*report)(void *context, SectionDifference difference,
                                            const OutputSection *was, const OutputSection *is),
                             void *context);

#ifdef __cplusplus
}
#endif
#endif
