/* SPDX-License-Identifier: MIT */
/*
 * What a build left, in memory: the files of the cache "cache" and the output "out.ll" of a
 * scratch directory, to be put back as often as a test wants to see what becomes of them.
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
    KeptFile files[MOST_KEPT]; /* sorted by name; all but lock and mark */
    unsigned count;
    KeptFile output;
} KeptCache;

void kept_cache_read(KeptCache *kept, const Scratch *scratch);
void kept_cache_free(KeptCache *kept);

/* The file whose name ends so, e.g. ".manifest"; NULL if there is none. */
const KeptFile *kept_cache_find(const KeptCache *kept, const char *ending);

/* Cache and output are what was kept, and there is no other file in the cache. */
void kept_cache_put_back(const KeptCache *kept, const Scratch *scratch);

/* Makes the manifest on disk have the present stamp of an output of the size it knows: putting
 * back is writing, and gives a file another ctime. With `restarted` it says that it was written in
 * another run of the system, too. Without a manifest that can be read it does nothing. */
void kept_cache_adopt_output(const Scratch *scratch, bool restarted);

#endif
