/* SPDX-License-Identifier: MIT */
/* Programs made from a fuzzer's bytes, for whatever turns them into code. */
#ifndef FUZZ_PROGRAM_H
#define FUZZ_PROGRAM_H

#include "memory_program.h"

/* The text of a program: a line `//// NAME` ends a file and begins the next one; the first is
 * main.mini. Before each file comes `comment`. Compiles it; the caller frees the program. */
void fuzz_program_compile(MemoryProgram *program, Slice text, Slice comment, EmitUnit emit);

/* Ends the process unless both have the same code, keys and, if `same_lines`, errors. */
void fuzz_programs_same(const MemoryProgram *a, const MemoryProgram *b, bool same_lines);

/* One of two programs, lowered, with damage to what a cache would hold:
 *
 *     which program u8 │ for each of its files: damage to the declarations, damage to the ZIR
 */
void fuzz_program_damage(MemoryProgram *program, const uint8_t *data, size_t size);

#endif
