/* SPDX-License-Identifier: MIT */
/*
 * A source as text: is it UTF-8, and where do its lines start?
 *
 * Separate passes answer both questions before the parser runs. That costs little (eight bytes a
 * step, or memchr) and frees the lexer from both: it never counts a line or looks at a byte of a
 * comment.
 */
#ifndef SOURCE_TEXT_H
#define SOURCE_TEXT_H

#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The length of the well-formed UTF-8 sequence at `at` and its code point; 0 if there is none:
 * surrogates, overlong forms and values above U+10FFFF are not well formed. */
size_t utf8_decode(const char *at, const char *end, uint32_t *code_point);

/* The offset of the first byte at or after `from` that is NUL or not part of well-formed UTF-8,
 * or source.size. */
size_t source_text_find_bad(Slice source, size_t from);

/* Appends the byte offset of each line's start, as uint32_t; the first one is 0. Returns their
 * number: one more than the number of line feeds. */
uint32_t source_text_line_starts(Slice source, ByteBuffer *starts);

/* The line, from 1, that holds the offset. starts[0] must be 0. Cost: log2 of the lines. */
uint32_t source_text_line(const uint32_t *starts, uint32_t count, uint32_t offset);

#ifdef __cplusplus
}
#endif
#endif
