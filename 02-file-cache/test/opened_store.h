/* SPDX-License-Identifier: MIT */
/* The object store "s" of a scratch directory, and the operations of nearly every test. Each
 * function fails the running test if the store reports an error. */
#ifndef OPENED_STORE_H
#define OPENED_STORE_H

#include "object_store.h"
#include "scratch.h"

ObjectStore *open_store(const Scratch *scratch);

/* Closes it, which drops uncommitted objects, and reopens it. */
ObjectStore *reopen_store(ObjectStore *store, const Scratch *scratch);

/* Returns how many bytes were written. */
uint64_t commit_store(ObjectStore *store);

Hash128 key_of_number(uint32_t number);

#endif
