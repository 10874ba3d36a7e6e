/* SPDX-License-Identifier: MIT */
#include "command_help.h"

static const char environment_help[] =
    "environment: MINIC_VERBOSE=1 or 2 as -v or -vv, MINIC_TARGET a target triple,\n"
    "MINIC_CLANG and MINIC_LLI what `run` uses, MINIC_TRUST_CACHE=1 as --trust-cache\n";
static const char status_help[] =
    "exit status: 0 success, 1 errors in the program, 2 wrong usage,\n"
    "3 the machine failed\n";

/* Two texts, the second one in a column. */
static void put_row(ByteBuffer *text, const char *left[3], const char *right, size_t column)
{
    size_t begin = text->size;
    buffer_put(text, slice_from("  "));
    for (int i = 0; i < 3; i++)
        buffer_put(text, slice_from(left[i]));
    do
        buffer_put_byte(text, ' ');
    while (text->size < begin + column);
    buffer_put(text, slice_from(right));
    buffer_put_byte(text, '\n');
}

static void put_command(ByteBuffer *text, const CommandRule *rule)
{
    enum { SUMMARY_COLUMN = 41 };
    ByteBuffer synopsis = {0};
    buffer_put(&synopsis, slice_from(rule->name));
    buffer_put_byte(&synopsis, ' ');
    buffer_put(&synopsis, slice_from(rule->arguments));
    buffer_put_byte(&synopsis, '\0');
    const char *left[3] = {"minic ", synopsis.data, ""};
    put_row(text, left, rule->summary, SUMMARY_COLUMN);
    buffer_free(&synopsis);
}

/* The flags that one of these commands takes. */
static void put_flags(ByteBuffer *text, unsigned commands)
{
    enum { HELP_COLUMN = 20 };
    const char *first_name = "";
    for (size_t i = 0; i < FLAG_RULES; i++) {
        const FlagRule *rule = &flag_rules[i];
        if ((rule->commands & commands) == 0)
            continue;
        if (rule->help == NULL) {
            first_name = rule->name;
            continue;
        }
        ByteBuffer names = {0};
        buffer_put(&names, slice_from(first_name));
        buffer_put(&names, slice_from(first_name[0] == '\0' ? "" : ", "));
        buffer_put(&names, slice_from(rule->name));
        buffer_put_byte(&names, '\0');
        const char *left[3] = {names.data, rule->value_name, ""};
        put_row(text, left, rule->help, HELP_COLUMN);
        buffer_free(&names);
        first_name = "";
    }
}

void command_help(ByteBuffer *text, const CommandRule *rule)
{
    if (rule == NULL) {
        buffer_put(text, slice_from("minic - an incremental compiler for Mini\n\n"));
        for (size_t i = 0; i < COMMAND_RULES; i++)
            put_command(text, &command_rules[i]);
        buffer_put_byte(text, '\n');
        put_flags(text, ~0u);
        buffer_put_byte(text, '\n');
        buffer_put(text, slice_from(environment_help));
        buffer_put(text, slice_from(status_help));
        return;
    }
    buffer_put_format(text, "minic %s%s%s: %s\n\n", rule->name,
                      rule->arguments[0] == '\0' ? "" : " ", rule->arguments, rule->summary);
    buffer_put(text, slice_from(rule->details));
    buffer_put_byte(text, '\n');
    put_flags(text, 1u << rule->command);
    buffer_put(text, slice_from("\nexample:\n"));
    buffer_put(text, slice_from(rule->example));
    buffer_put_byte(text, '\n');
    buffer_put(text, slice_from(status_help));
}
