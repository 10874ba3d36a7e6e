/* SPDX-License-Identifier: MIT */
/*
 * Objects addressed by the hash of their inputs, in one file.
 *
 * Git stores each object under its hash, once, however many names lead to it. It starts with a file
 * per object and later, for speed, makes packs. A cache can start with the pack: ten thousand loose
 * files cost about thirty times as much to write as one (`make bench`).
 *
 *     name.pack    header 32 │ record │ record │ ...                        append only
 *     record       key 16 │ checksum u64 │ size u32 │ header checksum u32 │ payload, padded to 16
 *     name.index   header 64 │ slots: key 16 │ offset u64 │ size u32 │ 0 u32     a power of two
 *
 * The index is an open-addressing hash table that is mapped, not loaded: a hit or a miss is decided
 * without a system call. It is only a hint: each record carries its key and a checksum, so a torn
 * or damaged slot is a miss, and a lost index is rebuilt from the records. A torn record at the end
 * of the pack (from a killed build) is cut off. Mapped payloads are 16-byte aligned, so flat data
 * is used in place. A new index is written as name.index.tmp and renamed; so is the pack when it is
 * compacted: there are no other files.
 *
 *     ObjectStore *store;
 *     if (object_store_open(&store, dir_fd, "zir") == 0) {
 *         if (!object_store_get(store, key, &payload))
 *             object_store_put(store, key, parts, 1);      the bytes must live until the commit
 *         object_store_commit(store, false, &written);
 *         object_store_close(store);
 *     }
 *
 * Objects that were put can be got at once; they reach the disk with the commit, which may be
 * dropped by closing without it. One process at a time (the caller holds a lock). Threads: any
 * number may get while none puts; put and commit from one thread.
 *
 * A lock that will do: flock on a file "lock" in the directory, taken before the store is opened
 * and held until it is closed.
 */
#ifndef OBJECT_STORE_H
#define OBJECT_STORE_H

#include "content_hash.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ObjectStore ObjectStore;

/* Opens the store `name` (at most 40 bytes, copied) in a directory, and repairs what a killed
 * process left. 0 or a negative errno of the machine; damage is not an error, see
 * object_store_is_damaged. Something else under the name of a file (a directory, a symlink, a FIFO)
 * is an error, -EINVAL, and is not touched. `dir_fd` is lent until close. On failure *store is
 * NULL. Cost: a few system calls, whatever the size; a lost index is rebuilt in one pass over the
 * pack. The files are made by the first commit. */
int object_store_open(ObjectStore **store, int dir_fd, const char *name);

/* The same for reading only: nothing on disk is changed. Damage that open would repair is left
 * alone and counts as missing; what is put stays in memory, and a commit is refused with -EROFS. */
int object_store_open_read_only(ObjectStore **store, int dir_fd, const char *name);

/* A store without files, for a build that leaves no trace: what is put can be got until it is
 * closed, and the bytes must live that long; a commit does nothing. */
ObjectStore *object_store_make_in_memory(void);

/* True if open had to drop records or start a new pack. Losing only the index is no damage. */
bool object_store_is_damaged(const ObjectStore *store);

/* True if open found a pack without a matching index and rebuilt the index. */
bool object_store_lost_index(const ObjectStore *store);

/* The payload stored under `key`, checked against its checksum. It lives until the store is
 * closed or cleared; that of an object put in one part and not yet committed, as long as the
 * bytes that were put. False on a miss; a damaged record is a miss. */
bool object_store_get(const ObjectStore *store, Hash128 key, Slice *payload);

/* Is there such a key, by the index alone? Touches neither pack nor file system. */
bool object_store_has(const ObjectStore *store, Hash128 key);

/* Adds an object whose payload is the concatenation of `parts`, unless the same one is already
 * there, undamaged; other bytes under the key are replaced (this rebuilds a cache that must not be
 * trusted). With one part the bytes are lent until the commit; several parts are joined in the
 * store's memory. An object of 4 GiB or more is not kept. */
void object_store_put(ObjectStore *store, Hash128 key, const Slice *parts, size_t part_count);

/* Makes room for this many objects at once. Puts do not need it; before thousands of them, it keeps
 * the index from growing step by step. Its memory is from `chunks`, which must outlive the store;
 * NULL: malloc. */
void object_store_expect(ObjectStore *store, uint64_t count, ChunkSource *chunks);

/* Forgets one key; on disk, with the next commit. The record itself stays in the pack: if the index
 * is lost, rebuilding it brings the object back. That is right for a cache, where the key stands
 * for the object's inputs; a wrong object needs another key. */
void object_store_invalidate(ObjectStore *store, Hash128 key);

/* Forgets everything, and removes both files at once. 0 or a negative errno. */
int object_store_clear(ObjectStore *store);

/* Appends what was put to the pack, then updates the index. With `sync`, fsyncs the one before
 * writing the other; the first such commit of a store also fsyncs what commits without sync left in
 * memory, even if it has nothing to write. Adds the bytes written to `*written` (may be NULL). 0 or
 * a negative errno (-ENOSPC); on failure the objects of earlier commits are unchanged, and what was
 * put can still be got and committed later. Writes nothing if nothing was put, invalidated or
 * repaired. */
int object_store_commit(ObjectStore *store, bool sync, uint64_t *written);

/* Would a commit write anything? */
bool object_store_wants_commit(const ObjectStore *store);

/* Bytes that a commit would append to the pack. */
uint64_t object_store_pending_bytes(const ObjectStore *store);

/* Bytes of the pack file as of the last commit, and keys present, those just put included. */
uint64_t object_store_pack_size(const ObjectStore *store);
uint64_t object_store_count(const ObjectStore *store);

/* Bytes that the object of a key takes in the pack, by the index; 0 if it is not in the pack. */
uint64_t object_store_extent(const ObjectStore *store, Hash128 key);

/* How many records of the pack fail their checksums. Cost: one pass over the pack. */
uint64_t object_store_count_damaged(const ObjectStore *store);

/* Is the object of this key in use? Must always give the same answer. */
typedef bool (*ObjectIsLive)(void *context, Hash128 key);

/* Commits, then rewrites the pack: with all live objects, and as many of the newest others as fit
 * `target_bytes`. Payloads obtained before stay valid until the store is closed. Adds to `*written`
 * (may be NULL). 0 or a negative errno; on failure, or if the process is killed at any instruction,
 * the store has at least the live objects (see object_compaction.c). Cost: two passes over the
 * pack. */
int object_store_compact(ObjectStore *store, uint64_t target_bytes, ObjectIsLive is_live,
                         void *context, bool sync, uint64_t *written);

/* For after a power cut: is any record damaged, was anything damaged or lost when the store was
 * opened, or does the index count wrong? Cost: one pass over the pack, and one over the index. */
bool object_store_wants_healing(ObjectStore *store);

/* Then writes both files again, and all of that is false. What is damaged is left out, and so
 * missing; the rest of the pack stays. Otherwise as object_store_compact. */
int object_store_heal(ObjectStore *store, bool sync, uint64_t *written);

/* Frees; uncommitted objects are dropped. NULL is allowed. */
void object_store_close(ObjectStore *store);

#ifdef __cplusplus
}
#endif
#endif
