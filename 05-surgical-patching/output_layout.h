/* SPDX-License-Identifier: MIT */
/*
 * How many bytes a section takes in the output, and which ones.
 *
 *     ┌──────────────────────────────┐
 *     │ prelude text                 │
 *     │ ·········· padding line ↵    │  a multiple of 256 bytes
 *     ├──────────────────────────────┤
 *     │ ; ==== FILE: a.mini:… ==== ↵ │
 *     │ the texts of its units       │
 *     │ ·········· padding line ↵    │  a multiple of 256 bytes
 *     ├──────────────────────────────┤
 *     │ ; ==== FILE: b.mini:… ==== ↵ │
 *
 * Padding is one line: 0 to 255 spaces and a newline, so always 1 to 256 bytes. It is added even if
 * the text fills its blocks exactly: otherwise a section whose last line has no newline could
 * swallow the marker after it.
 *
 * A section that grows a little still fits its place, yet its size depends on its own text alone,
 * not on the previous bytes. So a patched output equals a freshly built one.
 *
 * Threads: any.
 */
#ifndef OUTPUT_LAYOUT_H
#define OUTPUT_LAYOUT_H

#include "content_hash.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { OUTPUT_BLOCK = 256 };

/* Blocks that `size` bytes and their padding line fill. */
static inline uint64_t blocks_of(uint64_t size)
{
    return size / OUTPUT_BLOCK + 1;
}

/* Blocks of the prelude, and of the section of a file. */
static inline uint64_t prelude_blocks(Slice prelude)
{
    return blocks_of(prelude.size);
}

uint64_t section_blocks(Slice path, const Slice *texts, uint32_t text_count);

/* Write all bytes of these blocks to `to`. The marker of a section has the hash of its text. */
void prelude_write(char *to, Slice prelude);
void section_write(char *to, Slice path, const Slice *texts, uint32_t text_count);

/* True if a line of these blocks, other than the first, would be read as a marker: it looks like
 * one and is where a section may start. */
bool blocks_hold_marker(Slice blocks);

#ifdef __cplusplus
}
#endif
#endif
