/* SPDX-License-Identifier: MIT */
/*
 * How often does the cache hit under ordinary edits of a program?
 *
 *     ordinary-edits [--count N] [--seed S] [--jobs J] MINIC EDIT_CORPUS ENTRY OUTPUT CACHE
 *
 * N edits of a generated corpus, one after another, drawn by the seed from the kinds below, each
 * followed by a build. The first build, from nothing, is not counted. Prints one line of JSON: sums
 * over all builds, and the same for each kind of edit.
 *
 *     emitted   compiled functions. All others are hits, measured against the three sums that
 *     follow
 *     total     all functions of the program, in each build
 *     reached   the functions of the edited file and of all files that import it, directly or
 *               through others: a build without function keys looks at these again
 *     keys      the declarations whose keys were computed: the least that this build looks at again
 *
 * Functions are counted in the sources too; if the build's count differs, it ends.
 */
#include "common.h"
#include "discovery.h"
#include "import_graph.h"
#include "import_scanner.h"

#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

extern char **environ;

enum { PATH_BYTES = 4096, COUNT_MOST = 1000000, JOBS_MOST = 1000 };

typedef enum Kind {
    BODY, COMMENT, SIGNATURE, FUNCTION, DROP, CONSTANT, TOUCH, UNDO, ADD, REMOVE, KINDS
} Kind;

/* How many of a hundred edits, and the name in edit-corpus. */
static const struct {
    const char *title, *name;
    int share;
} kinds[KINDS] = {
    [BODY] = {"a body", "body", 45},
    [COMMENT] = {"a comment", "comment", 12},
    [SIGNATURE] = {"a signature", "signature", 8},
    [FUNCTION] = {"a new function", "function", 8},
    [DROP] = {"a function removed", "drop", 4},
    [CONSTANT] = {"a constant", "constant", 4},
    [TOUCH] = {"touched only", "touch", 7},
    [UNDO] = {"the edit before undone", NULL, 8},
    [ADD] = {"a file added", "add", 2},
    [REMOVE] = {"a file removed", "remove", 2},
};

typedef struct Options {
    int count, seed, jobs;
    char *minic, *edit_corpus, *entry, *output, *cache;
} Options;

typedef struct Sums {
    uint64_t edits, emitted, total, reached, keys;
} Sums;

typedef struct File { /* as it is now */
    uint32_t functions;
    bool has_constant, has_unused; /* whether these edits are possible: CONSTANT, DROP */
} File;

typedef struct Editing {
    Options options;
    uint64_t random;
    FileHashCache cache; /* of the corpus as generated: its paths and imports */
    ImportGraph graph;
    File *files;
    bool *marked;
    uint32_t functions; /* of all files */
    uint32_t grown;     /* the file that ADD edited, or FILE_NONE */
    uint32_t last;      /* the file of the previous edit, which UNDO can revert; or FILE_NONE */
    ByteBuffer before;  /* its text */
    ByteBuffer stats;
    char path[PATH_BYTES];
    Sums of_kind[KINDS];
} Editing;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "ordinary-edits: %s: %s\n", what, why);
    exit(3);
}

/* ---- the corpus ------------------------------------------------------------------------------ */

/* Valid until the next call. */
static char *path_of(Editing *editing, uint32_t file)
{
    const char *entry = editing->options.entry, *slash = strrchr(entry, '/');
    int directory = slash == NULL ? 0 : (int)(slash - entry) + 1;
    Slice path = file_hash_cache_path(&editing->cache, file);
    if (snprintf(editing->path, PATH_BYTES, "%.*s%s", directory, entry, path.data) >= PATH_BYTES)
        die(entry, strerror(ENAMETOOLONG));
    return editing->path;
}

static void read_text(Editing *editing, uint32_t file, ByteBuffer *text)
{
    int status = read_whole_file(path_of(editing, file), text);
    if (status != 0)
        die(editing->path, strerror(-status));
}

static void look_at(Editing *editing, uint32_t file)
{
    ByteBuffer text = {0};
    File now = {0};
    read_text(editing, file, &text);
    for (const char *at = text.data; (at = strstr(at, "\nfn ")) != NULL; at++)
        now.functions++;
    now.functions += strncmp(text.data, "fn ", 3) == 0;
    now.has_constant = strstr(text.data, "const LIMIT: i32 = ") != NULL;
    now.has_unused = strstr(text.data, "fn unused_") != NULL;
    editing->functions += now.functions - editing->files[file].functions;
    editing->files[file] = now;
    buffer_free(&text);
}

static void find_files(Editing *editing)
{
    char directory[PATH_BYTES];
    const char *entry = editing->options.entry, *slash = strrchr(entry, '/');
    Discovery found = {0};
    Diagnostics diagnostics = {0};
    snprintf(directory, sizeof directory, "%.*s", slash == NULL ? 1 : (int)(slash - entry) + 1,
             slash == NULL ? "." : entry);
    DiscoveryRequest request = {.dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                                .clock_dir_fd = -1, .trust_nothing = true,
                                .entry = slice_from(slash == NULL ? entry : slash + 1),
                                .scan = mini_scan_imports, .executor = &executor_serial,
                                .diagnostics = &diagnostics};
    if (discover(&found, &request, &editing->cache) != 0)
        die(entry, "its files cannot be found");
    import_graph_build(&editing->graph, &editing->cache);
    uint32_t count = editing->graph.count;
    editing->files = memory_allocate_zeroed(count, sizeof *editing->files);
    editing->marked = memory_allocate_zeroed(count, sizeof *editing->marked);
    for (uint32_t file = 0; file < count; file++)
        look_at(editing, file);
    diagnostics_free(&diagnostics);
    discovery_free(&found);
    close(request.dir_fd);
}

static uint32_t functions_reached(Editing *editing, uint32_t file)
{
    uint32_t reached = 0, count = editing->graph.count;
    memset(editing->marked, 0, count * sizeof *editing->marked);
    import_graph_affected(&editing->graph, &file, 1, editing->marked);
    for (uint32_t i = 0; i < count; i++)
        reached += editing->marked[i] ? editing->files[i].functions : 0;
    return reached;
}

/* ---- running programs ------------------------------------------------------------------------ */

/* Standard output goes to `output`, if there is one. */
static void run(char *const *command, int output)
{
    posix_spawn_file_actions_t actions;
    pid_t process;
    int status = 0;
    if (posix_spawn_file_actions_init(&actions) != 0 ||
        (output >= 0 && posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO) != 0))
        die(command[0], "out of memory");
    int error = posix_spawnp(&process, command[0], &actions, NULL, command, environ);
    if (error != 0 || waitpid(process, &status, 0) != process)
        die(command[0], strerror(error != 0 ? error : errno));
    posix_spawn_file_actions_destroy(&actions);
    if (status != 0)
        die(command[0], "failed");
}

/* The line of statistics fits in a pipe. */
static void build(Editing *editing)
{
    const Options *options = &editing->options;
    char jobs[16];
    int pipe_fds[2];
    snprintf(jobs, sizeof jobs, "%d", options->jobs);
    char *command[] = {options->minic, "build", options->entry, "-q", "-j", jobs, "-o",
                       options->output, "--cache-dir", options->cache, "--stats=json", NULL};
    if (pipe(pipe_fds) != 0)
        die("pipe", strerror(errno));
    run(command, pipe_fds[1]);
    close(pipe_fds[1]);
    buffer_reserve(&editing->stats, PATH_BYTES + 1);
    ssize_t size = read(pipe_fds[0], editing->stats.data, PATH_BYTES);
    close(pipe_fds[0]);
    if (size <= 0)
        die(options->minic, "prints no statistics");
    editing->stats.data[size] = '\0';
}

static uint64_t counted(const Editing *editing, const char *name)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\":", name);
    const char *found = strstr(editing->stats.data, quoted);
    if (found == NULL)
        die(name, "is not among the statistics");
    return strtoull(found + strlen(quoted), NULL, 10);
}

/* ---- the edits ------------------------------------------------------------------------------- */

static uint32_t draw(Editing *editing, uint32_t below)
{
    return (uint32_t)(next_random(&editing->random) % below);
}

static Kind draw_kind(Editing *editing)
{
    int drawn = (int)draw(editing, 100), kind = 0;
    while (drawn >= kinds[kind].share)
        drawn -= kinds[kind++].share;
    return (Kind)kind;
}

static bool fits(const Editing *editing, Kind kind, uint32_t file)
{
    const File *now = &editing->files[file];
    if (strncmp(file_hash_cache_path(&editing->cache, file).data, "main.mini", 10) == 0)
        return false; /* imports, and a function that prints: unlike the other files */
    switch (kind) {
    case CONSTANT: return now->has_constant;
    case DROP: return now->has_unused;
    case SIGNATURE: return file != editing->grown; /* its last function has another form */
    default: return true;
    }
}

/* The next file, from a random one on, that allows this edit; FILE_NONE if there is none. */
static uint32_t draw_file(Editing *editing, Kind kind)
{
    uint32_t count = editing->graph.count, start = draw(editing, count);
    for (uint32_t i = 0; i < count; i++)
        if (fits(editing, kind, (start + i) % count))
            return (start + i) % count;
    return FILE_NONE;
}

/* One file is added at a time, and removed before the next. An impossible edit becomes a body
 * edit. */
static Kind choose(Editing *editing, uint32_t *file)
{
    Kind kind = draw_kind(editing);
    if (kind == ADD || kind == REMOVE)
        kind = editing->grown == FILE_NONE ? ADD : REMOVE;
    if (kind == UNDO && editing->last == FILE_NONE)
        kind = BODY;
    *file = kind == UNDO ? editing->last : kind == REMOVE ? editing->grown : draw_file(editing, kind);
    if (*file == FILE_NONE)
        *file = draw_file(editing, kind = BODY);
    if (*file == FILE_NONE)
        die(editing->options.entry, "there is nothing to edit");
    return kind;
}

static void take_back(Editing *editing)
{
    Slice text = buffer_slice(&editing->before);
    int status = write_whole_file(path_of(editing, editing->last), &text, 1);
    if (status != 0)
        die(editing->path, strerror(-status));
}

static void edit(Editing *editing, Kind kind, uint32_t file)
{
    if (kind == UNDO) {
        take_back(editing);
    } else {
        read_text(editing, file, &editing->before);
        char *command[] = {editing->options.edit_corpus, (char *)kinds[kind].name,
                           path_of(editing, file), NULL};
        run(command, -1);
    }
    bool can_be_undone = kind != UNDO && kind != TOUCH && kind != ADD && kind != REMOVE;
    editing->last = can_be_undone ? file : FILE_NONE;
    if (kind == ADD)
        editing->functions++; /* the one of the file beside it */
    if (kind == REMOVE)
        editing->functions--;
    editing->grown = kind == ADD ? file : kind == REMOVE ? FILE_NONE : editing->grown;
    look_at(editing, file);
}

static void edit_and_build(Editing *editing)
{
    uint32_t file;
    Kind kind = choose(editing, &file);
    Sums *sums = &editing->of_kind[kind];
    edit(editing, kind, file);
    build(editing);
    if (counted(editing, "functions_total") != editing->functions)
        die(editing->path, "the build counts other functions than there are in the sources");
    sums->edits++;
    sums->emitted += counted(editing, "functions_emitted");
    sums->total += editing->functions;
    sums->reached += functions_reached(editing, file) + (kind == ADD);
    sums->keys += counted(editing, "declarations_visited");
}

/* ---- the command line ------------------------------------------------------------------------ */

static int usage(void)
{
    fprintf(stderr, "usage: ordinary-edits [--count N] [--seed S] [--jobs J] MINIC EDIT_CORPUS "
                    "ENTRY OUTPUT CACHE\n");
    return 2;
}

static bool parse_arguments(Options *options, int argc, char **argv)
{
    int at = 1;
    for (; at + 1 < argc && argv[at][0] == '-'; at += 2) {
        bool is_right = strcmp(argv[at], "--count") == 0
                            ? parse_number(argv[at + 1], 1, COUNT_MOST, &options->count)
                        : strcmp(argv[at], "--seed") == 0
                            ? parse_number(argv[at + 1], 0, 1000000000, &options->seed)
                        : strcmp(argv[at], "--jobs") == 0 &&
                              parse_number(argv[at + 1], 1, JOBS_MOST, &options->jobs);
        if (!is_right)
            return false;
    }
    if (argc - at != 5)
        return false;
    options->minic = argv[at];
    options->edit_corpus = argv[at + 1];
    options->entry = argv[at + 2];
    options->output = argv[at + 3];
    options->cache = argv[at + 4];
    return true;
}

static void print_sums(const Sums *sums)
{
    printf("\"edits\": %" PRIu64 ", \"emitted\": %" PRIu64 ", \"total\": %" PRIu64
           ", \"reached\": %" PRIu64 ", \"keys\": %" PRIu64,
           sums->edits, sums->emitted, sums->total, sums->reached, sums->keys);
}

static void print_all(const Editing *editing)
{
    Sums all = {0};
    for (int kind = 0; kind < KINDS; kind++) {
        const Sums *sums = &editing->of_kind[kind];
        all.edits += sums->edits;
        all.emitted += sums->emitted;
        all.total += sums->total;
        all.reached += sums->reached;
        all.keys += sums->keys;
    }
    printf("{\"files_total\": %" PRIu32 ", \"functions_total\": %" PRIu32 ", ",
           editing->graph.count, editing->functions);
    print_sums(&all);
    for (int kind = 0; kind < KINDS; kind++) {
        printf("%s{\"title\": \"%s\", ", kind == 0 ? ", \"kinds\": [" : "}, ", kinds[kind].title);
        print_sums(&editing->of_kind[kind]);
    }
    puts("}]}");
}

int main(int argc, char **argv)
{
    Editing editing = {.options = {.count = 1000, .seed = 1, .jobs = 2},
                       .grown = FILE_NONE, .last = FILE_NONE};
    if (!parse_arguments(&editing.options, argc, argv))
        return usage();
    editing.random = (uint64_t)editing.options.seed;
    find_files(&editing);
    build(&editing);
    for (int i = 0; i < editing.options.count; i++)
        edit_and_build(&editing);
    print_all(&editing);
    import_graph_free(&editing.graph);
    file_hash_cache_close(&editing.cache);
    buffer_free(&editing.before);
    buffer_free(&editing.stats);
    free(editing.files);
    free(editing.marked);
    return 0;
}
