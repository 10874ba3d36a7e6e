/* SPDX-License-Identifier: MIT */
/*
 * The results of a build, in memory: the files of the cache "cache" and the output "out.ll" of a
 * scratch directory, which a test can restore as often as it needs.
 *
 *     KeptCache kept;
 *     kept_cache_read(&kept, &scratch);
 *     ... change files below "cache/", build ...
 *     kept_cache_put_back(&kept, &scratch);
 *     kept_cache_adopt_output(&scratch, false);
 *     kept_cache_free(&kept);
 */
#ifndef KEPT_CACHE_H
#define KEPT_CACHE_H

#include "scratch.h"

typedef struct KeptFile {
    char name[64]; /* in the cache directory */
    char *bytes;
    size_t size;
} KeptFile;

enum { MOST_KEPT = 24 };

typedef struct KeptCache {
    KeptFile files[MOST_KEPT]; /* sorted by name; all except lock and mark */
    unsigned count;
    KeptFile output;
} KeptCache;

void kept_cache_read(KeptCache *kept, const Scratch *scratch);
void kept_cache_free(KeptCache *kept);

/* The file with that name ending, e.g. ".manifest"; NULL if there is none. */
const KeptFile *kept_cache_find(const KeptCache *kept, const char *ending);

/* Restores cache and output to what was kept, and removes all other files of the cache. */
void kept_cache_put_back(const KeptCache *kept, const Scratch *scratch);

/* Gives the manifest on disk the present stamp of an output of the recorded size: restoring is
 * writing, and changes the ctime. With `restarted` the manifest also says that it was written in
 * another run of the system. Without a readable manifest it does nothing. */
void kept_cache_adopt_output(const Scratch *scratch, bool restarted);

#endif
