/* SPDX-License-Identifier: MIT */
/*
 * Linear probing in an array of a power of two. At most three slots of four are used: a probe ends
 * after a few steps, mostly in the same cache line. A removed key leaves a mark, and probes
 * continue after it. Moving later slots up instead would change several slots for one key, and a
 * process killed between writing the first and the last would lose keys.
 *
 * A damaged or forged file may have no free slot, several slots for one key, or keys that no probe
 * reaches: every loop here ends after one round, the first slot of a probe counts, and keys that no
 * probe finds are dropped when the table is rebuilt.
 */
#include "object_index.h"

#include "binary_file.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { INDEX_VERSION = 1, SMALLEST_BITS = 6, SMALLEST_SLOTS = 1 << SMALLEST_BITS, LARGEST_BITS = 31 };
enum { OFFSET_FREE = 0, OFFSET_REMOVED = 1 };

/* A large table needs a large pack: records take at least 32 bytes each. This avoids scanning a
 * huge table that is just a hole in a file. */
enum { LARGE_TABLE = 1 << 14, PACK_BYTES_PER_SLOT = 8 };

/* Changed slots are written one by one up to this number, or this fraction of all. Writing one slot
 * costs about as much as 64 slots in a write of everything. */
enum { FEW_CHANGES = 64, FEW_OF_SLOTS = 64 };

typedef struct IndexHeader {
    char magic[8];
    uint32_t version;
    uint32_t bits; /* log2 of the slots */
    uint64_t count;
    uint64_t used;
    PackEnd covered;
    uint64_t checksum; /* of all before it */
} IndexHeader;

static const char magic[8] = "objindx";

_Static_assert(sizeof(IndexHeader) == 64 && sizeof(IndexSlot) == 32,
               "a slot never crosses a page");

static uint64_t header_checksum(const IndexHeader *header)
{
    return hash_checksum(slice_of(header, offsetof(IndexHeader, checksum)));
}

/* ---- the table ------------------------------------------------------------------------------ */

static bool holds_key(const IndexSlot *slot)
{
    return slot->offset > OFFSET_REMOVED;
}

/* The slot of the key, or the one that it may be put into (the first removed or free one of its
 * probe), or NULL if there is neither. */
static IndexSlot *probe(const ObjectIndex *index, Hash128 key)
{
    IndexSlot *vacant = NULL;
    uint64_t mask = index->slot_count - 1;
    for (uint64_t i = 0; i < index->slot_count; i++) {
        IndexSlot *slot = &index->slots[(key.low + i) & mask];
        if (holds_key(slot) && hash_equal(slot->key, key))
            return slot;
        if (vacant == NULL && !holds_key(slot))
            vacant = slot;
        if (slot->offset == OFFSET_FREE)
            break;
    }
    return vacant;
}

const IndexSlot *object_index_find(const ObjectIndex *index, Hash128 key)
{
    const IndexSlot *slot = probe(index, key);
    return slot != NULL && holds_key(slot) ? slot : NULL;
}

static void release_slots(ObjectIndex *index)
{
    if (index->mapping != NULL)
        munmap(index->mapping, index->mapping_size);
    else
        chunk_give(index->chunks, index->slots, index->chunk_size);
    index->mapping = NULL;
    index->slots = NULL;
    index->slot_count = 0;
}

static void forget_file(ObjectIndex *index)
{
    if (index->fd >= 0)
        close(index->fd);
    index->fd = -1;
    index->change_count = 0;
}

void object_index_recount(ObjectIndex *index)
{
    index->count = index->used = 0;
    for (uint64_t i = 0; i < index->slot_count; i++) {
        index->count += holds_key(&index->slots[i]);
        index->used += index->slots[i].offset != OFFSET_FREE;
    }
}

static void put_slot(ObjectIndex *index, IndexSlot *slot, Hash128 key, uint64_t offset,
                     uint32_t size)
{
    index->used += slot->offset == OFFSET_FREE;
    index->count += !holds_key(slot);
    *slot = (IndexSlot){key, offset, size, 0};
}

/* Makes a table of at least `slot_count` slots, without marks of removed keys, at most half full,
 * and with room for one more. It has no file: the next save writes one.
 *
 * Keys go everywhere in it. Pages of calloc, not touched so far, would be faulted in twice: first
 * to read a slot, then to write one. */
static void rehash(ObjectIndex *index, uint64_t slot_count, ChunkSource *chunks)
{
    object_index_recount(index);
    ObjectIndex old = *index;
    while (old.count >= slot_count / 2)
        slot_count *= 2;
    index->mapping = NULL;
    index->chunks = chunks;
    index->chunk_size = (size_t)slot_count * sizeof *index->slots;
    index->slots = chunk_take(chunks, &index->chunk_size);
    memset(index->slots, 0, (size_t)slot_count * sizeof *index->slots);
    index->slot_count = slot_count;
    index->count = index->used = 0;
    for (uint64_t i = 0; i < old.slot_count; i++) {
        const IndexSlot *slot = &old.slots[i];
        if (holds_key(slot) && probe(&old, slot->key) == slot)
            put_slot(index, probe(index, slot->key), slot->key, slot->offset, slot->size);
    }
    release_slots(&old);
    forget_file(index);
}

static void note_change(ObjectIndex *index, const IndexSlot *slot)
{
    index->is_changed = true;
    if (index->fd < 0)
        return;
    if (index->change_count == index->change_capacity) {
        index->change_capacity = index->change_capacity == 0 ? 64 : index->change_capacity * 2;
        index->changes = memory_resize(index->changes,
                                       index->change_capacity * sizeof *index->changes);
    }
    index->changes[index->change_count++] = (uint32_t)(slot - index->slots);
}

void object_index_put(ObjectIndex *index, Hash128 key, uint64_t offset, uint32_t size)
{
    IndexSlot *slot = probe(index, key);
    bool is_full = index->used >= index->slot_count / 4 * 3;
    if (slot == NULL || (slot->offset == OFFSET_FREE && is_full)) {
        rehash(index, SMALLEST_SLOTS, NULL);
        slot = probe(index, key);
    }
    put_slot(index, slot, key, offset, size);
    note_change(index, slot);
}

void object_index_reserve(ObjectIndex *index, uint64_t count, ChunkSource *chunks)
{
    uint64_t slot_count = SMALLEST_SLOTS;
    while (slot_count / 4 * 3 <= index->used + count)
        slot_count *= 2;
    if (slot_count > index->slot_count)
        rehash(index, slot_count, chunks);
}

void object_index_remove(ObjectIndex *index, Hash128 key)
{
    IndexSlot *slot;
    while ((slot = probe(index, key)) != NULL && holds_key(slot)) {
        *slot = (IndexSlot){.offset = OFFSET_REMOVED};
        index->count -= index->count != 0;
        note_change(index, slot);
    }
}

/* ---- opening -------------------------------------------------------------------------------- */

void object_index_reset(ObjectIndex *index)
{
    release_slots(index);
    forget_file(index);
    index->count = index->used = 0;
    index->is_changed = false;
}

void object_index_close(ObjectIndex *index)
{
    object_index_reset(index);
    memory_free(index->changes);
    index->changes = NULL;
    index->change_capacity = 0;
}

int object_index_remove_file(ObjectIndex *index)
{
    object_index_reset(index);
    return unlinkat(index->dir_fd, index->name, 0) == 0 || errno == ENOENT ? 0 : -errno;
}

static bool is_too_large(uint64_t slot_count, const PackEnd *covered)
{
    return slot_count > LARGE_TABLE && slot_count > covered->offset / PACK_BYTES_PER_SLOT;
}

/* A matching checksum proves nothing: anybody can make one. Each number is checked against the size
 * of the file, or against a number already checked. */
static bool is_header(const IndexHeader *header, uint64_t file_size)
{
    return memcmp(header->magic, magic, sizeof magic) == 0 && header->version == INDEX_VERSION &&
           header->checksum == header_checksum(header) && header->bits >= SMALLEST_BITS &&
           header->bits <= LARGEST_BITS &&
           file_size == sizeof *header + ((uint64_t)sizeof(IndexSlot) << header->bits) &&
           header->count <= header->used && header->used <= (uint64_t)1 << header->bits &&
           !is_too_large((uint64_t)1 << header->bits, &header->covered);
}

static int map_slots(ObjectIndex *index, uint64_t file_size, const IndexHeader *header)
{
    void *mapping = mmap(NULL, (size_t)file_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, index->fd,
                         0);
    if (mapping == MAP_FAILED)
        return -errno;
    index->mapping = mapping;
    index->mapping_size = (size_t)file_size;
    index->slots = (IndexSlot *)(void *)((char *)mapping + sizeof *header);
    index->slot_count = (uint64_t)1 << header->bits;
    index->count = header->count;
    index->used = header->used;
    return 0;
}

int object_index_open(ObjectIndex *index, int dir_fd, const char *name, bool read_only,
                      PackEnd *covered)
{
    *index = (ObjectIndex){.dir_fd = dir_fd, .fd = -1};
    if (strlen(name) >= sizeof index->name)
        return -ENAMETOOLONG;
    strcpy(index->name, name);
    uint64_t file_size;
    int fd = open_regular(dir_fd, name, read_only ? O_RDONLY : O_RDWR, &file_size);
    if (fd < 0)
        return fd == -EBADMSG ? -EINVAL : fd;
    index->fd = fd;
    IndexHeader header;
    int status = read_all_at(fd, (char *)&header, sizeof header, 0);
    if (status == 0 && !is_header(&header, file_size))
        status = -EBADMSG; /* not an index of ours; one that cannot be read now may be intact */
    if (status == 0)
        status = map_slots(index, file_size, &header);
    if (status != 0)
        object_index_reset(index);
    else
        *covered = header.covered;
    return status;
}

/* ---- saving --------------------------------------------------------------------------------- */

static IndexHeader make_header(const ObjectIndex *index, const PackEnd *covered)
{
    IndexHeader header = {.version = INDEX_VERSION, .count = index->count, .used = index->used};
    memcpy(header.magic, magic, sizeof magic);
    while ((uint64_t)1 << header.bits < index->slot_count)
        header.bits++;
    header.covered = *covered;
    header.checksum = header_checksum(&header);
    return header;
}

static int finish_write(int fd, bool sync)
{
    return (sync && sync_fd(fd) != 0) || flush_fd(fd) != 0 ? -errno : 0;
}

/* The header comes last: under the old one, the records of the new slots are past the part of the
 * pack that the index claims to cover, and are scanned again. */
static int save_changes(const ObjectIndex *index, const IndexHeader *header, bool sync,
                        uint64_t *written)
{
    for (size_t i = 0; i < index->change_count; i++) {
        Slice slot = slice_of(&index->slots[index->changes[i]], sizeof *index->slots);
        uint64_t offset = sizeof *header + (uint64_t)index->changes[i] * sizeof *index->slots;
        int status = write_all_at(index->fd, &slot, 1, offset);
        if (status != 0)
            return status;
    }
    if (sync && sync_fd(index->fd) != 0) /* on the disk, too, the slots come first */
        return -errno;
    Slice bytes = slice_of(header, sizeof *header);
    *written += bytes.size + index->change_count * sizeof *index->slots;
    int status = write_all_at(index->fd, &bytes, 1, 0);
    return status != 0 ? status : finish_write(index->fd, sync);
}

static int write_whole(const ObjectIndex *index, const IndexHeader *header, bool sync, int fd,
                       const char *temporary)
{
    Slice parts[] = {
        slice_of(header, sizeof *header),
        slice_of(index->slots, (size_t)index->slot_count * sizeof *index->slots),
    };
    int status = write_all_at(fd, parts, 2, 0);
    if (status == 0)
        status = finish_write(fd, sync);
    if (status == 0 && renameat(index->dir_fd, temporary, index->dir_fd, index->name) != 0)
        status = -errno;
    return status == 0 && sync ? sync_directory_of(index->dir_fd, index->name) : status;
}

static int save_whole(ObjectIndex *index, const IndexHeader *header, bool sync, uint64_t *written)
{
    char temporary[STORE_FILE_NAME_SIZE + 8];
    snprintf(temporary, sizeof temporary, "%s.tmp", index->name);
    if (unlinkat(index->dir_fd, temporary, 0) != 0 && errno != ENOENT)
        return -errno;
    int fd = open_at(index->dir_fd, temporary, O_RDWR | O_CREAT | O_EXCL);
    if (fd < 0)
        return -errno;
    int status = write_whole(index, header, sync, fd, temporary);
    if (status != 0) {
        close(fd);
        unlinkat(index->dir_fd, temporary, 0);
        return status;
    }
    forget_file(index);
    index->fd = fd;
    *written += sizeof *header + index->slot_count * sizeof *index->slots;
    return 0;
}

int object_index_save(ObjectIndex *index, const PackEnd *covered, bool sync, uint64_t *written)
{
    if (index->slot_count == 0 || is_too_large(index->slot_count, covered))
        rehash(index, SMALLEST_SLOTS, NULL);
    if (index->count > index->used || index->used > index->slot_count) /* they were forged */
        object_index_recount(index);
    IndexHeader header = make_header(index, covered);
    bool few = index->change_count <= FEW_CHANGES ||
               index->change_count <= index->slot_count / FEW_OF_SLOTS;
    int status = index->fd >= 0 && few ? save_changes(index, &header, sync, written)
                                       : save_whole(index, &header, sync, written);
    if (status != 0)
        return status;
    index->change_count = 0;
    index->is_changed = false;
    return 0;
}
