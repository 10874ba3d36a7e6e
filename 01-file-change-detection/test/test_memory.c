/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include "counting_chunks.h"
#include "counting_host.h"
#include "failing_malloc.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void arena_hands_out_aligned_memory_that_does_not_overlap(void **state)
{
    (void)state;
    enum { PIECES = 3000 };
    Arena arena = {0};
    unsigned char *pieces[PIECES];
    for (size_t i = 0; i < PIECES; i++) {
        size_t size = i % 97 + (i % 500 == 0 ? 300000 : 0);
        pieces[i] = arena_allocate(&arena, size);
        assert_int_equal((uintptr_t)pieces[i] % alignof(max_align_t), 0);
        memset(pieces[i], (int)(i % 251), size);
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t j = 0; j < i % 97; j++)
            assert_int_equal(pieces[i][j], i % 251);
    arena_free(&arena);
    assert_null(arena.chunks);
}

static void arena_copies_are_terminated(void **state)
{
    (void)state;
    Arena arena = {0};
    char text[] = "math.mini";
    char *copy = arena_copy(&arena, slice_of(text, 4));
    memset(text, 'x', sizeof text);
    assert_string_equal(copy, "math");
    assert_string_equal(arena_copy(&arena, (Slice){0}), "");
    arena_free(&arena);
    arena_free(&arena); /* twice is harmless, and it is usable afterwards */
    assert_string_equal(arena_copy(&arena, slice_from("again")), "again");
    arena_free(&arena);
}

static void a_reset_arena_uses_its_memory_again(void **state)
{
    (void)state;
    Arena arena = {0};
    arena_reset(&arena);
    for (int i = 0; i < 100; i++)
        arena_allocate(&arena, 1000);
    ArenaChunk *newest = arena.chunks;
    arena_reset(&arena);
    assert_ptr_equal(arena.chunks, newest);
    memset(arena_allocate(&arena, 1000), 1, 1000);
    assert_ptr_equal(arena.chunks, newest);
    arena_free(&arena);
}

static void expect_it_holds_what_was_put(Arena *arena)
{
    enum { ROUNDS = 5000 };
    ByteBuffer buffer = {.arena = arena};
    buffer_put(&buffer, (Slice){0});
    assert_int_equal(buffer.size, 0);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        buffer_put_u32(&buffer, i);
        buffer_put_byte(&buffer, (char)i);
        buffer_put(&buffer, slice_from("abc"));
    }
    assert_int_equal(buffer_slice(&buffer).size, ROUNDS * 8);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        char expected[8];
        memcpy(expected, &i, 4);
        expected[4] = (char)i;
        memcpy(expected + 5, "abc", 3);
        assert_memory_equal(buffer.data + i * 8, expected, 8);
    }
    buffer_free(&buffer);
    assert_null(buffer.data);
    assert_ptr_equal(buffer.arena, arena);
}

static void buffer_holds_what_was_put(void **state)
{
    (void)state;
    Arena arena = {0};
    expect_it_holds_what_was_put(NULL);
    expect_it_holds_what_was_put(&arena);
    arena_free(&arena);
}

static void reserved_bytes_may_be_written(void **state)
{
    (void)state;
    ByteBuffer buffer = {0};
    buffer_put_byte(&buffer, 'x');
    buffer_reserve(&buffer, 100000);
    memset(buffer.data + buffer.size, 'y', 100000);
    assert_int_equal(buffer.data[0], 'x');
    buffer_free(&buffer);
}

static void decimals(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        const char *text;
    } cases[] = {
        {0, "0"}, {9, "9"}, {10, "10"}, {1234567, "1234567"}, {UINT64_MAX, "18446744073709551615"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ByteBuffer buffer = {0};
        buffer_put_decimal(&buffer, cases[i].value);
        assert_true(slice_equal(buffer_slice(&buffer), slice_from(cases[i].text)));
        buffer_free(&buffer);
    }
}

/* In a child, since it does not return. */
static void without_memory_the_process_ends_with_one_line_and_status_3(void **state)
{
    (void)state;
    int pipe_fds[2];
    assert_int_equal(pipe(pipe_fds), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        volatile size_t impossible = SIZE_MAX / 2;
        dup2(pipe_fds[1], STDERR_FILENO);
        free(memory_allocate(impossible));
        _exit(0);
    }
    close(pipe_fds[1]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    char reported[65536];
    ssize_t size = read(pipe_fds[0], reported, sizeof reported - 1);
    close(pipe_fds[0]);
    assert_true(size > 0);
    reported[size] = '\0';
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 3);
    assert_non_null(strstr(reported, "out of memory: cannot allocate"));
}

/* ---- a host ------------------------------------------------------------------------------ */

static _Noreturn void jump_out(void *context, size_t size)
{
    (void)size;
    longjmp(*(jmp_buf *)context, 1);
}

static void *never(void *context, void *pointer, size_t size)
{
    (void)context, (void)pointer, (void)size;
    return NULL;
}

static void a_host_says_what_happens_without_memory(void **state)
{
    (void)state;
    jmp_buf here;
    MemoryHost host = {never, jump_out, &here};
    volatile int jumps = 0;
    memory_set_host(&host);
    if (setjmp(here) == 0)
        memory_allocate(10);
    else
        jumps++;
    if (jumps == 1 && setjmp(here) == 0)
        memory_allocate_zeroed(SIZE_MAX / 2, 3);
    else
        jumps++;
    memory_set_host(NULL);
    assert_int_equal(jumps, 2);
}

static void a_host_provides_all_memory(void **state)
{
    (void)state;
    CountingHost counting = {0};
    MemoryHost host = counting_host(&counting);
    Arena arena = {0};
    ByteBuffer buffer = {0};
    memory_set_host(&host);
    char *zeros = memory_allocate_zeroed(100, 10);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(zeros[i], 0);
    memory_free(memory_resize(memory_allocate(0), 10));
    memory_free(NULL);
    for (int i = 0; i < 1000; i++) {
        arena_allocate(&arena, 1000);
        buffer_put(&buffer, slice_from("more and more"));
    }
    assert_true(counting.held > 1000 * 1000);
    arena_free(&arena);
    buffer_free(&buffer);
    memory_free(zeros);
    memory_set_host(NULL);
    assert_int_equal(counting.held, 0);
}

static void an_arena_takes_its_chunks_from_its_source(void **state)
{
    (void)state;
    enum { SIZE = 100000 };
    CountingChunks counting = counting_chunks();
    Arena arena = {.source = &counting.source};
    for (int i = 0; i < 100; i++)
        memset(arena_allocate(&arena, SIZE), i, SIZE);
    assert_true(counting.taken >= 100 * SIZE);
    assert_int_equal(counting.given, 0);
    arena_reset(&arena);
    size_t kept = counting.taken - counting.given;
    assert_true(kept >= SIZE && kept < counting.given);
    memset(arena_allocate(&arena, SIZE), 1, SIZE);
    assert_int_equal(counting.taken - counting.given, kept);
    arena_free(&arena);
    assert_int_equal(counting.taken, counting.given);
    arena_allocate(&arena, 1); /* from the same source */
    assert_true(counting.taken > counting.given);
    arena_free(&arena);
    assert_int_equal(counting.taken, counting.given);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arena_hands_out_aligned_memory_that_does_not_overlap),
        cmocka_unit_test(arena_copies_are_terminated),
        cmocka_unit_test(a_reset_arena_uses_its_memory_again),
        cmocka_unit_test(buffer_holds_what_was_put),
        cmocka_unit_test(reserved_bytes_may_be_written),
        cmocka_unit_test(decimals),
        cmocka_unit_test(without_memory_the_process_ends_with_one_line_and_status_3),
        cmocka_unit_test(a_host_says_what_happens_without_memory),
        cmocka_unit_test(a_host_provides_all_memory),
        cmocka_unit_test(an_arena_takes_its_chunks_from_its_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
