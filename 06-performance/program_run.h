/* SPDX-License-Identifier: MIT */
/*
 * Runs a program that was compiled to LLVM IR: clang makes an executable of it, or lli
 * interprets it.
 *
 *     LlvmTool tool;
 *     ByteBuffer error = {0};
 *     int status = 3;
 *     if (llvm_tool_find(&tool, &error))
 *         status = program_run(&tool, "main.ll", arguments, &error);
 *
 * Threads: from one at a time; while the program runs, interrupts from the keyboard go to it
 * and not to the caller.
 */
#ifndef PROGRAM_RUN_H
#define PROGRAM_RUN_H

#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { OLDEST_LLVM = 15 }; /* opaque pointers */

typedef struct LlvmTool {
    char path[4096];
    bool is_clang; /* else lli */
    int version;   /* at least OLDEST_LLVM */
    /* Called once when what is compiled is compiled: from then on the terminal is the program's.
     * NULL after llvm_tool_find. */
    void (*starting)(void *context);
    void *context;
} LlvmTool;

/* $MINIC_CLANG, $MINIC_LLI, then clang-N or lli-N with the greatest N, then plain ones. False
 * if there is none that is new enough; `error` then says so in one line without a newline. */
bool llvm_tool_find(LlvmTool *tool, ByteBuffer *error);

/* Runs the program with the arguments (ends with NULL) and waits. Returns its exit status, 128+n
 * if signal n ended it (`error` says which), or -1 if it could not be started: `error` says why. The executable that
 * clang makes is in $TMPDIR, and is removed as soon as the program has started. */
int program_run(const LlvmTool *tool, const char *ir_path, char *const arguments[],
                ByteBuffer *error);

#ifdef __cplusplus
}
#endif
#endif
