/* SPDX-License-Identifier: MIT */
/*
 * What killed builds leave in a cache directory, and how it is removed.
 *
 *     <id>.files.8.tmp.4711      a base not yet renamed; the same for a pack, an index
 *     <id>.files.8, .8.journal   a table whose manifest did not follow
 *     <id>.files.6               a superseded table, not removed yet
 *
 * The lock proves what is left over: no other build writes here, so no temporary file is in use, and
 * no table that its entry's manifest does not name. Only names that the stages use are removed.
 *
 * Looking means listing the directory, with files of all entries. So a build looks after its
 * commit, and only if the lock says that the build before it was killed.
 */
#ifndef CACHE_LEFTOVERS_H
#define CACHE_LEFTOVERS_H

#include "cache_directory.h"
#include "manifest.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Removes them, of all entries. 0 or the negative errno of the last file that could not be removed:
 * no harm is done. */
int cache_leftovers_remove(const CacheDirectory *directory);

#ifdef __cplusplus
}
#endif
#endif
