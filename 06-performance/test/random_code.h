/* SPDX-License-Identifier: MIT */
/*
 * A Mini program drawn at random that ends, without errors: for comparing what two back ends make
 * of it. Every type, operator and statement occurs in it, with the numbers at which they differ
 * most easily. It prints what it computes.
 *
 * The same seed gives the same program on every machine.
 */
#ifndef RANDOM_CODE_H
#define RANDOM_CODE_H

#include "memory.h"

/* Appends the source, one file, and a NUL that its size does not count. If `may_trap`, it may end
 * with a division by zero. */
void random_code_write(uint64_t seed, bool may_trap, ByteBuffer *source);

#endif
