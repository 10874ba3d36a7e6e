/* SPDX-License-Identifier: MIT */
/*
 * From the entries along the imports: which files does the program have now?
 *
 * Private to discovery. What the last build knew costs no more than a look at its record: known
 * files are marked as reached, by one thread, along recorded numbers. Only files that are not on
 * record must be read to find what they import. That is done in rounds, on all workers: each round
 * reads the files that the round before it met.
 *
 * An import's target is a number: that of a file of the last build, or, counted from there on, that
 * of an added one. FILE_NONE: the import path itself is wrong, or no candidate holds a file.
 */
#ifndef GRAPH_WALK_H
#define GRAPH_WALK_H

#include "source_reading.h"

/* With as many in the last build, of which none is left, each still has a number below FILE_NONE. */
#define WALK_MOST_FILES ((UINT32_C(1) << 31) - 1)

typedef struct WalkInput {
    const DiscoveryRequest *request;
    const FileClock *clock;
    const FileHashCache *last;      /* the last build's files, possibly none */
    Reading **known_readings; /* per file of it: read already in this build, or NULL. The walk reads
                                 what was data so far, and may have imports */
    ReadingScratch *scratch;  /* per worker */
    AskedPaths *asked;        /* NULL without resolve */
    AskedValues *values;
} WalkInput;

typedef struct GraphWalk { /* {0} before graph_walk */
    uint8_t *roles;        /* per file of the last build; IMPORT_VALUE: it is not reached */
    Reading **added;       /* the files that it did not have, in no particular order */
    uint32_t added_count, added_capacity;
    uint32_t *more_entries; /* targets of the request's */
    bool has_too_many_names; /* links form cycles: the walk was abandoned */
    bool has_too_many_files; /* the same, after `most_files` of the request */
    Arena arena;             /* private: what holds the added files' paths */
} GraphWalk;

/* How many names a file with imports may have in a program. A directory with a link to itself gives
 * it a name for each path through the link, without end. */
enum { MOST_NAMES = 100 };

/* The imports of all readings get their targets. */
void graph_walk(GraphWalk *walk, const WalkInput *input);
void graph_walk_free(GraphWalk *walk);

#endif
