/* SPDX-License-Identifier: MIT */
/*
 * Mini source → ZIR and declarations, in one pass.
 *
 * There is no syntax tree. The parser emits instructions as it recognises expressions, resolves
 * locals as it goes (a local shadows top-level names and import aliases), and leaves every other
 * name as a reference for stage 3. On a syntax error it reports, skips to the end of the statement
 * or declaration, and continues, so that one run reports several errors.
 *
 * Source rules: UTF-8 without NUL; CR LF reads as LF; the limits below.
 * Threads: any, with a diagnostics list and an arena each.
 */
#ifndef PARSER_H
#define PARSER_H

#include "diagnostics.h"
#include "zir_cache.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    MINI_MAX_NESTING = 1000,            /* parentheses, calls, unary operators, blocks */
    MINI_MAX_ARGUMENTS = 1000,          /* parameters, arguments; fields of a struct literal */
    MINI_MAX_ERRORS = 100,              /* of one file */
    MINI_MAX_SOURCE_BYTES = 16 << 20,   /* lowering takes about thirty times as much memory */
};

/* Lowers a source. The hashes of its declarations are made under the secret (hash_keyed; NULL: they
 * are public). The blobs are in the arena. True if there was no error. With errors, and the
 * diagnostics say which, the blobs are for checking the rest of the program (compiler.h): a
 * declaration with a syntax error is there, and marked (zir.h). They are empty if an error may hide
 * declarations. */
bool mini_lower(Slice source, const HashSecret *secret, Arena *arena, Diagnostics *diagnostics,
                Lowered *lowered);

#ifdef __cplusplus
}
#endif
#endif
