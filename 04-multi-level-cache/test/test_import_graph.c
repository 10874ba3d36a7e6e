/* SPDX-License-Identifier: MIT */
#include "import_graph.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- graphs from edges -------------------------------------------------------------------- */

typedef struct Edge {
    uint32_t from, to;
} Edge;

/* Files named 0000000, 0000001, ... so that number order is path order. */
static void build_graph(ImportGraph *graph, uint32_t count, const Edge *edges, size_t edge_count)
{
    FileEntry *files = calloc(count + 1, sizeof *files);
    uint32_t *imports = malloc((edge_count + 1) * sizeof *imports);
    uint32_t *first = calloc(count + 2, sizeof *first);
    Arena arena = {0};
    for (size_t i = 0; i < edge_count; i++)
        first[edges[i].from + 1]++;
    for (uint32_t i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "%07u", (unsigned)i);
        files[i].path = slice_of(arena_copy(&arena, slice_from(name)), 7);
        files[i].imports = imports + first[i];
        first[i + 1] += first[i];
    }
    for (size_t i = 0; i < edge_count; i++)
        imports[first[edges[i].from] + files[edges[i].from].import_count++] = edges[i].to;

    FileHashCache cache = {0};
    file_hash_cache_replace(&cache, files[0].path, files, count);
    import_graph_build(graph, &cache);
    file_hash_cache_close(&cache);
    arena_free(&arena);
    free(first);
    free(imports);
    free(files);
}

/* ---- small, by hand ----------------------------------------------------------------------- */

static void no_files(void **state)
{
    (void)state;
    ImportGraph graph = {0};
    assert_int_equal(import_graph_order(&graph, NULL, NULL), 0);
    import_graph_free(&graph);
    build_graph(&graph, 0, NULL, 0);
    assert_int_equal(graph.count, 0);
    assert_int_equal(import_graph_affected(&graph, NULL, 0, NULL), 0);
    import_graph_free(&graph);
}

/* Discovery leaves a gap where an import leads to no file. */
static void an_import_that_leads_nowhere_is_no_edge(void **state)
{
    static const uint32_t imports[] = {1, FILE_NONE};
    const FileEntry files[] = {{.path = {"0", 1}, .imports = imports, .import_count = 2},
                               {.path = {"1", 1}}};
    FileHashCache cache = {0};
    ImportGraph graph;
    (void)state;
    file_hash_cache_replace(&cache, files[0].path, files, 2);
    import_graph_build(&graph, &cache);
    assert_int_equal(graph.first_import[1] - graph.first_import[0], 1);
    assert_int_equal(graph.first_import[2] - graph.first_import[1], 0);
    import_graph_free(&graph);
    file_hash_cache_close(&cache);
}

static void forwards_and_backwards(void **state)
{
    static const Edge edges[] = {{0, 2}, {0, 1}, {0, 2}, {1, 2}, {2, 2}};
    static const uint32_t imports[] = {2, 1, 2, 2, 2}, first_import[] = {0, 3, 4, 5};
    static const uint32_t importers[] = {0, 0, 1, 2}, first_importer[] = {0, 0, 1, 4};
    (void)state;
    ImportGraph graph;
    build_graph(&graph, 3, edges, 5);
    assert_memory_equal(graph.first_import, first_import, sizeof first_import);
    assert_memory_equal(graph.imports, imports, sizeof imports);
    assert_memory_equal(graph.first_importer, first_importer, sizeof first_importer);
    assert_memory_equal(graph.importers, importers, sizeof importers);
    import_graph_free(&graph);
}

static void a_diamond_is_visited_once(void **state)
{
    static const Edge edges[] = {{0, 1}, {0, 2}, {1, 3}, {2, 3}};
    (void)state;
    ImportGraph graph;
    build_graph(&graph, 4, edges, 4);
    bool marked[4] = {0};
    assert_int_equal(import_graph_reach(&graph, 1, marked), 2);
    assert_int_equal(import_graph_reach(&graph, 0, marked), 2); /* 1 and 3 are marked already */
    bool affected[4] = {0};
    const uint32_t changed[] = {3, 3, 1};
    assert_int_equal(import_graph_affected(&graph, changed, 3, affected), 4);
    import_graph_free(&graph);
}

static void cycles_stand_together(void **state)
{
    /* 0 → 3 → 1 → 3 is a cycle reached from 0; 2 imports itself; 4 is isolated */
    static const Edge edges[] = {{0, 3}, {3, 1}, {1, 3}, {2, 2}, {1, 4}};
    static const uint32_t expected_order[] = {4, 1, 3, 0, 2}, expected_cycle[] = {0, 1, 2, 1, 0};
    (void)state;
    ImportGraph graph;
    uint32_t order[5], cycle_of[5];
    build_graph(&graph, 5, edges, 5);
    assert_int_equal(import_graph_order(&graph, order, cycle_of), 2);
    assert_memory_equal(order, expected_order, sizeof order);
    assert_memory_equal(cycle_of, expected_cycle, sizeof cycle_of);
    assert_int_equal(import_graph_order(&graph, order, NULL), 2);
    import_graph_free(&graph);
}

/* ---- large: recursion would overflow the stack -------------------------------------------- */

enum { MANY = 100000 };

static void a_chain_of_100000(void **state)
{
    (void)state;
    Edge *edges = calloc(MANY, sizeof *edges);
    uint32_t *order = malloc(MANY * sizeof *order);
    bool *marked = calloc(MANY, sizeof *marked);
    for (uint32_t i = 0; i + 1 < MANY; i++)
        edges[i] = (Edge){i, i + 1};
    ImportGraph graph;
    build_graph(&graph, MANY, edges, MANY - 1);
    assert_int_equal(import_graph_order(&graph, order, NULL), 0);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(order[i], MANY - 1 - i);
    assert_int_equal(import_graph_reach(&graph, 0, marked), MANY);
    memset(marked, 0, MANY);
    const uint32_t last = MANY - 1;
    assert_int_equal(import_graph_affected(&graph, &last, 1, marked), MANY);
    import_graph_free(&graph);

    edges[MANY - 1] = (Edge){MANY - 1, 0}; /* the same bent into a ring */
    build_graph(&graph, MANY, edges, MANY);
    assert_int_equal(import_graph_order(&graph, order, NULL), 1);
    for (uint32_t i = 0; i < MANY; i++)
        assert_int_equal(order[i], i);
    import_graph_free(&graph);
    free(marked);
    free(order);
    free(edges);
}

static void a_star_of_100000(void **state)
{
    (void)state;
    Edge *edges = calloc(2 * MANY, sizeof *edges);
    bool *marked = calloc(MANY, sizeof *marked);
    for (uint32_t i = 1; i < MANY; i++) {
        edges[2 * i] = (Edge){0, i};
        edges[2 * i + 1] = (Edge){i, MANY - 1};
    }
    ImportGraph graph;
    build_graph(&graph, MANY, edges + 2, 2 * (MANY - 1));
    const uint32_t leaf = 5, hub = MANY - 1;
    assert_int_equal(import_graph_affected(&graph, &leaf, 1, marked), 2);
    assert_int_equal(import_graph_affected(&graph, &hub, 1, marked), MANY - 2);
    import_graph_free(&graph);
    free(marked);
    free(edges);
}

/* ---- random, against a naive model -------------------------------------------------------- */

enum { SMALL = 12 };

typedef struct Closure {
    uint32_t count;
    bool reaches[SMALL][SMALL]; /* by one import or more */
} Closure;

static void close_transitively(Closure *closure)
{
    for (uint32_t via = 0; via < closure->count; via++)
        for (uint32_t i = 0; i < closure->count; i++)
            for (uint32_t j = 0; j < closure->count; j++)
                closure->reaches[i][j] |= closure->reaches[i][via] && closure->reaches[via][j];
}

static bool in_one_cycle(const Closure *closure, uint32_t a, uint32_t b)
{
    return closure->reaches[a][b] && closure->reaches[b][a];
}

static void check_marks(const ImportGraph *graph, const Closure *closure)
{
    for (uint32_t i = 0; i < graph->count; i++) {
        bool reached[SMALL] = {0}, affected[SMALL] = {0};
        uint32_t reached_count = import_graph_reach(graph, i, reached);
        uint32_t affected_count = import_graph_affected(graph, &i, 1, affected);
        for (uint32_t j = 0; j < graph->count; j++) {
            assert_int_equal(reached[j], i == j || closure->reaches[i][j]);
            assert_int_equal(affected[j], i == j || closure->reaches[j][i]);
            reached_count -= reached[j];
            affected_count -= affected[j];
        }
        assert_int_equal(reached_count, 0);
        assert_int_equal(affected_count, 0);
    }
}

static void check_order(const ImportGraph *graph, const Closure *closure)
{
    uint32_t order[SMALL], cycle_of[SMALL], place[SMALL], count = graph->count;
    uint32_t cycles = import_graph_order(graph, order, cycle_of), in_order = 0, numbers = 0;
    for (uint32_t i = 0; i < count; i++) {
        in_order |= UINT32_C(1) << order[i];
        place[order[i]] = i;
        numbers |= UINT32_C(1) << cycle_of[i];
    }
    assert_int_equal(in_order, (UINT32_C(1) << count) - 1);     /* each file once */
    assert_int_equal(numbers | 1, (UINT32_C(2) << cycles) - 1); /* numbered 1 .. cycles */
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(cycle_of[i] != 0, closure->reaches[i][i]);
        for (uint32_t j = 0; j < count; j++) {
            if (i == j)
                continue;
            bool together = in_one_cycle(closure, i, j);
            assert_int_equal(cycle_of[i] != 0 && cycle_of[i] == cycle_of[j], together);
            if (closure->reaches[i][j] && !together)
                assert_true(place[j] < place[i]);
            if (together && i < j) { /* in path order, and nothing else in between */
                assert_true(place[i] < place[j]);
                for (uint32_t k = place[i]; k < place[j]; k++)
                    assert_int_equal(cycle_of[order[k]], cycle_of[i]);
            }
        }
    }
}

static void random_graphs(void **state)
{
    (void)state;
    srand(1);
    for (int round = 0; round < 2000; round++) {
        Closure closure = {.count = 1 + (uint32_t)rand() % SMALL};
        Edge edges[SMALL * 2];
        size_t edge_count = (size_t)rand() % (closure.count * 2);
        for (size_t i = 0; i < edge_count; i++) {
            edges[i] = (Edge){(uint32_t)rand() % closure.count, (uint32_t)rand() % closure.count};
            closure.reaches[edges[i].from][edges[i].to] = true;
        }
        close_transitively(&closure);
        ImportGraph graph;
        build_graph(&graph, closure.count, edges, edge_count);
        check_marks(&graph, &closure);
        check_order(&graph, &closure);
        import_graph_free(&graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_files),
        cmocka_unit_test(an_import_that_leads_nowhere_is_no_edge),
        cmocka_unit_test(forwards_and_backwards),
        cmocka_unit_test(a_diamond_is_visited_once),
        cmocka_unit_test(cycles_stand_together),
        cmocka_unit_test(a_chain_of_100000),
        cmocka_unit_test(a_star_of_100000),
        cmocka_unit_test(random_graphs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
