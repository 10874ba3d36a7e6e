/* SPDX-License-Identifier: MIT */
/*
 * Strings in JSON.
 *
 *     json_put_string(&text, slice_from("a \"b\""));          "a \"b\""
 *
 * What is written is valid JSON whatever the bytes are: those that are not UTF-8 and those that
 * control a terminal are shown as everywhere else (shown_text_put).
 */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Appends the string, with its quotation marks. */
void json_put_string(ByteBuffer *text, Slice string);

#ifdef __cplusplus
}
#endif
#endif
