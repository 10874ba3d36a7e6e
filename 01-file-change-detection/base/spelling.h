/* SPDX-License-Identifier: MIT */
/*
 * "Did you mean ...?": of some names, the one that a misspelt name is nearest to.
 *
 *     Spelling spelling = spelling_of(slice_from("lenght"));
 *     spelling_try(&spelling, slice_from("length"));
 *     spelling_try(&spelling, slice_from("width"));
 *     Slice meant = spelling.best;                        "length"; empty: none is near
 *
 * The distance is the number of letters left out, added, replaced, or exchanged with the next one;
 * upper and lower case count as one letter. A name of two letters has no near ones, one of up to
 * five those at a distance of one, of up to eight of two, a longer one of three. Of several the
 * first one tried is taken: try them in an order that does not vary.
 *
 * It is meant for errors: a try costs the product of the two sizes if these are near each other,
 * and nothing if they are not. Threads: any.
 */
#ifndef SPELLING_H
#define SPELLING_H

#include "slice.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    SPELLING_MAX_BYTES = 60, /* a longer name has no near ones */
    SPELLING_MOST_TRIED = 64, /* where there may be any number of names, no more are worth a try */
};

typedef struct Spelling {
    Slice wrong;       /* lent */
    Slice best;        /* lent; empty: none was near */
    unsigned distance; /* of `best`; before: one more than what counts as near */
} Spelling;

Spelling spelling_of(Slice wrong);

void spelling_try(Spelling *spelling, Slice name);

#ifdef __cplusplus
}
#endif
#endif
