/* SPDX-License-Identifier: MIT */
/*
 * One output file, written only where it changed.
 *
 *     prelude, padded │ section │ section │ ...
 *     section         ; ==== FILE: path:hash ====\n  texts  spaces\n   a multiple of 256 bytes
 *
 * A section that grows a little still fits its place. The padding depends on the section's own
 * size alone, so the bytes of the file depend on the sources and on nothing else: a patched
 * output equals a freshly built one, byte for byte.
 *
 * output_write takes over after build_plan: it emits what the build needs, leaves the file as a
 * clean build would, and commits. It chooses the way itself (patch_strategy.h), and says why.
 * Nothing is assumed about the file: its stamp or, where the stamp proves nothing, the hash of each
 * section's bytes shows that it is still as the last build left it.
 *
 *     PatchResult result;
 *     status = build_plan(build);
 *     if (status == BUILD_OK)
 *         status = output_write(build, "out.ll", &result);     emits, writes, commits
 *
 * A program that reads the output while it is patched may see a mix: wait for the build to end. A
 * process killed meanwhile leaves a mix that the next build knows of. A full disk is detected
 * before the first byte of the output is changed. A symlink, or one name of several, is replaced by
 * a file of its own; to a FIFO or a device everything is written.
 *
 * A build in memory writes all of the output, and nothing is recorded of it.
 *
 * Every commit of an entry must be made by output_write: after another one, the record of the
 * output would describe sections that it does not have.
 *
 * Threads: one build from one thread.
 */
#ifndef SURGICAL_PATCH_H
#define SURGICAL_PATCH_H

#include "incremental_build.h"
#include "output_format.h"
#include "patch_strategy.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is reported about the output. */
enum OutputDecision {
    DECISION_UP_TO_DATE = DECISIONS_OF(5), /* nothing to do; the subject is the entry's path */
    DECISION_OUTPUT_PATCHED,               /* of these three it is the reason, as */
    DECISION_OUTPUT_REASSEMBLED,           /* patch_reason_name prints it */
    DECISION_OUTPUT_FULL,
};

typedef struct PatchResult {
    PatchStrategy strategy;
    PatchReason reason;
    uint64_t sections_total, sections_written; /* written: put together from their texts */
    uint64_t bytes_moved;   /* of unchanged sections that were copied to another place */
    uint64_t bytes_written; /* to the output, moved ones included */
    uint64_t state_bytes_written; /* of the record of the output */
    double look_seconds, write_seconds; /* looking at the output, and writing it */
} PatchResult;

/* Brings the output at `path` (from the working directory) up to date and commits the build.
 * `build` is planned, with status BUILD_OK; afterwards, close it. BUILD_PROGRAM_WRONG if emitting
 * found errors: the output is as it was. BUILD_MISUSED if `path` is a source of the program, or
 * if the build has overlays: of these no output is made.
 * BUILD_MACHINE_FAILED: see build_failure. */
BuildStatus output_write(Build *build, const char *path, PatchResult *result);

/* The same for an output that is not text (output_format.h). */
BuildStatus output_write_as(Build *build, const char *path, OutputFormat *format,
                            PatchResult *result);

#ifdef __cplusplus
}
#endif
#endif
