/* SPDX-License-Identifier: MIT */
/* In most languages interfaces may refer to each other in cycles, through several files. An edit in
 * one of these changes the keys of all that is in the cycle, and of no more. */
#include "line_sample.h"

#include <stdio.h>
#include <unistd.h>

/* ---- the line language, but a cycle is no error -------------------------------------------- */

static const Declaration *declaration_of(const Unit *unit)
{
    return &unit->declarations->items[unit->declaration];
}

/* A unit is emitted as the sizes of everything its interface and body name, two levels deep. */
static void put_sizes(const Lookup *lookup, const Unit *unit, uint32_t count, int levels,
                      ByteBuffer *text)
{
    for (uint32_t i = 0; i < count; i++) {
        Unit found;
        assert_int_equal(lookup->find(lookup, unit, i, &found), NAME_FOUND);
        buffer_put_format(text, "[%u", (unsigned)declaration_of(&found)->ir_size);
        if (levels > 1)
            put_sizes(lookup, &found, declaration_of(&found)->interface_reference_count,
                      levels - 1, text);
        buffer_put_byte(text, ']');
    }
}

static bool emit_sizes(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
                       ByteBuffer *text, Diagnostics *diagnostics)
{
    const Declaration *item = declaration_of(unit);
    (void)language, (void)scratch, (void)diagnostics;
    put_sizes(lookup, unit, item->interface_reference_count + item->body_reference_count, 2, text);
    buffer_put_byte(text, '\n');
    return true;
}

/* ---- builds -------------------------------------------------------------------------------- */

static BuildStatus emit_all(Build *build)
{
    BuildStatus status = build_plan(build);
    build_want_all(build);
    return status == BUILD_OK ? build_emit(build) : status;
}

/* The whole output, built with `cache`. The caller frees. */
static ByteBuffer output_with(const LineProject *project, const char *cache)
{
    LineSteps steps;
    ByteBuffer output = {0};
    assert_int_equal(line_steps_open(&steps, project, (LineRequest){.cache = cache}), BUILD_OK);
    steps.compiler.emit = emit_sizes;
    assert_int_equal(emit_all(steps.build), BUILD_OK);
    for (uint32_t i = 0; i < build_section_count(steps.build); i++) {
        uint32_t count;
        const Slice *texts = build_section_texts(steps.build, i, &count);
        for (uint32_t text = 0; text < count; text++)
            buffer_put(&output, texts[text]);
    }
    assert_int_equal(build_save(steps.build), BUILD_OK);
    assert_int_equal(build_commit(steps.build), BUILD_OK);
    build_close(steps.build);
    buffer_put_byte(&output, '\0');
    return output;
}

static void expect_clean_output(LineProject *project)
{
    char fresh[32];
    snprintf(fresh, sizeof fresh, "fresh%u", project->clean_builds++);
    ByteBuffer output = output_with(project, "cache"), clean = output_with(project, fresh);
    assert_string_equal(output.data, clean.data);
    buffer_free(&output);
    buffer_free(&clean);
}

static void test_what_reaches_a_cycle_is_never_old(void **state)
{
    static const char *const bodies[] = {"$a.x", "$a.x and more"};
    static const char *const interfaces[] = {"$a.x", "one $a.x", "one two $a.x", "$a.x $a.x 4"};
    LineProject project;
    char text[128];
    (void)state;
    line_project_open(&project);
    scratch_write(&project.scratch, "a.line", "import \"b.line\" as b\nunit x($b.y)\n");
    for (int i = 0; i < 24; i++) { /* each state is built twice: the second time nothing changed */
        snprintf(text, sizeof text, "import \"a.line\" as a\nunit main %s\n", bodies[i / 2 % 2]);
        scratch_write(&project.scratch, "main.line", text);
        snprintf(text, sizeof text, "import \"a.line\" as a\nunit y(%s)\n", interfaces[i / 4 % 4]);
        scratch_write(&project.scratch, "b.line", text);
        expect_clean_output(&project);
    }
    line_project_close(&project);
}

/* ---- a cycle that the line language writes ------------------------------------------------- */

static void test_a_cycle_of_pointers_has_an_end(void **state)
{
    LineProject project;
    (void)state;
    line_project_open(&project);
    scratch_write(&project.scratch, "main.line", "unit node($pair)\n"
                                                 "unit pair(&node &pair &leaf)\n"
                                                 "unit leaf(n)\n"
                                                 "unit main $pair\n");
    LineRun run = line_project_build(&project, (LineRequest){0});
    assert_int_equal(run.status, BUILD_OK);
    assert_string_equal(line_output_section(&project.output, "main.line"),
                        "main() <main.line:pair(&<main.line:node(<main.line:pair("
                        "&main.line:node &main.line:pair &<main.line:leaf(n)>)>)> "
                        "&main.line:pair &<main.line:leaf(n)>)>\n");
    line_run_free(&run);
    line_project_close(&project);
}

/* ---- what an edit costs -------------------------------------------------------------------- */

enum { MEMBERS = 101, MEMBER_FILES = 5 }; /* and the hub */

/* The same output as a clean build has, and the same keys. */
static void expect_emitted(LineProject *project, unsigned emitted)
{
    LineRun run = line_build(project, (LineRequest){0});
    assert_int_equal(run.counts.functions_emitted, emitted);
    line_run_free(&run);
    ByteBuffer differences = line_project_verify(project, (LineRequest){0}, NULL);
    assert_string_equal(differences.data, "");
    buffer_free(&differences);
}

/* The hub points to all members, in five files, and each member to the hub. */
static void write_hub(const LineProject *project)
{
    ByteBuffer hub = {0}, members[MEMBER_FILES] = {{0}};
    for (unsigned i = 0; i < MEMBER_FILES; i++) {
        buffer_put_format(&hub, "import \"m%u.line\" as m%u\n", i, i);
        buffer_put(&members[i], slice_from("import \"hub.line\" as hub\n"));
    }
    buffer_put(&hub, slice_from("unit hub("));
    for (unsigned i = 0; i < MEMBERS; i++) {
        buffer_put_format(&hub, "&m%u.u%u ", i % MEMBER_FILES, i);
        buffer_put_format(&members[i % MEMBER_FILES], "unit u%u(&hub.hub) body %u\n", i, i);
    }
    buffer_put(&hub, slice_from(") turns"));
    scratch_write_bytes(&project->scratch, "hub.line", buffer_slice(&hub));
    for (unsigned i = 0; i < MEMBER_FILES; i++) {
        char path[16];
        snprintf(path, sizeof path, "m%u.line", i);
        scratch_write_bytes(&project->scratch, path, buffer_slice(&members[i]));
        buffer_free(&members[i]);
    }
    buffer_free(&hub);
    scratch_write(&project->scratch, "main.line",
                  "import \"hub.line\" as hub\nunit main $hub.hub\nunit other alone\n");
}

static void test_a_body_in_a_cycle_of_102_is_one_unit(void **state)
{
    LineProject project;
    (void)state;
    line_project_open(&project);
    write_hub(&project);
    expect_emitted(&project, 104);
    line_edit(&project, "m2.line", "body 7\n", "body seven\n");
    expect_emitted(&project, 1);
    line_edit(&project, "hub.line", "turns", "turns fast");
    expect_emitted(&project, 1);
    line_edit(&project, "main.line", "$hub.hub", "starts $hub.hub");
    expect_emitted(&project, 1);
    line_edit(&project, "m2.line", "u7(&hub.hub)", "u7(n &hub.hub)");
    expect_emitted(&project, 103);
    line_edit(&project, "m2.line", "u7(n &hub.hub)", "u7(&hub.hub)");
    expect_emitted(&project, 0);
    line_project_close(&project);
}

/* ---- components that form, split and merge ------------------------------------------------- */

static void expect_wrong(LineProject *project)
{
    LineOutput none = {0};
    for (int i = 0; i < 2; i++) {
        LineRun run = line_project_build(project, (LineRequest){0});
        LineRun clean = line_project_build_clean(project, (LineRequest){0}, &none);
        assert_int_equal(run.status, BUILD_PROGRAM_WRONG);
        assert_string_equal(run.diagnostics.data, clean.diagnostics.data);
        line_run_free(&run);
        line_run_free(&clean);
    }
}

#define MAIN "import \"a.line\" as a\nimport \"c.line\" as c\nunit main $a.x $c.z\n"
#define A "import \"b.line\" as b\nunit x(&b.y) 1\n"
#define B "import \"a.line\" as a\nimport \"c.line\" as c\n"
#define C "import \"d.line\" as d\nunit z(&d.w) 3\n"
#define D "import \"c.line\" as c\nimport \"b.line\" as b\n"

typedef struct Step {
    const char *what, *path, *text; /* text NULL: the file is removed */
    int emitted;                    /* of these units; -1: the program is wrong */
} Step;

static const Step steps[] = {
    {"two components, x y and z w", "main.line", MAIN, 5},
    {"a body in one", "b.line", B "unit y(&a.x) two\n", 1},
    {"one leads to the other", "b.line", B "unit y(&a.x &c.z) two\n", 3},
    {"they merge", "d.line", D "unit w(&c.z &b.y) 4\n", 5},
    {"a body in all of it", "d.line", D "unit w(&c.z &b.y) four\n", 1},
    {"a member leads to another member", "d.line", D "unit w(&b.y &c.z) four\n", 5},
    {"they split again: z leads nowhere", "c.line", "import \"d.line\" as d\nunit z() 3\n", 5},
    {"the other one only", "b.line", B "unit y(&a.x) two\n", 2},
    {"as it was at first", "c.line", C, 3},
    {"an import moves to a file that is not there", "a.line", "import \"e.line\" as b\n"
                                                            "unit x(&b.y) 1\n", -1},
    {"... and which looks the same", "e.line", B "unit y(&a.x) two\n", 6},
    {"the one beside it has no use any more", "b.line", B "unit y(nothing)\n", 3},
    {"the new one is broken", "e.line", B "unit y(&a.x) two\nnonsense\n", -1},
    {"... and so is one that leads to it", "a.line", "import \"e.line\" as b\n"
                                                     "unit x(&b.y &b.y) 1\nnonsense\n", -1},
    {"... of which one is mended", "a.line", "import \"e.line\" as b\n"
                                             "unit x(&b.y &b.y) 1\n", -1},
    {"... and the other", "e.line", B "unit y(&a.x &c.z) two\n", 3},
    {"a cycle within one file", "e.line", B "unit y(&v) two\nunit v(&y) 5\n", 4},
    {"... that another joins", "e.line", B "unit y(&v) two\nunit v(&y &a.x) 5\n", 4},
    {"a file that nobody imports, first in the order", "0.line", "import \"e.line\" as e\n"
                                                           "unit t(&e.v) 6\n", 0},
    {"... and that comes into it", "e.line", "import \"0.line\" as t\nimport \"a.line\" as a\n"
                                       "unit y(&v) two\nunit v(&t.t &a.x) 5\n", 5},
    {"... and another goes", "a.line", "import \"0.line\" as t\nunit x(&t.t) 1\n", 5},
    {"a renamed member", "0.line", "import \"e.line\" as e\nunit t(&e.u) 6\n", -1},
    {"... in both files", "e.line", "import \"0.line\" as t\nimport \"a.line\" as a\n"
                                    "unit y(&u) two\nunit u(&t.t &a.x) 5\n", 5},
    {"the file is gone", "0.line", NULL, -1},
    {"... and nobody names it", "e.line", "import \"a.line\" as a\nunit y(&u) two\n"
                                          "unit u(&a.x) 5\n", -1},
    {"... nor a", "a.line", "import \"e.line\" as b\nunit x(&b.y) 1\n", 4},
};

/* Wrong programs commit nothing: the next step finds what changed since the last right one. */
static void test_components_form_split_and_merge(void **state)
{
    LineProject project;
    (void)state;
    line_project_open(&project);
    scratch_write(&project.scratch, "a.line", A);
    scratch_write(&project.scratch, "b.line", B "unit y(&a.x) 2\n");
    scratch_write(&project.scratch, "c.line", C);
    scratch_write(&project.scratch, "d.line", D "unit w(&c.z) 4\n");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        fprintf(stderr, "%s\n", steps[i].what);
        if (steps[i].text == NULL)
            unlinkat(project.scratch.fd, steps[i].path, 0);
        else
            scratch_write(&project.scratch, steps[i].path, steps[i].text);
        if (steps[i].emitted < 0)
            expect_wrong(&project);
        else
            expect_emitted(&project, (unsigned)steps[i].emitted);
    }
    line_project_close(&project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_reaches_a_cycle_is_never_old),
        cmocka_unit_test(test_a_cycle_of_pointers_has_an_end),
        cmocka_unit_test(test_a_body_in_a_cycle_of_102_is_one_unit),
        cmocka_unit_test(test_components_form_split_and_merge),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
