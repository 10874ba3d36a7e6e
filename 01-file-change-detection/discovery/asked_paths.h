/* SPDX-License-Identifier: MIT */
/*
 * Does a path hold a file? For the candidates of imports.
 *
 * Private to discovery. Each path is asked for once, however many imports name it, so that all of
 * them get the same answer. The absent paths of the last build are asked first, all of them: a file
 * that appeared at one of them is found although no file of the program changed.
 *
 * Absent is what holds no regular file: nothing, a directory, a link that leads nowhere. A path
 * that cannot be looked at counts as present: reading it says why.
 */
#ifndef ASKED_PATHS_H
#define ASKED_PATHS_H

#include "discovery.h"

typedef struct AskedPath {
    Slice path; /* NUL-terminated */
    bool is_absent;
    bool is_used;    /* an import of the new table asks for it */
    uint32_t number; /* its place among the absent paths there */
} AskedPath;

typedef struct AskedPaths AskedPaths;

/* Asks for the absent paths of the last build. `is_current` says for each of its files that stat
 * finds it unchanged; it is read from then on. Both are lent while paths are asked for. */
AskedPaths *asked_paths_open(const DiscoveryRequest *request, const FileHashCache *last,
                             const bool *is_current);

/* The absent path of the last build with this number, counted from `count` on. */
AskedPath *asked_paths_last(const AskedPaths *asked, uint32_t number);

/* `path` is NUL-terminated and lent. NULL: there is a file. Any thread. */
AskedPath *asked_paths_absent(AskedPaths *asked, Slice path);

/* Numbers the absent paths with `is_used` set, in path order; returns them. Freed by close. */
const Slice *asked_paths_number(AskedPaths *asked, uint32_t *count);

/* How many paths stat was called for. */
uint64_t asked_paths_count(const AskedPaths *asked);

void asked_paths_close(AskedPaths *asked); /* may be NULL */

#endif
