/* SPDX-License-Identifier: MIT */
/*
 * A Mini program compiled as by the engine, with keys and the guarded lookup, but from memory: no
 * caches, no disk. Each file is lowered from its source, or its lowered form is passed in, as if
 * from a cache.
 *
 *     MemoryProgram program = {0};
 *     memory_program_add(&program, slice_from("main.mini"), source);
 *     memory_program_lower(&program);
 *     memory_program_emit(&program);
 *     if (program.is_right) ... program.text ...
 *     memory_program_free(&program);
 *
 * An import of a file that was not added leads to an empty file.
 */
#ifndef MEMORY_PROGRAM_H
#define MEMORY_PROGRAM_H

#include "cached_codegen.h"
#include "zir_cache.h"

enum { MEMORY_PROGRAM_FILES = 6 };

typedef struct MemoryFile {
    Slice path, source;
    Lowered lowered;
    ProgramFile view;
    Hash128 *unit_keys; /* after memory_program_emit */
    ByteBuffer text;    /* of all its units */
} MemoryFile;

typedef struct MemoryProgram { /* {0} is empty */
    Program program; /* first */
    MemoryFile files[MEMORY_PROGRAM_FILES + 1]; /* the last one is empty */
    uint32_t file_count;
    EmitUnit emit; /* NULL: LLVM IR */
    bool is_right;
    Diagnostics diagnostics; /* sorted, after memory_program_emit */
    CodegenScratch codegen;
    ByteBuffer key;
    Arena arena;
} MemoryProgram;

/* Adds a file, unless there are already MEMORY_PROGRAM_FILES or one with this path. Path and source
 * are lent. The first one is the entry. */
void memory_program_add(MemoryProgram *program, Slice path, Slice source);

/* Lowers all files. False if one has errors. */
bool memory_program_lower(MemoryProgram *program);

/* Replaces a file's lowered form. False, and nothing is replaced, if the engine would treat it as
 * damaged: the declarations are not well formed, or have other imports. */
bool memory_program_set_lowered(MemoryProgram *program, uint32_t file, const Lowered *lowered);

/* Computes all keys and emits all units of the lowered files. Call it once. */
void memory_program_emit(MemoryProgram *program);

void memory_program_free(MemoryProgram *program);

#endif
