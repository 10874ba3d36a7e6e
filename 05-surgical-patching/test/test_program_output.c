/* SPDX-License-Identifier: MIT */
/* An output that is a program, and runs, is not written to. The head of the format in this test is
 * the test's own executable, so the output can be started: it then waits until it is killed. What
 * formats do else is in test_output_format.c. */
#include "project.h"

#include "output_layout.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the format ---------------------------------------------------------------------------- */

static const char *own_path;
static ByteBuffer own_bytes; /* whole blocks */

static void read_own_executable(void)
{
    char part[4096];
    size_t size;
    FILE *file = fopen(own_path, "rb");
    assert_non_null(file);
    while ((size = fread(part, 1, sizeof part, file)) != 0)
        buffer_put(&own_bytes, slice_of(part, size));
    fclose(file);
    while (own_bytes.size % OUTPUT_BLOCK != 0)
        buffer_put_byte(&own_bytes, '\0');
}

static int begin_all(OutputFormat *format, Build *build)
{
    (void)build;
    format->head = buffer_slice(&own_bytes);
    return 0;
}

static int begin_patch(OutputFormat *format, Build *build, const OutputBase *base, ByteBuffer *more)
{
    (void)build, (void)more;
    format->head_blocks = base->head_blocks;
    return 0;
}

static int end_patch(OutputFormat *format, Build *build, const OutputPatch *patch,
                     const DirtyParts *dirty)
{
    (void)build, (void)patch, (void)dirty;
    format->head = (Slice){0};
    return 0;
}

static uint64_t text_blocks(const OutputFormat *format, Slice path, const Slice *texts,
                            uint32_t count)
{
    uint64_t size = 0;
    (void)format, (void)path;
    for (uint32_t i = 0; i < count; i++)
        size += texts[i].size;
    return blocks_of(size);
}

static int write_texts(const OutputFormat *format, char *to, uint64_t size, Slice path,
                       const Slice *texts, uint32_t count)
{
    (void)format, (void)path;
    memset(to, ' ', (size_t)size);
    for (uint32_t i = 0; i < count; to += texts[i++].size)
        memcpy(to, texts[i].data, texts[i].size);
    return 0;
}

static OutputFormat program_format(void)
{
    return (OutputFormat){.begin_all = begin_all,
                          .begin_patch = begin_patch,
                          .end_patch = end_patch,
                          .section_blocks = text_blocks,
                          .section_write = write_texts,
                          .is_program = true};
}

/* ---- builds -------------------------------------------------------------------------------- */

static void build_program(Project *project, const char *output, const char *cache,
                          PatchResult *result)
{
    Build *build;
    Compiler compiler = line_language(project->settings);
    OutputFormat format = program_format();
    BuildRequest request = project_request(project, &compiler);
    request.cache_dir = project_path(project, cache);
    assert_int_equal(build_open(&build, &request), BUILD_OK);
    assert_int_equal(build_plan(build), BUILD_OK);
    assert_int_equal(output_write_as(build, project_path(project, output), &format, result),
                     BUILD_OK);
    build_close(build);
}

/* Builds "program", and fails the test unless it is built this way, and like one built from
 * nothing. */
static void expect(Project *project, PatchStrategy strategy, PatchReason reason)
{
    char cache[64];
    PatchResult result, fresh;
    size_t size, fresh_size;
    build_program(project, "program", "cache", &result);
    assert_string_equal(patch_strategy_name(result.strategy), patch_strategy_name(strategy));
    assert_string_equal(patch_reason_name(result.reason), patch_reason_name(reason));
    snprintf(cache, sizeof cache, "fresh.%d", project->clean_builds++);
    build_program(project, "fresh", cache, &fresh);
    char *bytes = scratch_read(&project->scratch, "program", &size);
    char *fresh_bytes = scratch_read(&project->scratch, "fresh", &fresh_size);
    assert_int_equal(size, fresh_size);
    assert_memory_equal(bytes, fresh_bytes, size);
    free(bytes);
    free(fresh_bytes);
    assert_int_equal(unlink(project_path(project, "fresh")), 0);
}

/* Starts "program". Once it is over, the pipe says so; once it runs, it has written a byte. */
static pid_t start_program(const Project *project)
{
    int ends[2];
    char byte;
    const char *path = project_path(project, "program");
    assert_int_equal(pipe(ends), 0);
    pid_t id = fork();
    assert_true(id >= 0);
    if (id == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl(path, path, "wait", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    return id;
}

static void stop_program(pid_t id)
{
    int status;
    assert_int_equal(kill(id, SIGKILL), 0);
    assert_int_equal(waitpid(id, &status, 0), id);
    assert_true(WIFSIGNALED(status)); /* until then it ran */
}

/* ---- tests --------------------------------------------------------------------------------- */

static ino_t inode_of(const Project *project)
{
    struct stat status;
    assert_int_equal(stat(project_path(project, "program"), &status), 0);
    return status.st_ino;
}

static void a_program_that_runs_is_replaced(void **state)
{
    Project *project = *state;
    expect(project, PATCH_FULL, REASON_FIRST_BUILD);
    ino_t first = inode_of(project);
    pid_t id = start_program(project);
    project_edit(project);
    expect(project, PATCH_REASSEMBLE, REASON_OUTPUT_IN_USE);
    assert_true(inode_of(project) != first);
    stop_program(id);
    ino_t second = inode_of(project);
    project_edit(project); /* nothing runs the second file */
    expect(project, PATCH_IN_PLACE, REASON_NONE);
    assert_true(inode_of(project) == second);
    stop_program(start_program(project)); /* it can still be started */
}

static int wait_to_be_killed(void)
{
    if (write(STDOUT_FILENO, "x", 1) == 1)
        for (;;)
            pause();
    return 1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        CASE_IN_PROJECT(a_program_that_runs_is_replaced),
    };
    if (argc == 2 && strcmp(argv[1], "wait") == 0)
        return wait_to_be_killed();
    own_path = argv[0];
    read_own_executable();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    buffer_free(&own_bytes);
    return failed;
}
