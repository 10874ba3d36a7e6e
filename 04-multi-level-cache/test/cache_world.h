/* SPDX-License-Identifier: MIT */
/* A cache directory that is not made yet, in a scratch directory. */
#ifndef CACHE_WORLD_H
#define CACHE_WORLD_H

#include "cache_directory.h"
#include "scratch.h"

#include <sys/types.h>

typedef struct CacheWorld {
    Scratch scratch;
    char path[512]; /* of the cache directory: deep/cache in the scratch directory */
} CacheWorld;

/* A test with a CacheWorld for its *state. */
#define CASE_WITH_CACHE(name) \
    cmocka_unit_test_setup_teardown(name, cache_world_setup, cache_world_teardown)
int cache_world_setup(void **state);
int cache_world_teardown(void **state);

/* Makes and locks the directory; the test fails if that fails. The caller closes it. */
void cache_world_open(const CacheWorld *world, CacheDirectory *directory);

/* Waits for the child; the test fails unless its exit status is 0. */
void cache_world_expect_exit(pid_t child);

#endif
