/* SPDX-License-Identifier: MIT */
/*
 * Text that comes from a file that somebody else wrote, and goes to a terminal.
 *
 * Everything that is not printable UTF-8 (escape sequences, invalid bytes) and every invisible
 * character (one that reverses the direction of text, has no width, or is a tag of others) is shown
 * as one '?': different names look different, and nothing is hidden.
 *
 *     shown_text_put(&text, line);              a\tb = \x1b;      a\tb = ?;
 *     shown_text_put_blank(&text, before);      and a caret below the line is in the right column
 *
 * Threads: any.
 */
#ifndef SHOWN_TEXT_H
#define SHOWN_TEXT_H

#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Appends untrusted bytes (a file's name, a line of it) in a form that is safe on a terminal: a '?'
 * for each byte or character that is not printable UTF-8 or is invisible. Tabs stay. */
void shown_text_put(ByteBuffer *text, Slice bytes);

/* Appends blanks as wide as the bytes are when shown, whatever the terminal's tab stops are: a tab
 * for each tab, two spaces for what is drawn two columns wide, none for a mark on the letter before
 * it. */
void shown_text_put_blank(ByteBuffer *text, Slice bytes);

#ifdef __cplusplus
}
#endif
#endif
