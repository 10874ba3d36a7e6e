/* SPDX-License-Identifier: MIT */
/*
 * The plug: everything the incremental build needs to know of a language.
 *
 * To replace Mini by your own compiler, fill in this struct and touch nothing else. The functions
 * are pure: no globals, no files, no clock; what they return depends on their arguments alone. They
 * are called from several threads at once.
 *
 *     fingerprint    who am I? Everything besides the sources that can reach the output: the
 *                    compiler's own build, its settings, target and version. Two compilers that
 *                    could ever answer differently must have different fingerprints.
 *     scan_imports   the imports of a source, fast: those that lower adds, in the same order. A
 *                    path is relative to the directory of the file that imports it.
 *     lower          source → declarations and IR. Sees one file and no path.
 *     emit           one unit → text. Sees the unit and the interfaces it names (codegen.h).
 *
 * Optional: NULL, or an empty slice.
 *
 *     resolve        an import → candidates, in order (discovery.h): for languages that look for it
 *                    in several places. It leads to the first that holds a file; if none does and
 *                    it is optional, what it would offer is not found. The places to look in are
 *                    settings: part of the fingerprint.
 *     entry_point    without one, any file may be the entry: of a library.
 *     lower_with_inputs   for a language in which a file is lowered with more than its own bytes
 *                    (includes, embedded data, environment); instead of lower: it asks for them
 *                    (inputs.h), and scan_imports gives such an import its role. lower adds only
 *                    the imports that are sources.
 *     value          the values of the names that it asks for
 *     open           for a front end whose IR must be parsed: interface blob of a file → the form
 *                    in which units see the file, made once
 *     emit_file      for the same; instead of emit: all units of one file, in one call
 *
 * The declarations come from a DeclarationsBuilder (declarations.h). The IR is bytes in any form,
 * and so is the interface blob: no pointers, and nothing of the file's path. All are copied after
 * lower has returned, and another process may get them from disk, at an address that is a multiple
 * of 16.
 *
 * emit is called for each declaration, with a body or without. The texts of a file follow each
 * other in the output unchanged: end each with a newline.
 *
 * Interfaces may refer to each other in cycles, through any number of files. An edit of one of them
 * is a change of all in its cycle; the edit of a body stays in its unit. If cycles are errors in
 * the language, emit reports them, in each unit of the cycle.
 *
 * A diagnostic is an error, unless it is made a warning or a note (diagnostics.h). What comes with
 * an error is never kept, even if it is called right. Warnings are kept with the result that they
 * came with, and every build reports all of them, whatever it looked at: so they must follow from
 * what the result follows from (codegen.h says how places do). `lower` names another file as an
 * import would, lower_with_inputs as it was given. Who returns false says why; `emit` may leave
 * that to another unit, if that one is wrong.
 */
#ifndef COMPILER_H
#define COMPILER_H

#include "codegen.h"
#include "discovery.h"
#include "inputs.h"
#include "zir_cache.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Compiler {
    void *language;      /* passed to each function */
    Hash128 fingerprint;
    Hash128 settings; /* what only emit sees: target, optimization, kind of output. Lowered files do
                         not depend on it. {0}: nothing */
    Slice entry_point;   /* the declaration that the entry file must have: "main". Empty: none */
    Slice missing_entry_point; /* the message if it has none */
    Slice prelude;       /* the first bytes of the output; ends with a newline */
    size_t largest_source; /* in bytes; of a larger one, lower gets one byte more than this, and
                              refuses. 0: no limit */
    ScanImports scan_imports;
    ResolveImport resolve; /* NULL: an import is a path from the directory of its file */
    /* True, and the blobs, in the arena; or false, and diagnostics: the source is wrong. Blobs that
     * come with false are used for this build alone: emit is called for what they declare, to find
     * its errors too, and others may name it. So they must have all declarations of the source, and
     * emit must be silent about those that are reported already. Empty blobs: what is declared is
     * not known, and nobody says anything that depends on it.
     * Declarations are hashed with hash_keyed under the secret. */
    bool (*lower)(void *language, Slice source, const HashSecret *secret, Arena *arena,
                  Diagnostics *diagnostics, Lowered *lowered);
    EmitUnit emit;
    OpenInterface open; /* NULL: interface blobs are ignored */
    EmitFile emit_file; /* NULL: emit is called for each unit */
    LowerWithInputs lower_with_inputs; /* NULL: lower is called */
    AskValue value; /* NULL: no name has a value */
} Compiler;

#ifdef __cplusplus
}
#endif
#endif
