/* SPDX-License-Identifier: MIT */
/*
 * The build engine: from an entry file to the sections of an output, doing only what changed.
 *
 * How the output is written is the caller's choice. Stage 4's demo concatenates the sections, stage
 * 5 patches them into the file of the last build.
 *
 *     Build *build;
 *     status = build_open(&build, &request);          lock the cache, load the state
 *     if (status == BUILD_OK)
 *         status = build_plan(build);                 discover, lower, keys: what must be emitted?
 *     if (status == BUILD_OK && !build_planned(build)->is_unchanged) {
 *         build_want_all(build);                      or build_want_section, one by one
 *         status = build_emit(build);                 emit; keep the results in the packs
 *         if (status == BUILD_OK)
 *             status = build_save(build);             state to disk, not yet valid
 *         ... build_begin_output, write the output, build_set_blob ...
 *         if (status == BUILD_OK)
 *             status = build_commit(build);           one rename makes it all valid
 *     } else if (status == BUILD_OK && build_planned(build)->wants_commit) {
 *         status = build_save(build);                 touched files: or the next build reads them
 *         if (status == BUILD_OK)
 *             status = build_commit(build);
 *     }
 *     ... build_diagnostics, build_failure ...
 *     build_close(build);
 *
 * A process that is killed at any instruction leaves the old state or the new one.
 *
 * Threads: one build is used from one thread; it runs its loops through the request's executor.
 */
#ifndef INCREMENTAL_BUILD_H
#define INCREMENTAL_BUILD_H

#include "cache_directory.h"
#include "cache_secret.h"
#include "compiler.h"
#include "file_hash_cache.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum BuildStatus { /* the exit status of a command that ends this way */
    BUILD_OK = 0,
    BUILD_PROGRAM_WRONG = 1, /* the diagnostics say why */
    BUILD_MISUSED = 2,       /* the failure says why: invalid request, no such entry */
    BUILD_MACHINE_FAILED = 3, /* the failure says why: I/O, cache cannot be opened */
    BUILD_BUSY = 4,      /* another build holds the cache, for longer than the request would wait */
    BUILD_CANCELLED = 5, /* as the request's `cancelled` said. What was finished is kept */
} BuildStatus;

typedef struct BuildFailure { /* printed as "path: what: why" */
    char path[512];
    const char *what;  /* static text: "cannot open the cache" */
    int error;         /* positive errno, or 0 */
} BuildFailure;

typedef enum BuildPhase { /* in this order, if anything is to be done */
    BUILD_OPENS,
    BUILD_DISCOVERS, /* finds the files, looks at them, reads those that changed */
    BUILD_LOWERS,
    BUILD_COMPUTES_KEYS,
    BUILD_LOOKS, /* at the output as it is: a stage above says so, also of BUILD_WRITES */
    BUILD_EMITS,
    BUILD_SAVES,
    BUILD_WRITES,
    BUILD_COMMITS,
    BUILD_COMPARES, /* by build_verify and the stages above */
    BUILD_PHASES
} BuildPhase;

typedef struct BuildRequest { /* copied; what it points to is lent until build_close */
    const Compiler *compiler;
    const char *entry;     /* path of the entry file, from the working directory */
    const char *const *more_entries; /* of a program that is a list of files: the others, in any
                                        order; from the directory of the entry, or absolute. The
                                        program is all that the list reaches. Its caches are found
                                        by `entry`: it remains, others may come and go */
    size_t more_entry_count;
    /* Sources that are not on the disk (source_reader.h). The directory of the entry exists in any
     * case: it names the program. */
    const SourceReader *reader;    /* of all sources. NULL: the disk */
    const SourceOverlay *overlays; /* unsaved ones, over all others. A path that can be no file's is
                                      BUILD_MISUSED. What such a build lowers and emits is kept in
                                      the packs; it has no output and leaves no state: build_save */
    size_t overlay_count;
    const char *cache_dir; /* NULL: ".mini_cache" beside the entry. Made if missing; one with other
                              files in it and no mark of ours is BUILD_MISUSED. A symlink is not
                              followed, and one that others own or may write to is not used */
    const char *output;    /* where the output will be. Builds of an entry to several outputs, and with
                              several settings, are then kept side by side, each with a state of its
                              own. NULL: there is one state, or the one committed last */
    const char *root;      /* the directory whose files errors may quote; NULL: the entry's. If it
                              is not a directory: BUILD_MISUSED */
    Executor *executor; /* &executor_serial, or that of a work pool. Never NULL */
    const Observer *observer; /* may be NULL */
    bool force;               /* use nothing cached; write as usual */
    bool paranoid;            /* trust no stamp */
    bool sync;                /* fsync everything, in order */
    bool warnings_are_errors; /* the same caches serve builds with it and without */
    bool in_memory; /* use nothing cached, write nothing there: see build_verify.h. The cache
                       directory exists */
    bool only_looks; /* plan, and compile and write nothing: see build_forecast.h. The cache
                        directory may be missing */
    uint64_t limit_bytes;     /* of the cache; 0: see cache_collection.h */
    const HashSecret *maker;  /* the user's key: a cache that others made is not used. NULL: use
                                 any. See cache_secret.h */
    bool trust_cache;         /* use it even if others made it or own its directory, and sign it */
    void (*waiting)(void *context); /* called once if another build holds the cache; may be NULL */
    void *waiting_context;
    int64_t wait_limit_ms; /* how long; 0: until it ends; below 0: not at all */
    bool (*cancelled)(void *context); /* asked between items of work, by any thread: is the build to
                                         end? May be NULL */
    void *cancelled_context;
    void (*phase)(void *context, BuildPhase phase); /* called when a phase begins; may be NULL */
    void *phase_context;
} BuildRequest;

typedef struct BuildCounts { /* work, not time: the same on every machine */
    uint64_t files_total, files_stat, files_hashed, files_lowered;
    uint64_t files_changed, files_added, files_removed;
    uint64_t files_absent; /* paths that imports ask for and that hold no file: one stat each,
                              which `files_stat` counts too. 0 where the language has no resolve */
    uint64_t values_asked; /* names with a value that imports ask for: each once */
    /* A function is a unit with a body; structs, constants and externs are units too, checked and
     * cached alike, but not counted here. Emitted, cached and failed add up to the total at any
     * moment of a build: a function not looked at, because nothing it depends on changed, is
     * cached. */
    uint64_t functions_total, functions_emitted, functions_cached;
    uint64_t functions_failed; /* has an error, or names a unit with one: neither emitted nor
                                  cached */
    uint64_t functions_dirty, functions_dependent; /* the reasons of `emitted` */
    uint64_t declarations_visited;                 /* whose keys were computed */
    uint64_t files_opened; /* interface blobs, each once: codegen.h */
    uint64_t sections_total, sections_dirty;
    uint64_t bytes_read, bytes_written; /* sources read; caches and state written */
} BuildCounts;

typedef struct BuildTimes { /* seconds of wall clock */
    double open, discover, lower, keys, emit, save, commit;
} BuildTimes;

typedef struct Build Build;

/* Every BuildStatus but BUILD_OK ends the build: what follows is build_close. *build is set
 * whatever the status, so that build_failure can be asked.
 *
 * One run reports as many errors as possible, and all warnings of the program: those of what was
 * not looked at are known from the last time. A plan that finds imports that lead nowhere, or files
 * with errors (warnings may be some), emits what is dirty before it returns BUILD_PROGRAM_WRONG, so
 * that the errors of the other units are known as well. The declarations of such a file or import
 * are poisoned: a unit that names one is checked for the rest, and its warnings wait until that is
 * mended. Errors of the program as a whole (no entry point, two lines of the prelude that disagree)
 * are in the diagnostics after build_plan, and make build_emit return BUILD_PROGRAM_WRONG. */
BuildStatus build_open(Build **build, const BuildRequest *request);
BuildStatus build_plan(Build *build);

/* Instead of build_plan, for who wants no more than the files of the program: finds them. If an
 * import leads nowhere, BUILD_PROGRAM_WRONG, with the files that there are. What follows is
 * build_files, build_drop (build_drop.h) or build_close. */
BuildStatus build_discover(Build *build);

/* The files of the program, with their imports, as they were found. Valid until build_close. */
const FileHashCache *build_files(const Build *build);

/* What build_plan found out, for the writer of the output: decided once, and the same until
 * build_close. */
typedef struct BuildPlan {
    /* The last build of this entry, as far as it can be started from. */
    bool had_state;             /* there was one */
    bool state_was_damaged;     /* a file of its state failed its checks */
    bool settings_changed;      /* its fingerprint was different */
    bool output_is_in_progress; /* it began to write the output and did not commit */
    bool may_be_unsynced;       /* the system restarted since, or nobody can say: no stamp is
                                   proof */
    uint32_t last_section_count;

    /* This build. Sections are numbered in byte order of their paths. */
    bool is_unchanged; /* no section is dirty, was added or removed: if the output is as it was
                          left, there is nothing to emit, save or commit */
    bool wants_commit; /* the state in memory is newer than that on disk, if only by the stamps of
                          touched files: a save and a commit spare the next build reading those.
                          Never with overlays */
    uint32_t section_count;
    const uint32_t *last_number; /* per section its number in the last build, FILE_NONE if it is
                                    new; ascending otherwise. NULL: the same numbers */
    const uint32_t *dirty; /* sections, ascending: new ones, those whose key differs from the one
                              recorded for the output, or of which something was dropped
                              (build_drop.h) */
    uint32_t dirty_count;
    bool prelude_is_dirty;

    /* For the files of a stage above: written between build_save and build_commit, to the cache
     * directory, with names that begin with the entry's. Those left by a process that was killed in
     * between are removed. */
    int cache_fd;
    const char *entry_id;     /* 16 characters */
    bool cache_is_read_only;  /* no file can be made there, nothing saved or committed. A build
                                 with nothing to do succeeds; build_save fails */
    const HashSecret *secret; /* under which deciding hashes are made */
} BuildPlan;

const BuildPlan *build_planned(const Build *build);

static inline uint32_t build_last_number(const BuildPlan *plan, uint32_t section)
{
    return plan->last_number == NULL ? section : plan->last_number[section];
}

/* ---- sections: one per file, in byte order of their paths; from build_plan on --------------- */

uint32_t build_section_count(const Build *build);
Slice build_section_path(const Build *build, uint32_t section); /* from the entry's directory */

/* What comes before all sections: the compiler's prelude and the lines that declarations ask
 * for. Valid until build_close. */
Slice build_prelude(Build *build);

/* Asks build_emit for the text of a section. Dirty sections are always included. */
void build_want_section(Build *build, uint32_t section);
void build_want_all(Build *build);

/* Emits the units not in the cache and adds them to the packs, even if some units are wrong. */
BuildStatus build_emit(Build *build);

/* After build_emit: the texts that make up a section, in order; some may be empty. Valid until
 * build_commit or build_close. */
const Slice *build_section_texts(const Build *build, uint32_t section, uint32_t *count);

/* ---- committing ------------------------------------------------------------------------------ */

/* A stage above keeps blobs of its own in the manifest (at most 15 characters of name). The
 * blob of the last commit is valid until build_close; false if there is none. A blob not set again
 * is kept. */
bool build_blob(const Build *build, const char *name, Slice *blob);
void build_set_blob(Build *build, const char *name, Slice blob); /* copied */

/* file_clock_probe in the cache directory. */
int build_probe_clock(Build *build, FileClock *clock);

/* Writes state to disk; nothing is recorded yet. A build with overlays writes its new objects, as
 * build_emit does, and nothing else; in memory, this fails. */
BuildStatus build_save(Build *build);

/* Records that the output is about to be written: until the commit it counts as a mix. With
 * overlays, this and the commit are BUILD_MISUSED: such a build is for the diagnostics and for the
 * texts of sections. What the overlays hold may never be saved. */
BuildStatus build_begin_output(Build *build);

/* Renames the manifest, which makes everything valid, and removes what it superseded. */
BuildStatus build_commit(Build *build);

/* After build_commit, for a stage above: one of its own superseded files could not be removed. The
 * next commit looks for it. */
void build_note_leftover(Build *build);

/* ---- reporting ----------------------------------------------------------------------------- */

/* What may make builds slow or surprising, though right. Asked after the build. */
typedef struct BuildWarnings {
    CacheOrigin cache_origin; /* who made the cache directory, and what was done with it if somebody
                                 else did */
    bool has_no_flock; /* the cache directory is locked by a file: see lock_file.h */
    bool lacks_ctime;  /* set once per cache: the sources' file system keeps none, see discovery.h */
    int clock_error;   /* 0, or the negative errno of a clock that could not be read: no stamp was
                          trusted, and the next build reads again what this one read */
} BuildWarnings;

BuildWarnings build_warnings(const Build *build);

/* Sorted; complete once the build has ended, also one with nothing to do. With
 * warnings_are_errors they are errors. Paths are relative to the entry's directory. Valid until
 * build_close. */
const Diagnostics *build_diagnostics(const Build *build);

/* May an error quote this file of the program? If so, `source` is all of it, read again into
 * `arena`; empty if it cannot be read. If not, the file lies outside the root, and only the kind of
 * an error in it may be shown (diagnostic_format_kind). A file that is not on the disk lies where
 * its path says; one that is there as well, where the disk has it. */
bool build_source(const Build *build, Slice path, Arena *arena, Slice *source);

/* The failure, if a status was BUILD_MACHINE_FAILED or BUILD_MISUSED; else `what` is NULL. */
const BuildFailure *build_failure(const Build *build);

/* For a stage above, when it begins a phase: calls the request's `phase`. */
void build_enter(const Build *build, BuildPhase phase);

/* For a stage above: the time by a clock that only goes forward, and the time since `*start`, which
 * becomes now. Seconds. */
double build_now(void);
double build_lap(double *start);

/* For a stage above, when its own work fails: records the failure and returns BUILD_MACHINE_FAILED.
 * `path` is copied, `what` is static text. */
BuildStatus build_fail(Build *build, const char *path, const char *what, int error);

const BuildCounts *build_counts(const Build *build);
const BuildTimes *build_times(const Build *build);
const BuildRequest *build_request(const Build *build);

/* Directory of the entry, which section paths are relative to; -1 before build_open succeeded. */
int build_project_fd(const Build *build);

/* Releases the lock and everything else; the executor may be freed after it, not before. NULL is
 * allowed. */
void build_close(Build *build);

/* Removes the contents of a cache directory: everything if `entry` is NULL, else the state of that
 * entry. Only files known by name are removed; mark and lock stay. No such directory is BUILD_OK;
 * one that is not ours is BUILD_MISUSED; otherwise `failure` says why. `counts` may be NULL. */
BuildStatus build_clean(const char *cache_dir, const char *entry, CleanCounts *counts,
                        BuildFailure *failure);

#ifdef __cplusplus
}
#endif
#endif
