/* SPDX-License-Identifier: MIT */
/* Everything but the last step is Mini's own compiler. */
#include "mini_native.h"

#include "mini_emit.h"
#include "x86_emit.h"
#include "x86_runtime.h"

bool mini_native_emit(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
                      ByteBuffer *text, Diagnostics *diagnostics)
{
    (void)language;
    static const MiniBackEnd back_end = {.function = x86_emit_function,
                                         .constant = x86_emit_constant};
    return mini_emit_with(&back_end, unit, lookup, scratch, text, diagnostics);
}

int mini_native_compiler_init(Compiler *compiler, const MiniSettings *settings, ByteBuffer *prelude)
{
    int error = mini_compiler_init(compiler, settings, prelude);
    if (error != 0)
        return error;
    prelude->size = 0;
    x86_put_runtime(prelude);
    compiler->prelude = buffer_slice(prelude);
    compiler->settings = hash_bytes(compiler->prelude);
    compiler->emit = mini_native_emit;
    return 0;
}
