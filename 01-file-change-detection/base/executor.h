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
 * In the growing form an item may add items while the loop runs (reading a file finds imports of
 * new files). The array grows during the loop; there is no barrier per level of imports.
 *
 * Threads: one loop at a time, and none inside an item.
 */
#ifndef EXECUTOR_H
#define EXECUTOR_H

#include "memory.h"

#include <stddef.h>

#ifdef __cplusplus
#include <atomic>
using std::atomic_size_t;
extern "C" {
#else
#include <stdatomic.h>
#endif

typedef void (*ExecutorItem)(void *arg, size_t index, unsigned worker);

typedef struct Executor Executor;
struct Executor {
    unsigned workers; /* at least 1; `worker` arguments are below it */
    /* Calls item(arg, i, worker) once for each i below `count`, in any order, and returns when
     * all have returned. */
    void (*run)(Executor *executor, size_t count, ExecutorItem item, void *arg);
    /* The same for an array that grows: `*count` is read again until every item below it has
     * returned. An item raises it once the slots of the new items can be read. */
    void (*run_growing)(Executor *executor, atomic_size_t *count, ExecutorItem item, void *arg);
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

static inline void executor_run_growing(Executor *executor, atomic_size_t *count, ExecutorItem item,
                                        void *arg)
{
    executor->run_growing(executor, count, item, arg);
}

#ifdef __cplusplus
}
#endif
#endif
