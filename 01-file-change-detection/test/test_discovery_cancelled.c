/* SPDX-License-Identifier: MIT */
/* A discovery that is cancelled finds nothing, and the next one finds all. */
#include "sample_project.h"
#include "thread_executor.h"

#include <errno.h>
#include <stdatomic.h>
#include <unistd.h>

typedef struct Patience { /* counts down */
    atomic_int left;
} Patience;

static bool is_over(void *context)
{
    Patience *patience = context;
    return atomic_fetch_sub(&patience->left, 1) == 0; /* said once: it must not be forgotten */
}

static int discover_until_over(SampleProject *project, int questions)
{
    Patience patience = {questions};
    project->cancelled = is_over;
    project->cancelled_context = &patience;
    int status = sample_project_discover(project);
    project->cancelled = NULL;
    return status;
}

/* How many questions a discovery of this project asks: up to there, each may cancel it. */
static void expect_questions(SampleProject *project, int questions)
{
    for (int i = 0; i < questions; i++) {
        uint32_t count = project->cache.count;
        assert_int_equal(discover_until_over(project, i), -ECANCELED);
        assert_int_equal(project->found.error, -ECANCELED);
        assert_null(project->found.error_path);
        assert_int_equal(project->found.change_count, 0);
        assert_string_equal(project->reported.data, "");
        assert_int_equal(project->cache.count, count);
    }
    assert_int_equal(discover_until_over(project, questions), 0);
}

static void each_file_is_asked_about(SampleProject *project)
{
    sample_project_age(project);
    expect_questions(project, 4); /* reads each */
    assert_int_equal(project->found.change_count, 4);
    expect_questions(project, 4); /* looks at each */
    assert_int_equal(project->found.change_count, 0);
    scratch_write(&project->scratch, "shared.mini", "const N: i32 = 5;\n");
    scratch_write(&project->scratch, "main.mini", "import \"b.mini\" as b;\n");
    scratch_settle(&project->scratch);
    expect_questions(project, 4 + 2);
    assert_int_equal(project->found.change_count, 2);
    scratch_write(&project->scratch, "new.mini", "");
    scratch_write(&project->scratch, "main.mini", "import \"b.mini\" as b;\n"
                                                  "import \"new.mini\" as n;\n");
    scratch_settle(&project->scratch);
    expect_questions(project, 4 + 1 + 1);
    assert_int_equal(project->cache.count, 5);
}

static void a_cancelled_discovery_changes_nothing(void **state)
{
    each_file_is_asked_about(*state);
}

static void nor_does_one_on_many_threads(void **state)
{
    SampleProject *project = *state;
    project->executor = &thread_executor;
    each_file_is_asked_about(project);
}

static void nor_does_one_that_looks_for_imports(void **state)
{
    SampleProject *project = *state;
    project->searches = true;
    each_file_is_asked_about(project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE_WITH_PROJECT(a_cancelled_discovery_changes_nothing),
        CASE_WITH_PROJECT(nor_does_one_on_many_threads),
        CASE_WITH_PROJECT(nor_does_one_that_looks_for_imports),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
