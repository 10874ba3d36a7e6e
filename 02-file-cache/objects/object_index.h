/* SPDX-License-Identifier: MIT */
/*
 * The index of an object store: key → where its record is in the pack (object_store.h).
 *
 *     header 64 │ slots: key 16 │ offset u64 │ size u32 │ 0 u32       a power of two
 *
 * A slot is found by linear probing from the low bits of the key, which is already a hash. The file
 * is mapped privately: a put changes the pages of this process, a save writes the few changed slots
 * to their places in the file or, if there are many, a new file. The header says how much of the
 * pack the slots cover; it is written last, so that a killed process leaves an index that covers
 * less, and the next one scans the rest of the pack.
 *
 * Nothing in it is trusted: each slot is checked against the record it leads to.
 *
 * Private to object_store.
 *
 * Threads: any number may find; the rest from one thread.
 */
#ifndef OBJECT_INDEX_H
#define OBJECT_INDEX_H

#include "object_pack.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct IndexSlot {
    Hash128 key;
    uint64_t offset; /* of the record; 0: free; 1: was used, probes continue after it */
    uint32_t size;   /* of the payload */
    uint32_t reserved;
} IndexSlot;

typedef struct ObjectIndex {
    int dir_fd; /* lent */
    char name[STORE_FILE_NAME_SIZE];
    int fd;           /* of a file with these slots, except changes; -1: none */
    void *mapping;    /* of that file; NULL: the slots are allocated */
    size_t mapping_size;
    IndexSlot *slots; /* NULL: none */
    ChunkSource *chunks; /* the slots are a chunk of it, if they are not mapped ... */
    size_t chunk_size;   /* ... and of this size */
    uint64_t slot_count;
    uint64_t count;    /* keys present */
    uint64_t used;     /* slots that are not free */
    bool is_changed;   /* there is something to save */
    uint32_t *changes; /* owned; numbers of the slots that changed, if fd is not -1 */
    size_t change_count, change_capacity;
} ObjectIndex;

/* Opens the index; `covered` says which pack it belongs to. 0; -ENOENT or -EBADMSG: missing or
 * damaged, the index is empty and usable; -EINVAL if it is not a regular file; or another negative
 * errno. An index opened `read_only` cannot be saved. */
int object_index_open(ObjectIndex *index, int dir_fd, const char *name, bool read_only,
                      PackEnd *covered);
void object_index_close(ObjectIndex *index);

/* Forgets everything; the next save writes a new file. */
void object_index_reset(ObjectIndex *index);

/* Forgets everything and removes the file. 0 or a negative errno. */
int object_index_remove_file(ObjectIndex *index);

/* The slot of a key, or NULL. Valid until the index changes. */
const IndexSlot *object_index_find(const ObjectIndex *index, Hash128 key);

/* Sets where the object of a key is; the key may be new. */
void object_index_put(ObjectIndex *index, Hash128 key, uint64_t offset, uint32_t size);

/* Makes room for this many more keys, in memory from `chunks`, which must outlive the index (NULL:
 * malloc). Puts make room too, doubling the table repeatedly. */
void object_index_reserve(ObjectIndex *index, uint64_t count, ChunkSource *chunks);

void object_index_remove(ObjectIndex *index, Hash128 key);

/* Recounts the slots, when a killed process wrote some that the header does not count. */
void object_index_recount(ObjectIndex *index);

/* Writes what changed. `covered` is the end of the pack that the slots describe. Adds to
 * `*written`. 0 or a negative errno; on failure the changes can still be saved. */
int object_index_save(ObjectIndex *index, const PackEnd *covered, bool sync, uint64_t *written);

#ifdef __cplusplus
}
#endif
#endif
