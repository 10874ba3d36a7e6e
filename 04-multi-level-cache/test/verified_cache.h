/* SPDX-License-Identifier: MIT */
/* Verifying the cache of a project, in tests: compares the findings, and checks that no byte or
 * time of the cache directory changes. */
#ifndef VERIFIED_CACHE_H
#define VERIFIED_CACHE_H

#include "line_sample.h"

/* The lines found, each "subject: what\n", `*` in place of the entry's id; all of them, or one of
 * them. */
void expect_found(const LineProject *project, const char *lines);
void expect_among_found(const LineProject *project, const char *line);

/* The lines as they are, and the counts. The caller frees the buffer. */
ByteBuffer find_differences(const LineProject *project, Verification *counts);

/* Of names, bytes and times of all its files. */
Hash128 hash_of_cache(const LineProject *project);

#endif
