/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with a TOKEN_INVALID, and what to write instead.
 *
 * Most of these tokens are right in some other language: the message says how Mini says the same.
 */
#ifndef LEXER_PROBLEM_H
#define LEXER_PROBLEM_H

#include "lexer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes the problem into `text`, cut to `size` bytes. False if it is a byte that
 * source_text_find_bad reports. */
bool lexer_problem(Slice source, Token token, char *text, size_t size);

/* The end of what the parser may pass over after reporting it, as if it were a blank: a comment of
 * C, a byte order mark at the beginning. 0: nothing like it. */
uint32_t lexer_problem_end(Slice source, Token token);

#ifdef __cplusplus
}
#endif
#endif
