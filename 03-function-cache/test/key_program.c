/* SPDX-License-Identifier: MIT */
#include "key_program.h"

#include "scratch.h"

#include <stdlib.h>

static ProgramFile *file_of(Program *program, uint32_t number)
{
    return &((KeyProgram *)program)->files[number];
}

/* The text before the next `end`, without surrounding spaces. */
static Slice take(Slice *text, char end)
{
    const char *found = text->size == 0 ? NULL : memchr(text->data, end, text->size);
    size_t size = found == NULL ? text->size : (size_t)(found - text->data);
    Slice taken = slice_of(text->data, size);
    size += found != NULL;
    *text = slice_of(text->data + size, text->size - size);
    while (taken.size != 0 && taken.data[0] == ' ')
        taken = slice_of(taken.data + 1, taken.size - 1);
    while (taken.size != 0 && taken.data[taken.size - 1] == ' ')
        taken.size--;
    return taken;
}

/* Adds the references, and writes the words with numbers in place of names. */
static Hash128 add_words(DeclarationsBuilder *builder, Slice text, bool in_interface)
{
    ByteBuffer words = {0};
    while (text.size != 0) {
        Slice word = take(&text, ' ');
        bool is_own = word.size > 1 && word.data[0] == '@';
        if (is_own || (word.size > 2 && word.data[1] == ':')) {
            uint32_t import = is_own ? IMPORT_SELF : (uint32_t)(word.data[0] - '0');
            Slice name = slice_of(word.data + 2 - is_own, word.size - 2 + is_own);
            buffer_put_byte(&words, '@');
            buffer_put_decimal(&words,
                               declarations_add_reference(builder, import, name, in_interface));
        } else {
            buffer_put(&words, word);
        }
        buffer_put_byte(&words, ' ');
    }
    Hash128 hash = hash_bytes(buffer_slice(&words));
    buffer_free(&words);
    return hash;
}

static void add_unit(DeclarationsBuilder *builder, Slice line)
{
    Slice name = take(&line, '|');
    Slice interface = take(&line, '|');
    bool has_body = line.size != 0;
    Slice body = take(&line, '\n');
    Declaration *unit = declarations_add(builder, name, 1, 1);
    unit->interface_hash = add_words(builder, interface, true);
    Hash128 body_hash = add_words(builder, body, false);
    if (has_body)
        unit->body_hash = body_hash;
}

void key_program_set(KeyProgram *program, uint32_t file, const FileSpec *spec)
{
    DeclarationsBuilder builder = {0};
    ProgramFile *made = &program->files[file];
    size_t imports = strlen(spec->imports);
    uint32_t *targets = arena_allocate(&program->arena, imports * sizeof *targets);
    for (size_t i = 0; i < imports; i++) {
        targets[i] = (uint32_t)(spec->imports[i] - '0');
        declarations_add_import(&builder, slice_from("somewhere"), 1, 1);
    }
    for (Slice rest = slice_from(spec->units); rest.size != 0;) {
        Slice line = take(&rest, '\n');
        if (line.size != 0)
            add_unit(&builder, line);
    }
    *made = (ProgramFile){.path = slice_from(spec->path), .targets = targets};
    assert_true(declarations_view(declarations_finish(&builder, &program->arena),
                                  &made->declarations));
    declarations_builder_free(&builder);
    uint32_t count = made->declarations.count;
    made->interface_keys = arena_allocate(&program->arena, count * sizeof(Hash128));
    made->key_states = arena_allocate(&program->arena, count);
    memset(made->interface_keys, 0, count * sizeof(Hash128));
    memset(made->key_states, KEY_UNKNOWN, count);
}

static void compute_interface_keys(KeyProgram *program)
{
    for (uint32_t i = 0; i < program->file_count; i++)
        program_interface_keys(&program->program, i, &program->scratch);
}

void key_program_set_interface(KeyProgram *program, uint32_t file, const char *interface)
{
    program->files[file].interface = slice_from(interface);
    program->files[file].interface_blob_hash = hash_bytes(slice_from(interface));
    for (uint32_t i = 0; i < program->file_count; i++)
        memset(program->files[i].key_states, KEY_UNKNOWN, program->files[i].declarations.count);
    compute_interface_keys(program);
}

void key_program_init(KeyProgram *program, const FileSpec *specs, uint32_t count)
{
    *program = (KeyProgram){.program = {.file = file_of,
                                        .fingerprint = hash_bytes(slice_from("compiler")),
                                        .entry_point = slice_from("main")},
                            .file_count = count};
    for (uint32_t i = 0; i < count; i++)
        key_program_set(program, i, &specs[i]);
    compute_interface_keys(program);
}

void key_program_free(KeyProgram *program)
{
    arena_free(&program->arena);
    buffer_free(&program->scratch);
}

uint32_t key_program_find(const KeyProgram *program, uint32_t file, const char *name)
{
    uint32_t found = declarations_find(&program->files[file].declarations, slice_from(name));
    assert_int_not_equal(found, DECLARATION_NONE);
    return found;
}

Hash128 key_program_key(KeyProgram *program, const char *symbol, bool *is_cacheable)
{
    const char *colon = strchr(symbol, ':');
    uint32_t file = 0;
    assert_non_null(colon);
    Slice path = slice_of(symbol, (size_t)(colon - symbol));
    while (file < program->file_count && !slice_equal(program->files[file].path, path))
        file++;
    assert_true(file < program->file_count);
    return program_unit_key(&program->program, file, key_program_find(program, file, colon + 1),
                            &program->scratch, is_cacheable);
}
