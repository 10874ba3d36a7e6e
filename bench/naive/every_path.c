/* SPDX-License-Identifier: MIT */
/*
 * Which files does the program have? Read the entry, then do the same for each file it imports.
 * A file imported twice is read twice, and so is everything it imports: the work grows with the
 * number of paths through the graph, not with the number of files.
 *
 *          main            1 diamond    4 files    5 visits
 *         /    \           2            7         13
 *      left    right       3           10         29
 *         \    /          12           37      16381
 *         next ...
 */
#include "import_scanner.h"
#include "naive.h"
#include "source_path.h"

#include <errno.h>
#include <stdlib.h>

static void remember(NaiveVisits *visits, const char *path)
{
    if (visits->count == visits->capacity) {
        visits->capacity = visits->capacity == 0 ? 16 : visits->capacity * 2;
        visits->paths = memory_resize(visits->paths, visits->capacity * sizeof *visits->paths);
    }
    size_t size = strlen(path) + 1;
    visits->paths[visits->count++] = memcpy(memory_allocate(size), path, size);
}

static int visit_imports(int dir_fd, const char *path, Slice source, NaiveVisits *visits)
{
    Arena arena = {0};
    ImportScan scan = {.arena = &arena};
    int status = 0;
    mini_scan_imports(NULL, source, &scan);
    for (uint32_t i = 0; i < scan.count && status == 0; i++) {
        Slice import;
        if (source_path_resolve(slice_from(path), scan.items[i].path, &arena, &import) != PATH_OK)
            status = -EINVAL;
        else
            status = naive_visit(dir_fd, import.data, visits);
    }
    free(scan.items);
    arena_free(&arena);
    return status;
}

int naive_visit(int dir_fd, const char *path, NaiveVisits *visits)
{
    size_t size;
    char *source = naive_read(dir_fd, path, &size);
    if (source == NULL)
        return -errno;
    remember(visits, path);
    int status = visit_imports(dir_fd, path, slice_of(source, size), visits);
    free(source);
    return status;
}

/* ---- the result ---------------------------------------------------------------------------- */

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void naive_visits_unique(NaiveVisits *visits)
{
    size_t kept = 0;
    if (visits->count != 0)
        qsort(visits->paths, visits->count, sizeof *visits->paths, compare_paths);
    for (size_t i = 0; i < visits->count; i++) {
        if (kept != 0 && strcmp(visits->paths[i], visits->paths[kept - 1]) == 0)
            free(visits->paths[i]);
        else
            visits->paths[kept++] = visits->paths[i];
    }
    visits->count = kept;
}

void naive_visits_free(NaiveVisits *visits)
{
    for (size_t i = 0; i < visits->count; i++)
        free(visits->paths[i]);
    free(visits->paths);
    *visits = (NaiveVisits){0};
}
