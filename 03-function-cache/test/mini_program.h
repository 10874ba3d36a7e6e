/* SPDX-License-Identifier: MIT */
/*
 * A whole Mini program, compiled the plain way: no cache, one file after another. The tests of the
 * code generator use it, and incremental results can be compared with it.
 *
 *     MiniProgram program = {0};
 *     mini_program_add(&program, "main.mini", "fn main() i32 { print(6 * 7); return 0; }");
 *     if (mini_program_compile(&program, "main.mini"))
 *         mini_program_run(&program, &output, &status);
 *     mini_program_free(&program);
 */
#ifndef MINI_PROGRAM_H
#define MINI_PROGRAM_H

#include "codegen.h"
#include "zir_cache.h"

typedef struct MiniFile {
    Slice path, source;
    Lowered lowered;
    Declarations declarations;
    uint32_t *targets; /* per import: number of the file, or UINT32_MAX */
    bool is_poisoned; /* it has syntax errors */
} MiniFile;

typedef struct MiniProgram { /* {0} is empty */
    MiniFile *files;
    uint32_t file_count;
    uint32_t entry;
    Arena arena;
    ByteBuffer text;         /* LLVM IR, if there was no error */
    Diagnostics diagnostics; /* sorted */
    ByteBuffer messages;     /* "path:line:column: error: message\n" of each */
} MiniProgram;

/* Adds a file; path and source are lent. */
void mini_program_add(MiniProgram *program, const char *path, const char *source);

/* Adds a file of a directory and everything it imports, from disk. Fails the test if one cannot be
 * read. */
void mini_program_load(MiniProgram *program, const char *directory, const char *entry);

/* Lowers all files and emits all units. True if there was no error. */
bool mini_program_compile(MiniProgram *program, const char *entry);

/* Emits all units once more, after mini_program_compile, with another back end: appends its texts.
 * True if there was no error. */
bool mini_program_emit_all(MiniProgram *program, EmitUnit emit_unit, ByteBuffer *text);

/* The output of one unit alone, after mini_program_compile: "path:name". */
void mini_program_emit_unit(MiniProgram *program, const char *path, const char *name,
                            ByteBuffer *text);

/* Compiles a file and gives the output of its declaration `f`, NUL-terminated. Fails the test if the
 * file has errors. The caller frees the text. */
void mini_program_text_of_f(const char *source, ByteBuffer *text);

/* Runs the text with lli. Its output goes to `output`, its exit status to `status` (128 + n for a
 * signal). Skips the running cmocka test, and says so, if there is no lli. */
void mini_program_run(const MiniProgram *program, ByteBuffer *output, int *status);

void mini_program_free(MiniProgram *program);

#endif
