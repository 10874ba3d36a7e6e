/* SPDX-License-Identifier: MIT */
/*
 * Blocks. LLVM wants every block to begin with a label and to end with one terminator. Structured
 * control flow gives both: IF, ELSE, END, LOOP, ... each end a block and open one named after
 * itself. After a RETURN, BREAK or CONTINUE no block is open; the rest of the same source block can
 * never run, and gets its own block (%dead7) as soon as there is something to print.
 */
#ifndef LLVM_BLOCKS_H
#define LLVM_BLOCKS_H

#include "llvm_text.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The block that instruction `at` opens. */
static inline Block block_of(uint32_t at)
{
    return at * 2;
}

void ir_open_block(LlvmPrinter *printer, Block block);

/* "  ": every printed instruction starts here. In dead code it opens a block first. */
void ir_begin_line(LlvmPrinter *printer, uint32_t at);

/* "  %v7 = " */
void ir_begin_value(LlvmPrinter *printer, uint32_t at);

/* Ends the open block, if there is one, with a jump to the block of `target`. */
void ir_jump(LlvmPrinter *printer, uint32_t target);

/* The same for a jump in the source: in dead code it needs a block. */
void ir_begin_jump(LlvmPrinter *printer, uint32_t at, uint32_t target);

/* Ends the open block: on to the block of one of two instructions. */
void ir_branch(LlvmPrinter *printer, uint32_t at, uint32_t condition, uint32_t if_true,
               uint32_t if_false);

#ifdef __cplusplus
}
#endif
#endif
