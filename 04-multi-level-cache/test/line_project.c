/* SPDX-License-Identifier: MIT */
#include "line_project.h"

#include "agreeing_counts.h"
#include "cache_mark.h"
#include "cached_codegen.h"
#include "line_language.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void line_project_open(LineProject *project)
{
    *project = (LineProject){0};
    scratch_open(&project->scratch);
}

void line_project_close(LineProject *project)
{
    line_output_free(&project->output);
    scratch_close(&project->scratch);
}

void line_run_free(LineRun *run)
{
    buffer_free(&run->dirty);
    buffer_free(&run->diagnostics);
    buffer_free(&run->decisions);
}

/* ---- outputs ------------------------------------------------------------------------------- */

void line_output_free(LineOutput *output)
{
    for (uint32_t i = 0; i < output->count; i++) {
        free(output->sections[i].path);
        buffer_free(&output->sections[i].text);
    }
    free(output->sections);
    buffer_free(&output->prelude);
    *output = (LineOutput){0};
}

static const LineSection *find_section(const LineOutput *output, const char *path)
{
    for (uint32_t i = 0; i < output->count; i++)
        if (strcmp(output->sections[i].path, path) == 0)
            return &output->sections[i];
    return NULL;
}

const char *line_output_section(const LineOutput *output, const char *path)
{
    const LineSection *section = find_section(output, path);
    assert_non_null(section);
    return section->text.data;
}

bool line_output_equal(const LineOutput *a, const LineOutput *b)
{
    if (a->count != b->count || !slice_equal(buffer_slice(&a->prelude), buffer_slice(&b->prelude)))
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (strcmp(a->sections[i].path, b->sections[i].path) != 0 ||
            !slice_equal(buffer_slice(&a->sections[i].text), buffer_slice(&b->sections[i].text)))
            return false;
    return true;
}

static void fill_section(LineSection *to, const Build *build, uint32_t section,
                         const LineOutput *last)
{
    uint32_t count;
    Slice path = build_section_path(build, section);
    *to = (LineSection){.path = memory_allocate_zeroed(path.size + 1, 1)};
    memcpy(to->path, path.data, path.size);
    const Slice *texts = build_section_texts(build, section, &count);
    for (uint32_t i = 0; texts != NULL && i < count; i++)
        buffer_put(&to->text, texts[i]);
    if (texts == NULL) { /* not dirty: as it was */
        const LineSection *before = find_section(last, to->path);
        assert_non_null(before);
        buffer_put(&to->text, buffer_slice(&before->text));
        to->text.size--;
    }
    buffer_put_byte(&to->text, '\0');
}

static void write_output(Build *build, LineOutput *output, bool prelude_is_dirty)
{
    LineOutput next = {.count = build_section_count(build)};
    next.sections = memory_allocate_zeroed(next.count + 1, sizeof *next.sections);
    buffer_put(&next.prelude,
               prelude_is_dirty ? build_prelude(build) : buffer_slice(&output->prelude));
    for (uint32_t i = 0; i < next.count; i++)
        fill_section(&next.sections[i], build, i, output);
    line_output_free(output);
    *output = next;
}

/* ---- builds -------------------------------------------------------------------------------- */

static void report(void *context, Decision decision, Slice subject)
{
    ByteBuffer *decisions = context;
    static const char *const names[DECISIONS_OF(5)] = {
        [DECISION_FILE_UNCHANGED] = "unchanged", [DECISION_FILE_TOUCHED] = "touched",
        [DECISION_FILE_CHANGED] = "changed",     [DECISION_FILE_ADDED] = "added",
        [DECISION_FILE_REMOVED] = "removed",     [DECISION_IR_CACHED] = "ir-cached",
        [DECISION_IR_LOWERED] = "lowered",       [DECISION_UNIT_CACHED] = "cached",
        [DECISION_UNIT_DIRTY] = "dirty",         [DECISION_UNIT_DEPENDENT] = "dependent",
        [DECISION_UNIT_LOST] = "lost",           [DECISION_COMPACTED] = "compacted",
        [DECISION_STATE_DAMAGED] = "damaged",    [DECISION_NOT_COMPACTED] = "not-compacted",
        [DECISION_FILE_REDIRECTED] = "redirected", [DECISION_FILE_OTHER_INPUT] = "input",
        [DECISION_FILE_OTHER_ROLE] = "role",     [DECISION_VALUE_CHANGED] = "value",
    };
    buffer_put(decisions, slice_from(names[decision] == NULL ? "other" : names[decision]));
    buffer_put_byte(decisions, ' ');
    buffer_put(decisions, subject);
    buffer_put_byte(decisions, '\n');
}

static BuildStatus finish_preview(Build *build, LineOutput *texts)
{
    assert_false(build_planned(build)->wants_commit);
    build_want_all(build);
    BuildStatus status = build_emit(build);
    if (status == BUILD_OK)
        status = build_save(build);
    if (status == BUILD_OK)
        write_output(build, texts, true);
    return status;
}

static BuildStatus finish(Build *build, const LineRequest *request, LineOutput *output)
{
    const BuildPlan *plan = build_planned(build);
    if (request->overlay_count != 0)
        return finish_preview(build, output);
    bool is_settled =
        plan->had_state && !plan->output_is_in_progress && output->sections != NULL;
    if (is_settled && plan->is_unchanged && !plan->wants_commit)
        return BUILD_OK;
    if (!is_settled || request->force)
        build_want_all(build);
    BuildStatus status = plan->is_unchanged && is_settled ? BUILD_OK : build_emit(build);
    if (status != BUILD_OK || request->check_only)
        return status;
    status = build_save(build);
    if (status == BUILD_OK)
        status = build_begin_output(build);
    if (status != BUILD_OK || request->stop_midway)
        return status;
    if (!plan->is_unchanged || !is_settled)
        write_output(build, output, plan->prelude_is_dirty);
    return build_commit(build);
}

static void describe(LineRun *run, const Build *build)
{
    const BuildPlan *plan = build_planned(build);
    for (uint32_t i = 0; i < plan->dirty_count; i++) {
        buffer_put(&run->dirty, build_section_path(build, plan->dirty[i]));
        buffer_put_byte(&run->dirty, '\n');
    }
    const Diagnostics *diagnostics = build_diagnostics(build);
    for (size_t i = 0; i < diagnostics->count; i++)
        diagnostic_format(&diagnostics->items[i], (Slice){"", 0}, &run->diagnostics);
    run->counts = *build_counts(build);
    assert_true(counts_agree(&run->counts));
    run->failure = *build_failure(build);
    run->had_state = plan->had_state;
    run->was_damaged = plan->state_was_damaged;
    run->settings_changed = plan->settings_changed;
    run->renumbered = plan->last_number != NULL;
    run->was_in_progress = plan->output_is_in_progress;
    run->may_be_unsynced = plan->may_be_unsynced;
    run->is_unchanged = plan->is_unchanged;
    run->origin = build_warnings(build).cache_origin;
}

static BuildRequest make_request(const LineProject *project, const LineRequest *line,
                                 LineSteps *steps)
{
    const char *settings = line->settings == NULL ? "" : line->settings;
    if (line->compiler != NULL)
        steps->compiler = *line->compiler;
    else if (line->directories != NULL)
        steps->compiler = line_language_searching(settings, line->directories);
    else
        steps->compiler = line_language(settings);
    if (line->is_library)
        steps->compiler.entry_point = (Slice){0};
    if (line->together)
        steps->compiler.emit_file = line_emit_file;
    snprintf(steps->entry, sizeof steps->entry, "%s/%s", project->scratch.path,
             line->entry == NULL ? "main.line" : line->entry);
    snprintf(steps->cache, sizeof steps->cache, "%s/%s", project->scratch.path,
             line->cache == NULL ? "cache" : line->cache);
    return (BuildRequest){
        .compiler = &steps->compiler,
        .entry = steps->entry,
        .more_entries = line->more_entries,
        .more_entry_count = line->more_entry_count,
        .reader = line->reader,
        .overlays = line->overlays,
        .overlay_count = line->overlay_count,
        .cache_dir = steps->cache,
        .executor = line->executor == NULL ? &executor_serial : line->executor,
        .in_memory = line->in_memory,
        .force = line->force,
        .paranoid = line->paranoid,
        .sync = line->sync,
        .warnings_are_errors = line->warnings_are_errors,
        .limit_bytes = line->limit_bytes,
        .maker = line->maker,
        .trust_cache = line->trust_cache,
        .wait_limit_ms = line->wait_limit_ms,
        .cancelled = line->cancelled,
        .cancelled_context = line->cancelled_context,
    };
}

BuildStatus line_steps_open(LineSteps *steps, const LineProject *project, LineRequest request)
{
    BuildRequest full = make_request(project, &request, steps);
    return build_open(&steps->build, &full);
}

static LineRun build_into(const LineProject *project, LineRequest line, LineOutput *output)
{
    LineRun run = {0};
    LineSteps steps;
    Observer observer = {report, &run.decisions};
    BuildRequest request = make_request(project, &line, &steps);
    request.observer = &observer;
    Build *build;
    run.status = build_open(&build, &request);
    if (run.status == BUILD_OK)
        run.status = build_plan(build);
    if (run.status == BUILD_OK)
        run.status = finish(build, &line, output);
    describe(&run, build);
    build_close(build);
    buffer_put_byte(&run.dirty, '\0');
    buffer_put_byte(&run.diagnostics, '\0');
    buffer_put_byte(&run.decisions, '\0');
    return run;
}

LineRun line_project_build(LineProject *project, LineRequest request)
{
    return build_into(project, request, &project->output);
}

LineRun line_project_preview(const LineProject *project, LineRequest request, LineOutput *texts)
{
    return build_into(project, request, texts);
}

static void note_difference(void *context, Slice subject, const char *what)
{
    ByteBuffer *differences = context;
    buffer_put(differences, subject);
    buffer_put(differences, slice_from(": "));
    buffer_put(differences, slice_from(what));
    buffer_put_byte(differences, '\n');
}

ByteBuffer line_project_verify(const LineProject *project, LineRequest line, Verification *counts)
{
    LineSteps steps;
    ByteBuffer differences = {0};
    Verification verification = {.differs = note_difference, .context = &differences};
    line.in_memory = true;
    assert_int_equal(line_steps_open(&steps, project, line), BUILD_OK);
    assert_int_equal(build_verify(steps.build, &verification), BUILD_OK);
    build_close(steps.build);
    buffer_put_byte(&differences, '\0');
    if (counts != NULL)
        *counts = verification;
    return differences;
}

static void clean_cache(const LineProject *project, const char *name)
{
    char path[512];
    BuildFailure failure;
    snprintf(path, sizeof path, "%s/%s", project->scratch.path, name);
    assert_int_equal(build_clean(path, NULL, NULL, &failure), BUILD_OK);
}

void line_project_clean(const LineProject *project)
{
    clean_cache(project, "cache");
}

/* The fresh cache is removed: otherwise hundreds would accumulate. */
static void remove_cache(const LineProject *project, const char *name)
{
    static const char *const left[] = {"lock", CACHE_MARK_NAME, "CACHEDIR.TAG", ".gitignore"};
    clean_cache(project, name);
    for (size_t i = 0; i < sizeof left / sizeof *left; i++) {
        char path[96];
        snprintf(path, sizeof path, "%s/%s", name, left[i]);
        assert_int_equal(unlinkat(project->scratch.fd, path, 0), 0);
    }
    /* clean left nothing else */
    assert_int_equal(unlinkat(project->scratch.fd, name, AT_REMOVEDIR), 0);
}

LineRun line_project_build_clean(LineProject *project, LineRequest request, LineOutput *output)
{
    char name[32];
    snprintf(name, sizeof name, "clean-%u", project->clean_builds++);
    request.cache = name;
    LineRun run = build_into(project, request, output);
    remove_cache(project, name);
    return run;
}

void line_project_expect_clean(LineProject *project, LineRequest request)
{
    LineOutput output = {0};
    LineRun run = line_project_build_clean(project, request, &output);
    assert_int_equal(run.status, BUILD_OK);
    assert_true(line_output_equal(&project->output, &output));
    line_run_free(&run);
    line_output_free(&output);
}

void line_project_used(const LineProject *project, UsedObjects *used)
{
    CacheEntries entries;
    CacheDirectory directory;
    char path[512];
    snprintf(path, sizeof path, "%s/cache", project->scratch.path);
    assert_int_equal(cache_directory_open(&directory, path, 0, NULL), 0);
    assert_int_equal(cache_entries_list(&entries, &directory, ""), 0);
    ZirCache zir;
    assert_int_equal(zir_cache_open_read_only(&zir, directory.fd, (Hash128){0, 0}), 0);
    assert_int_equal(used_objects_gather(used, directory.fd, &zir, &entries), 0);
    zir_cache_close(&zir);
    cache_entries_free(&entries);
    cache_directory_close(&directory);
}
