/* SPDX-License-Identifier: MIT */
#include "corpus_graph.h"

#include "../common.h"

enum { FILES_PER_RING = 10 };

/* ---- shapes ---------------------------------------------------------------------------------- */

static const char *const shape_names[SHAPE_COUNT] = {"dag", "chain", "star", "cycle", "ring"};

const char *corpus_shape_name(CorpusShape shape)
{
    return shape_names[shape];
}

bool corpus_shape_parse(const char *name, CorpusShape *shape)
{
    for (*shape = SHAPE_DAG; *shape < SHAPE_COUNT; ++*shape)
        if (strcmp(name, shape_names[*shape]) == 0)
            return true;
    return false;
}

/* ---- who imports whom ------------------------------------------------------------------------ */

static void add_import(CorpusGraph *graph, int from, int to)
{
    if (to >= graph->file_count || to == from)
        return;
    buffer_put(&graph->imports, slice_of(&to, sizeof to));
    graph->files[from].import_count++;
    graph->files[to].importer_count++;
}

/* Draws `left` different files from the next IMPORT_REACH, or takes all if there are fewer. */
static void import_some_ahead(CorpusGraph *graph, int file, int left, uint64_t *random)
{
    int ahead = graph->file_count - 1 - file;
    int reach = ahead < IMPORT_REACH ? ahead : IMPORT_REACH;
    for (int distance = 1; distance <= reach && left > 0; distance++) {
        if (random_between(random, 1, reach - distance + 1) > left)
            continue;
        add_import(graph, file, file + distance);
        left--;
    }
}

/* Rings of FILES_PER_RING files; the first of each ring also imports the first of the next. */
static void import_ring(CorpusGraph *graph, int file)
{
    int first = file - file % FILES_PER_RING;
    bool last = file == first + FILES_PER_RING - 1 || file == graph->file_count - 1;
    add_import(graph, file, last ? first : file + 1);
    if (file == first)
        add_import(graph, file, file + FILES_PER_RING);
}

const int *corpus_graph_imports(const CorpusGraph *graph, int file)
{
    return (const int *)(const void *)graph->imports.data + graph->files[file].first_import;
}

/* ---- who calls whom -------------------------------------------------------------------------- */

bool corpus_graph_is_root(const CorpusGraph *graph, int file)
{
    return file == 0 || graph->files[file].importer_count == 0;
}

/* Breadth first from the roots: the first importer that reaches a file becomes its caller. */
static void choose_callers(CorpusGraph *graph)
{
    int queued = 0;
    int *queue = memory_allocate((size_t)graph->file_count * sizeof *queue);
    for (int file = 0; file < graph->file_count; file++)
        if (corpus_graph_is_root(graph, file))
            queue[queued++] = file;
    for (int head = 0; head < queued; head++) {
        const int *imports = corpus_graph_imports(graph, queue[head]);
        for (int i = 0; i < graph->files[queue[head]].import_count; i++) {
            CorpusFile *imported = &graph->files[imports[i]];
            if (corpus_graph_is_root(graph, imports[i]) || imported->caller != NO_FILE)
                continue;
            imported->caller = queue[head];
            queue[queued++] = imports[i];
        }
    }
    free(queue);
}

void corpus_graph_init(CorpusGraph *graph, CorpusShape shape, int file_count, int import_count,
                       uint64_t *random)
{
    *graph = (CorpusGraph){.file_count = file_count};
    graph->files = memory_allocate_zeroed((size_t)file_count, sizeof *graph->files);
    for (int file = 0; file < file_count; file++) {
        graph->files[file].first_import = (int)(graph->imports.size / sizeof(int));
        graph->files[file].caller = NO_FILE;
        switch (shape) {
        case SHAPE_CHAIN: add_import(graph, file, file + 1); break;
        case SHAPE_STAR: add_import(graph, file, file_count - 1); break;
        case SHAPE_CYCLE: import_ring(graph, file); break;
        case SHAPE_RING: add_import(graph, file, (file + 1) % file_count); break;
        default: import_some_ahead(graph, file, import_count, random); break;
        }
    }
    choose_callers(graph);
}

void corpus_graph_free(CorpusGraph *graph)
{
    free(graph->files);
    buffer_free(&graph->imports);
    *graph = (CorpusGraph){0};
}
