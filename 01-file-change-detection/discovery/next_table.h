/* SPDX-License-Identifier: MIT */
/*
 * The table of the files that the graph walk reached.
 *
 * Private to discovery. Two lists are merged, both in path order: the last build's files that are
 * still reached, and the added ones. Sorting, reading and making records is for what changed; what
 * did not is copied (file_hash_cache_splice).
 */
#ifndef NEXT_TABLE_H
#define NEXT_TABLE_H

#include "graph_walk.h"

typedef struct NextTable { /* {0} before next_table_make */
    FileHashCache files;   /* lends nothing of the last table */
    Reading **readings;    /* per file of it; NULL: unchanged */
    uint32_t *new_number;  /* per target (graph_walk.h) its file in it; FILE_NONE: it is no file */
} NextTable;

/* Also fills in found->changes, old_number, renumbered and removed. The last table stays as it is.
 * 0, or -E2BIG if there are too many imports or paths for a table. */
int next_table_make(NextTable *next, Discovery *found, const GraphWalk *walk,
                    const WalkInput *input);

/* `files` is the caller's. */
void next_table_free(NextTable *next);

#endif
