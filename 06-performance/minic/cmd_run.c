/* SPDX-License-Identifier: MIT */
/*
 * minic run: build, then run the result, whatever happens to the output meanwhile.
 *
 *     an executable       patched from run to run, and started while the build holds the lock; a
 *                         program that runs is not written again
 *     LLVM IR             copied while the build holds the lock, for clang or lli
 *
 * Where nothing can be kept, as in a project on a read-only disk, the program is built in memory,
 * into a temporary directory that goes when it has started.
 */
#include "build_session.h"
#include "child_process.h"
#include "commands.h"
#include "program_place.h"

#include <errno.h>

/* ---- an executable ------------------------------------------------------------------------- */

static int fail_to_start(const char *path, int status)
{
    ByteBuffer error = {0};
    buffer_put_format(&error, "cannot run %s: %s", path, strerror(-status));
    int result = invocation_complain(BUILD_MACHINE_FAILED, &error);
    buffer_free(&error);
    return result;
}

static int start(Invocation *invocation, const char *path, const HeldSignals *held)
{
    char **arguments =
        child_arguments((char *)path, NULL, invocation->line.program_arguments);
    progress_end(&invocation->progress);
    fflush(NULL);
    int status = child_start(&invocation->child, path, arguments, held);
    memory_free(arguments);
    return status;
}

/* From the temporary directory. */
static int start_temporary(Invocation *invocation, const char *path)
{
    ByteBuffer error = {0};
    if (held_signals_came(&invocation->program.held))
        return BUILD_MACHINE_FAILED; /* they take effect when the directory is removed */
    int status = start(invocation, path, &invocation->program.held);
    if (status == -EACCES) {
        buffer_put_format(&error, "cannot run %s: nothing may be executed there; TMPDIR names "
                                  "another place", path);
        status = invocation_complain(BUILD_MACHINE_FAILED, &error);
    } else if (status != 0) {
        status = fail_to_start(path, status);
    }
    buffer_free(&error);
    return status;
}

/* The file system of the output may be one from which nothing is executed. */
static int start_copy(Invocation *invocation)
{
    ByteBuffer error = {0};
    ProgramCopy *copy = &invocation->program;
    int status = program_copy_make(copy, invocation->line.output, &error);
    if (status != 0) {
        status = invocation_complain(BUILD_MACHINE_FAILED, &error);
    } else {
        if (!invocation->line.quiet)
            fprintf(stderr, "minic: %s is on a file system from which nothing is executed: "
                            "running a copy in %s\n", invocation->line.output, copy->dir);
        status = program_copy_make_executable(copy);
        status = status == 0 ? start_temporary(invocation, copy->ir)
                             : fail_to_start(copy->ir, status);
    }
    program_copy_remove(copy);
    buffer_free(&error);
    return status;
}

static int build_and_start(Invocation *invocation)
{
    BuildStats stats;
    int status = (int)build_session_build(invocation, true, &stats);
    if (status != BUILD_OK)
        return status;
    if (invocation->is_in_memory) {
        status = start_temporary(invocation, invocation->line.output);
        program_copy_remove(&invocation->program);
        return status;
    }
    status = start(invocation, invocation->line.output, NULL);
    if (status == -EACCES)
        return start_copy(invocation);
    return status == 0 ? BUILD_OK : fail_to_start(invocation->line.output, status);
}

static int wait_for_program(Invocation *invocation)
{
    ByteBuffer error = {0};
    int status = child_wait(&invocation->child, NULL, &error);
    if (error.size != 0)
        status = invocation_complain(status, &error);
    buffer_free(&error);
    return status;
}

/* Without -o, it is kept beside the cache. */
static int choose_place(Invocation *invocation)
{
    CommandLine *line = &invocation->line;
    ByteBuffer error = {0};
    int status = BUILD_OK;
    if (line->output_is_named)
        return BUILD_OK;
    int found = program_place_find(line->cache_dir, line->trust_cache, line->entry, &line->arena,
                                   &line->output, &error);
    if (build_session_is_read_only(-found))
        invocation->read_only_error = -found;
    else if (found != 0)
        status = invocation_complain(BUILD_MACHINE_FAILED, &error);
    buffer_free(&error);
    return status;
}

static int run_executable(Invocation *invocation)
{
    int status = build_session(invocation, build_and_start);
    program_copy_remove(&invocation->program);
    return status == BUILD_OK ? wait_for_program(invocation) : status;
}

/* ---- LLVM IR ------------------------------------------------------------------------------- */

/* The output is copied while the build holds the lock. */
static int build_and_copy(Invocation *invocation)
{
    BuildStats stats;
    ByteBuffer error = {0};
    int status = (int)build_session_build(invocation, true, &stats);
    if (status == BUILD_OK && !invocation->is_in_memory &&
        program_copy_make(&invocation->program, invocation->line.output, &error) != 0)
        status = invocation_complain(BUILD_MACHINE_FAILED, &error);
    buffer_free(&error);
    return status;
}

static void end_progress(void *context)
{
    progress_end(context);
}

/* clang may take longer than the build. */
static void show_compiling(Invocation *invocation, LlvmTool *tool)
{
    if (!invocation->on_terminal || !tool->is_clang)
        return;
    tool->starting = end_progress;
    tool->context = &invocation->progress;
    progress_begin(&invocation->progress, NULL, invocation->begun);
    progress_phase(&invocation->progress, "compiling with clang", false);
}

static int run_program(Invocation *invocation)
{
    LlvmTool tool;
    ByteBuffer error = {0};
    int status = -1;
    fflush(NULL);
    if (held_signals_came(&invocation->program.held))
        return BUILD_MACHINE_FAILED; /* they take effect when it is removed */
    if (llvm_tool_find(&tool, invocation->line.run_with, &error)) {
        show_compiling(invocation, &tool);
        status = program_run(&tool, &invocation->program, invocation->line.program_arguments,
                             &error);
        progress_end(&invocation->progress);
    }
    if (error.size != 0)
        status = invocation_complain(status < 0 ? BUILD_MACHINE_FAILED : status, &error);
    buffer_free(&error);
    return status;
}

/* The build is over and its lock released when the program starts. */
static int run_ir(Invocation *invocation)
{
    int status = build_session(invocation, build_and_copy);
    if (status == BUILD_OK)
        status = run_program(invocation);
    program_copy_remove(&invocation->program);
    return status;
}

/* ---- where ----------------------------------------------------------------------------------- */

static int run_here(Invocation *invocation)
{
    return invocation->line.emit == EMIT_IR ? run_ir(invocation) : run_executable(invocation);
}

/* Everything is compiled again. */
static int run_elsewhere(Invocation *invocation)
{
    CommandLine *line = &invocation->line;
    ProgramCopy *place = &invocation->program;
    ByteBuffer error = {0};
    if (!line->quiet)
        fprintf(stderr, "minic: %s: %s: nothing is kept, and the program is made in memory\n",
                line->cache_dir, strerror(invocation->read_only_error));
    if (program_copy_make_place(place, &error) != 0) {
        int status = invocation_complain(BUILD_MACHINE_FAILED, &error);
        buffer_free(&error);
        return status;
    }
    place->output = line->entry;
    line->cache_dir = place->cache;
    line->output = line->emit == EMIT_IR ? place->ir : place->program;
    invocation->is_in_memory = true;
    invocation->may_go_elsewhere = false;
    return run_here(invocation);
}

int cmd_run(Invocation *invocation)
{
    static const char refusal[] = ": run needs an output that is a file";
    int status = invocation->line.emit == EMIT_IR ? BUILD_OK : choose_place(invocation);
    if (status == BUILD_OK && invocation->read_only_error == 0)
        status = build_session_look_at_output(invocation, refusal, refusal);
    if (status != BUILD_OK)
        return status;
    invocation->may_go_elsewhere = !invocation->line.output_is_named;
    if (invocation->read_only_error == 0)
        status = run_here(invocation);
    return invocation->read_only_error == 0 ? status : run_elsewhere(invocation);
}
