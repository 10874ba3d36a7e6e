/* SPDX-License-Identifier: MIT */
#include "demo_mini_build.h"

#include "cached_codegen.h"
#include "demo_look.h"
#include "mini_compiler.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* To keep things simple, other settings count as another compiler: lowered files depend on them. */
static void join_settings(Compiler *compiler)
{
    Hash128 both[] = {compiler->fingerprint, compiler->settings};
    compiler->fingerprint = hash_bytes(slice_of(both, sizeof both));
    compiler->settings = (Hash128){0, 0};
}

static BuildStatus plug_in(MiniBuild *self)
{
    MiniSettings settings = {.target = getenv("MINIC_TARGET")};
    int error = mini_compiler_init(&self->compiler, &settings, &self->prelude);
    if (error == 0) {
        join_settings(&self->compiler);
        return BUILD_OK;
    }
    if (error == -EINVAL) {
        fputs("MINIC_TARGET='", stderr);
        print_name(stderr, slice_of(settings.target, strnlen(settings.target, 60)), 0);
        fputs("': not a target triple\n", stderr);
        return BUILD_MISUSED;
    }
    fprintf(stderr, "cannot identify this executable: %s\n", strerror(-error));
    return BUILD_MACHINE_FAILED;
}

BuildStatus mini_build_open(MiniBuild *self, const char *entry, const Observer *observer)
{
    *self = (MiniBuild){0};
    BuildRequest request = {.compiler = &self->compiler,
                            .entry = entry,
                            .executor = &executor_serial,
                            .observer = observer};
    BuildStatus status = plug_in(self);
    return status == BUILD_OK ? build_open(&self->build, &request) : status;
}

void mini_build_close(MiniBuild *self)
{
    build_close(self->build);
    buffer_free(&self->prelude);
}

static void report_failure(const BuildFailure *failure)
{
    if (failure->what == NULL)
        return;
    print_name(stderr, slice_from(failure->path), 0);
    fprintf(stderr, ": %s", failure->what);
    if (failure->error != 0)
        fprintf(stderr, ": %s", strerror(failure->error));
    fputc('\n', stderr);
}

BuildStatus mini_build_clean(const char *entry)
{
    ByteBuffer cache = {0};
    BuildFailure failure = {0};
    const char *slash = strrchr(entry, '/');
    buffer_put(&cache, slice_of(entry, slash == NULL ? 0 : (size_t)(slash + 1 - entry)));
    buffer_put(&cache, slice_of(".mini_cache", sizeof ".mini_cache"));
    BuildStatus status = build_clean(cache.data, NULL, NULL, &failure);
    report_failure(&failure);
    buffer_free(&cache);
    return status;
}

/* ---- the facts ------------------------------------------------------------------------------ */

const char *unit_verdict(Decision decision)
{
    static const char *const words[DECISIONS_OF(4)] = {
        [DECISION_UNIT_NEW] = "new",       [DECISION_UNIT_DIRTY] = "dirty",
        [DECISION_UNIT_LOST] = "lost",     [DECISION_UNIT_DEPENDENT] = "dependent",
        [DECISION_UNIT_CACHED] = "cached", [DECISION_UNIT_WRONG] = "wrong",
    };
    return decision < DECISIONS_OF(4) ? words[decision] : NULL; /* of what is no unit there is none */
}

void print_unit(const char *entry, Slice unit)
{
    bool has_path = memchr(unit.data, ':', unit.size) != NULL;
    putchar(' ');
    print_name(stdout, slice_from(has_path ? "" : entry), 0);
    printf("%s", has_path ? "" : ":");
    print_name(stdout, unit, 0);
}

void mini_build_report_unit(void *entry, Decision decision, Slice unit)
{
    const char *verdict = unit_verdict(decision);
    if (verdict == NULL)
        return;
    printf("  %-10s", verdict);
    print_unit(*(const char **)entry, unit);
    putchar('\n');
}

void mini_build_report_counts(const MiniBuild *self, bool is_fast)
{
    const BuildCounts *counts = build_counts(self->build);
    printf("  files %d\n  lowered %d\n  functions %d\n  compiled %d\n  fast %s\n",
           (int)counts->files_total, (int)counts->files_lowered, (int)counts->functions_total,
           (int)counts->functions_emitted, is_fast ? "yes" : "no");
}

void mini_build_report_errors(const MiniBuild *self)
{
    ByteBuffer text = {0};
    Arena arena = {0};
    if (self->build == NULL)
        return;
    const Diagnostics *errors = build_diagnostics(self->build);
    for (size_t first = 0, end; first < errors->count; first = end) {
        const Diagnostic *items = &errors->items[first];
        Slice source;
        end = diagnostics_file_end(errors, first);
        if (build_source(self->build, items->path, &arena, &source))
            diagnostics_format_file(items, end - first, items->path, source, &text);
        else
            diagnostics_format_kinds(items, end - first, items->path, &text);
    }
    fflush(stdout); /* verdicts are printed above their reasons */
    if (text.size > 0)
        fwrite(text.data, 1, text.size, stderr);
    report_failure(build_failure(self->build));
    arena_free(&arena);
    buffer_free(&text);
}
