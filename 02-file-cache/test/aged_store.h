/* SPDX-License-Identifier: MIT */
/* A store with sixteen objects, each newer than the previous one, for testing compaction. A mask
 * says which of them exist or are live: bit 3 is object 3. */
#ifndef AGED_STORE_H
#define AGED_STORE_H

#include "opened_store.h"

/* All records have one size. */
enum { AGED_OBJECTS = 16, AGED_PAYLOAD = 100, AGED_EXTENT = 32 + 112, AGED_HEADER = 32 };

/* Half of them are in a second commit. The caller closes. */
ObjectStore *make_aged_store(const Scratch *scratch);

/* An object is version 0 of its number unless a test puts another. */
Slice payload_of_version(uint32_t number, uint32_t version, char bytes[AGED_PAYLOAD]);
void put_version(ObjectStore *store, uint32_t number, uint32_t version);
bool has_version(const ObjectStore *store, uint32_t number, uint32_t version);

uint32_t mask_of_store(const ObjectStore *store);

/* For object_store_compact: `context` is the mask of the live ones. */
bool is_in_mask(void *context, Hash128 key);

/* Keeps the live ones, and as many of the newest as fit this many objects. */
int compact_store(ObjectStore *store, uint32_t live, unsigned target_objects);

#endif
