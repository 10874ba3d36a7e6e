/* SPDX-License-Identifier: MIT */
#include "command_line.h"
#include "image_host.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

enum { MOST_ARGUMENTS = 20 };

typedef struct Parsed {
    CommandLine line;
    bool ok;
    ByteBuffer error;
    char text[512];
    char *arguments[MOST_ARGUMENTS];
} Parsed;

/* Splits at spaces and parses. */
static void parse(Parsed *parsed, const char *arguments)
{
    *parsed = (Parsed){0};
    snprintf(parsed->text, sizeof parsed->text, "minic %s", arguments);
    int count = 0;
    for (char *word = strtok(parsed->text, " "); word != NULL; word = strtok(NULL, " "))
        parsed->arguments[count++] = word;
    assert_true(count < MOST_ARGUMENTS);
    parsed->ok = command_line_parse(&parsed->line, count, parsed->arguments, &parsed->error);
}

static void release(Parsed *parsed)
{
    command_line_free(&parsed->line);
    buffer_free(&parsed->error);
}

static void flags_are_read(void **state)
{
    (void)state;
    Parsed p;
    parse(&p, "build main.mini -o out.ll --cache-dir /c --root .. -j 4 "
              "-v -q --stats=json --force --paranoid --sync");
    assert_true(p.ok);
    assert_int_equal(p.line.command, COMMAND_BUILD);
    assert_string_equal(p.line.entry, "main.mini");
    assert_string_equal(p.line.output, "out.ll");
    assert_string_equal(p.line.cache_dir, "/c");
    assert_string_equal(p.line.root, "..");
    assert_int_equal(p.line.workers, 4);
    assert_int_equal(p.line.verbosity, 1);
    assert_int_equal(p.line.stats, STATS_JSON);
    assert_true(p.line.quiet && p.line.force && p.line.paranoid && p.line.sync);
    release(&p);

    parse(&p, "check -ox.ll main.mini");
    assert_false(p.ok);
    release(&p);
}

static void attached_values_are_read(void **state)
{
    (void)state;
    Parsed p;
    parse(&p, "build -j16 -oout.ll --cache-dir=c --stats -vv main.mini");
    assert_true(p.ok);
    assert_int_equal(p.line.workers, 16);
    assert_string_equal(p.line.output, "out.ll");
    assert_string_equal(p.line.cache_dir, "c");
    assert_int_equal(p.line.stats, STATS_TABLE);
    assert_int_equal(p.line.verbosity, 2);
    release(&p);

    parse(&p, "build -v -v main.mini");
    assert_int_equal(p.line.verbosity, 2);
    release(&p);
}

static void what_is_left_out_is_beside_the_entry(void **state)
{
    (void)state;
    static const struct {
        const char *arguments, *output, *cache_dir;
    } cases[] = {
        {"build main.mini", "main.ll", ".mini_cache"},
        {"build a/b/main.mini", "a/b/main.ll", "a/b/.mini_cache"},
        {"build /main.mini", "/main.ll", "/.mini_cache"},
        {"build main", "main.ll", ".mini_cache"},
        {"build x.mini.txt", "x.mini.txt.ll", ".mini_cache"},
        {"build .mini", ".mini.ll", ".mini_cache"},
        {"build a/.mini", "a/.mini.ll", "a/.mini_cache"},
        {"clean a/main.mini", "a/main.ll", "a/.mini_cache"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Parsed p;
        parse(&p, cases[i].arguments);
        assert_true(p.ok);
        assert_string_equal(p.line.output, cases[i].output);
        assert_string_equal(p.line.cache_dir, cases[i].cache_dir);
        release(&p);
    }
    Parsed p;
    parse(&p, "clean");
    assert_true(p.ok);
    assert_null(p.line.entry);
    assert_string_equal(p.line.cache_dir, ".mini_cache");
    release(&p);
}

static void sizes_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *arguments;
        uint64_t bytes;
    } cases[] = {
        {"build main.mini", 0},
        {"build main.mini --cache-limit 1", 1},
        {"build main.mini --cache-limit=500K", 500 << 10},
        {"run --cache-limit 64M main.mini", 64 << 20},
        {"build main.mini --cache-limit 2G", (uint64_t)2 << 30},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Parsed p;
        parse(&p, cases[i].arguments);
        assert_true(p.ok);
        assert_true(p.line.limit_bytes == cases[i].bytes);
        release(&p);
    }
    static const char *const wrong[] = {"0", "-1", "+1", "M", "1T", "1MB", "1.5G", "x",
                                        "99999999999999999999", "18446744073709551615K"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char arguments[100];
        Parsed p;
        snprintf(arguments, sizeof arguments, "build main.mini --cache-limit %s", wrong[i]);
        parse(&p, arguments);
        assert_false(p.ok);
        release(&p);
    }
}

static void verify_takes_the_recorded_output_unless_reported(void **state)
{
    (void)state;
    Parsed p;
    parse(&p, "verify a/main.mini");
    assert_true(p.ok);
    assert_int_equal(p.line.command, COMMAND_VERIFY);
    assert_null(p.line.output);
    assert_string_equal(p.line.cache_dir, "a/.mini_cache");
    release(&p);
    parse(&p, "verify main.mini -o out.ll -v -j 2 --cache-dir c");
    assert_true(p.ok);
    assert_string_equal(p.line.output, "out.ll");
    release(&p);
}

static void doctor_takes_a_directory(void **state)
{
    (void)state;
    Parsed p;
    parse(&p, "doctor");
    assert_true(p.ok);
    assert_int_equal(p.line.command, COMMAND_DOCTOR);
    assert_string_equal(p.line.entry, ".");
    assert_string_equal(p.line.cache_dir, "./.mini_cache");
    assert_false(p.line.json);
    release(&p);
    parse(&p, "doctor --json a/b");
    assert_true(p.ok && p.line.json);
    assert_string_equal(p.line.cache_dir, "a/b/.mini_cache");
    release(&p);
    parse(&p, "doctor a --cache-dir c");
    assert_true(p.ok);
    assert_string_equal(p.line.cache_dir, "c");
    release(&p);
}

static void cache_takes_what_to_do_and_to_what(void **state)
{
    (void)state;
    static const struct {
        const char *arguments, *subject, *entry, *cache_dir;
    } cases[] = {
        {"cache drop lib.mini main.mini", "lib.mini", "main.mini", ".mini_cache"},
        {"cache drop lib.mini:f a/main.mini", "lib.mini:f", "a/main.mini", "a/.mini_cache"},
        {"cache drop a/main.mini", "a/main.mini", "a/main.mini", "a/.mini_cache"},
        {"cache -q drop a/main.mini:f", "a/main.mini:f", "a/main.mini", "a/.mini_cache"},
        {"cache drop a:b.mini:f", "a:b.mini:f", "a:b.mini", ".mini_cache"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Parsed p;
        parse(&p, cases[i].arguments);
        assert_true(p.ok);
        assert_int_equal(p.line.action, CACHE_DROP);
        assert_string_equal(p.line.subject, cases[i].subject);
        assert_string_equal(p.line.entry, cases[i].entry);
        assert_string_equal(p.line.cache_dir, cases[i].cache_dir);
        release(&p);
    }
    Parsed p;
    parse(&p, "cache clear a/main.mini");
    assert_true(p.ok);
    assert_int_equal(p.line.action, CACHE_CLEAR);
    assert_null(p.line.subject);
    assert_string_equal(p.line.entry, "a/main.mini");
    release(&p);
}

static void graph_is_ordered_and_selected(void **state)
{
    (void)state;
    Parsed p;
    parse(&p, "graph a/main.mini --order --dependents a/lib.mini --dependencies=a/x.mini --json");
    assert_true(p.ok && p.line.in_order && p.line.json);
    assert_string_equal(p.line.entry, "a/main.mini");
    assert_string_equal(p.line.dependents_of, "a/lib.mini");
    assert_string_equal(p.line.dependencies_of, "a/x.mini");
    release(&p);
}

static void what_follows_the_entry_of_run_is_the_programs(void **state)
{
    (void)state;
    Parsed p;
    parse(&p, "run -q main.mini -v --help -- x");
    assert_true(p.ok);
    assert_int_equal(p.line.command, COMMAND_RUN);
    assert_int_equal(p.line.verbosity, 0);
    static const char *const expected[] = {"-v", "--help", "--", "x"};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(p.line.program_arguments[i], expected[i]);
    assert_null(p.line.program_arguments[4]);
    release(&p);
}

/* What decides is --emit of build and, of run, who is asked for something that only LLVM IR has. */
static void what_is_made_is_chosen(void **state)
{
    (void)state;
    static const EmitKind runs = IMAGES_RUN_HERE ? EMIT_PROGRAM : EMIT_IR;
    const struct {
        const char *arguments, *variable;
        EmitKind emit;
        const char *output;
    } cases[] = {
        {"build a/main.mini", NULL, EMIT_IR, "a/main.ll"},
        {"build --emit=ir main.mini", NULL, EMIT_IR, "main.ll"},
        {"build --emit exe a/main.mini", NULL, EMIT_PROGRAM, "a/main"},
        {"build --emit=exe main", NULL, EMIT_PROGRAM, "main.exe"},
        {"build --emit=exe main.mini -o x.ll", NULL, EMIT_PROGRAM, "x.ll"},
        {"build main.mini -o x", NULL, EMIT_IR, "x"},
        {"run main.mini", NULL, runs, NULL},
        {"run -o x main.mini", NULL, runs, "x"},
        {"run -o x.ll main.mini", NULL, EMIT_IR, "x.ll"},
        {"run -o .ll main.mini", NULL, runs, ".ll"},
        {"run --with=clang main.mini", NULL, EMIT_IR, "main.ll"},
        {"run --with lli -o x main.mini", NULL, EMIT_IR, "x"},
        {"run main.mini", "MINIC_CLANG", EMIT_IR, "main.ll"},
        {"run main.mini", "MINIC_LLI", EMIT_IR, "main.ll"},
        {"run main.mini", "MINIC_TARGET", EMIT_IR, "main.ll"},
        {"build --emit=exe main.mini", "MINIC_TARGET", EMIT_PROGRAM, "main"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Parsed p;
        unsetenv("MINIC_CLANG");
        unsetenv("MINIC_LLI");
        unsetenv("MINIC_TARGET");
        if (cases[i].variable != NULL)
            setenv(cases[i].variable, "x", 1);
        parse(&p, cases[i].arguments);
        assert_true(p.ok);
        assert_int_equal(p.line.emit, cases[i].emit);
        if (cases[i].output != NULL)
            assert_string_equal(p.line.output, cases[i].output);
        release(&p);
    }
    unsetenv("MINIC_TARGET");
}

static void two_dashes_end_the_flags(void **state)
{
    (void)state;
    Parsed p;
    parse(&p, "build -- -odd.mini");
    assert_true(p.ok);
    assert_string_equal(p.line.entry, "-odd.mini");
    assert_string_equal(p.line.output, "-odd.ll");
    release(&p);
}

static void help_and_version_need_no_entry(void **state)
{
    (void)state;
    static const struct {
        const char *arguments;
        Command command;
    } cases[] = {
        {"--help", COMMAND_HELP},
        {"help", COMMAND_HELP},
        {"-h", COMMAND_HELP},
        {"build --help", COMMAND_HELP},
        {"clean -h", COMMAND_HELP},
        {"--version", COMMAND_VERSION},
        {"run --version", COMMAND_VERSION},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Parsed p;
        parse(&p, cases[i].arguments);
        assert_true(p.ok);
        assert_int_equal(p.line.command, cases[i].command);
        release(&p);
    }
}

static void mistakes_are_reported(void **state)
{
    (void)state;
    static const struct {
        const char *arguments, *error;
    } cases[] = {
        {"", "a command is missing"},
        {"make x.mini", "unknown command 'make': there are build, run, check, clean, cache, "
                        "verify, plan, graph, digest, diff, doctor, help and version"},
        {"bulid x.mini", "unknown command 'bulid': did you mean 'build'?"},
        {"help chekc", "unknown command 'chekc': did you mean 'check'?"},
        {"help build run", "one command is enough: 'run' is a second one"},
        {"version build", "version takes no arguments: build"},
        {"help -v", "help does not take -v"},
        {"build", "build needs the entry file of a program"},
        {"run -v", "run needs the entry file of a program"},
        {"build a.mini b.mini", "one entry file is enough: 'b.mini' is a second one"},
        {"build --fast a.mini", "unknown flag '--fast'"},
        {"build -x a.mini", "unknown flag '-x'"},
        {"build -vvv a.mini", "unknown flag '-vvv': did you mean '-vv'?"},
        {"build --forced a.mini", "unknown flag '--forced': did you mean '--force'?"},
        {"build --cache-dirs=x a.mini",
         "unknown flag '--cache-dirs=x': did you mean '--cache-dir'?"},
        {"doctor --forced", "unknown flag '--forced'"}, /* which it has not */
        {"build a.mini -o", "-o needs a value"},
        {"build a.mini --cache-dir=", "--cache-dir needs a value"},
        {"build a.mini -j", "-j needs a value"},
        {"build a.mini -j 0", "-j takes a number from 1 to 256, not '0'"},
        {"build a.mini -j4x", "-j takes a number from 1 to 256, not '4x'"},
        {"build a.mini -j 257", "-j takes a number from 1 to 256, not '257'"},
        {"build a.mini -j -1", "-j takes a number from 1 to 256, not '-1'"},
        {"build a.mini -j 99999999999999999999", "-j takes a number from 1 to 256, not "
                                                 "'99999999999999999999'"},
        {"build a.mini --stats=xml", "--stats or --stats=json, not '--stats=xml'"},
        {"check a.mini -o x.ll", "check does not take -o"},
        {"clean a.mini --force", "clean does not take --force"},
        {"clean -j 2", "clean does not take -j"},
        {"cache", "cache needs what to do: drop or clear"},
        {"cache -q", "cache needs what to do: drop or clear"},
        {"cache lose a.mini", "cache has drop and clear, and not 'lose'"},
        {"cache drop", "cache drop needs a file, or FILE:NAME"},
        {"cache drop a.mini b.mini c.mini", "one entry file is enough: 'c.mini' is a second one"},
        {"cache clear", "cache needs the entry file of a program"},
        {"cache clear a.mini b.mini", "one entry file is enough: 'b.mini' is a second one"},
        {"cache drop a.mini --force", "cache does not take --force"},
        {"graph", "graph needs the entry file of a program"},
        {"graph a.mini --dependents", "--dependents needs a value"},
        {"build --emit=foo a.mini", "--emit=ir or --emit=exe, not 'foo'"},
        {"run --emit=exe a.mini", "run does not take --emit"},
        {"run --with=gcc a.mini", "--with=clang or --with=lli, not 'gcc'"},
        {"build --with=clang a.mini", "build does not take --with"},
        {"check a.mini --order", "check does not take --order"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Parsed p;
        parse(&p, cases[i].arguments);
        assert_false(p.ok);
        buffer_put_byte(&p.error, '\0');
        assert_string_equal(p.error.data, cases[i].error);
        release(&p);
    }
}

static void an_empty_entry_is_reported(void **state)
{
    (void)state;
    char *arguments[] = {"minic", "build", "", NULL};
    CommandLine line;
    ByteBuffer error = {0};
    assert_false(command_line_parse(&line, 3, arguments, &error));
    command_line_free(&line);
    buffer_free(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_are_read),
        cmocka_unit_test(attached_values_are_read),
        cmocka_unit_test(what_is_left_out_is_beside_the_entry),
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(verify_takes_the_recorded_output_unless_reported),
        cmocka_unit_test(doctor_takes_a_directory),
        cmocka_unit_test(cache_takes_what_to_do_and_to_what),
        cmocka_unit_test(graph_is_ordered_and_selected),
        cmocka_unit_test(what_follows_the_entry_of_run_is_the_programs),
        cmocka_unit_test(what_is_made_is_chosen),
        cmocka_unit_test(two_dashes_end_the_flags),
        cmocka_unit_test(help_and_version_need_no_entry),
        cmocka_unit_test(mistakes_are_reported),
        cmocka_unit_test(an_empty_entry_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
