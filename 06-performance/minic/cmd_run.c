/* SPDX-License-Identifier: MIT */
/* minic run: build, then run the result, whatever happens to the output meanwhile. */
#include "build_session.h"
#include "commands.h"

/* The output is copied while the build holds the lock. */
static int build_and_copy(Invocation *invocation)
{
    BuildStats stats;
    ByteBuffer error = {0};
    int status = (int)build_session_build(invocation, true, &stats);
    if (status == BUILD_OK &&
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
    if (llvm_tool_find(&tool, &error)) {
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
int cmd_run(Invocation *invocation)
{
    static const char refusal[] = ": run needs an output that is a file";
    int status = build_session_look_at_output(invocation, refusal, refusal);
    if (status == BUILD_OK)
        status = build_session(invocation, build_and_copy);
    if (status == BUILD_OK)
        status = run_program(invocation);
    program_copy_remove(&invocation->program);
    return status;
}
