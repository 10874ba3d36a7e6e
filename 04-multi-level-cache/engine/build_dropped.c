/* SPDX-License-Identifier: MIT */
/* The files of which something was dropped since the last build: a blob of the manifest. */
#include "build_internal.h"

/* ---- the list of paths ----------------------------------------------------------------------- */

/* In the manifest of the last build stand the paths of the files of which something was dropped
 * since, each with a NUL after it. An empty one stands for all files. */
static Slice dropped_paths(const Build *build)
{
    Slice paths = {"", 0};
    if (build->cache.had_state)
        (void)manifest_blob(&build->cache.manifest, DROPPED_BLOB, &paths);
    return paths;
}

static bool next_path(Slice *paths, Slice *path)
{
    if (paths->size == 0)
        return false;
    const char *end = memchr(paths->data, '\0', paths->size);
    size_t size = end == NULL ? paths->size : (size_t)(end - paths->data);
    size_t step = end == NULL ? size : size + 1;
    *path = slice_of(paths->data, size);
    *paths = slice_of(paths->data + step, paths->size - step);
    return true;
}

static bool is_noted(const Build *build, Slice path)
{
    Slice paths = dropped_paths(build), noted;
    while (next_path(&paths, &noted))
        if (slice_equal(noted, path))
            return true;
    return false;
}

void build_put_dropped(ByteBuffer *paths, Slice path)
{
    static const char end = '\0';
    buffer_put(paths, path);
    buffer_put(paths, slice_of(&end, 1));
}

/* Without a last build there is nothing to note: the next one takes all sections for dirty. */
BuildStatus build_note_dropped(Build *build, Slice path)
{
    ByteBuffer paths = {0};
    if (!build->cache.had_state || is_noted(build, path))
        return BUILD_OK;
    buffer_put(&paths, dropped_paths(build));
    build_put_dropped(&paths, path);
    manifest_set_blob(&build->cache.manifest, DROPPED_BLOB, buffer_slice(&paths));
    buffer_free(&paths);
    return build_commit_blobs(build);
}

/* ---- the next build ------------------------------------------------------------------------- */

bool build_has_dropped(const Build *build)
{
    return dropped_paths(build).size != 0;
}

static void mark_dirty(Build *build, uint32_t file)
{
    if (file == FILE_NONE || build->plan.files[file].is_dirty)
        return;
    build->plan.files[file].is_dirty = true;
    build->plan.dirty[build->plan.dirty_count++] = file;
}

static void mark_all_dirty(Build *build)
{
    for (uint32_t i = 0; i < build->cache.files.count; i++)
        mark_dirty(build, i);
}

void build_mark_dropped(Build *build)
{
    Slice paths = dropped_paths(build), path;
    while (next_path(&paths, &path))
        if (path.size == 0)
            mark_all_dirty(build);
        else
            mark_dirty(build, file_hash_cache_find(&build->cache.files, path));
}

void build_forget_dropped(Build *build)
{
    Slice paths;
    if (manifest_blob(&build->cache.manifest, DROPPED_BLOB, &paths) && paths.size != 0)
        manifest_set_blob(&build->cache.manifest, DROPPED_BLOB, (Slice){"", 0});
}
