/* SPDX-License-Identifier: MIT */
/*
 * One loop, many hands.
 *
 * A loop is three numbers: `next`, the first unclaimed index; `count`; and `inside`, the threads
 * working on it besides the caller. A worker claims indices from `next` until none is left, and then
 * sleeps. So the loop is over when nothing is left to claim and no thread is inside: every claimed
 * item has returned.
 *
 *            claimed, done or being done      │ not yet claimed
 *     0 ──────────────────────────────────► next ─────────────────► count
 *
 * A claim takes an eighth of a worker's fair share of what is left, at least one item: large runs
 * first, when imbalance is no risk, single items at the end.
 *
 * Sleeping and waking costs some ten microseconds, starting a thread more. The caller therefore
 * works alone at first, and calls the others only to a loop that has lasted longer than that. A
 * build of three files starts no thread at all. Only a loop whose caller declares its items heavy
 * is shared from the first one on.
 */
#ifdef __linux__
#define _GNU_SOURCE /* sched_getcpu and the affinity of threads */
#endif

#include "work_pool.h"

#include "memory.h"

#include <pthread.h>
#ifdef __linux__
#include <sched.h>
#endif
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    ALONE_NS = 30000, /* about the cost of waking the others */
    CLAIMS_PER_WORKER = 8,
};

/* With the system's default of 8 MB, the stacks of 64 threads may use up the address space allowed
 * by `ulimit -v`. The deepest source that the parser accepts, a thousand nested calls, needs 600
 * KB. A build for debugging, or with a sanitizer, needs more: 0, the system's default. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED
#elif defined(__has_feature) /* clang */
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED
#endif
#endif
#if defined(__OPTIMIZE__) && !defined(IS_SANITIZED)
enum { STACK_BYTES = 1 << 20 };
#else
enum { STACK_BYTES = 0 };
#endif

/* Each worker counts its finished items in a cache line of its own: no worker waits for another. */
typedef struct DoneCount {
    atomic_size_t items;
    char padding[64 - sizeof(atomic_size_t)];
} DoneCount;

typedef struct Worker {
    WorkPoolShared *shared;
    pthread_t thread;
    unsigned number;
} Worker;

struct WorkPoolShared {
    unsigned workers;      /* wanted, the caller included */
    unsigned thread_count; /* running */
    bool threads_started;  /* or tried */
    Worker *threads;
    DoneCount *done; /* per worker, of the running loop */

    pthread_mutex_t mutex;  /* guards what follows, but for `next` */
    pthread_cond_t changed; /* work came, a worker left, or the pool closes */
    bool open;              /* the others may join the loop */
    bool closing;
    unsigned inside; /* threads in the loop; the caller is not counted */
    ExecutorItem item;
    void *arg;
    size_t count; /* 0: no loop runs */

    atomic_size_t next;
};

static size_t unclaimed(const WorkPoolShared *shared)
{
    size_t next = atomic_load(&shared->next);
    return next < shared->count ? shared->count - next : 0;
}

/* Claims indices [*begin, *end), at most `most`. False if nothing is left. */
static bool claim(WorkPoolShared *shared, size_t most, size_t *begin, size_t *end)
{
    size_t next = atomic_load(&shared->next);
    while (next < shared->count) {
        size_t take = (shared->count - next) / ((size_t)shared->workers * CLAIMS_PER_WORKER);
        take = take == 0 ? 1 : take < most ? take : most;
        if (atomic_compare_exchange_weak(&shared->next, &next, next + take)) {
            *begin = next;
            *end = next + take;
            return true;
        }
    }
    return false;
}

/* Runs an item. No other thread writes the count: it needs no atomic addition. */
static void run_item(WorkPoolShared *shared, size_t index, unsigned worker)
{
    atomic_size_t *done = &shared->done[worker].items;
    shared->item(shared->arg, index, worker);
    atomic_store_explicit(done, atomic_load_explicit(done, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

/* Works until nothing is left to claim. */
static void work(WorkPoolShared *shared, unsigned worker)
{
    size_t begin, end;
    while (claim(shared, SIZE_MAX, &begin, &end))
        for (size_t i = begin; i < end; i++)
            run_item(shared, i, worker);
}

static void *thread_main(void *arg)
{
    Worker *self = arg;
    WorkPoolShared *shared = self->shared;
    pthread_mutex_lock(&shared->mutex);
    while (!shared->closing) {
        if (!shared->open || unclaimed(shared) == 0) {
            pthread_cond_wait(&shared->changed, &shared->mutex);
            continue;
        }
        shared->inside++;
        pthread_mutex_unlock(&shared->mutex);
        work(shared, self->number);
        pthread_mutex_lock(&shared->mutex);
        if (--shared->inside == 0)
            pthread_cond_broadcast(&shared->changed);
    }
    pthread_mutex_unlock(&shared->mutex);
    return NULL;
}

/* A new thread may be queued on its maker's processor, and stay there for longer than a short build
 * lasts. It is moved away once; where it runs from then on is the system's choice. */
static void send_away(pthread_t thread)
{
#ifdef __linux__
    cpu_set_t allowed, others;
    int here = sched_getcpu();
    if (here < 0 || sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return;
    others = allowed;
    CPU_CLR((size_t)here, &others);
    if (pthread_setaffinity_np(thread, sizeof others, &others) == 0)
        pthread_setaffinity_np(thread, sizeof allowed, &allowed);
#else
    (void)thread;
#endif
}

static bool start_thread(WorkPoolShared *shared, const pthread_attr_t *attributes,
                         unsigned number)
{
    Worker *worker = &shared->threads[number - 1];
    worker->shared = shared;
    worker->number = number;
    if (pthread_create(&worker->thread, attributes, thread_main, worker) != 0)
        return false;
    send_away(worker->thread);
    shared->thread_count++;
    return true;
}

/* Under `ulimit -v` a new thread takes space from the others: besides its stack it needs some MB
 * for an item. Half of the space is for shared data. */
static unsigned threads_that_fit(unsigned wanted)
{
    enum { NEEDED_BYTES = 8 << 20 };
    struct rlimit space;
    if (getrlimit(RLIMIT_AS, &space) != 0 || space.rlim_cur == RLIM_INFINITY)
        return wanted;
    rlim_t fit = space.rlim_cur / 2 / NEEDED_BYTES;
    return fit < wanted ? (unsigned)fit : wanted;
}

/* Signals are for the caller's thread, which may hold them for a while. */
static void start_threads(WorkPoolShared *shared)
{
    unsigned fit = threads_that_fit(shared->workers - 1);
    pthread_attr_t attributes;
    sigset_t all, before;
    pthread_attr_init(&attributes);
    if (STACK_BYTES != 0)
        pthread_attr_setstacksize(&attributes, STACK_BYTES);
    sigfillset(&all);
    shared->threads_started = true;
    shared->threads = memory_allocate_zeroed(shared->workers - 1, sizeof *shared->threads);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (unsigned number = 1; number <= fit; number++)
        if (!start_thread(shared, &attributes, number))
            break;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* True if the loop ended while the caller was alone with it. */
static bool finish_alone(WorkPoolShared *shared)
{
    uint64_t begun = now_ns();
    size_t begin, end;
    while (claim(shared, 1, &begin, &end)) {
        run_item(shared, begin, 0);
        if (unclaimed(shared) > 1 && now_ns() - begun > ALONE_NS)
            return false;
    }
    return true;
}

static void finish_together(WorkPoolShared *shared)
{
    if (!shared->threads_started)
        start_threads(shared);
    pthread_mutex_lock(&shared->mutex);
    shared->open = true;
    pthread_cond_broadcast(&shared->changed);
    pthread_mutex_unlock(&shared->mutex);
    work(shared, 0);
    pthread_mutex_lock(&shared->mutex);
    while (shared->inside != 0)
        pthread_cond_wait(&shared->changed, &shared->mutex);
    shared->open = false;
    pthread_mutex_unlock(&shared->mutex);
}

/* Makes it the running loop. The previous loop is closed and no thread is inside, but a thread that
 * wakes late reads `open` and, were it set, these; and work_pool_progress reads them at any time:
 * hence the mutex. */
static void begin(WorkPoolShared *shared, size_t count, ExecutorItem item, void *arg)
{
    pthread_mutex_lock(&shared->mutex);
    shared->item = item;
    shared->arg = arg;
    shared->count = count;
    atomic_store(&shared->next, 0);
    for (unsigned i = 0; i < shared->workers; i++)
        atomic_store_explicit(&shared->done[i].items, 0, memory_order_relaxed);
    pthread_mutex_unlock(&shared->mutex);
}

static void end(WorkPoolShared *shared)
{
    pthread_mutex_lock(&shared->mutex);
    shared->count = 0;
    pthread_mutex_unlock(&shared->mutex);
}

static void finish_as_only_worker(WorkPoolShared *shared)
{
    for (size_t i = 0; i < shared->count; i++)
        run_item(shared, i, 0);
}

static void run_loop(Executor *executor, size_t count, ExecutorItem item, void *arg, bool is_heavy)
{
    WorkPoolShared *shared = ((WorkPool *)executor)->shared;
    begin(shared, count, item, arg);
    if (shared->workers == 1)
        finish_as_only_worker(shared);
    else if (is_heavy || !finish_alone(shared))
        finish_together(shared);
    end(shared);
}

static void run(Executor *executor, size_t count, ExecutorItem item, void *arg)
{
    run_loop(executor, count, item, arg, false);
}

static void run_heavy(Executor *executor, size_t count, ExecutorItem item, void *arg)
{
    run_loop(executor, count, item, arg, true);
}

void work_pool_progress(const WorkPool *pool, size_t *done, size_t *total)
{
    WorkPoolShared *shared = pool->shared;
    *done = *total = 0;
    pthread_mutex_lock(&shared->mutex);
    if (shared->count != 0) {
        for (unsigned i = 0; i < shared->workers; i++)
            *done += atomic_load_explicit(&shared->done[i].items, memory_order_relaxed);
        *total = shared->count;
    }
    pthread_mutex_unlock(&shared->mutex);
}

/* The processors that this process may use: `taskset`, a container or a batch system may allow it
 * only some of them. */
static unsigned usable_cpus(void)
{
#ifdef __linux__
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        return (unsigned)CPU_COUNT(&allowed);
#endif
    long cpus = sysconf(_SC_NPROCESSORS_ONLN);
    return cpus < 1 ? 1 : (unsigned)cpus;
}

void work_pool_init(WorkPool *pool, unsigned workers)
{
    if (workers == 0)
        workers = usable_cpus();
    if (workers > WORK_POOL_MAX_WORKERS)
        workers = WORK_POOL_MAX_WORKERS;
    WorkPoolShared *shared = memory_allocate_zeroed(1, sizeof *shared);
    shared->workers = workers;
    shared->done = memory_allocate_zeroed(workers, sizeof *shared->done);
    pthread_mutex_init(&shared->mutex, NULL);
    pthread_cond_init(&shared->changed, NULL);
    pool->shared = shared;
    pool->executor = (Executor){workers, run, run_heavy, NULL};
}

void work_pool_free(WorkPool *pool)
{
    WorkPoolShared *shared = pool->shared;
    if (shared == NULL)
        return;
    pthread_mutex_lock(&shared->mutex);
    shared->closing = true;
    pthread_cond_broadcast(&shared->changed);
    pthread_mutex_unlock(&shared->mutex);
    for (unsigned i = 0; i < shared->thread_count; i++)
        pthread_join(shared->threads[i].thread, NULL);
    pthread_cond_destroy(&shared->changed);
    pthread_mutex_destroy(&shared->mutex);
    memory_free(shared->threads);
    memory_free(shared->done);
    memory_free(shared);
    *pool = (WorkPool){0};
}
