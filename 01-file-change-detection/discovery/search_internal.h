/* SPDX-License-Identifier: MIT */
/* What the steps of discovery share. */
#ifndef SEARCH_INTERNAL_H
#define SEARCH_INTERNAL_H

#include "graph_walk.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct Search {
    Discovery *found;
    const DiscoveryRequest *request;
    FileHashCache *cache;
    FileClock clock;
    ReadingScratch *scratch; /* per worker */
    bool *is_current;        /* per file of the last build: its stat says unchanged */
    bool *is_gone;           /* with resolve: it has none */
    bool *is_redirected;     /* with resolve: some import may lead elsewhere */
    AskedPaths *asked;       /* with resolve */
    AskedValues *values;
    bool was_renumbered;     /* there is a new table */
    uint32_t *stale;         /* not current, or redirected; ascending */
    uint32_t stale_count;
    Reading **readings;      /* per file of the last build; NULL: unchanged */
} Search;

/* Step 1: fills in is_current, is_redirected and what is stale; asks for the absent paths and the
 * values. After a cancellation, is_current alone is there. */
void search_stat_last(Search *search);

/* Step 2: reads what is stale. */
void search_read_stale(Search *search);

/* Have all that were read the imports on record? */
bool search_graph_is_unchanged(const Search *search);

/* Then the records take what was read. */
void search_update_records(Search *search);

bool search_was_cancelled(const Search *search);

void search_count_reading(Discovery *found, const Reading *reading);

static inline bool search_is_redirected(const Search *search, uint32_t file)
{
    return search->is_redirected != NULL && search->is_redirected[file];
}

#ifdef __cplusplus
}
#endif
#endif
