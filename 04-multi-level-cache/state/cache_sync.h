/* SPDX-License-Identifier: MIT */
/*
 * For a build with sync: what other builds, which did not sync, wrote and left in memory.
 *
 * A build syncs what it writes itself, each step before the next. But it writes little: a journal
 * after a base of another build, a manifest that names both. After a power cut its own bytes would
 * be there, and those that they need might not.
 */
#ifndef CACHE_SYNC_H
#define CACHE_SYNC_H

#include "cache_directory.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Makes the directory's name, and those of the parents that open made, survive a power cut: fsyncs
 * the directories that hold them. The directory's own parent always: a build that did not sync may
 * have made the directory. 0 or a negative errno. */
int cache_sync_name(const CacheDirectory *directory);

/* The same for the files of the entry, those that all entries share, and the names of all. 0 or the
 * negative errno of the last one that failed. Cost: the directory is listed, and its files are
 * opened one by one. */
int cache_sync_files(const CacheDirectory *directory, const char *entry_id);

#ifdef __cplusplus
}
#endif
#endif
