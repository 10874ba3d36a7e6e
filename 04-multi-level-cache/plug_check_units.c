/* SPDX-License-Identifier: MIT */
/* Every unit is emitted several times: alone and in both orders, with its whole file and in
 * reverse, on several threads. Its questions are watched. */
#include "plug_check_state.h"

static ProgramFile *program_file(Program *program, uint32_t number)
{
    return &((PlugState *)(void *)program)->files[number].seen;
}

static const void *program_opened(Program *program, uint32_t number)
{
    return ((PlugState *)(void *)program)->files[number].opened;
}

static void make_keys(PlugState *check)
{
    ByteBuffer scratch = {0};
    for (uint32_t i = 0; i < check->count; i++) {
        ProgramFile *file = &check->files[i].seen;
        uint32_t count = file->declarations.count;
        file->interface_keys = arena_allocate(&check->memory, count * sizeof *file->interface_keys);
        file->key_states = memset(arena_allocate(&check->memory, count), KEY_UNKNOWN, count);
    }
    for (uint32_t i = 0; i < check->count; i++)
        program_interface_keys(&check->program, i, &scratch);
    buffer_free(&scratch);
}

static void open_forms(PlugState *check)
{
    for (uint32_t i = 0; i < check->count; i++) {
        CheckedFile *file = &check->files[i];
        if (file->seen.is_poisoned || file->seen.interface.size == 0)
            continue;
        file->opened = check->compiler->open(check->compiler->language, file->seen.interface,
                                             &check->memory);
        if (file->opened == NULL)
            plug_breaks(check, "open", file->file->path, "makes nothing of lower's own blob");
    }
}

/* A Lookup that knows what may be asked, and goes on to the real one. */
typedef struct WatchedLookup {
    Lookup lookup; /* first */
    const UnitLookup *real;
    bool *asked_too_much;
} WatchedLookup;

static const WatchedLookup *watched(const Lookup *lookup)
{
    return (const WatchedLookup *)(const void *)lookup;
}

static bool may_ask(const WatchedLookup *self, const Unit *from, uint32_t reference)
{
    const Declaration *item = &from->declarations->items[from->declaration];
    bool is_own = from->file == self->real->unit.file &&
                  from->declaration == self->real->unit.declaration;
    return reference < item->interface_reference_count +
                           (is_own ? item->body_reference_count : 0);
}

static Resolution find(const Lookup *lookup, const Unit *from, uint32_t reference, Unit *found)
{
    const WatchedLookup *self = watched(lookup);
    if (!may_ask(self, from, reference)) {
        *self->asked_too_much = true;
        return NAME_MISSING;
    }
    return self->real->lookup.find(&self->real->lookup, from, reference, found);
}

static const void **note(const Lookup *lookup, const Unit *found)
{
    (void)lookup, (void)found;
    return NULL;
}

static Unit unit_of(const Lookup *lookup, uint32_t file, uint32_t declaration)
{
    const Lookup *real = &watched(lookup)->real->lookup;
    return real->unit(real, file, declaration);
}

static const void *opened(const Lookup *lookup, const Unit *found)
{
    const Lookup *real = &watched(lookup)->real->lookup;
    return real->opened == NULL ? NULL : real->opened(real, found);
}

typedef struct EmittedUnit {
    ByteBuffer text;
    Diagnostics diagnostics;
    Arena memory;
    UnitLookup real;
    WatchedLookup lookup;
    bool is_right, asked_too_much;
} EmittedUnit;

static void prepare(PlugState *check, uint32_t file, uint32_t unit, EmittedUnit *emitted)
{
    emitted->diagnostics.path = check->files[file].file->path;
    unit_lookup_init(&emitted->real, &check->program, file, unit, &emitted->memory);
    emitted->lookup = (WatchedLookup){{find, note, unit_of, opened, NULL},
                                      &emitted->real,
                                      &emitted->asked_too_much};
}

static void free_emitted(EmittedUnit *units, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_free(&units[i].text);
        diagnostics_free(&units[i].diagnostics);
        arena_free(&units[i].memory);
    }
    memory_free(units);
}

typedef struct EmitRounds {
    PlugState *check;
    EmittedUnit **files; /* PLUG_ROUNDS × count: the units of each, emitted one by one */
} EmitRounds;

static void emit_alone(PlugState *check, uint32_t file, uint32_t unit, EmittedUnit *emitted)
{
    const Compiler *compiler = check->compiler;
    Arena scratch = {0};
    prepare(check, file, unit, emitted);
    UnitEmission one = {&emitted->real.unit, &emitted->lookup.lookup, &emitted->text,
                        &emitted->diagnostics, false};
    if (compiler->emit != NULL)
        emitted->is_right = compiler->emit(compiler->language, one.unit, one.lookup, &scratch,
                                           one.text, one.diagnostics);
    else
        compiler->emit_file(compiler->language, &one, 1, &scratch);
    emitted->is_right |= one.is_right;
    arena_free(&scratch);
}

static void emit_units(void *arg, size_t item, unsigned worker)
{
    EmitRounds *rounds = arg;
    PlugState *check = rounds->check;
    uint32_t file = plug_file_of(check, item), count = check->files[file].seen.declarations.count;
    EmittedUnit *units = memory_allocate_zeroed(count + 1, sizeof *units);
    (void)worker;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t unit = item < check->count ? i : count - 1 - i; /* in both orders */
        emit_alone(check, file, unit, &units[unit]);
    }
    rounds->files[item] = units;
}

/* All units of a file in one call, as listed or in reverse. */
static EmittedUnit *emit_together(PlugState *check, uint32_t file, bool in_reverse)
{
    uint32_t count = check->files[file].seen.declarations.count;
    EmittedUnit *units = memory_allocate_zeroed(count + 1, sizeof *units);
    UnitEmission *all = memory_allocate_zeroed(count + 1, sizeof *all);
    Arena scratch = {0};
    for (uint32_t i = 0; i < count; i++) {
        EmittedUnit *emitted = &units[i];
        prepare(check, file, i, emitted);
        all[in_reverse ? count - 1 - i : i] =
            (UnitEmission){&emitted->real.unit, &emitted->lookup.lookup, &emitted->text,
                           &emitted->diagnostics, false};
    }
    check->compiler->emit_file(check->compiler->language, all, count, &scratch);
    for (uint32_t i = 0; i < count; i++)
        units[i].is_right = all[in_reverse ? count - 1 - i : i].is_right;
    arena_free(&scratch);
    memory_free(all);
    return units;
}

static const char *difference(const EmittedUnit *a, const EmittedUnit *b)
{
    if (a->is_right != b->is_right ||
        (a->is_right && !slice_equal(buffer_slice(&a->text), buffer_slice(&b->text))))
        return "emits other bytes when it is called again";
    return plug_same_diagnostics(&a->diagnostics, &b->diagnostics)
               ? NULL
               : "reports something else when it is called again";
}

static Slice symbol_of(const EmittedUnit *emitted)
{
    return emitted->real.unit.symbol;
}

static void check_unit(PlugState *check, const EmittedUnit *emitted, bool may_be_silent)
{
    Slice symbol = symbol_of(emitted);
    plug_check_diagnostics(check, "emit", symbol, emitted->is_right, &emitted->diagnostics);
    if (emitted->asked_too_much)
        plug_breaks(check, "emit", symbol,
                    "asks for a reference that the declaration does not have");
    if (emitted->is_right && emitted->text.size != 0 &&
        emitted->text.data[emitted->text.size - 1] != '\n')
        plug_breaks(check, "emit", symbol, "emits a text that does not end with a newline");
    if (!emitted->is_right && !may_be_silent && !diagnostics_have_error(&emitted->diagnostics, 0))
        plug_breaks(check, "emit", symbol,
                    "returns false and reports no error, though all it names is right");
}

static void compare_units(PlugState *check, const char *function, const EmittedUnit *first,
                          const EmittedUnit *again, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const char *what = difference(&first[i], &again[i]);
        if (what != NULL)
            plug_breaks(check, function, symbol_of(&first[i]), what);
    }
}

static void check_together(PlugState *check, uint32_t file, const EmittedUnit *alone)
{
    uint32_t count = check->files[file].seen.declarations.count;
    for (int in_reverse = 0; in_reverse < 2 && count != 0; in_reverse++) {
        EmittedUnit *together = emit_together(check, file, in_reverse != 0);
        compare_units(check, "emit_file", alone, together, count);
        free_emitted(together, count);
    }
}

/* A unit may fail silently if something is wrong anyway, here or in a file that it may name. */
static bool is_anything_wrong(const PlugState *check, const EmitRounds *rounds)
{
    bool is_wrong = false;
    for (uint32_t i = 0; i < check->count; i++) {
        is_wrong |= check->files[i].seen.is_poisoned;
        for (uint32_t n = 0; n < check->files[i].import_count; n++)
            is_wrong |= check->files[i].seen.targets[n] == TARGET_NONE;
        for (uint32_t unit = 0; unit < check->files[i].seen.declarations.count; unit++)
            is_wrong |= diagnostics_have_error(&rounds->files[i][unit].diagnostics, 0);
    }
    return is_wrong;
}

void plug_check_units(PlugState *check)
{
    size_t items = (size_t)check->count * PLUG_ROUNDS;
    check->program = (Program){.file = program_file,
                               .opened = program_opened,
                               .fingerprint = check->compiler->fingerprint,
                               .entry_point = check->compiler->entry_point};
    make_keys(check);
    open_forms(check);
    EmitRounds rounds = {check, memory_allocate_zeroed(items, sizeof *rounds.files)};
    executor_run(check->request->executor, items, emit_units, &rounds);
    bool may_be_silent = is_anything_wrong(check, &rounds);
    for (uint32_t i = 0; i < check->count; i++) {
        uint32_t count = check->files[i].seen.declarations.count;
        for (uint32_t unit = 0; unit < count; unit++)
            check_unit(check, &rounds.files[i][unit], may_be_silent);
        for (uint32_t round = 1; round < PLUG_ROUNDS; round++)
            compare_units(check, "emit", rounds.files[i], rounds.files[i + round * check->count],
                          count);
        if (check->compiler->emit_file != NULL)
            check_together(check, i, rounds.files[i]);
    }
    for (size_t i = 0; i < items; i++)
        free_emitted(rounds.files[i], check->files[plug_file_of(check, i)].seen.declarations.count);
    memory_free(rounds.files);
}
