/* SPDX-License-Identifier: MIT */
#include "chunk_pool.h"
#include "failing_malloc.h"
#include "scratch.h"
#include "work_pool.h"

#include <stdatomic.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#endif
#endif

/* A piece fills a chunk of one large page: what remains is the head of the chunk. */
enum { PAGE = 2 << 20, PIECE = PAGE - 16 };

static void fill(Arena *arena, char **pieces, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        pieces[i] = arena_allocate(arena, PIECE);
        memset(pieces[i], (int)i, PIECE);
    }
}

static bool holds(const ChunkPool *pool, size_t count)
{
    return pool->held_count == count && (count == 0) == (pool->held == NULL);
}

static void the_memory_of_one_arena_serves_the_next(void **state)
{
    (void)state;
    ChunkPool pool;
    chunk_pool_init(&pool);
    Arena keeps = {.source = &pool.source}, first = keeps, second = keeps;
    char *pieces[3], *more[3];
    fill(&keeps, pieces, 3);
    fill(&first, pieces, 2);
    assert_int_equal(pool.used_count, 5);
    arena_free(&first);
    assert_int_equal(pool.used_count, 3);
    assert_true(holds(&pool, 2));
    fill(&second, more, 3);
    assert_int_equal(pool.used_count, 6);
    assert_true(holds(&pool, 0));
    for (int i = 0; i < 2; i++)
        assert_true(more[i] == pieces[0] || more[i] == pieces[1]);
    assert_ptr_not_equal(more[0], more[1]);
    arena_free(&second);
    arena_free(&keeps);
    assert_true(holds(&pool, 0));
    chunk_pool_free(&pool);
}

static void no_more_is_held_than_is_in_use(void **state)
{
    (void)state;
    ChunkPool pool;
    chunk_pool_init(&pool);
    Arena arenas[8];
    char *pieces[8];
    for (size_t i = 0; i < 8; i++) {
        arenas[i] = (Arena){.source = &pool.source};
        fill(&arenas[i], pieces, i + 1);
    }
    assert_int_equal(pool.used_count, 36);
    for (size_t i = 8; i-- > 0;) {
        arena_free(&arenas[i]);
        size_t used = i * (i + 1) / 2, given = 36 - used;
        assert_int_equal(pool.used_count, used);
        assert_true(holds(&pool, used < given ? used : given));
    }
    chunk_pool_free(&pool);
}

/* However many are in use. */
static void what_is_held_has_a_limit(void **state)
{
    (void)state;
    enum { COUNT = 140, MOST_HELD = 64 };
    ChunkPool pool;
    chunk_pool_init(&pool);
    void *chunks[COUNT];
    size_t size = PAGE;
    for (size_t i = 0; i < COUNT; i++)
        chunks[i] = chunk_take(&pool.source, &size);
    for (size_t i = 0; i < COUNT / 2; i++)
        chunk_give(&pool.source, chunks[i], size);
    assert_int_equal(pool.used_count, COUNT / 2);
    assert_true(holds(&pool, MOST_HELD));
    for (size_t i = COUNT / 2; i < COUNT; i++)
        chunk_give(&pool.source, chunks[i], size);
    assert_true(holds(&pool, 0));
    chunk_pool_free(&pool);
}

/* A reset arena keeps its newest chunk and gives the others. */
static void a_reset_gives_all_but_one(void **state)
{
    (void)state;
    ChunkPool pool;
    chunk_pool_init(&pool);
    Arena arena = {.source = &pool.source}, other = arena;
    char *pieces[6], *again[5];
    fill(&arena, pieces, 6);
    fill(&other, again, 5);
    arena_reset(&arena);
    assert_int_equal(pool.used_count, 6);
    assert_true(holds(&pool, 5));
    arena_free(&other);
    arena_free(&arena);
    assert_true(holds(&pool, 0));
    chunk_pool_free(&pool);
}

static void other_sizes_are_not_held(void **state)
{
    (void)state;
    ChunkPool pool;
    chunk_pool_init(&pool);
    static const struct {
        size_t wanted, taken;
    } cases[] = {{1, 1}, {PAGE - 1, PAGE - 1}, {PAGE + 1, 2 * PAGE}, {5 * PAGE, 5 * PAGE}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t size = cases[i].wanted;
        char *chunk = chunk_take(&pool.source, &size);
        assert_int_equal(size, cases[i].taken);
        memset(chunk, 1, size);
        assert_int_equal(pool.used_count, 0);
        chunk_give(&pool.source, chunk, size);
        assert_true(holds(&pool, 0));
    }
    chunk_give(&pool.source, NULL, 0); /* as free() */
    volatile size_t impossible = SIZE_MAX / 2;
    size_t size = impossible;
    assert_null(pool.source.take(&pool.source, &size));
    size = SIZE_MAX - impossible % 2;
    assert_null(pool.source.take(&pool.source, &size));
    chunk_pool_free(&pool);
}

#ifdef ASAN_POISON_MEMORY_REGION
static void a_held_chunk_is_poisoned(void **state)
{
    (void)state;
    ChunkPool pool;
    chunk_pool_init(&pool);
    size_t size = PAGE;
    char *keeps = chunk_take(&pool.source, &size);
    char *chunk = chunk_take(&pool.source, &size);
    chunk_give(&pool.source, chunk, size);
    assert_true(holds(&pool, 1));
    for (size_t i = 16; i < PAGE; i += 1000)
        assert_true(__asan_address_is_poisoned(chunk + i));
    assert_ptr_equal(chunk_take(&pool.source, &size), chunk);
    assert_null(__asan_region_is_poisoned(chunk, PAGE));
    chunk_give(&pool.source, chunk, size);
    chunk_give(&pool.source, keeps, size);
    chunk_pool_free(&pool);
}
#endif

enum { ITEMS = 200, WORKERS = 4 };

typedef struct Fillings {
    Arena arenas[WORKERS];
    atomic_uint wrong;
} Fillings;

/* Each worker fills its arena, reads what it wrote, and lets go of it. */
static void fill_and_read(void *arg, size_t index, unsigned worker)
{
    Fillings *fillings = arg;
    Arena *arena = &fillings->arenas[worker];
    size_t count = 1 + index % 3;
    unsigned char *pieces[3];
    for (size_t i = 0; i < count; i++) {
        pieces[i] = arena_allocate(arena, PIECE);
        for (size_t at = 0; at < PIECE; at += 4096)
            pieces[i][at] = (unsigned char)(index + i);
    }
    for (size_t i = 0; i < count; i++)
        for (size_t at = 0; at < PIECE; at += 4096)
            if (pieces[i][at] != (unsigned char)(index + i))
                atomic_fetch_add(&fillings->wrong, 1);
    if (index % 2 == 0)
        arena_free(arena);
    else
        arena_reset(arena);
}

static void threads_take_and_give(void **state)
{
    (void)state;
    ChunkPool chunks;
    WorkPool pool;
    chunk_pool_init(&chunks);
    work_pool_init(&pool, WORKERS);
    assert_null(pool.executor.chunks);
    Fillings fillings = {.wrong = 0};
    for (size_t i = 0; i < WORKERS; i++)
        fillings.arenas[i].source = &chunks.source;
    executor_run_heavy(&pool.executor, ITEMS, fill_and_read, &fillings);
    assert_int_equal(fillings.wrong, 0);
    for (size_t i = 0; i < WORKERS; i++)
        arena_free(&fillings.arenas[i]);
    assert_int_equal(chunks.used_count, 0);
    assert_true(holds(&chunks, 0));
    work_pool_free(&pool);
    chunk_pool_free(&chunks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_memory_of_one_arena_serves_the_next),
        cmocka_unit_test(no_more_is_held_than_is_in_use),
        cmocka_unit_test(what_is_held_has_a_limit),
        cmocka_unit_test(a_reset_gives_all_but_one),
        cmocka_unit_test(other_sizes_are_not_held),
#ifdef ASAN_POISON_MEMORY_REGION
        cmocka_unit_test(a_held_chunk_is_poisoned),
#endif
        cmocka_unit_test(threads_take_and_give),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
