/* SPDX-License-Identifier: MIT */
/* A host whose memory is malloc's, and which knows how much of it is held. It ends the test if it
 * gets back what it did not hand out. One thread. */
#ifndef COUNTING_HOST_H
#define COUNTING_HOST_H

#include "memory.h"

#include <stdalign.h>
#include <stdlib.h>

typedef struct CountingHost {
    size_t held; /* bytes */
    unsigned long calls;
} CountingHost;

typedef struct HostBlock {
    alignas(max_align_t) CountingHost *host;
    size_t size;
} HostBlock;

static void *counting_host_resize(void *context, void *pointer, size_t size)
{
    CountingHost *counting = context;
    HostBlock *block = pointer == NULL ? NULL : (HostBlock *)pointer - 1;
    counting->calls++;
    if (block != NULL) {
        if (block->host != counting)
            abort();
        counting->held -= block->size;
        block->host = NULL;
    }
    if (size == 0) {
        free(block);
        return NULL;
    }
    block = realloc(block, sizeof *block + size);
    if (block == NULL)
        return NULL;
    *block = (HostBlock){counting, size};
    counting->held += size;
    return block + 1;
}

static inline MemoryHost counting_host(CountingHost *counting)
{
    return (MemoryHost){counting_host_resize, NULL, counting};
}

#endif
