/* SPDX-License-Identifier: MIT */
/*
 * One pass over the arguments. A flag is looked up in a table that says which commands know it
 * and whether it takes a value; everything else is the entry, and for `run` what follows the
 * entry belongs to the program.
 */
#include "command_line.h"

#include <errno.h>
#include <stdlib.h>

const char command_line_usage[] =
    "minic - an incremental compiler for Mini\n"
    "\n"
    "  minic build ENTRY.mini [flags]       compile to LLVM IR\n"
    "  minic run [flags] ENTRY.mini [ARG..] build, then run the output with clang or lli\n"
    "  minic check ENTRY.mini [flags]       tell the errors, write no output\n"
    "  minic clean [ENTRY.mini]             remove what is cached, of one entry or all\n"
    "  minic verify ENTRY.mini [flags]      build anew in memory, tell what is wrong on disk\n"
    "  minic doctor [DIR] [--json]          what the file system does, and what it means here\n"
    "\n"
    "  -o OUT.ll         where the output goes; default: beside the entry, with .ll\n"
    "  --cache-dir DIR   default: .mini_cache beside the entry\n"
    "  -j N              workers; default: one per CPU that may be used\n"
    "  -v, -vv           tell what changed and what is done about it; tell every decision\n"
    "  -q                tell errors only\n"
    "  --stats[=json]    counts and times of the build\n"
    "  --force           use nothing that is cached\n"
    "  --paranoid        read every file, trust no time stamp\n"
    "  --sync            survive a power cut, too\n"
    "  --cache-limit N   drop old objects beyond N bytes, also NK, NM, NG; what is in use stays\n"
    "  --help, --version\n"
    "\n"
    "environment: MINIC_VERBOSE=1 or 2 as -v or -vv, MINIC_TARGET a target triple,\n"
    "MINIC_CLANG and MINIC_LLI what `run` uses\n"
    "exit status: 0 success, 1 errors in the program, 2 wrong usage, 3 the machine failed\n";

typedef enum Flag {
    FLAG_OUTPUT,
    FLAG_CACHE_DIR,
    FLAG_WORKERS,
    FLAG_VERBOSE,
    FLAG_VERY_VERBOSE,
    FLAG_QUIET,
    FLAG_STATS,
    FLAG_FORCE,
    FLAG_PARANOID,
    FLAG_SYNC,
    FLAG_CACHE_LIMIT,
    FLAG_JSON,
    FLAG_HELP,
    FLAG_VERSION,
} Flag;

typedef enum FlagValue { VALUE_NONE, VALUE_NEEDED, VALUE_OPTIONAL } FlagValue;

enum {
    IN_BUILD = 1 << COMMAND_BUILD,
    IN_RUN = 1 << COMMAND_RUN,
    IN_CHECK = 1 << COMMAND_CHECK,
    IN_CLEAN = 1 << COMMAND_CLEAN,
    IN_VERIFY = 1 << COMMAND_VERIFY,
    IN_DOCTOR = 1 << COMMAND_DOCTOR,
    IN_BUILDS = IN_BUILD | IN_RUN | IN_CHECK,
    IN_ALL = IN_BUILDS | IN_CLEAN | IN_VERIFY | IN_DOCTOR,
};

typedef struct FlagRule {
    const char *name;
    Flag flag;
    FlagValue value; /* "-j 4" and "-j4", "--cache-dir x" and "--cache-dir=x"; an optional
                        value only with "=" */
    unsigned commands;
} FlagRule;

static const FlagRule flag_rules[] = {
    {"-o", FLAG_OUTPUT, VALUE_NEEDED, IN_BUILD | IN_RUN | IN_VERIFY},
    {"--cache-dir", FLAG_CACHE_DIR, VALUE_NEEDED, IN_ALL},
    {"-j", FLAG_WORKERS, VALUE_NEEDED, IN_BUILDS | IN_VERIFY},
    {"-v", FLAG_VERBOSE, VALUE_NONE, IN_ALL},
    {"-vv", FLAG_VERY_VERBOSE, VALUE_NONE, IN_ALL},
    {"-q", FLAG_QUIET, VALUE_NONE, IN_ALL},
    {"--stats", FLAG_STATS, VALUE_OPTIONAL, IN_BUILDS},
    {"--force", FLAG_FORCE, VALUE_NONE, IN_BUILDS},
    {"--paranoid", FLAG_PARANOID, VALUE_NONE, IN_BUILDS},
    {"--sync", FLAG_SYNC, VALUE_NONE, IN_BUILDS},
    {"--cache-limit", FLAG_CACHE_LIMIT, VALUE_NEEDED, IN_BUILD | IN_RUN},
    {"--json", FLAG_JSON, VALUE_NONE, IN_DOCTOR},
    {"-h", FLAG_HELP, VALUE_NONE, IN_ALL},
    {"--help", FLAG_HELP, VALUE_NONE, IN_ALL},
    {"--version", FLAG_VERSION, VALUE_NONE, IN_ALL},
};

static const struct {
    const char *name;
    Command command;
} commands[] = {
    {"build", COMMAND_BUILD},         {"run", COMMAND_RUN},         {"check", COMMAND_CHECK},
    {"clean", COMMAND_CLEAN},         {"verify", COMMAND_VERIFY},   {"doctor", COMMAND_DOCTOR},
    {"help", COMMAND_HELP},           {"--help", COMMAND_HELP},     {"-h", COMMAND_HELP},
    {"--version", COMMAND_VERSION},   {"version", COMMAND_VERSION},
};

typedef struct Parser {
    CommandLine *line;
    const char *command_name;
    char **next; /* argument that is read next */
    ByteBuffer *error;
} Parser;

static bool fail(const Parser *parser, const char *before, const char *subject, const char *after)
{
    buffer_put(parser->error, slice_from(before));
    buffer_put(parser->error, slice_from(subject));
    buffer_put(parser->error, slice_from(after));
    return false;
}

/* ---- flags ------------------------------------------------------------------------------- */

/* Does `argument` spell this flag, perhaps with its value attached? */
static bool spells(const FlagRule *rule, const char *argument, const char **value)
{
    size_t size = strlen(rule->name);
    *value = NULL;
    if (strncmp(argument, rule->name, size) != 0)
        return false;
    const char *rest = argument + size;
    if (*rest == '\0')
        return true;
    if (rule->value == VALUE_NONE)
        return false;
    bool is_long = rule->name[1] == '-';
    if (is_long && *rest != '=')
        return false;
    *value = is_long ? rest + 1 : rest;
    return true;
}

static bool set_text(const char **text, const char *value)
{
    *text = value;
    return true;
}

static bool set_on(bool *flag)
{
    *flag = true;
    return true;
}

static bool set_command(CommandLine *line, Command command)
{
    line->command = command;
    return true;
}

static bool set_workers(Parser *parser, const char *value)
{
    char *end;
    errno = 0;
    long workers = strtol(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || workers < 1 || workers > 256)
        return fail(parser, "-j takes a number from 1 to 256, not '", value, "'");
    parser->line->workers = (unsigned)workers;
    return true;
}

/* How far a number of the unit is shifted: "K" is 2^10 bytes. -1: no such unit. */
static int unit_shift(const char *unit)
{
    static const char units[] = "KMG";
    const char *place = strchr(units, *unit);
    if (*unit == '\0')
        return 0;
    return place == NULL || unit[1] != '\0' ? -1 : 10 * (int)(place - units + 1);
}

static bool set_cache_limit(Parser *parser, const char *value)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    int shift = unit_shift(end);
    if (errno != 0 || *value < '0' || *value > '9' || shift < 0 || number == 0 ||
        number > UINT64_MAX >> shift)
        return fail(parser, "--cache-limit takes a size like 500M or 2G, not '", value, "'");
    parser->line->limit_bytes = (uint64_t)number << shift;
    return true;
}

static bool set_stats(Parser *parser, const char *value)
{
    if (value != NULL && strcmp(value, "json") != 0)
        return fail(parser, "--stats or --stats=json, not '--stats=", value, "'");
    parser->line->stats = value == NULL ? STATS_TABLE : STATS_JSON;
    return true;
}

static bool set_verbosity(Parser *parser, int level)
{
    int *verbosity = &parser->line->verbosity;
    *verbosity = *verbosity + level > 2 ? 2 : *verbosity + level;
    return true;
}

static bool set_flag(Parser *parser, Flag flag, const char *value)
{
    CommandLine *line = parser->line;
    switch (flag) {
    case FLAG_OUTPUT: return set_text(&line->output, value);
    case FLAG_CACHE_DIR: return set_text(&line->cache_dir, value);
    case FLAG_WORKERS: return set_workers(parser, value);
    case FLAG_VERBOSE: return set_verbosity(parser, 1);
    case FLAG_VERY_VERBOSE: return set_verbosity(parser, 2);
    case FLAG_QUIET: return set_on(&line->quiet);
    case FLAG_STATS: return set_stats(parser, value);
    case FLAG_FORCE: return set_on(&line->force);
    case FLAG_PARANOID: return set_on(&line->paranoid);
    case FLAG_SYNC: return set_on(&line->sync);
    case FLAG_CACHE_LIMIT: return set_cache_limit(parser, value);
    case FLAG_JSON: return set_on(&line->json);
    case FLAG_HELP: return set_command(line, COMMAND_HELP);
    case FLAG_VERSION: return set_command(line, COMMAND_VERSION);
    }
    return false;
}

static bool parse_flag(Parser *parser, const char *argument)
{
    for (size_t i = 0; i < sizeof flag_rules / sizeof *flag_rules; i++) {
        const FlagRule *rule = &flag_rules[i];
        const char *value;
        if (!spells(rule, argument, &value))
            continue;
        if ((rule->commands & 1u << parser->line->command) == 0)
            return fail(parser, parser->command_name, " does not take ", rule->name);
        if (rule->value == VALUE_NEEDED && value == NULL)
            value = *parser->next == NULL ? "" : *parser->next++;
        if (rule->value == VALUE_NEEDED && *value == '\0')
            return fail(parser, rule->name, " needs a value", "");
        return set_flag(parser, rule->flag, value);
    }
    return fail(parser, "unknown flag '", argument, "'");
}

/* ---- what was left out --------------------------------------------------------------------- */

/* "dir/main.mini" → "dir/main.ll" */
static const char *default_output(Arena *arena, const char *entry)
{
    size_t size = strlen(entry);
    if (size > 5 && strcmp(entry + size - 5, ".mini") == 0 && entry[size - 6] != '/')
        size -= 5;
    char *output = arena_allocate(arena, size + sizeof ".ll");
    memcpy(output, entry, size);
    memcpy(output + size, ".ll", sizeof ".ll");
    return output;
}

/* "dir/main.mini" → "dir/.mini_cache" */
static const char *default_cache_dir(Arena *arena, const char *entry)
{
    const char *slash = entry == NULL ? NULL : strrchr(entry, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash + 1 - entry);
    char *dir = arena_allocate(arena, size + sizeof ".mini_cache");
    if (size != 0)
        memcpy(dir, entry, size);
    memcpy(dir + size, ".mini_cache", sizeof ".mini_cache");
    return dir;
}

/* "dir" → "dir/.mini_cache" */
static void finish_doctor(CommandLine *line)
{
    if (line->entry == NULL)
        line->entry = ".";
    if (line->cache_dir != NULL)
        return;
    char *inside = arena_allocate(&line->arena, strlen(line->entry) + sizeof "/");
    strcpy(inside, line->entry);
    strcat(inside, "/");
    line->cache_dir = default_cache_dir(&line->arena, inside);
}

static bool finish(Parser *parser)
{
    CommandLine *line = parser->line;
    if (line->command == COMMAND_HELP || line->command == COMMAND_VERSION)
        return true;
    if (line->command == COMMAND_DOCTOR) {
        finish_doctor(line);
        return true;
    }
    if (line->entry == NULL && line->command != COMMAND_CLEAN)
        return fail(parser, parser->command_name, " needs the entry file of a program", "");
    if (line->output == NULL && line->entry != NULL && line->command != COMMAND_VERIFY)
        line->output = default_output(&line->arena, line->entry);
    if (line->cache_dir == NULL)
        line->cache_dir = default_cache_dir(&line->arena, line->entry);
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static bool parse_command(Parser *parser)
{
    parser->command_name = *parser->next;
    if (parser->command_name == NULL)
        return fail(parser, "a command is missing", "", "");
    parser->next++;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(parser->command_name, commands[i].name) == 0) {
            parser->line->command = commands[i].command;
            return true;
        }
    }
    return fail(parser, "unknown command '", parser->command_name, "'");
}

static bool parse_arguments(Parser *parser)
{
    CommandLine *line = parser->line;
    bool flags_ended = false;
    while (*parser->next != NULL && line->command < COMMAND_HELP) {
        const char *argument = *parser->next++;
        if (!flags_ended && strcmp(argument, "--") == 0)
            flags_ended = true;
        else if (!flags_ended && argument[0] == '-' && argument[1] != '\0') {
            if (!parse_flag(parser, argument))
                return false;
        } else if (*argument == '\0') {
            return fail(parser, "the entry's name is empty", "", "");
        } else if (line->entry != NULL) {
            return fail(parser, "one entry file is enough: '", argument, "' is a second one");
        } else {
            line->entry = argument;
            line->program_arguments = parser->next;
            if (line->command == COMMAND_RUN)
                return true;
        }
    }
    return true;
}

bool command_line_parse(CommandLine *line, int argc, char **argv, ByteBuffer *error)
{
    (void)argc;
    *line = (CommandLine){0};
    Parser parser = {line, NULL, argv + (argc > 0), error};
    return parse_command(&parser) && parse_arguments(&parser) && finish(&parser);
}

void command_line_free(CommandLine *line)
{
    arena_free(&line->arena);
}
