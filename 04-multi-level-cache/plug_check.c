/* SPDX-License-Identifier: MIT */
/*
 * In five steps: the plug itself, the imports, the values, the lowered forms, the outputs. Whatever
 * depends on its arguments alone is done PLUG_ROUNDS times, in loops whose items are spread over
 * the workers, and then compared with the first time.
 */
#include "plug_check_state.h"

void plug_breaks(PlugState *check, const char *function, Slice subject, const char *rule)
{
    check->broken++;
    check->request->breaks(check->request->context, function, subject, rule);
}

static uint32_t find_path(const PlugState *check, Slice path)
{
    for (uint32_t i = 0; i < check->count; i++)
        if (slice_equal(check->files[i].file->path, path))
            return i;
    return TARGET_NONE;
}

/* ---- the plug itself ----------------------------------------------------------------------- */

static void check_fields(PlugState *check)
{
    const Compiler *compiler = check->compiler;
    Slice none = {"", 0};
    if (hash_is_none(compiler->fingerprint))
        plug_breaks(check, "fingerprint", none, "is zero: every compiler would have the same");
    if (compiler->prelude.size != 0 &&
        compiler->prelude.data[compiler->prelude.size - 1] != '\n')
        plug_breaks(check, "prelude", none, "does not end with a newline");
    if (compiler->entry_point.size != 0 && compiler->missing_entry_point.size == 0)
        plug_breaks(check, "missing_entry_point", none, "is empty: there would be no message");
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
    ByteBuffer asked; /* with inputs */
    bool is_right, asks_unscanned;
} LoweredOnce;

typedef struct Rounds { /* of a loop: PLUG_ROUNDS results for each file */
    PlugState *check;
    Scanned *scanned;
    LoweredOnce *once;
    const HashSecret *secret;
} Rounds;

static void scan_once(void *arg, size_t item, unsigned worker)
{
    Rounds *rounds = arg;
    Scanned *scanned = &rounds->scanned[item];
    const Compiler *compiler = rounds->check->compiler;
    (void)worker;
    scanned->scan.arena = &scanned->memory;
    if (rounds->check->files[plug_file_of(rounds->check, item)].file->role == IMPORT_DATA)
        return;
    compiler->scan_imports(compiler->language,
                           rounds->check->files[plug_file_of(rounds->check, item)].file->source,
                           &scanned->scan);
}

static void lower_once(void *arg, size_t item, unsigned worker)
{
    Rounds *rounds = arg;
    LoweredOnce *once = &rounds->once[item];
    const Compiler *compiler = rounds->check->compiler;
    const PlugFile *file = rounds->check->files[plug_file_of(rounds->check, item)].file;
    (void)worker;
    once->diagnostics.path = file->path;
    bool is_found = true;
    if (file->role != IMPORT_SOURCE)
        return;
    if (compiler->lower_with_inputs != NULL)
        once->is_right = plug_lower_with_inputs(
            rounds->check, plug_file_of(rounds->check, item), rounds->secret, &once->memory,
            &once->diagnostics, &once->lowered, &once->asked, &is_found);
    else
        once->is_right = compiler->lower(compiler->language, file->source, rounds->secret,
                                         &once->memory, &once->diagnostics, &once->lowered);
    once->asks_unscanned = !is_found;
}

static void put_diagnostics(const Diagnostics *diagnostics, ByteBuffer *text)
{
    for (size_t i = 0; i < diagnostics->count; i++)
        diagnostic_format(&diagnostics->items[i], (Slice){"", 0}, text);
}

bool plug_same_diagnostics(const Diagnostics *a, const Diagnostics *b)
{
    ByteBuffer left = {0}, right = {0};
    put_diagnostics(a, &left);
    put_diagnostics(b, &right);
    bool is_same = slice_equal(buffer_slice(&left), buffer_slice(&right));
    buffer_free(&left);
    buffer_free(&right);
    return is_same;
}

void plug_check_diagnostics(PlugState *check, const char *function, Slice subject, bool is_right,
                            const Diagnostics *diagnostics)
{
    if (diagnostics->count != 0 && diagnostics->items[0].severity == SEVERITY_NOTE)
        plug_breaks(check, function, subject, "begins with a note: it belongs to nothing");
    if (is_right && diagnostics_have_error(diagnostics, 0))
        plug_breaks(check, function, subject, "returns true and reports an error");
}

/* ---- imports ------------------------------------------------------------------------------- */

static bool same_scan(const ImportScan *a, const ImportScan *b)
{
    bool is_same = a->count == b->count;
    for (uint32_t i = 0; i < a->count && is_same; i++)
        is_same = slice_equal(a->items[i].path, b->items[i].path) &&
                  a->items[i].line == b->items[i].line && a->items[i].kind == b->items[i].kind &&
                  a->items[i].role == b->items[i].role &&
                  a->items[i].is_optional == b->items[i].is_optional;
    return is_same;
}

/* The first of the candidates that is one of the files. */
uint32_t plug_lead(const PlugState *check, Slice importer, const ScannedImport *import,
                   Arena *arena)
{
    const Compiler *compiler = check->compiler;
    ImportCandidates candidates = {.arena = arena};
    uint32_t target = compiler->resolve != NULL && import->is_optional ? TARGET_ABSENT : TARGET_NONE;
    (void)import_candidates_find(compiler->resolve, compiler->language, importer, import,
                                 &candidates);
    for (uint32_t i = candidates.count; i-- > 0;) {
        uint32_t found = find_path(check, candidates.items[i]);
        target = found == TARGET_NONE ? target : found;
    }
    memory_free(candidates.items);
    return target;
}

static void keep_imports(PlugState *check, CheckedFile *file, const ImportScan *scan)
{
    file->inputs = arena_allocate(&check->memory, scan->count * sizeof *file->inputs);
    file->imports = arena_allocate(&check->memory, scan->count * sizeof *file->imports);
    uint32_t *targets = arena_allocate(&check->memory, scan->count * sizeof *targets);
    file->seen.targets = targets;
    for (uint32_t i = 0; i < scan->count; i++) {
        ScannedImport import = scan->items[i];
        import.path = slice_of(arena_copy(&check->memory, import.path), import.path.size);
        if (import.role != IMPORT_SOURCE) {
            file->inputs[file->input_count++] = import;
            continue;
        }
        file->imports[file->import_count] = import.path;
        targets[file->import_count++] =
            plug_lead(check, file->file->path, &import, &check->memory);
    }
}

static void check_imports(PlugState *check)
{
    size_t items = (size_t)check->count * PLUG_ROUNDS;
    Rounds rounds = {.check = check,
                     .scanned = memory_allocate_zeroed(items, sizeof *rounds.scanned)};
    executor_run(check->request->executor, items, scan_once, &rounds);
    for (uint32_t i = 0; i < check->count; i++) {
        const ImportScan *first = &rounds.scanned[i].scan;
        for (uint32_t round = 1; round < PLUG_ROUNDS; round++)
            if (!same_scan(first, &rounds.scanned[i + round * check->count].scan)) {
                plug_breaks(check, "scan_imports", check->files[i].file->path,
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

static void check_declared_imports(PlugState *check, const CheckedFile *file,
                                   const Declarations *view)
{
    bool is_same = view->import_count == file->import_count;
    for (uint32_t i = 0; i < view->import_count && is_same; i++)
        is_same = slice_equal(declarations_text(view, view->imports[i].path), file->imports[i]);
    if (!is_same)
        plug_breaks(check, "scan_imports", file->file->path,
               "finds other imports than lower adds, or in another order");
}

static const char *lowering_function(const PlugState *check)
{
    return check->compiler->lower_with_inputs != NULL ? "lower_with_inputs" : "lower";
}

static void check_declaration(PlugState *check, const CheckedFile *file, const Declarations *view,
                              uint32_t number)
{
    const Declaration *item = &view->items[number];
    Slice path = file->file->path;
    if (item->ir_offset > file->lowered.ir.size ||
        item->ir_size > file->lowered.ir.size - item->ir_offset)
        plug_breaks(check, lowering_function(check), path, "places a part of the IR outside of it");
    if (declarations_find(view, declaration_name(view, number)) != number)
        plug_breaks(check, lowering_function(check), path, "has two declarations of one name");
    if (hash_is_none(item->interface_hash))
        plug_breaks(check, lowering_function(check), path,
                    "has a declaration without an interface hash");
}

/* With public hashes, an attacker can write two sources that collide. */
static void check_secret(PlugState *check, const CheckedFile *file, const Declarations *view,
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
            plug_breaks(check, lowering_function(check), file->file->path,
                   "makes a hash that does not depend on the secret: use hash_keyed");
            return;
        }
}

static Slice copy(PlugState *check, Slice blob)
{
    return slice_of(arena_copy(&check->memory, blob), blob.size);
}

static void keep_lowered(PlugState *check, CheckedFile *file, const LoweredOnce *once)
{
    file->seen.is_poisoned = true;
    if (!once->is_right)
        return;
    file->lowered = (Lowered){copy(check, once->lowered.declarations),
                              copy(check, once->lowered.ir), {"", 0}};
    if (once->lowered.interface.size != 0)
        file->lowered.interface = copy(check, once->lowered.interface);
    if (!declarations_view(file->lowered.declarations, &file->seen.declarations)) {
        plug_breaks(check, lowering_function(check), file->file->path,
                    "makes malformed declarations: finish them with declarations_finish");
        return;
    }
    file->seen.is_poisoned = file->seen.declarations.import_count != file->import_count;
    if (file->seen.is_poisoned)
        file->seen.declarations = (Declarations){0};
    file->seen.ir = file->lowered.ir;
    file->seen.interface = check->compiler->open == NULL ? (Slice){"", 0} : file->lowered.interface;
}

static void check_lowered(PlugState *check, CheckedFile *file, const LoweredOnce *rounds,
                          const LoweredOnce *other_secret)
{
    Slice path = file->file->path;
    Declarations view;
    const char *function = lowering_function(check);
    if (file->file->role != IMPORT_SOURCE)
        return;
    if (rounds->asks_unscanned)
        plug_breaks(check, "scan_imports", path, "does not find all that lowering asks for");
    for (uint32_t round = 1; round < PLUG_ROUNDS; round++) {
        const LoweredOnce *again = &rounds[round * check->count];
        if (!same_lowered(rounds, again)) {
            plug_breaks(check, function, path, "makes other bytes when it is called again");
            break;
        }
        if (!slice_equal(buffer_slice(&rounds->asked), buffer_slice(&again->asked))) {
            plug_breaks(check, function, path, "asks for something else when it is called again");
            break;
        }
        if (!plug_same_diagnostics(&rounds->diagnostics, &again->diagnostics)) {
            plug_breaks(check, function, path, "reports something else when it is called again");
            break;
        }
    }
    plug_check_diagnostics(check, function, path, rounds->is_right, &rounds->diagnostics);
    if (!rounds->is_right && !rounds->asks_unscanned &&
        !diagnostics_have_error(&rounds->diagnostics, 0))
        plug_breaks(check, function, path, "returns false and reports no error");
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
        buffer_free(&once[i].asked);
        arena_free(&once[i].memory);
    }
    memory_free(once);
}

static void check_lowering(PlugState *check)
{
    size_t items = (size_t)check->count * PLUG_ROUNDS;
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

/* ---- all together -------------------------------------------------------------------------- */

uint64_t plug_check(const Compiler *compiler, const PlugFile *files, uint32_t count,
                    const PlugCheck *request)
{
    PlugState check = {.compiler = compiler, .request = request, .count = count};
    check.files = memory_allocate_zeroed(count + 1, sizeof *check.files);
    for (uint32_t i = 0; i < count; i++) {
        check.files[i].file = &files[i];
        check.files[i].seen.path = files[i].path;
    }
    check_fields(&check);
    check_imports(&check);
    plug_check_values(&check);
    check_lowering(&check);
    plug_check_units(&check);
    arena_free(&check.memory);
    memory_free(check.files);
    return check.broken;
}
