/* SPDX-License-Identifier: MIT */
/*
 * What would be recompiled? Four answers to the same edit: policies ENTRY.mini
 *
 * Compiles nothing. It looks at a program once, and again for every line on its standard input;
 * each time it prints, as one line of JSON, how many files and functions of the program each policy
 * would compile, given everything compiled at earlier looks:
 *
 *     timestamps        a file whose mtime is newer than at the previous look, and all files that
 *                       import it, directly or through others
 *     file_hashes       a file whose key is new: a hash of its content and of the contents of all
 *                       it imports, directly or through others
 *     interface_hashes  a file whose key is new: a hash of its content and of the interfaces of
 *                       the files it imports; an interface changes with those it refers to
 *     function_keys     a function whose unit key is new (stage 3), and files whose content is
 *
 * Timestamps know only the previous look. The others keep what they compiled under its key, so they
 * find it again when an edit is undone. A file is compiled with all of its functions.
 *
 *     $ build/policies main.mini         (edit, press Enter, read, edit ...)
 */
#include "import_graph.h"
#include "import_scanner.h"
#include "parser.h"
#include "unit_keys.h"
#include "zir_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct Work {
    uint64_t files, functions;
} Work;

typedef struct Look { /* the program as it is now; {0}: no look yet */
    Program program;  /* first: a Look is a Program */
    FileHashCache files;
    ImportGraph graph;
    ProgramFile *modules; /* this and what follows: per file */
    int64_t *mtimes_ns;
    uint32_t *functions;
    Hash128 *interfaces; /* a hash of all that importers can see of the file */
    Arena arena;
} Look;

typedef struct Policies { /* what was compiled so far, and the last look */
    const char *entry;
    int directory;
    Look before;
    ZirCache lowered;
    Arena objects; /* of `lowered` */
    ObjectStore *file_hashes, *interface_hashes, *function_keys; /* keys without payload */
    ByteBuffer key; /* scratch */
} Policies;

static void die(const char *path, const char *what, int error)
{
    fprintf(stderr, "policies: %s: %s: %s\n", path, what, strerror(error));
    exit(3);
}

/* ---- looking --------------------------------------------------------------------------------- */

/* True if nothing was compiled under the key before; records that it is now. */
static bool is_new(ObjectStore *store, Hash128 key)
{
    Slice nothing = slice_from("");
    if (object_store_has(store, key))
        return false;
    object_store_put(store, key, &nothing, 1);
    return true;
}

static void refuse(Diagnostics *diagnostics)
{
    ByteBuffer text = {0};
    diagnostics_sort(diagnostics);
    for (size_t i = 0; i < diagnostics->count; i++)
        diagnostic_format(&diagnostics->items[i], (Slice){0}, &text);
    fwrite(text.data, 1, text.size, stderr);
    exit(1);
}

static ProgramFile *module_of(Program *program, uint32_t number)
{
    return &((Look *)(void *)program)->modules[number];
}

/* The parser's result for the file, kept for files with the same bytes. */
static Lowered lower_file(Policies *policies, const Look *look, const FileChange *change,
                          Work *work)
{
    Hash128 content = look->files.records[change->file].content;
    Diagnostics diagnostics = {.path = file_hash_cache_path(&look->files, change->file)};
    Lowered lowered;
    Slice warnings = {"", 0};
    if (zir_cache_get(&policies->lowered, content, &lowered))
        return lowered;
    if (!mini_lower(change->source, NULL, &policies->objects, &diagnostics, &lowered))
        refuse(&diagnostics);
    zir_cache_put_joined(&policies->lowered, content,
                         zir_cache_join(&lowered, &warnings, &policies->objects));
    work->files++;
    return lowered;
}

static bool is_function(const Declarations *all, uint32_t declaration)
{
    return !hash_is_none(all->items[declaration].body_hash);
}

static void load_module(Policies *policies, Look *look, const FileChange *change, Work *work)
{
    Lowered lowered = lower_file(policies, look, change, work);
    const FileRecord *record = &look->files.records[change->file];
    ProgramFile *module = &look->modules[change->file];
    *module = (ProgramFile){.path = file_hash_cache_path(&look->files, change->file),
                            .targets = look->files.imports + record->first_import};
    if (!declarations_view(lowered.declarations, &module->declarations))
        die(module->path.data, "its declarations", EBADMSG);
    uint32_t count = module->declarations.count;
    module->interface_keys = arena_allocate(&look->arena, count * sizeof(Hash128));
    module->key_states = arena_allocate(&look->arena, count);
    memset(module->key_states, KEY_UNKNOWN, count);
    look->functions[change->file] = 0;
    for (uint32_t i = 0; i < count; i++)
        look->functions[change->file] += is_function(&module->declarations, i);
}

static void read_mtime(const Policies *policies, Look *look, uint32_t file)
{
    FileStamp stamp;
    const char *path = file_hash_cache_path(&look->files, file).data;
    int status = file_stamp_at(policies->directory, path, &stamp);
    if (status != 0)
        die(path, "cannot be read", -status);
    look->mtimes_ns[file] = stamp.mtime_ns;
}

/* In the order of the names, so that an interface is a set. */
static void hash_interface(Policies *policies, Look *look, uint32_t file)
{
    const ProgramFile *module = &look->modules[file];
    program_interface_keys(&look->program, file, &policies->key);
    policies->key.size = 0;
    for (uint32_t i = 0; i < module->declarations.count; i++)
        key_put_hash(&policies->key, module->interface_keys[module->declarations.name_order[i]]);
    look->interfaces[file] = hash_bytes(buffer_slice(&policies->key));
}

static void allocate_files(Look *look)
{
    size_t count = look->files.count;
    look->modules = arena_allocate(&look->arena, count * sizeof *look->modules);
    look->mtimes_ns = arena_allocate(&look->arena, count * sizeof *look->mtimes_ns);
    look->functions = arena_allocate(&look->arena, count * sizeof *look->functions);
    look->interfaces = arena_allocate(&look->arena, count * sizeof *look->interfaces);
}

/* Reads every file. `lowered` counts contents not seen before. */
static void look_at_program(Policies *policies, Look *look, Work *lowered)
{
    Discovery found = {0};
    Diagnostics diagnostics = {0};
    DiscoveryRequest request = {.dir_fd = policies->directory, .clock_dir_fd = -1,
                                .entry = slice_from(policies->entry), .trust_nothing = true,
                                .scan = mini_scan_imports, .executor = &executor_serial,
                                .diagnostics = &diagnostics};
    int status = discover(&found, &request, &look->files);
    if (found.error != 0)
        die(found.error_path, "cannot be read", -found.error);
    if (status != 0)
        refuse(&diagnostics);
    look->program = (Program){.file = module_of, .entry_point = slice_from("main"),
                              .entry_file = file_hash_cache_find(&look->files, request.entry)};
    import_graph_build(&look->graph, &look->files);
    allocate_files(look);
    for (size_t i = 0; i < found.change_count; i++) /* all files: the cache was empty */
        load_module(policies, look, &found.changes[i], lowered);
    for (uint32_t file = 0; file < look->files.count; file++) {
        read_mtime(policies, look, file);
        hash_interface(policies, look, file);
    }
    diagnostics_free(&diagnostics);
    discovery_free(&found);
}

static void look_free(Look *look)
{
    import_graph_free(&look->graph);
    file_hash_cache_close(&look->files);
    arena_free(&look->arena);
    *look = (Look){0};
}

/* ---- the four policies ----------------------------------------------------------------------- */

static void compile_file(const Look *look, uint32_t file, Work *work)
{
    work->files++;
    work->functions += look->functions[file];
}

static bool is_newer(const Look *before, const Look *now, uint32_t file)
{
    uint32_t old = file_hash_cache_find(&before->files, file_hash_cache_path(&now->files, file));
    return old == FILE_NONE || now->mtimes_ns[file] > before->mtimes_ns[old];
}

static Work by_timestamps(Policies *policies, const Look *look)
{
    Work work = {0};
    uint32_t count = look->files.count, newer_count = 0;
    uint32_t *newer = memory_allocate(count * sizeof *newer);
    bool *affected = memory_allocate_zeroed(count, sizeof *affected);
    for (uint32_t file = 0; file < count; file++)
        if (is_newer(&policies->before, look, file))
            newer[newer_count++] = file;
    import_graph_affected(&look->graph, newer, newer_count, affected);
    for (uint32_t file = 0; file < count; file++)
        if (affected[file])
            compile_file(look, file, &work);
    free(newer);
    free(affected);
    return work;
}

/* Path and content of a file, and the keys of those of its imports that already have one. */
static void put_file(const Look *look, uint32_t file, const Hash128 *keys, ByteBuffer *key)
{
    key_put_slice(key, look->modules[file].path);
    key_put_hash(key, look->files.records[file].content);
    for (uint32_t i = look->graph.first_import[file]; i < look->graph.first_import[file + 1]; i++)
        key_put_hash(key, keys[look->graph.imports[i]]);
}

/* The keys of files that import each other in a cycle, or of one file: all of them depend on the
 * same contents, and are distinguished by their paths. */
static void make_keys(const Look *look, const uint32_t *files, size_t count, Hash128 *keys,
                      ByteBuffer *key)
{
    key->size = 0;
    for (size_t i = 0; i < count; i++)
        put_file(look, files[i], keys, key);
    Hash128 shared = hash_bytes(buffer_slice(key));
    for (size_t i = 0; i < count; i++) {
        key->size = 0;
        key_put_slice(key, look->modules[files[i]].path);
        key_put_hash(key, shared);
        keys[files[i]] = hash_bytes(buffer_slice(key));
    }
}

/* A Merkle tree over the imports: in an order in which a file comes after what it imports. */
static void make_closure_keys(const Look *look, Hash128 *keys, ByteBuffer *key)
{
    uint32_t count = look->files.count;
    uint32_t *order = memory_allocate(count * sizeof *order);
    uint32_t *cycle_of = memory_allocate(count * sizeof *cycle_of);
    import_graph_order(&look->graph, order, cycle_of);
    for (uint32_t start = 0, end; start < count; start = end) {
        uint32_t cycle = cycle_of[order[start]];
        end = start + 1;
        while (cycle != 0 && end < count && cycle_of[order[end]] == cycle)
            end++;
        make_keys(look, order + start, end - start, keys, key);
    }
    free(order);
    free(cycle_of);
}

static Work by_file_hashes(Policies *policies, const Look *look)
{
    Work work = {0};
    Hash128 *keys = memory_allocate_zeroed(look->files.count, sizeof *keys);
    make_closure_keys(look, keys, &policies->key);
    for (uint32_t file = 0; file < look->files.count; file++)
        if (is_new(policies->file_hashes, keys[file]))
            compile_file(look, file, &work);
    free(keys);
    return work;
}

static Work by_interface_hashes(Policies *policies, const Look *look)
{
    Work work = {0};
    const ImportGraph *graph = &look->graph;
    for (uint32_t file = 0; file < look->files.count; file++) {
        policies->key.size = 0;
        key_put_slice(&policies->key, look->modules[file].path);
        key_put_hash(&policies->key, look->files.records[file].content);
        for (uint32_t i = graph->first_import[file]; i < graph->first_import[file + 1]; i++)
            key_put_hash(&policies->key, look->interfaces[graph->imports[i]]);
        if (is_new(policies->interface_hashes, hash_bytes(buffer_slice(&policies->key))))
            compile_file(look, file, &work);
    }
    return work;
}

static Work by_function_keys(Policies *policies, Look *look, Work lowered)
{
    Work work = lowered;
    for (uint32_t file = 0; file < look->files.count; file++) {
        const Declarations *all = &look->modules[file].declarations;
        for (uint32_t i = 0; i < all->count; i++) {
            bool is_cacheable;
            if (!is_function(all, i))
                continue;
            Hash128 key = program_unit_key(&look->program, file, i, &policies->key, &is_cacheable);
            work.functions += !is_cacheable || is_new(policies->function_keys, key);
        }
    }
    return work;
}

/* ---- reporting ------------------------------------------------------------------------------- */

static void report(const char *before, const char *name, Work work)
{
    printf("%s\"%s\": {\"files\": %" PRIu64 ", \"functions\": %" PRIu64 "}", before, name,
           work.files, work.functions);
}

static void look_again(Policies *policies)
{
    Look look = {0};
    Work total = {0}, lowered = {0};
    look_at_program(policies, &look, &lowered);
    for (uint32_t file = 0; file < look.files.count; file++)
        compile_file(&look, file, &total);
    report("{", "total", total);
    report(", ", "timestamps", by_timestamps(policies, &look));
    report(", ", "file_hashes", by_file_hashes(policies, &look));
    report(", ", "interface_hashes", by_interface_hashes(policies, &look));
    report(", ", "function_keys", by_function_keys(policies, &look, lowered));
    puts("}");
    fflush(stdout);
    look_free(&policies->before);
    policies->before = look;
}

static void open_directory(Policies *policies, char *path)
{
    char *slash = strrchr(path, '/');
    policies->entry = slash == NULL ? path : slash + 1;
    if (slash != NULL)
        *slash = '\0';
    const char *directory = slash == NULL ? "." : slash == path ? "/" : path;
    policies->directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (policies->directory < 0)
        die(directory, "cannot be opened", errno);
}

static void policies_free(Policies *policies)
{
    look_free(&policies->before);
    zir_cache_close(&policies->lowered);
    object_store_close(policies->file_hashes);
    object_store_close(policies->interface_hashes);
    object_store_close(policies->function_keys);
    arena_free(&policies->objects);
    buffer_free(&policies->key);
    close(policies->directory);
}

int main(int argument_count, char **arguments)
{
    if (argument_count != 2) {
        fprintf(stderr, "usage: policies ENTRY.mini   (looks again for every line of input)\n");
        return 2;
    }
    Policies policies = {.file_hashes = object_store_make_in_memory(),
                         .interface_hashes = object_store_make_in_memory(),
                         .function_keys = object_store_make_in_memory()};
    zir_cache_make_in_memory(&policies.lowered, (Hash128){0});
    open_directory(&policies, arguments[1]);
    int c;
    do {
        look_again(&policies);
        while ((c = getchar()) != EOF && c != '\n') {
        }
    } while (c != EOF);
    policies_free(&policies);
    return 0;
}
