/* SPDX-License-Identifier: MIT */
/*
 * All commands and flags, in two tables. The parser and the help both use them, so every flag that
 * is parsed is in the help, and the other way round.
 */
#ifndef COMMAND_TABLE_H
#define COMMAND_TABLE_H

#include "command_line.h"
#include "commands.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum Flag {
    FLAG_OUTPUT,
    FLAG_EMIT,
    FLAG_DEPFILE,
    FLAG_DEPFILE_NAME,
    FLAG_WITH,
    FLAG_CACHE_DIR,
    FLAG_ROOT,
    FLAG_WORKERS,
    FLAG_VERBOSE,
    FLAG_VERY_VERBOSE,
    FLAG_QUIET,
    FLAG_STATS,
    FLAG_TRACE,
    FLAG_FORCE,
    FLAG_PARANOID,
    FLAG_TRUST_CACHE,
    FLAG_SYNC,
    FLAG_CACHE_LIMIT,
    FLAG_JSON,
    FLAG_DOT,
    FLAG_ORDER,
    FLAG_DEPENDENCIES,
    FLAG_DEPENDENTS,
    FLAG_HELP,
    FLAG_VERSION,
} Flag;

typedef enum FlagValue { VALUE_NONE, VALUE_NEEDED, VALUE_OPTIONAL } FlagValue;

typedef struct FlagRule {
    const char *name;
    const char *value_name; /* as in the help, after the name */
    const char *help;       /* one line; NULL: another name of the flag that follows */
    Flag flag;
    FlagValue value;   /* "-j 4" and "-j4", "--cache-dir x" and "--cache-dir=x"; an optional
                          value only with "=" */
    unsigned commands; /* commands that take it: 1u << COMMAND_... */
} FlagRule;

typedef struct CommandRule {
    const char *name;
    Command command;
    const char *arguments; /* "ENTRY.mini [flags]" */
    const char *summary;   /* half a line */
    const char *details;   /* lines */
    const char *example;   /* lines, each begins with two spaces */
    int (*run)(struct Invocation *invocation); /* returns the exit status */
} CommandRule;

enum { FLAG_RULES = 26, COMMAND_RULES = 13 };

extern const FlagRule flag_rules[FLAG_RULES];
extern const CommandRule command_rules[COMMAND_RULES]; /* by Command */

/* NULL if no command has that name. */
const CommandRule *command_rule_find(const char *name);

/* "build, run, ... and version" */
void command_rules_list(ByteBuffer *text);

#ifdef __cplusplus
}
#endif
#endif
