/* SPDX-License-Identifier: MIT */
/*
 * The same tasks as in naive.h, as the stages do them: only a few lines around their functions, so
 * that both can be called, compared and measured in the same way.
 */
#ifndef OURS_H
#define OURS_H

#include "naive.h"
#include "object_store.h"

/* One stat per file. */
size_t ours_find_changed(const FileHashCache *known, int dir_fd, bool *changed);

/* One hash over the records of all files: is it that of the last commit? */
bool ours_is_unchanged(const MultiLevelCache *cache);

/* Discovery; with an empty table a cold one, which reads each file of the program once. 0 or a
 * negative errno. */
int ours_visit(int dir_fd, Slice entry, FileHashCache *files);

/* As naive_tokens, with everything in the arena. */
TokenNode *ours_tokens(Slice source, Arena *arena);

/* ---- for measuring and testing both ---------------------------------------------------------- */

/* Copies paths, stamps, hashes and imports into a table of its own, to be saved. */
void copy_table(const FileHashCache *from, FileHashCache *to);

/* main.mini and `rungs` diamonds, one below the other: 3 * rungs + 1 files. 0 or a negative
 * errno. */
int write_ladder(int dir_fd, unsigned rungs);

#endif
