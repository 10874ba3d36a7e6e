/* SPDX-License-Identifier: MIT */
/*
 * Lowered forms from a cache, damaged but with a matching checksum: machine code made from them
 * need not mean anything, but nothing may read outside the blobs or run without end. A blob whose
 * symbol comes from a damaged name is refused when it is read; all others are well formed.
 */
#include "fuzz_input.h"
#include "fuzz_program.h"
#include "mini_native.h"
#include "unit_code.h"

/* A name in a symbol is not empty and holds no NUL. */
static bool has_odd_name(const MemoryProgram *program)
{
    for (uint32_t i = 0; i < program->file_count; i++) {
        const Declarations *view = &program->files[i].view.declarations;
        for (uint32_t d = 0; d < view->count; d++) {
            Slice name = declaration_name(view, d);
            if (name.size == 0 || memchr(name.data, '\0', name.size) != NULL)
                return true;
        }
    }
    return false;
}

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
        FUZZ_CHECK(rest.size == 0 || has_odd_name(&program));
    }
    memory_program_free(&program);
    return 0;
}
