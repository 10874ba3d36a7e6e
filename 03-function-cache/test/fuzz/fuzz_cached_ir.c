/* SPDX-License-Identifier: MIT */
/*
 * Lowered forms from a cache, damaged but with a matching checksum: declarations and ZIR with
 * numbers that lead anywhere. Readers must refuse them or cope; keys and code made from them need
 * not mean anything, but nothing may read outside the blobs or run without end.
 *
 *     which program u8 │ for each of its files: damage to the declarations, damage to the ZIR
 */
#include "fuzz_input.h"
#include "fuzz_program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MemoryProgram program;
    fuzz_program_damage(&program, data, size);
    memory_program_emit(&program);
    memory_program_free(&program);
    return 0;
}
