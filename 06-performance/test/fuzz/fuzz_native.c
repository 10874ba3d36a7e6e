/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a Mini program, all the way to machine code. A line `//// NAME` ends a file and
 * begins the next one; the first is main.mini.
 *
 *     what LLVM IR is made of    machine code is made of too, and of nothing else
 *     what is made               is well formed, with one main
 *     always                     compiled again, it is the same
 */
#include "fuzz_input.h"
#include "fuzz_program.h"
#include "mini_emit.h"
#include "mini_native.h"
#include "unit_code.h"

static void check_blobs(const MemoryProgram *program)
{
    unsigned mains = 0;
    for (uint32_t i = 0; i < program->file_count; i++) {
        Slice rest = buffer_slice(&program->files[i].text);
        UnitCode unit;
        while (unit_code_next(&rest, &unit))
            mains += slice_equal(unit.symbol, slice_from("main"));
        FUZZ_CHECK(rest.size == 0);
    }
    FUZZ_CHECK(mains <= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MemoryProgram native, again, llvm;
    Slice text = slice_of(data, size);
    fuzz_program_compile(&native, text, slice_from(""), mini_native_emit);
    fuzz_program_compile(&again, text, slice_from("// further down\n"), mini_native_emit);
    fuzz_program_compile(&llvm, text, slice_from(""), mini_emit);
    check_blobs(&native);
    fuzz_programs_same(&native, &again, false);
    FUZZ_CHECK(native.is_right == llvm.is_right);
    FUZZ_CHECK(native.diagnostics.count == llvm.diagnostics.count);
    memory_program_free(&native);
    memory_program_free(&again);
    memory_program_free(&llvm);
    return 0;
}
