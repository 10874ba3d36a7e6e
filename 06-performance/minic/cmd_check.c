/* SPDX-License-Identifier: MIT */
/* minic check: report errors. Everything that would be built is checked; only the caches are
 * written. */
#include "build_session.h"
#include "commands.h"

static BuildStatus check_only(Invocation *invocation, PatchResult *patch)
{
    (void)patch; /* no output is looked at */
    BuildStatus status = build_plan(invocation->build);
    return status == BUILD_OK ? build_emit(invocation->build) : status;
}

static int check(Invocation *invocation)
{
    BuildStats stats;
    return (int)build_session_build(invocation, check_only, &stats);
}

int cmd_check(Invocation *invocation)
{
    return build_session(invocation, check);
}
