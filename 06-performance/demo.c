/* SPDX-License-Identifier: MIT */
/*
 * One build, on one worker and on all of them: which phases get faster?
 *
 * The program is made up on the spot: FILES files, each with FUNCTIONS functions that call
 * functions of two other files.
 */
#include "mini_compiler.h"
#include "surgical_patch.h"
#include "work_pool.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { FILES = 800, FUNCTIONS = 20, PATH_SIZE = 512 };

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void write_file(const char *dir, int number)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/file%d.mini", dir, number);
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return;
    int left = 2 * number + 1, right = 2 * number + 2;
    if (left < FILES)
        fprintf(file, "import \"file%d.mini\" as left;\n", left);
    if (right < FILES)
        fprintf(file, "import \"file%d.mini\" as right;\n", right);
    if (number == 0)
        fputs("fn main() i32 { print(f0(1)); return 0; }\n", file);
    for (int f = 0; f < FUNCTIONS; f++)
        fprintf(file,
                "fn f%d(x: i32) i32 {\n"
                "    var sum = x * %d;\n"
                "    while sum > 1000 { sum = sum / 2 - %d; }\n"
                "    return sum + %s(x) - %s(sum);\n"
                "}\n",
                f, number + f, f, left < FILES ? "left.f0" : "print_less",
                right < FILES ? "right.f0" : "print_less");
    fputs("fn print_less(x: i32) i32 { return x; }\n", file);
    fclose(file);
}

/* Removes the files of a directory, then the directory. */
static void remove_dir(const char *path)
{
    DIR *dir = opendir(path);
    for (struct dirent *entry = dir == NULL ? NULL : readdir(dir); entry != NULL;
         entry = readdir(dir)) {
        char name[PATH_SIZE + 256];
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        unlink(name);
    }
    if (dir != NULL)
        closedir(dir);
    rmdir(path);
}

/* One build into a directory of its own. Prints a line of phase times in milliseconds. */
static BuildStatus build(const Compiler *compiler, const char *dir, const char *target,
                         WorkPool *pool, const char *label)
{
    char entry[PATH_SIZE], output[PATH_SIZE];
    snprintf(entry, sizeof entry, "%s/file0.mini", dir);
    snprintf(output, sizeof output, "%s/out.ll", target);
    BuildRequest request = {
        .compiler = compiler, .entry = entry, .cache_dir = target, .executor = &pool->executor};
    PatchResult patch = {0};
    Build *running;
    double begun = now_seconds();
    BuildStatus status = build_open(&running, &request);
    if (status == BUILD_OK)
        status = build_plan(running);
    if (status == BUILD_OK)
        status = output_write(running, output, &patch);
    double total = now_seconds() - begun;
    if (status == BUILD_OK) {
        const BuildTimes *times = build_times(running);
        printf("%-22s%9.2f%9.2f%9.2f%9.2f%9.2f%9.2f\n", label, times->discover * 1e3,
               times->lower * 1e3, times->keys * 1e3, times->emit * 1e3, patch.write_seconds * 1e3,
               total * 1e3);
    } else {
        printf("%s: failed: %s\n", label, build_failure(running)->what);
    }
    build_close(running);
    return status;
}

static int compare(const Compiler *compiler, const char *dir)
{
    char targets[2][PATH_SIZE], label[32];
    WorkPool alone, all;
    work_pool_init(&alone, 1);
    work_pool_init(&all, 0);
    snprintf(targets[0], PATH_SIZE, "%s/alone", dir);
    snprintf(targets[1], PATH_SIZE, "%s/all", dir);
    snprintf(label, sizeof label, "cold, %u workers", all.executor.workers);

    printf("%d files, %d functions; milliseconds\n\n", FILES, FILES * (FUNCTIONS + 1) + 1);
    printf("%-22s%9s%9s%9s%9s%9s%9s\n", "", "discover", "lower", "keys", "emit", "write", "total");
    int failed = build(compiler, dir, targets[0], &alone, "cold, 1 worker") != BUILD_OK ||
                 build(compiler, dir, targets[1], &all, label) != BUILD_OK ||
                 build(compiler, dir, targets[1], &all, "nothing changed") != BUILD_OK;
    remove_dir(targets[0]);
    remove_dir(targets[1]);
    work_pool_free(&alone);
    work_pool_free(&all);
    return failed;
}

int main(void)
{
    char dir[] = "/tmp/minic-demo-XXXXXX";
    Compiler compiler;
    ByteBuffer prelude = {0};
    if (mkdtemp(dir) == NULL || mini_compiler_init(&compiler, &(MiniSettings){0}, &prelude) != 0) {
        perror("demo");
        return 1;
    }
    for (int i = 0; i < FILES; i++)
        write_file(dir, i);
    int failed = compare(&compiler, dir);
    remove_dir(dir);
    buffer_free(&prelude);
    return failed;
}
