/* SPDX-License-Identifier: MIT */
/*
 * How a loop is run.
 *
 * A build is a handful of loops over arrays, and inside one loop no item waits for another. The
 * stages therefore write a loop's body as a function of an index and pass it to an Executor. Stages
 * 1 to 5 run the items one after another; the work pool of stage 6 runs them on every core. Nothing
 * else changes: an item writes to the slot of its own index, and takes the scratch memory of the
 * worker it runs on.
 *
 *     static void stat_one(void *arg, size_t index, unsigned worker);
 *     executor_run(executor, file_count, stat_one, &context);
 *
 * Threads: one loop at a time, and none inside an item.
 */
#ifndef EXECUTOR_H
#define EXECUTOR_H

#include "memory.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef void (*ExecutorItem)(void *arg, size_t index, unsigned worker);

typedef struct Executor Executor;
struct Executor {
    unsigned workers; /* at least 1; `worker` arguments are below it */
    /* Calls item(arg, i, worker) once for each i below `count`, in any order, and returns when
     * all have returned. */
    void (*run)(Executor *executor, size_t count, ExecutorItem item, void *arg);
    /* As `run`, for a few items that take milliseconds each: even the first is worth a thread. */
    void (*run_heavy)(Executor *executor, size_t count, ExecutorItem item, void *arg);
    /* Where the arenas of its workers take their chunks; any thread may. NULL: malloc. */
    ChunkSource *chunks;
};

/* One item after another, in index order, on the calling thread. Shared, stateless. */
extern Executor executor_serial;

static inline void executor_run(Executor *executor, size_t count, ExecutorItem item, void *arg)
{
    executor->run(executor, count, item, arg);
}

static inline void executor_run_heavy(Executor *executor, size_t count, ExecutorItem item,
                                      void *arg)
{
    executor->run_heavy(executor, count, item, arg);
}

#ifdef __cplusplus
}
#endif
#endif
