/* SPDX-License-Identifier: MIT */
/*
 * A free thread takes the next index. In the growing form a next index may appear later: a thread
 * leaves when all items are taken and all those taken are done. `done` is read before the others,
 * so that it holds for their values.
 */
#include "thread_executor.h"

#include <pthread.h>
#include <sched.h>

enum { THREADS = 4 };

typedef struct Loop {
    atomic_size_t *count;
    atomic_size_t next, done;
    ExecutorItem item;
    void *arg;
} Loop;

typedef struct LoopWorker {
    Loop *loop;
    unsigned number;
} LoopWorker;

static void *work(void *arg)
{
    const LoopWorker *worker = arg;
    Loop *loop = worker->loop;
    for (;;) {
        size_t done = atomic_load(&loop->done), index = atomic_load(&loop->next);
        if (index < atomic_load(loop->count)) {
            if (!atomic_compare_exchange_strong(&loop->next, &index, index + 1))
                continue;
            loop->item(loop->arg, index, worker->number);
            atomic_fetch_add(&loop->done, 1);
        } else if (done == index) {
            return NULL;
        } else {
            sched_yield();
        }
    }
}

static void run_growing(Executor *executor, atomic_size_t *count, ExecutorItem item, void *arg)
{
    pthread_t threads[THREADS];
    LoopWorker workers[THREADS];
    Loop loop = {.count = count, .item = item, .arg = arg};
    (void)executor;
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i] = (LoopWorker){&loop, i};
        if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0)
            __builtin_trap();
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void run(Executor *executor, size_t count, ExecutorItem item, void *arg)
{
    atomic_size_t fixed = count;
    run_growing(executor, &fixed, item, arg);
}

Executor thread_executor = {THREADS, run, run_growing, run, NULL};
