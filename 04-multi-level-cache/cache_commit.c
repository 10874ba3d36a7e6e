/* SPDX-License-Identifier: MIT */
/* What is written to the three caches: objects, state, and the manifest that makes it valid. */
#include "cache_collection.h"
#include "cache_leftovers.h"
#include "cache_product.h"
#include "cache_sync.h"

#include <errno.h>
#include <string.h>

/* ---- objects ------------------------------------------------------------------------------- */

/* Above this, a second thread is worth waking. */
static const uint64_t LARGE_COMMIT_BYTES = 1 << 20;

typedef struct StoreCommit {
    ObjectStore *store;
    bool sync;
    uint64_t written;
    int status;
} StoreCommit;

static void commit_store(void *arg, size_t index, unsigned worker)
{
    StoreCommit *commit = (StoreCommit *)arg + index;
    (void)worker;
    commit->status = object_store_commit(commit->store, commit->sync, &commit->written);
}

/* If the process is killed from here on, the next one looks for what it left. */
static int begin_work(MultiLevelCache *cache)
{
    if (cache->in_memory)
        return multi_level_cache_failed(cache, "cannot write: it was opened in memory", -EROFS);
    return multi_level_cache_failed(cache, "cannot write to the cache",
                                    cache_directory_begin_work(&cache->directory));
}

/* The two stores are independent: what one lacks, the other may have. So they are written at the
 * same time. Where nothing can be written, only the new objects are lost: a program is checked all
 * the same. */
int multi_level_cache_commit_objects(MultiLevelCache *cache, Executor *executor, bool sync)
{
    if (!cache->objects_open || cache->in_memory || cache->directory.is_read_only)
        return 0;
    if (object_store_wants_commit(cache->zir.store) ||
        object_store_wants_commit(cache->air.store)) {
        int status = begin_work(cache);
        if (status != 0)
            return status;
    }
    StoreCommit commits[] = {{cache->zir.store, sync, 0, 0}, {cache->air.store, sync, 0, 0}};
    bool is_large = object_store_pending_bytes(cache->zir.store) > LARGE_COMMIT_BYTES &&
                    object_store_pending_bytes(cache->air.store) > LARGE_COMMIT_BYTES;
    if (is_large)
        executor_run_heavy(executor, 2, commit_store, commits);
    else
        executor_run(&executor_serial, 2, commit_store, commits);
    cache->bytes_written += commits[0].written + commits[1].written;
    int status = commits[0].status != 0 ? commits[0].status : commits[1].status;
    return multi_level_cache_failed(cache, "cannot write the cache's objects", status);
}

/* ---- after a power cut ----------------------------------------------------------------------- */

typedef struct StoreLook {
    ObjectStore *store;
    const char *name;
    bool wants_healing;
} StoreLook;

static void look_at_store(void *arg, size_t index, unsigned worker)
{
    StoreLook *look = (StoreLook *)arg + index;
    (void)worker;
    look->wants_healing = object_store_wants_healing(look->store);
}

/* Damage that was there when the store was opened was reported then. */
static int heal_store(MultiLevelCache *cache, const StoreLook *look, bool sync)
{
    if (!look->wants_healing)
        return 0;
    if (cache->may_be_torn && !object_store_is_damaged(look->store))
        observe(cache->observer, DECISION_STATE_DAMAGED, slice_from(look->name));
    int status = begin_work(cache);
    if (status != 0)
        return status;
    return multi_level_cache_failed(cache, "cannot write the cache's objects",
                                    object_store_heal(look->store, sync, &cache->bytes_written));
}

int multi_level_cache_heal_objects(MultiLevelCache *cache, Executor *executor, bool sync)
{
    ObjectStore *zir = cache->zir.store, *air = cache->air.store;
    StoreLook looks[] = {{zir, "zir.pack", object_store_lost_index(zir)},
                         {air, "air.pack", object_store_lost_index(air)}};
    if (cache->may_be_torn)
        executor_run_heavy(executor, 2, look_at_store, looks);
    int status = heal_store(cache, &looks[0], sync);
    return status == 0 ? heal_store(cache, &looks[1], sync) : status;
}

int multi_level_cache_clear_objects(MultiLevelCache *cache)
{
    int status = begin_work(cache);
    if (status != 0)
        return status;
    int zir_status = zir_cache_clear(&cache->zir);
    int air_status = air_cache_clear(&cache->air);
    return multi_level_cache_failed(cache, "cannot remove the cache's objects",
                                    zir_status != 0 ? zir_status : air_status);
}

/* ---- state and manifest -------------------------------------------------------------------- */

static void note_state_bytes(MultiLevelCache *cache, uint64_t bytes)
{
    cache->bytes_written += bytes;
    cache->state_bytes_written += bytes;
}

int multi_level_cache_save(MultiLevelCache *cache, bool sync)
{
    ManifestHeader *next = &cache->manifest.header;
    int status = begin_work(cache);
    if (status != 0)
        return status;
    cache->is_saved = true;
    if (sync)
        status = cache_sync_name(&cache->directory);
    if (status != 0)
        return multi_level_cache_failed(cache, "cannot sync the directory above the cache", status);
    if (sync && !cache->is_durable)
        status = cache_sync_files(&cache->directory, cache->entry_id);
    if (status != 0)
        return multi_level_cache_failed(cache, "cannot sync the cache", status);
    uint64_t bytes = 0;
    status =
        state_file_commit(&cache->files_state, &cache->files.image, sync, &next->files, &bytes);
    if (status == 0 && cache->units_open)
        status = state_file_commit(&cache->units.state, &cache->units.image, sync, &next->units,
                                   &bytes);
    note_state_bytes(cache, bytes);
    return multi_level_cache_failed(cache, "cannot write the cache's state", status);
}

int multi_level_cache_begin_output(MultiLevelCache *cache, bool sync)
{
    int status = begin_work(cache);
    if (status != 0)
        return status;
    status = manifest_mark_in_progress(cache->directory.fd, cache->entry_id,
                                         cache->manifest.header.generation + 1, sync);
    return multi_level_cache_failed(cache, "cannot write to the cache", status);
}

/* An entry records its path, so that it can be removed when its file is gone. */
static void record_path(MultiLevelCache *cache)
{
    Slice recorded;
    if (!manifest_blob(&cache->manifest, ENTRY_PATH_BLOB, &recorded) ||
        (cache->entry_path.size != 0 && !slice_equal(recorded, buffer_slice(&cache->entry_path))))
        manifest_set_blob(&cache->manifest, ENTRY_PATH_BLOB, buffer_slice(&cache->entry_path));
}

static void make_room(MultiLevelCache *cache, bool sync)
{
    int status = multi_level_cache_collect(cache, sync);
    if (status != 0)
        observe(cache->observer, DECISION_NOT_COMPACTED, slice_from(strerror(-status)));
}

/* Removes what the old manifest named. */
static int prune(MultiLevelCache *cache)
{
    int status = state_file_prune(&cache->files_state);
    int second = cache->units_open ? state_file_prune(&cache->units.state) : 0;
    return status != 0 ? status : second;
}

/* A program of one product needs no note. That it is missing or old is no failure. */
static void note_latest(const MultiLevelCache *cache)
{
    bool is_noted = cache->latest_is_noted && strcmp(cache->entry_id, cache->latest_id) == 0;
    if (!is_noted &&
        (strlen(cache->entry_id) != PROGRAM_ID_SIZE || cache->latest_id[0] != '\0'))
        (void)cache_product_note_latest(&cache->directory, cache->entry_id);
}

/* Greater than that of the program's product that was committed before, whichever it was. */
static uint64_t next_generation(const MultiLevelCache *cache)
{
    uint64_t own = cache->manifest.header.generation, latest = cache->latest_generation;
    return (own > latest ? own : latest) + 1;
}

int multi_level_cache_commit(MultiLevelCache *cache, const CommitSummary *summary, bool sync)
{
    ManifestHeader *next = &cache->manifest.header;
    int status = begin_work(cache);
    if (status != 0)
        return status;
    record_path(cache);
    next->generation = next_generation(cache);
    next->fingerprint = cache->fingerprint;
    next->code_fingerprint = cache->code_fingerprint;
    next->combined = summary->combined;
    next->prelude = summary->prelude;
    next->function_count = summary->function_count;
    next->boot = cache->boot;
    next->is_durable = sync;
    uint64_t bytes = 0;
    status = manifest_store(&cache->manifest, cache->directory.fd, cache->entry_id, sync, &bytes);
    note_state_bytes(cache, bytes);
    if (status != 0)
        return multi_level_cache_failed(cache, "cannot write the cache's manifest", status);
    note_latest(cache);
    if (prune(cache) != 0)
        cache->directory.may_have_leftovers = true;
    make_room(cache, sync);
    if (cache->directory.may_have_leftovers)
        cache->directory.may_have_leftovers =
            cache_leftovers_remove(&cache->directory) != 0;
    cache->is_saved = false;
    return 0;
}

int multi_level_cache_commit_blobs(MultiLevelCache *cache, bool sync)
{
    uint64_t bytes = 0;
    int status = begin_work(cache);
    if (status != 0)
        return status;
    if (sync && !cache->is_durable)
        status = cache_sync_files(&cache->directory, cache->entry_id);
    if (status != 0)
        return multi_level_cache_failed(cache, "cannot sync the cache", status);
    cache->manifest.header.is_durable = cache->is_durable && sync;
    status = manifest_store(&cache->manifest, cache->directory.fd, cache->entry_id, sync, &bytes);
    note_state_bytes(cache, bytes);
    return multi_level_cache_failed(cache, "cannot write the cache's manifest", status);
}
