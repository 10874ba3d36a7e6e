/* SPDX-License-Identifier: MIT */
/*
 * The two allocators of the hot paths: an arena and a growing buffer.
 *
 * A compiler allocates millions of small things that all die together. An Arena hands them out by
 * moving a pointer and frees them in one call. A ByteBuffer is one piece of text or binary that
 * grows at its end. Neither calls malloc per element; lesson 6.2 measures the difference.
 *
 * Running out of memory cannot be handled in the middle of a parse. Both allocators, and stb_ds
 * (collections.h), end the process with one clear line and exit status 3 when malloc fails. This is
 * the one exception to "a library never exits"; a host may say otherwise (memory_set_host). Nothing
 * is lost: every file that the stages write survives a process that ends at any instruction.
 *
 *     Arena arena = {0};
 *     char *name = arena_copy(&arena, slice_from("main.mini"));
 *     ByteBuffer text = {0};
 *     buffer_put(&text, slice_from("; generated\n"));
 *     buffer_free(&text);
 *     arena_free(&arena);
 *
 * Threads: an Arena or a ByteBuffer belongs to one thread at a time.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include "slice.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* malloc and realloc that do not return NULL, and free. */
void *memory_allocate(size_t size);
void *memory_allocate_zeroed(size_t count, size_t size);
void *memory_resize(void *pointer, size_t size);
void memory_free(void *pointer);

/* ---- the host: the program that these files are a part of ------------------------------ */

/* Where all memory comes from, and what happens when there is none left. Any thread may call both.
 * One function as in Lua (lua_Alloc): it does the work of malloc, realloc and free. */
typedef struct MemoryHost {
    /* As realloc; `pointer` is NULL or one that it returned. Size 0 frees, and returns NULL. NULL:
     * out of memory */
    void *(*resize)(void *context, void *pointer, size_t size);
    /* Says so, and does not return: it ends the thread or the process. If it jumps out of a build,
     * memory, descriptors and the lock of that build are lost: who must survive runs builds in a
     * child process. NULL: one line on stderr, and exit status 3 */
    void (*failed)(void *context, size_t size);
    void *context;
} MemoryHost;

/* Copied. Set it before anything else is called, and not while memory is held. NULL: malloc. */
void memory_set_host(const MemoryHost *host);

/* ---- ChunkSource: where an arena's memory comes from ----------------------------------- */

/* NULL stands for the host's memory, and needs nothing else. A source of your own sees a few large
 * pieces instead of millions of small ones: stage 6 has one that passes the memory of one arena on
 * to the next. */
typedef struct ChunkSource ChunkSource;
struct ChunkSource {
    /* At least `*size` bytes, aligned for any type, not zeroed; `*size` is raised to what they
     * are. NULL: out of memory, which ends the process. */
    void *(*take)(ChunkSource *source, size_t *size);
    /* Takes a chunk back, of the size that `take` returned. */
    void (*give)(ChunkSource *source, void *chunk, size_t size);
};

/* The same, with NULL for the host's memory. Does not return NULL. */
void *chunk_take(ChunkSource *source, size_t *size);
void chunk_give(ChunkSource *source, void *chunk, size_t size);

/* ---- Arena: freed all at once --------------------------------------------------------- */

typedef struct ArenaChunk ArenaChunk;

typedef struct Arena {  /* {0} is an empty arena */
    ArenaChunk *chunks; /* newest first */
    char *next;         /* the free rest of the newest chunk: next up to end */
    char *end;
    ChunkSource *source; /* of its chunks, lent; set while the arena is empty */
} Arena;

/* `size` bytes, aligned for any type, not zeroed. They live until arena_free. */
void *arena_allocate(Arena *arena, size_t size);

/* A copy of `text` with a terminating NUL that its length does not count. */
char *arena_copy(Arena *arena, Slice text);

/* Discards everything the arena handed out and keeps its newest chunk for reuse: one arena serves a
 * million short tasks. */
void arena_reset(Arena *arena);

/* Frees everything the arena handed out; the arena is empty again and usable, with
 * the same source. */
void arena_free(Arena *arena);

/* ---- ByteBuffer: grows at its end ----------------------------------------------------- */

typedef struct ByteBuffer { /* {0} is an empty buffer */
    char *data;             /* owned; moves when the buffer grows */
    size_t size;
    size_t capacity;
    Arena *arena; /* where it grows, abandoning its old memory; then it need not be freed */
} ByteBuffer;

/* Makes room for `extra` more bytes; afterwards that many may be written at data + size. */
void buffer_grow(ByteBuffer *buffer, size_t extra);

static inline void buffer_reserve(ByteBuffer *buffer, size_t extra)
{
    if (buffer->capacity - buffer->size < extra)
        buffer_grow(buffer, extra);
}

static inline void buffer_put(ByteBuffer *buffer, Slice bytes)
{
    buffer_reserve(buffer, bytes.size);
    if (bytes.size != 0)
        memcpy(buffer->data + buffer->size, bytes.data, bytes.size);
    buffer->size += bytes.size;
}

static inline void buffer_put_byte(ByteBuffer *buffer, char byte)
{
    buffer_reserve(buffer, 1);
    buffer->data[buffer->size++] = byte;
}

static inline void buffer_put_u32(ByteBuffer *buffer, uint32_t value)
{
    buffer_put(buffer, slice_of(&value, sizeof value));
}

/* `value` as decimal digits. */
void buffer_put_decimal(ByteBuffer *buffer, uint64_t value);

/* A short text formatted as printf does; cut to 255 bytes. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void buffer_put_format(ByteBuffer *buffer, const char *format, ...);

/* What the buffer holds. Valid until the buffer grows or is freed. */
static inline Slice buffer_slice(const ByteBuffer *buffer)
{
    return slice_of(buffer->data, buffer->size);
}

void buffer_free(ByteBuffer *buffer);

#ifdef __cplusplus
}
#endif
#endif
