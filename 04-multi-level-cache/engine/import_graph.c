/* SPDX-License-Identifier: MIT */
/*
 * All walks share one form: an explicit stack and one mark per file, set when the file is
 * pushed, so that a file is pushed once and the stack never holds more than all files.
 *
 * The order comes from Tarjan's algorithm for strongly connected components, which finds a
 * component only after everything it imports. Its recursion is an explicit stack of frames: which
 * file, and which of its imports comes next.
 *
 * Source: Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1 (1972).
 */
#include "import_graph.h"

#include <stdlib.h>

static uint32_t *allocate_numbers(size_t count)
{
    return memory_allocate((count + 1) * sizeof(uint32_t));
}

/* ---- building ----------------------------------------------------------------------------- */

static void copy_imports(ImportGraph *graph, const FileHashCache *cache)
{
    uint32_t used = 0;
    for (uint32_t file = 0; file < graph->count; file++) {
        const FileRecord *record = &cache->records[file];
        graph->first_import[file] = used;
        for (uint32_t i = 0; i < record->import_count; i++) {
            uint32_t target = cache->imports[record->first_import + i];
            if (target < cache->count)
                graph->imports[used++] = target;
        }
    }
    graph->first_import[graph->count] = used;
}

/* Called for ascending files, it sees each importer's repetitions one after another. */
static bool is_new_importer(uint32_t *last_importer, uint32_t target, uint32_t importer)
{
    bool is_new = last_importer[target] != importer;
    last_importer[target] = importer;
    return is_new;
}

static void forget_importers(uint32_t *last_importer, uint32_t count)
{
    for (uint32_t file = 0; file < count; file++)
        last_importer[file] = FILE_NONE;
}

/* A counting sort of the edges by target: count, turn the counts into places, then fill. Since
 * the importers come in ascending order, each file's list is ascending. */
static void transpose(ImportGraph *graph)
{
    uint32_t count = graph->count, *first = graph->first_importer;
    uint32_t *last_importer = allocate_numbers(count);
    uint32_t *next = allocate_numbers(count);

    memset(first, 0, (count + 1) * sizeof *first);
    forget_importers(last_importer, count);
    for (uint32_t file = 0; file < count; file++)
        for (uint32_t i = graph->first_import[file]; i < graph->first_import[file + 1]; i++)
            first[graph->imports[i] + 1] += is_new_importer(last_importer, graph->imports[i], file);
    for (uint32_t file = 0; file < count; file++)
        first[file + 1] += first[file];

    memcpy(next, first, count * sizeof *next);
    forget_importers(last_importer, count);
    for (uint32_t file = 0; file < count; file++)
        for (uint32_t i = graph->first_import[file]; i < graph->first_import[file + 1]; i++)
            if (is_new_importer(last_importer, graph->imports[i], file))
                graph->importers[next[graph->imports[i]]++] = file;

    memory_free(next);
    memory_free(last_importer);
}

void import_graph_build(ImportGraph *graph, const FileHashCache *cache)
{
    graph->count = cache->count;
    graph->first_import = allocate_numbers(cache->count);
    graph->imports = allocate_numbers(cache->import_count);
    graph->first_importer = allocate_numbers(cache->count);
    graph->importers = allocate_numbers(cache->import_count);
    copy_imports(graph, cache);
    transpose(graph);
}

void import_graph_free(ImportGraph *graph)
{
    memory_free(graph->first_import);
    memory_free(graph->imports);
    memory_free(graph->first_importer);
    memory_free(graph->importers);
    *graph = (ImportGraph){0};
}

/* ---- reaching ----------------------------------------------------------------------------- */

/* Marks everything reachable from `starts` along `targets`, and the starts. */
static uint32_t propagate(uint32_t count, const uint32_t *first, const uint32_t *targets,
                       const uint32_t *starts, uint32_t start_count, bool *marked)
{
    uint32_t *stack = allocate_numbers(count);
    uint32_t depth = 0, newly_marked = 0;
    for (uint32_t i = 0; i < start_count; i++) {
        if (marked[starts[i]])
            continue;
        marked[starts[i]] = true;
        stack[depth++] = starts[i];
    }
    while (depth != 0) {
        uint32_t file = stack[--depth];
        newly_marked++;
        for (uint32_t i = first[file]; i < first[file + 1]; i++) {
            if (marked[targets[i]])
                continue;
            marked[targets[i]] = true;
            stack[depth++] = targets[i];
        }
    }
    memory_free(stack);
    return newly_marked;
}

uint32_t import_graph_reach(const ImportGraph *graph, uint32_t start, bool *marked)
{
    return propagate(graph->count, graph->first_import, graph->imports, &start, 1, marked);
}

uint32_t import_graph_affected(const ImportGraph *graph, const uint32_t *changed,
                               uint32_t changed_count, bool *marked)
{
    return propagate(graph->count, graph->first_importer, graph->importers, changed, changed_count,
                  marked);
}

/* ---- order and cycles --------------------------------------------------------------------- */

typedef struct Frame {
    uint32_t file;
    uint32_t next; /* the next place in `imports` */
} Frame;

typedef struct Tarjan {
    const ImportGraph *graph;
    uint32_t *visit;  /* per file: when it was first visited, counted from 1; 0: not yet */
    uint32_t *lowest; /* per file: the earliest visit on the component stack that it reaches */
    bool *waiting;    /* per file: on the component stack */
    uint32_t *component_stack;
    uint32_t component_depth;
    Frame *frames;
    uint32_t depth;
    uint32_t visits;
    uint32_t *order;
    uint32_t ordered;
    uint32_t *cycle_of; /* may be NULL */
    uint32_t cycles;
} Tarjan;

static void enter(Tarjan *tarjan, uint32_t file)
{
    tarjan->visit[file] = tarjan->lowest[file] = ++tarjan->visits;
    tarjan->component_stack[tarjan->component_depth++] = file;
    tarjan->waiting[file] = true;
    tarjan->frames[tarjan->depth++] = (Frame){file, tarjan->graph->first_import[file]};
}

static void reaches(Tarjan *tarjan, uint32_t file, uint32_t visit)
{
    if (visit < tarjan->lowest[file])
        tarjan->lowest[file] = visit;
}

static bool imports_itself(const ImportGraph *graph, uint32_t file)
{
    for (uint32_t i = graph->first_import[file]; i < graph->first_import[file + 1]; i++)
        if (graph->imports[i] == file)
            return true;
    return false;
}

static int compare_numbers(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* `root` reaches nothing earlier: what is above it on the component stack is its cycle. */
static void finish_component(Tarjan *tarjan, uint32_t root)
{
    uint32_t *members = tarjan->order + tarjan->ordered, size = 0, file;
    do {
        file = tarjan->component_stack[--tarjan->component_depth];
        tarjan->waiting[file] = false;
        members[size++] = file;
    } while (file != root);
    qsort(members, size, sizeof *members, compare_numbers);
    tarjan->ordered += size;

    bool is_cycle = size > 1 || imports_itself(tarjan->graph, root);
    tarjan->cycles += is_cycle;
    for (uint32_t i = 0; i < size && tarjan->cycle_of != NULL; i++)
        tarjan->cycle_of[members[i]] = is_cycle ? tarjan->cycles : 0;
}

static void leave(Tarjan *tarjan)
{
    uint32_t file = tarjan->frames[--tarjan->depth].file;
    if (tarjan->lowest[file] == tarjan->visit[file])
        finish_component(tarjan, file);
    if (tarjan->depth != 0)
        reaches(tarjan, tarjan->frames[tarjan->depth - 1].file, tarjan->lowest[file]);
}

static void search_from(Tarjan *tarjan, uint32_t root)
{
    enter(tarjan, root);
    while (tarjan->depth != 0) {
        Frame *frame = &tarjan->frames[tarjan->depth - 1];
        if (frame->next == tarjan->graph->first_import[frame->file + 1]) {
            leave(tarjan);
            continue;
        }
        uint32_t target = tarjan->graph->imports[frame->next++];
        if (tarjan->visit[target] == 0)
            enter(tarjan, target);
        else if (tarjan->waiting[target])
            reaches(tarjan, frame->file, tarjan->visit[target]);
    }
}

uint32_t import_graph_order(const ImportGraph *graph, uint32_t *order, uint32_t *cycle_of)
{
    size_t count = graph->count;
    Tarjan tarjan = {
        .graph = graph,
        .visit = memory_allocate_zeroed(count + 1, sizeof(uint32_t)),
        .lowest = allocate_numbers(count),
        .waiting = memory_allocate_zeroed(count + 1, sizeof(bool)),
        .component_stack = allocate_numbers(count),
        .frames = memory_allocate((count + 1) * sizeof(Frame)),
        .order = order,
        .cycle_of = cycle_of,
    };
    for (uint32_t file = 0; file < graph->count; file++)
        if (tarjan.visit[file] == 0)
            search_from(&tarjan, file);
    memory_free(tarjan.visit);
    memory_free(tarjan.lowest);
    memory_free(tarjan.waiting);
    memory_free(tarjan.component_stack);
    memory_free(tarjan.frames);
    return tarjan.cycles;
}
