/* SPDX-License-Identifier: MIT */
/*
 * The promise that outranks speed: after any sequence of edits, an incremental build leaves the
 * same bytes, or reports the same errors, as a clean build of the same sources. And the counts of
 * both agree. What was foretold before a build is what it emits.
 *
 * A walk begins with a random project. Each step edits it, builds it incrementally with a random
 * number of workers, and builds it again in an empty cache. In every second walk steps are also
 * disturbed: the output or a pack is lost, the settings change, a build is forced. A failing walk
 * is shrunk: steps are left out as long as it still fails, and the rest is reported.
 *
 * RANDOM_EDITS_SEEDS and RANDOM_EDITS_STEPS in the environment say how much to try, and
 * RANDOM_EDITS_SEED where to begin. RANDOM_EDITS_SCRIPT=3,17,40 walks only these steps of the first
 * seed.
 */
#include "agreeing_counts.h"
#include "build_forecast.h"
#include "cached_codegen.h"
#include "mini_compiler.h"
#include "mini_project.h"
#include "random_edit.h"
#include "surgical_patch.h"
#include "work_pool.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- one build ----------------------------------------------------------------------------- */

typedef struct Outcome {
    BuildStatus status;
    char *output;      /* if the status is BUILD_OK */
    ByteBuffer errors; /* if not */
    ByteBuffer emitted, foretold; /* lines of reason and symbol */
    BuildStatus foretold_status;
    BuildCounts counts;
    PatchResult patch;
} Outcome;

enum { SETTINGS = 2, POOLS = 3 };

typedef struct Walk {
    RandomProject project;
    Scratch sources, incremental; /* directories of the project, and of cache and output */
    Compiler compilers[SETTINGS];
    ByteBuffer preludes[SETTINGS];
    WorkPool pools[POOLS];
    BuildStatus last; /* of the build before */
    /* of this step: */
    unsigned settings;
    bool is_forced;
    const char *disturbance; /* NULL: none */
} Walk;

static void report_errors(const Build *build, ByteBuffer *text)
{
    const Diagnostics *diagnostics = build_diagnostics(build);
    for (size_t i = 0; i < diagnostics->count; i++)
        diagnostic_format(&diagnostics->items[i], (Slice){"", 0}, text);
}

static void note_emission(void *context, Decision decision, Slice symbol)
{
    if (decision == DECISION_UNIT_DIRTY || decision == DECISION_UNIT_NEW ||
        decision == DECISION_UNIT_LOST || decision == DECISION_UNIT_DEPENDENT)
        buffer_put_format(context, "%d %.*s\n", decision, (int)symbol.size, symbol.data);
}

static void note_forecast(void *context, Decision decision, Slice symbol, bool is_function)
{
    (void)is_function;
    note_emission(context, decision, symbol);
}

static void foretell(const BuildRequest *wanted, Outcome *outcome)
{
    BuildRequest request = *wanted;
    BuildForecast forecast;
    Build *build;
    request.only_looks = true;
    outcome->foretold_status = build_open(&build, &request);
    if (outcome->foretold_status == BUILD_OK)
        outcome->foretold_status = build_plan(build);
    if (outcome->foretold_status == BUILD_OK)
        build_forecast(build, note_forecast, &outcome->foretold, &forecast);
    build_close(build);
}

static Outcome build_once(Walk *walk, const Scratch *place, bool is_forced)
{
    Outcome outcome = {0};
    char entry[512], cache[512], output[512];
    snprintf(entry, sizeof entry, "%s/main.mini", walk->sources.path);
    snprintf(cache, sizeof cache, "%s/cache", place->path);
    snprintf(output, sizeof output, "%s/out.ll", place->path);
    BuildRequest request = {
        .compiler = &walk->compilers[walk->settings],
        .entry = entry,
        .cache_dir = cache,
        .executor = &walk->pools[random_below(&walk->project, POOLS)].executor,
        .force = is_forced};
    Observer observer = {note_emission, &outcome.emitted};
    Build *build;
    foretell(&request, &outcome);
    request.observer = &observer;
    outcome.status = build_open(&build, &request);
    if (outcome.status == BUILD_OK)
        outcome.status = build_plan(build);
    if (outcome.status == BUILD_OK)
        outcome.status = output_write(build, output, &outcome.patch);
    outcome.counts = *build_counts(build);
    report_errors(build, &outcome.errors);
    build_close(build);
    if (outcome.status == BUILD_OK)
        outcome.output = scratch_read(place, "out.ll", NULL);
    return outcome;
}

static void outcome_free(Outcome *outcome)
{
    free(outcome->output);
    buffer_free(&outcome->errors);
    buffer_free(&outcome->emitted);
    buffer_free(&outcome->foretold);
}

/* ---- judging ------------------------------------------------------------------------------- */

static bool is_same(const Outcome *incremental, const Outcome *clean)
{
    if (incremental->status != clean->status)
        return false;
    if (clean->status == BUILD_OK)
        return strcmp(incremental->output, clean->output) == 0;
    return slice_equal(buffer_slice(&incremental->errors), buffer_slice(&clean->errors));
}

/* Emitted, cached and failed add up to the total, and both builds count the same functions. A build
 * from nothing has none from the cache. More of its functions may fail: one that names a file with
 * syntax errors fails there, while the incremental build does not look at it if it was right
 * before. */
static bool counts_are_right(const Outcome *incremental, const Outcome *clean)
{
    return counts_agree(&incremental->counts) && counts_agree(&clean->counts) &&
           incremental->counts.functions_total == clean->counts.functions_total &&
           clean->counts.functions_cached == 0;
}

static void print_counts(const BuildCounts *incremental, const BuildCounts *clean)
{
    const struct {
        const char *name;
        const BuildCounts *counts;
    } both[] = {{"incremental", incremental}, {"clean", clean}};
    for (size_t i = 0; i < 2; i++)
        print_message("#     %s: %llu functions, %llu emitted, %llu cached, %llu failed\n",
                      both[i].name, (unsigned long long)both[i].counts->functions_total,
                      (unsigned long long)both[i].counts->functions_emitted,
                      (unsigned long long)both[i].counts->functions_cached,
                      (unsigned long long)both[i].counts->functions_failed);
}

/* A plan finds no errors of types, so it may foretell what then is wrong. */
static bool is_as_foretold(const Outcome *outcome)
{
    return outcome->status != BUILD_OK ||
           (outcome->foretold_status == BUILD_OK &&
            slice_equal(buffer_slice(&outcome->emitted), buffer_slice(&outcome->foretold)));
}

/* A body edit costs one function, a comment none, whatever the project. */
static bool costs_too_much(const Walk *walk, const Outcome *is)
{
    Slice edit = walk->project.last_edit;
    if (walk->last != BUILD_OK || is->status != BUILD_OK)
        return false;
    if (slice_equal(edit, slice_from("body")))
        return is->counts.files_lowered > 1 || is->counts.functions_emitted > 1 ||
               is->counts.sections_dirty > 1;
    if (slice_equal(edit, slice_from("comment")) || slice_equal(edit, slice_from("blank lines")))
        return is->counts.files_lowered > 1 || is->counts.functions_emitted != 0 ||
               is->counts.sections_dirty != 0;
    return false;
}

/* ---- one walk ------------------------------------------------------------------------------ */

typedef struct Script { /* the steps taken of a seed's walk */
    uint64_t seed;
    unsigned *steps; /* owned */
    unsigned count;
} Script;

static void walk_open(Walk *walk, uint64_t seed)
{
    static const MiniSettings settings[SETTINGS] = {{0}, {.target = "wasm32-unknown-unknown"}};
    *walk = (Walk){.last = BUILD_PROGRAM_WRONG};
    random_project_init(&walk->project, seed, (RandomShape)(seed / 2 % SHAPES));
    scratch_open(&walk->sources);
    scratch_open(&walk->incremental);
    for (unsigned i = 0; i < SETTINGS; i++)
        assert_int_equal(
            mini_compiler_init(&walk->compilers[i], &settings[i], &walk->preludes[i]), 0);
    for (unsigned i = 0; i < POOLS; i++)
        work_pool_init(&walk->pools[i], 1u << i);
}

static void walk_close(Walk *walk)
{
    for (unsigned i = 0; i < POOLS; i++)
        work_pool_free(&walk->pools[i]);
    for (unsigned i = 0; i < SETTINGS; i++)
        buffer_free(&walk->preludes[i]);
    scratch_close(&walk->sources);
    scratch_close(&walk->incremental);
}

static void overwrite_output(const Walk *walk)
{
    int fd = openat(walk->incremental.fd, "out.ll", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    assert_int_equal(pwrite(fd, "somebody", 8, 300), 8);
    close(fd);
}

static void disturb(Walk *walk)
{
    static const char *const lost[] = {"out.ll", "cache/zir.pack", "cache/air.pack",
                                       "cache/air.index"};
    uint32_t kind = random_below(&walk->project, 24);
    if (kind < 4) {
        unlinkat(walk->incremental.fd, lost[kind], 0);
        walk->disturbance = lost[kind];
    } else if (kind == 4) {
        overwrite_output(walk);
        walk->disturbance = "output overwritten";
    } else if (kind == 5) {
        walk->settings = 1;
        walk->disturbance = "other settings";
    } else if (kind == 6) {
        walk->is_forced = true;
        walk->disturbance = "forced";
    }
}

static void print_step(const Walk *walk, const Script *script, unsigned step)
{
    print_message("#     step %u: %.*s", step, (int)walk->project.last_edit.size,
                  walk->project.last_edit.data);
    if (walk->project.last_file >= 0)
        print_message(" in file %d", walk->project.last_file);
    if (walk->disturbance != NULL)
        print_message(", then %s", walk->disturbance);
    print_message(" (seed %llu)\n", (unsigned long long)script->seed);
}

/* True if the incremental build is as good as a clean one. */
static bool take_step(Walk *walk, const Script *script, bool is_reported)
{
    Scratch place;
    random_project_write(&walk->project, &walk->sources);
    Outcome incremental = build_once(walk, &walk->incremental, walk->is_forced);
    scratch_open(&place);
    Outcome clean = build_once(walk, &place, false);
    scratch_close(&place);
    bool is_right = is_same(&incremental, &clean);
    bool is_calm = script->seed % 2 != 0;
    bool is_counted = counts_are_right(&incremental, &clean);
    bool is_cheap = !is_calm || !costs_too_much(walk, &incremental);
    if (is_reported && !is_right)
        print_message("#     status %d: %.*s\n#     clean %d: %.*s\n", incremental.status,
                      (int)incremental.errors.size, incremental.errors.data, clean.status,
                      (int)clean.errors.size, clean.errors.data);
    if (is_reported && !is_cheap)
        print_message("#     it costs too much\n");
    bool is_foretold = !is_calm || (is_as_foretold(&incremental) && is_as_foretold(&clean));
    if (is_reported && !is_foretold)
        print_message("#     foretold:\n%.*s#     emitted:\n%.*s", (int)incremental.foretold.size,
                      incremental.foretold.data, (int)incremental.emitted.size,
                      incremental.emitted.data);
    if (is_reported && !is_counted)
        print_counts(&incremental.counts, &clean.counts);
    walk->last = incremental.status;
    outcome_free(&incremental);
    outcome_free(&clean);
    return is_right && is_cheap && is_counted && is_foretold;
}

/* The place in the script of the failing step, or its count. */
static unsigned walk_script(const Script *script, bool is_reported, unsigned *right)
{
    Walk walk;
    unsigned i;
    walk_open(&walk, script->seed);
    for (i = 0; i < script->count; i++) {
        random_project_edit(&walk.project, script->seed << 32 | script->steps[i]);
        walk.settings = 0;
        walk.is_forced = false;
        walk.disturbance = NULL;
        if (script->seed % 2 == 0)
            disturb(&walk);
        if (is_reported)
            print_step(&walk, script, script->steps[i]);
        if (!take_step(&walk, script, is_reported))
            break;
        *right += walk.last == BUILD_OK;
    }
    walk_close(&walk);
    return i;
}

/* ---- shrinking ----------------------------------------------------------------------------- */

/* The place of the failing step, or the count. */
typedef unsigned TryScript(const Script *script);

static Script without(const Script *script, unsigned from, unsigned count)
{
    Script shorter = {script->seed, memory_allocate((script->count + 1) * sizeof(unsigned)), 0};
    for (unsigned i = 0; i < script->count; i++)
        if (i < from || i >= from + count)
            shorter.steps[shorter.count++] = script->steps[i];
    return shorter;
}

/* Leaves out half of the steps, a quarter, ... one, as long as the rest fails. */
static void shrink(Script *script, TryScript *try)
{
    for (unsigned part = script->count / 2; part > 0; part /= 2) {
        for (unsigned at = 0; at < script->count;) {
            Script shorter = without(script, at, part);
            unsigned failed = try(&shorter);
            Script *dropped = failed < shorter.count ? script : &shorter;
            free(dropped->steps);
            if (dropped == script) {
                *script = shorter;
                script->count = failed + 1;
            } else {
                at += part;
            }
        }
    }
}

static unsigned try_walk(const Script *script)
{
    unsigned right = 0;
    return walk_script(script, false, &right);
}

static void report_script(const Script *script)
{
    unsigned right = 0;
    print_message("# again: RANDOM_EDITS_SEED=%llu RANDOM_EDITS_SCRIPT=",
                  (unsigned long long)script->seed);
    for (unsigned i = 0; i < script->count; i++)
        print_message("%s%u", i == 0 ? "" : ",", script->steps[i]);
    print_message("\n#     a project of shape '%s'\n",
                  random_shape_name((RandomShape)(script->seed / 2 % SHAPES)));
    walk_script(script, true, &right);
}

/* ---- the tests ----------------------------------------------------------------------------- */

static Script all_steps(uint64_t seed, unsigned count)
{
    Script script = {seed, memory_allocate((count + 1) * sizeof(unsigned)), count};
    for (unsigned i = 0; i < count; i++)
        script.steps[i] = i;
    return script;
}

static Script script_from(uint64_t seed, const char *text)
{
    Script script = all_steps(seed, (unsigned)strlen(text));
    script.count = 0;
    for (char *end; *text != '\0'; text = *end == ',' ? end + 1 : end) {
        script.steps[script.count++] = (unsigned)strtoul(text, &end, 10);
        assert_true(end != text);
    }
    return script;
}

/* Returns how many of the programs were right. */
static unsigned expect_good_walk(Script *script)
{
    unsigned right = 0;
    unsigned failed = walk_script(script, false, &right);
    if (failed < script->count) {
        script->count = failed + 1;
        shrink(script, try_walk);
        report_script(script);
        fail_msg("the incremental build differs from the clean one");
    }
    free(script->steps);
    return right;
}

static void test_random_edits(void **state)
{
    (void)state;
    const char *only = getenv("RANDOM_EDITS_SCRIPT");
    uint64_t first = number_from("RANDOM_EDITS_SEED", 1);
    uint64_t seeds = only != NULL ? 0 : number_from("RANDOM_EDITS_SEEDS", 10);
    unsigned steps = (unsigned)number_from("RANDOM_EDITS_STEPS", 120), right = 0;
    if (only != NULL) {
        Script script = script_from(first, only);
        expect_good_walk(&script);
        return;
    }
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        Script script = all_steps(seed, steps);
        right += expect_good_walk(&script);
    }
    print_message("# tried: %u random edits, seeds %llu to %llu; %u of the programs were right\n",
                  (unsigned)seeds * steps, (unsigned long long)first,
                  (unsigned long long)(first + seeds - 1), right);
    assert_true(right > seeds * steps / 4);
}

/* Fails at step 40 if 17 came before it. */
static unsigned try_two_steps(const Script *script)
{
    bool armed = false;
    for (unsigned i = 0; i < script->count; i++) {
        armed |= script->steps[i] == 17;
        if (armed && script->steps[i] == 40)
            return i;
    }
    return script->count;
}

static void test_a_script_is_shrunk_to_what_matters(void **state)
{
    (void)state;
    Script script = all_steps(1, 100);
    shrink(&script, try_two_steps);
    assert_int_equal(script.count, 2);
    assert_int_equal(script.steps[0], 17);
    assert_int_equal(script.steps[1], 40);
    free(script.steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_edits),
        cmocka_unit_test(test_a_script_is_shrunk_to_what_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
