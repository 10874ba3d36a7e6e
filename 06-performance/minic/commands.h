/* SPDX-License-Identifier: MIT */
/*
 * The commands of minic, one file for each: cmd_build.c has cmd_build. Only the table in
 * command_table.c names them: main calls what the table says. Private to minic.
 *
 * Each returns the exit status.
 */
#ifndef COMMANDS_H
#define COMMANDS_H

#ifdef __cplusplus
extern "C" {
#endif

struct Invocation;

int cmd_build(struct Invocation *invocation);
int cmd_run(struct Invocation *invocation);
int cmd_check(struct Invocation *invocation);
int cmd_clean(struct Invocation *invocation);
int cmd_cache(struct Invocation *invocation);
int cmd_verify(struct Invocation *invocation);
int cmd_plan(struct Invocation *invocation);
int cmd_graph(struct Invocation *invocation);
int cmd_digest(struct Invocation *invocation);
int cmd_diff(struct Invocation *invocation);
int cmd_doctor(struct Invocation *invocation);
int cmd_help(struct Invocation *invocation);
int cmd_version(struct Invocation *invocation);

#ifdef __cplusplus
}
#endif
#endif
