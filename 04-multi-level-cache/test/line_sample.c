/* SPDX-License-Identifier: MIT */
#include "line_sample.h"

#include <stdio.h>
#include <stdlib.h>

void line_sample_write(const LineProject *project)
{
    const Scratch *scratch = &project->scratch;
    scratch_write(scratch, "main.line", "import \"lib/lib.line\" as lib\n"
                                        "import \"other.line\" as other\n"
                                        "unit main $lib.area $lib.count $other.use\n"
                                        "unit helper $lib.count\n"
                                        "unit alone nothing\n");
    scratch_write(scratch, "lib/lib.line", "import \"../types.line\" as types\n"
                                           "unit area(a $types.box) multiplied\n"
                                           "unit count(n) counted\n");
    scratch_write(scratch, "other.line", "import \"types.line\" as types\n"
                                         "unit use used $types.box\n"
                                         "unit apart kept\n");
    scratch_write(scratch, "types.line", "unit box(width height)\n"
                                         "unit point(x y)\n");
}

void line_pair_write(const LineProject *project)
{
    scratch_write(&project->scratch, "main.line", "import \"lib.line\" as lib\n"
                                                  "declare puts i32 @puts(ptr)\n"
                                                  "unit main $lib.area\n");
    scratch_write(&project->scratch, "lib.line", "unit box(w h)\n"
                                                 "unit area(a $box) multiplied\n");
}

static LineProject *make_project(void)
{
    LineProject *project = malloc(sizeof *project);
    assert_non_null(project);
    line_project_open(project);
    return project;
}

int line_sample_setup(void **state)
{
    *state = make_project();
    line_sample_write(*state);
    return 0;
}

int line_pair_setup(void **state)
{
    *state = make_project();
    line_pair_write(*state);
    return 0;
}

int line_project_teardown(void **state)
{
    line_project_close(*state);
    free(*state);
    return 0;
}

void line_edit(const LineProject *project, const char *file, const char *from, const char *to)
{
    scratch_edit(&project->scratch, file, from, to);
}

LineRun line_build(LineProject *project, LineRequest request)
{
    LineRun run = line_project_build(project, request);
    if (run.status != BUILD_OK)
        fprintf(stderr, "%s%s: %s\n", run.diagnostics.data, run.failure.path,
                run.failure.what == NULL ? "" : run.failure.what);
    assert_int_equal(run.status, BUILD_OK);
    line_project_expect_clean(project, request);
    return run;
}

void line_rebuild(LineProject *project)
{
    LineRun run = line_build(project, (LineRequest){0});
    line_run_free(&run);
}

LineRun line_build_second(LineProject *project, LineOutput *first)
{
    line_rebuild(project);
    *first = project->output;
    project->output = (LineOutput){0};
    scratch_write(&project->scratch, "second.line", "import \"lib/lib.line\" as lib\n"
                                                    "unit main $lib.area\n");
    return line_build(project, (LineRequest){.entry = "second.line"});
}

void line_return_to(LineProject *project, LineOutput first)
{
    line_output_free(&project->output);
    project->output = first;
}

void line_expect(LineProject *project, unsigned lowered, unsigned emitted, const char *dirty)
{
    LineRun run = line_build(project, (LineRequest){0});
    assert_int_equal(run.counts.files_lowered, lowered);
    assert_int_equal(run.counts.functions_emitted, emitted);
    assert_string_equal(run.dirty.data, dirty);
    line_run_free(&run);
}
