/* SPDX-License-Identifier: MIT */
#include "memory_program.h"

#include "mini_emit.h"
#include "parser.h"
#include "source_path.h"

static ProgramFile *file_of(Program *program, uint32_t number)
{
    return &((MemoryProgram *)program)->files[number].view;
}

void memory_program_add(MemoryProgram *program, Slice path, Slice source)
{
    for (uint32_t i = 0; i < program->file_count; i++)
        if (slice_equal(program->files[i].path, path))
            return;
    if (program->file_count == MEMORY_PROGRAM_FILES)
        return;
    MemoryFile *file = &program->files[program->file_count++];
    *file = (MemoryFile){.path = path, .source = source};
    file->view.path = path;
}

/* ---- lowering ---------------------------------------------------------------------------- */

static uint32_t find_file(MemoryProgram *program, Slice importer, Slice import)
{
    Slice path;
    uint32_t file = 0;
    if (source_path_resolve(importer, import, &program->arena, &path) != PATH_OK)
        return MEMORY_PROGRAM_FILES;
    while (file < program->file_count && !slice_equal(program->files[file].path, path))
        file++;
    return file < program->file_count ? file : MEMORY_PROGRAM_FILES;
}

static void set_view(MemoryProgram *program, MemoryFile *file, const Declarations *view)
{
    Arena *arena = &program->arena;
    uint32_t *targets = arena_allocate(arena, view->import_count * sizeof *targets);
    for (uint32_t i = 0; i < view->import_count; i++)
        targets[i] = find_file(program, file->path, declarations_text(view, view->imports[i].path));
    file->view = (ProgramFile){.declarations = *view,
                               .ir = file->lowered.ir,
                               .path = file->path,
                               .targets = targets,
                               .interface_keys =
                                   arena_allocate(arena, view->count * sizeof(Hash128)),
                               .key_states = arena_allocate(arena, view->count)};
    memset(file->view.interface_keys, 0, view->count * sizeof(Hash128));
    memset(file->view.key_states, KEY_UNKNOWN, view->count);
}

bool memory_program_set_lowered(MemoryProgram *program, uint32_t number, const Lowered *lowered)
{
    Declarations view;
    MemoryFile *file = &program->files[number];
    if (!declarations_view(lowered->declarations, &view) ||
        (file->view.targets != NULL &&
         view.import_count != file->view.declarations.import_count))
        return false;
    file->lowered = *lowered;
    set_view(program, file, &view);
    return true;
}

bool memory_program_lower(MemoryProgram *program)
{
    bool is_right = true;
    for (uint32_t i = 0; i < program->file_count; i++) {
        Lowered lowered;
        program->diagnostics.path = program->files[i].path;
        is_right &= mini_lower(program->files[i].source, NULL, &program->arena,
                               &program->diagnostics, &lowered) &&
                    memory_program_set_lowered(program, i, &lowered);
    }
    return is_right;
}

/* ---- emitting ---------------------------------------------------------------------------- */

static void compute_interface_keys(MemoryProgram *program)
{
    program->program = (Program){.file = file_of,
                                 .fingerprint = hash_bytes(slice_from("in memory")),
                                 .entry_point = slice_from("main")};
    for (uint32_t i = 0; i < program->file_count; i++)
        program_plain_interface_keys(&program->program, &program->files[i].view, &program->key);
    for (uint32_t i = 0; i < program->file_count; i++)
        program_interface_keys(&program->program, i, &program->key);
}

static void emit_file(MemoryProgram *program, const CachedCodegen *codegen, uint32_t number)
{
    MemoryFile *file = &program->files[number];
    uint32_t count = file->view.declarations.count;
    file->unit_keys = arena_allocate(&program->arena, count * sizeof *file->unit_keys);
    program_interface_digest(&program->program, number, &program->key);
    for (uint32_t i = 0; i < count; i++) {
        UnitOutput output;
        bool is_cacheable;
        file->unit_keys[i] =
            program_unit_key(&program->program, number, i, &program->key, &is_cacheable);
        cached_codegen(codegen, 0, number, i, file->unit_keys[i], is_cacheable, &output);
        program->is_right &= output.origin == OUTPUT_EMITTED;
        buffer_put(&file->text, output.text);
    }
}

void memory_program_emit(MemoryProgram *program)
{
    CachedCodegen codegen = {.program = &program->program,
                             .emit = program->emit != NULL ? program->emit : mini_emit,
                             .scratch = &program->codegen};
    compute_interface_keys(program);
    program->is_right = program->diagnostics.count == 0;
    for (uint32_t i = 0; i < program->file_count; i++)
        emit_file(program, &codegen, i);
    diagnostics_append(&program->diagnostics, &program->codegen.diagnostics);
    diagnostics_sort(&program->diagnostics);
}

void memory_program_free(MemoryProgram *program)
{
    for (uint32_t i = 0; i < program->file_count; i++)
        buffer_free(&program->files[i].text);
    codegen_scratch_free(&program->codegen);
    diagnostics_free(&program->diagnostics);
    buffer_free(&program->key);
    arena_free(&program->arena);
    *program = (MemoryProgram){0};
}
