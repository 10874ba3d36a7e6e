/* SPDX-License-Identifier: MIT */
/* What a build begins with and ends with: the project, the cache, the memory. */
#include "build_internal.h"

#include "output_place.h"
#include "source_path.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char *copy_text(const char *text, size_t size)
{
    char *copy = memory_allocate(size + 1);
    memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

/* "a/b/main.mini" is the file "main.mini" in "a/b"; "main.mini" is in ".". */
static void split_entry(Build *build)
{
    const char *entry = build->request.entry;
    const char *slash = strrchr(entry, '/');
    build->entry = slice_from(slash == NULL ? entry : slash + 1);
    if (slash == NULL)
        build->directory = copy_text(".", 1);
    else
        build->directory = copy_text(entry, slash == entry ? 1 : (size_t)(slash - entry));
}

static void choose_cache_path(Build *build)
{
    const char *wanted = build->request.cache_dir;
    ByteBuffer path = {0};
    if (wanted != NULL) {
        buffer_put(&path, slice_from(wanted));
    } else {
        buffer_put(&path, slice_from(build->directory));
        buffer_put(&path, slice_from("/.mini_cache"));
    }
    buffer_put_byte(&path, '\0');
    build->cache_path = path.data;
}

/* If something is wrong with the place, that is reported when it is written. */
static void choose_output(Build *build)
{
    OutputPlace place;
    const char *output = build->request.output;
    if (output == NULL)
        return;
    const char *path = output_place_find(&place, output) == 0 ? place.path : output;
    build->output = copy_text(path, strlen(path));
}

static Build *make_build(const BuildRequest *request)
{
    Build *build = memory_allocate_zeroed(1, sizeof *build);
    unsigned workers = request->executor->workers;
    build->request = *request;
    build->project_fd = -1;
    build->workers = memory_allocate_zeroed(workers, sizeof *build->workers);
    for (unsigned i = 0; i < workers; i++)
        build->workers[i].arena.source = build->workers[i].once.source = request->executor->chunks;
    split_entry(build);
    choose_cache_path(build);
    choose_output(build);
    return build;
}

BuildStatus build_entry_failed(Build *build, const char *path, int status)
{
    build_fail(build, path, "cannot read the entry file", status);
    bool is_wrong_name = status == -ENOENT || status == -ENOTDIR || status == -EISDIR ||
                         status == -EINVAL;
    return is_wrong_name ? BUILD_MISUSED : BUILD_MACHINE_FAILED;
}

static BuildStatus open_sources(Build *build)
{
    const BuildRequest *request = &build->request;
    build->reader = request->reader;
    if (!build_has_overlays(build))
        return BUILD_OK;
    const SourceOverlay *wrong =
        source_overlays_make(&build->overlays, request->overlays, request->overlay_count,
                             build->project_fd, request->reader, &build->workers[0].arena);
    build->reader = &build->overlays.reader;
    if (wrong == NULL)
        return BUILD_OK;
    build_fail(build, wrong->path, "cannot be the path of an overlay", 0);
    return BUILD_MISUSED;
}

/* The entry is looked at before a cache is made for it: a mistyped name leaves no files. */
static BuildStatus open_project(Build *build)
{
    FileStamp stamp;
    build->project_fd = open_at(AT_FDCWD, build->directory, O_RDONLY | O_DIRECTORY);
    if (build->project_fd < 0)
        return build_entry_failed(build, build->request.entry, -errno);
    BuildStatus opened = open_sources(build);
    if (opened != BUILD_OK)
        return opened;
    int status = source_stamp(build->reader, build->project_fd, build->entry.data, &stamp);
    return status == 0 ? BUILD_OK : build_entry_failed(build, build->request.entry, status);
}

static int compare_entries(const void *a, const void *b)
{
    return slice_compare(*(const Slice *)a, *(const Slice *)b);
}

/* Ascending, each once, without the entry. Whether they exist, discovery finds out. */
static BuildStatus list_more_entries(Build *build)
{
    const BuildRequest *request = &build->request;
    size_t count = request->more_entry_count;
    Slice *names = memory_allocate((count + 1) * sizeof *names);
    build->more_entries = names;
    for (size_t i = 0; i < count; i++) {
        const char *path = request->more_entries[i];
        if (source_path_normalize(slice_from(path), &build->workers[0].arena, &names[i]) != PATH_OK)
            return build_entry_failed(build, path, -EISDIR);
    }
    qsort(names, count, sizeof *names, compare_entries);
    for (size_t i = 0; i < count; i++) {
        bool is_known = slice_equal(names[i], build->entry) ||
                        (build->more_entry_count != 0 &&
                         slice_equal(names[i], names[build->more_entry_count - 1]));
        if (!is_known)
            names[build->more_entry_count++] = names[i];
    }
    return BUILD_OK;
}

/* A mistyped name must not silently mean that nothing is quoted. */
static BuildStatus check_root(Build *build)
{
    const char *root = build->request.root;
    struct stat status;
    if (root == NULL)
        return BUILD_OK;
    int error = stat(root, &status) != 0 ? errno : S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
    if (error == 0)
        return BUILD_OK;
    build_fail(build, root, "cannot use this as the root", error);
    return BUILD_MISUSED;
}

static void begin_to_wait(void *context)
{
    const BuildRequest *request = &((Build *)context)->request;
    if (request->waiting != NULL)
        request->waiting(request->waiting_context);
}

static bool goes_on_waiting(void *context, unsigned waited_ms)
{
    Build *build = context;
    int64_t limit_ms = build->request.wait_limit_ms;
    return (limit_ms == 0 || (int64_t)waited_ms < limit_ms) && !build_is_cancelled(build, 0);
}

static LockWaiting patience(Build *build)
{
    bool is_limited = build->request.wait_limit_ms != 0 || build->request.cancelled != NULL;
    return (LockWaiting){begin_to_wait, is_limited ? goes_on_waiting : NULL, build};
}

static BuildStatus open_cache(Build *build)
{
    CacheRequest request = {
        .directory = build->cache_path,
        .project_fd = build->project_fd,
        .entry = build->entry,
        .fingerprint = build->request.compiler->fingerprint,
        .settings = build->request.compiler->settings,
        .output = build->output == NULL ? (Slice){"", 0} : slice_from(build->output),
        .forget = build->request.force,
        .in_memory = build->request.in_memory,
        .only_looks = build->request.only_looks,
        .limit_bytes = build->request.limit_bytes,
        .maker = build->request.maker,
        .trust_cache = build->request.trust_cache,
        .observer = build->request.observer,
        .waiting = patience(build),
    };
    build->cache_is_open = true;
    int status = multi_level_cache_open(&build->cache, &request);
    if (status == -EBUSY)
        return build_was_cancelled(build) ? BUILD_CANCELLED : BUILD_BUSY;
    if (status != -ENOTEMPTY)
        return build_cache_failed(build, status);
    build_fail(build, build->cache_path, build->cache.failed, 0); /* not a directory of ours */
    return BUILD_MISUSED;
}

BuildStatus build_open(Build **opened, const BuildRequest *request)
{
    double lap = build_now();
    Build *build = make_build(request);
    *opened = build;
    build_enter(build, BUILD_OPENS);
    BuildStatus status = open_project(build);
    if (status == BUILD_OK)
        status = list_more_entries(build);
    if (status == BUILD_OK)
        status = check_root(build);
    if (status == BUILD_OK)
        status = open_cache(build);
    build->program = (Program){.file = build_program_file,
                               .fingerprint = build->cache.code_fingerprint,
                               .secret = &build->cache.secret.hash,
                               .entry_point = request->compiler->entry_point};
    build->times.open = build_lap(&lap);
    return status;
}

void build_close(Build *build)
{
    if (build == NULL)
        return;
    for (unsigned i = 0; i < build->request.executor->workers; i++) {
        arena_free(&build->workers[i].arena);
        arena_free(&build->workers[i].once);
        buffer_free(&build->workers[i].key);
        diagnostics_free(&build->workers[i].diagnostics);
    }
    memory_free(build->workers);
    build_free_emission(build);
    build_free_opened(build);
    build_free_loaded(build);
    build_free_texts(build);
    memory_free(build->lost);
    memory_free(build->plan.files);
    memory_free(build->plan.rekeyed);
    memory_free(build->plan.dirty);
    buffer_free(&build->prelude.text);
    diagnostics_free(&build->diagnostics);
    discovery_free(&build->found);
    if (build->cache_is_open)
        multi_level_cache_close(&build->cache);
    if (build->project_fd >= 0)
        close(build->project_fd);
    memory_free(build->more_entries);
    memory_free(build->directory);
    memory_free(build->cache_path);
    memory_free(build->output);
    memory_free(build);
}
