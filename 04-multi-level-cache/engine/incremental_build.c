/* SPDX-License-Identifier: MIT */
#include "build_internal.h"

#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

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

static BuildStatus cache_failed(Build *build, int status)
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

/* ---- opening ------------------------------------------------------------------------------- */

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

static Build *make_build(const BuildRequest *request)
{
    Build *build = memory_allocate_zeroed(1, sizeof *build);
    unsigned workers = request->executor->workers;
    build->request = *request;
    build->project_fd = -1;
    build->workers = memory_allocate_zeroed(workers, sizeof *build->workers);
    build->codegen = memory_allocate_zeroed(workers, sizeof *build->codegen);
    pthread_mutex_init(&build->loading, NULL);
    split_entry(build);
    choose_cache_path(build);
    return build;
}

/* The entry is looked at before a cache is made for it: a mistyped name leaves no files. */
static BuildStatus open_project(Build *build)
{
    FileStamp stamp;
    build->project_fd = open_at(AT_FDCWD, build->directory, O_RDONLY | O_DIRECTORY);
    int status = build->project_fd < 0 ? -errno : 0;
    if (status == 0)
        status = file_stamp_at(build->project_fd, build->entry.data, &stamp);
    if (status == 0)
        return BUILD_OK;
    build_fail(build, build->request.entry, "cannot read the entry file", status);
    bool is_wrong_name = status == -ENOENT || status == -ENOTDIR || status == -EISDIR ||
                         status == -EINVAL;
    return is_wrong_name ? BUILD_MISUSED : BUILD_MACHINE_FAILED;
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

static BuildStatus open_cache(Build *build)
{
    CacheRequest request = {
        .directory = build->cache_path,
        .project_fd = build->project_fd,
        .entry = build->entry,
        .fingerprint = build->request.compiler->fingerprint,
        .forget = build->request.force,
        .in_memory = build->request.in_memory,
        .limit_bytes = build->request.limit_bytes,
        .maker = build->request.maker,
        .trust_cache = build->request.trust_cache,
        .observer = build->request.observer,
        .waiting = build->request.waiting,
        .waiting_context = build->request.waiting_context,
    };
    build->cache_is_open = true;
    int status = multi_level_cache_open(&build->cache, &request);
    if (status != -ENOTEMPTY)
        return cache_failed(build, status);
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
        status = check_root(build);
    if (status == BUILD_OK)
        status = open_cache(build);
    build->program = (Program){.file = build_program_file,
                               .fingerprint = build->cache.fingerprint,
                               .secret = &build->cache.secret.hash,
                               .entry_point = request->compiler->entry_point};
    build->times.open = build_lap(&lap);
    return status;
}

/* ---- planning ------------------------------------------------------------------------------ */

static BuildStatus run_discovery(Build *build)
{
    const Compiler *compiler = build->request.compiler;
    DiscoveryRequest request = {
        .dir_fd = build->project_fd,
        .clock_dir_fd = build->request.in_memory || build->cache.directory.is_read_only
                            ? -1
                            : build->cache.directory.fd,
        .entry = build->entry,
        .trust_nothing = build->request.paranoid || build->cache.may_be_unsynced,
        .largest_source = compiler->largest_source,
        .scan = compiler->scan_imports,
        .language = compiler->language,
        .executor = build->request.executor,
        .observer = build->request.observer,
        .diagnostics = &build->diagnostics,
    };
    int status = discover(&build->found, &request, &build->cache.files);
    build->clock_error = build->found.clock_error;
    build->counts.files_total = build->cache.files.count;
    build->counts.files_stat = build->found.files_stat;
    build->counts.files_hashed = build->found.files_hashed;
    build->counts.bytes_read = build->found.bytes_read;
    build->counts.files_removed = build->found.removed;
    build->counts.sections_total = build->cache.files.count;
    build->is_wrong = status == -EBADMSG && build->found.error == 0;
    if (status == -EMLINK)
        return build_fail(build, build->request.entry,
                          "its imports lead to one file by more than 100 names, through links", 0);
    if (status != 0 && !build->is_wrong)
        return build_fail(build, build->found.error_path, "cannot read", status);
    return BUILD_OK;
}

static void count_changes(Build *build)
{
    for (size_t i = 0; i < build->found.change_count; i++) {
        FileChangeKind kind = build->found.changes[i].kind;
        build->counts.files_changed += kind == FILE_CHANGED;
        build->counts.files_added += kind == FILE_ADDED;
    }
}

/* One hash over fingerprint, paths and contents: if it equals the last build's, nothing to do. */
static Hash128 combined_hash(const Build *build)
{
    return file_hash_cache_combined(&build->cache.files, build->program.fingerprint);
}

static bool nothing_changed(Build *build)
{
    const ManifestHeader *last = &build->cache.manifest.header;
    bool same_files = build->cache.had_state && !build->found.renumbered;
    build->summary.combined = same_files && build->found.change_count == 0 ? last->combined
                                                                           : combined_hash(build);
    return same_files && hash_equal(build->summary.combined, last->combined);
}

static BuildStatus open_rest(Build *build)
{
    int status = multi_level_cache_open_units(&build->cache);
    if (status == 0)
        status = multi_level_cache_open_objects(&build->cache);
    return cache_failed(build, status);
}

static BuildStatus prepare(Build *build)
{
    double lap = build_now();
    uint32_t count = build->cache.files.count;
    BuildStatus status = open_rest(build);
    build->times.open += build_lap(&lap);
    if (status != BUILD_OK)
        return status;
    build->program.entry_file = file_hash_cache_find(&build->cache.files, build->entry);
    build->plan = memory_allocate_zeroed(count + 1, sizeof *build->plan);
    build_enter(build, BUILD_LOWERS);
    build_lower(build);
    build->times.lower = build_lap(&lap);
    build_enter(build, BUILD_COMPUTES_KEYS);
    status = build_make_plan(build);
    build->times.keys = build_lap(&lap);
    return status;
}

BuildStatus build_prepare(Build *build)
{
    if (!build->is_prepared)
        build->prepared = prepare(build);
    build->is_prepared = true;
    return build->prepared;
}

BuildStatus build_plan(Build *build)
{
    double lap = build_now();
    build_enter(build, BUILD_DISCOVERS);
    BuildStatus status = run_discovery(build);
    build->times.discover = build_lap(&lap);
    if (status != BUILD_OK)
        return status;
    count_changes(build);
    if (!build->is_wrong && nothing_changed(build)) {
        build->summary.prelude = build->cache.manifest.header.prelude;
        build->counts.functions_total = build->cache.manifest.header.function_count;
        build_count_cached(&build->counts);
        return BUILD_OK;
    }
    build->is_changed = true;
    status = build_prepare(build);
    return status == BUILD_OK && build->is_wrong ? build_emit(build) : status;
}

bool build_is_unchanged(const Build *build)
{
    return !build->is_changed;
}

/* ---- committing ---------------------------------------------------------------------------- */

BuildStatus build_commit_objects(Build *build)
{
    return cache_failed(
        build, multi_level_cache_commit_objects(&build->cache, build->request.executor,
                                                build->request.sync));
}

static void replace_units(Build *build)
{
    uint32_t count = build->cache.files.count;
    UnitRow *rows = memory_allocate_zeroed(count + 1, sizeof *rows);
    const UnitRecord **units = memory_allocate_zeroed(count + 1, sizeof *units);
    for (uint32_t i = 0; i < count; i++) {
        const PlannedFile *plan = &build->plan[i];
        rows[i] = plan->is_rekeyed ? plan->row : *build_recorded(build, i, &units[i]);
        if (plan->is_rekeyed)
            units[i] = plan->units;
    }
    unit_table_replace(&build->cache.units, rows, units, count);
    free(units);
    free(rows);
}

static void set_units(Build *build)
{
    for (uint32_t i = 0; i < build->rekeyed_count; i++) {
        const PlannedFile *plan = &build->plan[build->rekeyed[i]];
        unit_table_set(&build->cache.units, build->rekeyed[i], &plan->row, plan->units);
    }
}

static void update_units(Build *build)
{
    const UnitTable *table = &build->cache.units;
    if (build->plan == NULL || build->units_are_updated)
        return;
    if (build->found.renumbered || table->file_count != build->cache.files.count ||
        unit_table_is_wasteful(table))
        replace_units(build);
    else
        set_units(build);
    build->units_are_updated = true;
}

/* What was lowered is kept even if nothing had to be emitted: after the edit of a comment. */
BuildStatus build_save(Build *build)
{
    double lap = build_now();
    build_enter(build, BUILD_SAVES);
    build_keep_rebuilt(build);
    BuildStatus status = build_commit_objects(build);
    update_units(build);
    if (status == BUILD_OK)
        status = cache_failed(build, multi_level_cache_save(&build->cache, build->request.sync));
    build->times.save += build_lap(&lap);
    return status;
}

bool build_wants_commit(const Build *build)
{
    return !build->cache.directory.is_read_only &&
           (build->is_changed || image_is_changed(&build->cache.files.image) ||
            build->cache.may_be_unsynced);
}

BuildStatus build_begin_output(Build *build)
{
    return cache_failed(build,
                        multi_level_cache_begin_output(&build->cache, build->request.sync));
}

BuildStatus build_commit(Build *build)
{
    double lap = build_now();
    build_enter(build, BUILD_COMMITS);
    build->summary.function_count = build->counts.functions_total;
    int status = multi_level_cache_commit(&build->cache, &build->summary, build->request.sync);
    build->times.commit += build_lap(&lap);
    return cache_failed(build, status);
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
        codegen_scratch_free(&build->codegen[i]);
    }
    free(build->workers);
    free(build->codegen);
    free(build->files);
    free(build->plan);
    free(build->rekeyed);
    free(build->dirty);
    free(build->wanted);
    buffer_free(&build->prelude);
    buffer_free(&build->rebuilt);
    arena_free(&build->loaded);
    diagnostics_free(&build->diagnostics);
    discovery_free(&build->found);
    if (build->cache_is_open)
        multi_level_cache_close(&build->cache);
    if (build->project_fd >= 0)
        close(build->project_fd);
    pthread_mutex_destroy(&build->loading);
    free(build->directory);
    free(build->cache_path);
    free(build);
}
