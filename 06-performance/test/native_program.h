/* SPDX-License-Identifier: MIT */
/*
 * Runs the machine code of a program without an image: its blobs are copied into memory below
 * 2 GiB, with a slot for each symbol, and main is called in a child process.
 *
 *     ByteBuffer blobs = {0};
 *     x86_put_runtime(&blobs);
 *     mini_program_emit_all(&program, mini_native_emit, &blobs);
 *     NativeRun run;
 *     native_program_run(buffer_slice(&blobs), NULL, &run);
 *     native_run_free(&run);
 */
#ifndef NATIVE_PROGRAM_H
#define NATIVE_PROGRAM_H

#include "memory.h"

typedef struct NativeRun {
    ByteBuffer output, errors; /* NUL-terminated */
    int status;                /* exit status; 128 + n for a signal */
} NativeRun;

/* The address of a C function of the test, or NULL. */
typedef void *FindSymbol(const char *name);

/* C's functions are found by `find`, if it is not NULL, then among those of the process. Fails the
 * test if a blob is not well formed or a symbol is missing or there twice. Skips it, and
 * says so, on a machine that is not x86-64 Linux: then all but the run is tested. */
void native_program_run(Slice blobs, FindSymbol *find, NativeRun *run);

void native_run_free(NativeRun *run);

#endif
