/* SPDX-License-Identifier: MIT */
/*
 * A program of three files, built both ways: as the stages do it, into out.ll with the cache
 * "cache", and naively, into naive.ll with "naive_cache".
 *
 * Only test_naive.c includes this.
 */
#ifndef TEST_PROJECT_H
#define TEST_PROJECT_H

#include "mini_compiler.h"
#include "naive.h"
#include "scratch.h"
#include "surgical_patch.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct Project { /* sources in a directory, and the caches of a build of them */
    Scratch scratch;
    Compiler compiler;
    ByteBuffer prelude;
    char entry[300], output[300], naive_output[300], cache_dir[300], naive_cache_dir[300];
} Project;

static const char *const sources[][2] = {
    {"main.mini", "import \"lib/shapes.mini\" as shapes;\nimport \"lib/text.mini\" as text;\n"
                  "fn main() i32 { text.show(shapes.area(3, 4)); return 0; }\n"},
    {"lib/shapes.mini", "import \"text.mini\" as text;\n"
                        "const SCALE: i32 = 2;\n"
                        "fn area(w: i32, h: i32) i32 { text.show(w); return w * h * SCALE; }\n"
                        "fn border(w: i32, h: i32) i32 { return 2 * (w + h); }\n"},
    {"lib/text.mini", "extern fn puts(line: str) i32;\n"
                      "fn show(n: i32) { print(n); }\nfn gap() { print(\"\"); }\n"},
};
enum { SOURCES = sizeof sources / sizeof *sources };

static void name(const Project *project, char path[300], const char *what)
{
    snprintf(path, 300, "%s/%s", project->scratch.path, what);
}

static int open_project(void **state)
{
    Project *project = calloc(1, sizeof *project);
    scratch_open(&project->scratch);
    for (size_t i = 0; i < SOURCES; i++) {
        scratch_write(&project->scratch, sources[i][0], sources[i][1]);
        scratch_age(&project->scratch, sources[i][0], 10);
    }
    name(project, project->entry, "main.mini");
    name(project, project->output, "out.ll");
    name(project, project->naive_output, "naive.ll");
    name(project, project->cache_dir, "cache");
    name(project, project->naive_cache_dir, "naive_cache");
    *state = project;
    return mini_compiler_init(&project->compiler, &(MiniSettings){0}, &project->prelude);
}

static int close_project(void **state)
{
    Project *project = *state;
    buffer_free(&project->prelude);
    scratch_close(&project->scratch);
    free(project);
    return 0;
}

static Build *plan(Project *project, const char *cache_dir, bool force)
{
    Build *build;
    BuildRequest request = {.compiler = &project->compiler,
                            .entry = project->entry,
                            .cache_dir = cache_dir,
                            .executor = &executor_serial,
                            .force = force};
    assert_int_equal(build_open(&build, &request), BUILD_OK);
    assert_int_equal(build_plan(build), BUILD_OK);
    return build;
}

static void build_ours(Project *project)
{
    PatchResult result;
    Build *build = plan(project, project->cache_dir, false);
    assert_int_equal(output_write(build, project->output, &result), BUILD_OK);
    build_close(build);
}

static uint64_t build_naive(Project *project, bool force)
{
    Build *build = plan(project, project->naive_cache_dir, force);
    assert_int_equal(naive_write_output(build, project->naive_output), BUILD_OK);
    uint64_t emitted = build_counts(build)->functions_emitted;
    build_close(build);
    return emitted;
}

static void open_caches(Project *project, MultiLevelCache *cache)
{
    CacheRequest request = {.directory = project->cache_dir,
                            .project_fd = project->scratch.fd,
                            .entry = slice_from("main.mini"),
                            .fingerprint = project->compiler.fingerprint,
                            .settings = project->compiler.settings};
    assert_int_equal(multi_level_cache_open(cache, &request), 0);
    assert_int_equal(multi_level_cache_open_units(cache), 0);
    assert_int_equal(multi_level_cache_open_objects(cache), 0);
}

static void edit(Project *project, const char *path, const char *from, const char *to)
{
    char *text = scratch_read(&project->scratch, path, NULL);
    char *at = strstr(text, from);
    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
    scratch_write(&project->scratch, path, text);
    scratch_age(&project->scratch, path, 5);
    free(text);
}

#endif
