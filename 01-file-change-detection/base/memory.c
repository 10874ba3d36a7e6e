/* SPDX-License-Identifier: MIT */
/*
 * An arena is a list of chunks; the newest has free space, and each new one is eight times as large
 * as the last, up to a limit. A small build stays small, and a large one soon has chunks of large
 * pages, which cost one page fault where small ones cost 512:
 *
 *     chunks ─► [older | used used used ####] ─► [oldest | used used]
 *                                next ^    ^ end
 */
#include "memory.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    FIRST_CHUNK_BYTES = 4096,
    CHUNK_GROWTH = 8,
    LARGEST_CHUNK_BYTES = 4 << 20,
    HUGE_PAGE_BYTES = 2 << 20,
    LARGEST_ZEROED_BYTES = 64 << 20, /* above it, unwritten memory should cost nothing */
};

struct ArenaChunk {
    ArenaChunk *older;
    size_t size; /* this header included */
    alignas(max_align_t) char space[];
};

static void *checked(void *pointer, size_t size)
{
    if (pointer == NULL && size != 0) {
        fprintf(stderr, "out of memory: cannot allocate %zu bytes\n", size);
        exit(3);
    }
    return pointer;
}

void *memory_allocate(size_t size)
{
    return checked(malloc(size), size);
}

/* Memory in whole large pages, where the system has them: a page fault costs more than filling the
 * page. `*size` is rounded up. */
static void *allocate_large(size_t *size)
{
#ifdef MADV_HUGEPAGE
    void *pages = NULL;
    *size = (*size + HUGE_PAGE_BYTES - 1) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    if (posix_memalign(&pages, HUGE_PAGE_BYTES, *size) != 0)
        pages = NULL;
    else
        madvise(pages, *size, MADV_HUGEPAGE);
    return checked(pages, *size);
#else
    return memory_allocate(*size);
#endif
}

void *memory_allocate_zeroed(size_t count, size_t size)
{
    if (size != 0 && count >= HUGE_PAGE_BYTES / size && count <= LARGEST_ZEROED_BYTES / size) {
        size_t total = count * size;
        return memset(allocate_large(&total), 0, count * size);
    }
    return checked(calloc(count, size), count * size);
}

void *memory_resize(void *pointer, size_t size)
{
    return checked(realloc(pointer, size), size);
}

static ArenaChunk *allocate_chunk(size_t size)
{
    ArenaChunk *chunk =
        size >= HUGE_PAGE_BYTES ? allocate_large(&size) : memory_allocate(size);
    chunk->size = size;
    return chunk;
}

/* The first spare chunk, if it is large enough; else NULL. */
static ArenaChunk *take_spare(Arena *arena, size_t needed)
{
    ArenaChunk *chunk = arena->spare;
    if (chunk == NULL || chunk->size - sizeof(ArenaChunk) < needed)
        return NULL;
    arena->spare = chunk->older;
    return chunk;
}

static ArenaChunk *new_chunk(const Arena *arena, size_t needed)
{
    size_t size = arena->chunks == NULL ? FIRST_CHUNK_BYTES : arena->chunks->size * CHUNK_GROWTH;
    if (size > LARGEST_CHUNK_BYTES)
        size = LARGEST_CHUNK_BYTES;
    if (size < sizeof(ArenaChunk) + needed)
        size = sizeof(ArenaChunk) + needed;
    return allocate_chunk(size);
}

static void add_chunk(Arena *arena, size_t needed)
{
    ArenaChunk *chunk = take_spare(arena, needed);
    if (chunk == NULL)
        chunk = new_chunk(arena, needed);
    chunk->older = arena->chunks;
    arena->chunks = chunk;
    arena->next = chunk->space;
    arena->end = (char *)chunk + chunk->size;
}

void *arena_allocate(Arena *arena, size_t size)
{
    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (arena->chunks == NULL || (size_t)(arena->end - arena->next) < size)
        add_chunk(arena, size);
    void *result = arena->next;
    arena->next += size;
    return result;
}

char *arena_copy(Arena *arena, Slice text)
{
    char *copy = arena_allocate(arena, text.size + 1);
    if (text.size != 0)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return copy;
}

static void free_chunks(ArenaChunk *chunk)
{
    while (chunk != NULL) {
        ArenaChunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
}

void arena_reset(Arena *arena)
{
    ArenaChunk *newest = arena->chunks;
    if (newest == NULL)
        return;
    free_chunks(newest->older);
    newest->older = NULL;
    arena->next = newest->space;
}

void arena_give(Arena *from, Arena *to)
{
    ArenaChunk **end = &from->chunks;
    while (*end != NULL)
        end = &(*end)->older;
    *end = to->spare;
    to->spare = from->chunks; /* the largest first */
    from->chunks = NULL;
    arena_free(from);
}

void arena_free(Arena *arena)
{
    free_chunks(arena->chunks);
    free_chunks(arena->spare);
    *arena = (Arena){0};
}

static char *move_to_arena(const ByteBuffer *buffer, size_t capacity)
{
    char *data = arena_allocate(buffer->arena, capacity);
    if (buffer->size != 0)
        memcpy(data, buffer->data, buffer->size);
    return data;
}

void buffer_grow(ByteBuffer *buffer, size_t extra)
{
    size_t capacity = buffer->capacity * 2;
    if (capacity < buffer->size + extra)
        capacity = buffer->size + extra;
    if (capacity < 256)
        capacity = 256;
    buffer->data = buffer->arena != NULL ? move_to_arena(buffer, capacity)
                                         : memory_resize(buffer->data, capacity);
    buffer->capacity = capacity;
}

void buffer_put_decimal(ByteBuffer *buffer, uint64_t value)
{
    char digits[20];
    size_t count = 0;
    do
        digits[sizeof digits - ++count] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    buffer_put(buffer, slice_of(digits + sizeof digits - count, count));
}

void buffer_put_format(ByteBuffer *buffer, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    buffer_put(buffer, slice_from(text));
}

void buffer_free(ByteBuffer *buffer)
{
    if (buffer->arena == NULL)
        free(buffer->data);
    *buffer = (ByteBuffer){.arena = buffer->arena};
}
