/* SPDX-License-Identifier: MIT */
/* minic check: report errors. Everything that would be built is checked; only the caches are
 * written. */
#include "build_session.h"
#include "commands.h"

static int check(Invocation *invocation)
{
    BuildStats stats;
    return (int)build_session_build(invocation, false, &stats);
}

int cmd_check(Invocation *invocation)
{
    return build_session(invocation, check);
}
