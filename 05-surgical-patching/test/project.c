/* SPDX-License-Identifier: MIT */
#include "project.h"

#include "agreeing_counts.h"

#include <fcntl.h>
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

int project_setup(void **state)
{
    Project *project = memory_allocate_zeroed(1, sizeof *project);
    *state = project;
    project_open(project);
    return 0;
}

int project_setup_built(void **state)
{
    project_setup(state);
    project_expect(*state, "out", PATCH_FULL, REASON_FIRST_BUILD);
    return 0;
}

int project_teardown(void **state)
{
    project_close(*state);
    free(*state);
    return 0;
}

/* ---- its files ----------------------------------------------------------------------------- */

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

void project_edit(Project *project)
{
    char text[64];
    snprintf(text, sizeof text, "unit one edit %d\n", project->edits++);
    project_write(project, "a.line", text);
}

void project_overwrite(const Project *project, const char *name, off_t offset, const char *text)
{
    int fd = open(project_path(project, name), O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, text, strlen(text), offset), (ssize_t)strlen(text));
    close(fd);
}

const char *project_cache_file(const Project *project, const char *ending)
{
    static char found[512];
    *found = '\0';
    FileList files = scratch_list(&project->scratch, "cache");
    for (unsigned i = 0; i < files.count; i++) {
        size_t size = strlen(files.paths[i]);
        if (size >= strlen(ending) && strcmp(files.paths[i] + size - strlen(ending), ending) == 0)
            strcpy(found, files.paths[i]);
    }
    assert_string_not_equal(found, "");
    return found;
}

const char *project_path(const Project *project, const char *name)
{
    static char paths[8][512];
    static unsigned next;
    char *path = paths[next++ % 8];
    if (*name == '/' || strcmp(name, "-") == 0)
        return name;
    snprintf(path, sizeof *paths, "%s/%s", project->scratch.path, name);
    return path;
}

/* ---- builds -------------------------------------------------------------------------------- */

BuildRequest project_request(const Project *project, const Compiler *compiler)
{
    return (BuildRequest){
        .compiler = compiler,
        .entry = project_path(project, "main.line"),
        .cache_dir = project_path(project, "cache"),
        .executor = project->executor,
        .force = project->force,
        .paranoid = project->paranoid,
        .sync = project->sync,
        .in_memory = project->in_memory,
    };
}

static BuildStatus open_build(Project *project, Compiler *compiler, const char *cache,
                              Build **build)
{
    *compiler = line_language(project->settings);
    BuildRequest request = project_request(project, compiler);
    request.cache_dir = project_path(project, cache);
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
        status = output_write_as(build, project_path(project, output), project->format,
                                 &project->result);
    const BuildFailure *failure = build_failure(build);
    snprintf(project->failure, sizeof project->failure, "%s: %s", failure->path,
             failure->what == NULL ? "" : failure->what);
    project->error = failure->error;
    project->counts = *build_counts(build);
    assert_true(counts_agree(&project->counts));
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

void project_expect_failure(Project *project, const char *output, BuildStatus status,
                            const char *words)
{
    assert_int_equal(project_build(project, output), status);
    if (strstr(project->failure, words) == NULL)
        fail_msg("'%s' does not say '%s'", project->failure, words);
}

void project_expect_kept(const Project *project, const char *name, char *before)
{
    char *after = scratch_read(&project->scratch, name, NULL);
    assert_string_equal(after, before);
    free(before);
    free(after);
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

/* ---- a program with many files ------------------------------------------------------------- */

void project_write_many(Project *project, int first, int step, size_t size, char letter)
{
    for (int i = first; i < MANY; i += step) {
        char file[32];
        snprintf(file, sizeof file, "many/%d.line", i);
        project_write_unit(project, file, "unit", size, letter);
    }
}

void project_build_many(Project *project)
{
    ByteBuffer text = {0};
    char line[64];
    for (int i = 0; i < MANY; i++) {
        snprintf(line, sizeof line, "import \"many/%d.line\" as m%d\n", i, i);
        buffer_put(&text, slice_from(line));
    }
    buffer_put(&text, slice_of("unit main x\n", sizeof "unit main x\n"));
    project_write(project, "main.line", text.data);
    buffer_free(&text);
    project_write_many(project, 0, 1, 10, 'a');
    project_expect(project, "out", PATCH_REASSEMBLE, REASON_TOO_MANY_CHANGES);
}
