/* SPDX-License-Identifier: MIT */
/*
 * One pass over the arguments. A flag is looked up in a table that says which commands know it
 * and whether it takes a value; everything else is the entry, and for `run` what follows the
 * entry belongs to the program.
 */
#include "command_line.h"

#include "command_table.h"
#include "image_host.h"
#include "spelling.h"

#include <errno.h>
#include <stdlib.h>

typedef struct Parser {
    CommandLine *line;
    const char *command_name;
    const CommandRule *rule; /* of the command */
    char **next; /* next argument */
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

/* By how many bits a number with this unit is shifted: "K" is 2^10 bytes. -1: no such unit. */
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

static bool set_emit(Parser *parser, const char *value)
{
    bool is_ir = strcmp(value, "ir") == 0;
    parser->line->emit_is_named = true;
    parser->line->emit = is_ir ? EMIT_IR : EMIT_PROGRAM;
    return is_ir || strcmp(value, "exe") == 0 ||
           fail(parser, "--emit=ir or --emit=exe, not '", value, "'");
}

static bool set_with(Parser *parser, const char *value)
{
    bool is_clang = strcmp(value, "clang") == 0;
    parser->line->run_with = is_clang ? RUN_WITH_CLANG : RUN_WITH_LLI;
    return is_clang || strcmp(value, "lli") == 0 ||
           fail(parser, "--with=clang or --with=lli, not '", value, "'");
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
    case FLAG_EMIT: return set_emit(parser, value);
    case FLAG_DEPFILE: return set_on(&line->wants_depfile);
    case FLAG_DEPFILE_NAME: return set_text(&line->depfile, value);
    case FLAG_WITH: return set_with(parser, value);
    case FLAG_CACHE_DIR: return set_text(&line->cache_dir, value);
    case FLAG_ROOT: return set_text(&line->root, value);
    case FLAG_WORKERS: return set_workers(parser, value);
    case FLAG_VERBOSE: return set_verbosity(parser, 1);
    case FLAG_VERY_VERBOSE: return set_verbosity(parser, 2);
    case FLAG_QUIET: return set_on(&line->quiet);
    case FLAG_STATS:
        if (value != NULL && strcmp(value, "json") != 0)
            return fail(parser, "--stats or --stats=json, not '--stats=", value, "'");
        line->stats = value == NULL ? STATS_TABLE : STATS_JSON;
        return true;
    case FLAG_TRACE: return set_text(&line->trace, value);
    case FLAG_FORCE: return set_on(&line->force);
    case FLAG_PARANOID: return set_on(&line->paranoid);
    case FLAG_TRUST_CACHE: return set_on(&line->trust_cache);
    case FLAG_SYNC: return set_on(&line->sync);
    case FLAG_CACHE_LIMIT: return set_cache_limit(parser, value);
    case FLAG_JSON: return set_on(&line->json);
    case FLAG_DOT: return set_on(&line->dot);
    case FLAG_ORDER: return set_on(&line->in_order);
    case FLAG_DEPENDENCIES: return set_text(&line->dependencies_of, value);
    case FLAG_DEPENDENTS: return set_text(&line->dependents_of, value);
    case FLAG_HELP: /* `build --help` is `help build`; the rest of the line is ignored */
        if (line->topic == NULL)
            line->topic = parser->rule->name;
        line->is_settled = true;
        return set_command(line, COMMAND_HELP);
    case FLAG_VERSION:
        line->is_settled = true;
        return set_command(line, COMMAND_VERSION);
    }
    return false;
}

/* The flag's value, if it has one, is not looked at. */
static bool fail_unknown_flag(const Parser *parser, const char *argument)
{
    Spelling spelling = spelling_of(slice_of(argument, strcspn(argument, "=")));
    for (size_t i = 0; i < FLAG_RULES; i++)
        if ((flag_rules[i].commands & 1u << parser->line->command) != 0)
            spelling_try(&spelling, slice_from(flag_rules[i].name));
    fail(parser, "unknown flag '", argument, "'");
    return spelling.best.size != 0 && fail(parser, ": did you mean '", spelling.best.data, "'?");
}

static bool parse_flag(Parser *parser, const char *argument)
{
    for (size_t i = 0; i < FLAG_RULES; i++) {
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
    return fail_unknown_flag(parser, argument);
}

/* ---- defaults ------------------------------------------------------------------------------ */

/* "dir/main.mini" → "dir/main.ll", or "dir/main" for a program */
static const char *default_output(Arena *arena, const char *entry, EmitKind emit)
{
    size_t size = strlen(entry);
    bool is_mini = size > 5 && strcmp(entry + size - 5, ".mini") == 0 && entry[size - 6] != '/';
    if (is_mini)
        size -= 5;
    const char *ending = emit == EMIT_IR ? ".ll" : is_mini ? "" : ".exe";
    char *output = arena_allocate(arena, size + strlen(ending) + 1);
    memcpy(output, entry, size);
    strcpy(output + size, ending);
    return output;
}

static bool ends_with(const char *text, const char *ending)
{
    size_t size = strlen(text), end = strlen(ending);
    return size > end && strcmp(text + size - end, ending) == 0;
}

/* "dir/main.ll" → "dir/main.d", "dir/prog" → "dir/prog.d" */
static const char *default_depfile(Arena *arena, const char *output)
{
    size_t size = strlen(output) - (ends_with(output, ".ll") ? 3 : 0);
    char *depfile = arena_allocate(arena, size + sizeof ".d");
    memcpy(depfile, output, size);
    memcpy(depfile + size, ".d", sizeof ".d");
    return depfile;
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

/* A unit is named by its file, a colon and its name: the program is that of the file. */
static const char *default_entry(Arena *arena, const char *subject)
{
    const char *colon = strrchr(subject, ':');
    size_t size = colon == NULL ? strlen(subject) : (size_t)(colon - subject);
    char *entry = arena_allocate(arena, size + 1);
    memcpy(entry, subject, size);
    entry[size] = '\0';
    return entry;
}

static bool finish_cache(const Parser *parser)
{
    CommandLine *line = parser->line;
    if (line->action == CACHE_ACTION_NONE)
        return fail(parser, "cache needs what to do: drop or clear", "", "");
    if (line->action == CACHE_DROP && line->subject == NULL)
        return fail(parser, "cache drop needs a file, or FILE:NAME", "", "");
    if (line->action == CACHE_DROP && line->entry == NULL)
        line->entry = default_entry(&line->arena, line->subject);
    return true;
}

static bool is_set(const char *variable)
{
    const char *value = getenv(variable);
    return value != NULL && *value != '\0';
}

/* A user who says how LLVM IR is to be run, or for which target, wants LLVM IR. */
static void choose_what_runs(CommandLine *line)
{
    bool wants_ir = line->run_with != RUN_WITH_ANY || is_set("MINIC_CLANG") ||
                    is_set("MINIC_LLI") || getenv("MINIC_TARGET") != NULL ||
                    (line->output != NULL && ends_with(line->output, ".ll"));
    line->emit = wants_ir || image_host_why_not() != NULL ? EMIT_IR : EMIT_PROGRAM;
}

static bool finish(Parser *parser)
{
    CommandLine *line = parser->line;
    if (line->json && line->dot)
        return fail(parser, "--json or --dot, not both", "", "");
    if (line->command == COMMAND_HELP || line->command == COMMAND_VERSION)
        return true;
    if (line->command == COMMAND_DIFF)
        return line->subject != NULL || fail(parser, "diff needs two files, with what `minic digest` printed", "", "");
    if (line->command == COMMAND_DOCTOR) {
        finish_doctor(line);
        return true;
    }
    if (line->command == COMMAND_CACHE && !finish_cache(parser))
        return false;
    if (line->entry == NULL && line->command != COMMAND_CLEAN)
        return fail(parser, parser->command_name, " needs the entry file of a program", "");
    line->output_is_named = line->output != NULL;
    if (line->command == COMMAND_RUN)
        choose_what_runs(line);
    if (line->output == NULL && line->entry != NULL && line->command != COMMAND_VERIFY)
        line->output = default_output(&line->arena, line->entry, line->emit);
    if (line->wants_depfile && line->depfile == NULL)
        line->depfile = default_depfile(&line->arena, line->output);
    if (line->cache_dir == NULL)
        line->cache_dir = default_cache_dir(&line->arena, line->entry);
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* "unknown command 'bulid': did you mean 'build'?", or "...: there are build, run, ... and version" */
static bool fail_unknown(const Parser *parser, const char *name)
{
    Spelling spelling = spelling_of(slice_from(name));
    for (size_t i = 0; i < COMMAND_RULES; i++)
        spelling_try(&spelling, slice_from(command_rules[i].name));
    fail(parser, "unknown command '", name, "': ");
    if (spelling.best.size != 0)
        return fail(parser, "did you mean '", spelling.best.data, "'?");
    fail(parser, "there are ", "", "");
    command_rules_list(parser->error);
    return false;
}

/* `--help` and `--version` in place of a command are commands. */
static const CommandRule *find_command(const char *name)
{
    for (size_t i = 0; i < FLAG_RULES; i++) {
        if (strcmp(name, flag_rules[i].name) != 0)
            continue;
        if (flag_rules[i].flag == FLAG_HELP)
            return &command_rules[COMMAND_HELP];
        if (flag_rules[i].flag == FLAG_VERSION)
            return &command_rules[COMMAND_VERSION];
    }
    return command_rule_find(name);
}

static bool parse_command(Parser *parser)
{
    parser->command_name = *parser->next;
    if (parser->command_name == NULL)
        return fail(parser, "a command is missing", "", "");
    parser->next++;
    parser->rule = find_command(parser->command_name);
    if (parser->rule == NULL)
        return fail_unknown(parser, parser->command_name);
    return set_command(parser->line, parser->rule->command);
}

/* The command whose page is wanted. */
static bool set_topic(Parser *parser, const char *argument)
{
    CommandLine *line = parser->line;
    if (line->command == COMMAND_VERSION)
        return fail(parser, parser->command_name, " takes no arguments: ", argument);
    if (line->topic != NULL)
        return fail(parser, "one command is enough: '", argument, "' is a second one");
    const CommandRule *rule = command_rule_find(argument);
    if (rule == NULL)
        return fail_unknown(parser, argument);
    line->topic = rule->name;
    return true;
}

static bool set_action(Parser *parser, const char *argument)
{
    bool drops = strcmp(argument, "drop") == 0;
    if (!drops && strcmp(argument, "clear") != 0)
        return fail(parser, "cache has drop and clear, and not '", argument, "'");
    parser->line->action = drops ? CACHE_DROP : CACHE_CLEAR;
    return true;
}

/* What does not begin with a dash. */
static bool set_entry(Parser *parser, const char *argument)
{
    CommandLine *line = parser->line;
    if (line->command == COMMAND_CACHE && line->action == CACHE_ACTION_NONE)
        return set_action(parser, argument);
    if (line->command == COMMAND_HELP || line->command == COMMAND_VERSION)
        return set_topic(parser, argument);
    if (*argument == '\0')
        return fail(parser, "the entry's name is empty", "", "");
    if (line->action == CACHE_DROP && line->subject == NULL)
        return set_text(&line->subject, argument);
    if (line->command == COMMAND_DIFF && line->entry != NULL && line->subject == NULL)
        return set_text(&line->subject, argument);
    if (line->command == COMMAND_DIFF && line->entry != NULL)
        return fail(parser, "diff takes two files: '", argument, "' is a third one");
    if (line->entry != NULL)
        return fail(parser, "one entry file is enough: '", argument, "' is a second one");
    line->entry = argument;
    line->program_arguments = parser->next;
    line->is_settled = line->command == COMMAND_RUN;
    return true;
}

static bool parse_arguments(Parser *parser)
{
    CommandLine *line = parser->line;
    bool flags_ended = false;
    while (*parser->next != NULL && !line->is_settled) {
        const char *argument = *parser->next++;
        bool is_flag = !flags_ended && argument[0] == '-' && argument[1] != '\0';
        if (is_flag && strcmp(argument, "--") == 0)
            flags_ended = true;
        else if (!(is_flag ? parse_flag(parser, argument) : set_entry(parser, argument)))
            return false;
    }
    return true;
}

bool command_line_parse(CommandLine *line, int argc, char **argv, ByteBuffer *error)
{
    (void)argc;
    *line = (CommandLine){0};
    Parser parser = {line, NULL, NULL, argv + (argc > 0), error};
    return parse_command(&parser) && parse_arguments(&parser) && finish(&parser);
}

void command_line_free(CommandLine *line)
{
    arena_free(&line->arena);
}
