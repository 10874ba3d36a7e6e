/* SPDX-License-Identifier: MIT */
/* Random numbers for tests: others in each run, and the same again with SEED=... in front. */
#ifndef RANDOM_NUMBERS_H
#define RANDOM_NUMBERS_H

#include <stdint.h>

typedef struct Random {
    uint64_t state;
} Random;

/* Begins with $SEED or, without it, with the time; and prints which. */
Random random_begin(void);

/* From 0 to limit - 1. */
uint32_t random_draw(Random *random, uint32_t limit);

#endif
