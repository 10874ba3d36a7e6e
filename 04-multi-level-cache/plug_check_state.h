/* SPDX-License-Identifier: MIT */
/* Private to plug_check.c, which looks at files, plug_check_inputs.c and plug_check_units.c. */
#ifndef PLUG_CHECK_STATE_H
#define PLUG_CHECK_STATE_H

#include "cached_codegen.h"
#include "plug_check.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PLUG_ROUNDS = 3 };

typedef struct CheckedFile {
    const PlugFile *file;
    Slice *imports; /* of sources, as scanned */
    uint32_t import_count;
    ScannedImport *inputs; /* the others */
    uint32_t input_count;
    Lowered lowered;
    ProgramFile seen; /* what keys and code generation see; poisoned unless it was lowered */
    const void *opened;
} CheckedFile;

typedef struct PlugState {
    Program program; /* first: see plug_check_units.c */
    const Compiler *compiler;
    const PlugCheck *request;
    CheckedFile *files;
    uint32_t count;
    Arena memory;
    uint64_t broken;
} PlugState;

void plug_breaks(PlugState *check, const char *function, Slice subject, const char *rule);

/* Where an import leads: the number of a file, TARGET_ABSENT or TARGET_NONE. Any thread. */
uint32_t plug_lead(const PlugState *check, Slice importer, const ScannedImport *import,
                   Arena *arena);

/* One lowering with inputs. All that it asks for is added to `asked`, each thing with a newline.
 * False in *is_found: some of it is not what scan_imports finds. Any thread. */
bool plug_lower_with_inputs(const PlugState *check, uint32_t file, const HashSecret *secret,
                            Arena *memory, Diagnostics *diagnostics, Lowered *lowered,
                            ByteBuffer *asked, bool *is_found);

/* Once the files are scanned: is a value the same each time? */
void plug_check_values(PlugState *check);

/* The file of an item of a loop over PLUG_ROUNDS × count. The rounds of a file are far from each
 * other: they meet different workers and memory. */
static inline uint32_t plug_file_of(const PlugState *check, size_t item)
{
    return (uint32_t)(item % check->count);
}

bool plug_same_diagnostics(const Diagnostics *a, const Diagnostics *b);

/* What holds for lower and emit alike. */
void plug_check_diagnostics(PlugState *check, const char *function, Slice subject, bool is_right,
                            const Diagnostics *diagnostics);

/* Once the files are lowered: opens their forms, emits their units, and compares. */
void plug_check_units(PlugState *check);

#ifdef __cplusplus
}
#endif
#endif
