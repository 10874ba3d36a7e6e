/* SPDX-License-Identifier: MIT */
#include "build_trace.h"

#include "json_text.h"

#include <time.h>

typedef struct Span {
    Slice name;
    const char *category;
    int64_t begin_ns, end_ns;
} Span;

typedef struct TraceThread { /* one per worker; only that worker writes to it */
    Span *spans;             /* owned; their names are in the arena, or static */
    size_t count, capacity;
    Arena arena;
    Slice file; /* that the running item is about, once a call has named it */
} TraceThread;

struct BuildTrace {
    Executor executor; /* first: a BuildTrace is an Executor */
    Executor *inner;
    Compiler compiler; /* with calls that are seen */
    Compiler seen;     /* what they call */
    TraceThread *threads;
    const char *phase; /* NULL: none yet */
    int64_t begun_ns, phase_begun_ns;
};

/* The trace of this process, and the thread on which an item runs. */
static BuildTrace *active;
static _Thread_local TraceThread *running;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void add_span(TraceThread *thread, const char *category, Slice name, int64_t begin_ns)
{
    if (thread->count == thread->capacity) {
        thread->capacity = thread->capacity == 0 ? 256 : 2 * thread->capacity;
        thread->spans = memory_resize(thread->spans, thread->capacity * sizeof *thread->spans);
    }
    thread->spans[thread->count++] = (Span){name, category, begin_ns, now_ns()};
}

/* ---- the compiler's calls -------------------------------------------------------------------- */

static TraceThread *current_thread(void)
{
    return running != NULL ? running : &active->threads[0];
}

/* A path is lent to the call. */
static void name_file(TraceThread *thread, Slice path)
{
    if (!slice_equal(thread->file, path))
        thread->file = slice_of(arena_copy(&thread->arena, path), path.size);
}

static void scan_imports(void *language, Slice source, ImportScan *scan)
{
    int64_t begin_ns = now_ns();
    active->seen.scan_imports(language, source, scan);
    add_span(current_thread(), "file", slice_from("scan imports"), begin_ns);
}

static bool lower(void *language, Slice source, const HashSecret *secret, Arena *arena,
                  Diagnostics *diagnostics, Lowered *lowered)
{
    TraceThread *thread = current_thread();
    int64_t begin_ns = now_ns();
    name_file(thread, diagnostics->path);
    bool is_right = active->seen.lower(language, source, secret, arena, diagnostics, lowered);
    add_span(thread, "file", slice_from("lower"), begin_ns);
    return is_right;
}

static bool emit(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
                 ByteBuffer *text, Diagnostics *diagnostics)
{
    TraceThread *thread = current_thread();
    int64_t begin_ns = now_ns();
    name_file(thread, unit->path);
    Slice symbol = slice_of(arena_copy(&thread->arena, unit->symbol), unit->symbol.size);
    bool is_right = active->seen.emit(language, unit, lookup, scratch, text, diagnostics);
    add_span(thread, "function", symbol, begin_ns);
    return is_right;
}

const Compiler *build_trace_compiler(const BuildTrace *trace)
{
    return &trace->compiler;
}

/* ---- the executor's loops -------------------------------------------------------------------- */

typedef struct Loop {
    BuildTrace *trace;
    ExecutorItem item;
    void *arg;
} Loop;

/* An item that compiles something is a span under the name of its file. The others take a
 * microsecond each, and are in the span of the phase. */
static void run_item(void *arg, size_t index, unsigned worker)
{
    const Loop *loop = arg;
    TraceThread *thread = &loop->trace->threads[worker];
    int64_t begin_ns = now_ns();
    running = thread;
    thread->file = (Slice){"", 0};
    loop->item(loop->arg, index, worker);
    running = NULL;
    if (thread->file.size != 0)
        add_span(thread, "file", thread->file, begin_ns);
}

static void run(Executor *executor, size_t count, ExecutorItem item, void *arg)
{
    BuildTrace *trace = (BuildTrace *)(void *)executor;
    Loop loop = {trace, item, arg};
    executor_run(trace->inner, count, run_item, &loop);
}

static void run_heavy(Executor *executor, size_t count, ExecutorItem item, void *arg)
{
    BuildTrace *trace = (BuildTrace *)(void *)executor;
    Loop loop = {trace, item, arg};
    executor_run_heavy(trace->inner, count, run_item, &loop);
}

Executor *build_trace_executor(BuildTrace *trace)
{
    return &trace->executor;
}

/* ---- the trace ------------------------------------------------------------------------------- */

BuildTrace *build_trace_begin(const Compiler *compiler, Executor *executor)
{
    BuildTrace *trace = memory_allocate_zeroed(1, sizeof *trace);
    trace->executor = (Executor){.workers = executor->workers,
                                 .run = run,
                                 .run_heavy = run_heavy,
                                 .chunks = executor->chunks};
    trace->inner = executor;
    trace->compiler = trace->seen = *compiler;
    trace->compiler.scan_imports = scan_imports;
    trace->compiler.lower = lower;
    trace->compiler.emit = emit;
    trace->threads = memory_allocate_zeroed(executor->workers, sizeof *trace->threads);
    trace->begun_ns = now_ns();
    active = trace;
    return trace;
}

void build_trace_phase(BuildTrace *trace, const char *name)
{
    if (trace->phase != NULL)
        add_span(&trace->threads[0], "phase", slice_from(trace->phase), trace->phase_begun_ns);
    trace->phase = name;
    trace->phase_begun_ns = now_ns();
}

static void put_span(const BuildTrace *trace, const Span *span, unsigned thread, ByteBuffer *text)
{
    buffer_put(text, slice_from(",\n{\"name\":"));
    json_put_string(text, span->name);
    buffer_put_format(text,
                      ",\"cat\":\"%s\",\"ph\":\"X\",\"ts\":%.3f,\"dur\":%.3f,\"pid\":1,\"tid\":%u}",
                      span->category, (double)(span->begin_ns - trace->begun_ns) / 1e3,
                      (double)(span->end_ns - span->begin_ns) / 1e3, thread);
}

void build_trace_end(BuildTrace *trace, ByteBuffer *text)
{
    build_trace_phase(trace, NULL);
    buffer_put(text, slice_from("{\"traceEvents\":[\n{\"name\":\"process_name\",\"ph\":\"M\","
                                "\"pid\":1,\"args\":{\"name\":\"minic\"}}"));
    for (unsigned i = 0; i < trace->executor.workers; i++) {
        TraceThread *thread = &trace->threads[i];
        for (size_t n = 0; n < thread->count; n++)
            put_span(trace, &thread->spans[n], i, text);
        memory_free(thread->spans);
        arena_free(&thread->arena);
    }
    buffer_put(text, slice_from("\n]}\n"));
    memory_free(trace->threads);
    memory_free(trace);
    active = NULL;
}
