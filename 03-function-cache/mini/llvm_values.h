/* SPDX-License-Identifier: MIT */
/* The instructions that make a value. */
#ifndef LLVM_VALUES_H
#define LLVM_VALUES_H

#include "llvm_blocks.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Prints an instruction that makes a value or an address; skips one that is only an operand, which
 * is printed where it is used. */
void llvm_print_value(LlvmPrinter *printer, uint32_t at);

/* Whether a place is in memory: if not, the value stored to it is known by name. */
bool llvm_is_in_memory(const LlvmPrinter *printer, uint32_t place);

/* "ptr %v7": a place is a VAR's alloca, or an address in it. */
void llvm_put_place(LlvmPrinter *printer, uint32_t place);

#ifdef __cplusplus
}
#endif
#endif
