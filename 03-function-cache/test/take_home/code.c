/* SPDX-License-Identifier: MIT */
/* A one-line code generator: the second time, its result is found. */
#include "cache_mark.h"
#include "cached_codegen.h"

static ProgramFile file;

static ProgramFile *the_file(Program *program, uint32_t number)
{
    (void)program, (void)number;
    return &file;
}

static bool emit(void *language, const Unit *unit, const Lookup *lookup, Arena *scratch,
                 ByteBuffer *text, Diagnostics *diagnostics)
{
    (void)language, (void)lookup, (void)scratch, (void)diagnostics;
    buffer_put(text, slice_from("code of "));
    buffer_put(text, unit->symbol);
    return true;
}

int main(void)
{
    Arena arena = {0};
    AirCache cache;
    CodegenScratch scratch = {0};
    UnitOutput first, second;
    DeclarationsBuilder builder = {0};
    declarations_add(&builder, slice_from("add"), 1, 1);
    file.path = slice_from("math.x");
    declarations_view(declarations_finish(&builder, &arena), &file.declarations);
    Program program = {.file = the_file};
    CachedCodegen codegen = {
        .program = &program, .cache = &cache, .emit = emit, .scratch = &scratch};
    Hash128 key = hash_bytes(slice_from("see unit_keys.h"));

    int dir_fd = cache_mark_open("my_cache");
    if (dir_fd < 0 || air_cache_open(&cache, dir_fd) != 0)
        return 1;
    cached_codegen(&codegen, 0, 0, 0, key, true, &first);
    air_cache_put(&cache, key, first.text);
    cached_codegen(&codegen, 0, 0, 0, key, true, &second);
    bool is_right = first.origin == OUTPUT_EMITTED && second.origin == OUTPUT_CACHED &&
                    slice_equal(second.text, slice_from("code of math.x:add"));
    air_cache_close(&cache);
    codegen_scratch_free(&scratch);
    declarations_builder_free(&builder);
    arena_free(&arena);
    return !is_right;
}
