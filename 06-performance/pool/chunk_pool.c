/* SPDX-License-Identifier: MIT */
/*
 * A held chunk is an element of a list, in its own first bytes. The list has a dozen elements in a
 * build of 10,000 files, and is searched from one end.
 */
#include "chunk_pool.h"

#include <stdlib.h>
#include <sys/mman.h>

/* A sanitizer that watches addresses reports who reads a held chunk, as it does after free(). */
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#elif defined(__has_feature) /* clang */
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif
#endif
#ifndef ASAN_POISON_MEMORY_REGION
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

enum {
    PAGE_BYTES = 2 << 20,
    MOST_HELD = 64, /* chunks: above it, what a build gives back is given to the system */
};

struct HeldChunk {
    HeldChunk *next; /* given back before it */
};

/* Whole large pages, where the system has them. */
static void *allocate_pages(size_t size)
{
#ifdef MADV_HUGEPAGE
    void *pages = NULL;
    if (posix_memalign(&pages, PAGE_BYTES, size) != 0)
        return NULL;
    madvise(pages, size, MADV_HUGEPAGE);
    return pages;
#else
    return malloc(size);
#endif
}

/* With the mutex held. */
static HeldChunk *take_held(ChunkPool *pool)
{
    HeldChunk *chunk = pool->held;
    if (chunk == NULL)
        return NULL;
    ASAN_UNPOISON_MEMORY_REGION(chunk, PAGE_BYTES);
    pool->held = chunk->next;
    pool->held_count--;
    return chunk;
}

static void *take(ChunkSource *source, size_t *size)
{
    ChunkPool *pool = (ChunkPool *)source;
    if (*size < PAGE_BYTES || *size > SIZE_MAX - PAGE_BYTES)
        return malloc(*size);
    *size = (*size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    if (*size > PAGE_BYTES)
        return allocate_pages(*size);
    pthread_mutex_lock(&pool->mutex);
    HeldChunk *chunk = take_held(pool);
    pool->used_count++;
    pthread_mutex_unlock(&pool->mutex);
    return chunk != NULL ? chunk : allocate_pages(PAGE_BYTES);
}

static void give(ChunkSource *source, void *memory, size_t size)
{
    ChunkPool *pool = (ChunkPool *)source;
    if (size != PAGE_BYTES) {
        free(memory);
        return;
    }
    HeldChunk *chunk = memory;
    pthread_mutex_lock(&pool->mutex);
    chunk->next = pool->held;
    pool->held = chunk;
    pool->held_count++;
    pool->used_count--;
    ASAN_POISON_MEMORY_REGION(chunk + 1, PAGE_BYTES - sizeof *chunk);
    while (pool->held_count > pool->used_count || pool->held_count > MOST_HELD)
        free(take_held(pool));
    pthread_mutex_unlock(&pool->mutex);
}

void chunk_pool_init(ChunkPool *pool)
{
    *pool = (ChunkPool){.source = {take, give}};
    pthread_mutex_init(&pool->mutex, NULL);
}

void chunk_pool_free(ChunkPool *pool)
{
    pthread_mutex_destroy(&pool->mutex);
}
