/* SPDX-License-Identifier: MIT */
/*
 * In fuzz builds, the address sanitizer watches a few bytes after each piece of an arena; it knows
 * where a chunk of an arena ends, but not where the pieces in it do. The linker (--wrap) redirects
 * calls of arena_allocate, arena_copy and buffer_grow here: a buffer in an arena may get memory that
 * was watched before a reset.
 */
/*
 * In fuzz builds, the address sanitizer watches a few bytes after each piece of an arena; it knows
 * where a chunk of an arena ends, but not where the pieces in it do. The linker (--wrap) redirects
 * calls of arena_allocate, arena_copy and buffer_grow here: a buffer in an arena gets memory that may
 * have been watched before a reset.
 */
#include "memory.h"

#include <sanitizer/asan_interface.h>

enum { GUARD = 32 };

void *__real_arena_allocate(Arena *arena, size_t size);
void *__wrap_arena_allocate(Arena *arena, size_t size);
char *__wrap_arena_copy(Arena *arena, Slice text);
void __real_buffer_grow(ByteBuffer *buffer, size_t extra);
void __wrap_buffer_grow(ByteBuffer *buffer, size_t extra);

void *__wrap_arena_allocate(Arena *arena, size_t size)
{
    char *piece = __real_arena_allocate(arena, size + GUARD);
    ASAN_UNPOISON_MEMORY_REGION(piece, size);
    ASAN_POISON_MEMORY_REGION(piece + size, GUARD);
    return piece;
}

char *__wrap_arena_copy(Arena *arena, Slice text)
{
    char *copy = __wrap_arena_allocate(arena, text.size + 1);
    if (text.size != 0)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return copy;
}

void __wrap_buffer_grow(ByteBuffer *buffer, size_t extra)
{
    __real_buffer_grow(buffer, extra);
    if (buffer->arena != NULL)
        ASAN_UNPOISON_MEMORY_REGION(buffer->data, buffer->capacity);
}
