/* SPDX-License-Identifier: MIT */
/*
 * An arena is a list of chunks; the newest has free space, and each new one is eight times as large
 * as the last, up to a limit. A small build stays small, and a large one soon takes few:
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

enum {
    FIRST_CHUNK_BYTES = 4096,
    CHUNK_GROWTH = 8,
    LARGEST_CHUNK_BYTES = 2 << 20,
};

struct ArenaChunk {
    ArenaChunk *older;
    size_t size; /* this header included */
    alignas(max_align_t) char space[];
};

/* ---- the host -------------------------------------------------------------------------- */

static MemoryHost host; /* resize NULL: malloc */

void memory_set_host(const MemoryHost *chosen)
{
    host = chosen == NULL ? (MemoryHost){0} : *chosen;
}

static void *checked(void *pointer, size_t size)
{
    if (pointer == NULL && size != 0) {
        if (host.failed != NULL)
            host.failed(host.context, size);
        fprintf(stderr, "out of memory: cannot allocate %zu bytes\n", size);
        exit(3);
    }
    return pointer;
}

void *memory_allocate(size_t size)
{
    if (host.resize == NULL)
        return checked(malloc(size), size);
    return checked(host.resize(host.context, NULL, size == 0 ? 1 : size), size);
}

/* The kernel's pages are zeroed already, and calloc knows it. */
void *memory_allocate_zeroed(size_t count, size_t size)
{
    if (host.resize == NULL)
        return checked(calloc(count, size), count * size);
    if (size != 0 && count > SIZE_MAX / size)
        return checked(NULL, SIZE_MAX);
    return memset(memory_allocate(count * size), 0, count * size);
}

void *memory_resize(void *pointer, size_t size)
{
    void *resized = host.resize == NULL ? realloc(pointer, size)
                                        : host.resize(host.context, pointer, size);
    return checked(resized, size);
}

void memory_free(void *pointer)
{
    if (host.resize == NULL)
        free(pointer);
    else if (pointer != NULL)
        host.resize(host.context, pointer, 0);
}

/* ---- arenas ---------------------------------------------------------------------------- */

void *chunk_take(ChunkSource *source, size_t *size)
{
    return source == NULL ? memory_allocate(*size) : checked(source->take(source, size), *size);
}

void chunk_give(ChunkSource *source, void *chunk, size_t size)
{
    if (source == NULL)
        memory_free(chunk);
    else
        source->give(source, chunk, size);
}

static void add_chunk(Arena *arena, size_t needed)
{
    size_t size = arena->chunks == NULL ? FIRST_CHUNK_BYTES : arena->chunks->size * CHUNK_GROWTH;
    if (size > LARGEST_CHUNK_BYTES)
        size = LARGEST_CHUNK_BYTES;
    if (size < sizeof(ArenaChunk) + needed)
        size = sizeof(ArenaChunk) + needed;
    ArenaChunk *chunk = chunk_take(arena->source, &size);
    chunk->size = size;
    chunk->older = arena->chunks;
    arena->chunks = chunk;
    arena->next = chunk->space;
    arena->end = (char *)chunk + size;
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

static void give_chunks(ChunkSource *source, ArenaChunk *chunk)
{
    while (chunk != NULL) {
        ArenaChunk *older = chunk->older;
        chunk_give(source, chunk, chunk->size);
        chunk = older;
    }
}

void arena_reset(Arena *arena)
{
    ArenaChunk *newest = arena->chunks;
    if (newest == NULL)
        return;
    give_chunks(arena->source, newest->older);
    newest->older = NULL;
    arena->next = newest->space;
}

void arena_free(Arena *arena)
{
    give_chunks(arena->source, arena->chunks);
    *arena = (Arena){.source = arena->source};
}

void buffer_grow(ByteBuffer *buffer, size_t extra)
{
    size_t capacity = buffer->capacity * 2;
    if (capacity < buffer->size + extra)
        capacity = buffer->size + extra;
    if (capacity < 256)
        capacity = 256;
    buffer->capacity = capacity;
    if (buffer->arena == NULL) {
        buffer->data = memory_resize(buffer->data, capacity);
        return;
    }
    const char *old = buffer->data;
    buffer->data = arena_allocate(buffer->arena, capacity);
    if (buffer->size != 0)
        memcpy(buffer->data, old, buffer->size);
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
        memory_free(buffer->data);
    *buffer = (ByteBuffer){.arena = buffer->arena};
}
