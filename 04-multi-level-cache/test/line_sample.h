/* SPDX-License-Identifier: MIT */
/* Two programs in the line language, and the small steps of their tests: edit a file, build, and
 * check what it cost. */
#ifndef LINE_SAMPLE_H
#define LINE_SAMPLE_H

#include "line_project.h"

/* A test with one of the programs, in a LineProject, for its *state. */
#define CASE_WITH_SAMPLE(name) \
    cmocka_unit_test_setup_teardown(name, line_sample_setup, line_project_teardown)
#define CASE_WITH_PAIR(name) \
    cmocka_unit_test_setup_teardown(name, line_pair_setup, line_project_teardown)
int line_sample_setup(void **state);
int line_pair_setup(void **state);
int line_project_teardown(void **state);

/* Four files: main calls two functions of lib, one of which names a type in types; other uses
 * the type. And two: main, which declares a function of C and calls one of lib. */
void line_sample_write(const LineProject *project);
void line_pair_write(const LineProject *project);

/* Replaces the first `from` in the file by `to`. */
void line_edit(const LineProject *project, const char *file, const char *from, const char *to);

/* Builds; the test fails unless the program is right and the output that of a clean build. The
 * caller frees the run; the second function frees it itself. */
LineRun line_build(LineProject *project, LineRequest request);
void line_rebuild(LineProject *project);

/* Builds main.line, then a second entry in the same cache: second.line, which calls a function of
 * lib. From then on the output is that of the second entry, and the first one's is in *first, until
 * line_return_to makes it the output again. The caller frees the second build's run. */
LineRun line_build_second(LineProject *project, LineOutput *first);
void line_return_to(LineProject *project, LineOutput first);

/* Builds; expects so many lowered files, emitted functions and these dirty sections. */
void line_expect(LineProject *project, unsigned lowered, unsigned emitted, const char *dirty);

#endif
