/* SPDX-License-Identifier: MIT */
/*
 * Runs a program compiled to LLVM IR: clang makes an executable from it, or lli interprets it.
 *
 * The next build may write to the output while clang or lli still reads it, and while the program
 * runs; the program may even start that build. So a copy is made while the build that wrote the
 * output holds the lock, and the program that runs is the one which that build made.
 *
 *     LlvmTool tool;
 *     ProgramCopy copy;
 *     ByteBuffer error = {0};
 *     int status = program_copy_make(&copy, "main.ll", &error);      under the lock
 *     if (status == 0 && llvm_tool_find(&tool, with, &error))        without it
 *         status = program_run(&tool, &copy, arguments, &error);
 *     program_copy_remove(&copy);
 *
 * Threads: one at a time; while the program runs, interrupts from the keyboard go to it and not to
 * the caller.
 */
#ifndef PROGRAM_RUN_H
#define PROGRAM_RUN_H

#include "held_signals.h"
#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { OLDEST_LLVM = 15 }; /* opaque pointers */

typedef struct LlvmTool {
    char path[4096];
    bool is_clang; /* otherwise lli */
    int version;   /* at least OLDEST_LLVM */
    /* Called once when compilation is done: from then on the terminal is the program's. NULL after
     * llvm_tool_find. */
    void (*starting)(void *context);
    void *context;
} LlvmTool;

typedef enum RunWith { RUN_WITH_ANY, RUN_WITH_CLANG, RUN_WITH_LLI } RunWith;

/* $MINIC_CLANG, $MINIC_LLI, then clang-N or lli-N with the greatest N, then plain ones; only one of
 * the two if `with` says so. False if none is new enough; `error` then says so in one line without
 * a newline. */
bool llvm_tool_find(LlvmTool *tool, RunWith with, ByteBuffer *error);

enum { PROGRAM_PATH_SIZE = 4096 + 16 };

typedef struct ProgramCopy { /* {0}: there is none */
    const char *output;              /* path of the original; lent */
    char dir[4096];                  /* $TMPDIR/minic-XXXXXX; "" once it is removed */
    char ir[PROGRAM_PATH_SIZE];      /* the copy */
    char program[PROGRAM_PATH_SIZE]; /* the executable that clang makes from it, or minic */
    char cache[PROGRAM_PATH_SIZE];   /* an empty directory */
    HeldSignals held;                /* while the copy exists, no signal ends the process */
} ProgramCopy;

/* Makes the new directory in $TMPDIR, with `cache` in it. 0; or -1, and `error` says why. Must be
 * removed in every case. */
int program_copy_make_place(ProgramCopy *copy, ByteBuffer *error);

/* Copies an output, whose path is lent, into a new directory in $TMPDIR. 0; or -1, and `error` says
 * why. Must be removed in every case. */
int program_copy_make(ProgramCopy *copy, const char *output, ByteBuffer *error);
/* Makes the copy, of an executable, one. 0 or a negative errno. */
int program_copy_make_executable(ProgramCopy *copy);
void program_copy_remove(ProgramCopy *copy);

/* Runs the program with the arguments (ends with NULL) and waits. Returns its exit status, 128+n
 * if signal n ended it (`error` says which), or -1 if it could not be started: `error` says why.
 * The copy is removed as soon as the program has started. */
int program_run(const LlvmTool *tool, ProgramCopy *copy, char *const arguments[],
                ByteBuffer *error);

#ifdef __cplusplus
}
#endif
#endif
