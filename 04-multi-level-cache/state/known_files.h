/* SPDX-License-Identifier: MIT */
/*
 * What one product of a program knows of the sources, taken over by another (cache_product.h).
 *
 * main.mini is built for two targets in turn. An edit is read and hashed by the first of the two
 * builds; the second finds stamp and hash in the first one's file table. For itself it is still a
 * change: its output was made from the file as it was before. So what is taken over is remembered,
 * and joins what discovery finds.
 *
 *     KnownFiles known = {0};
 *     known_files_take(&known, &files, &others);        before discovery
 *     discover(&found, &request, &files);
 *     known_files_add(&known, &found, &files);         after it
 *     known_files_free(&known);
 *
 * Threads: one.
 */
#ifndef KNOWN_FILES_H
#define KNOWN_FILES_H

#include "discovery.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct KnownFiles { /* {0}: nothing was taken over */
    uint32_t *changed;      /* owned: files with another content now; in the numbers that they had
                               when it was taken over, ascending */
    uint32_t changed_count;
} KnownFiles;

/* Do a file's imports lead to the same files in both tables, in the same roles, and is it the same
 * paths that they found absent, and the same values that they name? The numbers may differ. */
bool known_files_same_imports(const FileHashCache *a, uint32_t a_file, const FileHashCache *b,
                              uint32_t b_file);

/* Takes over what is recorded of the files that both tables have. A file that now imports others,
 * or asks for others in vain, is left out: discovery reads it. */
void known_files_take(KnownFiles *known, FileHashCache *files, const FileHashCache *others);

/* Makes `files` a copy of `others`, all of it to be written. */
void known_files_copy(FileHashCache *files, const FileHashCache *others);

/* Adds them to the changes of a discovery that found `files`: as FILE_CHANGED, without a source
 * unless it was read now; and the sources that they are texts or data of. */
void known_files_add(const KnownFiles *known, Discovery *found, const FileHashCache *files);

void known_files_free(KnownFiles *known);

#ifdef __cplusplus
}
#endif
#endif
