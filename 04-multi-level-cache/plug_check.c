/* SPDX-License-Identifier: MIT */
/*
 * In four steps: the plug itself, the imports, the lowered forms, the outputs. Whatever depends on
 * its arguments alone is done ROUNDS times, in loops whose items are spread over the workers, and
 * then compared with the first time.
 */
#include "plug_check.h"

#include "cached_codegen.h"
#include "source_path.h"

#include <stdlib.h>

enum { ROUNDS = 3 };

typedef struct CheckedFile {
    const PlugFile *file;
    Slice *imports; /* as scanned */
    uint32_t import_count;
    Lowered lowered;
    ProgramFile seen; /* what keys and code generation see; poisoned unless it was lowered */
    const void *opened;
    uint32_t *targets;
} CheckedFile;

typedef struct Check {
    Program program; /* first: see program_file */
    const Compiler *compiler;
    const PlugCheck *request;
    CheckedFile *files;
    uint32_t count;
    Arena memory;
    uint64_t broken;
} Check;

static void breaks(Check *check, const char *function, Slice subject, const char *rule)
{
    check->broken++;
    check->request->breaks(check->request->context, function, subject, rule);
}

static uint32_t find_path(const Check *check, Slice path)
{
    for (uint32_t i = 0; i < check->count; i++)
        if (slice_equal(check->files[i].file->path, path))
            return i;
    return TARGET_NONE;
}

/* ---- the plug itself ----------------------------------------------------------------------- */

static void check_fields(Check *check)
{
    const Compiler *compiler = check->compiler;
    Slice none = {"", 0};
    if (hash_is_none(compiler->fingerprint))
        breaks(check, "fingerprint", none, "is zero: every compiler would have the same");
    if (compiler->prelude.size != 0 &&
        compiler->prelude.data[compiler->prelude.size - 1] != '\n')
        breaks(check, "prelude", none, "does not end with a newline");
    if (compiler->entry_point.size != 0 && compiler->missing_entry_point.size == 0)
        breaks(check, "missing_entry_point", none, "is empty: there would be no message");
}

/* ---- what is done several times ------------------------------------------------------------ */

typedef struct Scanned {
    ImportScan scan;
    Arena memory;
} Scanned;

typedef struct LoweredOnce {
    Lowered lowered;
    Diagnostics diagnostics;
    Arena memory;
    bool is_right;
} LoweredOnce;

typedef struct Rounds { /* of a loop: ROUNDS results for each file */
    Check *check;
    Scanned *scanned;
    LoweredOnce *once;
    const HashSecret *secret;
} Rounds;

/* The rounds of a file are far from each other: they meet different workers and memory. */
static uint32_t file_of(const Check *check, size_t item)
{
    return (uint32_t)(item % check->count);
}

static void scan_once(void *arg, size_t item, unsigned worker)
{
    Rounds *rounds = arg;
    Scanned *scanned = &rounds->scanned[item];
    const Compiler *compiler = rounds->check->compiler;
    (void)worker;
    scanned->scan.arena = &scanned->memory;
    compiler->scan_imports(compiler->language,
                           rounds->check->files[file_of(rounds->check, item)].file->source,
                           &scanned->scan);
}

static void lower_once(void *arg, size_t item, unsigned worker)
{
    Rounds *rounds = arg;
    LoweredOnce *once = &rounds->once[item];
    const Compiler *compiler = rounds->check->compiler;
    const PlugFile *file = rounds->check->files[file_of(rounds->check, item)].file;
    (void)worker;
    once->diagnostics.path = file->path;
    once->is_right = compiler->lower(compiler->language, file->source, rounds->secret,
                                     &once->memory, &once->diagnostics, &once->lowered);
}

static void put_diagnostics(const Diagnostics *diagnostics, ByteBuffer *text)
{
    for (size_t i = 0; i < diagnostics->count; i++)
        diagnostic_format(&diagnostics->items[i], (Slice){"", 0}, text);
}

static bool same_diagnostics(const Diagnostics *a, const Diagnostics *b)
{
    ByteBuffer left = {0}, right = {0};
    put_diagnostics(a, &left);
    put_diagnostics(b, &right);
    bool is_same = slice_equal(buffer_slice(&left), buffer_slice(&right));
    buffer_free(&left);
    buffer_free(&right);
    return is_same;
}

/* What holds for lower and emit alike. */
static void check_diagnostics(Check *check, const char *function, Slice subject, bool is_right,
                              const Diagnostics *diagnostics)
{
    if (diagnostics->count != 0 && diagnostics->items[0].severity == SEVERITY_NOTE)
        breaks(check, function, subject, "begins with a note: it belongs to nothing");
    if (is_right && diagnostics_have_error(diagnostics, 0))
        breaks(check, function, subject, "returns true and reports an error");
}

/* ---- imports ------------------------------------------------------------------------------- */

static bool same_scan(const ImportScan *a, const ImportScan *b)
{
    bool is_same = a->count == b->count;
    for (uint32_t i = 0; i < a->count && is_same; i++)
        is_same = slice_equal(a->items[i].path, b->items[i].path) &&
                  a->items[i].line == b->items[i].line && a->items[i].kind == b->items[i].kind &&
                  a->items[i].is_optional == b->items[i].is_optional;
    return is_same;
}

/* The first of the candidates that is one of the files. */
static uint32_t search(Check *check, Slice importer, const ScannedImport *import)
{
    ImportCandidates candidates = {.arena = &check->memory};
    uint32_t target = import->is_optional ? TARGET_ABSENT : TARGET_NONE;
    check->compiler->resolve(check->compiler->language, importer, import, &candidates);
    for (uint32_t i = 0; i < candidates.count; i++) {
        Slice path;
        if (source_path_normalize(candidates.items[i], &check->memory, &path) != PATH_OK ||
            find_path(check, path) == TARGET_NONE)
            continue;
        target = find_path(check, path);
        break;
    }
    memory_free(candidates.items);
    return target;
}

static uint32_t lead(Check *check, Slice importer, const ScannedImport *import)
{
    Slice path;
    if (check->compiler->resolve != NULL)
        return search(check, importer, import);
    return source_path_resolve(importer, import->path, &check->memory, &path) == PATH_OK
               ? find_path(check, path)
               : TARGET_NONE;
}

static void keep_imports(Check *check, CheckedFile *file, const ImportScan *scan)
{
    file->import_count = scan->count;
    file->imports = arena_allocate(&check->memory, scan->count * sizeof *file->imports);
    file->targets = arena_allocate(&check->memory, scan->count * sizeof *file->targets);
    for (uint32_t i = 0; i < scan->count; i++) {
        Slice path = scan->items[i].path;
        file->imports[i] = slice_of(arena_copy(&check->memory, path), path.size);
        file->targets[i] = lead(check, file->file->path, &scan->items[i]);
    }
}

static void check_imports(Check *check)
{
    size_t items = (size_t)check->count * ROUNDS;
    Rounds rounds = {.check = check,
                     .scanned = memory_allocate_zeroed(items, sizeof *rounds.scanned)};
    executor_run(check->request->executor, items, scan_once, &rounds);
    for (uint32_t i = 0; i < check->count; i++) {
        const ImportScan *first = &rounds.scanned[i].scan;
        for (uint32_t round = 1; round < ROUNDS; round++)
            if (!same_scan(first, &rounds.scanned[i + round * check->count].scan)) {
                breaks(check, "scan_imports", check->files[i].file->path,
                       "finds other imports when it is called again");
                break;
            }
        keep_imports(check, &check->files[i], first);
    }
    for (size_t i = 0; i < items; i++) {
        memory_free(rounds.scanned[i].scan.items);
        arena_free(&rounds.scanned[i].memory);
    }
    memory_free(rounds.scanned);
}

/* ---- lowered forms ------------------------------------------------------------------------- */

static bool same_lowered(const LoweredOnce *a, const LoweredOnce *b)
{
    if (a->is_right != b->is_right)
        return false;
    return !a->is_right || (slice_equal(a->lowered.declarations, b->lowered.declarations) &&
                            slice_equal(a->lowered.ir, b->lowered.ir) &&
                            slice_equal(a->lowered.interface, b->lowered.interface));
}

static void check_declared_imports(Check *check, const CheckedFile *file, const Declarations *view)
{
    bool is_same = view->import_count == file->import_count;
    for (uint32_t i = 0; i < view->import_count && is_same; i++)
        is_same = slice_equal(declarations_text(view, view->imports[i].path), file->imports[i]);
    if (!is_same)
        breaks(check, "scan_imports", file->file->path,
               "finds other imports than lower adds, or in another order");
}

static void check_declaration(Check *check, const CheckedFile *file, const Declarations *view,
                              uint32_t number)
{
    const Declaration *item = &view->items[number];
    Slice path = file->file->path;
    if (item->ir_offset > file->lowered.ir.size ||
        item->ir_size > file->lowered.ir.size - item->ir_offset)
        breaks(check, "lower", path, "places a part of the IR outside of it");
    if (declarations_find(view, declaration_name(view, number)) != number)
        breaks(check, "lower", path, "has two declarations of one name");
    if (hash_is_none(item->interface_hash))
        breaks(check, "lower", path, "has a declaration without an interface hash");
}

/* Whoever writes sources can make public hashes collide. */
static void check_secret(Check *check, const CheckedFile *file, const Declarations *view,
                         const LoweredOnce *other)
{
    Declarations again;
    if (!other->is_right || !declarations_view(other->lowered.declarations, &again) ||
        again.count != view->count)
        return;
    for (uint32_t i = 0; i < view->count; i++)
        if (hash_equal(view->items[i].interface_hash, again.items[i].interface_hash) ||
            (!hash_is_none(view->items[i].body_hash) &&
             hash_equal(view->items[i].body_hash, again.items[i].body_hash))) {
            breaks(check, "lower", file->file->path,
                   "makes a hash that does not depend on the secret: use hash_keyed");
            return;
        }
}

static Slice copy(Check *check, Slice blob)
{
    return slice_of(arena_copy(&check->memory, blob), blob.size);
}

static void keep_lowered(Check *check, CheckedFile *file, const LoweredOnce *once)
{
    file->seen.is_poisoned = true;
    if (!once->is_right)
        return;
    file->lowered = (Lowered){copy(check, once->lowered.declarations),
                              copy(check, once->lowered.ir), {"", 0}};
    if (once->lowered.interface.size != 0)
        file->lowered.interface = copy(check, once->lowered.interface);
    if (!declarations_view(file->lowered.declarations, &file->seen.declarations)) {
        breaks(check, "lower", file->file->path, "makes malformed declarations: finish them with "
                                                 "declarations_finish");
        return;
    }
    file->seen.is_poisoned = file->seen.declarations.import_count != file->import_count;
    if (file->seen.is_poisoned)
        file->seen.declarations = (Declarations){0};
    file->seen.ir = file->lowered.ir;
    file->seen.interface = check->compiler->open == NULL ? (Slice){"", 0} : file->lowered.interface;
}

static void check_lowered(Check *check, CheckedFile *file, const LoweredOnce *rounds,
                          const LoweredOnce *other_secret)
{
    Slice path = file->file->path;
    Declarations view;
    for (uint32_t round = 1; round < ROUNDS; round++) {
        const LoweredOnce *again = &rounds[round * check->count];
        if (!same_lowered(rounds, again)) {
            breaks(check, "lower", path, "makes other bytes when it is called again");
            break;
        }
        if (!same_diagnostics(&rounds->diagnostics, &again->diagnostics)) {
            breaks(check, "lower", path, "reports something else when it is called again");
            break;
        }
    }
    check_diagnostics(check, "lower", path, rounds->is_right, &rounds->diagnostics);
    if (!rounds->is_right && !diagnostics_have_error(&rounds->diagnostics, 0))
        breaks(check, "lower", path, "returns false and reports no error");
    keep_lowered(check, file, rounds);
    if (!rounds->is_right || !declarations_view(file->lowered.declarations, &view))
        return;
    check_declared_imports(check, file, &view);
    for (uint32_t i = 0; i < view.count; i++)
        check_declaration(check, file, &view, i);
    check_secret(check, file, &view, other_secret);
}

static void free_lowered(LoweredOnce *once, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        diagnostics_free(&once[i].diagnostics);
        arena_free(&once[i].memory);
    }
    memory_free(once);
}

static void check_lowering(Check *check)
{
    size_t items = (size_t)check->count * ROUNDS;
    HashSecret secret;
    Rounds rounds = {.check = check,
                     .once = memory_allocate_zeroed(items, sizeof *rounds.once)};
    Rounds others = {.check = check,
                     .once = memory_allocate_zeroed(check->count, sizeof *others.once),
                     .secret = &secret};
    hash_secret_make(&secret, (const unsigned char[HASH_SEED_SIZE]){1, 2, 3});
    executor_run(check->request->executor, items, lower_once, &rounds);
    executor_run(check->request->executor, check->count, lower_once, &others);
    for (uint32_t i = 0; i < check->count; i++)
        check_lowered(check, &check->files[i], &rounds.once[i], &others.once[i]);
    free_lowered(rounds.once, items);
    free_lowered(others.once, check->count);
}

/* ---- outputs ------------------------------------------------------------------------------- */

static ProgramFile *program_file(Program *program, uint32_t number)
{
    return &((Check *)(void *)program)->files[number].seen;
}

static const void *program_opened(Program *program, uint32_t number)
{
    return ((Check *)(void *)program)->files[number].opened;
}

static void make_keys(Check *check)
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

static void open_forms(Check *check)
{
    for (uint32_t i = 0; i < check->count; i++) {
        CheckedFile *file = &check->files[i];
        if (file->seen.is_poisoned || file->seen.interface.size == 0)
            continue;
        file->opened = check->compiler->open(check->compiler->language, file->seen.interface,
                                             &check->memory);
        if (file->opened == NULL)
            breaks(check, "open", file->file->path, "makes nothing of lower's own blob");
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

static void prepare(Check *check, uint32_t file, uint32_t unit, EmittedUnit *emitted)
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
    Check *check;
    EmittedUnit **files; /* ROUNDS × count: the units of each, emitted one by one */
} EmitRounds;

static void emit_alone(Check *check, uint32_t file, uint32_t unit, EmittedUnit *emitted)
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
    Check *check = rounds->check;
    uint32_t file = file_of(check, item), count = check->files[file].seen.declarations.count;
    EmittedUnit *units = memory_allocate_zeroed(count + 1, sizeof *units);
    (void)worker;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t unit = item < check->count ? i : count - 1 - i; /* in both orders */
        emit_alone(check, file, unit, &units[unit]);
    }
    rounds->files[item] = units;
}

/* All units of a file in one call, as listed or in reverse. */
static EmittedUnit *emit_together(Check *check, uint32_t file, bool in_reverse)
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
    return same_diagnostics(&a->diagnostics, &b->diagnostics)
               ? NULL
               : "reports something else when it is called again";
}

static Slice symbol_of(const EmittedUnit *emitted)
{
    return emitted->real.unit.symbol;
}

static void check_unit(Check *check, const EmittedUnit *emitted, bool may_be_silent)
{
    Slice symbol = symbol_of(emitted);
    check_diagnostics(check, "emit", symbol, emitted->is_right, &emitted->diagnostics);
    if (emitted->asked_too_much)
        breaks(check, "emit", symbol, "asks for a reference that the declaration does not have");
    if (emitted->is_right && emitted->text.size != 0 &&
        emitted->text.data[emitted->text.size - 1] != '\n')
        breaks(check, "emit", symbol, "emits a text that does not end with a newline");
    if (!emitted->is_right && !may_be_silent && !diagnostics_have_error(&emitted->diagnostics, 0))
        breaks(check, "emit", symbol, "returns false and reports no error, though all it names "
                                      "is right");
}

static void compare_units(Check *check, const char *function, const EmittedUnit *first,
                          const EmittedUnit *again, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const char *what = difference(&first[i], &again[i]);
        if (what != NULL)
            breaks(check, function, symbol_of(&first[i]), what);
    }
}

static void check_together(Check *check, uint32_t file, const EmittedUnit *alone)
{
    uint32_t count = check->files[file].seen.declarations.count;
    for (int in_reverse = 0; in_reverse < 2 && count != 0; in_reverse++) {
        EmittedUnit *together = emit_together(check, file, in_reverse != 0);
        compare_units(check, "emit_file", alone, together, count);
        free_emitted(together, count);
    }
}

/* A unit may fail silently if something is wrong anyway, here or in a file that it may name. */
static bool is_anything_wrong(const Check *check, const EmitRounds *rounds)
{
    bool is_wrong = false;
    for (uint32_t i = 0; i < check->count; i++) {
        is_wrong |= check->files[i].seen.is_poisoned;
        for (uint32_t n = 0; n < check->files[i].import_count; n++)
            is_wrong |= check->files[i].targets[n] == TARGET_NONE;
        for (uint32_t unit = 0; unit < check->files[i].seen.declarations.count; unit++)
            is_wrong |= diagnostics_have_error(&rounds->files[i][unit].diagnostics, 0);
    }
    return is_wrong;
}

static void check_emission(Check *check)
{
    size_t items = (size_t)check->count * ROUNDS;
    EmitRounds rounds = {check, memory_allocate_zeroed(items, sizeof *rounds.files)};
    executor_run(check->request->executor, items, emit_units, &rounds);
    bool may_be_silent = is_anything_wrong(check, &rounds);
    for (uint32_t i = 0; i < check->count; i++) {
        uint32_t count = check->files[i].seen.declarations.count;
        for (uint32_t unit = 0; unit < count; unit++)
            check_unit(check, &rounds.files[i][unit], may_be_silent);
        for (uint32_t round = 1; round < ROUNDS; round++)
            compare_units(check, "emit", rounds.files[i], rounds.files[i + round * check->count],
                          count);
        if (check->compiler->emit_file != NULL)
            check_together(check, i, rounds.files[i]);
    }
    for (size_t i = 0; i < items; i++)
        free_emitted(rounds.files[i], check->files[file_of(check, i)].seen.declarations.count);
    memory_free(rounds.files);
}

/* ---- all together -------------------------------------------------------------------------- */

uint64_t plug_check(const Compiler *compiler, const PlugFile *files, uint32_t count,
                    const PlugCheck *request)
{
    Check check = {.compiler = compiler, .request = request, .count = count};
    check.program = (Program){.file = program_file,
                              .opened = program_opened,
                              .fingerprint = compiler->fingerprint,
                              .entry_point = compiler->entry_point};
    check.files = memory_allocate_zeroed(count + 1, sizeof *check.files);
    for (uint32_t i = 0; i < count; i++) {
        check.files[i].file = &files[i];
        check.files[i].seen.path = files[i].path;
    }
    check_fields(&check);
    check_imports(&check);
    for (uint32_t i = 0; i < count; i++)
        check.files[i].seen.targets = check.files[i].targets;
    check_lowering(&check);
    make_keys(&check);
    open_forms(&check);
    check_emission(&check);
    arena_free(&check.memory);
    memory_free(check.files);
    return check.broken;
}
