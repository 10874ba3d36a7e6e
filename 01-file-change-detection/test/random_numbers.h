/* SPDX-License-Identifier: MIT */
/* Random numbers for tests: different in each run, repeatable with SEED=... in front. */
#ifndef RANDOM_NUMBERS_H
#define RANDOM_NUMBERS_H

#include <stdint.h>

typedef struct Random {
    uint64_t state;
} Random;

/* Starts from $SEED or, without it, from the time, and prints the seed. */
Random random_begin(void);

/* From 0 to limit - 1. */
uint32_t random_draw(Random *random, uint32_t limit);

#endif
