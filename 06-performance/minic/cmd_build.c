/* SPDX-License-Identifier: MIT */
/* minic build: compile to one file. */
#include "build_session.h"
#include "commands.h"

#include <unistd.h>

static int build_and_summarize(Invocation *invocation)
{
    BuildStats stats;
    BuildStatus status = build_session_build(invocation, true, &stats);
    bool is_heard = !invocation->line.quiet && invocation->stream != STDERR_FILENO;
    if (status == BUILD_OK && is_heard)
        invocation_print_summary(invocation, &stats);
    return (int)status;
}

int cmd_build(Invocation *invocation)
{
    int status = build_session_look_at_output(invocation, NULL, NULL);
    return status == BUILD_OK ? build_session(invocation, build_and_summarize) : status;
}
