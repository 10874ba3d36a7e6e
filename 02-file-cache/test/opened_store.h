/* SPDX-License-Identifier: MIT */
/* The object store "s" of a scratch directory, and what nearly every test does with it. Each
 * function fails the running test if the store does not play along. */
#ifndef OPENED_STORE_H
#define OPENED_STORE_H

#include "object_store.h"
#include "scratch.h"

ObjectStore *open_store(const Scratch *scratch);

/* Closes it, which drops what was not committed, and opens it again. */
ObjectStore *reopen_store(ObjectStore *store, const Scratch *scratch);

/* Returns how many bytes were written. */
uint64_t commit_store(ObjectStore *store);

Hash128 key_of_number(uint32_t number);

#endif
