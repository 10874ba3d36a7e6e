/* SPDX-License-Identifier: MIT */
/*
 * The FileHashCache of stage 1 as one of the tables that are committed together: instead of a file
 * saved whole, a base and a journal (state_file.h).
 *
 *     FileHashCache files;
 *     StateFile state;
 *     file_table_load(&files, &state, dir_fd, "ID.files", &manifest.header.files);
 *     ... file_hash_cache_set(&files, ...) ...
 *     state_file_commit(&state, &files.image, false, &manifest.header.files, NULL);
 *     file_hash_cache_close(&files);
 */
#ifndef FILE_TABLE_H
#define FILE_TABLE_H

#include "file_hash_cache.h"
#include "state_file.h"

#ifdef __cplusplus
extern "C" {
#endif

/* As state_file_load, and checks the structure of the image as well. The caller closes the cache
 * in every case. */
int file_table_load(FileHashCache *files, StateFile *state, int dir_fd, const char *name,
                    const StateRef *ref);

#ifdef __cplusplus
}
#endif
#endif
