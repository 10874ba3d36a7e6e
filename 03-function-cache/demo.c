/* SPDX-License-Identifier: MIT */
/*
 * Which functions must be compiled again?
 *
 *     demo-03                  ten functions, and five builds of them
 *     demo-03 ENTRY.mini       one build of your project, by the contract that the README tells;
 *                              edit something and build again
 *
 * The finished code is kept beside the entry, in .mini_cache/air.pack and air.index; what stages 1
 * and 2 keep stands beside it.
 */
#include "cached_codegen.h"
#include "demo_entry.h"
#include "import_scanner.h"
#include "mini_emit.h"
#include "parser.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char hashes[] = ".mini_cache/file_hashes.bin";

enum { FUNCTIONS = 10, BUILDS = 5 };

typedef struct Table { /* what a story of several builds is told in */
    int build;         /* the column that is being filled */
    char names[FUNCTIONS][32];
    OutputOrigin origins[BUILDS][FUNCTIONS];
} Table;

typedef struct Build {
    Program program; /* first: a Build is a Program */
    int cache_fd;    /* of .mini_cache */
    FileHashCache files;
    Discovery found;
    ZirCache zir;
    AirCache air;
    ProgramFile *modules; /* per file */
    Arena arena;
    CodegenScratch worker;
    ByteBuffer key; /* scratch */
    Table *table;   /* NULL: each unit is a line on stdout */
    bool is_wrong;  /* errors were told */
} Build;

/* ---- what stages 1 and 2 do ---------------------------------------------------------------- */

static void tell_errors(Build *build, Diagnostics *errors, Slice source)
{
    ByteBuffer text = {0};
    if (errors->count == 0)
        return;
    build->is_wrong = true;
    diagnostics_sort(errors);
    for (size_t i = 0; i < errors->count; i++)
        diagnostic_format(&errors->items[i], source, &text);
    fflush(stdout); /* the verdict stands above its reasons */
    fwrite(text.data, 1, text.size, stderr);
    buffer_free(&text);
    diagnostics_free(errors);
    *errors = (Diagnostics){0};
}

/* The files of the program. 0, or the exit status. */
static int find_files(Build *build, const char *entry)
{
    Diagnostics errors = {0};
    DiscoveryRequest request = {
        .dir_fd = AT_FDCWD,
        .clock_dir_fd = build->cache_fd,
        .entry = slice_from(entry),
        .scan = mini_scan_imports,
        .executor = &executor_serial,
        .diagnostics = &errors,
    };
    file_hash_cache_load(&build->files, hashes);
    int status = discover(&build->found, &request, &build->files);
    tell_errors(build, &errors, (Slice){0});
    if (build->found.error != 0) {
        fprintf(stderr, "%s: %s\n", build->found.error_path, strerror(-build->found.error));
        return strcmp(build->found.error_path, entry) == 0 ? 2 : 3;
    }
    build->program.entry_file = file_hash_cache_find(&build->files, request.entry);
    return status == 0 ? 0 : 1;
}

/* The bytes of a file: those that were just hashed, if stage 1 had to read it. */
static int source_of(Build *build, uint32_t file, Slice *source)
{
    FileStamp stamp;
    for (size_t i = 0; i < build->found.change_count; i++) {
        if (build->found.changes[i].file == file) {
            *source = build->found.changes[i].source;
            return 0;
        }
    }
    const char *path = file_hash_cache_path(&build->files, file).data;
    return file_read(AT_FDCWD, path, &build->arena, source, &stamp);
}

/* False if the file is wrong, which is told. */
static bool lower_cached(Build *build, uint32_t file, Lowered *lowered)
{
    Slice source = {0};
    Diagnostics errors = {.path = file_hash_cache_path(&build->files, file)};
    if (zir_cache_get(&build->zir, build->files.records[file].content, lowered))
        return true;
    int status = source_of(build, file, &source);
    if (status != 0)
        diagnostics_add(&errors, 1, 1, "cannot be read: %s", strerror(-status));
    if (status == 0 && mini_lower(source, &build->arena, &errors, lowered))
        zir_cache_put(&build->zir, hash_bytes(source), lowered);
    bool is_right = errors.count == 0;
    tell_errors(build, &errors, source);
    return is_right;
}

/* What the keys and the code generator need to know of a file. */
static bool load_module(Build *build, uint32_t file)
{
    Lowered lowered;
    const FileRecord *record = &build->files.records[file];
    ProgramFile *module = &build->modules[file];
    *module = (ProgramFile){.path = file_hash_cache_path(&build->files, file),
                            .targets = build->files.imports + record->first_import};
    if (!lower_cached(build, file, &lowered))
        return false;
    if (!declarations_view(lowered.declarations, &module->declarations) ||
        module->declarations.import_count != record->import_count) {
        fprintf(stderr, "%s:1:1: error: it changed while it was looked at\n", module->path.data);
        return false;
    }
    uint32_t count = module->declarations.count;
    module->ir = lowered.ir;
    module->interface_keys = arena_allocate(&build->arena, count * sizeof(Hash128));
    module->key_states = arena_allocate(&build->arena, count);
    memset(module->key_states, KEY_UNKNOWN, count);
    return true;
}

static ProgramFile *module_of(Program *program, uint32_t number)
{
    return &((Build *)(void *)program)->modules[number];
}

/* All files, so that all errors are told. False if there is one: half a program has no keys. */
static bool load_modules(Build *build)
{
    bool is_right = true;
    size_t size = build->files.count * sizeof *build->modules;
    build->modules = arena_allocate(&build->arena, size);
    for (uint32_t file = 0; file < build->files.count; file++)
        is_right &= load_module(build, file);
    return is_right;
}

/* Who compiles: this program as it was built, and the settings that reach its output. */
static Hash128 fingerprint(Arena *arena)
{
    const char *target = getenv("MINIC_TARGET");
    Slice program = {0};
    FileStamp stamp;
    file_read(AT_FDCWD, "/proc/self/exe", arena, &program, &stamp);
    Hash128 fields[] = {hash_bytes(program), hash_bytes(slice_from(target != NULL ? target : ""))};
    return hash_bytes(slice_of(fields, sizeof fields));
}

/* ---- this stage ---------------------------------------------------------------------------- */

/* `compiled  lib/math.mini:add  8f1c32aa`; the last word is the beginning of the code's hash. */
static void print_unit(Slice path, Slice name, const UnitOutput *output)
{
    static const char *const words[] = {"cached", "compiled", "wrong"};
    char hex[HASH_HEX_SIZE + 1];
    hash_to_hex(hash_bytes(output->text), hex);
    printf("  %-8s  %.*s:%.*s", words[output->origin], (int)path.size, path.data, (int)name.size,
           name.data);
    if (output->origin != OUTPUT_WRONG)
        printf("  %.8s", hex);
    putchar('\n');
}

static void note_unit(Table *table, uint32_t unit, Slice path, Slice name,
                      const UnitOutput *output)
{
    if (unit >= FUNCTIONS)
        return;
    snprintf(table->names[unit], sizeof table->names[unit], "%.*s:%.*s", (int)path.size,
             path.data, (int)name.size, name.data);
    table->origins[table->build][unit] = output->origin;
}

static void tell_unit(Build *build, uint32_t file, uint32_t unit, const UnitOutput *output)
{
    const ProgramFile *module = &build->modules[file];
    Slice name = declaration_name(&module->declarations, unit);
    if (build->table == NULL)
        print_unit(module->path, name, output);
    else
        note_unit(build->table, unit, module->path, name, output);
}

/* One unit: its key, then its code, kept or made. */
static void compile_unit(Build *build, const CachedCodegen *codegen, uint32_t file, uint32_t unit)
{
    bool is_cacheable;
    UnitOutput output;
    Hash128 key = program_unit_key(&build->program, file, unit, &build->key, &is_cacheable);
    cached_codegen(codegen, 0, file, unit, key, is_cacheable, &output);
    if (output.origin == OUTPUT_EMITTED && is_cacheable)
        air_cache_put(&build->air, key, output.text);
    tell_unit(build, file, unit, &output);
    build->is_wrong |= output.origin == OUTPUT_WRONG;
    tell_errors(build, &build->worker.diagnostics, (Slice){0});
}

static void compile_all(Build *build)
{
    CachedCodegen codegen = {.program = &build->program,
                             .cache = &build->air,
                             .emit = mini_emit,
                             .scratch = &build->worker};
    for (uint32_t file = 0; file < build->files.count; file++)
        program_interface_keys(&build->program, file, &build->key);
    for (uint32_t file = 0; file < build->files.count; file++)
        for (uint32_t unit = 0; unit < build->modules[file].declarations.count; unit++)
            compile_unit(build, &codegen, file, unit);
}

/* ---- one build ----------------------------------------------------------------------------- */

static int open_caches(Build *build)
{
    build->program.file = module_of;
    build->program.entry_point = slice_from("main");
    build->program.fingerprint = fingerprint(&build->arena);
    int status = zir_cache_open(&build->zir, build->cache_fd, build->program.fingerprint);
    return status != 0 ? status : air_cache_open(&build->air, build->cache_fd);
}

static int commit(Build *build)
{
    int status = zir_cache_commit(&build->zir, false, NULL);
    if (status == 0)
        status = air_cache_commit(&build->air, false, NULL);
    return status != 0 ? status : file_hash_cache_save(&build->files, hashes);
}

/* Returns the exit status. */
static int compile_program(Build *build, const char *entry)
{
    int status = find_files(build, entry);
    if (status != 0)
        return status;
    status = open_caches(build);
    if (status == 0) {
        if (load_modules(build))
            compile_all(build);
        else
            build->is_wrong = true;
        status = commit(build);
    }
    if (status != 0)
        fprintf(stderr, ".mini_cache: %s\n", strerror(-status));
    return status != 0 ? 3 : build->is_wrong;
}

static int build_once(const char *entry, Table *table)
{
    mkdir(".mini_cache", 0777);
    int cache_fd = open(".mini_cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (cache_fd < 0) {
        perror(".mini_cache");
        return 3;
    }
    Build build = {.cache_fd = cache_fd, .table = table};
    int status = compile_program(&build, entry);
    air_cache_close(&build.air);
    zir_cache_close(&build.zir);
    discovery_free(&build.found);
    file_hash_cache_close(&build.files);
    codegen_scratch_free(&build.worker);
    buffer_free(&build.key);
    arena_free(&build.arena);
    close(cache_fd);
    return status;
}

/* ---- without arguments: ten functions, five builds ------------------------------------------ */

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

static void write_functions(int build)
{
    FILE *file = fopen("shapes.mini", "w");
    if (file == NULL)
        return;
    for (int i = 0; i < FUNCTIONS; i++) {
        const char *line = functions[i];
        for (int edit = 0; edit <= build; edit++) /* edits stay */
            if (edits[edit].changed == i)
                line = edits[edit].line;
        fprintf(file, "%s\n", line);
    }
    fclose(file);
}

static void show(const Table *table)
{
    static const char *const words[] = {"-", "compiled", "wrong"};
    int compiled[BUILDS] = {0};
    printf("%20s", "");
    for (int build = 0; build < BUILDS; build++)
        printf("%13s", edits[build].title);
    for (int i = 0; i < FUNCTIONS; i++) {
        printf("\n%-20s", table->names[i]);
        for (int build = 0; build < BUILDS; build++) {
            printf("%13s", words[table->origins[build][i]]);
            compiled[build] += table->origins[build][i] != OUTPUT_CACHED;
        }
    }
    printf("\n%-20s", "compiled, cached");
    for (int build = 0; build < BUILDS; build++)
        printf("%9d, %2d", compiled[build], FUNCTIONS - compiled[build]);
    putchar('\n');
}

static int show_in_temporary_directory(void)
{
    static const char *const files[] = {hashes,
                                        ".mini_cache/clock",
                                        ".mini_cache/zir.pack",
                                        ".mini_cache/zir.index",
                                        ".mini_cache/air.pack",
                                        ".mini_cache/air.index",
                                        "shapes.mini"};
    char directory[] = "/tmp/demo-03-XXXXXX";
    if (mkdtemp(directory) == NULL || chdir(directory) != 0) {
        perror(directory);
        return 3;
    }
    Table table = {0};
    int status = 0;
    for (; table.build < BUILDS && status == 0; table.build++) {
        write_functions(table.build);
        status = build_once("shapes.mini", &table);
    }
    show(&table);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(files[i]);
    rmdir(".mini_cache");
    rmdir(directory);
    return status;
}

int main(int argument_count, char **arguments)
{
    if (argument_count < 2)
        return show_in_temporary_directory();
    if (argument_count > 2) {
        fprintf(stderr, "usage: %s [ENTRY.mini]\n", arguments[0]);
        return 2;
    }
    char *entry = demo_enter(arguments[1]);
    return entry == NULL ? 2 : build_once(entry, NULL);
}
