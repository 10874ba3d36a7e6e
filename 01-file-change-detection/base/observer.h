/* SPDX-License-Identifier: MIT */
/*
 * How decisions are reported.
 *
 * A cache that silently does the wrong thing cannot be debugged. Each decision of the stages
 * (this file is unchanged, this function is compiled because ...) is an enum value with the
 * name of what it is about, handed to one optional function. The libraries never print.
 *
 * Decisions are reported from one thread, in index order: two runs report the same.
 */
#ifndef OBSERVER_H
#define OBSERVER_H

#include "slice.h"

typedef enum Decision {
    /* stage 1: subject is a path */
    DECISION_FILE_UNCHANGED,  /* its stat says so; not read */
    DECISION_FILE_TOUCHED,    /* read and hashed: the same bytes */
    DECISION_FILE_CHANGED,    /* read and hashed: other bytes */
    DECISION_FILE_ADDED,      /* not in the last build */
    DECISION_FILE_REMOVED,    /* in the last build, no longer imported */
    /* stage 2: subject is a path */
    DECISION_IR_CACHED,       /* lowered form found by content hash */
    DECISION_IR_LOWERED,      /* not found: lexed, parsed, lowered */
    /* stage 3: subject is path:name */
    DECISION_UNIT_CACHED,     /* its output was found by unit key */
    DECISION_UNIT_DIRTY,      /* its own source changed: emitted */
    DECISION_UNIT_NEW,        /* the last build knew nothing of its file: emitted */
    DECISION_UNIT_LOST,       /* nothing changed, but its output is gone: emitted */
    DECISION_UNIT_WRONG,      /* it, or something it names, has errors: no output */
    DECISION_UNIT_DEPENDENT,  /* something it names changed: emitted */
    /* stage 4: subject is the entry's path, or the damaged file's name */
    DECISION_UP_TO_DATE,      /* combined hash equal, output untouched: nothing to do */
    DECISION_STATE_MISSING,   /* first build here, or no state */
    DECISION_STATE_DAMAGED,   /* a file of the cache failed its checks: treated as missing */
    DECISION_SETTINGS_CHANGED,/* the fingerprint differs from the last build's */
    DECISION_COMPACTED,       /* subject: a pack, rewritten without what nobody uses */
    DECISION_NOT_COMPACTED,   /* subject: why it could not; the packs stay as they are */
    /* stage 5: subject is the reason, as patch_reason_name prints it */
    DECISION_OUTPUT_PATCHED,
    DECISION_OUTPUT_REASSEMBLED,
    DECISION_OUTPUT_FULL,
    DECISION_COUNT
} Decision;

typedef struct Observer { /* {0} hears nothing */
    void (*decided)(void *context, Decision decision, Slice subject);
    void *context;
} Observer;

static inline bool observer_listens(const Observer *observer)
{
    return observer != NULL && observer->decided != NULL;
}

static inline void observe(const Observer *observer, Decision decision, Slice subject)
{
    if (observer_listens(observer))
        observer->decided(observer->context, decision, subject);
}

#endif
