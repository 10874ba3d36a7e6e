/* SPDX-License-Identifier: MIT */
/* minic help: the page of one command, or of all. */
#include "command_help.h"
#include "commands.h"
#include "invocation.h"

int cmd_help(Invocation *invocation)
{
    const char *topic = invocation->line.topic;
    command_help(&invocation->text, topic == NULL ? NULL : command_rule_find(topic));
    invocation_print_text(&invocation->text, stdout);
    return BUILD_OK;
}
