/* SPDX-License-Identifier: MIT */
/*
 * The files of the program as keys and code generation see them.
 *
 * A file whose source changed is lowered at the start of a build. Any other file is loaded when it
 * is first named: after a body edit, the two or three that the edited function calls into, not ten
 * thousand. The worker that asks does the loading; a pointer is published with one atomic store, so
 * that asking again costs one load.
 */
#include "build_internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

typedef struct FileSlot {
    _Atomic(ProgramFile *) file; /* NULL: not loaded */
} FileSlot;

typedef struct LoadedFile {
    ProgramFile file;
    Slice warnings; /* kept with its lowered form */
} LoadedFile;

typedef struct RebuiltObject { /* a lost object, rebuilt */
    uint32_t file;
    LoweredObject made;
} RebuiltObject;

struct LoadedFiles {
    FileSlot *slots;      /* per file */
    pthread_mutex_t lock; /* guards what follows */
    Arena memory;         /* of files loaded on demand */
    ByteBuffer rebuilt;   /* RebuiltObjects */
    int error;            /* errno of a needed file that could not be loaded ... */
    uint32_t error_file;  /* ... and which */
};

static void publish(Build *build, uint32_t number, ProgramFile *file)
{
    atomic_store_explicit(&build->loaded->slots[number].file, file, memory_order_release);
}

ProgramFile *build_loaded_file(const Build *build, uint32_t number)
{
    return atomic_load_explicit(&build->loaded->slots[number].file, memory_order_acquire);
}

static LoadedFiles *make_slots(const Build *build)
{
    LoadedFiles *loaded = memory_allocate_zeroed(1, sizeof *loaded);
    loaded->slots = memory_allocate_zeroed(build->cache.files.count + 1, sizeof *loaded->slots);
    loaded->memory.source = build->request.executor->chunks;
    pthread_mutex_init(&loaded->lock, NULL);
    return loaded;
}

void build_free_loaded(Build *build)
{
    LoadedFiles *loaded = build->loaded;
    if (loaded == NULL)
        return;
    pthread_mutex_destroy(&loaded->lock);
    buffer_free(&loaded->rebuilt);
    arena_free(&loaded->memory);
    memory_free(loaded->slots);
    memory_free(loaded);
}

_Static_assert(TARGET_NONE == FILE_NONE && TARGET_ABSENT == FILE_ABSENT,
               "what discovery records is what keys are made from");

/* A blob that the language does not open is no use to anybody. */
static void take_interface(const Build *build, Slice blob, ProgramFile *file)
{
    if (blob.size == 0 || build->request.compiler->open == NULL)
        return;
    file->interface = blob;
    file->interface_blob_hash = hash_keyed(build->program.secret, blob);
}

/* What the keys and the code generator need of a lowered file, and its warnings. NULL if its
 * declarations are malformed, or have other imports than the scanner found. */
static ProgramFile *make_file(Build *build, uint32_t number, const Lowered *lowered,
                              Slice warnings, bool is_fresh, Arena *arena)
{
    const FileHashCache *files = &build->cache.files;
    LoadedFile *loaded = arena_allocate(arena, sizeof *loaded);
    ProgramFile *file = &loaded->file;
    loaded->warnings = warnings;
    *file = (ProgramFile){.ir = lowered->ir,
                          .ir_is_fresh = is_fresh,
                          .path = file_hash_cache_path(files, number),
                          .targets = files->imports + files->records[number].first_import};
    if (!declarations_view(lowered->declarations, &file->declarations) ||
        file->declarations.import_count != file_hash_cache_targets(files, number))
        return NULL;
    take_interface(build, lowered->interface, file);
    uint32_t count = file->declarations.count;
    file->interface_keys = arena_allocate(arena, count * sizeof *file->interface_keys);
    file->key_states = arena_allocate(arena, count);
    file->notes = arena_allocate(arena, count * sizeof *file->notes);
    memset(file->notes, 0, count * sizeof *file->notes);
    memset(file->interface_keys, 0, count * sizeof *file->interface_keys);
    memset(file->key_states, KEY_UNKNOWN, count);
    return file;
}

/* Stands in for a file that has errors or cannot be loaded. */
static ProgramFile *poisoned_file(const Build *build, uint32_t number, Arena *arena)
{
    LoadedFile *loaded = arena_allocate(arena, sizeof *loaded);
    *loaded = (LoadedFile){.file = {.path = file_hash_cache_path(&build->cache.files, number),
                                    .is_poisoned = true}};
    return &loaded->file;
}

/* A text or data: it has nothing to offer, and is not wrong. */
static ProgramFile *input_file(const Build *build, uint32_t number, Arena *arena)
{
    ProgramFile *file = poisoned_file(build, number, arena);
    file->is_poisoned = false;
    return file;
}

static bool is_input(const Build *build, uint32_t number)
{
    return file_hash_cache_role(&build->cache.files, number) != IMPORT_SOURCE;
}

Slice build_lowering_warnings(const ProgramFile *file)
{
    return ((const LoadedFile *)(const void *)file)->warnings;
}

/* A file that no change reaches has the interface keys on record. Those of a reached file are
 * dropped again (build_plan.c). */
static void take_recorded_keys(const Build *build, uint32_t number, ProgramFile *file)
{
    const UnitRecord *units;
    const UnitRow *row = build_recorded(build, number, &units);
    if (row == NULL || row->unit_count != file->declarations.count)
        return;
    for (uint32_t i = 0; i < row->unit_count; i++)
        build_take_interface_key(file, i, units[i].interface_key);
}

/* ---- on demand ----------------------------------------------------------------------------- */

/* The cached file, or NULL. A malformed object counts as lost. */
static ProgramFile *find_file(Build *build, uint32_t number, Arena *arena)
{
    Lowered lowered;
    Slice warnings;
    Hash128 content;
    if (build->request.force ||
        !build_lowered_content(build, &build->cache.zir, number, &content) ||
        !zir_cache_get_with_warnings(&build->cache.zir, content, &lowered, &warnings))
        return NULL;
    return make_file(build, number, &lowered, warnings, false, arena);
}

/* The object is gone (a damaged pack): rebuilds it from the source, which must still have the
 * recorded hash. */
static int lower_again(Build *build, uint32_t number, Lowering *lowering)
{
    const FileHashCache *files = &build->cache.files;
    Diagnostics ignored = {0};
    Slice source;
    FileStamp stamp;
    int status = source_read_bytes(build->reader, build->project_fd,
                                   file_hash_cache_path(files, number).data, 0,
                                   &build->loaded->memory, &source, &stamp);
    if (status != 0)
        return status;
    if (!hash_equal(hash_keyed(files->secret, source), files->records[number].content))
        return -ESTALE;
    *lowering = (Lowering){.once = &build->loaded->memory,
                           .memory = &build->loaded->memory,
                           .diagnostics = &ignored};
    bool is_right = build_lower_source(build, source, number, lowering);
    diagnostics_free(&ignored);
    build->counts.files_lowered++;
    if (!is_right)
        return -ESTALE;
    RebuiltObject object = {number, lowering->made};
    buffer_put(&build->loaded->rebuilt, slice_of(&object, sizeof object));
    return 0;
}

void build_keep_rebuilt(Build *build)
{
    if (build->loaded == NULL)
        return;
    ByteBuffer *rebuilt = &build->loaded->rebuilt;
    const RebuiltObject *objects = (const RebuiltObject *)(const void *)rebuilt->data;
    for (size_t i = 0; i < rebuilt->size / sizeof *objects; i++)
        build_put_lowered(build, objects[i].file, &objects[i].made);
    rebuilt->size = 0;
}

/* The build fails. */
static ProgramFile *miss_file(Build *build, uint32_t number, int error)
{
    build->loaded->error = error;
    build->loaded->error_file = number;
    return poisoned_file(build, number, &build->loaded->memory);
}

static ProgramFile *load_file(Build *build, uint32_t number)
{
    Lowering lowering;
    Arena *memory = &build->loaded->memory;
    if (is_input(build, number))
        return input_file(build, number, memory);
    ProgramFile *file = find_file(build, number, memory);
    if (file == NULL) {
        int status = lower_again(build, number, &lowering);
        if (status == 0)
            file = make_file(build, number, &lowering.lowered, lowering.warnings, true, memory);
        if (file == NULL)
            return miss_file(build, number, status == 0 ? EBADMSG : -status);
    }
    take_recorded_keys(build, number, file);
    return file;
}

ProgramFile *build_program_file(Program *program, uint32_t number)
{
    Build *build = build_of(program);
    ProgramFile *file = build_loaded_file(build, number);
    if (file != NULL)
        return file;
    pthread_mutex_lock(&build->loaded->lock);
    file = build_loaded_file(build, number);
    if (file == NULL) {
        file = load_file(build, number);
        publish(build, number, file);
    }
    pthread_mutex_unlock(&build->loaded->lock);
    return file;
}

BuildStatus build_check_loading(Build *build)
{
    const LoadedFiles *loaded = build->loaded;
    if (build_check_texts(build) != BUILD_OK)
        return BUILD_MACHINE_FAILED;
    if (loaded->error == 0)
        return BUILD_OK;
    Slice path = file_hash_cache_path(&build->cache.files, loaded->error_file);
    if (loaded->error == ESTALE)
        return build_fail(build, path.data, "the file was changed while it was built", 0);
    return build_fail(build, path.data, "cannot read", loaded->error);
}

/* ---- lowering what changed ----------------------------------------------------------------- */

typedef struct LoweredChange {
    LoweredObject made; /* if it is not in the ZirCache */
    bool was_cached, is_wrong;
    bool is_input;  /* a text or data: nothing to lower */
    bool is_undone; /* it need not be lowered, or the build was cancelled */
} LoweredChange;

typedef struct LowerLoop {
    Build *build;
    LoweredChange *results; /* per change found by discovery */
} LowerLoop;

/* One that changed only in what it asks for was not read by discovery. */
static bool find_source(Build *build, const FileChange *change, BuildWorker *scratch,
                        Slice *source)
{
    *source = change->source;
    return source->data != NULL || build_read_text(build, change->file, &scratch->arena, source);
}

/* Of a wrong file, what it declares, if that is known. It is for this build alone: what stands
 * in it beside the errors is checked, and who names that. */
static ProgramFile *known_of_wrong(Build *build, const FileChange *change, Lowering *lowering,
                                   Arena *arena)
{
    Slice none = {"", 0};
    if (lowering->lowered.declarations.size == 0)
        return NULL;
    return make_file(build, change->file, &lowering->lowered, none, true, arena);
}

/* Lowers in memory that is reused and stays in the processor's cache. */
static ProgramFile *lower_source(Build *build, const FileChange *change, BuildWorker *scratch,
                                 LoweredChange *result)
{
    Lowering lowering = {.once = &scratch->once,
                         .memory = &scratch->arena,
                         .diagnostics = &scratch->diagnostics};
    Slice source;
    arena_reset(&scratch->once);
    result->is_wrong = true;
    if (!find_source(build, change, scratch, &source))
        return NULL;
    if (!build_lower_source(build, source, change->file, &lowering))
        return known_of_wrong(build, change, &lowering, &scratch->arena);
    result->is_wrong = false;
    result->made = lowering.made;
    ProgramFile *file = make_file(build, change->file, &lowering.lowered, lowering.warnings, true,
                                  &scratch->arena);
    Declarations view;
    if (file == NULL && declarations_view(lowering.lowered.declarations, &view))
        diagnostics_add(&scratch->diagnostics, 1, 1,
                        "internal error: the import scanner and the parser disagree");
    else if (file == NULL)
        diagnostics_add(&scratch->diagnostics, 1, 1,
                        "internal error: the compiler made malformed declarations");
    return file;
}

static void lower_change(void *arg, size_t index, unsigned worker)
{
    const LowerLoop *loop = arg;
    Build *build = loop->build;
    BuildWorker *scratch = &build->workers[worker];
    const FileChange *change = &build->found.changes[index];
    LoweredChange *result = &loop->results[index];
    result->is_undone = change->kind == FILE_TOUCHED || build_is_cancelled(build, worker);
    if (result->is_undone)
        return;
    result->is_input = is_input(build, change->file);
    if (result->is_input) {
        publish(build, change->file, input_file(build, change->file, &scratch->arena));
        return;
    }
    bool may_read =
        change->source.data != NULL || build->request.compiler->lower_with_inputs != NULL;
    ProgramFile *file = find_file(build, change->file, &scratch->arena);
    result->was_cached = file != NULL || !may_read;
    if (file == NULL && !may_read)
        return; /* loaded when it is named */
    if (file == NULL)
        file = lower_source(build, change, scratch, result);
    result->is_wrong |= file == NULL;
    if (file == NULL)
        file = poisoned_file(build, change->file, &scratch->arena);
    publish(build, change->file, file);
}

static size_t count_new(const Build *build, const LoweredChange *results)
{
    size_t count = 0;
    for (size_t i = 0; i < build->found.change_count; i++)
        count += (size_t)(results[i].made.object.size != 0) + (results[i].made.lists.size != 0);
    return count;
}

static void keep_and_report(Build *build, const LoweredChange *results)
{
    zir_cache_expect(&build->cache.zir, count_new(build, results),
                     build->request.executor->chunks);
    for (size_t i = 0; i < build->found.change_count; i++) {
        const FileChange *change = &build->found.changes[i];
        if (results[i].is_undone)
            continue;
        Slice path = file_hash_cache_path(&build->cache.files, change->file);
        build->plan.files[change->file].source_changed = true;
        if (results[i].is_input)
            continue;
        build->is_wrong |= results[i].is_wrong;
        observe(build->request.observer,
                results[i].was_cached ? DECISION_IR_CACHED : DECISION_IR_LOWERED, path);
        if (results[i].was_cached)
            continue;
        build->counts.files_lowered++;
        if (!results[i].is_wrong)
            build_put_lowered(build, change->file, &results[i].made);
    }
}

void build_lower(Build *build)
{
    size_t count = build->found.change_count;
    build->loaded = make_slots(build);
    build_make_texts(build);
    LowerLoop loop = {build, memory_allocate_zeroed(count + 1, sizeof *loop.results)};
    executor_run(build->request.executor, count, lower_change, &loop);
    keep_and_report(build, loop.results);
    build_forget_sources(build);
    memory_free(loop.results);
    for (unsigned i = 0; i < build->request.executor->workers; i++)
        diagnostics_append(&build->diagnostics, &build->workers[i].diagnostics);
    diagnostics_sort(&build->diagnostics);
}
