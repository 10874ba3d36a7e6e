/* SPDX-License-Identifier: MIT */
/*
 * One source file, read once: its bytes, stamp, hash and imports.
 *
 * Private to discovery. A reading's memory is in the arena of the worker that read it and lives
 * until discovery_free.
 */
#ifndef SOURCE_READING_H
#define SOURCE_READING_H

#include "asked_paths.h"
#include "asked_values.h"
#include "source_path.h"

typedef struct ResolvedImport {
    Slice path;      /* what the import names, or, if `error`, the text as written */
    PathError error;
    uint32_t line, column;
    uint32_t target; /* set by the graph walk; or FILE_ABSENT */
    ImportRole role;
} ResolvedImport;

typedef struct Reading {
    Slice path;      /* of the file; NUL-terminated, lent */
    const FileRecord *last; /* of the last build; NULL: it had none */
    ImportRole role; /* the strongest of the imports met so far */
    bool is_data;    /* its imports are not wanted: the role when its reading began */
    bool is_read;
    int error;       /* negative errno of reading it; the rest is {0} then */
    KnownStamp known;
    uint64_t inode, device; /* 0 without a stamp (too large, or edited while it was read), and for
                               a version, which may be a hash that many files have */
    Hash128 content;
    Slice source;
    bool is_same;    /* the last build has the same content */
    bool is_scanned; /* imports are filled in */
    ResolvedImport *imports; /* the sources, then texts and data */
    uint32_t import_count;
    AskedPath **absents; /* candidates before those that the imports lead to, in path order */
    uint32_t absent_count;
    AskedValue **values; /* by name and kind */
    uint32_t value_count;
} Reading;

/* Memory that a worker reuses. */
typedef struct ReadingScratch {
    Arena *arena;
    const HashSecret *secret; /* for content hashes */
    ImportScan scan;
    ImportCandidates candidates;
    AskedPaths *asked; /* shared by the workers; NULL without resolve */
    AskedValues *values; /* shared by the workers */
    bool is_cancelled; /* the answer was yes, and the worker asks no more: it may change */
} ReadingScratch;

/* Asked by a worker before each file. If it is true, the file is left undone. */
bool reading_is_cancelled(const DiscoveryRequest *request, ReadingScratch *scratch);

/* Reads and hashes the file of a reading of which path, record and role are set, and nothing else.
 * Its imports are scanned unless the record has the same content and so has them. Where one of
 * these may lead elsewhere by now (`is_redirected`), they are scanned in any case; those of data,
 * never. Any thread. */
void source_read(Reading *reading, const DiscoveryRequest *request, const FileClock *clock,
                 bool is_redirected, ReadingScratch *scratch);

/* Scans the imports of one that was read as data. Any thread. */
void source_scan(Reading *reading, const DiscoveryRequest *request, ReadingScratch *scratch);

/* Has the file, in its record of the last build, the imports of the reading, and all that was asked
 * for before them? */
bool source_has_imports(const FileHashCache *last, uint32_t file, const Reading *reading);

#endif
