/* SPDX-License-Identifier: MIT */
/* The course of a build: what changed, a plan for it, and the commit. */
#include "build_internal.h"

#include <errno.h>

/* ---- planning ------------------------------------------------------------------------------ */

static BuildStatus reading_failed(Build *build, const char *path, int status)
{
    for (uint32_t i = 0; i < build->more_entry_count; i++)
        if (slice_equal(slice_from(path), build->more_entries[i]))
            return build_entry_failed(build, path, status);
    return build_fail(build, path, "cannot read", status);
}

static bool records_stamps(const Build *build)
{
    return !build->request.in_memory && !build_has_overlays(build) &&
           !build->cache.directory.is_read_only;
}

static BuildStatus run_discovery(Build *build)
{
    const Compiler *compiler = build->request.compiler;
    DiscoveryRequest request = {
        .dir_fd = build->project_fd,
        .reader = build->reader,
        .clock_dir_fd = records_stamps(build) ? build->cache.directory.fd : -1,
        .entry = build->entry,
        .more_entries = build->more_entries,
        .more_entry_count = build->more_entry_count,
        .trust_nothing = build->request.paranoid || build->cache.may_be_unsynced,
        .largest_source = compiler->largest_source,
        .scan = compiler->scan_imports,
        .resolve = compiler->resolve,
        .value = compiler->value,
        .language = compiler->language,
        .executor = build->request.executor,
        .observer = build->request.observer,
        .diagnostics = &build->diagnostics,
        .cancelled = build->request.cancelled,
        .cancelled_context = build->request.cancelled_context,
    };
    int status = discover(&build->found, &request, &build->cache.files);
    known_files_add(&build->cache.known, &build->found, &build->cache.files);
    build->clock_error = build->found.clock_error;
    build->counts.files_total = build->cache.files.count;
    build->counts.files_absent = build->cache.files.absent_count;
    build->counts.values_asked = build->found.values_asked;
    build->counts.files_stat = build->found.files_stat;
    build->counts.files_hashed = build->found.files_hashed;
    build->counts.bytes_read = build->found.bytes_read;
    build->counts.files_removed = build->found.removed;
    build->counts.sections_total = build->cache.files.count;
    build->is_wrong = status == -EBADMSG && build->found.error == 0;
    if (status == -ECANCELED)
        return BUILD_CANCELLED;
    if (status == -EMLINK)
        return build_fail(build, build->request.entry,
                          "its imports lead to one file by more than 100 names, through links", 0);
    if (status == -E2BIG)
        return build_fail(build, build->request.entry, "the program is too large: more than 2^31 "
                          "files, 2^32 imports or 4 GiB of paths", 0);
    if (status != 0 && !build->is_wrong)
        return reading_failed(build, build->found.error_path, status);
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
    return same_files && hash_equal(build->summary.combined, last->combined) &&
           !build_has_dropped(build) && build->lost_count == 0;
}

static BuildStatus find_files(Build *build)
{
    double lap = build_now();
    build_enter(build, BUILD_DISCOVERS);
    BuildStatus status = run_discovery(build);
    build->times.discover = build_lap(&lap);
    if (status == BUILD_OK)
        count_changes(build);
    return status;
}

BuildStatus build_discover(Build *build)
{
    BuildStatus status = find_files(build);
    return status == BUILD_OK && build->is_wrong ? BUILD_PROGRAM_WRONG : status;
}

/* A commit in another run of the system makes stamps proofs again, if the next build can tell that
 * it is in the same run. With sync it says that all is on the disk. */
static bool gains_from_commit(const Build *build)
{
    const MultiLevelCache *cache = &build->cache;
    return build->is_changed || build->lost_count != 0 || image_is_changed(&cache->files.image) ||
           (build->request.sync && !cache->is_durable) ||
           (cache->may_be_unsynced && !hash_is_none(cache->boot));
}

static void describe(Build *build)
{
    const MultiLevelCache *cache = &build->cache;
    build->planned = (BuildPlan){
        .had_state = cache->had_state,
        .state_was_damaged = cache->was_damaged,
        .settings_changed = cache->settings_changed,
        .output_is_in_progress = cache->is_in_progress,
        .may_be_unsynced = cache->may_be_unsynced,
        .last_section_count = build->found.last_count,
        .is_unchanged = !build->is_changed,
        .wants_commit = !cache->directory.is_read_only && !build_has_overlays(build) &&
                        gains_from_commit(build),
        .section_count = cache->files.count,
        .last_number = build->found.renumbered ? build->found.old_number : NULL,
        .dirty = build->plan.dirty,
        .dirty_count = build->plan.dirty_count,
        .prelude_is_dirty = build->plan.prelude_is_dirty,
        .cache_fd = cache->directory.fd,
        .entry_id = cache->entry_id,
        .cache_is_read_only = cache->directory.is_read_only,
        .secret = &cache->secret.hash,
    };
}

static BuildStatus plan(Build *build)
{
    BuildStatus status = find_files(build);
    if (status == BUILD_OK && !build->is_wrong)
        status = build_recover(build);
    if (status != BUILD_OK)
        return status;
    build->is_changed = build->is_wrong || !nothing_changed(build);
    if (!build->is_changed) {
        build->summary.prelude = build->cache.manifest.header.prelude;
        build->counts.functions_total = build->cache.manifest.header.function_count;
        build_count_cached(&build->counts);
        if (!build_warnings_are_noted(build))
            return BUILD_OK;
    }
    status = build_prepare(build);
    if (build->request.only_looks)
        return status == BUILD_OK && build->is_wrong ? BUILD_PROGRAM_WRONG : status;
    if (status == BUILD_OK)
        status = build_recover_lowered(build);
    if (status == BUILD_OK)
        status = build_recall_warnings(build);
    return status == BUILD_OK && build->is_wrong ? build_emit(build) : status;
}

BuildStatus build_plan(Build *build)
{
    BuildStatus status = plan(build);
    describe(build);
    return status;
}

/* ---- committing ---------------------------------------------------------------------------- */

BuildStatus build_begin_output(Build *build)
{
    if (build_has_overlays(build))
        return build_refuse_overlays(build);
    return build_cache_failed(build,
                        multi_level_cache_begin_output(&build->cache, build->request.sync));
}

BuildStatus build_commit(Build *build)
{
    if (build_has_overlays(build))
        return build_refuse_overlays(build);
    build_forget_texts(build);
    double lap = build_now();
    build_enter(build, BUILD_COMMITS);
    build->summary.function_count = build->counts.functions_total;
    build_forget_dropped(build);
    build_note_warnings(build);
    int status = multi_level_cache_commit(&build->cache, &build->summary, build->request.sync);
    build->times.commit += build_lap(&lap);
    return build_cache_failed(build, status);
}
