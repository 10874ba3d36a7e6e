/* SPDX-License-Identifier: MIT */
/*
 * Random programs print the same, and end the same, whether LLVM or native/ makes their code. A
 * program has 18 functions of random code, each called twice: LLVM is slow to start.
 *
 *     SEED=123 build/test/test-06/test_native_random       one program
 *
 * NATIVE_PROGRAMS says how many to try.
 */
#include "mini_native.h"
#include "mini_program.h"
#include "mini_project.h"
#include "native_program.h"
#include "random_code.h"
#include "scratch.h"
#include "x86_runtime.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

/* lli says more when it dies: what it prints first is compared. */
static void compare(uint64_t seed, const NativeRun *native, ByteBuffer *llvm, int status)
{
    size_t size = native->output.size + native->errors.size;
    bool is_same = native->status == 7 ? status == 7 && llvm->size == size : status != 7;
    if (llvm->size > size)
        llvm->data[llvm->size = size] = '\0';
    if (is_same && llvm->size == size &&
        memcmp(llvm->data, native->output.data, native->output.size) == 0 &&
        memcmp(llvm->data + native->output.size, native->errors.data, native->errors.size) == 0)
        return;
    print_message("SEED=%llu: native ended with %d, LLVM with %d\n", (unsigned long long)seed,
                  native->status, status);
    assert_string_equal(native->output.data, llvm->data);
    fail();
}

static void check_program(uint64_t seed)
{
    ByteBuffer source = {0}, blobs = {0}, output = {0};
    MiniProgram program = {0};
    NativeRun native;
    int status;
    bool may_trap = seed % 4 == 0;
    random_code_write(seed, may_trap, &source);
    mini_program_add(&program, "main.mini", source.data);
    if (!mini_program_compile(&program, "main.mini"))
        fail_msg("SEED=%llu: %s", (unsigned long long)seed, program.messages.data);
    x86_put_runtime(&blobs);
    assert_true(mini_program_emit_all(&program, mini_native_emit, &blobs));
    native_program_run(buffer_slice(&blobs), NULL, &native);
    assert_true(native.status == 7 || (may_trap && native.status == 128 + SIGILL));
    mini_program_run(&program, &output, &status);
    compare(seed, &native, &output, status);
    native_run_free(&native);
    buffer_free(&output);
    buffer_free(&blobs);
    buffer_free(&source);
    mini_program_free(&program);
}

static void random_programs_do_the_same(void **state)
{
    (void)state;
    uint64_t seed = number_from("SEED", 0);
    uint64_t programs = seed != 0 ? 1 : number_from("NATIVE_PROGRAMS", 40);
    if (seed == 0)
        seed = (uint64_t)time(NULL) * 1000;
    print_message("SEED=%llu\n", (unsigned long long)seed);
    for (uint64_t i = 0; i < programs; i++)
        check_program(seed + i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_programs_do_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
