/* SPDX-License-Identifier: MIT */
/* What lowering asks for, answered from the files that are checked. */
#include "plug_check_state.h"

typedef struct Answering {
    Inputs inputs; /* first: it is this that lowering gets */
    const PlugState *check;
    uint32_t file;
    Arena *memory;
    ByteBuffer *asked;
    bool is_found;
} Answering;

static void note(Answering *answering, const char *what, uint32_t from, uint32_t kind, Slice name)
{
    buffer_put_format(answering->asked, "%s %u %u ", what, from, kind);
    buffer_put(answering->asked, name);
    buffer_put_byte(answering->asked, '\n');
}

static bool names(const CheckedFile *file, const ScannedImport *import)
{
    for (uint32_t i = 0; i < file->input_count; i++)
        if (file->inputs[i].role == import->role && file->inputs[i].kind == import->kind &&
            slice_equal(file->inputs[i].path, import->path))
            return true;
    return false;
}

static InputAnswer lead(Answering *answering, const char *what, uint32_t from,
                        const ScannedImport *import, uint32_t *target)
{
    const PlugState *check = answering->check;
    note(answering, what, from, import->kind, import->path);
    uint32_t importer = from == INPUT_SELF ? answering->file : from;
    if (importer >= check->count || !names(&check->files[importer], import)) {
        answering->is_found = false;
        return INPUT_REFUSED;
    }
    *target = plug_lead(check, check->files[importer].file->path, import, answering->memory);
    if (*target == TARGET_NONE)
        return INPUT_REFUSED; /* not among the files */
    return *target == TARGET_ABSENT ? INPUT_ABSENT : INPUT_FOUND;
}

static InputAnswer answer_read(Inputs *inputs, uint32_t from, const ScannedImport *import,
                               InputText *text)
{
    Answering *answering = (Answering *)(void *)inputs;
    uint32_t target;
    InputAnswer answer = lead(answering, "text", from, import, &target);
    if (answer != INPUT_FOUND)
        return answer;
    const PlugFile *file = answering->check->files[target].file;
    *text = (InputText){file->path, file->source, target};
    return INPUT_FOUND;
}

static InputAnswer answer_exists(Inputs *inputs, uint32_t from, const ScannedImport *import)
{
    uint32_t target;
    return lead((Answering *)(void *)inputs, "existence", from, import, &target);
}

static InputAnswer answer_value(Inputs *inputs, uint32_t kind, Slice name, Slice *value)
{
    Answering *answering = (Answering *)(void *)inputs;
    const Compiler *compiler = answering->check->compiler;
    ScannedImport import = {.path = name, .kind = kind, .role = IMPORT_VALUE};
    bool is_named = false;
    note(answering, "value", INPUT_SELF, kind, name);
    for (uint32_t i = 0; i < answering->check->count; i++)
        is_named |= names(&answering->check->files[i], &import);
    answering->is_found &= is_named;
    if (!is_named)
        return INPUT_REFUSED;
    Slice copy = slice_of(arena_copy(answering->memory, name), name.size);
    bool has_value = compiler->value != NULL &&
                     compiler->value(compiler->language, kind, copy, answering->memory, value);
    return has_value ? INPUT_FOUND : INPUT_ABSENT;
}

bool plug_lower_with_inputs(const PlugState *check, uint32_t file, const HashSecret *secret,
                            Arena *memory, Diagnostics *diagnostics, Lowered *lowered,
                            ByteBuffer *asked, bool *is_found)
{
    const Compiler *compiler = check->compiler;
    Answering answering = {.inputs = {answer_read, answer_exists, answer_value},
                           .check = check,
                           .file = file,
                           .memory = memory,
                           .asked = asked,
                           .is_found = true};
    bool is_right = compiler->lower_with_inputs(compiler->language, check->files[file].file->source,
                                                &answering.inputs, secret, memory, diagnostics,
                                                lowered);
    *is_found = answering.is_found;
    return is_right && answering.is_found;
}

/* ---- values -------------------------------------------------------------------------------- */

static bool is_same_again(const PlugState *check, const ScannedImport *name)
{
    const Compiler *compiler = check->compiler;
    Arena memory = {0};
    Slice first = {"", 0}, again = {"", 0};
    bool had = compiler->value(compiler->language, name->kind, name->path, &memory, &first);
    bool is_same = true;
    for (uint32_t round = 1; round < PLUG_ROUNDS; round++) {
        bool has = compiler->value(compiler->language, name->kind, name->path, &memory, &again);
        is_same &= had == has && (!had || slice_equal(first, again));
    }
    arena_free(&memory);
    return is_same;
}

void plug_check_values(PlugState *check)
{
    if (check->compiler->value == NULL)
        return;
    for (uint32_t i = 0; i < check->count; i++)
        for (uint32_t n = 0; n < check->files[i].input_count; n++) {
            const ScannedImport *import = &check->files[i].inputs[n];
            if (import->role == IMPORT_VALUE && !is_same_again(check, import))
                plug_breaks(check, "value", import->path, "is another when it is asked again");
        }
}
