/* SPDX-License-Identifier: MIT */
/*
 * The steps of the functions of a generated corpus.
 *
 * A function is a list of steps on one number, `total`. Each kind of step exists twice, side by
 * side: step_write writes it in Mini, step_run does it here, in 32-bit arithmetic that wraps
 * around. A new kind is a line in the enum and a case in both.
 *
 * Only generate_corpus.c includes this.
 */
#ifndef CORPUS_STEPS_H
#define CORPUS_STEPS_H

#include "memory.h"

#include <stdarg.h>
#include <stdio.h>

typedef enum StepKind {
    STEP_MIX,
    STEP_BRANCH,
    STEP_LOOP,
    STEP_PART,
    STEP_WIDE,
    STEP_CALL, /* kinds before this one need nothing from another file */
    STEP_LIMIT,
    STEP_SPAN,
} StepKind;

typedef struct Step {
    StepKind kind;
    int a, b, c;  /* positive constants; their meaning depends on the kind */
    int file;     /* whose function, constant or struct */
    int function; /* of a call */
} Step;

/* Appends at most 511 formatted bytes. */
__attribute__((format(printf, 2, 3))) static void put(ByteBuffer *text, const char *format, ...)
{
    va_list arguments;
    buffer_reserve(text, 512);
    va_start(arguments, format);
    text->size += (size_t)vsnprintf(text->data + text->size, 512, format, arguments);
    va_end(arguments);
}

/* ---- names ----------------------------------------------------------------------------------- */

static const char *const verbs[] = {"settle", "measure", "blend",   "weigh", "route", "sample",
                                    "adjust", "balance", "rescale", "tally", "shift", "merge"};
static const char *const nouns[] = {"pressure", "flow",   "demand", "stock", "signal", "budget",
                                    "load",     "supply", "rate",   "depth", "window", "margin"};
enum { VERBS = sizeof verbs / sizeof *verbs, NOUNS = sizeof nouns / sizeof *nouns };

static void put_function_name(ByteBuffer *text, int file, int function)
{
    put(text, "%s_%s", verbs[(file / NOUNS + function) % VERBS], nouns[file % NOUNS]);
    if (function >= VERBS)
        put(text, "_%d", function / VERBS + 1);
}

/* `f00042.` before a name of another file. */
static void put_qualifier(ByteBuffer *text, int from, int to)
{
    if (to != from)
        put(text, "f%05d.", to);
}

/* The value of a file's constant LIMIT, if it has one. */
static int limit_of(int file)
{
    return 10007 + file % 997;
}

/* ---- in Mini --------------------------------------------------------------------------------- */

static void write_branch(ByteBuffer *text, const Step *step)
{
    put(text, "    if (total %% %d == 1 || total < -%d) {\n", step->a, step->c);
    put(text, "        total = total / %d - %d;\n", step->a, step->b);
    put(text, "    } else {\n        total = (total - %d) * %d;\n    }\n", step->c, step->b);
}

static void write_loop(ByteBuffer *text, const Step *step, int number)
{
    put(text, "    var i%d = 0;\n    while (i%d < %d) {\n", number, number, step->a);
    put(text, "        total = total * %d + i%d;\n", step->b, number);
    put(text, "        if (total > %d) { break; }\n", step->c);
    put(text, "        i%d = i%d + 1;\n    }\n", number, number);
}

static void write_span(ByteBuffer *text, int file, const Step *step, int number)
{
    put(text, "    var span%d = ", number);
    put_qualifier(text, file, step->file);
    put(text, "Span{ low: total, high: total / %d };\n", step->a);
    put(text, "    span%d.low = span%d.low - %d;\n", number, number, step->b);
    put(text, "    total = span%d.high - span%d.low;\n", number, number);
}

/* As step `number` of a function in `file`: the number keeps the names of locals apart. */
static void step_write(ByteBuffer *text, int file, const Step *step, int number)
{
    switch (step->kind) {
    case STEP_MIX:
        put(text, "    total = total * %d + %d - total / %d;\n", step->b, step->c, step->a);
        break;
    case STEP_BRANCH:
        write_branch(text, step);
        break;
    case STEP_LOOP:
        write_loop(text, step, number);
        break;
    case STEP_PART:
        put(text, "    const part%d = total / %d;\n", number, step->a);
        put(text, "    total = part%d * %d - (total - part%d);\n", number, step->b, number);
        break;
    case STEP_WIDE:
        put(text, "    const wide%d: i64 = (total as i64) * %d;\n", number, step->c);
        put(text, "    total = (wide%d %% 1000003) as i32;\n", number);
        break;
    case STEP_CALL:
        put(text, "    total = total * %d + ", step->a);
        put_qualifier(text, file, step->file);
        put_function_name(text, step->file, step->function);
        put(text, "(total - %d);\n", step->b);
        break;
    case STEP_LIMIT:
        put(text, "    total = total %% ");
        put_qualifier(text, file, step->file);
        put(text, "LIMIT + %d;\n", step->b);
        break;
    case STEP_SPAN:
        write_span(text, file, step, number);
        break;
    }
}

/* ---- here ------------------------------------------------------------------------------------ */

/* Sums and products of two 32-bit numbers and a few constants fit 64 bits; this wraps them. */
static int32_t wrap(int64_t value)
{
    return (int32_t)(uint32_t)(uint64_t)value;
}

static int32_t run_loop(const Step *step, int32_t total)
{
    for (int i = 0; i < step->a; i++) {
        total = wrap((int64_t)total * step->b + i);
        if (total > step->c)
            break;
    }
    return total;
}

/* The argument of a call; its result goes into step_run. */
static int32_t step_argument(const Step *step, int32_t total)
{
    return wrap((int64_t)total - step->b);
}

/* `total` after the step; `result` is the value returned by the called function, if the step is a
 * call. */
static int32_t step_run(const Step *step, int32_t total, int32_t result)
{
    int64_t t = total; /* so that no operator below can overflow */
    switch (step->kind) {
    case STEP_MIX:
        return wrap(t * step->b + step->c - t / step->a);
    case STEP_BRANCH:
        if (t % step->a == 1 || t < -step->c)
            return wrap(t / step->a - step->b);
        return wrap((t - step->c) * step->b);
    case STEP_LOOP:
        return run_loop(step, total);
    case STEP_PART:
        return wrap(t / step->a * step->b - (t - t / step->a));
    case STEP_WIDE:
        return wrap(t * step->c % 1000003);
    case STEP_CALL:
        return wrap(t * step->a + result);
    case STEP_LIMIT:
        return wrap(t % limit_of(step->file) + step->b);
    case STEP_SPAN: {
        int32_t low = wrap(t - step->b);
        return wrap(t / step->a - low);
    }
    }
    return total;
}

#endif
