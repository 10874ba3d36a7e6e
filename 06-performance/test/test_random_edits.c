/* SPDX-License-Identifier: MIT */
/*
 * The promise that outranks speed: after any sequence of edits, an incremental build leaves the
 * same bytes, or tells the same errors, as a clean build of the same sources.
 *
 * Each step edits a random project, builds it incrementally with a random number of workers, and
 * builds it again in an empty cache. RANDOM_EDITS_SEED and RANDOM_EDITS_STEPS in the environment
 * choose another walk.
 */
#include "mini_compiler.h"
#include "random_project.h"
#include "surgical_patch.h"
#include "work_pool.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct Outcome {
    BuildStatus status;
    char *output;      /* if the status is BUILD_OK */
    ByteBuffer errors; /* if not */
    BuildCounts counts;
    PatchResult patch;
} Outcome;

typedef struct Walk {
    RandomProject project;
    Scratch sources, incremental, clean; /* directories of the project and of the two caches */
    Compiler compiler;
    ByteBuffer prelude;
    WorkPool pools[3];
} Walk;

static void tell_errors(const Build *build, ByteBuffer *text)
{
    const Diagnostics *diagnostics = build_diagnostics(build);
    for (size_t i = 0; i < diagnostics->count; i++)
        diagnostic_format(&diagnostics->items[i], (Slice){"", 0}, text);
}

static Outcome build_once(Walk *walk, const Scratch *place, unsigned pool)
{
    Outcome outcome = {0};
    char entry[512], cache[512], output[512];
    snprintf(entry, sizeof entry, "%s/main.mini", walk->sources.path);
    snprintf(cache, sizeof cache, "%s/cache", place->path);
    snprintf(output, sizeof output, "%s/out.ll", place->path);
    BuildRequest request = {.compiler = &walk->compiler,
                            .entry = entry,
                            .cache_dir = cache,
                            .executor = &walk->pools[pool].executor};
    Build *build;
    outcome.status = build_open(&build, &request);
    if (outcome.status == BUILD_OK)
        outcome.status = build_plan(build);
    if (outcome.status == BUILD_OK)
        outcome.status = output_write(build, output, &outcome.patch);
    outcome.counts = *build_counts(build);
    tell_errors(build, &outcome.errors);
    build_close(build);
    if (outcome.status == BUILD_OK)
        outcome.output = scratch_read(place, "out.ll", NULL);
    return outcome;
}

static void outcome_free(Outcome *outcome)
{
    free(outcome->output);
    buffer_free(&outcome->errors);
}

static void compare(const Walk *walk, const Outcome *incremental, const Outcome *clean,
                    uint64_t seed, unsigned step)
{
    bool same = incremental->status == clean->status;
    if (same && clean->status == BUILD_OK)
        same = strcmp(incremental->output, clean->output) == 0;
    else if (same)
        same = slice_equal(buffer_slice(&incremental->errors), buffer_slice(&clean->errors));
    if (same)
        return;
    print_error("seed %llu, step %u (%.*s): status %d, clean build %d\n%.*s---- clean:\n%.*s",
                (unsigned long long)seed, step, (int)walk->project.last_edit.size,
                walk->project.last_edit.data, incremental->status, clean->status,
                (int)incremental->errors.size, incremental->errors.data,
                (int)clean->errors.size, clean->errors.data);
    fail_msg("the incremental build differs from the clean one");
}

/* A body edit is one function, a comment is none, whatever the project. */
static void check_counts(const Walk *walk, const Outcome *is, BuildStatus before)
{
    if (before != BUILD_OK || is->status != BUILD_OK)
        return;
    if (slice_equal(walk->project.last_edit, slice_from("body"))) {
        assert_true(is->counts.files_lowered <= 1);
        assert_true(is->counts.functions_emitted <= 1);
        assert_true(is->counts.sections_dirty <= 1);
    }
    if (slice_equal(walk->project.last_edit, slice_from("comment")) ||
        slice_equal(walk->project.last_edit, slice_from("blank lines"))) {
        assert_true(is->counts.files_lowered <= 1);
        assert_int_equal(is->counts.functions_emitted, 0);
        assert_int_equal(is->counts.sections_dirty, 0);
    }
}

static void walk_open(Walk *walk, uint64_t seed)
{
    *walk = (Walk){0};
    random_project_init(&walk->project, seed);
    scratch_open(&walk->sources);
    scratch_open(&walk->incremental);
    assert_int_equal(mini_compiler_init(&walk->compiler, &(MiniSettings){0}, &walk->prelude), 0);
    for (unsigned i = 0; i < 3; i++)
        work_pool_init(&walk->pools[i], 1u << i);
}

static void walk_close(Walk *walk)
{
    for (unsigned i = 0; i < 3; i++)
        work_pool_free(&walk->pools[i]);
    buffer_free(&walk->prelude);
    scratch_close(&walk->sources);
    scratch_close(&walk->incremental);
}

static unsigned walk_randomly(uint64_t seed, unsigned steps)
{
    Walk walk;
    unsigned right = 0;
    BuildStatus before = BUILD_PROGRAM_WRONG;
    walk_open(&walk, seed);
    for (unsigned step = 0; step < steps; step++) {
        random_project_write(&walk.project, &walk.sources);
        Outcome incremental = build_once(&walk, &walk.incremental, random_below(&walk.project, 3));
        scratch_open(&walk.clean);
        Outcome clean = build_once(&walk, &walk.clean, random_below(&walk.project, 3));
        scratch_close(&walk.clean);
        compare(&walk, &incremental, &clean, seed, step);
        check_counts(&walk, &incremental, before);
        before = incremental.status;
        right += before == BUILD_OK;
        outcome_free(&incremental);
        outcome_free(&clean);
        random_project_edit(&walk.project);
    }
    walk_close(&walk);
    return right;
}

static unsigned long number_from(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);
    return text == NULL ? otherwise : strtoul(text, NULL, 0);
}

static void test_random_edits(void **state)
{
    enum { SEEDS = 10 };
    (void)state;
    uint64_t first = number_from("RANDOM_EDITS_SEED", 1);
    unsigned steps = (unsigned)number_from("RANDOM_EDITS_STEPS", 120), right = 0;
    for (uint64_t seed = first; seed < first + SEEDS; seed++)
        right += walk_randomly(seed, steps);
    print_message("# %u edits, seeds %llu to %llu; %u of the programs were right\n",
                  SEEDS * steps, (unsigned long long)first,
                  (unsigned long long)(first + SEEDS - 1), right);
    assert_true(right > SEEDS * steps / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_edits)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
