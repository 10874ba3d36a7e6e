/* SPDX-License-Identifier: MIT */
/*
 * The sample programs, compiled without any cache: each prints what its `expected` says, and each
 * one in errors/ gets the errors listed there. (That the cached compiler gives the same is tested
 * from outside.)
 */
#include "mini_program.h"

#include "sample_list.h"
#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>

static void check_output(const char *sample)
{
    MiniProgram program = {0};
    ByteBuffer output = {0};
    int status;
    mini_program_load(&program, sample, "main.mini");
    if (!mini_program_compile(&program, "main.mini"))
        fail_msg("%s: %s", sample, program.messages.data);
    mini_program_run(&program, &output, &status);
    char *expected = read_expected(sample);
    if (strcmp(output.data, expected) != 0)
        print_message("in %s:\n", sample);
    assert_string_equal(output.data, expected);
    assert_int_equal(status, 0);
    free(expected);
    buffer_free(&output);
    mini_program_free(&program);
}

static void check_errors(const char *sample)
{
    MiniProgram program = {0};
    mini_program_load(&program, sample, "main.mini");
    mini_program_compile(&program, "main.mini");
    char *expected = read_expected(sample);
    if (strcmp(program.messages.data, expected) != 0)
        print_message("in %s:\n", sample);
    assert_string_equal(program.messages.data, expected);
    free(expected);
    mini_program_free(&program);
}

static void check_all(const char *directory, size_t least, void (*check)(const char *sample))
{
    char *names[MAX_SAMPLES];
    size_t count = list_samples(directory, names);
    assert_true(count >= least);
    for (size_t i = 0; i < count; i++) {
        check(names[i]);
        free(names[i]);
    }
}

static void test_samples_print_what_is_expected(void **state)
{
    (void)state;
    check_all(samples_directory(), 8, check_output);
}

static void test_wrong_samples_get_their_errors(void **state)
{
    (void)state;
    char directory[4200];
    snprintf(directory, sizeof directory, "%s/errors", samples_directory());
    check_all(directory, 8, check_errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_print_what_is_expected),
        cmocka_unit_test(test_wrong_samples_get_their_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
