/* SPDX-License-Identifier: MIT */
/*
 * The three caches as one: loaded together, committed together.
 *
 *     FileHashCache   what changed?                 state of one entry
 *     ZirCache        source file → IR              objects, shared by all entries
 *     AirCache        unit → code                   objects, shared by all entries
 *     UnitTable       keys of every unit            state of one entry
 *
 * If each were saved by itself, a process killed between two of them would leave a file table that
 * says "seen" beside a unit table that does not. So state is written where no build looks yet, and
 * one rename of the manifest makes it valid. Objects need no such care: they are addressed by what
 * they were made from, and an extra object is never wrong.
 *
 * A build in which nothing changed opens the file table and nothing else.
 *
 *     MultiLevelCache cache;
 *     multi_level_cache_open(&cache, &request);            lock, manifest, file table
 *     multi_level_cache_open_units(&cache);                only if something changed
 *     multi_level_cache_commit_objects(&cache, executor, false);    even a wrong program
 *     multi_level_cache_save(&cache, false);               state, not yet valid
 *     multi_level_cache_begin_output(&cache, false);       from here on the output is unsettled
 *     multi_level_cache_commit(&cache, &summary, false);   one rename
 *     multi_level_cache_close(&cache);
 *
 * Every int is 0 or a negative errno, with `failed` set to what could not be done. One thread,
 * except as the caches themselves allow.
 */
#ifndef MULTI_LEVEL_CACHE_H
#define MULTI_LEVEL_CACHE_H

#include "air_cache.h"
#include "cache_directory.h"
#include "cache_secret.h"
#include "executor.h"
#include "file_table.h"
#include "known_files.h"
#include "manifest.h"
#include "observer.h"
#include "unit_table.h"
#include "zir_cache.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is reported about the caches. */
enum CacheDecision {
    DECISION_STATE_MISSING = DECISIONS_OF(4), /* first build here, or no state; the entry's path */
    DECISION_PRODUCT_MISSING,  /* the same of this product of it: output and settings */
    DECISION_STATE_DAMAGED,    /* a file of the cache failed its checks, and counts as missing; its name */
    DECISION_SETTINGS_CHANGED, /* the fingerprint is not the last build's; the entry's path */
    DECISION_COMPACTED,        /* a pack, rewritten without what nobody uses; its name */
    DECISION_NOT_COMPACTED,    /* why it could not be; the packs stay as they are */
};

typedef struct CacheRequest {
    const char *directory;
    int project_fd; /* directory of the entry */
    Slice entry;    /* its name in there */
    Hash128 fingerprint, settings; /* see Compiler */
    Slice output;   /* its absolute path, if each output has a state of its own; else empty */
    bool forget; /* start as if nothing had been recorded */
    /* Use nothing recorded and write nothing; the manifest is loaded for comparison. The directory
     * must exist. Objects are kept until close, and a save or commit is -EROFS. */
    bool in_memory;
    bool only_looks; /* write nothing: as on a read-only disk. The directory may be missing */
    uint64_t limit_bytes; /* of the packs; 0: see cache_collection.h */
    const HashSecret *maker; /* the user's key; NULL: use any cache */
    bool trust_cache;        /* use it even if somebody else made it or owns the directory */
    const Observer *observer;
    LockWaiting waiting; /* for another build to end */
} CacheRequest;

typedef struct MultiLevelCache { /* must not be moved while open */
    FileHashCache files;
    KnownFiles known; /* what another product of the program knew of them */
    ZirCache zir;
    AirCache air;
    UnitTable units;
    CacheDirectory directory;
    CacheSecret secret;
    CacheOrigin origin;
    StateFile files_state; /* the table of `files` on disk */
    Manifest manifest; /* of the last commit; new blobs go into the next */
    char entry_id[ENTRY_ID_SIZE + 1];
    char latest_id[ENTRY_ID_SIZE + 1]; /* the program's entry that was committed last; "": unknown */
    bool latest_is_noted;              /* that is on the disk */
    uint64_t latest_generation;        /* its generation, if it is another than this one */
    Slice entry; /* lent by the request */
    ByteBuffer entry_path; /* absolute; empty where the system does not report it */
    Hash128 fingerprint;   /* of compiler and secret */
    Hash128 code_fingerprint; /* of these and the settings */
    Hash128 boot;          /* identity of the system's run; {0}: unknown */
    bool had_state;        /* this build can start from a commit ... */
    bool was_damaged;      /* ... or could, but a file failed its checks */
    bool settings_changed; /* ... or could, but another fingerprint made it */
    bool lost_secret;      /* ... or perhaps could, but its secret is gone */
    bool is_in_progress;     /* the last build began to write its output and did not finish */
    /* The system was restarted since the last commit, or nobody can say. Any of the last writes
     * before the restart may be missing from the disk and any other present: of that commit, of a
     * later unfinished build without sync, of an editor. Stamps prove nothing then. */
    bool may_be_unsynced;
    bool was_killed;  /* the last process to write to the directory: it says "at work" */
    bool is_durable;  /* the last commit is on the disk, with all that it names */
    bool may_be_torn; /* the same of the packs, which others write to: also without a last commit */
    bool units_open, objects_open;
    bool is_first; /* nothing was committed before */
    bool is_saved; /* state was written and no manifest names it yet */
    bool in_memory;
    uint64_t limit_bytes;
    uint64_t bytes_written;
    uint64_t state_bytes_written; /* of these, the entry's own */
    const char *failed; /* static text */
    const Observer *observer;
} MultiLevelCache;

/* For its parts: notes what could not be done, unless `status` is 0, and returns the status. */
static inline int multi_level_cache_failed(MultiLevelCache *cache, const char *what, int status)
{
    if (status != 0)
        cache->failed = what;
    return status;
}

typedef struct CommitSummary { /* the manifest's data on the program as a whole */
    Hash128 combined;
    Hash128 prelude;
    uint64_t function_count;
} CommitSummary;

int multi_level_cache_open(MultiLevelCache *cache, const CacheRequest *request);

/* Opens the unit table. It is empty if it is missing or damaged. */
int multi_level_cache_open_units(MultiLevelCache *cache);

/* Opens ZirCache and AirCache. */
int multi_level_cache_open_objects(MultiLevelCache *cache);

/* If they may be torn: checks every record of the packs, which are open, both at the same time, and
 * writes them again without the damaged ones. If the last process was only killed, all that it may
 * have left is a pack without its index. */
int multi_level_cache_heal_objects(MultiLevelCache *cache, Executor *executor, bool sync);

int multi_level_cache_commit_objects(MultiLevelCache *cache, Executor *executor, bool sync);

/* Removes all objects, of all entries. What is lost so is made again when a build needs it. */
int multi_level_cache_clear_objects(MultiLevelCache *cache);

int multi_level_cache_save(MultiLevelCache *cache, bool sync);
int multi_level_cache_begin_output(MultiLevelCache *cache, bool sync);

/* Also makes room in the packs (cache_collection.h). If it cannot, that is reported to the observer
 * and is no failure: what was committed is right, and the next commit tries again. */
int multi_level_cache_commit(MultiLevelCache *cache, const CommitSummary *summary, bool sync);

/* Stores the manifest of the last commit again, with the blobs that were set since. Its state, and
 * what it says of its output, stays as it is. */
int multi_level_cache_commit_blobs(MultiLevelCache *cache, bool sync);

/* Releases everything, the lock last. */
void multi_level_cache_close(MultiLevelCache *cache);

#ifdef __cplusplus
}
#endif
#endif
