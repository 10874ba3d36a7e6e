/* SPDX-License-Identifier: MIT */
/*
 * Two different printable texts with the same hash, made in no time: an attacker passes off one
 * program as another.
 *
 *     char one[COLLIDING_SIZE], other[COLLIDING_SIZE];
 *     colliding_texts_make(one, other, 0);
 *     hash_bytes(slice_of(one, COLLIDING_SIZE))      equals that of the other
 *
 * For each 8 bytes of an input, XXH3 adds up the product of their two halves, after an exclusive or
 * with public constants. Choose the low halves of two such places so that both products have the
 * same factor: what one digit more adds to the one, one digit less takes from the other.
 */
#ifndef COLLIDING_TEXTS_H
#define COLLIDING_TEXTS_H

#include "content_hash.h"

enum { COLLIDING_SIZE = 600 };

/* Both consist of letters, digits and dots. They collide in every input that has them at `offset`,
 * whatever comes before and after them. */
void colliding_texts_make(char one[COLLIDING_SIZE], char other[COLLIDING_SIZE], size_t offset);

#endif
