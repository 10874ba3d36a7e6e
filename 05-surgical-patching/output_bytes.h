/* SPDX-License-Identifier: MIT */
/*
 * The bytes of an output: all of them, some of them, or compared with a file.
 *
 * Sections are processed in batches of neighbors, each batch an item of the executor: a batch is
 * put together (or read) in a buffer of the worker and written (or compared) at once. So memory
 * does not grow with the output, and the cache still holds the bytes when they are hashed.
 *
 * Threads: one call at a time; the loops run through the build's executor.
 */
#ifndef OUTPUT_BYTES_H
#define OUTPUT_BYTES_H

#include "output_draft.h"
#include "output_format.h"
#include "output_state.h"

#ifdef __cplusplus
extern "C" {
#endif

/* -EILSEQ from the functions that make bytes: a text has a line that would be read as a marker (see
 * blocks_hold_marker). */

/* ---- one section, after build_emit --------------------------------------------------------- */

/* With a format (NULL: text), after its begin_all or begin_patch. */
uint64_t section_size(const Build *build, const OutputFormat *format, uint32_t section);

/* Writes the section to `to`, which has room for `size` = section_size, and describes it in
 * `record`. 0, -EILSEQ, or an error of the format. */
int section_make(const Build *build, const OutputFormat *format, uint32_t section, char *to,
                 uint64_t size, SectionRecord *record);

/* The hash of a page of the prelude, or of the head of a format; the last one may be shorter. That
 * of all is the sum: who changes one page of a thousand need not read the others. */
enum { HEAD_PAGE = 4096 };
Hash128 head_page_hash(const Build *build, uint64_t offset, Slice page);

/* Describes the prelude, or the head of a format. */
void record_head(const Build *build, Slice head, OutputRecord *record);

/* The same for the prelude, or the head of the format: appended to `bytes`; sets the prelude of
 * `record`. */
int prelude_make(Build *build, const OutputFormat *format, ByteBuffer *bytes,
                 OutputRecord *record);

/* ---- all of it ----------------------------------------------------------------------------- */

/* Writes prelude and all sections, with their texts from build_emit, to the draft. Appends a
 * SectionRecord for each to `records`, sets size and prelude of `record`. 0 or a negative errno (of
 * the draft), -EILSEQ, or an error of the format. */
int output_write_all(const OutputDraft *draft, Build *build, OutputFormat *format,
                     ByteBuffer *records, OutputRecord *record);

typedef struct OutputDifference { /* the caller frees `sections` */
    bool prelude_differs;
    uint32_t *sections; /* ascending */
    uint32_t count;
} OutputDifference;

/* Which sections of the open output differ from `state` (loaded)? An unreadable one differs. They
 * have the numbers of the build that wrote them. */
void output_compare(int fd, const Build *build, const OutputState *state,
                    OutputDifference *difference);

#ifdef __cplusplus
}
#endif
#endif
