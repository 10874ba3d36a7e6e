/* SPDX-License-Identifier: MIT */
/*
 * One build, on one worker and on all of them: which phases get faster?
 *
 * The program is generated: FILES files, each with FUNCTIONS functions that call functions of two
 * other files.
 */
#include "chunk_pool.h"
#include "demo_story.h"
#include "mini_compiler.h"
#include "program_begin.h"
#include "surgical_patch.h"
#include "work_pool.h"

#include <stdio.h>
#include <time.h>

enum { FILES = 800, FUNCTIONS = 20 };

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void put_import(ByteBuffer *text, int number, const char *alias)
{
    if (number < FILES)
        buffer_put_format(text, "import \"file%d.mini\" as %s;\n", number, alias);
}

static void put_function(ByteBuffer *text, int f, int factor, const char *left, const char *right)
{
    buffer_put_format(text,
                      "fn f%d(x: i32) i32 {\n"
                      "    var sum = x * %d;\n"
                      "    while sum > 1000 { sum = sum / 2 - %d; }\n"
                      "    return sum + %s(x) - %s(sum);\n"
                      "}\n",
                      f, factor, f, left, right);
}

static void write_file(int number)
{
    char path[32];
    ByteBuffer text = {0};
    int left = 2 * number + 1, right = 2 * number + 2;
    put_import(&text, left, "left");
    put_import(&text, right, "right");
    if (number == 0)
        buffer_put_format(&text, "fn main() i32 { print(f0(1)); return 0; }\n");
    for (int f = 0; f < FUNCTIONS; f++)
        put_function(&text, f, number + f, left < FILES ? "left.f0" : "print_less",
                     right < FILES ? "right.f0" : "print_less");
    buffer_put_format(&text, "fn print_less(x: i32) i32 { return x; }\n");
    buffer_put_byte(&text, '\0');
    snprintf(path, sizeof path, "file%d.mini", number);
    story_write(path, text.data);
    buffer_free(&text);
}

static void print_times(const char *label, const BuildTimes *times, double write, double total)
{
    printf("%-22s%9.2f%9.2f%9.2f%9.2f%9.2f%9.2f\n", label, times->discover * 1e3,
           times->lower * 1e3, times->keys * 1e3, times->emit * 1e3, write * 1e3, total * 1e3);
}

/* One build, with its cache in `target` and its output beside it. Prints a line of phase times in
 * milliseconds. */
static BuildStatus build(const Compiler *compiler, const char *target, WorkPool *pool,
                         const char *label)
{
    char output[32];
    snprintf(output, sizeof output, "%s.ll", target);
    BuildRequest request = {.compiler = compiler,
                            .entry = "file0.mini",
                            .cache_dir = target,
                            .executor = &pool->executor};
    PatchResult patch = {0};
    Build *running;
    double begun = now_seconds();
    BuildStatus status = build_open(&running, &request);
    if (status == BUILD_OK)
        status = build_plan(running);
    if (status == BUILD_OK)
        status = output_write(running, output, &patch);
    if (status == BUILD_OK)
        print_times(label, build_times(running), patch.write_seconds, now_seconds() - begun);
    else
        printf("%s: failed: %s\n", label, build_failure(running)->what);
    build_close(running);
    return status;
}

static int compare(const Compiler *compiler)
{
    char label[32];
    WorkPool alone, all;
    ChunkPool chunks;
    work_pool_init(&alone, 1);
    work_pool_init(&all, 0);
    chunk_pool_init(&chunks);
    alone.executor.chunks = all.executor.chunks = &chunks.source;
    snprintf(label, sizeof label, "cold, %u workers", all.executor.workers);

    printf("%d files, %d functions; milliseconds\n\n", FILES, FILES * (FUNCTIONS + 1) + 1);
    printf("%-22s%9s%9s%9s%9s%9s%9s\n", "", "discover", "lower", "keys", "emit", "write", "total");
    int failed = build(compiler, "alone", &alone, "cold, 1 worker") != BUILD_OK ||
                 build(compiler, "all", &all, label) != BUILD_OK ||
                 build(compiler, "all", &all, "nothing changed") != BUILD_OK;
    work_pool_free(&alone);
    work_pool_free(&all);
    chunk_pool_free(&chunks);
    return failed;
}

static int story(void)
{
    Compiler compiler;
    ByteBuffer prelude = {0};
    if (mini_compiler_init(&compiler, &(MiniSettings){0}, &prelude) != 0) {
        perror("demo-06");
        return 1;
    }
    for (int i = 0; i < FILES; i++)
        write_file(i);
    int failed = compare(&compiler);
    buffer_free(&prelude);
    return failed;
}

int main(void)
{
    program_begin();
    return program_end("demo-06", story_tell("demo-06", story));
}
