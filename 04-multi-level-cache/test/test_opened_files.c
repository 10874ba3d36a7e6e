/* SPDX-License-Identifier: MIT */
/* A front end whose lowered forms must be parsed parses each of them at most once, and a unit sees
 * no more of another file than its key covers. */
#include "line_project.h"
#include "thread_executor.h"
#include "tree_language.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct World {
    LineProject project;
    TreeLanguage language;
    Compiler compiler;
} World;

/* main and side use lib, which uses types; alone is used by nobody's interface. */
static void write_sample(const Scratch *scratch)
{
    scratch_write(scratch, "main.tree", "import \"lib.tree\" as lib\n"
                                        "import \"side.tree\" as side\n"
                                        "fn main = (print $lib.area $side.use)\n"
                                        "fn helper = (print $lib.edge)\n");
    scratch_write(scratch, "side.tree", "import \"lib.tree\" as lib\n"
                                        "fn use = (twice $lib.area)\n"
                                        "fn rest = (nothing)\n");
    scratch_write(scratch, "lib.tree", "import \"types.tree\" as types\n"
                                       "about flat\n"
                                       "type size w h\n"
                                       "fn area size $types.box = (mul (w size) h)\n"
                                       "fn edge size = (add w h)\n"
                                       "fn inner = (add $area $edge)\n");
    scratch_write(scratch, "types.tree", "type point x y\n"
                                         "type box point point\n");
}

static int setup(void **state)
{
    World *world = calloc(1, sizeof *world);
    assert_non_null(world);
    line_project_open(&world->project);
    write_sample(&world->project.scratch);
    *state = world;
    return 0;
}

static int teardown(void **state)
{
    World *world = *state;
    line_project_close(&world->project);
    free(world);
    return 0;
}

static LineRequest request_of(World *world)
{
    world->compiler = tree_language(&world->language);
    return (LineRequest){.entry = "main.tree", .compiler = &world->compiler};
}

/* Builds with counts that begin at 0. */
static LineRun build(World *world)
{
    world->language.opened = world->language.parsed = 0;
    world->language.opened_bytes = world->language.parsed_bytes = 0;
    LineRun run = line_project_build(&world->project, request_of(world));
    assert_int_equal(run.status, BUILD_OK);
    assert_int_equal(run.counts.files_opened, world->language.opened);
    return run;
}

/* So many units are emitted, interfaces opened, and calls made that parse bodies; and the output is
 * right. */
static void expect(World *world, unsigned emitted, unsigned opened, unsigned parsed)
{
    LineRun run = build(world);
    assert_int_equal(run.counts.functions_emitted, emitted);
    assert_int_equal(world->language.opened, opened);
    assert_int_equal(world->language.parsed, parsed);
    line_run_free(&run);
    line_project_expect_clean(&world->project, request_of(world));
}

static void edit(const World *world, const char *file, const char *from, const char *to)
{
    scratch_edit(&world->project.scratch, file, from, to);
}

static const char *section(const World *world, const char *path)
{
    return line_output_section(&world->project.output, path);
}

/* ---- how often ----------------------------------------------------------------------------- */

static void test_a_cold_build_parses_each_file_once(void **state)
{
    World *world = *state;
    expect(world, 7, 4, 4);
    assert_string_equal(section(world, "main.tree"),
                        "main.tree[]:main{} = (print lib.tree[flat]:area{size{w h} "
                        "types.tree[]:box{point{x y} point{x y}}} side.tree[]:use{})\n"
                        "main.tree[]:helper{} = (print lib.tree[flat]:edge{size{w h}})\n");
}

/* Nothing is parsed twice: neither blob, by any unit. */
static void test_a_cold_build_parses_no_more_bytes_than_were_lowered(void **state)
{
    World *world = *state;
    LineRun run = build(world);
    assert_int_equal(world->language.opened_bytes,
                     strlen("\nmain \nhelper \n" "\nuse \nrest \n"
                            "flat \nsize w h\narea size $0.box \nedge size \ninner \n"
                            "\npoint x y\nbox point point\n"));
    assert_int_equal(world->language.parsed_bytes,
                     strlen(" (print $0.area $1.use)\n (print $0.edge)\n"
                            " (twice $0.area)\n (nothing)\n"
                            "\n (mul (w size) h)\n (add w h)\n (add $0.area $1.edge)\n" "\n\n"));
    line_run_free(&run);
}

static void test_without_a_form_each_unit_parses_what_it_sees(void **state)
{
    World *world = *state;
    world->language.shares_nothing = world->language.emits_each = true;
    LineRun run = line_project_build(&world->project, request_of(world));
    assert_int_equal(run.status, BUILD_OK);
    assert_int_equal(world->language.opened, 20);
    assert_int_equal(world->language.parsed, 10);
    line_run_free(&run);
}

static void test_after_an_edit_each_file_that_is_seen_is_parsed_once(void **state)
{
    World *world = *state;
    expect(world, 7, 4, 4);
    expect(world, 0, 0, 0);
    edit(world, "side.tree", "nothing", "something");
    expect(world, 1, 1, 1); /* rest, which sees only its own file */
    edit(world, "main.tree", "print $lib.area", "show $lib.area");
    expect(world, 1, 4, 1); /* main, which sees all */
    edit(world, "lib.tree", "type size", "# a comment\ntype size");
    expect(world, 0, 0, 0);
}

/* Also by those for whom nothing changed: the price of a form. Only rest does not see lib. */
static void test_a_changed_interface_is_seen_by_all_who_see_the_file(void **state)
{
    World *world = *state;
    expect(world, 7, 4, 4);
    edit(world, "lib.tree", "size w h", "size w h d");
    expect(world, 6, 4, 3);
    edit(world, "types.tree", "point x y", "point x y z");
    expect(world, 4, 4, 4); /* area, which names box, and those who name area */
    edit(world, "lib.tree", "about flat", "about round");
    expect(world, 6, 4, 3);
    edit(world, "types.tree", "point x y z", "point x y");
    edit(world, "lib.tree", "about round", "about flat");
    expect(world, 0, 0, 0); /* found */
}

static void test_a_language_may_open_files_and_emit_unit_by_unit(void **state)
{
    World *world = *state;
    world->language.emits_each = true;
    expect(world, 7, 4, 10);
    edit(world, "lib.tree", "size w h", "size w h d");
    expect(world, 6, 4, 7);
}

static void test_an_error_of_one_unit_leaves_the_others_of_the_call_right(void **state)
{
    World *world = *state;
    edit(world, "lib.tree", "fn edge size = (add w h)", "fn edge size = (add $gone h)");
    LineRun run = line_project_build(&world->project, request_of(world));
    assert_int_equal(run.status, BUILD_PROGRAM_WRONG);
    assert_string_equal(run.diagnostics.data, "lib.tree:5:1: error: unknown name: 'gone'\n");
    assert_int_equal(run.counts.functions_emitted, 6);
    line_run_free(&run);
    edit(world, "lib.tree", "$gone", "w");
    expect(world, 1, 1, 1);
}

/* ---- threads ------------------------------------------------------------------------------- */

enum { USERS = 40 };

static void write_many(const Scratch *scratch)
{
    ByteBuffer all = {0};
    char name[32], text[128];
    for (unsigned i = 0; i < USERS; i++) {
        snprintf(name, sizeof name, "user%u.tree", i);
        snprintf(text, sizeof text, "import \"lib.tree\" as lib\nfn use%u = ($lib.area)\n", i);
        scratch_write(scratch, name, text);
        snprintf(text, sizeof text, "import \"%s\" as u%u\n", name, i);
        buffer_put(&all, slice_from(text));
    }
    buffer_put(&all, slice_from("fn main = (done)\n"));
    scratch_write_bytes(scratch, "main.tree", buffer_slice(&all));
    buffer_free(&all);
}

/* Opening takes long enough for all threads to ask for lib.tree meanwhile. */
static void test_threads_wait_for_the_one_that_opens(void **state)
{
    World *world = *state;
    world->language.pause_ms = 20;
    write_many(&world->project.scratch);
    LineRequest request = request_of(world);
    request.executor = &thread_executor;
    LineRun run = line_project_build(&world->project, request);
    assert_int_equal(run.status, BUILD_OK);
    assert_int_equal(world->language.opened, USERS + 3); /* main, lib, types */
    assert_int_equal(world->language.parsed, USERS + 3);
    line_run_free(&run);
    line_project_expect_clean(&world->project, request_of(world));
}

/* ---- wrong languages ----------------------------------------------------------------------- */

static void expect_found(World *world, const char *lines)
{
    ByteBuffer found = line_project_verify(&world->project, request_of(world), NULL);
    assert_string_equal(found.data, lines);
    buffer_free(&found);
}

static void build_wrongly(World *world, TreeMistake mistake)
{
    world->language.mistake = mistake;
    LineRun run = line_project_build(&world->project, request_of(world));
    assert_int_equal(run.status, BUILD_OK);
    line_run_free(&run);
}

static void test_a_right_language_is_silent(void **state)
{
    World *world = *state;
    for (int each = 0; each < 2; each++) {
        world->language.emits_each = each;
        build_wrongly(world, TREE_IS_RIGHT);
        expect_found(world, "");
    }
}

static void test_a_text_that_depends_on_its_company_is_named(void **state)
{
    World *world = *state;
    build_wrongly(world, TREE_COUNTS_IN_CALL);
    expect_found(world, "lib.tree:inner: its output is different if it is emitted alone\n"
                        "main.tree:helper: its output is different if it is emitted alone\n"
                        "side.tree:rest: its output is different if it is emitted alone\n");
}

static void test_a_text_that_depends_on_the_order_is_named(void **state)
{
    World *world = *state;
    build_wrongly(world, TREE_SEES_ORDER);
    expect_found(world,
                 "lib.tree:inner: its output is different if its file is emitted in reverse order\n"
                 "main.tree:helper: its output is different if its file is emitted in reverse "
                 "order\n"
                 "side.tree:rest: its output is different if its file is emitted in reverse "
                 "order\n");
}

/* Within its own file a unit can look at other bodies. What comes of it is an old output. */
static void test_a_text_that_depends_on_another_body_is_named(void **state)
{
    World *world = *state;
    build_wrongly(world, TREE_READS_NEXT_BODY);
    expect_found(world, "");
    edit(world, "lib.tree", "= (add w h)", "= add");
    build_wrongly(world, TREE_READS_NEXT_BODY);
    expect_found(world, "lib.tree:area: its output is wrong\n");
}

/* In test builds it ends the process. The message is discarded. */
static void test_writing_to_a_form_is_refused(void **state)
{
#ifdef GUARD_LOOKUPS
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        build_wrongly(*state, TREE_WRITES_TO_FORM);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
#else
    (void)state;
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_a_cold_build_parses_each_file_once),
        TEST(test_a_cold_build_parses_no_more_bytes_than_were_lowered),
        TEST(test_without_a_form_each_unit_parses_what_it_sees),
        TEST(test_after_an_edit_each_file_that_is_seen_is_parsed_once),
        TEST(test_a_changed_interface_is_seen_by_all_who_see_the_file),
        TEST(test_a_language_may_open_files_and_emit_unit_by_unit),
        TEST(test_an_error_of_one_unit_leaves_the_others_of_the_call_right),
        TEST(test_threads_wait_for_the_one_that_opens),
        TEST(test_a_right_language_is_silent),
        TEST(test_a_text_that_depends_on_its_company_is_named),
        TEST(test_a_text_that_depends_on_the_order_is_named),
        TEST(test_a_text_that_depends_on_another_body_is_named),
        TEST(test_writing_to_a_form_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
