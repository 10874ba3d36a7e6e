/* SPDX-License-Identifier: MIT */
/* Queries on a build: sections, blobs, counts, diagnostics; and clean. */
#include "build_internal.h"

#include "source_path.h"
#include "source_place.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

uint32_t build_section_count(const Build *build)
{
    return build->cache.files.count;
}

Slice build_section_path(const Build *build, uint32_t section)
{
    return file_hash_cache_path(&build->cache.files, section);
}

const FileHashCache *build_files(const Build *build)
{
    return &build->cache.files;
}

const BuildPlan *build_planned(const Build *build)
{
    return &build->planned;
}

Slice build_prelude(Build *build)
{
    if (build_prepare(build) == BUILD_OK)
        build_make_prelude(build);
    return buffer_slice(&build->prelude.text);
}

bool build_blob(const Build *build, const char *name, Slice *blob)
{
    return manifest_blob(&build->cache.manifest, name, blob);
}

void build_set_blob(Build *build, const char *name, Slice blob)
{
    manifest_set_blob(&build->cache.manifest, name, blob);
}

int build_probe_clock(Build *build, FileClock *clock)
{
    if (build->cache.directory.is_read_only) { /* nothing can be recorded either */
        *clock = (FileClock){0};
        return -EROFS;
    }
    int status = file_clock_probe(clock, build->cache.directory.fd);
    if (status != 0)
        build->clock_error = status;
    return status;
}

BuildWarnings build_warnings(const Build *build)
{
    return (BuildWarnings){
        .cache_origin = build->cache.origin,
        .has_no_flock = build->cache.directory.has_no_flock,
        .lacks_ctime = build->found.lacks_ctime,
        .clock_error = build->clock_error,
    };
}

void build_note_leftover(Build *build)
{
    build->cache.directory.may_have_leftovers = true;
}

const Diagnostics *build_diagnostics(const Build *build)
{
    return &build->diagnostics;
}

static const char *path_from(const char *directory, Slice path, Arena *arena)
{
    ByteBuffer full = {.arena = arena};
    if (path.size == 0 || path.data[0] != '/') {
        buffer_put(&full, slice_from(directory));
        buffer_put_byte(&full, '/');
    }
    buffer_put(&full, path);
    buffer_put_byte(&full, '\0');
    return full.data;
}

/* For what is not on the disk: what is there may be a link, which only the disk knows. */
static bool is_within_by_name(const Build *build, const char *root, Slice path, Arena *arena)
{
    Slice place;
    char *on_disk = realpath(path_from(build->directory, path, arena), NULL);
    char *real_root = realpath(root, NULL), *directory = realpath(build->directory, NULL);
    bool is_within = on_disk == NULL && real_root != NULL && directory != NULL &&
                     source_path_normalize(slice_from(path_from(directory, path, arena)), arena,
                                           &place) == PATH_OK;
    size_t size = is_within ? strlen(real_root) : 0; /* it ends in no slash, unless it is "/" */
    is_within = is_within && (size == 1 || (strncmp(real_root, place.data, size) == 0 &&
                                            place.data[size] == '/'));
    free(on_disk);
    free(real_root);
    free(directory);
    return is_within;
}

static bool is_from_reader(const Build *build, Slice path)
{
    return build->request.reader != NULL ||
           (build_has_overlays(build) && source_overlays_find(&build->overlays, path) != NULL);
}

/* On the disk it reads the place that was looked at, not what the path leads to by now. */
bool build_source(const Build *build, Slice path, Arena *arena, Slice *source)
{
    const char *root = build->request.root != NULL ? build->request.root : build->directory;
    const char *full = path_from(build->directory, path, arena);
    const char *place = source_place_within(root, full, arena);
    bool from_reader = is_from_reader(build, path);
    FileStamp stamp;
    if (place != NULL && source_place_within(build->cache_path, full, arena) != NULL)
        place = NULL; /* the cache has a secret, and an import can lead there too */
    *source = (Slice){"", 0};
    if (place == NULL && !(from_reader && is_within_by_name(build, root, path, arena)))
        return false;
    const char *name = from_reader ? arena_copy(arena, path) : place;
    if (source_read_bytes(from_reader ? build->reader : NULL, AT_FDCWD, name,
                          build->request.compiler->largest_source, arena, source, &stamp) != 0)
        *source = (Slice){"", 0};
    return true;
}

const BuildFailure *build_failure(const Build *build)
{
    return &build->failure;
}

const BuildCounts *build_counts(const Build *build)
{
    return &build->counts;
}

const BuildTimes *build_times(const Build *build)
{
    return &build->times;
}

const BuildRequest *build_request(const Build *build)
{
    return &build->request;
}

int build_project_fd(const Build *build)
{
    return build->project_fd;
}

/* ---- clean --------------------------------------------------------------------------------- */

static BuildStatus clean_failed(BuildFailure *failure, const char *path, const char *what,
                                int status)
{
    bool is_not_ours = status == -ENOTEMPTY;
    failure->what = what;
    failure->error = is_not_ours ? 0 : -status;
    snprintf(failure->path, sizeof failure->path, "%s", path);
    return is_not_ours ? BUILD_MISUSED : BUILD_MACHINE_FAILED;
}

static int program_id_of(const char *entry, char id[PROGRAM_ID_SIZE + 1])
{
    const char *slash = strrchr(entry, '/');
    char directory[4096] = ".";
    if (slash != NULL)
        snprintf(directory, sizeof directory, "%.*s", (int)(slash - entry + 1), entry);
    int fd = open_at(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY);
    if (fd < 0)
        return -errno;
    int status = cache_directory_program_id(fd, slice_from(slash == NULL ? entry : slash + 1), id);
    close(fd);
    return status;
}

BuildStatus build_clean(const char *cache_dir, const char *entry, CleanCounts *counts,
                        BuildFailure *failure)
{
    CacheDirectory directory;
    char id[PROGRAM_ID_SIZE + 1], intruder[256];
    int status = entry == NULL ? 0 : program_id_of(entry, id);
    if (status != 0)
        return clean_failed(failure, entry, "cannot open its directory", status);
    status = cache_directory_open(&directory, cache_dir, 0, NULL);
    if (status == -ENOENT)
        return BUILD_OK;
    if (status != 0)
        return clean_failed(failure, cache_dir, directory.failed, status);
    if (directory.is_marked)
        status = cache_directory_clean(&directory, entry == NULL ? NULL : id, counts);
    if (status != 0) {
        clean_failed(failure, cache_dir, "cannot remove a file of the cache", status);
        if (cache_directory_find_intruder(cache_dir, intruder))
            snprintf(failure->path, sizeof failure->path, "%s/%s", cache_dir, intruder);
    }
    cache_directory_close(&directory);
    return status == 0 ? BUILD_OK : BUILD_MACHINE_FAILED;
}
