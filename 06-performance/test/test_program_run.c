/* SPDX-License-Identifier: MIT */
/* The tools are shell scripts here, so that only minic's handling of them is tested; the real ones
 * run in minic.bats. */
#include "program_run.h"
#include "scratch.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

typedef struct World {
    Scratch scratch;
    ByteBuffer error;
    char *path; /* what $PATH was */
} World;

static int open_world(void **state)
{
    World *world = calloc(1, sizeof *world);
    scratch_open(&world->scratch);
    world->path = strdup(getenv("PATH"));
    unsetenv("MINIC_CLANG");
    unsetenv("MINIC_LLI");
    char path[600];
    snprintf(path, sizeof path, "%s/bin", world->scratch.path); /* none of this machine's tools */
    setenv("PATH", path, 1);
    setenv("TMPDIR", world->scratch.path, 1);
    *state = world;
    return 0;
}

static int close_world(void **state)
{
    World *world = *state;
    setenv("PATH", world->path, 1);
    unsetenv("TMPDIR");
    unsetenv("MINIC_CLANG");
    unsetenv("MINIC_LLI");
    scratch_close(&world->scratch);
    buffer_free(&world->error);
    free(world->path);
    free(world);
    return 0;
}

static void add_script(const World *world, const char *name, const char *text)
{
    char path[600];
    scratch_write(&world->scratch, name, text);
    snprintf(path, sizeof path, "%s/%s", world->scratch.path, name);
    assert_int_equal(chmod(path, 0755), 0);
}

static void assert_error(World *world, const char *part)
{
    buffer_put_byte(&world->error, '\0');
    if (strstr(world->error.data, part) == NULL)
        fail_msg("'%s' is not in '%s'", part, world->error.data);
    world->error.size = 0;
}

static void assert_found_with(World *world, RunWith with, const char *name, bool is_clang)
{
    LlvmTool tool;
    assert_true(llvm_tool_find(&tool, with, &world->error));
    const char *slash = strrchr(tool.path, '/');
    assert_string_equal(slash + 1, name);
    assert_int_equal(tool.is_clang, is_clang);
}

static void assert_found(World *world, const char *name, bool is_clang)
{
    assert_found_with(world, RUN_WITH_ANY, name, is_clang);
}

static void the_newest_is_found(void **state)
{
    World *world = *state;
    add_script(world, "bin/clang", "#!/bin/sh\necho clang version 14.0.6\n");
    LlvmTool tool;
    assert_false(llvm_tool_find(&tool, RUN_WITH_ANY, &world->error));
    assert_error(world, "version 14, and LLVM 15 or newer is needed");
    add_script(world, "bin/lli", "#!/bin/sh\necho '  LLVM version 17.0.1'\n");
    assert_found(world, "lli", false);
    add_script(world, "bin/lli-15", "#!/bin/sh\n");
    assert_found(world, "lli-15", false);
    add_script(world, "bin/clang-15", "#!/bin/sh\n");
    assert_found(world, "clang-15", true);
    add_script(world, "bin/clang-9", "#!/bin/sh\n");
    add_script(world, "bin/clang-19", "#!/bin/sh\n");
    assert_found(world, "clang-19", true);
    add_script(world, "bin/mine", "#!/bin/sh\necho LLVM version 16\n");
    setenv("MINIC_LLI", "mine", 1);
    assert_found(world, "mine", false);
    setenv("MINIC_CLANG", "nothing", 1);
    assert_false(llvm_tool_find(&tool, RUN_WITH_ANY, &world->error));
    assert_error(world, "cannot use nothing: no such program");
}

static void without_any_tool_one_line_says_so(void **state)
{
    World *world = *state;
    setenv("PATH", world->scratch.path, 1);
    LlvmTool tool;
    assert_false(llvm_tool_find(&tool, RUN_WITH_ANY, &world->error));
    assert_error(world, "neither clang nor lli is installed");
}

static void only_the_wanted_kind_is_found(void **state)
{
    World *world = *state;
    LlvmTool tool;
    add_script(world, "bin/clang-19", "#!/bin/sh\n");
    assert_false(llvm_tool_find(&tool, RUN_WITH_LLI, &world->error));
    assert_error(world, "cannot run the program: lli is not installed");
    add_script(world, "bin/lli-15", "#!/bin/sh\n");
    assert_found_with(world, RUN_WITH_LLI, "lli-15", false);
    assert_found_with(world, RUN_WITH_CLANG, "clang-19", true);
    setenv("MINIC_CLANG", "nothing", 1); /* of the other kind */
    assert_found_with(world, RUN_WITH_LLI, "lli-15", false);
}

/* The output of a build is copied; then the next build writes into it; then the copy is run. */
static int run_with(World *world, const char *script, bool is_clang)
{
    ProgramCopy copy;
    char output[600];
    add_script(world, "tool", script);
    LlvmTool tool = {.is_clang = is_clang};
    snprintf(tool.path, sizeof tool.path, "%s/tool", world->scratch.path);
    snprintf(output, sizeof output, "%s/main.ll", world->scratch.path);
    char *arguments[] = {"7", "two words", NULL};
    world->error.size = 0;
    scratch_write(&world->scratch, "main.ll", "this build's\n");
    assert_int_equal(program_copy_make(&copy, output, &world->error), 0);
    scratch_write(&world->scratch, "main.ll", "another's\n");
    return program_run(&tool, &copy, arguments, &world->error);
}

/* No directory of a temporary program is left. */
static void assert_clean(const World *world)
{
    DIR *dir = opendir(world->scratch.path);
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        assert_int_not_equal(strncmp(entry->d_name, "minic-", 6), 0);
    closedir(dir);
}

static void the_exit_status_is_the_programs(void **state)
{
    World *world = *state;
    assert_int_equal(run_with(world, "#!/bin/sh\nexit 0\n", false), 0);
    assert_int_equal(run_with(world, "#!/bin/sh\nexit $2\n", false), 7);
    assert_int_equal(run_with(world, "#!/bin/sh\n[ \"$3\" = 'two words' ]\n", false), 0);
    assert_int_equal(run_with(world, "#!/bin/sh\nkill -TERM $$\n", false), 128 + 15);
}

/* A compiler that writes a script to its output path. */
static const char compiler[] = "#!/bin/sh\n"
                               "while [ \"$1\" != -o ]; do shift; done\n"
                               "printf '#!/bin/sh\\nexit $1\\n' >\"$2\"\n"
                               "/bin/chmod +x \"$2\"\n";

static void clang_makes_an_executable_that_is_removed(void **state)
{
    World *world = *state;
    assert_int_equal(run_with(world, "#!/bin/sh\nexit 1\n", true), -1);
    assert_error(world, "/tool cannot compile ");
    assert_clean(world);
    assert_int_equal(run_with(world, "#!/bin/sh\nexit 0\n", true), -1); /* made nothing */
    assert_error(world, "cannot run");
    assert_clean(world);
    /* A script is read after exec, when it is already removed: 127 or so, but never -1. */
    assert_true(run_with(world, compiler, true) >= 0);
    assert_clean(world);
}

static void what_runs_is_what_this_build_made(void **state)
{
    World *world = *state;
    assert_int_equal(run_with(world,
                              "#!/bin/sh\nread -r line <\"$1\"\n[ \"$line\" = \"this build's\" ]\n",
                              false),
                     0);
    assert_clean(world);
    assert_true(run_with(world,
                         "#!/bin/sh\nwhile [ \"$1\" != ir ]; do shift; done\n"
                         "read -r line <\"$2\"\n[ \"$line\" = \"this build's\" ] || exit 1\n"
                         "printf '#!/bin/sh\\nexit 0\\n' >\"$4\"\n/bin/chmod +x \"$4\"\n",
                         true) >= 0);
    assert_clean(world);
}

/* lli reads the copy and then is the program: while it runs, no file is left. */
static void an_interpreted_program_has_no_name(void **state)
{
    World *world = *state;
    const char *script = "#!/bin/sh\nfor dir in \"$TMPDIR\"/minic-*; do\n"
                         "    [ ! -e \"$dir\" ] || exit 1\ndone\n[ -r \"$1\" ]\n";
    assert_int_equal(run_with(world, script, false), 0);
}

static void an_output_that_cannot_be_copied_is_reported(void **state)
{
    World *world = *state;
    ProgramCopy copy;
    assert_int_equal(program_copy_make(&copy, "/nowhere/main.ll", &world->error), -1);
    program_copy_remove(&copy);
    assert_error(world, "cannot copy /nowhere/main.ll: No such file");
    assert_clean(world);
    setenv("TMPDIR", "/nowhere", 1);
    assert_int_equal(program_copy_make(&copy, "/dev/null", &world->error), -1);
    program_copy_remove(&copy);
    assert_error(world, "cannot make a temporary directory in /nowhere/minic-");
}

static void a_tool_that_cannot_be_started_is_reported(void **state)
{
    World *world = *state;
    assert_int_equal(run_with(world, "#!/nowhere/interpreter\n", false), -1);
    assert_error(world, "cannot run");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_newest_is_found, open_world, close_world),
        cmocka_unit_test_setup_teardown(only_the_wanted_kind_is_found, open_world, close_world),
        cmocka_unit_test_setup_teardown(without_any_tool_one_line_says_so, open_world, close_world),
        cmocka_unit_test_setup_teardown(the_exit_status_is_the_programs, open_world, close_world),
        cmocka_unit_test_setup_teardown(clang_makes_an_executable_that_is_removed, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(what_runs_is_what_this_build_made, open_world, close_world),
        cmocka_unit_test_setup_teardown(an_interpreted_program_has_no_name, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(an_output_that_cannot_be_copied_is_reported, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(a_tool_that_cannot_be_started_is_reported, open_world,
                                        close_world),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
