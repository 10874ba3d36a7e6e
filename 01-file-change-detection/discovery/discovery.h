/* SPDX-License-Identifier: MIT */
/*
 * From the entry file to the list of all files, and which of them changed.
 *
 * A compiler is given no list of a program's files: the entry imports some, and they import more.
 * In a cold build the list grows while it is read, on all workers. A warm build has the last
 * build's list: stat is called for every file, only those with a different stamp are read, and the
 * graph is walked again, from memory, only if their imports changed.
 *
 * The order of discovery depends on threads; the result does not: files are sorted by path.
 *
 *     Discovery found = {0};
 *     discover(&found, &request, &cache);      the cache now describes the files as they are
 *     for (size_t i = 0; i < found.change_count; i++)
 *         lower(found.changes[i].source);
 *     discovery_free(&found);
 *
 * An import is a path from the directory of its file, unless the language resolves it: then it has
 * candidates, and leads to the first that holds a file. Those before it are recorded as absent
 * (file_hash_cache.h): each costs the next run one stat, however many imports ask for it. An absent
 * file needs no clock: that it was not there when it was asked for is all that is recorded.
 *
 *     src/a.c  includes  "b.h"        src/b.h  include/b.h  /usr/include/b.h
 *                                      absent   found        not asked for
 *
 * An import has a role (file_hash_cache.h): what lowering only reads is no source of its own. A
 * source that did not change itself is among the changes if something that it reaches through
 * texts, data and values did. A value that an import names costs the next run one call.
 */
#ifndef DISCOVERY_H
#define DISCOVERY_H

#include "diagnostics.h"
#include "executor.h"
#include "file_hash_cache.h"
#include "observer.h"
#include "source_path.h"
#include "source_reader.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What discovery reports; the subject is a path. */
enum FileDecision {
    DECISION_FILE_UNCHANGED = DECISIONS_OF(1), /* its stat says so; not read */
    DECISION_FILE_TOUCHED,                     /* read and hashed: the same bytes */
    DECISION_FILE_CHANGED,                     /* read and hashed: other bytes */
    DECISION_FILE_ADDED,                       /* not in the last build */
    DECISION_FILE_REMOVED,                     /* in the last build, no longer imported */
    DECISION_FILE_REDIRECTED, /* the same bytes, and an import leads elsewhere than it did */
    DECISION_FILE_OTHER_INPUT, /* not changed itself: a text, data or a value that it asks for */
    DECISION_FILE_OTHER_ROLE,  /* the same bytes, and it became a source, or is none any more */
    DECISION_VALUE_CHANGED,    /* the subject is its name */
};

typedef struct ScannedImport {
    Slice path; /* as written, escapes resolved */
    uint32_t line, column;
    uint32_t kind;    /* what the language likes, for its resolve */
    bool is_optional; /* only with resolve: it may lead nowhere */
    ImportRole role;  /* IMPORT_VALUE: `path` is a name, and `kind` its kind */
} ScannedImport;

typedef struct ImportScan { /* {0} is empty; the scanner adds with import_scan_add */
    ScannedImport *items;   /* owned */
    uint32_t count, capacity;
    Arena *arena; /* for paths that are not literally in the source; set by the caller */
} ImportScan;

/* Returns the new import: of a source, its kind 0, not optional. Valid until the next one. */
ScannedImport *import_scan_add(ImportScan *scan, Slice path, uint32_t line, uint32_t column);

/* Finds the imports of a source in order, without a full parse. It must find what the parser finds;
 * in a source with syntax errors it may find fewer or more. The paths may point into the source.
 * Any thread. */
typedef void (*ScanImports)(void *language, Slice source, ImportScan *scan);

typedef struct ImportCandidates { /* made by discovery; resolve adds with import_candidates_add */
    Slice *items;                 /* owned */
    uint32_t count, capacity;
    Arena *arena; /* for paths that resolve makes */
} ImportCandidates;

/* A path from the directory of the entry, or an absolute one; it need not be normalised. What can
 * be no file's path is left out. Two names of a file are two files: an absolute path stays one. */
void import_candidates_add(ImportCandidates *candidates, Slice path);

/* Where an import of the file `importer` may lead, in order. Like a scan it depends on its
 * arguments alone. What is relative to the importer, source_path_resolve names. Any thread. */
typedef void (*ResolveImport)(void *language, Slice importer, const ScannedImport *import,
                              ImportCandidates *candidates);

/* Where an import may lead, as discovery sees it: what `resolve` adds; where that is NULL, the one
 * path from the directory of the importer, or why it is none. `candidates` has an arena, and loses
 * what it held. Any thread. */
PathError import_candidates_find(ResolveImport resolve, void *language, Slice importer,
                                 const ScannedImport *import, ImportCandidates *candidates);

/* The value of a name, in the arena or static. False: it has none. Like a setting it is the same
 * for the whole of a build. Any thread. */
typedef bool (*AskValue)(void *language, uint32_t kind, Slice name, Arena *arena, Slice *value);

typedef enum FileChangeKind {
    FILE_TOUCHED, /* read again: same content */
    FILE_CHANGED,
    FILE_ADDED,
    FILE_REDIRECTED, /* read again: same content, and an import leads elsewhere */
    FILE_OTHER_INPUT, /* a source of the same content: something that it asks for changed */
    FILE_OTHER_ROLE,  /* same content: it became a source, or is none any more */
} FileChangeKind;

typedef struct FileChange {
    uint32_t file; /* number in the cache as it is after discovery */
    FileChangeKind kind;
    Slice source; /* the bytes that were hashed; valid until discovery_forget_sources. Data NULL: it
                     was not read */
} FileChange;

typedef struct DiscoveryRequest {
    int dir_fd;  /* the entry's directory, which all paths are relative to */
    const SourceReader *reader; /* whose files are read instead of those on the disk; `dir_fd` is
                                   not used then. NULL: the disk */
    int clock_dir_fd; /* where the file system's clock is asked; -1: trust no stamp */
    Slice entry; /* normalised path of the entry file */
    const Slice *more_entries; /* of further files that the program has in any case: normalised,
                                  ascending, without the entry */
    uint32_t more_entry_count;
    bool trust_nothing; /* read and hash every file */
    size_t largest_source; /* of a larger file, one byte more than this is read, unless it is data;
                              0: no limit */
    uint32_t most_files;   /* a program with more is refused; 0: 2^31 - 1, what the numbers reach */
    ScanImports scan;
    ResolveImport resolve; /* NULL: an import is a path from the directory of its file */
    AskValue value;        /* NULL: no name has a value */
    void *language;
    Executor *executor;
    const Observer *observer;   /* may be NULL */
    Diagnostics *diagnostics;   /* imports that cannot be read go here */
    bool (*cancelled)(void *context); /* asked before each file of the last build is looked at, and
                                         before each is read, by any thread. May be NULL */
    void *cancelled_context;
} DiscoveryRequest;

typedef struct Discovery { /* {0} before discover */
    FileChange *changes;   /* ascending by file */
    size_t change_count;
    uint32_t last_count;   /* files of the last build */
    bool renumbered;       /* files came or went, and numbers moved */
    uint32_t *old_number;  /* if renumbered: per file its number before, or FILE_NONE */
    uint32_t removed;      /* files of the last build that are no longer imported */
    uint64_t files_stat;   /* counts of work, for --stats; absent paths included */
    uint64_t files_hashed; /* read as well */
    uint64_t bytes_read;
    uint64_t values_asked;
    uint32_t *changed_values; /* places in the cache's values, ascending */
    uint32_t changed_value_count;
    int clock_error;       /* not 0: no clock to judge stamps by, see file_clock_probe */
    bool lacks_ctime;      /* an edit whose mtime was set back would not be noticed. Set only by the
                            * first probe in a directory: it is reported once */
    int error;             /* 0, or the negative errno of a file that could not be read ... */
    const char *error_path; /* ... and its path; valid as long as the sources */
    Arena *arenas;         /* one per worker: sources and paths */
    unsigned arena_count;
    struct GraphWalk *walk; /* private */
} Discovery;

/* Updates `cache` (in memory, not on disk) to the files as they are now. What it holds of another
 * entry is not used. 0 on success. -EBADMSG, with found->error 0: some import is missing or is not
 * a regular file; the diagnostics report it (the cache lends their paths), at the line that imports
 * it. The cache has the files that exist, with gaps: it must not be committed, and the next
 * discover does not use it. Another negative errno, also in found->error: a file could not be read;
 * error_path names it. With error_path an entry, -ENOENT means that there is no such entry, and
 * -EMLINK that some file of the program has more than 100 names, through links that form a cycle,
 * -E2BIG that it has more than `most_files`, or 2^32 imports, or 4 GiB of paths. -ECANCELED,
 * without error_path: `cancelled` said so.
 * The cache's content in memory is then unspecified, and must not be committed either. */
int discover(Discovery *found, const DiscoveryRequest *request, FileHashCache *cache);

/* Adds to the changes the sources that reach a changed file or value through texts and data, unless
 * they are among them. discover has done it; for who adds changes of his own. */
void discovery_add_dependents(Discovery *found, const FileHashCache *cache);

/* Frees the memory of the sources, most of a discovery's memory, once they are lowered. The rest of
 * `found` stays. */
void discovery_forget_sources(Discovery *found);

void discovery_free(Discovery *found);

#ifdef __cplusplus
}
#endif
#endif
