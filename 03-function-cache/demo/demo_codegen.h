/* SPDX-License-Identifier: MIT */
/*
 * The program of this stage's contract: it compiles each function whose code no earlier build made.
 *
 * The code is kept in .mini_cache/air.pack and air.index, beside the files of stages 1 and 2.
 */
#ifndef DEMO_CODEGEN_H
#define DEMO_CODEGEN_H

#include "cached_codegen.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Receives the outcome of each unit: files in byte order of their paths, the units of a file in
 * source order. */
typedef struct UnitListener {
    void (*tell)(void *context, Slice path, Slice name, const UnitOutput *output);
    void *context;
} UnitListener;

/* One build of the program whose entry is in the working directory. Returns the exit status of the
 * contract; errors are printed. */
int compile_program(const char *entry, const UnitListener *listener);

/* The same. Prints the facts of the contract. */
int codegen(const char *entry);

#ifdef __cplusplus
}
#endif

#endif
