/* SPDX-License-Identifier: MIT */
/*
 * The plug: everything the incremental build needs to know of a language.
 *
 * Replacing Mini by your own compiler means filling in this struct and touching nothing else.
 * The functions are pure: no globals, no files, no clock; what they return depends on their
 * arguments alone. They are called from several threads at once.
 *
 *     fingerprint    who am I? Everything besides the sources that can reach the output: the
 *                    compiler's own build, its settings, target and version. Two compilers that
 *                    could ever answer differently must have different fingerprints.
 *     scan_imports   the imports of a source, fast; must agree with lower.
 *     lower          source → declarations and IR. Sees one file and no path.
 *     emit           one unit → text. Sees the unit and the interfaces it names.
 */
#ifndef COMPILER_H
#define COMPILER_H

#include "codegen.h"
#include "discovery.h"
#include "zir_cache.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Compiler {
    void *language;      /* passed to each function */
    Hash128 fingerprint;
    Slice entry_point;   /* the declaration that the entry file must have: "main" */
    Slice missing_entry_point; /* what to say if it has none */
    Slice prelude;       /* stands before everything in the output; ends with a newline */
    ScanImports scan_imports;
    /* As mini_lower: blobs in the arena; false and diagnostics if the source is wrong. */
    bool (*lower)(void *language, Slice source, Arena *arena, Diagnostics *diagnostics,
                  Lowered *lowered);
    EmitUnit emit;
} Compiler;

#ifdef __cplusplus
}
#endif
#endif
