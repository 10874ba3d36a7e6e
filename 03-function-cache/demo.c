/* SPDX-License-Identifier: MIT */
/*
 * Ten functions, five builds: which of them are compiled?
 *
 *     demo-03
 *
 * Each build lowers the file, makes the key of each function, and asks the AirCache for it. The
 * cache is in a temporary directory; it is closed after each build and opened by the next.
 */
#include "cached_codegen.h"
#include "mini_emit.h"
#include "parser.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FUNCTIONS = 10, BUILDS = 5 };

static const char *const functions[FUNCTIONS] = {
    "fn square(x: i32) i32 { return x * x; }",
    "fn double(x: i32) i32 { return x + x; }",
    "fn area(w: i32, h: i32) i32 { return w * h; }",
    "fn border(w: i32, h: i32) i32 { return double(w + h); }",
    "fn volume(w: i32, h: i32, d: i32) i32 { return area(w, h) * d; }",
    "fn distance(a: i32, b: i32) i32 { return square(a - b); }",
    "fn cube(x: i32) i32 { return x * square(x); }",
    "fn half(x: f64) f64 { return x / 2.0; }",
    "fn report(w: i32, h: i32) { print(area(w, h)); print(border(w, h)); }",
    "fn main() i32 { report(3, 4); return 0; }",
};

static const struct {
    const char *title;
    int changed; /* number of a function; -1: none */
    const char *line;
} edits[BUILDS] = {
    {"first", -1, NULL},
    {"again", -1, NULL},
    {"a body", 1, "fn double(x: i32) i32 { return x * 2; }"},
    {"a comment", 1, "// twice as much\nfn double(x: i32)   i32 { return x * 2; }"},
    {"a parameter", 2, "fn area(width: i32, h: i32) i32 { return width * h; }"},
};

typedef struct Demo {
    Program program; /* first: the one file of it is `file` */
    ProgramFile file;
    Arena arena; /* for one build */
    char names[FUNCTIONS][32];
    OutputOrigin origins[BUILDS][FUNCTIONS];
} Demo;

static ProgramFile *only_file(Program *program, uint32_t number)
{
    (void)number;
    return &((Demo *)program)->file;
}

static bool lower(Demo *demo, int build)
{
    ByteBuffer source = {0};
    Diagnostics errors = {0};
    Lowered lowered;
    for (int i = 0; i < FUNCTIONS; i++) {
        const char *line = functions[i];
        for (int edit = 0; edit <= build; edit++) /* edits stay */
            if (edits[edit].changed == i)
                line = edits[edit].line;
        buffer_put(&source, slice_from(line));
        buffer_put_byte(&source, '\n');
    }
    bool is_right = mini_lower(buffer_slice(&source), &demo->arena, &errors, &lowered);
    demo->file = (ProgramFile){.ir = lowered.ir, .path = slice_from("shapes.mini")};
    is_right = is_right && declarations_view(lowered.declarations, &demo->file.declarations);
    diagnostics_free(&errors);
    buffer_free(&source);
    return is_right;
}

static void make_interface_keys(Demo *demo, ByteBuffer *scratch)
{
    ProgramFile *file = &demo->file;
    uint32_t count = file->declarations.count;
    file->interface_keys = arena_allocate(&demo->arena, count * sizeof *file->interface_keys);
    file->key_states = arena_allocate(&demo->arena, count);
    memset(file->key_states, KEY_UNKNOWN, count);
    program_interface_keys(&demo->program, 0, scratch);
}

static OutputOrigin generate(Demo *demo, const CachedCodegen *codegen, AirCache *cache,
                             uint32_t unit, ByteBuffer *scratch)
{
    bool is_cacheable;
    UnitOutput output;
    Hash128 key = program_unit_key(&demo->program, 0, unit, scratch, &is_cacheable);
    cached_codegen(codegen, 0, 0, unit, key, is_cacheable, &output);
    if (output.origin == OUTPUT_EMITTED && is_cacheable)
        air_cache_put(cache, key, output.text);
    return output.origin;
}

static int run_build(Demo *demo, int dir_fd, int build)
{
    AirCache cache;
    CodegenScratch worker = {0};
    ByteBuffer scratch = {0};
    CachedCodegen codegen = {
        .program = &demo->program, .cache = &cache, .emit = mini_emit, .scratch = &worker};
    int status = air_cache_open(&cache, dir_fd);
    if (status == 0 && lower(demo, build)) {
        make_interface_keys(demo, &scratch);
        for (uint32_t i = 0; i < demo->file.declarations.count && i < FUNCTIONS; i++) {
            Slice name = declaration_name(&demo->file.declarations, i);
            snprintf(demo->names[i], sizeof demo->names[i], "shapes.mini:%.*s", (int)name.size,
                     name.data);
            demo->origins[build][i] = generate(demo, &codegen, &cache, i, &scratch);
        }
        status = air_cache_commit(&cache, false, NULL);
    }
    air_cache_close(&cache);
    codegen_scratch_free(&worker);
    buffer_free(&scratch);
    arena_free(&demo->arena);
    return status;
}

static void show(const Demo *demo)
{
    static const char *const words[] = {"-", "COMPILED", "wrong"};
    int compiled[BUILDS] = {0};
    printf("%20s", "");
    for (int build = 0; build < BUILDS; build++)
        printf("%13s", edits[build].title);
    for (int i = 0; i < FUNCTIONS; i++) {
        printf("\n%-20s", demo->names[i]);
        for (int build = 0; build < BUILDS; build++) {
            printf("%13s", words[demo->origins[build][i]]);
            compiled[build] += demo->origins[build][i] != OUTPUT_CACHED;
        }
    }
    printf("\n%-20s", "compiled, cached");
    for (int build = 0; build < BUILDS; build++)
        printf("%9d, %2d", compiled[build], FUNCTIONS - compiled[build]);
    putchar('\n');
}

int main(void)
{
    char name[] = "/tmp/demo-03-XXXXXX";
    int dir = mkdtemp(name) == NULL ? -1 : open(name, O_RDONLY | O_DIRECTORY);
    if (dir < 0) {
        perror(name);
        return EXIT_FAILURE;
    }
    Demo demo = {.program = {.file = only_file,
                             .fingerprint = hash_bytes(slice_from("demo")),
                             .entry_point = slice_from("main")}};
    int status = 0;
    for (int build = 0; build < BUILDS && status == 0; build++)
        status = run_build(&demo, dir, build);
    if (status == 0)
        show(&demo);
    unlinkat(dir, "air.pack", 0);
    unlinkat(dir, "air.index", 0);
    close(dir);
    return rmdir(name) == 0 && status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
