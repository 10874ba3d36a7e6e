/* SPDX-License-Identifier: MIT */
/*
 * A Mini program of any size, and what it must print.
 *
 * First the graph is drawn (corpus_graph.h), then every function is planned as a list of steps
 * (corpus_steps.h), then the plan is read twice: once to write it as Mini, once to run it here. So
 * the generator knows what the compiled program must print, and a compiler that gets one operator
 * wrong is caught.
 *
 *     main.mini          imports every file without other importers, calls and prints each
 *     d042/f04217.mini   one of N files: K functions, imports among the files after it
 *     expected           what the program must print
 *     corpus.json        counts, and the files worth editing
 *
 * Every function runs exactly once, or once more for each file that borrows it: the first
 * function of a file calls its others, and the first functions of some of its imports, chosen so
 * that the calls form a tree over the files; the last function of a file calls nothing and is
 * free for all importers. The program therefore runs in linear time, whatever the graph.
 *
 * All bytes follow from the options: integers only, no clock, no address, no libc random.
 *
 * A plain corpus has functions and imports alone, and so is in the part of Mini that the programs
 * of stages 2 to 5 know (02-file-cache/README.md).
 */
#include "common.h"
#include "corpus/corpus_graph.h"
#include "corpus/corpus_steps.h"
#include "program_begin.h"

#include <sys/stat.h>

enum {
    FILES_PER_DIRECTORY = 100,
    OFFER_INTERVAL = 10, /* one in this many files has a constant and a struct */
    PATH_BYTES = 4096,
};

typedef struct Options {
    const char *directory;
    int files, functions, imports, seed;
    CorpusShape shape;
    bool plain;
} Options;

typedef struct Function {
    int first_step, step_count;
    int bias; /* four digits: the constant that a body edit changes */
} Function;

typedef struct Corpus {
    Options options;
    uint64_t random; /* state of the generator */
    CorpusGraph graph;
    Function *functions; /* options.functions per file */
    ByteBuffer steps;    /* Step each */
    size_t source_bytes;
} Corpus;

/* ---- helpers --------------------------------------------------------------------------------- */

static void die(const char *path, int error)
{
    fprintf(stderr, "generate-corpus: %s: %s\n", path, strerror(error));
    exit(3);
}

/* Writes DIR/name to `path`. */
static void join(const Options *options, const char *name, char path[PATH_BYTES])
{
    int length = snprintf(path, PATH_BYTES, "%s/%s", options->directory, name);
    if (length < 0 || length >= PATH_BYTES)
        die(options->directory, ENAMETOOLONG);
}

static void make_directory(const char *path)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        die(path, errno);
}

static void write_file(const Options *options, const char *name, const ByteBuffer *text)
{
    char path[PATH_BYTES];
    Slice bytes = buffer_slice(text);
    join(options, name, path);
    int status = write_whole_file(path, &bytes, 1);
    if (status != 0)
        die(path, -status);
}

static bool offers_declarations(const Corpus *corpus, int file)
{
    return !corpus->options.plain && file % OFFER_INTERVAL == 0;
}

/* ---- the functions: lists of steps ----------------------------------------------------------- */

static Function *function_of(const Corpus *corpus, int file, int function)
{
    return &corpus->functions[file * corpus->options.functions + function];
}

static void add_step(Corpus *corpus, StepKind kind, int file, int function)
{
    Step step = {.kind = kind, .file = file, .function = function};
    step.a = random_between(&corpus->random, 2, 9);
    step.b = random_between(&corpus->random, 2, 99);
    step.c = random_between(&corpus->random, 2, 9999);
    buffer_put(&corpus->steps, slice_of(&step, sizeof step));
}

static void add_own_steps(Corpus *corpus, int count)
{
    while (count-- > 0)
        add_step(corpus, (StepKind)random_between(&corpus->random, 0, STEP_CALL - 1), NO_FILE, 0);
}

static void add_uses(Corpus *corpus, int file)
{
    if (!offers_declarations(corpus, file))
        return;
    StepKind kind = random_between(&corpus->random, 0, 1) == 0 ? STEP_LIMIT : STEP_SPAN;
    add_step(corpus, kind, file, 0);
}

/* The first function runs the file: its other functions, and the files whose caller it is. */
static void add_calls_of_first(Corpus *corpus, int file)
{
    const int *imports = corpus_graph_imports(&corpus->graph, file);
    for (int function = 1; function < corpus->options.functions; function++)
        add_step(corpus, STEP_CALL, file, function);
    for (int i = 0; i < corpus->graph.files[file].import_count; i++)
        if (corpus->graph.files[imports[i]].caller == file)
            add_step(corpus, STEP_CALL, imports[i], 0);
}

/* Functions between the first and the last share the imports and borrow the last functions. */
static void add_borrowed_calls(Corpus *corpus, int file, int function)
{
    int last = corpus->options.functions - 1;
    int middle = last > 1 ? last - 1 : 1;
    const int *imports = corpus_graph_imports(&corpus->graph, file);
    for (int i = 0; i < corpus->graph.files[file].import_count; i++) {
        if (last == 0 || function != (last > 1 ? 1 + i % middle : 0))
            continue;
        add_step(corpus, STEP_CALL, imports[i], last);
        add_uses(corpus, imports[i]);
    }
}

static void plan_function(Corpus *corpus, int file, int function)
{
    Function *planned = function_of(corpus, file, function);
    planned->first_step = (int)(corpus->steps.size / sizeof(Step));
    planned->bias = random_between(&corpus->random, 1000, 8999);
    add_own_steps(corpus, function == 0 ? random_between(&corpus->random, 0, 1) : 1);
    if (function == 0)
        add_calls_of_first(corpus, file);
    add_borrowed_calls(corpus, file, function);
    if (function == corpus->options.functions - 1)
        add_uses(corpus, file);
    planned->step_count = (int)(corpus->steps.size / sizeof(Step)) - planned->first_step;
}

static void plan_functions(Corpus *corpus)
{
    size_t count = (size_t)corpus->options.files * (size_t)corpus->options.functions;
    corpus->functions = memory_allocate(count * sizeof *corpus->functions);
    for (int file = 0; file < corpus->options.files; file++)
        for (int function = 0; function < corpus->options.functions; function++)
            plan_function(corpus, file, function);
}

/* ---- the functions, in Mini and here --------------------------------------------------------- */

static void write_function(const Corpus *corpus, ByteBuffer *text, int file, int number)
{
    const Function *function = function_of(corpus, file, number);
    const Step *steps = (const Step *)(const void *)corpus->steps.data + function->first_step;
    put(text, "\n// Step %d of the %s.\nfn ", number + 1, nouns[file % NOUNS]);
    put_function_name(text, file, number);
    put(text, "(seed: i32) i32 {\n    const bias: i32 = %d;\n", function->bias);
    put(text, "    var total = seed * 31 + bias;\n");
    for (int i = 0; i < function->step_count; i++)
        step_write(text, file, &steps[i], i + 1);
    put(text, "    return total;\n}\n");
}

static int32_t run_function(const Corpus *corpus, int file, int number, int32_t seed);

static int32_t result_of_call(const Corpus *corpus, const Step *step, int32_t total)
{
    if (step->kind != STEP_CALL)
        return 0;
    return run_function(corpus, step->file, step->function, step_argument(step, total));
}

static int32_t run_function(const Corpus *corpus, int file, int number, int32_t seed)
{
    const Function *function = function_of(corpus, file, number);
    const Step *steps = (const Step *)(const void *)corpus->steps.data + function->first_step;
    int32_t total = wrap((int64_t)seed * 31 + function->bias);
    for (int i = 0; i < function->step_count; i++)
        total = step_run(&steps[i], total, result_of_call(corpus, &steps[i], total));
    return total;
}

/* ---- the files ------------------------------------------------------------------------------- */

static void put_import(ByteBuffer *text, const char *prefix, int to)
{
    put(text, "import \"%sf%05d.mini\" as f%05d;\n", prefix, to, to);
}

static void name_file(int file, char name[32])
{
    snprintf(name, 32, "d%03d/f%05d.mini", file / FILES_PER_DIRECTORY, file);
}

static void write_imports(const Corpus *corpus, ByteBuffer *text, int file)
{
    const int *imports = corpus_graph_imports(&corpus->graph, file);
    for (int i = 0; i < corpus->graph.files[file].import_count; i++) {
        char prefix[32] = "";
        int directory = imports[i] / FILES_PER_DIRECTORY;
        if (directory != file / FILES_PER_DIRECTORY)
            snprintf(prefix, sizeof prefix, "../d%03d/", directory);
        put_import(text, prefix, imports[i]);
    }
}

static void write_source(Corpus *corpus, ByteBuffer *text, int file)
{
    put(text, "// Part %d of a generated corpus, revision 1.\n\n", file);
    write_imports(corpus, text, file);
    if (offers_declarations(corpus, file)) {
        put(text, "\n// Shared with every file that imports this one.\n");
        put(text, "const LIMIT: i32 = 10007 + %d;\n", limit_of(file) - 10007);
        put(text, "struct Span { low: i32, high: i32 }\n");
    }
    for (int function = 0; function < corpus->options.functions; function++)
        write_function(corpus, text, file, function);
}

static void write_sources(Corpus *corpus)
{
    ByteBuffer text = {0};
    char name[32], path[PATH_BYTES];
    for (int file = 0; file < corpus->options.files; file++) {
        if (file % FILES_PER_DIRECTORY == 0) {
            snprintf(name, sizeof name, "d%03d", file / FILES_PER_DIRECTORY);
            join(&corpus->options, name, path);
            make_directory(path);
        }
        text.size = 0;
        write_source(corpus, &text, file);
        name_file(file, name);
        write_file(&corpus->options, name, &text);
        corpus->source_bytes += text.size;
    }
    buffer_free(&text);
}

static void write_main(Corpus *corpus)
{
    ByteBuffer text = {0}, expected = {0};
    int32_t total = 0;
    put(&text, "// The entry of a generated corpus, revision 1.\n\n");
    for (int file = 0; file < corpus->options.files; file++) {
        char prefix[32];
        snprintf(prefix, sizeof prefix, "d%03d/", file / FILES_PER_DIRECTORY);
        if (corpus_graph_is_root(&corpus->graph, file))
            put_import(&text, prefix, file);
    }
    put(&text, "\nfn main() i32 {\n    var total = 0;\n");
    for (int file = 0; file < corpus->options.files; file++) {
        if (!corpus_graph_is_root(&corpus->graph, file))
            continue;
        total = wrap((int64_t)total * 7 + run_function(corpus, file, 0, file));
        put(&text, "    total = total * 7 + f%05d.", file);
        put_function_name(&text, file, 0);
        put(&text, "(%d);\n    print(total);\n", file);
        put(&expected, "%d\n", total);
    }
    put(&text, "    return 0;\n}\n");
    write_file(&corpus->options, "main.mini", &text);
    write_file(&corpus->options, "expected", &expected);
    corpus->source_bytes += text.size;
    buffer_free(&text);
    buffer_free(&expected);
}

/* For edits of the corpus: the file with the most importers, and one that only main imports. */
static void write_summary(const Corpus *corpus)
{
    const Options *options = &corpus->options;
    int most = 0, least = 0;
    for (int file = 0; file < options->files; file++) {
        if (corpus->graph.files[file].importer_count > corpus->graph.files[most].importer_count)
            most = file;
        if (corpus_graph_is_root(&corpus->graph, file) && file <= options->files / 2)
            least = file;
    }
    ByteBuffer text = {0};
    char name[32];
    put(&text, "{\"files\": %d, \"functions\": %d, ", options->files + 1,
        options->files * options->functions + 1);
    put(&text, "\"imports\": %zu, \"source_bytes\": %zu, ",
        corpus->graph.imports.size / sizeof(int), corpus->source_bytes);
    put(&text, "\"shape\": \"%s\", \"seed\": %d, ", corpus_shape_name(options->shape),
        options->seed);
    name_file(most, name);
    put(&text, "\"most_importers\": %d, \"most_imported\": \"%s\", ",
        corpus->graph.files[most].importer_count, name);
    name_file(least, name);
    put(&text, "\"least_imported\": \"%s\"}\n", name);
    write_file(options, "corpus.json", &text);
    buffer_free(&text);
}

/* ---- the command line ------------------------------------------------------------------------ */

static int usage(void)
{
    fprintf(stderr, "usage: generate-corpus DIR [--files N] [--functions K] [--imports M] "
                    "[--seed S]\n                       "
                    "[--shape dag|chain|star|cycle|ring] [--plain]\n");
    return 2;
}

static bool parse_option(Options *options, const char *name, const char *value)
{
    if (strcmp(name, "--files") == 0)
        return parse_number(value, 1, 1000000, &options->files);
    if (strcmp(name, "--functions") == 0)
        return parse_number(value, 1, 100, &options->functions);
    if (strcmp(name, "--imports") == 0)
        return parse_number(value, 0, IMPORT_REACH, &options->imports);
    if (strcmp(name, "--seed") == 0)
        return parse_number(value, 0, 1000000000, &options->seed);
    return strcmp(name, "--shape") == 0 && corpus_shape_parse(value, &options->shape);
}

static bool parse_options(Options *options, char **arguments)
{
    for (; arguments[0] != NULL; arguments++) {
        if (strcmp(arguments[0], "--plain") == 0) {
            options->plain = true;
            continue;
        }
        if (arguments[1] == NULL || !parse_option(options, arguments[0], arguments[1]))
            return false;
        arguments++;
    }
    return true;
}

int main(int argc, char **argv)
{
    Options options = {.files = 10000, .functions = 3, .imports = 3, .seed = 1};
    program_begin();
    if (argc < 2 || argv[1][0] == '-' || !parse_options(&options, argv + 2))
        return usage();
    options.directory = argv[1];
    make_directory(options.directory);

    Corpus corpus = {.options = options, .random = (uint64_t)options.seed};
    corpus_graph_init(&corpus.graph, options.shape, options.files, options.imports,
                      &corpus.random);
    plan_functions(&corpus);
    write_sources(&corpus);
    write_main(&corpus);
    write_summary(&corpus);
    buffer_free(&corpus.steps);
    free(corpus.functions);
    corpus_graph_free(&corpus.graph);
    return 0;
}
