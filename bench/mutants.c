/* SPDX-License-Identifier: MIT */
/*
 * Mutation testing as a compiler sees it: one small fault at a time, and a build for each.
 *
 *     mutants [--count N] [--seed S] [--jobs J] [--without-cache] MINIC WORK ENTRY FILE...
 *
 * A mutant is one operator in one function body of one FILE, replaced by another: `+` by `-`, `<`
 * by `<=`. All possible ones are listed, shuffled by the seed, and the first N are built, one after
 * another. The previous mutant's file is restored in the same step, so that a build finds one or
 * two changed files, and each mutant is new to every cache.
 *
 * With the cache, a build of the unchanged program comes first and is counted too. Without, each
 * build begins with an empty cache and no output. At the end the files are as they were.
 *
 * Prints sums over all builds as one line of JSON: the counts of --stats=json, the wall time of the
 * processes from start to end, and the total that they report; `outputs` is one hash of all output
 * files written, so that two runs of this program can be compared. Starting processes from here
 * instead of a shell keeps the shell's cost out of the times.
 */
#include "common.h"
#include "content_hash.h"

#include <spawn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

extern char **environ;

enum { PATH_BYTES = 4096, COUNT_MOST = 1000000, JOBS_MOST = 1000 };

typedef struct Operator {
    const char *from, *to;
} Operator;

/* With the spaces around them: the sign of a number has none after it. */
static const Operator operators[] = {
    {" + ", " - "},   {" - ", " + "},   {" * ", " + "},  {" / ", " * "},   {" % ", " / "},
    {" < ", " <= "},  {" > ", " >= "},  {" == ", " != "}, {" || ", " && "},
};
enum { OPERATORS = sizeof operators / sizeof *operators };

typedef struct Site {
    size_t file, at; /* the byte of the file's text at which the operator begins */
    const Operator *replaced;
} Site;

typedef struct Options {
    int count, seed, jobs;
    bool without_cache;
    const char *minic, *work, *entry;
    char **paths; /* of the files */
    size_t file_count;
} Options;

typedef struct Sums {
    double files_hashed, files_lowered, functions_emitted, sections_written;
    double process_seconds, build_seconds;
    int builds;
} Sums;

typedef struct Mutants {
    Options options;
    ByteBuffer *texts; /* of each file, before the mutation */
    ByteBuffer sites;  /* Site each */
    char output[PATH_BYTES], cache[PATH_BYTES], stats[PATH_BYTES];
    ByteBuffer outputs; /* the hash of each output */
    Sums sums;
} Mutants;

static void die(const char *what, const char *why)
{
    fprintf(stderr, "mutants: %s: %s\n", what, why);
    exit(3);
}

static void read_file(const char *path, ByteBuffer *text)
{
    int status = read_whole_file(path, text);
    if (status != 0)
        die(path, strerror(-status));
}

/* ---- the mutants ----------------------------------------------------------------------------- */

static void find_sites_in_line(Mutants *mutants, size_t file, size_t start, size_t end)
{
    const char *text = mutants->texts[file].data;
    for (size_t at = start; at < end; at++)
        for (size_t i = 0; i < OPERATORS; i++) {
            Site site = {file, at, &operators[i]};
            if (strncmp(text + at, operators[i].from, strlen(operators[i].from)) == 0)
                buffer_put(&mutants->sites, slice_of(&site, sizeof site));
        }
}

/* In a generated corpus, lines that begin with a space are in a function body. */
static void find_sites(Mutants *mutants, size_t file)
{
    const char *text = mutants->texts[file].data;
    for (size_t start = 0; text[start] != '\0';) {
        size_t end = start + strcspn(text + start, "\n");
        if (text[start] == ' ')
            find_sites_in_line(mutants, file, start, end);
        start = end + (text[end] == '\n');
    }
}

static Site *site_at(const Mutants *mutants, size_t i)
{
    return (Site *)(void *)mutants->sites.data + i;
}

static void shuffle_sites(Mutants *mutants)
{
    uint64_t random = (uint64_t)mutants->options.seed;
    for (size_t left = mutants->sites.size / sizeof(Site); left > 1; left--) {
        size_t drawn = (size_t)(next_random(&random) % left);
        Site site = *site_at(mutants, drawn);
        *site_at(mutants, drawn) = *site_at(mutants, left - 1);
        *site_at(mutants, left - 1) = site;
    }
}

static void write_source(const Mutants *mutants, const Site *site, const Slice *parts,
                         size_t part_count)
{
    const char *path = mutants->options.paths[site->file];
    int status = write_whole_file(path, parts, part_count);
    if (status != 0)
        die(path, strerror(-status));
}

static void write_mutant(const Mutants *mutants, const Site *site)
{
    const ByteBuffer *text = &mutants->texts[site->file];
    size_t behind = site->at + strlen(site->replaced->from);
    Slice parts[] = {slice_of(text->data, site->at), slice_from(site->replaced->to),
                     slice_of(text->data + behind, text->size - behind)};
    write_source(mutants, site, parts, 3);
}

static void put_back(const Mutants *mutants, const Site *site)
{
    Slice text = buffer_slice(&mutants->texts[site->file]);
    write_source(mutants, site, &text, 1);
}

/* ---- builds ---------------------------------------------------------------------------------- */

/* Runs a command whose stdout goes to the file of statistics; returns its wall time. */
static double run(const Mutants *mutants, char *const *command)
{
    posix_spawn_file_actions_t actions;
    pid_t process;
    int status = 0;
    if (posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, mutants->stats,
                                         O_WRONLY | O_CREAT | O_TRUNC, 0666) != 0)
        die(command[0], "out of memory");
    double start = now_ms();
    int error = posix_spawnp(&process, command[0], &actions, NULL, command, environ);
    if (error != 0 || waitpid(process, &status, 0) != process)
        die(command[0], strerror(error != 0 ? error : errno));
    double seconds = (now_ms() - start) / 1e3;
    posix_spawn_file_actions_destroy(&actions);
    if (status != 0)
        die(command[0], "the build failed");
    return seconds;
}

static void empty_cache(Mutants *mutants)
{
    const Options *options = &mutants->options;
    char *command[] = {(char *)options->minic, "clean", "-q", "--cache-dir", mutants->cache, NULL};
    run(mutants, command);
    if (unlink(mutants->output) != 0 && errno != ENOENT)
        die(mutants->output, strerror(errno));
}

static double number_in(const ByteBuffer *stats, const char *name)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\":", name);
    const char *found = strstr(stats->data, quoted);
    if (found == NULL)
        die(name, "is not among the statistics");
    return strtod(found + strlen(quoted), NULL);
}

static void add_up(Mutants *mutants, double seconds)
{
    Sums *sums = &mutants->sums;
    ByteBuffer text = {0};
    read_file(mutants->stats, &text);
    sums->files_hashed += number_in(&text, "files_hashed");
    sums->files_lowered += number_in(&text, "files_lowered");
    sums->functions_emitted += number_in(&text, "functions_emitted");
    sums->sections_written += number_in(&text, "sections_written");
    sums->build_seconds += number_in(&text, "total");
    sums->process_seconds += seconds;
    sums->builds++;
    buffer_free(&text);
}

static double build_once(const Mutants *mutants)
{
    const Options *options = &mutants->options;
    char jobs[16];
    snprintf(jobs, sizeof jobs, "%d", options->jobs);
    char *command[] = {(char *)options->minic, "build", (char *)options->entry, "-q", "-j", jobs,
                       "-o", (char *)mutants->output, "--cache-dir", (char *)mutants->cache,
                       "--stats=json", NULL};
    return run(mutants, command);
}

static void build(Mutants *mutants)
{
    if (mutants->options.without_cache)
        empty_cache(mutants);
    add_up(mutants, build_once(mutants));
}

static void remember_output(Mutants *mutants)
{
    ByteBuffer text = {0};
    read_file(mutants->output, &text);
    Hash128 hash = hash_bytes(buffer_slice(&text));
    buffer_put(&mutants->outputs, slice_of(&hash, sizeof hash));
    buffer_free(&text);
}

static void build_all(Mutants *mutants)
{
    if (!mutants->options.without_cache)
        build(mutants);
    for (int i = 0; i < mutants->options.count; i++) {
        if (i > 0)
            put_back(mutants, site_at(mutants, (size_t)i - 1));
        write_mutant(mutants, site_at(mutants, (size_t)i));
        build(mutants);
        remember_output(mutants);
    }
    put_back(mutants, site_at(mutants, (size_t)mutants->options.count - 1));
}

/* ---- the command line ------------------------------------------------------------------------ */

static int usage(void)
{
    fprintf(stderr, "usage: mutants [--count N] [--seed S] [--jobs J] [--without-cache] MINIC "
                    "WORK ENTRY FILE...\n");
    return 2;
}

/* Returns the number of arguments used by the option at argv[0], or 0. */
static int parse_option(Options *options, char **argv)
{
    if (strcmp(argv[0], "--without-cache") == 0) {
        options->without_cache = true;
        return 1;
    }
    if (strcmp(argv[0], "--count") == 0)
        return parse_number(argv[1], 1, COUNT_MOST, &options->count) ? 2 : 0;
    if (strcmp(argv[0], "--seed") == 0)
        return parse_number(argv[1], 0, 1000000000, &options->seed) ? 2 : 0;
    if (strcmp(argv[0], "--jobs") == 0)
        return parse_number(argv[1], 1, JOBS_MOST, &options->jobs) ? 2 : 0;
    return 0;
}

static bool parse_arguments(Options *options, int argc, char **argv)
{
    int at = 1;
    while (at < argc && argv[at][0] == '-') {
        int taken = parse_option(options, argv + at);
        if (taken == 0)
            return false;
        at += taken;
    }
    if (argc - at < 4)
        return false;
    options->minic = argv[at];
    options->work = argv[at + 1];
    options->entry = argv[at + 2];
    options->paths = argv + at + 3;
    options->file_count = (size_t)(argc - at - 3);
    return true;
}

static void name_places(Mutants *mutants)
{
    const char *work = mutants->options.work;
    if (mkdir(work, 0777) != 0 && errno != EEXIST)
        die(work, strerror(errno));
    if (snprintf(mutants->output, PATH_BYTES, "%s/out.ll", work) >= PATH_BYTES - 8)
        die(work, strerror(ENAMETOOLONG));
    snprintf(mutants->cache, PATH_BYTES, "%s/cache", work);
    snprintf(mutants->stats, PATH_BYTES, "%s/stats.json", work);
}

static void find_mutants(Mutants *mutants)
{
    const Options *options = &mutants->options;
    mutants->texts = memory_allocate_zeroed(options->file_count, sizeof *mutants->texts);
    for (size_t file = 0; file < options->file_count; file++) {
        read_file(options->paths[file], &mutants->texts[file]);
        find_sites(mutants, file);
    }
    if (mutants->sites.size / sizeof(Site) < (size_t)options->count) {
        fprintf(stderr, "mutants: these files have only %zu\n", mutants->sites.size / sizeof(Site));
        exit(3);
    }
    shuffle_sites(mutants);
}

static void print_sums(const Mutants *mutants)
{
    const Sums *sums = &mutants->sums;
    char hex[HASH_HEX_SIZE + 1];
    hash_to_hex(hash_bytes(buffer_slice(&mutants->outputs)), hex);
    printf("{\"files\": %zu, \"mutants\": %d, \"builds\": %d, \"files_hashed\": %.0f, "
           "\"files_lowered\": %.0f, \"functions_emitted\": %.0f, \"sections_written\": %.0f, "
           "\"process_seconds\": %.6f, \"build_seconds\": %.6f, \"outputs\": \"%s\"}\n",
           mutants->options.file_count, mutants->options.count, sums->builds, sums->files_hashed,
           sums->files_lowered, sums->functions_emitted, sums->sections_written,
           sums->process_seconds, sums->build_seconds, hex);
}

int main(int argc, char **argv)
{
    Mutants mutants = {.options = {.count = 1000, .seed = 1, .jobs = 2}};
    if (!parse_arguments(&mutants.options, argc, argv))
        return usage();
    name_places(&mutants);
    find_mutants(&mutants);
    build_all(&mutants);
    print_sums(&mutants);
    for (size_t file = 0; file < mutants.options.file_count; file++)
        buffer_free(&mutants.texts[file]);
    free(mutants.texts);
    buffer_free(&mutants.sites);
    buffer_free(&mutants.outputs);
    return 0;
}
