/* SPDX-License-Identifier: MIT */
/*
 * The products of a program: what one entry file is built into, with certain settings, in a certain
 * place. Each is an entry of the cache with a state of its own, as if it were another program: what
 * its output holds, and which files that was made from. So building one is no change for another,
 * and a killed build of one is no concern of another. Objects are shared by all entries anyway.
 *
 * One thing the products of a program can tell each other: which bytes a source had when it was last
 * looked at. The product that was committed last knows best; its id is in <program>.latest. That
 * file is a hint: if it is old, sources are read that need not be; if it is missing, the manifests
 * of all products are looked at.
 *
 * Threads: the caller has the directory's lock.
 */
#ifndef CACHE_PRODUCT_H
#define CACHE_PRODUCT_H

#include "cache_directory.h"
#include "content_hash.h"

#ifdef __cplusplus
extern "C" {
#endif

/* More products of one program are not kept: those used last stay. */
enum { MOST_PRODUCTS = 16 };

/* Makes an entry's id of a program's id and what distinguishes its products. */
void cache_product_id(const char *program_id, Hash128 settings, Slice output,
                      char id[ENTRY_ID_SIZE + 1]);

/* The entry of the program `id` (its own id, or one of its entries') that was committed last; "" if
 * there is none, or the program is an entry itself. Was it noted? */
bool cache_product_latest(const CacheDirectory *directory, const char *id,
                          char latest[ENTRY_ID_SIZE + 1]);

/* Notes that the entry `id` was committed. 0 or a negative errno. */
int cache_product_note_latest(const CacheDirectory *directory, const char *id);

#ifdef __cplusplus
}
#endif
#endif
