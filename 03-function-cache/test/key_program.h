/* SPDX-License-Identifier: MIT */
/*
 * A program for tests of the keys, without a language. Each file consists of lines
 *
 *     name | interface | body
 *
 * where the body is optional, and in interface and body the words `@name` and `1:name` refer to
 * units of the file itself and of its import number 1. The hashes are made from the words, with the
 * number of a reference in place of its name.
 *
 *     FileSpec specs[] = {{"main.x", "1", "main | | calls 0:add"},
 *                         {"math.x", "", "add | a b | sum"}};
 *     KeyProgram program;
 *     key_program_init(&program, specs, 2);
 *     Hash128 key = key_program_key(&program, "main.x:main", &is_cacheable);
 *     key_program_free(&program);
 */
#ifndef KEY_PROGRAM_H
#define KEY_PROGRAM_H

#include "unit_keys.h"

enum { KEY_PROGRAM_FILES = 8 };

typedef struct FileSpec {
    const char *path;
    const char *imports; /* numbers of files, one digit each: "12" */
    const char *units;
} FileSpec;

typedef struct KeyProgram {
    Program program; /* first */
    ProgramFile files[KEY_PROGRAM_FILES];
    uint32_t file_count;
    Arena arena;
    ByteBuffer scratch;
} KeyProgram;

/* The entry is file 0, its entry point "main". Interface keys are computed. */
void key_program_init(KeyProgram *program, const FileSpec *specs, uint32_t count);
void key_program_free(KeyProgram *program);

/* Rebuilds one file's declarations, without computing keys. */
void key_program_set(KeyProgram *program, uint32_t file, const FileSpec *spec);

/* Gives a file an interface blob, and computes all interface keys again. */
void key_program_set_interface(KeyProgram *program, uint32_t file, const char *interface);

/* The number of a unit in its file; fails the test if it does not exist. */
uint32_t key_program_find(const KeyProgram *program, uint32_t file, const char *name);

/* The unit key of "path:name". */
Hash128 key_program_key(KeyProgram *program, const char *symbol, bool *is_cacheable);

#endif
