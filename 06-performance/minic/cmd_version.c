/* SPDX-License-Identifier: MIT */
/* minic version: which minic this is, and what `run` uses. */
#include "commands.h"
#include "invocation.h"
#include "program_version.h"

int cmd_version(Invocation *invocation)
{
    program_version(&invocation->text);
    invocation_print_text(&invocation->text, stdout);
    return BUILD_OK;
}
