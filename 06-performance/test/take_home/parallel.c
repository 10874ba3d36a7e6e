/* SPDX-License-Identifier: MIT */
/* A loop on every core: each item writes to the slot of its own index. */
#include "work_pool.h"

enum { COUNT = 100000 };

static void square(void *arg, size_t index, unsigned worker)
{
    unsigned long long *results = (unsigned long long *)arg;
    (void)worker; /* for scratch memory: one per worker */
    results[index] = (unsigned long long)index * index;
}

int main(void)
{
    static unsigned long long results[COUNT];
    WorkPool pool;
    work_pool_init(&pool, 0);
    executor_run(&pool.executor, COUNT, square, results);
    work_pool_free(&pool);
    for (unsigned long long i = 0; i < COUNT; i++)
        if (results[i] != i * i)
            return 1;
    return 0;
}
