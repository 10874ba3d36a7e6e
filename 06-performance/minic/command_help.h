/* SPDX-License-Identifier: MIT */
/*
 * The pages of the help, made from the tables of commands and flags.
 *
 *     ByteBuffer text = {0};
 *     command_help(&text, NULL);                              all commands and flags
 *     command_help(&text, command_rule_find("build"));        one of them, with an example
 */
#ifndef COMMAND_HELP_H
#define COMMAND_HELP_H

#include "command_table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Appends the page of a command; NULL: of all of them. */
void command_help(ByteBuffer *text, const CommandRule *rule);

#ifdef __cplusplus
}
#endif
#endif
