/* SPDX-License-Identifier: MIT */
/*
 * Lowered forms from a cache, damaged but with a matching checksum: machine code made from them
 * need not mean anything, but it is well formed, and nothing may read outside the blobs or run
 * without end.
 */
#include "fuzz_input.h"
#include "fuzz_program.h"
#include "mini_native.h"
#include "unit_code.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MemoryProgram program;
    fuzz_program_damage(&program, data, size);
    program.emit = mini_native_emit;
    memory_program_emit(&program);
    for (uint32_t i = 0; i < program.file_count; i++) {
        Slice rest = buffer_slice(&program.files[i].text);
        UnitCode unit;
        while (unit_code_next(&rest, &unit))
            continue;
        FUZZ_CHECK(rest.size == 0);
    }
    memory_program_free(&program);
    return 0;
}
