/* SPDX-License-Identifier: MIT */
#include "fuzz_program.h"

#include "fuzz_input.h"
#include "zir.h"

/* ---- from text --------------------------------------------------------------------------- */

static const char separator[] = "//// ";

/* Takes the next file off `rest`. The text from a separator to the end of the line is a name. */
static Slice next_file(Slice *rest, Slice *next_name)
{
    Slice file = *rest;
    *next_name = *rest = (Slice){"", 0};
    for (size_t at = 0; at + sizeof separator - 1 <= file.size; at++) {
        if ((at != 0 && file.data[at - 1] != '\n') ||
            memcmp(file.data + at, separator, sizeof separator - 1) != 0)
            continue;
        const char *name = file.data + at + sizeof separator - 1, *end = file.data + file.size;
        const char *newline = memchr(name, '\n', (size_t)(end - name));
        if (newline == NULL)
            break;
        *next_name = slice_of(name, (size_t)(newline - name));
        *rest = slice_of(newline + 1, (size_t)(end - newline) - 1);
        file.size = at;
        break;
    }
    return file;
}

void fuzz_program_compile(MemoryProgram *program, Slice text, Slice comment, EmitUnit emit)
{
    Slice name = slice_from("main.mini");
    *program = (MemoryProgram){.emit = emit};
    while (name.size != 0) {
        ByteBuffer source = {0};
        Slice next_name, file = next_file(&text, &next_name);
        buffer_put(&source, comment);
        buffer_put(&source, file);
        char *copy = arena_copy(&program->arena, buffer_slice(&source));
        memory_program_add(program, name, slice_of(copy, source.size));
        buffer_free(&source);
        name = next_name;
    }
    if (memory_program_lower(program))
        memory_program_emit(program);
    else
        diagnostics_sort(&program->diagnostics);
}

void fuzz_programs_same(const MemoryProgram *a, const MemoryProgram *b, bool same_lines)
{
    FUZZ_CHECK(a->is_right == b->is_right);
    FUZZ_CHECK(a->diagnostics.count == b->diagnostics.count);
    for (uint32_t i = 0; i < a->file_count; i++) {
        const MemoryFile *x = &a->files[i], *y = &b->files[i];
        FUZZ_CHECK(slice_equal(buffer_slice(&x->text), buffer_slice(&y->text)));
        FUZZ_CHECK(x->view.declarations.count == y->view.declarations.count);
        for (uint32_t d = 0; x->unit_keys != NULL && d < x->view.declarations.count; d++)
            FUZZ_CHECK(hash_equal(x->unit_keys[d], y->unit_keys[d]));
    }
    for (size_t i = 0; same_lines && i < a->diagnostics.count; i++)
        FUZZ_CHECK(slice_equal(a->diagnostics.items[i].message, b->diagnostics.items[i].message));
}

/* ---- from a cache ------------------------------------------------------------------------ */

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

void fuzz_program_damage(MemoryProgram *program, const uint8_t *data, size_t size)
{
    FuzzInput input = {data, data + size};
    const char *const *sources = programs[fuzz_below(&input, 2)];
    *program = (MemoryProgram){0};
    memory_program_add(program, slice_from("main.mini"), slice_from(sources[0]));
    memory_program_add(program, slice_from("b.mini"), slice_from(sources[1]));
    FUZZ_CHECK(memory_program_lower(program));
    for (uint32_t i = 0; i < program->file_count; i++) {
        Lowered lowered = program->files[i].lowered;
        lowered.declarations = damaged(&input, lowered.declarations, &program->arena);
        lowered.ir = damaged(&input, lowered.ir, &program->arena);
        memory_program_set_lowered(program, i, &lowered);
        look_at_parts(&program->files[i]);
    }
}
