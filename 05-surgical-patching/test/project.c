/* SPDX-License-Identifier: MIT */
#include "project.h"

#include "line_language.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void project_open(Project *project)
{
    *project = (Project){.settings = "default", .executor = &executor_serial};
    scratch_open(&project->scratch);
    project_write(project, "main.line",
                  "import \"a.line\" as a\nimport \"b.line\" as b\nunit main $a.one $b.two\n");
    project_write(project, "a.line", "unit one first\n");
    project_write(project, "b.line", "import \"lib/c.line\" as c\nunit two $c.three\n");
    project_write(project, "lib/c.line", "unit three third\n");
}

void project_close(Project *project)
{
    scratch_close(&project->scratch);
}

void project_write(const Project *project, const char *name, const char *text)
{
    scratch_write(&project->scratch, name, text);
}

void project_write_unit(const Project *project, const char *file, const char *name,
                        size_t size, char letter)
{
    ByteBuffer text = {0};
    buffer_put(&text, slice_from("unit "));
    buffer_put(&text, slice_from(name));
    buffer_put_byte(&text, ' ');
    for (size_t i = 0; i < size; i++)
        buffer_put_byte(&text, letter);
    buffer_put(&text, slice_of("\n", 2));
    project_write(project, file, text.data);
    buffer_free(&text);
}

const char *project_path(const Project *project, const char *name)
{
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];
    if (*name == '/')
        return name;
    snprintf(path, sizeof *paths, "%s/%s", project->scratch.path, name);
    return path;
}

static BuildStatus open_build(Project *project, Compiler *compiler, const char *cache,
                              Build **build)
{
    *compiler = line_language(project->settings);
    BuildRequest request = {
        .compiler = compiler,
        .entry = project_path(project, "main.line"),
        .cache_dir = project_path(project, cache),
        .executor = project->executor,
        .force = project->force,
        .paranoid = project->paranoid,
        .sync = project->sync,
    };
    BuildStatus status = build_open(build, &request);
    return status == BUILD_OK ? build_plan(*build) : status;
}

static BuildStatus build_with_cache(Project *project, const char *output, const char *cache)
{
    Build *build;
    Compiler compiler;
    BuildStatus status = open_build(project, &compiler, cache, &build);
    project->result = (PatchResult){0};
    if (status == BUILD_OK)
        status = output_write(build, project_path(project, output), &project->result);
    const BuildFailure *failure = build_failure(build);
    snprintf(project->failure, sizeof project->failure, "%s: %s", failure->path,
             failure->what == NULL ? "" : failure->what);
    project->counts = *build_counts(build);
    build_close(build);
    return status;
}

BuildStatus project_build(Project *project, const char *output)
{
    return build_with_cache(project, output, "cache");
}

void project_expect_clean_output(Project *project, const char *output)
{
    char name[64];
    size_t size, clean_size;
    Project clean = *project;
    snprintf(name, sizeof name, "clean/%d", project->clean_builds++);
    scratch_write(&project->scratch, "clean/marker", "");
    assert_int_equal(build_with_cache(&clean, "clean/out", name), BUILD_OK);
    char *text = scratch_read(&project->scratch, output, &size);
    char *clean_text = scratch_read(&project->scratch, "clean/out", &clean_size);
    assert_int_equal(size, clean_size);
    assert_memory_equal(text, clean_text, size);
    free(text);
    free(clean_text);
    assert_int_equal(unlink(project_path(project, "clean/out")), 0);
}

void project_expect(Project *project, const char *output, PatchStrategy strategy,
                    PatchReason reason)
{
    if (project_build(project, output) != BUILD_OK)
        fail_msg("build failed: %s", project->failure);
    assert_string_equal(patch_strategy_name(project->result.strategy),
                        patch_strategy_name(strategy));
    assert_string_equal(patch_reason_name(project->result.reason), patch_reason_name(reason));
    project_expect_clean_output(project, output);
}

void project_change_record(Project *project,
                           void (*change)(OutputRecord *record, void *context), void *context)
{
    Build *build;
    Compiler compiler;
    OutputState state;
    assert_int_equal(open_build(project, &compiler, "cache", &build), BUILD_OK);
    output_state_open(&state, build);
    assert_true(state.is_known);
    OutputRecord record = state.record;
    change(&record, context);
    output_state_record(&state, build, &record, state.path);
    assert_int_equal(build_save(build), BUILD_OK);
    assert_int_equal(build_commit(build), BUILD_OK);
    output_state_close(&state);
    build_close(build);
}
