/* SPDX-License-Identifier: MIT */
/*
 * Must a file be lowered again?
 *
 *     demo-02                  a project of three files, and six builds of it
 *     demo-02 ENTRY.mini       one build of your project, by the contract that the README tells;
 *                              edit something and build again
 *
 * What was lowered is kept beside the entry, in .mini_cache/zir.pack and zir.index, and what is
 * known of the files in .mini_cache/file_hashes.bin, as stage 1 does it.
 */
#include "demo_entry.h"
#include "import_scanner.h"
#include "parser.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char hashes[] = ".mini_cache/file_hashes.bin";

typedef struct Build {
    int cache_fd; /* of .mini_cache */
    FileHashCache files;
    Discovery found;
    size_t next_change; /* the first of found.changes that belongs to a file yet to come */
    ZirCache zir;
    Arena arena; /* sources that discovery did not read, and what was lowered */
    Diagnostics errors;
} Build;

/* ---- one file ------------------------------------------------------------------------------ */

/* The bytes of a file: those that were just hashed, if stage 1 had to read it. */
static int source_of(Build *build, uint32_t file, Slice *source)
{
    const Discovery *found = &build->found;
    FileStamp stamp;
    while (build->next_change < found->change_count && found->changes[build->next_change].file < file)
        build->next_change++;
    if (build->next_change < found->change_count && found->changes[build->next_change].file == file) {
        *source = found->changes[build->next_change].source;
        return 0;
    }
    const char *path = file_hash_cache_path(&build->files, file).data;
    return file_read(AT_FDCWD, path, &build->arena, source, &stamp);
}

/* How the lowered form of a file is come by: the whole use of the cache. */
static const char *lower_cached(Build *build, uint32_t file, Slice *source, Lowered *lowered)
{
    if (zir_cache_get(&build->zir, build->files.records[file].content, lowered))
        return "cached";
    int status = source_of(build, file, source);
    if (status != 0)
        diagnostics_add(&build->errors, 1, 1, "cannot be read: %s", strerror(-status));
    if (status != 0 || !mini_lower(*source, &build->arena, &build->errors, lowered))
        return "wrong"; /* and not kept: the next build tells the errors again */
    zir_cache_put(&build->zir, hash_bytes(*source), lowered);
    return "lowered";
}

static void tell_errors(Diagnostics *errors, Slice source)
{
    ByteBuffer text = {0};
    if (errors->count == 0)
        return;
    diagnostics_sort(errors);
    fflush(stdout); /* the verdict stands above its reasons */
    for (size_t i = 0; i < errors->count; i++)
        diagnostic_format(&errors->items[i], source, &text);
    fwrite(text.data, 1, text.size, stderr);
    buffer_free(&text);
}

/* The first digits of a hash of both blobs. */
static void name_lowered(const Lowered *lowered, char hex[HASH_HEX_SIZE + 1])
{
    Hash128 both[] = {hash_bytes(lowered->declarations), hash_bytes(lowered->ir)};
    hash_to_hex(hash_bytes(slice_of(both, sizeof both)), hex);
    hex[8] = '\0';
}

static bool lower_file(Build *build, uint32_t file)
{
    char name[HASH_HEX_SIZE + 1] = "";
    Slice source = {0}, path = file_hash_cache_path(&build->files, file);
    Lowered lowered = {0};
    build->errors = (Diagnostics){.path = path};
    const char *word = lower_cached(build, file, &source, &lowered);
    bool is_right = strcmp(word, "wrong") != 0;
    if (is_right)
        name_lowered(&lowered, name);
    printf("  %-7s  %-9.*s%s%s\n", word, (int)path.size, path.data, is_right ? "  " : "", name);
    tell_errors(&build->errors, source);
    diagnostics_free(&build->errors);
    return is_right;
}

/* ---- all files ----------------------------------------------------------------------------- */

/* Who lowers: this program as it was built, and the settings that reach its output. */
static Hash128 fingerprint(void)
{
    const char *target = getenv("MINIC_TARGET");
    Arena arena = {0};
    Slice program = {0};
    FileStamp stamp;
    file_read(AT_FDCWD, "/proc/self/exe", &arena, &program, &stamp);
    Hash128 fields[] = {hash_bytes(program), hash_bytes(slice_from(target != NULL ? target : ""))};
    arena_free(&arena);
    return hash_bytes(slice_of(fields, sizeof fields));
}

/* Stage 1: the files of the program. 0, or the exit status. */
static int find_files(Build *build, const char *entry)
{
    DiscoveryRequest request = {
        .dir_fd = AT_FDCWD,
        .clock_dir_fd = build->cache_fd,
        .entry = slice_from(entry),
        .scan = mini_scan_imports,
        .executor = &executor_serial,
        .diagnostics = &build->errors,
    };
    file_hash_cache_load(&build->files, hashes);
    int status = discover(&build->found, &request, &build->files);
    tell_errors(&build->errors, (Slice){0});
    diagnostics_free(&build->errors);
    if (status == 0 || build->found.error == 0)
        return status != 0;
    const char *path = build->found.error_path;
    bool is_entry = strcmp(path, entry) == 0;
    fprintf(stderr, "%s: cannot read %s: %s\n", path, is_entry ? "the entry file" : "it",
            strerror(-build->found.error));
    return is_entry ? 2 : 3;
}

static int lower_all(Build *build)
{
    int wrong = 0;
    int status = zir_cache_open(&build->zir, build->cache_fd, fingerprint());
    for (uint32_t file = 0; status == 0 && file < build->files.count; file++)
        wrong += !lower_file(build, file);
    if (status == 0)
        status = zir_cache_commit(&build->zir, false, NULL);
    if (status == 0)
        status = file_hash_cache_save(&build->files, hashes);
    if (status != 0) {
        fprintf(stderr, ".mini_cache: %s\n", strerror(-status));
        return 3;
    }
    printf("  objects  %d\n", (int)object_store_count(build->zir.store));
    return wrong != 0;
}

static int build_once(const char *title, const char *entry)
{
    mkdir(".mini_cache", 0777);
    Build build = {.cache_fd = open(".mini_cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (build.cache_fd < 0) {
        perror(".mini_cache");
        return 3;
    }
    if (title != NULL)
        puts(title);
    int status = find_files(&build, entry);
    if (status == 0)
        status = lower_all(&build);
    zir_cache_close(&build.zir);
    discovery_free(&build.found);
    file_hash_cache_close(&build.files);
    arena_free(&build.arena);
    close(build.cache_fd);
    return status;
}

/* ---- without arguments: a project of our own ------------------------------------------------ */

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    if (file == NULL)
        return;
    fputs(text, file);
    fclose(file);
}

static void show(void)
{
    static const char square[] = "fn square(x: i32) i32 { return x * x; }\n";
    write_file("main.mini", "import \"math.mini\" as math;\nimport \"copy.mini\" as copy;\n"
                            "fn main() i32 { print(math.square(7)); return 0; }\n");
    write_file("math.mini", square);
    write_file("copy.mini", square);
    build_once("The first build; copy.mini has the bytes of math.mini", "main.mini");
    build_once("Nothing happened", "main.mini");
    write_file("math.mini", "fn square(x: i32) i32 { return x * x * 1; }\n");
    build_once("math.mini was edited", "main.mini");
    write_file("math.mini", square);
    build_once("The edit was undone", "main.mini");
    setenv("MINIC_TARGET", "wasm32", 1);
    build_once("Another target", "main.mini");
    unsetenv("MINIC_TARGET");
    build_once("The target of before", "main.mini");
}

static int show_in_temporary_directory(void)
{
    static const char *const files[] = {hashes,      ".mini_cache/clock", ".mini_cache/zir.pack",
                                        "main.mini", "math.mini",         ".mini_cache/zir.index",
                                        "copy.mini"};
    char directory[] = "/tmp/demo-02-XXXXXX";
    if (mkdtemp(directory) == NULL || chdir(directory) != 0) {
        perror(directory);
        return 3;
    }
    unsetenv("MINIC_TARGET");
    show();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        unlink(files[i]);
    rmdir(".mini_cache");
    rmdir(directory);
    return 0;
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
    return entry == NULL ? 2 : build_once(NULL, entry);
}
