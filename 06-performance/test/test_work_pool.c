/* SPDX-License-Identifier: MIT */
#include "memory.h"
#include "scratch.h"
#include "work_pool.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

enum { MOST_ITEMS = 20000 };

typedef struct Loop {
    unsigned char *times; /* per index: how often it ran; each is written by one worker */
    unsigned workers;
    atomic_uint wrong_worker;
    unsigned busy_us; /* duration of an item */
} Loop;

static void spend(unsigned microseconds)
{
    struct timespec begun, now;
    clock_gettime(CLOCK_MONOTONIC, &begun);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - begun.tv_sec) * 1000000 + (now.tv_nsec - begun.tv_nsec) / 1000 <
           (long)microseconds);
}

static void count_item(void *arg, size_t index, unsigned worker)
{
    Loop *loop = arg;
    loop->times[index]++;
    if (worker >= loop->workers)
        atomic_fetch_add(&loop->wrong_worker, 1);
    if (loop->busy_us != 0)
        spend(loop->busy_us);
}

static void assert_each_once(const Loop *loop, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_int_equal(loop->times[i], 1);
    assert_int_equal(loop->times[count], 0);
    assert_int_equal(loop->wrong_worker, 0);
}

static void loop_open(Loop *loop, unsigned workers)
{
    *loop = (Loop){.workers = workers};
    loop->times = memory_allocate_zeroed(MOST_ITEMS + 1, 1);
}

static void check_fixed(unsigned workers, size_t count, unsigned busy_us)
{
    WorkPool pool;
    work_pool_init(&pool, workers);
    assert_int_equal(pool.executor.workers, workers);
    Loop loop;
    loop_open(&loop, workers);
    loop.busy_us = busy_us;
    executor_run(&pool.executor, count, count_item, &loop);
    assert_each_once(&loop, count);
    free(loop.times);
    work_pool_free(&pool);
}

static void each_index_runs_once(void **state)
{
    (void)state;
    static const size_t counts[] = {0, 1, 2, 3, 63, 64, 65, 1000, MOST_ITEMS};
    for (unsigned workers = 1; workers <= 16; workers++)
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
            check_fixed(workers, counts[i], 0);
}

/* ---- is the work shared? Items that wait leave the CPU to the other workers ------------------- */

enum { WAIT_MS = 100000 }; /* for something immediate, unless it never happens */

typedef struct Sharing {
    atomic_uint items_of[16]; /* per worker, of the items that matter */
    atomic_uint waited_ms;
} Sharing;

static void nap(unsigned milliseconds)
{
    nanosleep(&(struct timespec){0, (long)milliseconds * 1000000}, NULL);
}

static unsigned workers_that_helped(const Sharing *sharing)
{
    unsigned helped = 0;
    for (size_t i = 0; i < 16; i++)
        helped += sharing->items_of[i] != 0;
    return helped;
}

/* An item ends when a second worker has begun one, so no worker can do all of them before another
 * has woken, however busy the machine is. */
static void wait_for_help(Sharing *sharing, unsigned worker)
{
    atomic_fetch_add(&sharing->items_of[worker], 1);
    while (workers_that_helped(sharing) < 2 && atomic_fetch_add(&sharing->waited_ms, 1) < WAIT_MS)
        nap(1);
}

/* The caller does the first item alone; its length brings the others. */
static void long_item(void *arg, size_t index, unsigned worker)
{
    if (index == 0)
        nap(5);
    else
        wait_for_help(arg, worker);
}

static void few_long_items_are_shared(void **state)
{
    (void)state;
    WorkPool pool;
    work_pool_init(&pool, 4);
    Sharing sharing = {0};
    executor_run(&pool.executor, 12, long_item, &sharing);
    assert_true(workers_that_helped(&sharing) > 1);
    work_pool_free(&pool);
}

static void one_pool_runs_many_loops(void **state)
{
    (void)state;
    WorkPool pool;
    work_pool_init(&pool, 4);
    Loop loop;
    loop_open(&loop, 4);
    for (unsigned round = 0; round < 2000; round++) {
        size_t count = round * 7919 % 300;
        memset(loop.times, 0, MOST_ITEMS + 1);
        loop.busy_us = round % 50 == 0 ? 5 : 0;
        executor_run(&pool.executor, count, count_item, &loop);
        assert_each_once(&loop, count);
    }
    free(loop.times);
    work_pool_free(&pool);
}

/* What was written in one loop can be read in the next, on any worker. */
static void copy_item(void *arg, size_t index, unsigned worker)
{
    (void)worker;
    uint32_t *values = arg;
    values[index + MOST_ITEMS] = values[MOST_ITEMS - 1 - index] + 1;
}

static void fill_item(void *arg, size_t index, unsigned worker)
{
    (void)worker;
    ((uint32_t *)arg)[index] = (uint32_t)index;
}

static void a_loop_sees_what_the_loop_before_wrote(void **state)
{
    (void)state;
    WorkPool pool;
    work_pool_init(&pool, 8);
    uint32_t *values = memory_allocate_zeroed(2 * MOST_ITEMS, sizeof *values);
    executor_run(&pool.executor, MOST_ITEMS, fill_item, values);
    executor_run(&pool.executor, MOST_ITEMS, copy_item, values);
    for (uint32_t i = 0; i < MOST_ITEMS; i++)
        assert_int_equal(values[i + MOST_ITEMS], MOST_ITEMS - i);
    free(values);
    work_pool_free(&pool);
}

static unsigned threads_of_this_process(void)
{
    DIR *tasks = opendir("/proc/self/task");
    if (tasks == NULL)
        skip();
    unsigned count = 0;
    for (struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks))
        count += task->d_name[0] != '.';
    closedir(tasks);
    return count;
}

static void small_work_starts_no_thread(void **state)
{
    (void)state;
    unsigned before = threads_of_this_process();
    WorkPool pool;
    Loop loop;
    loop_open(&loop, 4);
    /* On a busy machine three quick items may take long: once in ten times is enough. */
    unsigned started = 1;
    for (int attempt = 0; attempt < 10 && started != 0; attempt++) {
        work_pool_init(&pool, 4);
        executor_run(&pool.executor, 3, count_item, &loop);
        started = threads_of_this_process() - before;
        work_pool_free(&pool);
    }
    assert_int_equal(started, 0);

    work_pool_init(&pool, 4);
    loop.busy_us = 1000; /* longer than any loop that the caller does alone */
    executor_run(&pool.executor, 30, count_item, &loop);
    assert_int_equal(threads_of_this_process(), before + 3);
    work_pool_free(&pool);

    work_pool_init(&pool, 1);
    executor_run(&pool.executor, 30, count_item, &loop);
    assert_int_equal(threads_of_this_process(), before);
    work_pool_free(&pool);
    free(loop.times);
}

/* Two items: one returns at once, one takes long and sleeps. No worker may spin meanwhile. */
static void sleepy_item(void *arg, size_t index, unsigned worker)
{
    (void)arg;
    (void)worker;
    if (index % 8 == 0)
        nap(100);
    else
        spend(50);
}

static double cpu_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void idle_workers_do_not_burn_the_cpu(void **state)
{
    (void)state;
    WorkPool pool;
    work_pool_init(&pool, 8);
    /* A spinning worker spends its half of 0.2 s, each time. On a busy machine the CPU clock is
     * charged for more than the work: once in ten times is enough. */
    double least = 1;
    for (int attempt = 0; attempt < 10 && least >= 0.05; attempt++) {
        double before = cpu_seconds();
        executor_run(&pool.executor, 9, sleepy_item, NULL);
        double spent = cpu_seconds() - before;
        least = spent < least ? spent : least;
    }
    assert_true(least < 0.05);
    work_pool_free(&pool);
}

static void zero_workers_means_one_per_cpu(void **state)
{
    (void)state;
    WorkPool pool;
    work_pool_init(&pool, 0);
    assert_true(pool.executor.workers >= 1);
    work_pool_free(&pool);
    work_pool_init(&pool, 1000000);
    assert_int_equal(pool.executor.workers, WORK_POOL_MAX_WORKERS);
    work_pool_free(&pool);
}

/* Each of two items waits until the other has begun, but not indefinitely. */
static void meet(void *arg, size_t index, unsigned worker)
{
    atomic_uint *begun = arg;
    (void)index;
    (void)worker;
    atomic_fetch_add(begun, 1);
    for (unsigned tries = 0; tries < WAIT_MS && atomic_load(begun) < 2; tries++)
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    atomic_fetch_add(begun, atomic_load(begun) >= 2 ? 10 : 0);
}

static void heavy_items_run_at_the_same_time_from_the_first(void **state)
{
    (void)state;
    WorkPool pool;
    work_pool_init(&pool, 2);
    for (unsigned i = 0; i < 100; i++) {
        atomic_uint begun = 0;
        executor_run_heavy(&pool.executor, 2, meet, &begun);
        assert_int_equal(begun, 22);
    }
    work_pool_free(&pool);
    work_pool_init(&pool, 1);
    Loop loop;
    loop_open(&loop, 1);
    executor_run_heavy(&pool.executor, 7, count_item, &loop);
    assert_each_once(&loop, 7);
    work_pool_free(&pool);
    free(loop.times);
}

static void test_an_empty_pool_is_freed(void **state)
{
    (void)state;
    WorkPool pool = {0};
    work_pool_free(&pool);
}

/* ---- progress -------------------------------------------------------------------------------- */

typedef struct Watched {
    WorkPool *pool;
    size_t count;
    atomic_uint wrong;
} Watched;

/* What an item sees: fewer are done than exist, since it is not done itself. */
static void watch_item(void *arg, size_t index, unsigned worker)
{
    Watched *watched = arg;
    size_t done, total;
    (void)worker;
    work_pool_progress(watched->pool, &done, &total);
    bool is_right = total == watched->count && done < total;
    if (watched->pool->executor.workers == 1)
        is_right &= done == index;
    atomic_fetch_add(&watched->wrong, !is_right);
}

static void progress_is_what_is_done_of_the_loop_that_runs(void **state)
{
    (void)state;
    for (unsigned workers = 1; workers <= 4; workers++) {
        WorkPool pool;
        size_t done = 1, total = 1;
        work_pool_init(&pool, workers);
        work_pool_progress(&pool, &done, &total);
        assert_true(done == 0 && total == 0);
        for (size_t count = 1; count <= 1000; count *= 10) {
            Watched watched = {.pool = &pool, .count = count};
            executor_run(&pool.executor, count, watch_item, &watched);
            assert_int_equal(watched.wrong, 0);
            work_pool_progress(&pool, &done, &total);
            assert_true(done == 0 && total == 0);
        }
        work_pool_free(&pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_empty_pool_is_freed),
        cmocka_unit_test(each_index_runs_once),
        cmocka_unit_test(few_long_items_are_shared),
        cmocka_unit_test(heavy_items_run_at_the_same_time_from_the_first),
        cmocka_unit_test(one_pool_runs_many_loops),
        cmocka_unit_test(a_loop_sees_what_the_loop_before_wrote),
        cmocka_unit_test(small_work_starts_no_thread),
        cmocka_unit_test(idle_workers_do_not_burn_the_cpu),
        cmocka_unit_test(zero_workers_means_one_per_cpu),
        cmocka_unit_test(progress_is_what_is_done_of_the_loop_that_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
