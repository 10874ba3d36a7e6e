/* SPDX-License-Identifier: MIT */
/*
 * The executor that uses every core.
 *
 * The loops of a build have thousands of items that take a microsecond each, so a worker claims a
 * run of indices with one atomic operation, and the runs get shorter towards the end so that no
 * worker waits long for the last. The calling thread is worker 0. The others start with the first
 * loop that is worth it and sleep between loops.
 *
 *     WorkPool pool;
 *     work_pool_init(&pool, 8);                 0: one per available CPU
 *     executor_run(&pool.executor, count, item, arg);
 *     work_pool_free(&pool);
 *
 * Threads: one loop at a time, from the thread that made the pool. work_pool_progress from any.
 */
#ifndef WORK_POOL_H
#define WORK_POOL_H

#include "executor.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { WORK_POOL_MAX_WORKERS = 256 };

typedef struct WorkPoolShared WorkPoolShared;

typedef struct WorkPool {
    Executor executor; /* first: a WorkPool is an Executor */
    WorkPoolShared *shared;
} WorkPool;

/* Cannot fail: if threads cannot be started, fewer workers do the work. At most
 * WORK_POOL_MAX_WORKERS. */
void work_pool_init(WorkPool *pool, unsigned workers);

/* Progress of the running loop: items done, and items in all. Both are 0 if no loop runs. */
void work_pool_progress(const WorkPool *pool, size_t *done, size_t *total);

/* Ends the threads. Not while a loop runs, and not before a build that uses the pool is closed. {0}
 * has no threads. */
void work_pool_free(WorkPool *pool);

#ifdef __cplusplus
}
#endif
#endif
