/* SPDX-License-Identifier: MIT */
/*
 * From the changed files to the units that must be emitted.
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
    ImportGraph graph;    /* built if an interface changed */
    uint32_t *affected;   /* files whose interface keys are recomputed */
    uint32_t affected_count;
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

/* The file was loaded when its interfaces were looked at (empty if that failed); its recorded keys
 * no longer hold. */
static void add_affected(Planner *planner, uint32_t file)
{
    Build *build = planner->build;
    ProgramFile *loaded = build_loaded_file(build, file);
    build->plan.files[file].is_affected = true;
    planner->affected[planner->affected_count++] = file;
    if (loaded->declarations.count != 0)
        memset(loaded->key_states, KEY_UNKNOWN, loaded->declarations.count);
}

/* Compares the interface of a changed file with its previous one. */
static void digest_file(void *arg, size_t index, unsigned worker)
{
    Planner *planner = arg;
    Build *build = planner->build;
    uint32_t file = build->plan.rekeyed[index];
    build->plan.files[file].row.interface_digest = program_interface_digest(
        &build->program, file, &build->workers[worker].key);
}

static bool same_interface(const Build *build, uint32_t file)
{
    const UnitRecord *units;
    const UnitRow *row = build_recorded(build, file, &units);
    const ProgramFile *loaded = build_loaded_file(build, file);
    return row != NULL && row->unit_count == loaded->declarations.count &&
           hash_equal(row->interface_digest, build->plan.files[file].row.interface_digest);
}

static void take_recorded_interface_keys(const Build *build, uint32_t file)
{
    const UnitRecord *units;
    const UnitRow *row = build_recorded(build, file, &units);
    ProgramFile *loaded = build_loaded_file(build, file);
    for (uint32_t i = 0; i < row->unit_count; i++)
        build_take_interface_key(loaded, i, units[i].interface_key);
}

/* A file that was not there before. Files that import it have changed: their keys are made again
 * anyway, and if their interfaces name the new file, they differ from those on record. */
static bool is_new(const Build *build, uint32_t file)
{
    return build_all_on_record(build) && build->found.renumbered &&
           build->found.old_number[file] == FILE_NONE;
}

static void build_graph(Planner *planner)
{
    if (planner->graph.count == 0)
        import_graph_build(&planner->graph, &planner->build->cache.files);
}

/* From each affected file to the importers whose interfaces refer to it. */
static void propagate(Planner *planner)
{
    Build *build = planner->build;
    if (planner->affected_count == build->cache.files.count)
        return;
    for (uint32_t next = 0; next < planner->affected_count; next++) {
        uint32_t file = planner->affected[next];
        const ImportGraph *graph = &planner->graph;
        if (is_new(build, file))
            continue;
        build_graph(planner);
        for (uint32_t i = graph->first_importer[file]; i < graph->first_importer[file + 1]; i++) {
            uint32_t importer = graph->importers[i];
            if (!build->plan.files[importer].is_affected &&
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
    program_plain_interface_keys(&build->program,
                                 build_program_file(&build->program, planner->affected[index]),
                                 &build->workers[worker].key);
}

static void compute_interface_keys(Planner *planner)
{
    Build *build = planner->build;
    executor_run(build->request.executor, planner->affected_count, plain_keys, planner);
    for (uint32_t i = 0; i < planner->affected_count; i++)
        program_interface_keys(&build->program, planner->affected[i], &build->workers[0].key);
}

/* Did recomputing change any interface key of the file? If not, its importers need no look. A name
 * is part of its key: one added or removed changes the keys or their number. */
static bool interface_keys_changed(const Build *build, uint32_t file)
{
    const UnitRecord *units;
    const UnitRow *row = build_recorded(build, file, &units);
    const ProgramFile *loaded = build_loaded_file(build, file);
    if (row == NULL || row->unit_count != loaded->declarations.count)
        return true;
    for (uint32_t i = 0; i < row->unit_count; i++)
        if (!hash_equal(loaded->interface_keys[i], units[i].interface_key))
            return true;
    return false;
}

static void add_rekeyed(Build *build, uint32_t file)
{
    if (build->plan.files[file].is_rekeyed)
        return;
    build->plan.files[file].is_rekeyed = true;
    build->plan.rekeyed[build->plan.rekeyed_count++] = file;
}

static void add_importers(Planner *planner)
{
    Build *build = planner->build;
    for (uint32_t i = 0; i < planner->affected_count; i++)
        add_rekeyed(build, planner->affected[i]);
    if (build->plan.rekeyed_count == build->cache.files.count)
        return;
    for (uint32_t i = 0; i < planner->affected_count; i++) {
        uint32_t file = planner->affected[i];
        if (is_new(build, file) || !interface_keys_changed(build, file))
            continue;
        build_graph(planner);
        const ImportGraph *graph = &planner->graph;
        for (uint32_t n = graph->first_importer[file]; n < graph->first_importer[file + 1]; n++)
            add_rekeyed(build, graph->importers[n]);
    }
}

static uint64_t own_hash(const Program *program, const Declarations *view, uint32_t declaration,
                         ByteBuffer *key)
{
    const Declaration *item = &view->items[declaration];
    key->size = 0;
    key_put_slice(key, declarations_text(view, item->name));
    key_put_hash(key, item->interface_hash);
    key_put_hash(key, item->body_hash);
    uint32_t references = item->interface_reference_count + item->body_reference_count;
    for (uint32_t i = 0; i < references; i++) { /* the hashes contain only their numbers */
        const Reference *reference = declaration_reference(view, declaration, i);
        if (reference->import != IMPORT_SELF)
            key_put_slice(key, declarations_text(view, view->imports[reference->import].path));
        key_put_slice(key, declarations_text(view, reference->name));
    }
    return hash_keyed(program->secret, buffer_slice(key)).low;
}

static void key_unit(Build *build, uint32_t file, uint32_t declaration, ByteBuffer *key)
{
    PlannedFile *plan = &build->plan.files[file];
    PlannedUnit *planned = &plan->planned[declaration];
    UnitRecord *record = &plan->units[declaration];
    const ProgramFile *loaded = build_program_file(&build->program, file);
    planned->key =
        program_unit_key(&build->program, file, declaration, key, &planned->is_cacheable);
    planned->is_own_change = false;
    record->interface_key = loaded->interface_keys[declaration];
    record->unit_key = planned->is_cacheable ? planned->key : (Hash128){0, 0};
    record->own_hash = own_hash(&build->program, &loaded->declarations, declaration, key);
    if (!hash_is_none(loaded->declarations.items[declaration].body_hash))
        plan->row.function_count++;
}

static int compare_hashes(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* Marks the units of a changed file that it did not have before, in any position. */
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

static Hash128 section_key(const Program *program, const ProgramFile *file,
                           const PlannedFile *plan, ByteBuffer *key)
{
    key->size = 0;
    key_put_slice(key, file->path);
    for (uint32_t i = 0; i < plan->row.unit_count; i++)
        key_put_hash(key, plan->units[i].unit_key);
    return hash_keyed(program->secret, buffer_slice(key));
}

static void key_file(void *arg, size_t index, unsigned worker)
{
    Planner *planner = arg;
    Build *build = planner->build;
    BuildWorker *scratch = &build->workers[worker];
    uint32_t number = build->plan.rekeyed[index];
    ProgramFile *file = build_program_file(&build->program, number);
    PlannedFile *plan = &build->plan.files[number];
    uint32_t count = file->declarations.count;
    const UnitRecord *old;
    const UnitRow *row = build_recorded(build, number, &old);

    if (!plan->source_changed && row != NULL)
        plan->row.interface_digest = row->interface_digest;
    plan->row.unit_count = count;
    plan->row.function_count = 0;
    plan->row.prelude_digest = build_prelude_digest(build, &file->declarations);
    plan->row.warnings = row == NULL ? 0 : row->warnings & WARNED_OUTPUTS;
    if (build_lowering_warnings(file).size != 0)
        plan->row.warnings |= WARNED_LOWERED;
    plan->units = arena_allocate(&scratch->arena, count * sizeof *plan->units);
    plan->planned = arena_allocate(&scratch->arena, count * sizeof *plan->planned);
    for (uint32_t i = 0; i < count; i++) {
        key_unit(build, number, i, &scratch->key);
        plan->is_dirty |= !plan->planned[i].is_cacheable;
    }
    if (plan->source_changed)
        mark_own_changes(row, old, plan, &scratch->arena);
    plan->row.section_key = section_key(&build->program, file, plan, &scratch->key);
    plan->is_dirty |= row == NULL || !hash_equal(row->section_key, plan->row.section_key);
}

/* ---- the program as a whole ---------------------------------------------------------------- */

static void check_entry_point(Build *build)
{
    const Compiler *compiler = build->request.compiler;
    uint32_t entry = build->program.entry_file;
    if (compiler->entry_point.size == 0 || !build->plan.files[entry].is_rekeyed)
        return;
    const ProgramFile *file = build_program_file(&build->program, entry);
    if (file->is_poisoned ||
        declarations_find(&file->declarations, compiler->entry_point) != DECLARATION_NONE)
        return;
    build->diagnostics.path = file->path;
    diagnostics_add_plain(&build->diagnostics, 1, 1, compiler->missing_entry_point);
}

static uint64_t count_all_functions(const Build *build)
{
    const UnitRecord *units;
    uint64_t total = 0;
    for (uint32_t i = 0; i < build->cache.files.count; i++) {
        const PlannedFile *plan = &build->plan.files[i];
        const UnitRow *row = plan->is_rekeyed ? &plan->row : build_recorded(build, i, &units);
        if (row != NULL)
            total += row->function_count;
    }
    return total;
}

/* The last build's number, less what the rekeyed and the removed files had, plus what they have
 * now. */
static void count_functions(Build *build, const RemovedFiles *removed)
{
    const UnitRecord *units;
    uint64_t total = build->cache.manifest.header.function_count - removed->function_count;
    if (build_all_on_record(build)) {
        for (uint32_t i = 0; i < build->plan.rekeyed_count; i++) {
            const UnitRow *row = build_recorded(build, build->plan.rekeyed[i], &units);
            total += build->plan.files[build->plan.rekeyed[i]].row.function_count;
            total -= row == NULL ? 0 : row->function_count;
        }
    } else {
        total = count_all_functions(build);
    }
    build->counts.functions_total = total;
    build_count_cached(&build->counts);
}

static void collect_dirty(Build *build)
{
    for (uint32_t i = 0; i < build->plan.rekeyed_count; i++)
        if (build->plan.files[build->plan.rekeyed[i]].is_dirty)
            build->plan.dirty[build->plan.dirty_count++] = build->plan.rekeyed[i];
    build_mark_dropped(build);
    build_sort_numbers(build->plan.dirty, build->plan.dirty_count);
    build->counts.sections_dirty = build->plan.dirty_count;
    build->is_changed =
        build->plan.dirty_count != 0 || build->found.renumbered || build->plan.prelude_is_dirty;
}

/* Are the same prelude lines needed as before? */
static bool same_requests(const Build *build, const RemovedFiles *removed)
{
    const UnitRecord *units;
    if (removed->had_prelude_lines)
        return false;
    for (uint32_t i = 0; i < build->plan.rekeyed_count; i++) {
        uint32_t file = build->plan.rekeyed[i];
        const UnitRow *row = build_recorded(build, file, &units);
        if (build->plan.files[file].row.prelude_digest != (row == NULL ? 0 : row->prelude_digest))
            return false;
    }
    return true;
}

static void check_prelude(Build *build, const RemovedFiles *removed)
{
    build->summary.prelude = build->cache.manifest.header.prelude;
    if (build_all_on_record(build) && same_requests(build, removed))
        return;
    build->summary.prelude = build_prelude_key(build);
    build->plan.prelude_is_dirty =
        !build->cache.had_state ||
        !hash_equal(build->summary.prelude, build->cache.manifest.header.prelude);
    if (build->plan.prelude_is_dirty)
        build_make_prelude(build);
}

/* ---- all together -------------------------------------------------------------------------- */

/* Files whose source changed; all files if the last build's units are unknown. */
static void begin_with_changes(Build *build)
{
    const UnitRecord *units;
    if (build_all_on_record(build)) {
        for (size_t i = 0; i < build->found.change_count; i++)
            if (build->plan.files[build->found.changes[i].file].source_changed)
                add_rekeyed(build, build->found.changes[i].file);
        return;
    }
    for (uint32_t i = 0; i < build->cache.files.count; i++)
        if (build->plan.files[i].source_changed || build_recorded(build, i, &units) == NULL)
            add_rekeyed(build, i);
}

/* A file with errors affects no other. A unit that names it was right when recorded, and has no
 * error to report unless something else changed; its new output is not needed. */
static void find_affected(Planner *planner)
{
    Build *build = planner->build;
    executor_run(build->request.executor, build->plan.rekeyed_count, digest_file, planner);
    for (uint32_t i = 0; i < build->plan.rekeyed_count; i++) {
        uint32_t file = build->plan.rekeyed[i];
        if (build_loaded_file(build, file)->is_poisoned)
            continue;
        if (same_interface(build, file))
            take_recorded_interface_keys(build, file);
        else
            add_affected(planner, file);
    }
    propagate(planner);
}

BuildStatus build_make_plan(Build *build)
{
    uint32_t count = build->cache.files.count;
    Planner planner = {.build = build};
    planner.affected = memory_allocate((count + 1) * sizeof *planner.affected);
    build->plan.rekeyed = memory_allocate((count + 1) * sizeof *build->plan.rekeyed);
    build->plan.dirty = memory_allocate((count + 1) * sizeof *build->plan.dirty);

    begin_with_changes(build);
    find_affected(&planner);
    compute_interface_keys(&planner);
    add_importers(&planner);
    build_sort_numbers(build->plan.rekeyed, build->plan.rekeyed_count);
    executor_run(build->request.executor, build->plan.rekeyed_count, key_file, &planner);
    for (uint32_t i = 0; i < build->plan.rekeyed_count; i++) {
        const PlannedFile *plan = &build->plan.files[build->plan.rekeyed[i]];
        build->counts.declarations_visited += plan->row.unit_count;
    }

    check_entry_point(build);
    RemovedFiles removed = build_removed_files(build);
    check_prelude(build, &removed);
    count_functions(build, &removed);
    collect_dirty(build);
    memory_free(planner.affected);
    import_graph_free(&planner.graph);
    return build_check_loading(build);
}
