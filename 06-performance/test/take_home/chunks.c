/* SPDX-License-Identifier: MIT */
/* Two arenas, one after the other: the second is filled with the memory of the first. */
#include "chunk_pool.h"

enum { ROUNDS = 10000, BYTES = 1000 };

static char *fill(Arena *arena)
{
    char *last = NULL;
    for (int i = 0; i < ROUNDS; i++) {
        last = (char *)arena_allocate(arena, BYTES);
        memset(last, i % 100, BYTES);
    }
    return last;
}

int main(void)
{
    ChunkPool chunks;
    chunk_pool_init(&chunks);
    Arena kept = {0}, first = {0}, second = {0};
    kept.source = first.source = second.source = &chunks.source;
    fill(&kept); /* what is held is bounded by what is in use */
    fill(&first);
    arena_free(&first);
    size_t held = chunks.held_count;
    const char *last = fill(&second);
    int failed = held == 0 || chunks.held_count != 0 || *last != (ROUNDS - 1) % 100;
    arena_free(&second);
    arena_free(&kept);
    failed |= chunks.held_count != 0;
    chunk_pool_free(&chunks);
    return failed;
}
