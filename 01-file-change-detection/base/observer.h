/* SPDX-License-Identifier: MIT */
/*
 * How decisions are reported.
 *
 * A cache that silently does the wrong thing cannot be debugged. Each decision of the stages (this
 * file is unchanged, this function is compiled because ...) is an enum value with the name of its
 * subject, passed to one optional function. The libraries never print.
 *
 * Decisions are reported from one thread, in index order: two runs report the same.
 */
#ifndef OBSERVER_H
#define OBSERVER_H

#include "slice.h"

/* A number. Each floor names its own, from this one on, in the header of what decides: stage 1 in
 * discovery.h, stage 2 in zir_cache.h, stage 3 in cached_codegen.h, and so on. */
typedef int Decision;
#define DECISIONS_OF(floor) ((floor) * 16)

typedef struct Observer { /* {0} observes nothing */
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
