/* SPDX-License-Identifier: MIT */
/*
 * Shared by the parts of an object store.
 *
 *     object_store.c        open, get, put, commit
 *     object_compaction.c   the pack rewritten, without unused records or damaged ones
 */
#ifndef OBJECT_STORE_INTERNAL_H
#define OBJECT_STORE_INTERNAL_H

#include "object_index.h"
#include "object_pack.h"
#include "object_store.h"

typedef enum StoreAccess { STORE_WRITES, STORE_READS, STORE_IN_MEMORY } StoreAccess;

struct ObjectStore {
    StoreAccess access;
    ObjectPack pack;
    ObjectIndex index;
    PackEnd end;         /* of the pack and the pending objects together */
    PackObject *pending; /* owned; ascending by offset */
    size_t pending_count, pending_capacity;
    Arena joined; /* payloads that were put in several parts */
    bool is_damaged, lost_index;
    bool is_on_disk; /* all that earlier commits wrote, and the names */
    ObjectPack *retired; /* owned; packs that were compacted, still mapped */
    size_t retired_count;
};

/* Rebuilds the index from the records of the pack. Nothing may be pending. 0 or a negative
 * errno. */
int object_store_reindex(ObjectStore *store);

#endif
