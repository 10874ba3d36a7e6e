/* SPDX-License-Identifier: MIT */
/*
 * A source of chunks that counts the bytes it takes and gives:
 *
 *     CountingChunks chunks = counting_chunks();
 *     Arena arena = {.source = &chunks.source};
 *
 * A chunk is larger than was asked for, and is overwritten when it is given back.
 */
#ifndef COUNTING_CHUNKS_H
#define COUNTING_CHUNKS_H

#include "memory.h"

#include <stdlib.h>
#include <string.h>

typedef struct CountingChunks {
    ChunkSource source;
    size_t taken, given; /* bytes */
} CountingChunks;

static inline void *take_counted(ChunkSource *source, size_t *size)
{
    *size += 1000;
    ((CountingChunks *)source)->taken += *size;
    return malloc(*size);
}

static inline void give_counted(ChunkSource *source, void *chunk, size_t size)
{
    memset(chunk, 0, size);
    ((CountingChunks *)source)->given += size;
    free(chunk);
}

static inline CountingChunks counting_chunks(void)
{
    CountingChunks chunks = {{take_counted, give_counted}, 0, 0};
    return chunks;
}

#endif
