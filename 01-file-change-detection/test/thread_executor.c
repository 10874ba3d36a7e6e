/* SPDX-License-Identifier: MIT */
/* A free thread takes the next index. */
#include "thread_executor.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 4 };

typedef struct Loop {
    size_t count;
    atomic_size_t next;
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
    for (size_t i; (i = atomic_fetch_add(&loop->next, 1)) < loop->count;)
        loop->item(loop->arg, i, worker->number);
    return NULL;
}

static void run(Executor *executor, size_t count, ExecutorItem item, void *arg)
{
    pthread_t threads[THREADS];
    LoopWorker workers[THREADS];
    Loop loop = {.count = count, .item = item, .arg = arg};
    unsigned started = count < THREADS ? (unsigned)count : THREADS;
    (void)executor;
    for (unsigned i = 0; i < started; i++) {
        workers[i] = (LoopWorker){&loop, i};
        if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0)
            __builtin_trap();
    }
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

Executor thread_executor = {THREADS, run, run, NULL};
