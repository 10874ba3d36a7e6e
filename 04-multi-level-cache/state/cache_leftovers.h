/* SPDX-License-Identifier: MIT */
/*
 * What killed builds leave in a cache directory, and how it goes.
 *
 *     <id>.files.8.tmp.4711      a base that did not get its name yet; so for a pack, an index
 *     <id>.files.8, .8.journal   a table whose manifest did not follow
 *     <id>.files.6               a table that was superseded, and not removed yet
 *
 * The lock says what is left over: no other build writes here, so a temporary file is nobody's,
 * whichever entry it belongs to. Tables are looked at for one entry, against its manifest. Only
 * names that the stages make are removed.
 *
 * Looking means listing the directory, which has files of all entries. So a build looks, when it
 * has committed, only if the lock says that the one before it was killed.
 */
#ifndef CACHE_LEFTOVERS_H
#define CACHE_LEFTOVERS_H

#include "cache_directory.h"
#include "manifest.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Removes them. `manifest` is the one that the entry has on disk. 0 or a negative errno, of the
 * last file that could not be removed: no harm is done. */
int cache_leftovers_remove(const CacheDirectory *directory, const char *entry_id,
                           const Manifest *manifest);

#ifdef __cplusplus
}
#endif
#endif
