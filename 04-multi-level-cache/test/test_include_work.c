/* SPDX-License-Identifier: MIT */
/*
 * How much of a larger program is done again after an edit: 2,000 functions in 200 files, 20 texts,
 * and parsing that costs. The work is checked; the time is printed beside that of a run that uses
 * nothing cached, of the same sources.
 */
#include "include_language.h"
#include "line_project.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FILES = 200, FUNCTIONS = 10, HEADERS = 20, EXPENSE = 200 };

typedef struct World {
    LineProject project;
    IncludeLanguage language;
    Compiler compiler;
} World;

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static void write_header(const World *world, unsigned number, const char *word)
{
    char path[32], text[128];
    snprintf(path, sizeof path, "near/h%02u.h", number);
    snprintf(text, sizeof text, "define WORD%u %s\nenv MODE\n", number, word);
    scratch_write(&world->project.scratch, path, text);
}

/* Every file includes one of the texts; one in ten of its functions uses the word in it. */
static void write_source(const World *world, unsigned file, const char *first)
{
    ByteBuffer text = {0};
    char path[32];
    for (unsigned i = 0; file == 0 && i < FILES; i++)
        buffer_put_format(&text, "import \"f%03u.tree\" as f%u\n", i, i);
    if (file != 0)
        buffer_put_format(&text, "import \"f%03u.tree\" as f%u\n", file / 2, file / 2);
    buffer_put_format(&text, "include \"h%02u.h\"\n", file % HEADERS);
    for (unsigned i = 0; i < FUNCTIONS; i++) {
        buffer_put_format(&text, "fn n%u a b = (%s", i, i == 0 ? first : "do");
        for (unsigned word = 0; word < 40; word++)
            buffer_put_format(&text, " (add w%u w%u)", word, i);
        if (i == 0)
            buffer_put_format(&text, " %%WORD%u", file % HEADERS);
        buffer_put_format(&text, " $f%u.n%u)\n", file / 2, i);
    }
    if (file == 0)
        buffer_put(&text, slice_from("fn main = (start $n0)\n"));
    snprintf(path, sizeof path, "f%03u.tree", file);
    scratch_write_bytes(&world->project.scratch, path, buffer_slice(&text));
    buffer_free(&text);
}

/* Of two: the first may still have stamps to trust. */
static double build(World *world, bool force, BuildCounts *counts)
{
    LineRequest request = {
        .entry = "f000.tree", .compiler = &world->compiler, .force = force};
    double begin = now_ms();
    LineRun run = line_project_build(&world->project, request);
    double taken = now_ms() - begin;
    assert_int_equal(run.status, BUILD_OK);
    *counts = run.counts;
    line_run_free(&run);
    return taken;
}

static double report(World *world, const char *what, double full, BuildCounts *counts)
{
    scratch_settle(&world->project.scratch);
    double taken = build(world, false, counts);
    print_message("%-14s %8.2f ms  %5.1f%% of a full run; %llu files lowered, %llu functions\n",
                  what, taken, full == 0 ? 100 : taken / full * 100,
                  (unsigned long long)counts->files_lowered,
                  (unsigned long long)counts->functions_emitted);
    return taken;
}

static void expect(const BuildCounts *counts, unsigned lowered, unsigned emitted)
{
    assert_int_equal(counts->files_lowered, lowered);
    assert_int_equal(counts->functions_emitted, emitted);
}

static void an_edit_costs_what_it_reaches(void **state)
{
    (void)state;
    World *world = calloc(1, sizeof *world);
    BuildCounts counts;
    line_project_open(&world->project);
    world->language = (IncludeLanguage){.tree = {.expense = EXPENSE},
                                        .values = {{"MODE", "debug"}}};
    world->compiler = include_language(&world->language);
    for (unsigned i = 0; i < HEADERS; i++)
        write_header(world, i, "word");
    for (unsigned i = 0; i < FILES; i++)
        write_source(world, i, "do");
    report(world, "cold", 0, &counts);
    expect(&counts, FILES, FILES * FUNCTIONS + 1);
    double full = build(world, true, &counts);
    print_message("%-14s %8.2f ms\n", "full run", full);

    report(world, "settled", full, &counts);
    report(world, "no change", full, &counts);
    expect(&counts, 0, 0);
    assert_int_equal(counts.files_hashed, 0);
    assert_int_equal(counts.values_asked, 1);
    write_source(world, 7, "other");
    report(world, "one function", full, &counts);
    expect(&counts, 1, 1);
    write_header(world, 3, "other");
    report(world, "one text", full, &counts);
    expect(&counts, FILES / HEADERS, FILES / HEADERS);
    write_header(world, 3, "word");
    report(world, "switched back", full, &counts);
    expect(&counts, 0, 0);
    world->language.values[0][1] = "release"; /* which no function uses */
    report(world, "another value", full, &counts);
    expect(&counts, FILES, 0);
    line_project_close(&world->project);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_edit_costs_what_it_reaches)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
