/* SPDX-License-Identifier: MIT */
/*
 * How many basic blocks of code were entered: the compiler calls a function at the start of each
 * (-fsanitize-coverage=trace-pc, for all files except those beside this one). The count is the same
 * on every machine of a kind, under any load.
 */
#ifndef BLOCK_COUNT_H
#define BLOCK_COUNT_H

extern unsigned long long block_count;

#endif
