/* SPDX-License-Identifier: MIT */
#include "multi_level_cache.h"

#include "cache_entries.h"
#include "cache_product.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum { NAME_SIZE = 40 };

static bool is_damage(int status)
{
    return status == -EBADMSG || status == -ENOENT;
}

static void note_damage(MultiLevelCache *cache, const char *what)
{
    cache->was_damaged = true;
    cache->had_state = false;
    observe(cache->observer, DECISION_STATE_DAMAGED, slice_from(what));
}

/* ---- whose cache is it? -------------------------------------------------------------------- */

/* Once the directory is open: without a secret none can be kept, and nothing in the directory is
 * read. */
static bool has_secret(const MultiLevelCache *cache)
{
    return cache->secret.origin == SECRET_OWN;
}

static int open_directory(MultiLevelCache *cache, const CacheRequest *request)
{
    bool makes = !request->in_memory && !request->only_looks;
    unsigned how = (makes ? CACHE_DIRECTORY_MAKE : 0) |
                   (request->trust_cache ? CACHE_DIRECTORY_TRUST : 0);
    int status =
        cache_directory_open(&cache->directory, request->directory, how, &request->waiting);
    cache->directory.is_read_only |= request->only_looks;
    if (status == -ENOENT && request->only_looks) {
        cache->in_memory = true;
        cache->secret.origin = SECRET_NONE;
        return 0;
    }
    if (status != 0)
        return multi_level_cache_failed(cache, cache->directory.failed, status);
    status = cache_secret_open(&cache->secret, cache->directory.fd, request->maker,
                               request->trust_cache);
    return multi_level_cache_failed(cache, "cannot read the cache's secret", status);
}

/* Renames a directory that somebody else made; it stays beside the new one. A process waiting for
 * its lock finds it renamed. */
static bool set_aside(const char *path)
{
    ByteBuffer name = {0};
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/')
        size--;
    buffer_put(&name, slice_of(path, size));
    buffer_put(&name, slice_of(CACHE_ASIDE_SUFFIX, sizeof CACHE_ASIDE_SUFFIX));
    struct stat there;
    bool is_free = lstat(name.data, &there) != 0 && errno == ENOENT;
    bool is_renamed = is_free && rename(path, name.data) == 0;
    buffer_free(&name);
    return is_renamed;
}

static int note_manifest(void *context, const char *file, const CacheName *name)
{
    bool *had_manifest = context;
    (void)file;
    *had_manifest |= name->is_manifest;
    return 0;
}

/* Removes what is unusable without its secret, without reading it: it may have been made to cost
 * time and memory. */
static int empty_directory(MultiLevelCache *cache)
{
    bool had_manifest = false;
    int status = cache_directory_visit(&cache->directory, note_manifest, &had_manifest);
    cache->lost_secret = cache->secret.origin == SECRET_NONE && had_manifest;
    if (status == 0)
        status = cache_directory_clean(&cache->directory, NULL, NULL);
    if (status == -ENOTEMPTY) /* that would say the cache is not ours */
        status = -EISDIR;
    return multi_level_cache_failed(cache, "cannot remove a file of the cache", status);
}

/* A new secret for a directory that has none or somebody else's; or a sign for a trusted one. */
static int renew_secret(MultiLevelCache *cache, const CacheRequest *request)
{
    bool was_foreign = cache->secret.origin == SECRET_FOREIGN;
    if (request->in_memory || cache->directory.is_read_only) {
        cache->origin = was_foreign ? CACHE_PASSED_BY : CACHE_OWN;
        return 0;
    }
    if (was_foreign)
        cache->origin = CACHE_EMPTIED;
    int status = has_secret(cache) ? 0 : empty_directory(cache);
    if (status != 0)
        return status;
    return multi_level_cache_failed(cache, "cannot write to the cache",
                                    cache_secret_renew(&cache->secret, cache->directory.fd,
                                                       request->maker));
}

static int open_own_directory(MultiLevelCache *cache, const CacheRequest *request)
{
    int status = open_directory(cache, request);
    bool can_write = !request->in_memory && !cache->directory.is_read_only;
    if (status == 0 && cache->secret.origin == SECRET_FOREIGN && can_write &&
        set_aside(request->directory)) {
        cache_directory_close(&cache->directory);
        cache->origin = CACHE_SET_ASIDE;
        status = open_directory(cache, request);
    }
    if (status == 0 && (!has_secret(cache) || !cache->secret.is_signed))
        status = renew_secret(cache, request);
    Hash128 both[] = {request->fingerprint, request->settings};
    cache->fingerprint = hash_keyed(&cache->secret.hash, slice_of(both, sizeof *both));
    cache->code_fingerprint = hash_keyed(&cache->secret.hash, slice_of(both, sizeof both));
    return status;
}

/* ---- loading ------------------------------------------------------------------------------- */

/* An id is a public hash of a path, and two paths can be crafted to share one. */
static bool is_of_this_entry(const MultiLevelCache *cache, const Manifest *manifest)
{
    Slice recorded, path = buffer_slice(&cache->entry_path);
    return path.size == 0 || !manifest_blob(manifest, ENTRY_PATH_BLOB, &recorded) ||
           recorded.size == 0 || slice_equal(recorded, path);
}

/* Which entry of the cache? */
static int choose_entry(MultiLevelCache *cache, const CacheRequest *request)
{
    char program_id[PROGRAM_ID_SIZE + 1];
    cache_directory_entry_path(request->project_fd, request->entry, &cache->entry_path);
    int status = cache_directory_program_id(request->project_fd, request->entry, program_id);
    if (status != 0)
        return multi_level_cache_failed(cache, "cannot identify the entry", status);
    if (has_secret(cache))
        cache->latest_is_noted =
            cache_product_latest(&cache->directory, program_id, cache->latest_id);
    if (request->output.size != 0)
        cache_product_id(program_id, request->settings, request->output, cache->entry_id);
    else
        memcpy(cache->entry_id, cache->latest_id, sizeof cache->entry_id);
    if (cache->entry_id[0] == '\0')
        memcpy(cache->entry_id, program_id, sizeof program_id);
    return 0;
}

static int load_manifest(MultiLevelCache *cache)
{
    int status = -ENOENT;
    cache->is_first = true;
    if (has_secret(cache))
        status = manifest_load(&cache->manifest, cache->directory.fd, cache->entry_id);
    if (status == -ENOENT && cache->in_memory && cache->latest_id[0] != '\0') {
        /* Nothing to compare with but what another output was made from. */
        memcpy(cache->entry_id, cache->latest_id, sizeof cache->entry_id);
        status = manifest_load(&cache->manifest, cache->directory.fd, cache->entry_id);
    }
    if (status == 0 && !is_of_this_entry(cache, &cache->manifest)) {
        manifest_free(&cache->manifest);
        status = -ENOENT;
    }
    if (status == -ENOENT) {
        observe(cache->observer,
                cache->latest_id[0] == '\0' ? DECISION_STATE_MISSING : DECISION_PRODUCT_MISSING,
                cache->entry);
        return 0;
    }
    if (status == -EBADMSG) {
        note_damage(cache, "manifest");
        return 0;
    }
    cache->had_state = status == 0;
    cache->is_first = !cache->had_state;
    if (status == 0 && !cache->in_memory)
        cache_entry_note_use(&cache->directory, cache->entry_id);
    return multi_level_cache_failed(cache, "cannot read the cache's manifest", status);
}

static int load_files(MultiLevelCache *cache)
{
    char name[NAME_SIZE];
    if (cache->in_memory)
        return 0;
    snprintf(name, sizeof name, "%s.files", cache->entry_id);
    int status = file_table_load(&cache->files, &cache->files_state, cache->directory.fd, name,
                                 &cache->manifest.header.files);
    if (!is_damage(status))
        return multi_level_cache_failed(cache, "cannot read the cache's file table", status);
    note_damage(cache, "file table");
    return 0;
}

static void compare_with_last(MultiLevelCache *cache)
{
    const ManifestHeader *last = &cache->manifest.header;
    if (cache->lost_secret) {
        note_damage(cache, "secret");
    } else if (cache->had_state && !hash_equal(last->code_fingerprint, cache->code_fingerprint)) {
        cache->settings_changed = true;
        cache->had_state = false;
        observe(cache->observer, DECISION_SETTINGS_CHANGED, cache->entry);
    }
    cache->is_in_progress =
        manifest_is_in_progress(cache->directory.fd, cache->entry_id, last->generation);
    cache->boot = manifest_boot();
    /* A process that was killed after the rename did not sync the name. */
    cache->was_killed = cache->directory.may_have_leftovers;
    cache->is_durable = cache->had_state && last->is_durable == 1 && !cache->was_killed;
    cache->may_be_torn = !manifest_is_of_run(&cache->manifest, cache->boot);
    cache->may_be_unsynced = cache->had_state && cache->may_be_torn;
    if (cache->may_be_torn) /* "at work" may not be on the disk where a file of that work is */
        cache->directory.may_have_leftovers = true;
}

/* Opens what is recorded of the sources in the program's entry that was committed last, if it is
 * another than this one, and later. False if it proves nothing. */
static bool open_latest_files(MultiLevelCache *cache, FileHashCache *files)
{
    char name[NAME_SIZE];
    Manifest manifest;
    StateFile state;
    *files = (FileHashCache){0};
    if (cache->latest_id[0] == '\0' || strcmp(cache->latest_id, cache->entry_id) == 0 ||
        manifest_load(&manifest, cache->directory.fd, cache->latest_id) != 0)
        return false;
    snprintf(name, sizeof name, "%s.files", cache->latest_id);
    cache->latest_generation = manifest.header.generation;
    bool is_proof = manifest.header.generation > cache->manifest.header.generation &&
                    is_of_this_entry(cache, &manifest) &&
                    manifest_is_of_run(&manifest, cache->boot) &&
                    hash_equal(manifest.header.fingerprint, cache->fingerprint) &&
                    file_table_load(files, &state, cache->directory.fd, name,
                                    &manifest.header.files) == 0;
    manifest_free(&manifest);
    return is_proof;
}

/* An edit that another product's build has read need not be read again. */
static void learn_from_latest(MultiLevelCache *cache)
{
    FileHashCache latest;
    if (open_latest_files(cache, &latest)) {
        if (cache->had_state)
            known_files_take(&cache->known, &cache->files, &latest);
        else
            known_files_copy(&cache->files, &latest);
    }
    file_hash_cache_close(&latest);
}

/* What is known of the sources does not depend on what is made of them. */
static bool only_settings_changed(const MultiLevelCache *cache, const CacheRequest *request)
{
    return cache->settings_changed && !request->forget && !request->in_memory &&
           hash_equal(cache->manifest.header.fingerprint, cache->fingerprint);
}

int multi_level_cache_open(MultiLevelCache *cache, const CacheRequest *request)
{
    *cache = (MultiLevelCache){.entry = request->entry,
                               .in_memory = request->in_memory,
                               .limit_bytes = request->limit_bytes,
                               .observer = request->observer,
                               .directory = {.fd = -1, .lock_fd = -1}};
    int status = open_own_directory(cache, request);
    if (status != 0)
        return status;
    status = choose_entry(cache, request);
    if (status == 0)
        status = load_manifest(cache);
    if (status == 0)
        status = load_files(cache);
    if (status != 0)
        return status;
    cache->files.secret = &cache->secret.hash;
    compare_with_last(cache);
    if (request->forget || request->in_memory)
        cache->had_state = false;
    if (!cache->had_state && !only_settings_changed(cache, request))
        file_hash_cache_replace(&cache->files, request->entry, NULL, 0);
    if (!request->forget && !request->in_memory)
        learn_from_latest(cache);
    return 0;
}

int multi_level_cache_open_units(MultiLevelCache *cache)
{
    char name[NAME_SIZE];
    if (cache->units_open)
        return 0;
    if (cache->in_memory) {
        unit_table_replace(&cache->units, NULL, NULL, 0);
        cache->units_open = true;
        return 0;
    }
    snprintf(name, sizeof name, "%s.units", cache->entry_id);
    int status = unit_table_open(&cache->units, cache->directory.fd, name,
                                 &cache->manifest.header.units);
    cache->units_open = true;
    if (!cache->had_state)
        unit_table_replace(&cache->units, NULL, NULL, 0);
    if (!is_damage(status))
        return multi_level_cache_failed(cache, "cannot read the cache's unit table", status);
    if (cache->had_state)
        note_damage(cache, "unit table");
    return 0;
}

int multi_level_cache_open_objects(MultiLevelCache *cache)
{
    if (cache->objects_open)
        return 0;
    if (cache->in_memory || !has_secret(cache)) {
        zir_cache_make_in_memory(&cache->zir, cache->fingerprint);
        air_cache_make_in_memory(&cache->air);
        cache->objects_open = true;
        return 0;
    }
    int dir_fd = cache->directory.fd;
    bool read_only = cache->directory.is_read_only;
    int status = read_only ? zir_cache_open_read_only(&cache->zir, dir_fd, cache->fingerprint)
                           : zir_cache_open(&cache->zir, dir_fd, cache->fingerprint);
    if (status == 0)
        status = read_only ? air_cache_open_read_only(&cache->air, dir_fd)
                           : air_cache_open(&cache->air, dir_fd);
    if (status != 0)
        return multi_level_cache_failed(cache, "cannot open the cache's objects", status);
    cache->objects_open = true;
    if (object_store_is_damaged(cache->zir.store))
        observe(cache->observer, DECISION_STATE_DAMAGED, slice_from("zir.pack"));
    if (object_store_is_damaged(cache->air.store))
        observe(cache->observer, DECISION_STATE_DAMAGED, slice_from("air.pack"));
    return 0;
}

/* A table that was saved and not committed is a leftover. While any may exist, the lock keeps
 * saying "at work". */
void multi_level_cache_close(MultiLevelCache *cache)
{
    if (!cache->is_saved && cache->failed == NULL && !cache->directory.may_have_leftovers)
        (void)cache_directory_end_work(&cache->directory);
    file_hash_cache_close(&cache->files);
    known_files_free(&cache->known);
    unit_table_close(&cache->units);
    zir_cache_close(&cache->zir);
    air_cache_close(&cache->air);
    manifest_free(&cache->manifest);
    buffer_free(&cache->entry_path);
    cache_directory_close(&cache->directory);
}
