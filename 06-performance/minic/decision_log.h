/* SPDX-License-Identifier: MIT */
/*
 * Decisions as lines for people: what -v and -vv print.
 *
 *     changed      math.mini
 *     emitted      math.mini:add (its source changed)
 *     output       patch: ...
 *
 * Example:
 *
 *     if (decision_level(decision) <= verbosity)
 *         decision_format(decision, subject, &text);
 */
#ifndef DECISION_LOG_H
#define DECISION_LOG_H

#include "memory.h"
#include "observer.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The verbosity at which it is printed. 1: what changed, what was done and why. 2: also what was
 * found unchanged or in a cache. */
int decision_level(Decision decision);

/* Appends one line. */
void decision_format(Decision decision, Slice subject, ByteBuffer *text);

#ifdef __cplusplus
}
#endif
#endif
