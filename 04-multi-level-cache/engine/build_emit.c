/* SPDX-License-Identifier: MIT */
/*
 * The texts of the wanted sections.
 *
 * One item of the loop is one file: for each of its units, the output cached under the unit's key
 * or, if there is none, a new one; all new ones in one call, if the language has it so. One thread
 * then appends the new outputs to the pack in file order, so the pack does not depend on threads
 * either.
 */
#include "build_internal.h"

#include <stdlib.h>

typedef struct EmittedFile { /* {0}: not asked for */
    bool is_wanted;
    Slice *texts; /* once it is emitted: one per unit */
    UnitOutput *outputs;
    uint32_t output_count;
    uint32_t made_count; /* of them: not found in the cache */
} EmittedFile;

typedef struct MadeCounts { /* functions not found in the cache */
    uint64_t failed, dirty, dependent;
} MadeCounts;

struct Emission {
    EmittedFile *files; /* per file */
    uint32_t *wanted;   /* numbers of files to be emitted next */
    uint32_t wanted_count;
    CodegenScratch *scratch; /* per worker */
    MadeCounts *made;        /* per worker */
};

typedef struct EmitLoop {
    Build *build;
    Emission *emission;
    CachedCodegen codegen;
} EmitLoop;

static Emission *emission_of(Build *build)
{
    if (build->emission != NULL)
        return build->emission;
    uint32_t count = build->cache.files.count;
    unsigned workers = build->request.executor->workers;
    Emission *emission = memory_allocate_zeroed(1, sizeof *emission);
    emission->files = memory_allocate_zeroed(count + 1, sizeof *emission->files);
    emission->wanted = memory_allocate((count + 1) * sizeof *emission->wanted);
    emission->scratch = memory_allocate_zeroed(workers, sizeof *emission->scratch);
    emission->made = memory_allocate_zeroed(workers, sizeof *emission->made);
    for (unsigned i = 0; i < workers; i++)
        emission->scratch[i].arena.source = emission->scratch[i].results.source =
            build->request.executor->chunks;
    return build->emission = emission;
}

void build_free_emission(Build *build)
{
    Emission *emission = build->emission;
    if (emission == NULL)
        return;
    for (unsigned i = 0; i < build->request.executor->workers; i++)
        codegen_scratch_free(&emission->scratch[i]);
    memory_free(emission->made);
    memory_free(emission->scratch);
    memory_free(emission->wanted);
    memory_free(emission->files);
    memory_free(emission);
}

void build_unit_key(const Build *build, uint32_t file, uint32_t unit, PlannedUnit *planned)
{
    const UnitRecord *units;
    if (build->plan.files[file].is_rekeyed) {
        *planned = build->plan.files[file].planned[unit];
        return;
    }
    build_recorded(build, file, &units);
    Hash128 key = units[unit].unit_key;
    *planned = (PlannedUnit){key, !hash_is_none(key), false};
}

uint32_t build_unit_count(const Build *build, uint32_t file)
{
    const UnitRecord *units;
    if (build->plan.files[file].is_rekeyed)
        return build->plan.files[file].row.unit_count;
    return build_recorded(build, file, &units)->unit_count;
}

/* ---- one file, on any worker ---------------------------------------------------------------- */

static bool has_body(Build *build, uint32_t file, uint32_t unit)
{
    const ProgramFile *loaded = build_program_file(&build->program, file);
    return unit < loaded->declarations.count &&
           !hash_is_none(loaded->declarations.items[unit].body_hash);
}

static void count_made(MadeCounts *counts, OutputOrigin origin, bool is_own_change)
{
    if (origin == OUTPUT_WRONG)
        counts->failed++;
    else if (is_own_change)
        counts->dirty++;
    else
        counts->dependent++;
}

static void take_output(Build *build, uint32_t file, uint32_t number, bool is_own_change,
                        MadeCounts *made)
{
    EmittedFile *emitted = &build->emission->files[file];
    const UnitOutput *output = &emitted->outputs[number];
    emitted->texts[number] = output->text;
    if (output->origin == OUTPUT_CACHED)
        return;
    emitted->made_count++;
    if (has_body(build, file, number))
        count_made(made, output->origin, is_own_change);
}

/* What was reported of a unit ends at number `end` of the worker's diagnostics. */
static void drop_poisoned(const EmitLoop *loop, unsigned worker, uint32_t file, uint32_t unit,
                          size_t end)
{
    size_t reported = loop->emission->files[file].outputs[unit].reported;
    if (loop->build->is_wrong && reported != 0)
        build_drop_poisoned_warnings(loop->build, file, unit,
                                     &loop->emission->scratch[worker].diagnostics, end - reported,
                                     end);
}

static void emit_each(const EmitLoop *loop, uint32_t file, unsigned worker, MadeCounts *made)
{
    const EmittedFile *emitted = &loop->emission->files[file];
    for (uint32_t i = 0; i < emitted->output_count; i++) {
        PlannedUnit unit;
        build_unit_key(loop->build, file, i, &unit);
        cached_codegen(&loop->codegen, worker, file, i, unit.key, unit.is_cacheable,
                       &emitted->outputs[i]);
        drop_poisoned(loop, worker, file, i, loop->emission->scratch[worker].diagnostics.count);
        take_output(loop->build, file, i, unit.is_own_change, made);
    }
}

static void emit_together(const EmitLoop *loop, uint32_t file, unsigned worker, MadeCounts *made)
{
    const EmittedFile *emitted = &loop->emission->files[file];
    size_t count = 0;
    WantedUnit *wanted = memory_allocate((emitted->output_count + 1) * sizeof *wanted);
    const Diagnostics *diagnostics = &loop->emission->scratch[worker].diagnostics;
    PlannedUnit unit;
    for (uint32_t i = 0; i < emitted->output_count; i++) {
        build_unit_key(loop->build, file, i, &unit);
        if (cached_codegen_find(&loop->codegen, worker, file, i, unit.key, unit.is_cacheable,
                                &emitted->outputs[i]))
            drop_poisoned(loop, worker, file, i, diagnostics->count);
        else
            wanted[count++] = (WantedUnit){i, &emitted->outputs[i]};
    }
    cached_codegen_emit(&loop->codegen, worker, file, wanted, count);
    size_t end = diagnostics->count;
    for (size_t i = count; i-- > 0; end -= wanted[i].output->reported)
        drop_poisoned(loop, worker, file, wanted[i].declaration, end);
    for (uint32_t i = 0; i < emitted->output_count; i++) {
        build_unit_key(loop->build, file, i, &unit);
        take_output(loop->build, file, i, unit.is_own_change, made);
    }
    memory_free(wanted);
}

static void emit_file(void *arg, size_t index, unsigned worker)
{
    EmitLoop *loop = arg;
    Build *build = loop->build;
    uint32_t file = loop->emission->wanted[index];
    if (build_is_cancelled(build, worker))
        return;
    EmittedFile *emitted = &loop->emission->files[file];
    Arena *arena = &build->workers[worker].arena;
    emitted->output_count = build_unit_count(build, file);
    emitted->outputs = arena_allocate(arena, emitted->output_count * sizeof *emitted->outputs);
    emitted->texts = arena_allocate(arena, emitted->output_count * sizeof *emitted->texts);
    MadeCounts made = {0};
    if (loop->codegen.emit_file != NULL)
        emit_together(loop, file, worker, &made);
    else
        emit_each(loop, file, worker, &made);
    if (emitted->made_count != 0) { /* once: the workers' counts are in one line of the cache */
        MadeCounts *sum = &loop->emission->made[worker];
        sum->failed += made.failed;
        sum->dirty += made.dirty;
        sum->dependent += made.dependent;
    }
}

/* ---- afterwards, in file order ------------------------------------------------------------- */

static void report_unit(Build *build, uint32_t file, uint32_t unit, Decision decision)
{
    const ProgramFile *loaded = build_program_file(&build->program, file);
    if (unit >= loaded->declarations.count)
        return;
    UnitLookup lookup;
    Arena arena = {0};
    unit_lookup_init(&lookup, &build->program, file, unit, &arena);
    observe(build->request.observer, decision, lookup.unit.symbol);
    arena_free(&arena);
}

static bool has_key(const UnitRow *row, const UnitRecord *units, Hash128 key)
{
    for (uint32_t i = 0; i < row->unit_count; i++)
        if (hash_equal(units[i].unit_key, key))
            return true;
    return false;
}

Decision build_emit_reason(const Build *build, uint32_t file, const PlannedUnit *unit)
{
    const UnitRecord *units;
    const UnitRow *row = build_recorded(build, file, &units);
    if (row == NULL)
        return DECISION_UNIT_NEW;
    if (unit->is_own_change)
        return DECISION_UNIT_DIRTY;
    return has_key(row, units, unit->key) ? DECISION_UNIT_LOST : DECISION_UNIT_DEPENDENT;
}

static void report_outputs(Build *build, uint32_t file)
{
    const EmittedFile *emitted = &build->emission->files[file];
    for (uint32_t i = 0; i < emitted->output_count; i++) {
        const UnitOutput *output = &emitted->outputs[i];
        PlannedUnit unit;
        build_unit_key(build, file, i, &unit);
        if (output->origin != OUTPUT_CACHED)
            report_unit(build, file, i, output->origin == OUTPUT_WRONG
                                            ? DECISION_UNIT_WRONG
                                            : build_emit_reason(build, file, &unit));
        else if (build->plan.files[file].is_rekeyed)
            report_unit(build, file, i, DECISION_UNIT_CACHED);
    }
}

/* A file that was not rekeyed is as it is on record, and so are its units' warnings. */
static void note_warnings(Build *build, uint32_t file)
{
    const EmittedFile *emitted = &build->emission->files[file];
    uint32_t *warnings = &build->plan.files[file].row.warnings;
    *warnings &= ~(uint32_t)WARNED_OUTPUTS;
    for (uint32_t i = 0; i < emitted->output_count; i++)
        if (emitted->outputs[i].warnings.size != 0)
            *warnings |= WARNED_OUTPUTS;
}

/* False if any of them is wrong. */
static bool keep_outputs(Build *build, uint32_t file)
{
    const EmittedFile *emitted = &build->emission->files[file];
    bool is_right = true;
    for (uint32_t i = 0; i < emitted->output_count; i++) {
        const UnitOutput *output = &emitted->outputs[i];
        PlannedUnit unit;
        build_unit_key(build, file, i, &unit);
        if (output->origin == OUTPUT_EMITTED && unit.is_cacheable)
            air_cache_put_with_warnings(&build->cache.air, unit.key, output->text,
                                        output->warnings);
        is_right &= output->origin != OUTPUT_WRONG;
    }
    return is_right;
}

static bool keep_and_report(Build *build)
{
    const Emission *emission = build->emission;
    bool is_observed = observer_listens(build->request.observer), is_right = true;
    uint64_t made = 0;
    for (uint32_t i = 0; i < emission->wanted_count; i++)
        made += emission->files[emission->wanted[i]].made_count;
    air_cache_expect(&build->cache.air, made, build->request.executor->chunks);
    for (uint32_t i = 0; i < emission->wanted_count; i++) {
        uint32_t file = emission->wanted[i];
        if (emission->files[file].made_count != 0)
            is_right &= keep_outputs(build, file);
        note_warnings(build, file);
        if (is_observed)
            report_outputs(build, file);
    }
    return is_right;
}

static void sum_up_counts(Build *build)
{
    BuildCounts *counts = &build->counts;
    for (unsigned i = 0; i < build->request.executor->workers; i++) {
        MadeCounts *made = &build->emission->made[i];
        counts->functions_failed += made->failed;
        counts->functions_dirty += made->dirty;
        counts->functions_dependent += made->dependent;
        *made = (MadeCounts){0};
    }
    counts->functions_emitted = counts->functions_dirty + counts->functions_dependent;
    build_count_cached(counts);
}

/* ---- what is wanted ------------------------------------------------------------------------ */

static void want(Emission *emission, uint32_t file)
{
    if (emission->files[file].is_wanted)
        return;
    emission->files[file].is_wanted = true;
    emission->wanted[emission->wanted_count++] = file;
}

/* The requested files, ascending, without those already emitted. */
static void collect_wanted(Emission *emission)
{
    uint32_t kept = 0, *wanted = emission->wanted;
    for (uint32_t i = 0; i < emission->wanted_count; i++)
        if (emission->files[wanted[i]].outputs == NULL)
            wanted[kept++] = wanted[i];
    emission->wanted_count = kept;
    build_sort_numbers(wanted, kept);
}

static CachedCodegen make_codegen(Build *build, const AirCache *cache)
{
    const Compiler *compiler = build->request.compiler;
    return (CachedCodegen){
        .program = &build->program,
        .cache = cache,
        .emit = compiler->emit,
        .emit_file = compiler->emit_file,
        .language = compiler->language,
        .scratch = build->emission->scratch,
    };
}

void build_emit_again(Build *build, unsigned worker, uint32_t file, const WantedUnit *wanted,
                      size_t count)
{
    CachedCodegen codegen = make_codegen(build, NULL);
    cached_codegen_emit(&codegen, worker, file, wanted, count);
    codegen.scratch[worker].diagnostics.count = 0; /* they are reported already */
}

static bool emit_wanted(Build *build)
{
    Emission *emission = emission_of(build);
    collect_wanted(emission);
    EmitLoop loop = {
        .build = build,
        .emission = emission,
        .codegen = make_codegen(build, build->request.force ? NULL : &build->cache.air),
    };
    executor_run(build->request.executor, emission->wanted_count, emit_file, &loop);
    sum_up_counts(build);
    bool is_right = keep_and_report(build);
    for (unsigned i = 0; i < build->request.executor->workers; i++)
        build_take_diagnostics(build, &emission->scratch[i].diagnostics);
    diagnostics_sort(&build->diagnostics);
    return is_right;
}

/* A unit may be silent about what another one reports. If none did, the plug is wrong. */
static void report_silence(Build *build)
{
    if (diagnostics_have_error(&build->diagnostics, 0))
        return;
    for (uint32_t file = 0; file < build->cache.files.count; file++) {
        const EmittedFile *emitted = &build->emission->files[file];
        for (uint32_t i = 0; i < emitted->output_count; i++)
            if (emitted->outputs[i].origin == OUTPUT_WRONG)
                build_report_silent_unit(build, file, i);
    }
    diagnostics_sort(&build->diagnostics);
}

/* ---- all together -------------------------------------------------------------------------- */

static BuildStatus keep_objects(Build *build)
{
    build_keep_rebuilt(build);
    BuildStatus status = build_check_loading(build);
    return status == BUILD_OK ? build_commit_objects(build) : status;
}

/* A build that saves nothing keeps here what was lost and made again. */
BuildStatus build_emit_wanted(Build *build)
{
    double lap = build_now();
    if (build->emission != NULL)
        build->is_wrong |= !emit_wanted(build);
    build->times.emit += build_lap(&lap);
    BuildStatus status = build->is_changed ? build_check_loading(build) : keep_objects(build);
    build->times.save += build_lap(&lap);
    return status == BUILD_OK && build_was_cancelled(build) ? BUILD_CANCELLED : status;
}

BuildStatus build_emit(Build *build)
{
    double lap = build_now();
    BuildStatus status = build_prepare(build);
    if (status != BUILD_OK)
        return status;
    build_enter(build, BUILD_EMITS);
    for (uint32_t i = 0; i < build->plan.dirty_count; i++)
        want(emission_of(build), build->plan.dirty[i]);
    build->is_wrong |= !emit_wanted(build);
    if (build->is_wrong && !build_was_cancelled(build))
        report_silence(build);
    build->times.emit += build_lap(&lap);
    status = build_check_loading(build);
    if (status != BUILD_OK)
        return status;
    build_enter(build, BUILD_SAVES);
    status = keep_objects(build);
    build->times.save += build_lap(&lap);
    if (status == BUILD_OK && build_was_cancelled(build))
        return BUILD_CANCELLED;
    build_raise_warnings(build);
    build->is_wrong |= diagnostics_have_error(&build->diagnostics, 0);
    return status == BUILD_OK && build->is_wrong ? BUILD_PROGRAM_WRONG : status;
}

void build_want_section(Build *build, uint32_t section)
{
    if (build_prepare(build) == BUILD_OK)
        want(emission_of(build), section);
}

void build_want_all(Build *build)
{
    for (uint32_t i = 0; i < build->cache.files.count; i++)
        build_want_section(build, i);
}

void build_forget_texts(Build *build)
{
    Emission *emission = build->emission;
    if (emission == NULL)
        return;
    memset(emission->files, 0, build->cache.files.count * sizeof *emission->files);
    for (unsigned i = 0; i < build->request.executor->workers; i++)
        arena_free(&emission->scratch[i].results);
}

const UnitOutput *build_unit_outputs(const Build *build, uint32_t file, uint32_t *count)
{
    const EmittedFile *emitted = &build->emission->files[file];
    *count = emitted->output_count;
    return emitted->outputs;
}

const Slice *build_section_texts(const Build *build, uint32_t section, uint32_t *count)
{
    const EmittedFile *emitted = build->emission == NULL ? NULL : &build->emission->files[section];
    *count = emitted == NULL ? 0 : emitted->output_count;
    return emitted == NULL ? NULL : emitted->texts;
}
