/* SPDX-License-Identifier: MIT */
/* How minic shows warnings. Mini has none: the line language stands in for a front end that has. */
#include "invocation.h"
#include "line_project.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* What a build of src/main.line by `invocation` prints, NUL-terminated; the caller frees. */
static char *shown(LineProject *project, Invocation *invocation)
{
    LineSteps steps;
    invocation->line.entry = "src/main.line"; /* as if from the scratch directory */
    assert_int_equal(line_steps_open(&steps, project, (LineRequest){.entry = "src/main.line"}),
                     BUILD_OK);
    BuildStatus status = build_plan(steps.build);
    if (status == BUILD_OK)
        status = build_emit(steps.build);
    invocation->build = steps.build;
    invocation->line.trust_cache = true;

    int saved = dup(STDERR_FILENO);
    int file = openat(project->scratch.fd, "stderr", O_CREAT | O_TRUNC | O_RDWR, 0600);
    assert_true(saved >= 0 && file >= 0 && dup2(file, STDERR_FILENO) >= 0);
    invocation_report_problems(invocation, status);
    fflush(stderr);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    close(saved);
    close(file);
    build_close(steps.build);
    buffer_free(&invocation->text);
    return scratch_read(&project->scratch, "stderr", NULL);
}

static void expect_shown(LineProject *project, bool quiet, const char *expected)
{
    Invocation invocation = {.line = {.quiet = quiet}};
    char *text = shown(project, &invocation);
    assert_string_equal(text, expected);
    free(text);
}

static void test_they_are_shown_as_errors_are(void **state)
{
    LineProject project;
    (void)state;
    line_project_open(&project);
    scratch_write(&project.scratch, "src/main.line", "import \"src/main.line\" as inner\n"
                                                     "todo in \"src/main.line\" tidy\n"
                                                     "unit main $inner.main\n");
    scratch_write(&project.scratch, "src/src/main.line", "unit main(!a) b\n");
    for (int i = 0; i < 2; i++) /* made, and found */
        expect_shown(&project, false,
                     "src/main.line:2:1: warning: to do: 'tidy' [todo]\n"
                     "todo in \"src/main.line\" tidy\n"
                     "^\n"
                     "src/src/main.line:1:1: note: in this file\n"
                     "src/main.line:3:6: warning: 'src/main.line:main' is old [old]\n"
                     "unit main $inner.main\n"
                     "     ^\n"
                     "src/src/main.line:1:6: note: 'main' is this one\n");
    expect_shown(&project, true, "");
    scratch_edit(&project.scratch, "src/src/main.line", "unit main", "nonsense\nunit main");
    expect_shown(&project, true,
                 "src/src/main.line:1:1: error: what is this line?: 'nonsense'\n"
                 "nonsense\n"
                 "^\n");
    line_project_close(&project);
}

/* A note may point where nothing may be quoted: the kind of its message is shown. */
static void test_a_note_outside_the_project_quotes_nothing(void **state)
{
    LineProject project;
    (void)state;
    line_project_open(&project);
    scratch_write(&project.scratch, "src/main.line", "import \"../out.line\" as out\n"
                                                     "unit main $out.old\n");
    scratch_write(&project.scratch, "out.line", "unit old(!a) ?b\n");
    expect_shown(&project, false,
                 "src/../out.line:1:6: warning: a body with a '?'\n"
                 "src/main.line:2:6: warning: '../out.line:old' is old [old]\n"
                 "unit main $out.old\n"
                 "     ^\n"
                 "src/../out.line:1:6: note: '...' is this one\n"
                 "minic: files outside of the entry's directory are not quoted; --root DIR names "
                 "another\n");
    line_project_close(&project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_they_are_shown_as_errors_are),
        cmocka_unit_test(test_a_note_outside_the_project_quotes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
