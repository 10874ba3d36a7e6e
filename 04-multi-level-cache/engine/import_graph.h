/* SPDX-License-Identifier: MIT */
/*
 * Who imports whom, forwards and backwards.
 *
 * The graph of a project is two arrays: for each file a range of import numbers. A counting sort
 * transposes it: the result says who imports a file, which is how a change propagates. Nothing here
 * recurses: a chain of 10,000 imports works as well as a star. Imports may be circular.
 *
 *     ImportGraph graph;
 *     import_graph_build(&graph, &cache);
 *     import_graph_affected(&graph, changed, changed_count, affected);   affected: bool per file
 *     import_graph_free(&graph);
 *
 * Threads: any number may read.
 */
#ifndef IMPORT_GRAPH_H
#define IMPORT_GRAPH_H

#include "file_hash_cache.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ImportGraph { /* {0} is a graph without files */
    uint32_t count;
    uint32_t *first_import;   /* count + 1 places in `imports` */
    uint32_t *imports;        /* targets, in source order */
    uint32_t *first_importer; /* count + 1 places in `importers` */
    uint32_t *importers;      /* ascending per file; one that imports it twice appears once */
} ImportGraph;

/* The graph of the files in a cache, without imports that lead nowhere. The caller frees. Cost:
 * files + imports. */
void import_graph_build(ImportGraph *graph, const FileHashCache *cache);
void import_graph_free(ImportGraph *graph);

/* Marks `start` and everything reachable from it: its transitive dependencies.
 * `marked` has graph->count slots, is not cleared first, and a file already marked is not
 * visited again. Returns how many it marked. */
uint32_t import_graph_reach(const ImportGraph *graph, uint32_t start, bool *marked);

/* Marks the files that reach one of `changed`, and these themselves. Returns how many. */
uint32_t import_graph_affected(const ImportGraph *graph, const uint32_t *changed,
                               uint32_t changed_count, bool *marked);

/* Fills `order` (graph->count slots) so that a file comes after everything it imports, as far as
 * possible: files of one cycle are together, in path order. Returns the number of cycles. If
 * `cycle_of` is not NULL, it receives for each file the number, counted from 1, of its cycle, or
 * 0. */
uint32_t import_graph_order(const ImportGraph *graph, uint32_t *order, uint32_t *cycle_of);

#ifdef __cplusplus
}
#endif
#endif
