/* SPDX-License-Identifier: MIT */
/*
 * The pack of an object store: one file that records are appended to (object_store.h).
 *
 *     header 32    magic 8 │ version u32 │ 0
 *     record       key 16 │ checksum u64 │ size u32 │ header checksum u32 │ payload, padded to 16
 *
 * A record has two checksums. That of its header covers key, size and checksum: a scan from record
 * to record steps by correct sizes, or stops. That of its payload says whether the bytes may be
 * used.
 *
 * Committed records are mapped and stay in place until the pack is closed; each commit maps what it
 * appended.
 *
 * Private to object_store.
 *
 * Threads: any number may read; open, append and close from one thread.
 */
#ifndef OBJECT_PACK_H
#define OBJECT_PACK_H

#include "content_hash.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { PACK_HEADER_SIZE = 32, PACK_ALIGNMENT = 16, STORE_FILE_NAME_SIZE = 64 };

typedef struct PackRecord { /* followed by its payload */
    Hash128 key;
    uint64_t checksum; /* of the payload */
    uint32_t size;     /* of the payload, without padding */
    uint32_t header_checksum;
} PackRecord;

typedef struct PackObject { /* on its way to the pack */
    Hash128 key;
    Slice payload;
    uint64_t offset; /* of the record, once it is in the pack */
} PackObject;

/* Where a pack ended at some moment, and its last record. A pack that still has that record there
 * is the same pack, perhaps longer. */
typedef struct PackEnd {
    uint64_t offset;
    uint64_t last_record;     /* its offset; 0 if there was none */
    uint64_t last_record_sum; /* hash_checksum of its header */
} PackEnd;

typedef struct PackMapping {
    void *pages;
    size_t page_bytes;
    const char *bytes; /* of the file, from `begin` to `end`: whole records */
    uint64_t begin, end;
} PackMapping;

typedef struct ObjectPack {
    int dir_fd; /* lent */
    char name[STORE_FILE_NAME_SIZE];
    int fd;                /* -1: no file yet */
    bool is_read_only;     /* the file is never changed, whatever its contents */
    uint64_t size;         /* bytes in the pack; 0: not even a header */
    PackMapping *mappings; /* owned; ascending */
    size_t mapping_count;
} ObjectPack;

/* Opens the pack; a missing one is empty and is created by the first append. 0; -EBADMSG if it had
 * no good header (or another version) and was removed, to be started again; -EINVAL if it is not a
 * regular file; or another negative errno. With `read_only` nothing is removed or truncated on
 * disk, only for this process. */
int object_pack_open(ObjectPack *pack, int dir_fd, const char *name, bool read_only);
void object_pack_close(ObjectPack *pack);

/* Removes the file; the pack is empty and usable. 0 or a negative errno. */
int object_pack_remove(ObjectPack *pack);

/* Truncates the file to `size`, the end of a record, or to its size as a pack (dropping the rest of
 * a failed append). No payloads from beyond it may be in use. 0 or a negative errno. */
int object_pack_truncate(ObjectPack *pack, uint64_t size);

/* Where the next record will be. */
uint64_t object_pack_end(const ObjectPack *pack);

/* The bytes of a record with a payload of this size, and its header. */
uint64_t pack_record_extent(uint64_t payload_size);
PackRecord pack_record_make(Hash128 key, Slice payload);

/* The record at `offset`, or NULL if none fits there. Checks only bounds. */
const PackRecord *object_pack_record(const ObjectPack *pack, uint64_t offset);

static inline Slice pack_record_payload(const PackRecord *record)
{
    return slice_of(record + 1, record->size);
}

/* Do the checksums hold? */
bool pack_record_has_good_header(const PackRecord *record);
bool pack_record_has_good_payload(const PackRecord *record);

/* Is `end` where this pack once ended? */
bool object_pack_had_end(const ObjectPack *pack, const PackEnd *end);

/* Writes the objects one after another at the end, where their offsets say they belong. The pack
 * does not have them before object_pack_extend. Adds to `*written`. 0 or a negative errno; on
 * failure the file is truncated to its old size. */
int object_pack_append(ObjectPack *pack, const PackObject *objects, size_t count, bool sync,
                       uint64_t *written);

/* Makes the appended records, up to `size`, part of the pack. */
void object_pack_extend(ObjectPack *pack, uint64_t size);

#ifdef __cplusplus
}
#endif
#endif
