/* SPDX-License-Identifier: MIT */
/*
 * The Lookup here implements only the contract: it follows a reference to the file that its import
 * leads to, and fails the test if a generator asks for a body reference of a declaration other than
 * the one being emitted.
 */
#include "mini_program.h"

#include "mini_emit.h"
#include "parser.h"
#include "runtime_prelude.h"
#include "scratch.h"
#include "source_path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct MiniLookup {
    Lookup lookup; /* first: a MiniLookup is a Lookup */
    const MiniProgram *program;
    const Unit *emitted;
} MiniLookup;

/* ---- files --------------------------------------------------------------------------------- */

static uint32_t find_file(const MiniProgram *program, Slice path)
{
    for (uint32_t i = 0; i < program->file_count; i++)
        if (slice_equal(program->files[i].path, path))
            return i;
    return UINT32_MAX;
}

static void add_file(MiniProgram *program, Slice path, Slice source)
{
    size_t size = (program->file_count + 1) * sizeof *program->files;
    program->files = memory_resize(program->files, size);
    program->files[program->file_count++] = (MiniFile){.path = path, .source = source};
}

void mini_program_add(MiniProgram *program, const char *path, const char *source)
{
    add_file(program, slice_from(path), slice_from(source));
}

static Slice read_file(Arena *arena, const char *directory, Slice path)
{
    char name[4096];
    snprintf(name, sizeof name, "%s/%.*s", directory, (int)path.size, path.data);
    FILE *file = fopen(name, "rb");
    if (file == NULL)
        fail_msg("cannot read %s", name);
    ByteBuffer text = {0};
    size_t size;
    do {
        buffer_reserve(&text, 4096);
        size = fread(text.data + text.size, 1, 4096, file);
        text.size += size;
    } while (size != 0);
    fclose(file);
    Slice source = slice_of(arena_copy(arena, buffer_slice(&text)), text.size);
    buffer_free(&text);
    return source;
}

/* ---- lowering ------------------------------------------------------------------------------ */

static void lower_file(MiniProgram *program, uint32_t number)
{
    MiniFile *file = &program->files[number];
    program->diagnostics.path = file->path;
    mini_lower(file->source, NULL, &program->arena, &program->diagnostics, &file->lowered);
    file->is_poisoned = file->lowered.declarations.size == 0;
    if (!file->is_poisoned)
        assert_true(declarations_view(file->lowered.declarations, &file->declarations));
}

static Slice import_path(MiniProgram *program, uint32_t number, uint32_t import)
{
    const Declarations *declarations = &program->files[number].declarations;
    Slice path;
    Slice written = declarations_text(declarations, declarations->imports[import].path);
    assert_int_equal(source_path_resolve(program->files[number].path, written, &program->arena,
                                         &path), PATH_OK);
    return path;
}

void mini_program_load(MiniProgram *program, const char *directory, const char *entry)
{
    add_file(program, slice_from(entry), read_file(&program->arena, directory, slice_from(entry)));
    for (uint32_t i = 0; i < program->file_count; i++) {
        Diagnostics ignored = {0};
        Lowered lowered;
        MiniFile *file = &program->files[i];
        if (mini_lower(file->source, NULL, &program->arena, &ignored, &lowered))
            assert_true(declarations_view(lowered.declarations, &file->declarations));
        for (uint32_t j = 0; j < program->files[i].declarations.import_count; j++) {
            Slice path = import_path(program, i, j);
            if (find_file(program, path) == UINT32_MAX)
                add_file(program, path, read_file(&program->arena, directory, path));
        }
        diagnostics_free(&ignored);
    }
}

static void resolve_imports(MiniProgram *program, uint32_t number)
{
    MiniFile *file = &program->files[number];
    size_t size = file->declarations.import_count * sizeof *file->targets;
    file->targets = arena_allocate(&program->arena, size);
    for (uint32_t i = 0; i < file->declarations.import_count; i++)
        file->targets[i] = find_file(program, import_path(program, number, i));
}

/* ---- units --------------------------------------------------------------------------------- */

static Unit make_unit(const MiniProgram *program, uint32_t number, uint32_t declaration)
{
    const MiniFile *file = &program->files[number];
    Slice name = declaration_name(&file->declarations, declaration);
    Unit unit = {.declarations = &file->declarations, .ir = file->lowered.ir, .file = number,
                 .declaration = declaration, .path = file->path};
    unit.is_entry_point = number == program->entry && slice_equal(name, slice_from("main"));
    if (unit.is_entry_point) {
        unit.symbol = name;
        return unit;
    }
    size_t size = file->path.size + 1 + name.size;
    char *symbol = arena_allocate((Arena *)&program->arena, size + 1);
    snprintf(symbol, size + 1, "%.*s:%.*s", (int)file->path.size, file->path.data,
             (int)name.size, name.data);
    unit.symbol = slice_of(symbol, size);
    return unit;
}

static Resolution find(const Lookup *lookup, const Unit *from, uint32_t reference, Unit *found)
{
    const MiniLookup *self = (const MiniLookup *)(const void *)lookup;
    const Declaration *declaration = &from->declarations->items[from->declaration];
    bool is_emitted = from->file == self->emitted->file &&
                      from->declaration == self->emitted->declaration;
    if (!is_emitted && reference >= declaration->interface_reference_count)
        fail_msg("a body reference of a declaration that is not emitted was asked for");
    const Reference *wanted =
        declaration_reference(from->declarations, from->declaration, reference);
    uint32_t file = wanted->import == IMPORT_SELF
                        ? from->file
                        : self->program->files[from->file].targets[wanted->import];
    if (file == UINT32_MAX || self->program->files[file].is_poisoned)
        return NAME_POISONED;
    Slice name = declarations_text(from->declarations, wanted->name);
    uint32_t target = declarations_find(&self->program->files[file].declarations, name);
    if (target == DECLARATION_NONE) {
        *found = (Unit){.declarations = &self->program->files[file].declarations};
        return NAME_MISSING;
    }
    *found = make_unit(self->program, file, target);
    return NAME_FOUND;
}

static bool emit_with(MiniProgram *program, EmitUnit emit_unit, uint32_t file,
                      uint32_t declaration, ByteBuffer *text)
{
    Unit unit = make_unit(program, file, declaration);
    MiniLookup lookup = {{.find = find}, program, &unit};
    Arena scratch = {0};
    program->diagnostics.path = unit.path;
    bool is_right = emit_unit(NULL, &unit, &lookup.lookup, &scratch, text, &program->diagnostics);
    arena_free(&scratch);
    return is_right;
}

static bool emit(MiniProgram *program, uint32_t file, uint32_t declaration, ByteBuffer *text)
{
    return emit_with(program, mini_emit, file, declaration, text);
}

bool mini_program_emit_all(MiniProgram *program, EmitUnit emit_unit, ByteBuffer *text)
{
    bool is_right = true;
    for (uint32_t i = 0; i < program->file_count; i++)
        for (uint32_t j = 0; j < program->files[i].declarations.count; j++)
            is_right &= emit_with(program, emit_unit, i, j, text);
    return is_right;
}

void mini_program_emit_unit(MiniProgram *program, const char *path, const char *name,
                            ByteBuffer *text)
{
    uint32_t file = find_file(program, slice_from(path));
    assert_int_not_equal(file, UINT32_MAX);
    uint32_t declaration =
        declarations_find(&program->files[file].declarations, slice_from(name));
    assert_int_not_equal(declaration, DECLARATION_NONE);
    emit(program, file, declaration, text);
}

void mini_program_text_of_f(const char *source, ByteBuffer *text)
{
    MiniProgram program = {0};
    mini_program_add(&program, "a.mini", source);
    if (!mini_program_compile(&program, "a.mini"))
        fail_msg("%s", program.messages.data);
    mini_program_emit_unit(&program, "a.mini", "f", text);
    buffer_put_byte(text, '\0');
    mini_program_free(&program);
}

/* ---- the program --------------------------------------------------------------------------- */

static int compare_lines(const void *a, const void *b)
{
    return slice_compare(*(const Slice *)a, *(const Slice *)b);
}

/* One line per C symbol, sorted. */
static void put_extern_lines(MiniProgram *program)
{
    Slice lines[1024];
    size_t count = 0;
    for (uint32_t i = 0; i < program->file_count; i++) {
        const Declarations *all = &program->files[i].declarations;
        for (uint32_t j = 0; j < all->count && count < 1024; j++)
            if (all->items[j].prelude_line.size != 0)
                lines[count++] = declarations_text(all, all->items[j].prelude_line);
    }
    qsort(lines, count, sizeof *lines, compare_lines);
    for (size_t i = 0; i < count; i++) {
        if (i != 0 && slice_equal(lines[i - 1], lines[i]))
            continue;
        buffer_put(&program->text, lines[i]);
        buffer_put_byte(&program->text, '\n');
    }
}

static void put_messages(MiniProgram *program)
{
    diagnostics_sort(&program->diagnostics);
    for (size_t i = 0; i < program->diagnostics.count; i++) {
        const Diagnostic *item = &program->diagnostics.items[i];
        char place[64];
        buffer_put(&program->messages, item->path);
        snprintf(place, sizeof place, ":%u:%u: %s: ", item->line, item->column,
                 item->severity == SEVERITY_NOTE ? "note" : "error");
        buffer_put(&program->messages, slice_from(place));
        buffer_put(&program->messages, item->message);
        buffer_put_byte(&program->messages, '\n');
    }
    buffer_put(&program->messages, slice_of("", 1));
    program->messages.size--;
}

bool mini_program_compile(MiniProgram *program, const char *entry)
{
    program->entry = find_file(program, slice_from(entry));
    for (uint32_t i = 0; i < program->file_count; i++)
        lower_file(program, i);
    for (uint32_t i = 0; i < program->file_count; i++)
        resolve_imports(program, i);
    runtime_prelude_put(&program->text, slice_from(""));
    put_extern_lines(program);
    for (uint32_t i = 0; i < program->file_count; i++)
        for (uint32_t j = 0; j < program->files[i].declarations.count; j++)
            if (!emit(program, i, j, &program->text))
                program->text.size = 0;
    put_messages(program);
    buffer_put(&program->text, slice_of("", 1));
    program->text.size--;
    return program->diagnostics.count == 0;
}

/* ---- running ------------------------------------------------------------------------------- */

static bool is_runnable(const char *command)
{
    char line[512];
    snprintf(line, sizeof line, "command -v '%s' >/dev/null 2>&1", command);
    return system(line) == 0;
}

/* $MINIC_LLI, then versioned names, newest first. False if there is none. */
static bool find_lli(char *command, size_t size)
{
    const char *chosen = getenv("MINIC_LLI");
    if (chosen != NULL) {
        snprintf(command, size, "%s", chosen);
        return is_runnable(command);
    }
    for (int version = 25; version >= 15; version--) {
        snprintf(command, size, "lli-%d", version);
        if (is_runnable(command))
            return true;
    }
    snprintf(command, size, "lli");
    return is_runnable(command);
}

static void read_all(FILE *file, ByteBuffer *output)
{
    size_t size;
    do {
        buffer_reserve(output, 4096);
        size = fread(output->data + output->size, 1, 4096, file);
        output->size += size;
    } while (size != 0);
    buffer_put(output, slice_of("", 1));
    output->size--;
}

void mini_program_run(const MiniProgram *program, ByteBuffer *output, int *status)
{
    char lli[256], command[1024];
    if (!find_lli(lli, sizeof lli)) {
        print_message("skipped: there is no lli of LLVM 15 or newer\n");
        skip();
    }
    Scratch scratch;
    scratch_open(&scratch);
    scratch_write_bytes(&scratch, "program.ll", buffer_slice(&program->text));
    snprintf(command, sizeof command, "timeout 600 '%s' '%s/program.ll' 2>&1", lli, scratch.path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    read_all(pipe, output);
    int ended = pclose(pipe);
    *status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 128 + WTERMSIG(ended);
    scratch_close(&scratch);
}

void mini_program_free(MiniProgram *program)
{
    free(program->files);
    arena_free(&program->arena);
    buffer_free(&program->text);
    buffer_free(&program->messages);
    diagnostics_free(&program->diagnostics);
    *program = (MiniProgram){0};
}
