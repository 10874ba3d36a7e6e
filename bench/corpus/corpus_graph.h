/* SPDX-License-Identifier: MIT */
/*
 * Who imports whom in a generated corpus, and who calls whom.
 *
 * Files are numbers from 0; main is not one of them. main imports the roots, and every other file
 * has one caller among its importers: so the calls form a tree over the files, whatever the graph.
 */
#ifndef CORPUS_GRAPH_H
#define CORPUS_GRAPH_H

#include "memory.h"

enum {
    IMPORT_REACH = 20, /* a file of the dag imports among the next this many */
    NO_FILE = -1,
};

typedef enum CorpusShape {
    SHAPE_DAG,
    SHAPE_CHAIN,
    SHAPE_STAR,
    SHAPE_CYCLE,
    SHAPE_RING,
    SHAPE_COUNT,
} CorpusShape;

typedef struct CorpusFile {
    int first_import, import_count;
    int importer_count;
    int caller; /* the importer that calls its first function; NO_FILE: main does */
} CorpusFile;

typedef struct CorpusGraph {
    int file_count;
    CorpusFile *files;
    ByteBuffer imports; /* int each: file numbers, grouped by importer */
} CorpusGraph;

const char *corpus_shape_name(CorpusShape shape);

/* False if there is no such shape. */
bool corpus_shape_parse(const char *name, CorpusShape *shape);

/* Draws a graph of at least one file. `import_count` is only for the dag: that many of the next
 * IMPORT_REACH files, drawn from `random`. */
void corpus_graph_init(CorpusGraph *graph, CorpusShape shape, int file_count, int import_count,
                       uint64_t *random);
void corpus_graph_free(CorpusGraph *graph);

/* files[file].import_count numbers. */
const int *corpus_graph_imports(const CorpusGraph *graph, int file);

/* Does main import this file? It must import files without other importers, and some file of a
 * cycle. */
bool corpus_graph_is_root(const CorpusGraph *graph, int file);

#endif
