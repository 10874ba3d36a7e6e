/* SPDX-License-Identifier: MIT */
/*
 * The program of this stage's contract: it lowers each file that was not lowered before. Its parts
 * serve stage 3, which lowers in the same way:
 *
 *     Lowering lowering;
 *     if (lowering_begin(&lowering, "main.mini") == LOOK_OK) {
 *         ... lower_cached(&lowering, file, &lowered), for each file of lowering.look.files ...
 *         lowering_commit(&lowering);
 *     }
 *     lowering_end(&lowering);
 *
 * Lowered forms are kept in .mini_cache/zir.pack and zir.index.
 */
#ifndef DEMO_LOWER_H
#define DEMO_LOWER_H

#include "demo_look.h"
#include "zir_cache.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum FormOrigin { /* where a lowered form came from */
    FORM_CACHED,
    FORM_LOWERED,
    FORM_WRONG /* there is none */
} FormOrigin;

typedef struct Lowering {
    Look look;
    size_t next_change; /* the first of look.found.changes for a file yet to come */
    ZirCache zir;
    Slice source;       /* of the last file that was not cached */
    Diagnostics errors; /* in it */
    Arena arena;        /* sources that the look did not read, and what was lowered */
} Lowering;

/* One build of the program whose entry is in the working directory. Prints the contract's facts and
 * returns its exit status. */
int lower(const char *entry);

/* Finds the files and opens the cache. As look_find; also prints why a cache cannot be opened. */
LookStatus lowering_begin(Lowering *lowering, const char *entry);
void lowering_end(Lowering *lowering);

/* The lowered form of a file. Ask for files in ascending order, as in the changes of a look. */
FormOrigin lower_cached(Lowering *lowering, uint32_t file, Lowered *lowered);
void lowering_report_errors(Lowering *lowering);

/* Saves the lowered forms, then the files that the look found. */
LookStatus lowering_commit(Lowering *lowering);

/* The exit status for a result of the cache, 0 or a negative errno. Prints the error. */
LookStatus lowering_cache_status(int error);

#ifdef __cplusplus
}
#endif

#endif
