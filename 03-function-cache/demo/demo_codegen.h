/* SPDX-License-Identifier: MIT */
/*
 * The program that the contract of this stage asks for: it compiles each function whose code no
 * build has made yet.
 *
 * The code is kept in .mini_cache/air.pack and air.index, beside what stages 1 and 2 keep.
 */
#ifndef DEMO_CODEGEN_H
#define DEMO_CODEGEN_H

#include "cached_codegen.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Hears what became of each unit: the files in byte order of their paths, the units of a file in
 * the order of its source. */
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
