/* SPDX-License-Identifier: MIT */
/*
 * The memory of one arena becomes that of the next.
 *
 * A build fills arenas phase by phase: sources, then what was lowered, then code. Fresh memory is
 * what costs: the system clears it page by page. So large chunks come in large pages, one page
 * fault where small ones cost 512, and a chunk that an arena gives back goes to the next that asks.
 * It is still in the processor's reach, and nobody clears it.
 *
 *     ChunkPool chunks;
 *     chunk_pool_init(&chunks);
 *     pool.executor.chunks = &chunks.source;       for all arenas of its workers
 *     Arena arena = {.source = &chunks.source};    or for one
 *     arena_free(&arena);
 *     chunk_pool_free(&chunks);
 *
 * It never holds more than is in use at that moment, and so nothing once the last arena is freed;
 * and never more than 128 MiB, so that a large build gives memory back.
 *
 * Threads: any number may take and give. There are a few chunks per build, so one lock is enough;
 * small chunks go to malloc without it.
 */
#ifndef CHUNK_POOL_H
#define CHUNK_POOL_H

#include "memory.h"

#include <pthread.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct HeldChunk HeldChunk;

typedef struct ChunkPool { /* must not be moved */
    ChunkSource source;    /* first: a ChunkPool is a ChunkSource */
    pthread_mutex_t mutex; /* guards what follows */
    HeldChunk *held;       /* given back last, first */
    size_t held_count, used_count; /* of chunks of one page */
} ChunkPool;

void chunk_pool_init(ChunkPool *pool);

/* After all who took a chunk. */
void chunk_pool_free(ChunkPool *pool);

#ifdef __cplusplus
}
#endif
#endif
