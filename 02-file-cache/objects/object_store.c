/* SPDX-License-Identifier: MIT */
/*
 * A put assigns the object its future place in the pack and enters that in the index: from then on
 * a get finds it, past the end of the file, among the pending objects.
 *
 *     pack file   header │ record │ record │┆ pending │ pending │ ...
 *                                           └ object_pack_end     └ store->end.offset
 *
 * A commit writes the pending objects there, then the index. To drop them, it does nothing: the
 * index in memory is a private copy.
 *
 * Opening trusts the index if the pack is the one it was written for: the record that was then the
 * last must still be there. Anything after it was written by a process that did not finish, and is
 * scanned record by record; if the index is bad, the whole pack is scanned.
 */
#include "object_store_internal.h"

#include "binary_file.h"
#include "system_calls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { NAME_SIZE_MAX = 40 };

/* ---- opening -------------------------------------------------------------------------------- */

/* Enters the records from store->end on into the index. A record with a damaged payload is skipped;
 * the pack ends at one that is torn or has a damaged header. It ends after a whole record: in space
 * reserved by a killed process, a torn one is followed by zeros. */
static int scan_pack(ObjectStore *store)
{
    PackEnd whole = store->end;
    for (;;) {
        const PackRecord *record = object_pack_record(&store->pack, store->end.offset);
        if (record == NULL || !pack_record_has_good_header(record))
            break;
        uint64_t offset = store->end.offset;
        store->end.last_record = offset;
        store->end.last_record_sum = hash_checksum(slice_of(record, sizeof *record));
        store->end.offset += pack_record_extent(record->size);
        if (!pack_record_has_good_payload(record)) {
            store->is_damaged = true;
            continue;
        }
        object_index_put(&store->index, record->key, offset, record->size);
        whole = store->end;
    }
    store->end = whole;
    if (whole.offset >= store->pack.size)
        return 0;
    store->is_damaged = true;
    return object_pack_truncate(&store->pack, whole.offset);
}

int object_store_reindex(ObjectStore *store)
{
    store->end = (PackEnd){.offset = PACK_HEADER_SIZE};
    object_index_reset(&store->index);
    return scan_pack(store);
}

/* Updates the index to the pack, from where it is known to be right. */
static int settle_index(ObjectStore *store, const PackEnd *covered)
{
    if (object_pack_had_end(&store->pack, covered)) {
        store->end = *covered;
        if (covered->offset == store->pack.size)
            return 0;
        int status = scan_pack(store);
        object_index_recount(&store->index);
        return status;
    }
    store->is_damaged |= covered->offset > object_pack_end(&store->pack);
    store->lost_index = store->pack.size > PACK_HEADER_SIZE;
    return object_store_reindex(store);
}

static int open_files(ObjectStore *store, int dir_fd, const char *name)
{
    char pack_name[STORE_FILE_NAME_SIZE], index_name[STORE_FILE_NAME_SIZE];
    snprintf(pack_name, sizeof pack_name, "%s.pack", name);
    snprintf(index_name, sizeof index_name, "%s.index", name);
    PackEnd covered = {0};
    bool read_only = store->access == STORE_READS;
    int status = object_index_open(&store->index, dir_fd, index_name, read_only, &covered);
    if (status != 0 && status != -ENOENT && status != -EBADMSG)
        return status;
    status = object_pack_open(&store->pack, dir_fd, pack_name, read_only);
    store->is_damaged = status == -EBADMSG;
    if (status != 0 && status != -EBADMSG)
        return status;
    return settle_index(store, &covered);
}

static ObjectStore *make_store(StoreAccess access)
{
    ObjectStore *store = memory_allocate_zeroed(1, sizeof *store);
    store->access = access;
    store->pack.fd = store->index.fd = -1;
    store->end = (PackEnd){.offset = PACK_HEADER_SIZE};
    return store;
}

static int open_store(ObjectStore **store, int dir_fd, const char *name, StoreAccess access)
{
    *store = NULL;
    if (strlen(name) > NAME_SIZE_MAX)
        return -ENAMETOOLONG;
    ObjectStore *opened = make_store(access);
    int status = open_files(opened, dir_fd, name);
    if (status != 0) {
        object_store_close(opened);
        return status;
    }
    *store = opened;
    return 0;
}

int object_store_open(ObjectStore **store, int dir_fd, const char *name)
{
    return open_store(store, dir_fd, name, STORE_WRITES);
}

int object_store_open_read_only(ObjectStore **store, int dir_fd, const char *name)
{
    return open_store(store, dir_fd, name, STORE_READS);
}

ObjectStore *object_store_make_in_memory(void)
{
    return make_store(STORE_IN_MEMORY);
}

/* The list goes back to the system. After the first build of a million files, with 170 MB of it,
 * memory is wanted for the state. */
static void forget_pending(ObjectStore *store)
{
    memory_free(store->pending);
    store->pending = NULL;
    store->pending_count = store->pending_capacity = 0;
}

static void drop_pending(ObjectStore *store)
{
    arena_free(&store->joined);
    forget_pending(store);
}

void object_store_close(ObjectStore *store)
{
    if (store == NULL)
        return;
    drop_pending(store);
    object_index_close(&store->index);
    object_pack_close(&store->pack);
    for (size_t i = 0; i < store->retired_count; i++)
        object_pack_close(&store->retired[i]);
    memory_free(store->retired);
    memory_free(store);
}

bool object_store_is_damaged(const ObjectStore *store)
{
    return store->is_damaged;
}

bool object_store_lost_index(const ObjectStore *store)
{
    return store->lost_index;
}

uint64_t object_store_pack_size(const ObjectStore *store)
{
    return store->pack.size;
}

uint64_t object_store_count(const ObjectStore *store)
{
    return store->index.count;
}

uint64_t object_store_count_damaged(const ObjectStore *store)
{
    uint64_t damaged = 0, offset = PACK_HEADER_SIZE;
    const PackRecord *record;
    while ((record = object_pack_record(&store->pack, offset)) != NULL &&
           pack_record_has_good_header(record)) {
        damaged += !pack_record_has_good_payload(record);
        offset += pack_record_extent(record->size);
    }
    return damaged + (offset < store->pack.size);
}

/* ---- getting -------------------------------------------------------------------------------- */

/* The pending objects ascend by offset. */
static bool get_pending(const ObjectStore *store, Hash128 key, uint64_t offset, Slice *payload)
{
    size_t low = 0, high = store->pending_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (store->pending[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == store->pending_count || store->pending[low].offset != offset ||
        !hash_equal(store->pending[low].key, key))
        return false;
    *payload = store->pending[low].payload;
    return true;
}

bool object_store_get(const ObjectStore *store, Hash128 key, Slice *payload)
{
    const IndexSlot *slot = object_index_find(&store->index, key);
    if (slot == NULL)
        return false;
    if (slot->offset >= object_pack_end(&store->pack))
        return get_pending(store, key, slot->offset, payload);
    const PackRecord *record = object_pack_record(&store->pack, slot->offset);
    if (record == NULL || !hash_equal(record->key, key) || record->size != slot->size ||
        !pack_record_has_good_payload(record))
        return false;
    *payload = pack_record_payload(record);
    return true;
}

bool object_store_has(const ObjectStore *store, Hash128 key)
{
    return object_index_find(&store->index, key) != NULL;
}

uint64_t object_store_extent(const ObjectStore *store, Hash128 key)
{
    const IndexSlot *slot = object_index_find(&store->index, key);
    bool is_in_pack = slot != NULL && slot->offset < object_pack_end(&store->pack);
    return is_in_pack ? pack_record_extent(slot->size) : 0;
}

/* ---- putting -------------------------------------------------------------------------------- */

static Slice join(ObjectStore *store, const Slice *parts, size_t part_count, size_t size)
{
    if (size == 0)
        return slice_from("");
    char *bytes = arena_allocate(&store->joined, size);
    char *next = bytes;
    for (size_t i = 0; i < part_count; i++) {
        if (parts[i].size != 0)
            memcpy(next, parts[i].data, parts[i].size);
        next += parts[i].size;
    }
    return slice_of(bytes, size);
}

static PackObject *add_pending(ObjectStore *store)
{
    if (store->pending_count == store->pending_capacity) {
        store->pending_capacity = store->pending_capacity == 0 ? 16 : store->pending_capacity * 2;
        store->pending = memory_resize(store->pending,
                                       store->pending_capacity * sizeof *store->pending);
    }
    return &store->pending[store->pending_count++];
}

/* Is the object under the key undamaged, and made of these bytes? */
static bool is_there(const ObjectStore *store, Hash128 key, const Slice *parts, size_t part_count)
{
    Slice rest;
    if (!object_store_get(store, key, &rest))
        return false;
    for (size_t i = 0; i < part_count; i++) {
        if (parts[i].size > rest.size || !slice_equal(parts[i], slice_of(rest.data, parts[i].size)))
            return false;
        rest = slice_of(rest.data + parts[i].size, rest.size - parts[i].size);
    }
    return rest.size == 0;
}

void object_store_put(ObjectStore *store, Hash128 key, const Slice *parts, size_t part_count)
{
    uint64_t size = 0;
    for (size_t i = 0; i < part_count; i++)
        size += parts[i].size;
    if (size > UINT32_MAX || is_there(store, key, parts, part_count))
        return;
    Slice payload = part_count == 1 ? parts[0] : join(store, parts, part_count, (size_t)size);
    PackObject *object = add_pending(store);
    *object = (PackObject){key, payload, store->end.offset};
    object_index_put(&store->index, key, object->offset, (uint32_t)size);
    store->end.offset += pack_record_extent(size);
}

void object_store_expect(ObjectStore *store, uint64_t count, ChunkSource *chunks)
{
    object_index_reserve(&store->index, count, chunks);
    if (store->pending_capacity - store->pending_count >= count)
        return;
    store->pending_capacity = store->pending_count + (size_t)count;
    store->pending =
        memory_resize(store->pending, store->pending_capacity * sizeof *store->pending);
}

void object_store_invalidate(ObjectStore *store, Hash128 key)
{
    object_index_remove(&store->index, key);
}

int object_store_clear(ObjectStore *store)
{
    if (store->access == STORE_READS)
        return -EROFS;
    drop_pending(store);
    store->end = (PackEnd){.offset = PACK_HEADER_SIZE};
    if (store->access == STORE_IN_MEMORY) {
        object_index_reset(&store->index);
        return 0;
    }
    int index_status = object_index_remove_file(&store->index);
    int pack_status = object_pack_remove(&store->pack);
    return index_status != 0 ? index_status : pack_status;
}

uint64_t object_store_pending_bytes(const ObjectStore *store)
{
    return store->end.offset - object_pack_end(&store->pack);
}

/* The last record of the pack will be that of the last object put. */
static void note_last_record(ObjectStore *store)
{
    if (store->pending_count == 0)
        return;
    const PackObject *last = &store->pending[store->pending_count - 1];
    PackRecord record = pack_record_make(last->key, last->payload);
    store->end.last_record = last->offset;
    store->end.last_record_sum = hash_checksum(slice_of(&record, sizeof record));
}

bool object_store_wants_commit(const ObjectStore *store)
{
    return store->access != STORE_IN_MEMORY &&
           (store->pending_count != 0 || store->index.is_changed);
}

static int sync_names(ObjectStore *store)
{
    int status = sync_directory_of(store->pack.dir_fd, store->pack.name);
    store->is_on_disk = status == 0;
    return status;
}

/* What this store found there may have been written by a process that did not sync it. */
static int sync_all(ObjectStore *store)
{
    if (store->access != STORE_WRITES || store->is_on_disk || store->pack.fd < 0)
        return 0;
    if (sync_fd(store->pack.fd) != 0 || (store->index.fd >= 0 && sync_fd(store->index.fd) != 0))
        return -errno;
    return sync_names(store);
}

int object_store_commit(ObjectStore *store, bool sync, uint64_t *written)
{
    if (!object_store_wants_commit(store))
        return sync ? sync_all(store) : 0;
    if (store->access == STORE_READS)
        return -EROFS;
    uint64_t bytes = 0;
    int status = object_pack_append(&store->pack, store->pending, store->pending_count, sync,
                                    &bytes);
    if (status == 0) {
        note_last_record(store);
        status = object_index_save(&store->index, &store->end, sync, &bytes);
        if (status != 0)
            (void)object_pack_truncate(&store->pack, store->pack.size);
    }
    if (written != NULL)
        *written += bytes;
    if (status != 0)
        return status;
    object_pack_extend(&store->pack, store->end.offset);
    forget_pending(store);
    store->is_on_disk &= sync;
    return sync && !store->is_on_disk ? sync_names(store) : 0; /* both files were synced above */
}
