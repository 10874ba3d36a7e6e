/* SPDX-License-Identifier: MIT */
#include "cache_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

int cache_world_setup(void **state)
{
    CacheWorld *world = calloc(1, sizeof *world);
    scratch_open(&world->scratch);
    snprintf(world->path, sizeof world->path, "%s/deep/cache", world->scratch.path);
    *state = world;
    return 0;
}

int cache_world_teardown(void **state)
{
    CacheWorld *world = *state;
    scratch_close(&world->scratch);
    free(world);
    return 0;
}

void cache_world_open(const CacheWorld *world, CacheDirectory *directory)
{
    assert_int_equal(
        cache_directory_open(directory, world->path, CACHE_DIRECTORY_MAKE, NULL), 0);
}

void cache_world_expect_exit(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
