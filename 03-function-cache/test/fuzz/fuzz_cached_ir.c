/* SPDX-License-Identifier: MIT */
/*
 * Lowered forms from a cache, damaged but with a matching checksum: declarations and ZIR with
 * numbers that lead anywhere. Readers must refuse them or cope; keys and code made from them need
 * not mean anything, but nothing may read outside the blobs or run without end.
 *
 *     which program u8 │ for each of its files: damage to the declarations, damage to the ZIR
 */
#include "fuzz_input.h"
#include "memory_program.h"
#include "zir.h"

#include <stdlib.h>

static const char *const programs[][2] = {
    {"import \"b.mini\" as b;\nextern fn puts(s: str) i32;\nstruct P { x: f64, y: b.Q }\n"
     "fn f(p: P, n: i32) i64 {\n    var v = p;\n    while (n > 0 && v.x < 1.5 || true) {\n"
     "        if (n == 3) { break; } else { v.y.n = b.k; }\n        print(v.y.s);\n    }\n"
     "    return b.g(n) + (v.x as i64);\n}\nfn main() i32 { puts(\"x\"); return f(P{ x: 1, "
     "y: b.c }, -2) as i32; }\n",
     "struct Q { n: i32, s: str }\nconst k = 3 * 4 % 5;\nconst c = Q{ n: k, s: \"t\" };\n"
     "fn g(n: i32) i64 { if (n < 0) { return 1; } return g(n - 1) * 2; }\n"},
    {"import \"b.mini\" as b;\nconst a = b.b + 1;\nconst t = a == 3 && (b.b < 2 || false);\n"
     "const s: S = S{ u: b.T{ x: 1.5 }, v: \"v\" };\nstruct S { u: b.T, v: str }\n"
     "const w = s.u.x as i64;\nconst u = false && 1 < 2 || 4 == 3 + 1;\nfn main() i32 { return a; }\n",
     "import \"main.mini\" as m;\nconst b = 2 / 1;\nstruct T { x: f64 }\n"
     "fn f(s: m.S) m.S { return m.S{ v: \"x\", u: s.u }; }\nfn h() { }\n"},
};

/* Damages a copy of exactly its size, so that reading past it is noticed. It is aligned as in
 * packs. */
static Slice damaged(FuzzInput *input, Slice blob, Arena *arena)
{
    ByteBuffer bytes = {0};
    buffer_put(&bytes, blob);
    fuzz_damage(input, &bytes);
    char *copy = arena_allocate(arena, bytes.size);
    if (bytes.size != 0)
        memcpy(copy, bytes.data, bytes.size);
    Slice result = slice_of(copy, bytes.size);
    buffer_free(&bytes);
    return result;
}

/* An accepted view can be read everywhere. */
static void look_at_parts(const MemoryFile *file)
{
    ByteBuffer text = {0};
    Arena arena = {0};
    Declarations view;
    if (!declarations_view(file->lowered.declarations, &view))
        return;
    for (uint32_t i = 0; i < view.count; i++) {
        Zir zir;
        uint32_t found = declarations_find(&view, declaration_name(&view, i));
        FUZZ_CHECK(found < view.count);
        if (zir_view(file->lowered.ir, view.items[i].ir_offset, view.items[i].ir_size, &arena,
                     &zir))
            zir_print(&zir, &text);
        zir_view_interface(file->lowered.ir, view.items[i].ir_offset, view.items[i].ir_size, &arena,
                           &zir);
    }
    arena_free(&arena);
    buffer_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {data, data + size};
    MemoryProgram program = {0};
    const char *const *sources = programs[fuzz_below(&input, 2)];
    memory_program_add(&program, slice_from("main.mini"), slice_from(sources[0]));
    memory_program_add(&program, slice_from("b.mini"), slice_from(sources[1]));
    FUZZ_CHECK(memory_program_lower(&program));
    for (uint32_t i = 0; i < program.file_count; i++) {
        Lowered lowered = program.files[i].lowered;
        lowered.declarations = damaged(&input, lowered.declarations, &program.arena);
        lowered.ir = damaged(&input, lowered.ir, &program.arena);
        memory_program_set_lowered(&program, i, &lowered);
        look_at_parts(&program.files[i]);
    }
    memory_program_emit(&program);
    memory_program_free(&program);
    return 0;
}
