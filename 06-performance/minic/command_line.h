/* SPDX-License-Identifier: MIT */
/*
 * The arguments of minic, read and checked.
 *
 *     CommandLine line;
 *     ByteBuffer error = {0};
 *     if (!command_line_parse(&line, argc, argv, &error))
 *         ... print the error, exit with 2
 *     ... line.command, line.entry, ...
 *     command_line_free(&line);
 */
#ifndef COMMAND_LINE_H
#define COMMAND_LINE_H

#include "memory.h"
#include "program_run.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum Command {
    COMMAND_BUILD,
    COMMAND_RUN,
    COMMAND_CHECK,
    COMMAND_CLEAN,
    COMMAND_CACHE,
    COMMAND_VERIFY,
    COMMAND_PLAN,
    COMMAND_GRAPH,
    COMMAND_DIGEST,
    COMMAND_DIFF,
    COMMAND_DOCTOR,
    COMMAND_HELP,
    COMMAND_VERSION,
} Command;

typedef enum CacheAction { CACHE_ACTION_NONE, CACHE_DROP, CACHE_CLEAR } CacheAction;

typedef enum StatsForm { STATS_NONE, STATS_TABLE, STATS_JSON } StatsForm;

typedef enum EmitKind { EMIT_IR, EMIT_PROGRAM } EmitKind;

typedef struct CommandLine {
    Command command;
    const char *topic;        /* of help: the command whose page is wanted, or NULL: all */
    const char *entry;        /* lent from argv; NULL only for clean, help and version; of doctor,
                                 the directory, "." by default */
    CacheAction action;       /* of cache */
    const char *subject;      /* of cache drop: FILE or FILE:NAME; of diff: the second file; lent
                                 from argv */
    const char *output;       /* -o, or made from the entry's name; of verify, -o or NULL */
    bool output_is_named;     /* it is -o */
    EmitKind emit;            /* --emit; IR by default; of run, what it runs */
    bool emit_is_named;
    const char *depfile;      /* of build: -MF, or with -MD made from the output's name; or NULL */
    const char *trace;        /* --trace, or NULL */
    RunWith run_with;         /* --with, of run */
    const char *cache_dir;    /* --cache-dir, or .mini_cache beside the entry */
    const char *root;         /* --root, or NULL: the entry's directory */
    uint64_t limit_bytes;     /* --cache-limit; 0: none */
    char **program_arguments; /* of run: the arguments after the entry; ends with NULL; lent from
                                 argv */
    unsigned workers;         /* 0: one per available CPU */
    int verbosity;            /* 0, 1 or 2 */
    StatsForm stats;
    const char *dependencies_of; /* --dependencies, or NULL */
    const char *dependents_of;   /* --dependents, or NULL */
    bool in_order;            /* --order */
    bool quiet, force, paranoid, sync, trust_cache, json, dot;
    bool wants_depfile; /* -MD */
    bool is_settled; /* the rest is not for minic */
    Arena arena; /* owns what was allocated */
} CommandLine;

/* False if the arguments are invalid; `error` then says why, in one line without a newline. */
bool command_line_parse(CommandLine *line, int argc, char **argv, ByteBuffer *error);

void command_line_free(CommandLine *line);

#ifdef __cplusplus
}
#endif
#endif
