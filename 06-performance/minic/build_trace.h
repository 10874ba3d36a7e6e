/* SPDX-License-Identifier: MIT */
/*
 * A build as spans of time: phases, loops, files and functions, for each thread; in the format of
 * Chrome's trace viewer, which Perfetto and speedscope read as well.
 *
 *     thread 0   lowering files ─────────────────────────── computing keys ──────
 *                main.mini ──── text.mini ───               main.mini ──
 *                lower ──       lower ──
 *     thread 1   lib/shapes.mini ──────
 *                lower ──
 *
 * Nothing below knows of it. It wraps the two things that a build is given from above: the
 * executor, so each item of a loop is seen on its thread, and the compiler, so each call is; and it
 * hears of phases. The spans of a thread are nested, or one after another.
 *
 *     BuildTrace *trace = build_trace_begin(&compiler, executor);
 *     ... a build with build_trace_compiler(trace) and build_trace_executor(trace) ...
 *     build_trace_phase(trace, "lowering files");       from its callback
 *     build_trace_end(trace, &text);                    JSON
 *
 * One at a time in a process. Format: "Trace Event Format", the Chromium project.
 */
#ifndef BUILD_TRACE_H
#define BUILD_TRACE_H

#include "compiler.h"
#include "executor.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct BuildTrace BuildTrace;

/* Both are lent until the end. */
BuildTrace *build_trace_begin(const Compiler *compiler, Executor *executor);

const Compiler *build_trace_compiler(const BuildTrace *trace);
Executor *build_trace_executor(BuildTrace *trace);

/* A phase begins, and the last one ends. The name is static text. From the thread of the build. */
void build_trace_phase(BuildTrace *trace, const char *name);

/* Appends the spans and frees the trace. Nothing that was given to a build is used any more. */
void build_trace_end(BuildTrace *trace, ByteBuffer *text);

#ifdef __cplusplus
}
#endif
#endif
