/* SPDX-License-Identifier: MIT */
/*
 * From the entry along the imports: which files does the program have now?
 *
 * Private to discovery. The walk keeps a growing array of nodes, one per file, and an item of the
 * loop over it finds one file's imports: from the last build's record if the file is unchanged,
 * else by reading it. A new import is added at the end of the array. A cold build, which must read
 * every file to find the next, therefore has no barrier anywhere.
 */
#ifndef GRAPH_WALK_H
#define GRAPH_WALK_H

#include "source_reading.h"

enum { WALK_BLOCKS = 22 };

/* What that many blocks hold; and of each file a number is at least one below FILE_NONE. */
#define WALK_MOST_FILES (UINT32_C(1) << 31)

typedef struct NodeImport {
    uint32_t node;         /* FILE_NONE: the import path itself is wrong */
    uint32_t line, column; /* 0: on record, not scanned in this build */
    const ResolvedImport *written;
} NodeImport;

typedef struct WalkNode {
    Slice path;        /* NUL-terminated */
    uint32_t old_file; /* its number in the last build, or FILE_NONE */
    Reading *reading;  /* NULL: unchanged, its record is right */
    NodeImport *imports;
    uint32_t import_count;
    uint32_t number; /* in path order; set by the caller */
} WalkNode;

typedef struct WalkInput {
    const DiscoveryRequest *request;
    const FileClock *clock;
    const FileHashCache *last;      /* the last build's files, possibly none */
    Reading *const *known_readings; /* per old file: read already in this build, or NULL */
    ReadingScratch *scratch;        /* per worker */
} WalkInput;

typedef struct GraphWalk {
    WalkNode **nodes; /* in order of discovery, the entry first */
    uint32_t count;
    uint64_t files_read;
    bool has_too_many_names; /* links form cycles: the walk was abandoned */
    bool has_too_many_files; /* the same, after `most_files` of the request */
    WalkNode *blocks[WALK_BLOCKS]; /* private: what holds the nodes */
    Arena arena;                   /* private: what holds the paths */
} GraphWalk;

/* How many names a file with imports may have in a program. A directory with a link to itself gives
 * it a name for each path through the link, without end. */
enum { MOST_NAMES = 100 };

void graph_walk(GraphWalk *walk, const WalkInput *input);
void graph_walk_free(GraphWalk *walk);

#endif
