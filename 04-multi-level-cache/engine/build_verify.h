/* SPDX-License-Identifier: MIT */
/*
 * Are the contents of the caches right?
 *
 * A wrong cache looks like a right one: it answers. The only judge is the work it saves. So the
 * program is built once more, from its sources, in memory, with nothing from the caches, and
 * everything that a cache holds is compared with the result. Nothing is written, not even a repair:
 * what is found is still there afterwards.
 *
 *     BuildRequest request = {.compiler = ..., .entry = ..., .in_memory = true};
 *     Verification verification = {.differs = print_line};
 *     status = build_open(&build, &request);
 *     if (status == BUILD_OK)
 *         status = build_verify(build, &verification);
 *     if (status == BUILD_OK && verification.differences == 0)
 *         puts("all is well");
 *     build_close(build);
 *
 * Compared, level by level:
 *
 *     manifest      is there one, of this compiler and these settings, of a finished build; its
 *                   combined hash, prelude key and number of functions
 *     file table    paths, content hashes, imports
 *     ZIR           declarations and IR of every file; every record of the pack
 *     unit table    interface keys, unit keys, section keys and all else in it
 *     AIR           the output of every unit; every record of the pack
 *
 * A language that opens files, or emits all units of a file in one call, is tested besides: each
 * unit is emitted alone, then all of its file in reverse order, and the texts must be the same.
 *
 * A file edited since the last build is a difference, but no mistake: its stamp says so, and the
 * next build reads it. Keys then differ with good reason and are not compared; objects, which are
 * named by what they were made from, are. The same holds after a change of settings. If a file was
 * edited and its stamp does *not* say so, everything is compared.
 *
 * Cost: a clean build, and a comparison of all bytes; for such a language, two or three times the
 * emission of one. Threads: through the build's executor.
 */
#ifndef BUILD_VERIFY_H
#define BUILD_VERIFY_H

#include "incremental_build.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Verification {
    /* Called for each difference, from one thread, in the order of levels and paths. `subject` is
     * the path of a source as in sections, path:name for a unit, or the name of a file of the
     * cache; `what` is static text. May be NULL. */
    void (*differs)(void *context, Slice subject, const char *what);
    void *context;
    uint64_t differences;
    bool is_stale; /* these sources were not built with these settings */
    uint64_t files, units, objects, sections; /* compared */
    uint64_t bytes;                           /* of these objects and sections */
} Verification;

/* Plans and emits `build`, which was opened in memory and not yet planned, and compares. BUILD_OK
 * if the program could be built, whatever the comparison found. Else as build_plan and build_emit;
 * nothing is compared then. */
BuildStatus build_verify(Build *build, Verification *verification);

/* Counts a difference and reports it: for the stages above. */
void verification_report(Verification *verification, Slice subject, const char *what);

#ifdef __cplusplus
}
#endif
#endif
