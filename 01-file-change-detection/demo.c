/* SPDX-License-Identifier: MIT */
/*
 * What changed since the last look?
 *
 *     demo-01                  a project of three files, and five looks at it
 *     demo-01 ENTRY.mini       one look at your project, by the contract that the README tells;
 *                              edit something and look again
 *
 * What is known of the files is kept beside the entry, in .mini_cache/file_hashes.bin.
 */
#include "demo_entry.h"
#include "import_scanner.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char hashes[] = ".mini_cache/file_hashes.bin";

typedef struct Fact {
    Decision decision;
    Slice path;
} Fact;

typedef struct Facts { /* {0} is empty */
    Fact *items;
    size_t count;
    Arena paths;
} Facts;

/* Removed files are told before all others, and the paths are only lent: keep them to be sorted. */
static void keep_fact(void *context, Decision decision, Slice path)
{
    Facts *facts = context;
    facts->items = memory_resize(facts->items, (facts->count + 1) * sizeof *facts->items);
    Slice copy = slice_of(arena_copy(&facts->paths, path), path.size);
    facts->items[facts->count++] = (Fact){decision, copy};
}

static int compare_facts(const void *a, const void *b)
{
    return slice_compare(((const Fact *)a)->path, ((const Fact *)b)->path);
}

static void tell_facts(const Facts *facts)
{
    static const char *const words[DECISION_COUNT] = {
        [DECISION_FILE_UNCHANGED] = "unchanged", [DECISION_FILE_TOUCHED] = "touched",
        [DECISION_FILE_CHANGED] = "changed",     [DECISION_FILE_ADDED] = "added",
        [DECISION_FILE_REMOVED] = "removed",
    };
    if (facts->count != 0)
        qsort(facts->items, facts->count, sizeof *facts->items, compare_facts);
    for (size_t i = 0; i < facts->count; i++) {
        const Fact *fact = &facts->items[i];
        printf("  %-9s  %.*s\n", words[fact->decision], (int)fact->path.size, fact->path.data);
    }
}

static void tell_counts(const Discovery *found, const FileHashCache *cache)
{
    char hex[HASH_HEX_SIZE + 1];
    hash_to_hex(file_hash_cache_combined(cache, (Hash128){0}), hex);
    printf("  read       %d\n  combined   %.8s\n", (int)found->files_hashed, hex);
}

static void tell_failure(const Discovery *found, Diagnostics *errors)
{
    ByteBuffer text = {0};
    diagnostics_sort(errors);
    for (size_t i = 0; i < errors->count; i++)
        diagnostic_format(&errors->items[i], (Slice){0}, &text);
    if (text.size > 0)
        fwrite(text.data, 1, text.size, stderr);
    buffer_free(&text);
    if (found->error != 0)
        fprintf(stderr, "%s: %s\n", found->error_path, strerror(-found->error));
}

static int status_of(const Discovery *found, const char *entry)
{
    if (found->error == 0)
        return 1;
    return strcmp(found->error_path, entry) == 0 ? 2 : 3;
}

static int save(FileHashCache *cache)
{
    int error = file_hash_cache_save(cache, hashes);
    if (error != 0)
        fprintf(stderr, "%s: %s\n", hashes, strerror(-error));
    return error == 0 ? 0 : 3;
}

/* One look at the project whose entry is in the working directory, with a title above or none.
 * Returns an exit status, as the contract has them: 1 the sources, 2 no such entry, 3 the machine. */
static int look(const char *title, const char *entry)
{
    mkdir(".mini_cache", 0777);
    int cache_fd = open(".mini_cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    FileHashCache cache = {0};
    Discovery found = {0};
    Diagnostics errors = {0};
    Facts facts = {0};
    Observer observer = {keep_fact, &facts};
    DiscoveryRequest request = {
        .dir_fd = AT_FDCWD,
        .clock_dir_fd = cache_fd,
        .entry = slice_from(entry),
        .scan = mini_scan_imports,
        .executor = &executor_serial,
        .observer = &observer,
        .diagnostics = &errors,
    };
    if (title != NULL)
        puts(title);
    file_hash_cache_load(&cache, hashes); /* missing or damaged: every file is new */
    int status = discover(&found, &request, &cache);
    if (status != 0) {
        tell_failure(&found, &errors);
        status = status_of(&found, entry);
    } else {
        tell_facts(&facts);
        tell_counts(&found, &cache);
        status = save(&cache);
    }
    free(facts.items);
    arena_free(&facts.paths);
    diagnostics_free(&errors);
    discovery_free(&found);
    file_hash_cache_close(&cache);
    close(cache_fd);
    return status;
}

/* ---- without arguments: a project of our own ---------------------------------------------- */

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    if (file == NULL)
        return;
    fputs(text, file);
    fclose(file);
}

/* The nap is a tick of the file system's clock. Looking at once would tell the same changes, but
 * a stamp that young is not trusted, and the file would be read once more in the next look. */
static void look_later(const char *title)
{
    nanosleep(&(struct timespec){0, 30000000}, NULL);
    look(title, "main.mini");
}

static void show(void)
{
    write_file("main.mini", "import \"math.mini\" as math;\nimport \"text.mini\" as text;\n");
    write_file("math.mini", "fn one() i32 { return 1; }\n");
    write_file("text.mini", "const name: str = \"Ada\";\n");
    look_later("The first look");
    look_later("Nothing happened");

    utimensat(AT_FDCWD, "math.mini", NULL, 0);
    look_later("math.mini was touched");

    struct stat before;
    stat("text.mini", &before);
    write_file("text.mini", "const name: str = \"Eve\";\n");
    utimensat(AT_FDCWD, "text.mini", (struct timespec[]){before.st_atim, before.st_mtim}, 0);
    look_later("text.mini was edited, keeps its size, and its old mtime was restored");

    write_file("main.mini", "import \"math.mini\" as math;\n");
    look_later("main.mini no longer imports text.mini");
}

static int show_in_temporary_directory(void)
{
    static const char *const files[] = {hashes, ".mini_cache/clock", "main.mini", "math.mini",
                                        "text.mini"};
    char directory[] = "/tmp/demo-01-XXXXXX";
    if (mkdtemp(directory) == NULL || chdir(directory) != 0) {
        perror(directory);
        return 3;
    }
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
    return entry == NULL ? 2 : look(NULL, entry);
}
