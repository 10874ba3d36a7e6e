/* SPDX-License-Identifier: MIT */
/*
 * Patch, reassemble or build in full: which, and why.
 *
 *     up-to-date   nothing is written
 *     patch        changed sections are written into their places; if sizes changed, what follows
 *                  is moved. Everything else in the file stays untouched
 *     reassemble   a new file from cached sections, renamed over the old one
 *     full         the same, with nothing recorded to start from
 *
 * The choice is made twice, with what is known at the time: before anything is emitted (may the
 * output be patched at all? if not, every section's text is needed), and again when the new sizes
 * are known (is patching still cheaper?).
 *
 * Every reason to give up patching has a name, and a test that provokes it.
 */
#ifndef PATCH_STRATEGY_H
#define PATCH_STRATEGY_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum PatchStrategy {
    PATCH_UP_TO_DATE,
    PATCH_IN_PLACE,
    PATCH_REASSEMBLE,
    PATCH_FULL,
    PATCH_STRATEGY_COUNT
} PatchStrategy;

typedef enum PatchReason {
    REASON_NONE,             /* no obstacle */
    REASON_FORCED,
    REASON_SETTINGS_CHANGED, /* the fingerprint */
    REASON_DAMAGED_STATE,
    REASON_FIRST_BUILD,      /* no state: this entry was never built here */
    REASON_LAST_UNFINISHED,  /* the last build began to write and did not commit */
    REASON_OTHER_OUTPUT,     /* the last build wrote to another path */
    REASON_NO_OUTPUT,        /* no file at that path */
    REASON_OUTPUT_LINKED,    /* more than one link, a symlink, or not a regular file */
    REASON_OUTPUT_CHANGED,   /* by others, since the last build. If its size is as it was, only what
                                differs is patched; otherwise it is reassembled */
    REASON_OUTPUT_READ_ONLY, /* it may be replaced but not written */
    REASON_OUTPUT_IN_USE,    /* a program, and it runs */
    REASON_LAYOUT_CHANGED,   /* of the output as a whole: nearly everything is elsewhere (output_format.h) */
    REASON_TOO_MANY_CHANGES,
    REASON_SECTION_OUTGREW,  /* a section outgrew its place, and moving the rest costs more */
    REASON_COUNT
} PatchReason;

/* "patch", "up-to-date", ... and "output changed by others", ... : what -v and --stats print. */
const char *patch_strategy_name(PatchStrategy strategy);
const char *patch_reason_name(PatchReason reason);

/* The facts known before anything is written. */
typedef struct PatchSituation {
    bool forced;
    bool had_state, state_damaged, settings_changed, last_unfinished;
    bool files_changed;      /* some were added or removed: there is something to do */
    bool same_output_path;   /* the same as in the last build */
    bool output_exists;
    bool output_is_plain;    /* a regular file, reached by no symlink, with one link */
    bool output_is_writable;
    bool output_is_in_use;   /* it is a program that runs */
    bool layout_changed;     /* the format cannot patch it */
    bool output_is_whole;    /* its size is as it was left */
    bool output_is_untouched;/* so are all its bytes */
    uint64_t writes;         /* runs of bytes to be written: dirty sections, moved runs */
    uint64_t bytes_dirty;    /* of the sections to be written, and of a dirty prelude */
    uint64_t moves;          /* how many of the writes move unchanged sections ... */
    uint64_t bytes_moved;    /* ... and their bytes */
    uint64_t bytes_total;    /* of the new output */
    uint64_t sections_clean; /* whose text a new file would have to fetch from the cache */
} PatchSituation;

/* `reason` is never NULL. With PATCH_UP_TO_DATE it is REASON_NONE. */
PatchStrategy patch_strategy_choose(const PatchSituation *situation, PatchReason *reason);

#ifdef __cplusplus
}
#endif
#endif
