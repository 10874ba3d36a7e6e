/* SPDX-License-Identifier: MIT */
/*
 * The program that the contract of this stage asks for: it lowers each file that nobody lowered
 * yet. And what it is made of, for stage 3, which lowers in the same way:
 *
 *     Lowering lowering;
 *     if (lowering_begin(&lowering, "main.mini") == LOOK_OK) {
 *         ... lower_cached(&lowering, file, &lowered), for each file of lowering.look.files ...
 *         lowering_commit(&lowering);
 *     }
 *     lowering_end(&lowering);
 *
 * What was lowered is kept in .mini_cache/zir.pack and zir.index.
 */
#ifndef DEMO_LOWER_H
#define DEMO_LOWER_H

#include "demo_look.h"
#include "zir_cache.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum FormOrigin { /* how a lowered form was come by */
    FORM_CACHED,
    FORM_LOWERED,
    FORM_WRONG /* there is none */
} FormOrigin;

typedef struct Lowering {
    Look look;
    size_t next_change; /* the first of look.found.changes that belongs to a file yet to come */
    ZirCache zir;
    Slice source;       /* of the last file that was not cached */
    Diagnostics errors; /* in it */
    Arena arena;        /* sources that the look did not read, and what was lowered */
} Lowering;

/* One build of the program whose entry is in the working directory. Prints the facts of the
 * contract, and returns its exit status. */
int lower(const char *entry);

/* Finds the files and opens the cache. As look_find; a cache that cannot be opened is printed. */
LookStatus lowering_begin(Lowering *lowering, const char *entry);
void lowering_end(Lowering *lowering);

/* The lowered form of a file. The files in ascending order, as the changes of a look are. */
FormOrigin lower_cached(Lowering *lowering, uint32_t file, Lowered *lowered);
void lowering_report_errors(Lowering *lowering);

/* Keeps what was lowered, then what the look found. */
LookStatus lowering_commit(Lowering *lowering);

/* The exit status of a negative errno, or 0, that came from the cache. An error is printed. */
LookStatus lowering_cache_status(int error);

#ifdef __cplusplus
}
#endif

#endif
