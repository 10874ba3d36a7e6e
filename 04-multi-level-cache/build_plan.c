/* SPDX-License-Identifier: MIT */
/*
 * From the files that changed to the units that must be emitted.
 *
 *     changed source ──► its own interface differs? ──► files whose interfaces refer to it
 *                                   │ no                 (a struct of a struct, ...)
 *                                   ▼                              │
 *                        keys of its own units             keys of the units of all
 *                                                          files that import one of these
 *
 * A body edit goes down the left side: one file's keys, whatever the size of the project. Only a
 * changed interface looks at importers, and computing a key there is not yet compiling: a unit
 * whose key comes out equal is not touched.
 */
#include "build_internal.h"

#include <stdlib.h>

typedef struct Planner {
    Build *build;
    ImportGraph graph;    /* built when an interface changed */
    uint32_t *affected;   /* files whose interface keys are computed again */
    uint32_t affected_count;
    uint32_t *rekeyed;    /* files whose unit keys are computed */
    uint32_t rekeyed_count;
} Planner;

/* ---- which interfaces may have changed? ---------------------------------------------------- */

static bool leads_to(const ProgramFile *file, const Reference *reference, uint32_t target)
{
    return reference->import != IMPORT_SELF && file->targets[reference->import] == target;
}

/* Does an interface in `file` refer to something in `target`? */
static bool interface_refers_to(const ProgramFile *file, uint32_t target)
{
    const Declarations *view = &file->declarations;
    for (uint32_t i = 0; i < view->count; i++)
        for (uint32_t r = 0; r < view->items[i].interface_reference_count; r++)
            if (leads_to(file, declaration_reference(view, i, r), target))
                return true;
    return false;
}

/* The file is loaded, for its interfaces were looked at, or could not be had, and is empty; the
 * keys on record no longer hold. */
static void add_affected(Planner *planner, uint32_t file)
{
    Build *build = planner->build;
    ProgramFile *loaded = build_loaded_file(build, file);
    build->plan[file].is_affected = true;
    planner->affected[planner->affected_count++] = file;
    if (loaded->declarations.count != 0)
        memset(loaded->key_states, KEY_UNKNOWN, loaded->declarations.count);
}

/* Compares what a changed file offers with what it offered. */
static void digest_file(void *arg, size_t index, unsigned worker)
{
    Planner *planner = arg;
    Build *build = planner->build;
    uint32_t file = planner->rekeyed[index];
    build->plan[file].row.interface_digest = program_interface_digest(
        &build->program, file, &build->workers[worker].key);
}

static bool same_interface(const Build *build, uint32_t file)
{
    const UnitRecord *units;
    const UnitRow *row = build_recorded(build, file, &units);
    const ProgramFile *loaded = build_loaded_file(build, file);
    return row != NULL && row->unit_count == loaded->declarations.count &&
           hash_equal(row->interface_digest, build->plan[file].row.interface_digest);
}

static void take_recorded_interface_keys(const Build *build, uint32_t file)
{
    const UnitRecord *units;
    const UnitRow *row = build_recorded(build, file, &units);
    ProgramFile *loaded = build_loaded_file(build, file);
    for (uint32_t i = 0; i < row->unit_count; i++) {
        loaded->interface_keys[i] = units[i].interface_key;
        loaded->key_states[i] = KEY_KNOWN;
    }
}

static void build_graph(Planner *planner)
{
    if (planner->graph.count == 0)
        import_graph_build(&planner->graph, &planner->build->cache.files);
}

/* From each affected file to the importers whose interfaces refer to it. */
static void spread(Planner *planner)
{
    Build *build = planner->build;
    if (planner->affected_count == 0 || planner->affected_count == build->cache.files.count)
        return;
    build_graph(planner);
    for (uint32_t next = 0; next < planner->affected_count; next++) {
        uint32_t file = planner->affected[next];
        const ImportGraph *graph = &planner->graph;
        for (uint32_t i = graph->first_importer[file]; i < graph->first_importer[file + 1]; i++) {
            uint32_t importer = graph->importers[i];
            if (!build->plan[importer].is_affected &&
                interface_refers_to(build_program_file(&build->program, importer), file))
                add_affected(planner, importer);
        }
    }
}

/* ---- keys ---------------------------------------------------------------------------------- */

static void plain_keys(void *arg, size_t index, unsigned worker)
{
    Planner *planner = arg;
    Build *build = planner->build;
    program_plain_interface_keys(build_program_file(&build->program, planner->affected[index]),
                                 &build->workers[worker].key);
}

static void compute_interface_keys(Planner *planner)
{
    Build *build = planner->build;
    executor_run(build->request.executor, planner->affected_count, plain_keys, planner);
    for (uint32_t i = 0; i < planner->affected_count; i++)
        program_interface_keys(&build->program, planner->affected[i], &build->workers[0].key);
}

/* Did recomputing change any interface key of the file? If not, its importers need no look. A
 * name is part of its key: one that came or went changes the keys or their number. */
static bool interface_keys_changed(const Build *build, uint32_t file)
{
    const UnitRecord *units;
    const UnitRow *row = build_recorded(build, file, &units);
    const ProgramFile *loaded = build_loaded_file(build, file);
    if (row == NULL || row->unit_count != loaded->declarations.count)
        return true;
    for (uint32_t i = 0; i < row->unit_count; i++)
        if (loaded->key_states[i] != KEY_KNOWN ||
            !hash_equal(loaded->interface_keys[i], units[i].interface_key))
            return true;
    return false;
}

static void add_rekeyed(Planner *planner, uint32_t file)
{
    PlannedFile *plan = &planner->build->plan[file];
    if (plan->is_rekeyed)
        return;
    plan->is_rekeyed = true;
    planner->rekeyed[planner->rekeyed_count++] = file;
}

static void add_importers(Planner *planner)
{
    Build *build = planner->build;
    for (uint32_t i = 0; i < planner->affected_count; i++)
        add_rekeyed(planner, planner->affected[i]);
    if (planner->rekeyed_count == build->cache.files.count)
        return;
    for (uint32_t i = 0; i < planner->affected_count; i++) {
        uint32_t file = planner->affected[i];
        if (!interface_keys_changed(build, file))
            continue;
        build_graph(planner);
        const ImportGraph *graph = &planner->graph;
        for (uint32_t n = graph->first_importer[file]; n < graph->first_importer[file + 1]; n++)
            add_rekeyed(planner, graph->importers[n]);
    }
}

static uint64_t own_hash(const Declarations *view, uint32_t declaration, ByteBuffer *key)
{
    const Declaration *item = &view->items[declaration];
    key->size = 0;
    key_put_slice(key, declarations_text(view, item->name));
    key_put_hash(key, item->interface_hash);
    key_put_hash(key, item->body_hash);
    return hash_checksum(buffer_slice(key));
}

static void key_unit(Build *build, uint32_t file, uint32_t declaration, ByteBuffer *key)
{
    PlannedFile *plan = &build->plan[file];
    PlannedUnit *planned = &plan->planned[declaration];
    UnitRecord *record = &plan->units[declaration];
    const ProgramFile *loaded = build_program_file(&build->program, file);
    planned->key =
        program_unit_key(&build->program, file, declaration, key, &planned->is_cacheable);
    planned->is_own_change = false;
    record->interface_key = loaded->interface_keys[declaration];
    record->unit_key = planned->key;
    record->own_hash = own_hash(&loaded->declarations, declaration, key);
    if (!hash_is_none(loaded->declarations.items[declaration].body_hash))
        plan->row.function_count++;
}

static int compare_hashes(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* Marks the units of a changed file that it did not have before, wherever they stood. */
static void mark_own_changes(const UnitRow *row, const UnitRecord *old, PlannedFile *plan,
                             Arena *arena)
{
    uint32_t count = row == NULL ? 0 : row->unit_count;
    uint64_t *hashes = arena_allocate(arena, (count + 1) * sizeof *hashes);
    for (uint32_t i = 0; i < count; i++)
        hashes[i] = old[i].own_hash;
    qsort(hashes, count, sizeof *hashes, compare_hashes);
    for (uint32_t i = 0; i < plan->row.unit_count; i++)
        plan->planned[i].is_own_change = bsearch(&plan->units[i].own_hash, hashes, count,
                                                 sizeof *hashes, compare_hashes) == NULL;
}

static Hash128 section_key(const ProgramFile *file, const PlannedFile *plan, ByteBuffer *key)
{
    key->size = 0;
    key_put_slice(key, file->path);
    for (uint32_t i = 0; i < plan->row.unit_count; i++)
        key_put_hash(key, plan->units[i].unit_key);
    return hash_bytes(buffer_slice(key));
}

static void key_file(void *arg, size_t index, unsigned worker)
{
    Planner *planner = arg;
    Build *build = planner->build;
    BuildWorker *scratch = &build->workers[worker];
    uint32_t number = planner->rekeyed[index];
    ProgramFile *file = build_program_file(&build->program, number);
    PlannedFile *plan = &build->plan[number];
    uint32_t count = file->declarations.count;
    const UnitRecord *old;
    const UnitRow *row = build_recorded(build, number, &old);

    if (!plan->source_changed && row != NULL)
        plan->row.interface_digest = row->interface_digest;
    plan->row.unit_count = count;
    plan->row.function_count = 0;
    plan->row.prelude_digest = build_prelude_digest(&file->declarations);
    plan->units = arena_allocate(&scratch->arena, count * sizeof *plan->units);
    plan->planned = arena_allocate(&scratch->arena, count * sizeof *plan->planned);
    for (uint32_t i = 0; i < count; i++) {
        key_unit(build, number, i, &scratch->key);
        plan->is_dirty |= !plan->planned[i].is_cacheable;
    }
    if (plan->source_changed)
        mark_own_changes(row, old, plan, &scratch->arena);
    plan->row.section_key = section_key(file, plan, &scratch->key);
    plan->is_dirty |= row == NULL || !hash_equal(row->section_key, plan->row.section_key);
}

/* ---- the program as a whole ---------------------------------------------------------------- */

static void check_entry_point(Build *build)
{
    const Compiler *compiler = build->request.compiler;
    uint32_t entry = build->program.entry_file;
    if (!build->plan[entry].is_rekeyed)
        return;
    const ProgramFile *file = build_program_file(&build->program, entry);
    if (declarations_find(&file->declarations, compiler->entry_point) != DECLARATION_NONE)
        return;
    build->diagnostics.path = file->path;
    diagnostics_add(&build->diagnostics, 1, 1, "%.*s", (int)compiler->missing_entry_point.size,
                    compiler->missing_entry_point.data);
}

static void count_functions(Build *build)
{
    uint32_t count = build->cache.files.count;
    const UnitRecord *units;
    build->counts.functions_total = 0;
    for (uint32_t i = 0; i < count; i++) {
        const PlannedFile *plan = &build->plan[i];
        const UnitRow *row = plan->is_rekeyed ? &plan->row : build_recorded(build, i, &units);
        if (row != NULL)
            build->counts.functions_total += row->function_count;
    }
}

static void collect_dirty(Build *build)
{
    uint32_t count = build->cache.files.count;
    build->dirty = memory_allocate((count + 1) * sizeof *build->dirty);
    for (uint32_t i = 0; i < count; i++)
        if (build->plan[i].is_dirty)
            build->dirty[build->dirty_count++] = i;
    build->counts.sections_dirty = build->dirty_count;
    build->is_changed =
        build->dirty_count != 0 || build->found.renumbered || build->prelude_is_dirty;
}

static void check_prelude(Build *build)
{
    build->summary.prelude = build_prelude_key(build);
    build->prelude_is_dirty =
        !build->cache.had_state ||
        !hash_equal(build->summary.prelude, build->cache.manifest.header.prelude);
    if (build->prelude_is_dirty)
        build_make_prelude(build);
}

/* ---- all together -------------------------------------------------------------------------- */

/* Files whose source changed, and all files if the last build's units are not known. */
static void begin_with_changes(Planner *planner)
{
    Build *build = planner->build;
    const UnitRecord *units;
    for (uint32_t i = 0; i < build->cache.files.count; i++)
        if (build->plan[i].source_changed || build_recorded(build, i, &units) == NULL)
            add_rekeyed(planner, i);
}

static void find_affected(Planner *planner)
{
    Build *build = planner->build;
    executor_run(build->request.executor, planner->rekeyed_count, digest_file, planner);
    for (uint32_t i = 0; i < planner->rekeyed_count; i++) {
        uint32_t file = planner->rekeyed[i];
        if (same_interface(build, file))
            take_recorded_interface_keys(build, file);
        else
            add_affected(planner, file);
    }
    spread(planner);
}

BuildStatus build_make_plan(Build *build)
{
    uint32_t count = build->cache.files.count;
    Planner planner = {.build = build};
    planner.affected = memory_allocate((count + 1) * sizeof *planner.affected);
    planner.rekeyed = memory_allocate((count + 1) * sizeof *planner.rekeyed);

    begin_with_changes(&planner);
    find_affected(&planner);
    compute_interface_keys(&planner);
    add_importers(&planner);
    executor_run(build->request.executor, planner.rekeyed_count, key_file, &planner);
    for (uint32_t i = 0; i < planner.rekeyed_count; i++)
        build->counts.declarations_visited += build->plan[planner.rekeyed[i]].row.unit_count;

    check_entry_point(build);
    check_prelude(build);
    count_functions(build);
    collect_dirty(build);
    free(planner.affected);
    free(planner.rekeyed);
    import_graph_free(&planner.graph);
    return build_check_loading(build);
}
