/* SPDX-License-Identifier: MIT */
/* The one file that holds stb_ds's code. See collections.h. */
#include "memory.h"

#include <pthread.h>
#include <stdlib.h>

#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#define STB_DS_IMPLEMENTATION
#include "collections.h"

static bool has_table(const void *map, size_t item_size)
{
    return map != NULL && stbds_header((const char *)map - item_size)->hash_table != NULL;
}

void *collections_put_key(void *map, size_t item_size, void *key, size_t key_size, int mode)
{
    static pthread_mutex_t seed = PTHREAD_MUTEX_INITIALIZER;
    if (has_table(map, item_size))
        return stbds_hmput_key(map, item_size, key, key_size, mode);
    pthread_mutex_lock(&seed);
    map = stbds_hmput_key(map, item_size, key, key_size, mode);
    pthread_mutex_unlock(&seed);
    return map;
}
