/* SPDX-License-Identifier: MIT */
#include "build_forecast.h"

#include "build_internal.h"

/* ---- what a build will emit ------------------------------------------------------------------ */

static bool is_function(const ProgramFile *file, uint32_t unit)
{
    return unit < file->declarations.count &&
           !hash_is_none(file->declarations.items[unit].body_hash);
}

static bool is_in_cache(const Build *build, const PlannedUnit *unit)
{
    Slice output;
    return unit->is_cacheable && air_cache_get(&build->cache.air, unit->key, &output);
}

typedef struct Forecasting {
    Build *build;
    BuildForecastVisit visit;
    void *context;
    BuildForecast *forecast;
} Forecasting;

static void visit_unit(const Forecasting *forecasting, uint32_t file, uint32_t number,
                       const PlannedUnit *unit)
{
    Build *build = forecasting->build;
    UnitLookup lookup;
    Arena arena = {0};
    bool counts = is_function(build_program_file(&build->program, file), number);
    forecasting->forecast->emitted += counts;
    unit_lookup_init(&lookup, &build->program, file, number, &arena);
    forecasting->visit(forecasting->context, build_emit_reason(build, file, unit),
                       lookup.unit.symbol, counts);
    arena_free(&arena);
}

static void visit_section(const Forecasting *forecasting, uint32_t file)
{
    Build *build = forecasting->build;
    uint32_t count = build_unit_count(build, file);
    for (uint32_t i = 0; i < count; i++) {
        PlannedUnit unit;
        build_unit_key(build, file, i, &unit);
        if (!is_in_cache(build, &unit))
            visit_unit(forecasting, file, i, &unit);
    }
}

/* ---- what a search over the callers would emit ----------------------------------------------- */

typedef struct CallGraph { /* units of all files are numbered one after another */
    Build *build;
    uint32_t file_count;
    uint32_t *first_unit;   /* per file, and the end */
    uint32_t *first_caller; /* per unit its place in `callers`, and the end */
    uint32_t *callers;
    bool *is_reached;
    uint32_t *queue;
    uint32_t queued;
} CallGraph;

static void number_units(CallGraph *graph)
{
    Program *program = &graph->build->program;
    graph->first_unit = memory_allocate((graph->file_count + 1) * sizeof *graph->first_unit);
    graph->first_unit[0] = 0;
    for (uint32_t i = 0; i < graph->file_count; i++)
        graph->first_unit[i + 1] =
            graph->first_unit[i] + build_program_file(program, i)->declarations.count;
}

typedef void (*CallVisit)(CallGraph *graph, uint32_t caller, uint32_t callee);

static void visit_calls(CallGraph *graph, CallVisit visit)
{
    Program *program = &graph->build->program;
    for (uint32_t file = 0; file < graph->file_count; file++) {
        const ProgramFile *from = build_program_file(program, file);
        for (uint32_t i = 0; i < from->declarations.count; i++) {
            const Declaration *item = &from->declarations.items[i];
            uint32_t count = item->interface_reference_count + item->body_reference_count;
            for (uint32_t r = 0; r < count; r++) {
                uint32_t to, target;
                const Reference *reference = declaration_reference(&from->declarations, i, r);
                if (program_resolve(program, from, file, reference, &to, &target) == NAME_FOUND)
                    visit(graph, graph->first_unit[file] + i, graph->first_unit[to] + target);
            }
        }
    }
}

/* A counting sort: the places move back by one while they are filled. */
static void count_caller(CallGraph *graph, uint32_t caller, uint32_t callee)
{
    (void)caller;
    graph->first_caller[callee]++;
}

static void put_caller(CallGraph *graph, uint32_t caller, uint32_t callee)
{
    graph->callers[--graph->first_caller[callee]] = caller;
}

static void list_callers(CallGraph *graph)
{
    uint32_t units = graph->first_unit[graph->file_count];
    graph->first_caller = memory_allocate_zeroed(units + 1, sizeof *graph->first_caller);
    visit_calls(graph, count_caller);
    for (uint32_t i = 1; i <= units; i++)
        graph->first_caller[i] += graph->first_caller[i - 1];
    graph->callers =
        memory_allocate(((size_t)graph->first_caller[units] + 1) * sizeof *graph->callers);
    visit_calls(graph, put_caller);
}

static void reach(CallGraph *graph, uint32_t unit)
{
    if (graph->is_reached[unit])
        return;
    graph->is_reached[unit] = true;
    graph->queue[graph->queued++] = unit;
}

static void reach_own_changes(CallGraph *graph)
{
    const EmissionPlan *plan = &graph->build->plan;
    const UnitRecord *units;
    for (uint32_t i = 0; i < plan->rekeyed_count; i++) {
        uint32_t file = plan->rekeyed[i];
        bool is_new = build_recorded(graph->build, file, &units) == NULL;
        for (uint32_t unit = 0; unit < plan->files[file].row.unit_count; unit++)
            if (is_new || plan->files[file].planned[unit].is_own_change)
                reach(graph, graph->first_unit[file] + unit);
    }
}

static uint64_t count_reached_functions(const CallGraph *graph)
{
    uint64_t count = 0;
    for (uint32_t file = 0; file < graph->file_count; file++) {
        const ProgramFile *loaded = build_program_file(&graph->build->program, file);
        for (uint32_t i = 0; i < loaded->declarations.count; i++)
            count += graph->is_reached[graph->first_unit[file] + i] && is_function(loaded, i);
    }
    return count;
}

static uint64_t search_callers(Build *build)
{
    CallGraph graph = {.build = build, .file_count = build->cache.files.count};
    number_units(&graph);
    list_callers(&graph);
    uint32_t units = graph.first_unit[graph.file_count];
    graph.is_reached = memory_allocate_zeroed(units + 1, sizeof *graph.is_reached);
    graph.queue = memory_allocate((units + 1) * sizeof *graph.queue);
    reach_own_changes(&graph);
    for (uint32_t next = 0; next < graph.queued; next++) {
        uint32_t unit = graph.queue[next];
        for (uint32_t i = graph.first_caller[unit]; i < graph.first_caller[unit + 1]; i++)
            reach(&graph, graph.callers[i]);
    }
    uint64_t count = count_reached_functions(&graph);
    memory_free(graph.first_unit);
    memory_free(graph.first_caller);
    memory_free(graph.callers);
    memory_free(graph.is_reached);
    memory_free(graph.queue);
    return count;
}

/* ---- both ------------------------------------------------------------------------------------ */

void build_forecast(Build *build, BuildForecastVisit visit, void *context,
                    BuildForecast *forecast)
{
    const BuildPlan *plan = build_planned(build);
    Forecasting forecasting = {build, visit, context, forecast};
    *forecast = (BuildForecast){.total = build->counts.functions_total};
    if (!plan->is_unchanged) {
        for (uint32_t i = 0; i < plan->dirty_count; i++)
            visit_section(&forecasting, plan->dirty[i]);
        forecast->breadth_first = search_callers(build);
    }
    forecast->cached = forecast->total - forecast->emitted;
}
