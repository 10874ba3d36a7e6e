/* SPDX-License-Identifier: MIT */
#include "demo_codegen.h"
#include "demo_lower.h"
#include "mini_emit.h"

#include <stdio.h>
#include <string.h>

typedef struct Compilation {
    Program program; /* first: a Compilation is a Program */
    Lowering lowering;
    AirCache air;
    ProgramFile *modules; /* per file */
    CodegenScratch worker;
    ByteBuffer key; /* scratch */
    const UnitListener *listener;
    bool is_wrong; /* errors were reported */
} Compilation;

/* ---- a file: what the keys and the code generator need to know of it ------------------------ */

static ProgramFile *module_of(Program *program, uint32_t number)
{
    return &((Compilation *)(void *)program)->modules[number];
}

static void make_room_for_keys(ProgramFile *module, Arena *arena)
{
    uint32_t count = module->declarations.count;
    module->interface_keys = arena_allocate(arena, count * sizeof(Hash128));
    module->key_states = arena_allocate(arena, count);
    memset(module->key_states, KEY_UNKNOWN, count);
    module->notes = arena_allocate(arena, count * sizeof *module->notes);
    memset(module->notes, 0, count * sizeof *module->notes);
}

/* False if the file is wrong, which is reported. */
static bool load_module(Compilation *self, uint32_t file)
{
    Lowered lowered;
    const FileHashCache *files = &self->lowering.look.files;
    const FileRecord *record = &files->records[file];
    ProgramFile *module = &self->modules[file];
    *module = (ProgramFile){.path = file_hash_cache_path(files, file),
                            .targets = files->imports + record->first_import};
    if (lower_cached(&self->lowering, file, &lowered) == FORM_WRONG) {
        lowering_report_errors(&self->lowering);
        return false;
    }
    if (!declarations_view(lowered.declarations, &module->declarations) ||
        module->declarations.import_count != record->import_count) {
        print_name(stderr, module->path, 0);
        fputs(":1:1: error: it changed while it was looked at\n", stderr);
        return false;
    }
    module->ir = lowered.ir;
    make_room_for_keys(module, &self->lowering.arena);
    return true;
}

/* ---- a unit: its key, then its code, kept or made ------------------------------------------- */

static void compile_unit(Compilation *self, const CachedCodegen *codegen, uint32_t file,
                         uint32_t unit)
{
    bool is_cacheable;
    UnitOutput output;
    const ProgramFile *module = &self->modules[file];
    Hash128 key = program_unit_key(&self->program, file, unit, &self->key, &is_cacheable);
    cached_codegen(codegen, 0, file, unit, key, is_cacheable, &output);
    if (output.origin == OUTPUT_EMITTED && is_cacheable)
        air_cache_put(&self->air, key, output.text);
    self->listener->tell(self->listener->context, module->path,
                         declaration_name(&module->declarations, unit), &output);
    self->is_wrong |= output.origin == OUTPUT_WRONG;
    diagnostics_report(&self->worker.diagnostics, (Slice){0});
}

static void compile_units(Compilation *self)
{
    uint32_t count = self->lowering.look.files.count;
    CachedCodegen codegen = {.program = &self->program,
                             .cache = &self->air,
                             .emit = mini_emit,
                             .scratch = &self->worker};
    for (uint32_t file = 0; file < count; file++)
        program_interface_keys(&self->program, file, &self->key);
    for (uint32_t file = 0; file < count; file++)
        for (uint32_t unit = 0; unit < self->modules[file].declarations.count; unit++)
            compile_unit(self, &codegen, file, unit);
}

/* ---- the program ---------------------------------------------------------------------------- */

/* Stages 1 and 2, and the cache of this one. */
static LookStatus begin(Compilation *self, const char *entry)
{
    LookStatus status = lowering_begin(&self->lowering, entry);
    look_report_unreadable(&self->lowering.look, entry);
    if (status != LOOK_OK)
        return status;
    self->program.file = module_of;
    self->program.entry_file = file_hash_cache_find(&self->lowering.look.files, slice_from(entry));
    self->program.entry_point = slice_from("main");
    self->program.fingerprint = self->lowering.zir.fingerprint;
    return lowering_cache_status(air_cache_open(&self->air, self->lowering.look.cache_fd));
}

static LookStatus compile_all(Compilation *self)
{
    uint32_t count = self->lowering.look.files.count;
    self->modules = arena_allocate(&self->lowering.arena, count * sizeof *self->modules);
    /* All files are loaded, so that all errors are reported. Half a program has no keys. */
    for (uint32_t file = 0; file < count; file++)
        self->is_wrong |= !load_module(self, file);
    if (!self->is_wrong)
        compile_units(self);
    LookStatus status = lowering_cache_status(air_cache_commit(&self->air, false, NULL));
    if (status == LOOK_OK)
        status = lowering_commit(&self->lowering);
    return status == LOOK_OK && self->is_wrong ? LOOK_SOURCES_WRONG : status;
}

int compile_program(const char *entry, const UnitListener *listener)
{
    Compilation self = {.listener = listener};
    LookStatus status = begin(&self, entry);
    if (status == LOOK_OK)
        status = compile_all(&self);
    air_cache_close(&self.air);
    lowering_end(&self.lowering);
    codegen_scratch_free(&self.worker);
    buffer_free(&self.key);
    return (int)status;
}

/* `compiled  lib/math.mini:add  8f1c32aa`; the last word is the start of the code's hash. */
static void print_unit(void *nothing, Slice path, Slice name, const UnitOutput *output)
{
    static const char *const words[] = {[OUTPUT_CACHED] = "cached",
                                        [OUTPUT_EMITTED] = "compiled",
                                        [OUTPUT_PASSING] = "compiled",
                                        [OUTPUT_WRONG] = "wrong"};
    char hex[HASH_HEX_SIZE + 1];
    (void)nothing;
    hash_to_hex(hash_bytes(output->text), hex);
    printf("  %-8s  ", words[output->origin]);
    print_name(stdout, path, 0);
    printf(":%.*s", (int)name.size, name.data);
    if (output->origin != OUTPUT_WRONG)
        printf("  %.8s", hex);
    putchar('\n');
}

int codegen(const char *entry)
{
    return compile_program(entry, &(UnitListener){print_unit, NULL});
}
