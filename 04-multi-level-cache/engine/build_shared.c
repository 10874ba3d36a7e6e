/* SPDX-License-Identifier: MIT */
/* What all phases of a build need: the time, how it failed, lists of numbers, diagnostics. */
#include "build_internal.h"

#include "source_path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double build_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

double build_lap(double *start)
{
    double now = build_now(), lap = now - *start;
    *start = now;
    return lap;
}

void build_enter(const Build *build, BuildPhase phase)
{
    if (build->request.phase != NULL)
        build->request.phase(build->request.phase_context, phase);
}

BuildStatus build_refuse_overlays(Build *build)
{
    build_fail(build, build->request.entry, "a build with overlays has no output", 0);
    return BUILD_MISUSED;
}

/* Once it is true, a worker asks no more: the answer may change. */
bool build_is_cancelled(Build *build, unsigned worker)
{
    const BuildRequest *request = &build->request;
    bool *is_cancelled = &build->workers[worker].is_cancelled;
    if (request->cancelled != NULL && !*is_cancelled)
        *is_cancelled = request->cancelled(request->cancelled_context);
    return *is_cancelled;
}

bool build_was_cancelled(const Build *build)
{
    bool is_cancelled = false;
    for (unsigned i = 0; i < build->request.executor->workers; i++)
        is_cancelled |= build->workers[i].is_cancelled;
    return is_cancelled;
}

BuildStatus build_fail(Build *build, const char *path, const char *what, int error)
{
    build->failure.what = what;
    build->failure.error = error < 0 ? -error : error;
    snprintf(build->failure.path, sizeof build->failure.path, "%s", path);
    return BUILD_MACHINE_FAILED;
}

/* The errors that a directory, a link or a FIFO in the place of a file leads to. */
static bool is_of_wrong_kind(int status)
{
    static const int errors[] = {EINVAL, EBADMSG, EISDIR, ENOTDIR, EEXIST, ENOTEMPTY, ELOOP};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (status == -errors[i])
            return true;
    return false;
}

BuildStatus build_cache_failed(Build *build, int status)
{
    char name[256];
    build->counts.bytes_written = build->cache.bytes_written;
    if (status == 0)
        return BUILD_OK;
    build_fail(build, build->cache_path, build->cache.failed, status);
    if (is_of_wrong_kind(status) && cache_directory_find_intruder(build->cache_path, name)) {
        build_fail(build, build->cache_path, "cannot use this as a file of the cache: remove it", 0);
        size_t size = strlen(build->failure.path);
        snprintf(build->failure.path + size, sizeof build->failure.path - size, "/%s", name);
    }
    return BUILD_MACHINE_FAILED;
}

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* Most lists are short or already ascending. */
void build_sort_numbers(uint32_t *numbers, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++)
        if (numbers[i - 1] > numbers[i]) {
            qsort(numbers, count, sizeof *numbers, compare_numbers);
            return;
        }
}

/* ---- diagnostics --------------------------------------------------------------------------- */

void build_place_diagnostics(const Build *build, Diagnostics *diagnostics, size_t first)
{
    bool are_names = build->request.compiler->lower_with_inputs != NULL;
    for (size_t i = first; i < diagnostics->count; i++) {
        Diagnostic *item = &diagnostics->items[i];
        bool is_own = item->path.data == diagnostics->path.data;
        Slice path = item->path;
        if (!is_own &&
            (are_names || source_path_resolve(diagnostics->path, item->path, &diagnostics->texts,
                                              &path) != PATH_OK))
            path = slice_of(arena_copy(&diagnostics->texts, item->path), item->path.size);
        item->path = path;
    }
}

void build_report_silence(Diagnostics *diagnostics, uint32_t line, uint32_t column, Slice subject)
{
    diagnostics_add(diagnostics, line, column, "the compiler refused %.*s and did not say why",
                    (int)subject.size, subject.data);
}

void build_raise_warnings(Build *build)
{
    Diagnostics *diagnostics = &build->diagnostics;
    if (!build->request.warnings_are_errors)
        return;
    for (size_t i = 0; i < diagnostics->count; i++)
        if (diagnostics->items[i].severity == SEVERITY_WARNING)
            diagnostics->items[i].severity = SEVERITY_ERROR;
    diagnostics_sort(diagnostics);
}
