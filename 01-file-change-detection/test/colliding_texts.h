/* SPDX-License-Identifier: MIT */
/*
 * Two printable texts that differ and have the same hash, made in no time: what somebody does who
 * wants one program to be taken for another.
 *
 *     char one[COLLIDING_SIZE], other[COLLIDING_SIZE];
 *     colliding_texts_make(one, other, 0);
 *     hash_bytes(slice_of(one, COLLIDING_SIZE))      equals that of the other
 *
 * XXH3 adds up, for each 8 bytes of an input, the product of their two halves, after an exclusive
 * or with constants that everybody knows. So choose the low halves of two such places such that
 * both products have the same factor; then what a digit more adds to the one, a digit less takes
 * from the other.
 */
#ifndef COLLIDING_TEXTS_H
#define COLLIDING_TEXTS_H

#include "content_hash.h"

enum { COLLIDING_SIZE = 600 };

/* Both are of letters, digits and dots. They collide in every input in which they stand at
 * `offset`, whatever stands before and behind them. */
void colliding_texts_make(char one[COLLIDING_SIZE], char other[COLLIDING_SIZE], size_t offset);

#endif
