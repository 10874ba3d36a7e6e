/* SPDX-License-Identifier: MIT */
/*
 * Two places hold the answers: an array for the absent paths of the last build, which is complete
 * before anything is read, and a map for all others, which the workers fill. A lock guards the map;
 * stat is called outside. Two workers may both ask for a new path, and the first answer counts.
 */
#include "asked_paths.h"

#include "collections.h"
#include "wrong_imports.h"

#include <pthread.h>

typedef struct PathToAsked {
    char *key; /* lent */
    AskedPath *value;
} PathToAsked;

struct AskedPaths {
    const DiscoveryRequest *request;
    const FileHashCache *last;
    const bool *is_current;
    AskedPath *of_last;    /* per absent path of the last build ... */
    uint32_t of_last_count; /* ... whose table may be gone when they are counted */
    pthread_mutex_t lock;  /* guards what follows */
    PathToAsked *by_path;
    Arena arena;
    Slice *numbered;
};

static AskedPath ask(const AskedPaths *asked, Slice path)
{
    FileStamp ignored;
    int status = source_stamp(asked->request->reader, asked->request->dir_fd, path.data, &ignored);
    return (AskedPath){.path = path, .is_absent = wrong_import_error(status)};
}

static void ask_again(void *arg, size_t index, unsigned worker)
{
    AskedPaths *asked = arg;
    uint32_t number = asked->last->count + (uint32_t)index;
    (void)worker;
    asked->of_last[index] = ask(asked, file_hash_cache_path(asked->last, number));
}

AskedPaths *asked_paths_open(const DiscoveryRequest *request, const FileHashCache *last,
                             const bool *is_current)
{
    AskedPaths *asked = memory_allocate_zeroed(1, sizeof *asked);
    asked->request = request;
    asked->last = last;
    asked->is_current = is_current;
    asked->of_last_count = last->absent_count;
    asked->of_last = memory_allocate_zeroed(last->absent_count + 1, sizeof *asked->of_last);
    pthread_mutex_init(&asked->lock, NULL);
    executor_run(request->executor, last->absent_count, ask_again, asked);
    return asked;
}

AskedPath *asked_paths_last(const AskedPaths *asked, uint32_t number)
{
    return &asked->of_last[number - asked->last->count];
}

/* ---- asking ------------------------------------------------------------------------------ */

static AskedPath *find_in_last(const AskedPaths *asked, Slice path)
{
    uint32_t low = 0, high = asked->of_last_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = slice_compare(asked->of_last[middle].path, path);
        if (order == 0)
            return &asked->of_last[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static AskedPath *find_in_map(AskedPaths *asked, Slice path)
{
    pthread_mutex_lock(&asked->lock);
    ptrdiff_t met = shgeti(asked->by_path, path.data);
    AskedPath *found = met < 0 ? NULL : asked->by_path[met].value;
    pthread_mutex_unlock(&asked->lock);
    return found;
}

static AskedPath *keep(AskedPaths *asked, const AskedPath *answer)
{
    pthread_mutex_lock(&asked->lock);
    ptrdiff_t met = shgeti(asked->by_path, answer->path.data);
    AskedPath *kept = met < 0 ? arena_allocate(&asked->arena, sizeof *kept)
                              : asked->by_path[met].value;
    if (met < 0) {
        *kept = *answer;
        shput(asked->by_path, (char *)kept->path.data, kept);
    }
    pthread_mutex_unlock(&asked->lock);
    return kept;
}

AskedPath *asked_paths_absent(AskedPaths *asked, Slice path)
{
    uint32_t file = file_hash_cache_find(asked->last, path);
    if (file != FILE_NONE && asked->is_current[file])
        return NULL;
    AskedPath *found = find_in_last(asked, path);
    if (found == NULL)
        found = find_in_map(asked, path);
    if (found == NULL) {
        AskedPath answer = ask(asked, path);
        found = keep(asked, &answer);
    }
    return found->is_absent ? found : NULL;
}

uint64_t asked_paths_count(const AskedPaths *asked)
{
    return asked->of_last_count + (uint64_t)shlen(asked->by_path);
}

/* ---- numbering --------------------------------------------------------------------------- */

static int compare_asked(const void *a, const void *b)
{
    const AskedPath *const *left = a, *const *right = b;
    return slice_compare((*left)->path, (*right)->path);
}

const Slice *asked_paths_number(AskedPaths *asked, uint32_t *count)
{
    uint32_t used = 0, met = (uint32_t)shlen(asked->by_path);
    AskedPath **all = memory_allocate(((size_t)asked->of_last_count + met + 1) * sizeof *all);
    for (uint32_t i = 0; i < asked->of_last_count; i++)
        if (asked->of_last[i].is_used)
            all[used++] = &asked->of_last[i];
    for (uint32_t i = 0; i < met; i++)
        if (asked->by_path[i].value->is_used)
            all[used++] = asked->by_path[i].value;
    qsort(all, used, sizeof *all, compare_asked);
    asked->numbered = memory_allocate((used + 1) * sizeof *asked->numbered);
    for (uint32_t i = 0; i < used; i++) {
        all[i]->number = i;
        asked->numbered[i] = all[i]->path;
    }
    memory_free(all);
    *count = used;
    return asked->numbered;
}

void asked_paths_close(AskedPaths *asked)
{
    if (asked == NULL)
        return;
    pthread_mutex_destroy(&asked->lock);
    shfree(asked->by_path);
    arena_free(&asked->arena);
    memory_free(asked->of_last);
    memory_free(asked->numbered);
    memory_free(asked);
}
