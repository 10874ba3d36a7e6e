/* SPDX-License-Identifier: MIT */
/*
 * The records are copied to another file, in order, without the oldest of the unused ones; then the
 * file gets the pack's name, and its own index.
 *
 *                                              a process that is killed here leaves
 *     1  write name.pack.tmp                   the old pack and its index, and a file that the
 *                                              next compaction replaces
 *     2  remove name.index                     the old pack; the index is rebuilt
 *     3  rename name.pack.tmp, name.pack       the new pack; the index is rebuilt
 *     4  write name.index                      the new pack and its index
 *
 * No step leaves an index beside a pack that it was not written for. (It would not be trusted: the
 * record that it calls the last one would have to be where it was, and every record left out before
 * it moves it forward. But the code need not rely on that.) With `sync` each step is on disk before
 * the next one.
 *
 * A record is copied only if the index leads to it and its checksums hold: a forgotten, superseded
 * or damaged record is not copied.
 */
#include "object_store_internal.h"

#include "binary_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct Candidate {
    uint64_t offset; /* in the old pack */
    PackObject object;
    bool is_kept;
} Candidate;

typedef struct Compaction {
    Candidate *candidates; /* owned; in the order of the pack */
    size_t count;
    uint64_t kept_bytes;
} Compaction;

/* ---- what is kept -------------------------------------------------------------------------- */

/* The object that a slot leads to, if its checksum holds. A torn or forged index may have another
 * slot for the key: the first one counts, as for a get. */
static bool find_object(const ObjectStore *store, const IndexSlot *slot, PackObject *object)
{
    const PackRecord *record = object_pack_record(&store->pack, slot->offset);
    if (record == NULL || !hash_equal(record->key, slot->key) || record->size != slot->size ||
        object_index_find(&store->index, slot->key) != slot)
        return false;
    object->payload = pack_record_payload(record);
    object->key = slot->key;
    return pack_record_has_good_payload(record);
}

static int compare_offsets(const void *a, const void *b)
{
    const Candidate *left = a, *right = b;
    return (left->offset > right->offset) - (left->offset < right->offset);
}

/* Through the index and not from record to record: a record with a damaged header must not hide
 * those after it. */
static void list_candidates(Compaction *compaction, const ObjectStore *store,
                            ObjectIsLive is_live, void *context)
{
    const ObjectIndex *index = &store->index;
    compaction->candidates =
        memory_allocate((size_t)(index->slot_count + 1) * sizeof *compaction->candidates);
    compaction->kept_bytes = PACK_HEADER_SIZE;
    for (uint64_t i = 0; i < index->slot_count; i++) {
        Candidate candidate = {.offset = index->slots[i].offset};
        if (!find_object(store, &index->slots[i], &candidate.object))
            continue;
        candidate.is_kept = is_live(context, candidate.object.key);
        if (candidate.is_kept)
            compaction->kept_bytes += pack_record_extent(candidate.object.payload.size);
        compaction->candidates[compaction->count++] = candidate;
    }
    qsort(compaction->candidates, compaction->count, sizeof *compaction->candidates,
          compare_offsets);
}

/* The newest of the others, up to the first that does not fit. */
static void keep_newest(Compaction *compaction, uint64_t target_bytes)
{
    for (size_t i = compaction->count; i-- > 0;) {
        Candidate *candidate = &compaction->candidates[i];
        if (candidate->is_kept)
            continue;
        uint64_t kept_bytes =
            compaction->kept_bytes + pack_record_extent(candidate->object.payload.size);
        if (kept_bytes > target_bytes)
            break;
        candidate->is_kept = true;
        compaction->kept_bytes = kept_bytes;
    }
}

/* ---- the new pack -------------------------------------------------------------------------- */

static PackObject *list_objects(const Compaction *compaction, size_t *count)
{
    PackObject *objects = memory_allocate((compaction->count + 1) * sizeof *objects);
    uint64_t offset = PACK_HEADER_SIZE;
    *count = 0;
    for (size_t i = 0; i < compaction->count; i++) {
        const Candidate *candidate = &compaction->candidates[i];
        if (!candidate->is_kept)
            continue;
        objects[*count] = candidate->object;
        objects[(*count)++].offset = offset;
        offset += pack_record_extent(candidate->object.payload.size);
    }
    return objects;
}

static int write_pack(const Compaction *compaction, int dir_fd, const char *name, bool sync,
                      uint64_t *written)
{
    ObjectPack pack = {.dir_fd = dir_fd, .fd = -1};
    size_t count;
    if (unlinkat(dir_fd, name, 0) != 0 && errno != ENOENT)
        return -errno;
    snprintf(pack.name, sizeof pack.name, "%s", name);
    PackObject *objects = list_objects(compaction, &count);
    int status = object_pack_append(&pack, objects, count, sync, written);
    object_pack_close(&pack);
    memory_free(objects);
    return status;
}

/* From here on the index in memory is worthless: on any failure it is rebuilt from the pack that
 * then has the name. */
static int exchange(ObjectStore *store, ObjectPack *fresh, bool sync)
{
    int dir_fd = store->pack.dir_fd;
    int status = object_index_remove_file(&store->index);
    if (status == 0 && sync)
        status = sync_directory_of(dir_fd, store->pack.name);
    if (status == 0 && renameat(dir_fd, fresh->name, dir_fd, store->pack.name) != 0)
        status = -errno;
    if (status != 0) {
        object_pack_remove(fresh);
        return status;
    }
    size_t count = store->retired_count++; /* it stays mapped: callers hold its payloads */
    store->retired = memory_resize(store->retired, (count + 1) * sizeof *store->retired);
    store->retired[count] = store->pack;
    store->pack = *fresh;
    memcpy(store->pack.name, store->retired[count].name, sizeof store->pack.name);
    return sync ? sync_directory_of(dir_fd, store->pack.name) : 0;
}

static int write_and_exchange(ObjectStore *store, const Compaction *compaction, bool sync,
                              uint64_t *written)
{
    char temporary[STORE_FILE_NAME_SIZE];
    ObjectPack fresh;
    int dir_fd = store->pack.dir_fd;
    snprintf(temporary, sizeof temporary, "%.*s.tmp", STORE_FILE_NAME_SIZE - 5, store->pack.name);
    int status = write_pack(compaction, dir_fd, temporary, sync, written);
    if (status == 0)
        status = object_pack_open(&fresh, dir_fd, temporary, false);
    if (status != 0) {
        unlinkat(dir_fd, temporary, 0);
        return status;
    }
    status = exchange(store, &fresh, sync);
    int index_status = object_store_reindex(store);
    if (index_status == 0)
        index_status = object_index_save(&store->index, &store->end, sync, written);
    return status != 0 ? status : index_status;
}

/* What is damaged may leave a pack that is no smaller without it: the checksum of a header. */
static int compact(ObjectStore *store, uint64_t target_bytes, ObjectIsLive is_live, void *context,
                   bool is_damaged, bool sync, uint64_t *written)
{
    Compaction compaction = {0};
    uint64_t bytes = 0;
    if (store->access != STORE_WRITES)
        return store->access == STORE_READS ? -EROFS : 0;
    int status = object_store_commit(store, sync, &bytes);
    if (status == 0 && store->pack.size > PACK_HEADER_SIZE) {
        list_candidates(&compaction, store, is_live, context);
        keep_newest(&compaction, target_bytes);
        if (compaction.kept_bytes < store->pack.size || is_damaged)
            status = write_and_exchange(store, &compaction, sync, &bytes);
        memory_free(compaction.candidates);
    }
    if (written != NULL)
        *written += bytes;
    return status;
}

int object_store_compact(ObjectStore *store, uint64_t target_bytes, ObjectIsLive is_live,
                         void *context, bool sync, uint64_t *written)
{
    return compact(store, target_bytes, is_live, context, false, sync, written);
}

/* ---- healing ------------------------------------------------------------------------------- */

static bool is_any(void *context, Hash128 key)
{
    (void)context, (void)key;
    return true;
}

/* An index of which some slots reached the disk and others did not may also count wrong. */
bool object_store_wants_healing(ObjectStore *store)
{
    uint64_t count = store->index.count, used = store->index.used;
    object_index_recount(&store->index);
    return store->is_damaged || store->lost_index || count != store->index.count ||
           used != store->index.used || object_store_count_damaged(store) != 0;
}

/* Opening repairs in memory, and on disk only what stands in the way of the next append. */
int object_store_heal(ObjectStore *store, bool sync, uint64_t *written)
{
    store->index.is_changed = true; /* even if nothing is left for it to lead to */
    int status = compact(store, 0, is_any, NULL, true, sync, written);
    if (status == 0)
        store->is_damaged = store->lost_index = false;
    return status;
}
