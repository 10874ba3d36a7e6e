/* SPDX-License-Identifier: MIT */
/*
 * Each technique beside its naive version, on the same files, in one process, on one thread.
 *
 *     techniques DIR WORK ROUNDS RUNGS EDIT
 *
 *     DIR     a generated corpus, whose entry is main.mini
 *     WORK    an empty directory for caches, outputs and states
 *     RUNGS   of the ladder of diamonds on which the visited set is measured
 *     EDIT    a command that changes one function body of the corpus, each time differently
 *
 * The two take turns, and the median of each is reported: a disturbance of a second affects both.
 * Each begins after a pause, as in ceilings.c; an uncounted round comes first, and a pair that has
 * taken eight seconds gets only two rounds. Prints one JSON array; progress goes to stderr. At the
 * end the outputs written in three ways must be equal.
 */
#include "common.h"
#include "mini_compiler.h"
#include "naive/pairs.h"
#include "work_pool.h"

#include <stdio.h>
#include <sys/stat.h>

enum { MOST_ROUNDS = 99, LEAST_ROUNDS = 2, LONG_MS = 8000 };

typedef struct Medians {
    double ours, naive; /* milliseconds */
} Medians;

/* ---- preparing ------------------------------------------------------------------------------- */

static int open_directory(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    check(fd < 0 ? -errno : 0, path);
    return fd;
}

static void join(char path[PATH_MAX], const char *directory, const char *name)
{
    if (snprintf(path, PATH_MAX, "%s/%s", directory, name) >= PATH_MAX)
        die("a path is too long");
}

static void name_way(OutputWay *way, const char *work, const char *name, bool is_naive)
{
    char file[64];
    way->name = name;
    way->is_naive = is_naive;
    snprintf(file, sizeof file, "%s.cache", name);
    join(way->cache_dir, work, file);
    snprintf(file, sizeof file, "%s.ll", name);
    join(way->output, work, file);
}

static void name_files(Bench *bench, const char *corpus, const char *work)
{
    char ladder[PATH_MAX];
    join(bench->entry, corpus, "main.mini");
    join(bench->image, work, "state.bin");
    join(bench->json, work, "state.json");
    join(bench->text, work, "state.txt");
    join(ladder, work, "ladder");
    name_way(&bench->patched, work, "patched", false);
    name_way(&bench->reassembled, work, "reassembled", true);
    name_way(&bench->full, work, "full", true);
    mkdir(ladder, 0777);
    bench->corpus = open_directory(corpus);
    bench->work = open_directory(work);
    bench->ladder = open_directory(ladder);
}

static void build_outputs(Bench *bench)
{
    WorkPool pool;
    work_pool_init(&pool, 0);
    take_a_break();
    bring_up_to_date(bench, &bench->patched, &pool.executor, false);
    bring_up_to_date(bench, &bench->reassembled, &pool.executor, false);
    bring_up_to_date(bench, &bench->full, &pool.executor, false);
    work_pool_free(&pool);
}

static void open_cache(Bench *bench)
{
    CacheRequest request = {.directory = bench->patched.cache_dir,
                            .project_fd = bench->corpus,
                            .entry = slice_from("main.mini"),
                            .fingerprint = bench->compiler.fingerprint,
                            .settings = bench->compiler.settings};
    check(multi_level_cache_open(&bench->cache, &request), request.directory);
    check(multi_level_cache_open_units(&bench->cache), request.directory);
    check(multi_level_cache_open_objects(&bench->cache), request.directory);
}

static void load_sources(Bench *bench)
{
    const FileHashCache *files = &bench->cache.files;
    bench->changed = memory_allocate_zeroed(files->count, sizeof *bench->changed);
    bench->sources = memory_allocate_zeroed(files->count, sizeof *bench->sources);
    bench->objects = memory_allocate_zeroed(files->count, sizeof *bench->objects);
    for (uint32_t i = 0; i < files->count; i++) {
        KeyedObject *object = &bench->objects[i];
        const char *path = file_hash_cache_path(files, i).data;
        bench->sources[i].data = naive_read(bench->corpus, path, &bench->sources[i].size);
        check(bench->sources[i].data == NULL ? -errno : 0, path);
        object->key = zir_cache_key(bench->cache.fingerprint, files->records[i].content);
        if (!object_store_get(bench->cache.zir.store, object->key, &object->bytes))
            die("the lowered form of a file is gone");
    }
}

static void save_states(Bench *bench)
{
    FileHashCache copy = {0};
    copy_table(&bench->cache.files, &copy);
    check(file_hash_cache_save(&copy, bench->image), bench->image);
    check(json_state_save(&copy, bench->json), bench->json);
    check(text_state_save(&copy, bench->text), bench->text);
    file_hash_cache_close(&copy);
}

static void prepare(Bench *bench, char **arguments)
{
    name_files(bench, arguments[1], arguments[2]);
    bench->rungs = (unsigned)strtoul(arguments[4], NULL, 10);
    check(write_ladder(bench->ladder, bench->rungs), "the ladder");
    build_outputs(bench);
    open_cache(bench);
    load_sources(bench);
    save_states(bench);
}

/* ---- measuring ------------------------------------------------------------------------------- */

static int compare_times(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *times, int count)
{
    qsort(times, (size_t)count, sizeof *times, compare_times);
    return (times[(count - 1) / 2] + times[count / 2]) / 2;
}

static double run(Bench *bench, void (*half)(Bench *bench))
{
    half(bench);
    return bench->ended - bench->begun;
}

/* The order alternates from round to round. */
static Medians measure(Bench *bench, const Pair *pair, int rounds, const char *edit)
{
    double ours[MOST_ROUNDS + 1], naive[MOST_ROUNDS + 1], spent = 0;
    int round = 0;
    fprintf(stderr, "bench: techniques: %s, or %s\n", pair->title, pair->naive_title);
    for (; round <= rounds && (round <= LEAST_ROUNDS || spent < (double)LONG_MS); round++) {
        if (pair->wants_edit && system(edit) != 0)
            die(edit);
        if (round % 2 == 0)
            ours[round] = run(bench, pair->ours);
        naive[round] = run(bench, pair->naive);
        if (round % 2 != 0)
            ours[round] = run(bench, pair->ours);
        spent += ours[round] + naive[round];
    }
    return (Medians){median(ours + 1, round - 1), median(naive + 1, round - 1)};
}

/* As people write it: 10,001. */
static const char *grouped(uint64_t number, char text[32])
{
    if (number < 1000) {
        snprintf(text, 32, "%llu", (unsigned long long)number);
    } else {
        size_t size = strlen(grouped(number / 1000, text));
        snprintf(text + size, 32 - size, ",%03llu", (unsigned long long)(number % 1000));
    }
    return text;
}

static void report_unit(const Bench *bench, const Pair *pair)
{
    char a[32], b[32];
    const char *files = grouped(bench->cache.files.count, a);
    if (strcmp(pair->name, "combined_hash") == 0)
        printf("%s files, %s units", files, grouped(bench->units, b));
    else if (strcmp(pair->name, "visited_set") == 0)
        printf("a ladder of %u diamonds: %u files, %s visits without a set", bench->rungs,
               3 * bench->rungs + 1, grouped(bench->visits, b));
    else if (strcmp(pair->name, "arena") == 0)
        printf("%s tokens, %s import paths", grouped(bench->tokens, a), grouped(bench->imports, b));
    else if (strncmp(pair->name, "pack", 4) == 0)
        printf("%s objects", files);
    else
        printf("%s%s files", pair->wants_edit ? "1 body of " : "", files);
}

static void report(const Bench *bench, const Pair *pair, Medians medians)
{
    printf("%s{ \"name\": \"%s\", \"title\": \"%s\", \"naive_title\": \"%s\", ",
           pair == pairs ? "[ " : ",\n  ", pair->name, pair->title, pair->naive_title);
    printf("\"ours_ms\": %.4f, \"naive_ms\": %.4f, \"unit\": \"", medians.ours, medians.naive);
    report_unit(bench, pair);
    printf("\" }");
}

/* ---- all together ---------------------------------------------------------------------------- */

static void compare_outputs(const OutputWay *a, const OutputWay *b)
{
    size_t a_size = 0, b_size = 0;
    char *a_bytes = naive_read(AT_FDCWD, a->output, &a_size);
    char *b_bytes = naive_read(AT_FDCWD, b->output, &b_size);
    bool is_equal = a_bytes != NULL && b_bytes != NULL &&
                    slice_equal(slice_of(a_bytes, a_size), slice_of(b_bytes, b_size));
    free(a_bytes);
    free(b_bytes);
    if (!is_equal)
        die("the outputs differ");
}

/* After the last edit, all three are built from the same sources. */
static void verify(Bench *bench)
{
    bring_up_to_date(bench, &bench->patched, &executor_serial, false);
    bring_up_to_date(bench, &bench->reassembled, &executor_serial, false);
    bring_up_to_date(bench, &bench->full, &executor_serial, false);
    compare_outputs(&bench->patched, &bench->reassembled);
    compare_outputs(&bench->patched, &bench->full);
}

/* Releases the lock on the cache before builds need it; the number of files stays. */
static void close_cache(Bench *bench)
{
    uint32_t count = bench->cache.files.count;
    for (uint32_t i = 0; i < count; i++)
        free((void *)(uintptr_t)bench->sources[i].data);
    free(bench->sources);
    free(bench->objects);
    free(bench->changed);
    multi_level_cache_close(&bench->cache);
    bench->cache = (MultiLevelCache){.files = {.count = count}};
}

static void measure_all(Bench *bench, int rounds, const char *edit)
{
    bool is_open = true;
    for (const Pair *pair = pairs; pair < pairs + pair_count; pair++) {
        if (pair->wants_edit && is_open)
            close_cache(bench);
        is_open &= !pair->wants_edit;
        report(bench, pair, measure(bench, pair, rounds, edit));
        fflush(stdout);
    }
    printf(" ]\n");
}

int main(int argument_count, char **arguments)
{
    static Bench bench;
    ByteBuffer prelude = {0};
    if (argument_count != 6) {
        fprintf(stderr, "usage: techniques DIR WORK ROUNDS RUNGS EDIT\n");
        return 2;
    }
    int rounds = atoi(arguments[3]);
    if (rounds < 1 || rounds > MOST_ROUNDS)
        die("ROUNDS: 1 to 99");
    check(mini_compiler_init(&bench.compiler, &(MiniSettings){0}, &prelude), "the compiler");
    prepare(&bench, arguments);
    measure_all(&bench, rounds, arguments[5]);
    verify(&bench);
    buffer_free(&prelude);
    return 0;
}
