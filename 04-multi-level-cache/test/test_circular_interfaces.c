/* SPDX-License-Identifier: MIT */
/* In some languages two interfaces may refer to each other. Nothing that reaches such a cycle has a
 * key, so none of it is cached; the output is right all the same. */
#include "line_project.h"

#include <stdio.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_reaches_a_cycle_is_never_old),
        cmocka_unit_test(test_a_cycle_of_pointers_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
