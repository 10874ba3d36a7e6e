/* SPDX-License-Identifier: MIT */
/*
 * The costs of writing an output in different ways: the numbers in patch_strategy.c.
 *
 *     output-costs [DIRECTORY]
 *
 * An output of 12.8 MB in 10,000 sections of 1,280 bytes, as big as that of the corpus, in the
 * page cache. Each line is the best of seven; before each round other bytes pass through the CPU's
 * caches, as in a build, which does other work before it writes.
 */
#include "common.h"

#include <stdio.h>

enum { SECTION = 1280, SECTIONS = 10000, OUTPUT = SECTION * SECTIONS, BATCH = 64 * SECTION,
       BUFFER = 256 * 1024, OTHER = 64 * 1024 * 1024, ROUNDS = 7 };

typedef struct Bench {
    int fd;
    char *bytes;
    char *other; /* other memory that a build reads */
    uint64_t sections; /* how many to write */
    uint64_t moved;    /* how many bytes to move */
    uint64_t size;     /* of a new file */
} Bench;

static void check(int status)
{
    if (status == 0)
        return;
    fprintf(stderr, "output-costs: %s\n", strerror(-status));
    exit(3);
}

static void write_sections(Bench *bench)
{
    for (uint64_t i = 0; i < bench->sections; i++)
        check(put_all_at(bench->fd, slice_of(bench->bytes, SECTION),
                         i * (SECTIONS / bench->sections) * SECTION));
}

/* By one block to the left. */
static void move_bytes(Bench *bench)
{
    uint64_t start = OUTPUT - bench->moved;
    for (uint64_t done = 0; done < bench->moved; done += BUFFER) {
        uint64_t left = bench->moved - done;
        size_t size = left < BUFFER ? (size_t)left : BUFFER;
        check(read_all_at(bench->fd, bench->bytes, size, start + done));
        check(put_all_at(bench->fd, slice_of(bench->bytes, size), start + done - 256));
    }
}

static void write_new_file(Bench *bench)
{
    int fd = open("costs.new", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    check(fd < 0 ? -errno : 0);
    for (uint64_t done = 0; done < bench->size; done += BATCH) {
        uint64_t left = bench->size - done;
        check(put_all_at(fd, slice_of(bench->bytes, left < BATCH ? (size_t)left : BATCH), done));
    }
    close(fd);
    check(rename("costs.new", "costs.old") == 0 ? 0 : -errno);
}

static double best_of(Bench *bench, void (*run)(Bench *bench))
{
    double best = 1e12;
    for (int round = 0; round < ROUNDS; round++) {
        memset(bench->other, round, OTHER);
        double start = now_ms();
        run(bench);
        double time = (now_ms() - start) * 1e3;
        if (time < best)
            best = time;
    }
    return best;
}

static void report(const char *what, double us, double count, const char *unit)
{
    printf("%-44s %10.1f us %9.2f ns per %s\n", what, us, us * 1e3 / count, unit);
}

int main(int argument_count, char **arguments)
{
    Bench bench = {.bytes = calloc(1, BUFFER), .other = malloc(OTHER), .size = OUTPUT};
    if (bench.bytes == NULL || bench.other == NULL)
        return 3;
    if (argument_count > 1 && chdir(arguments[1]) != 0)
        check(-errno);
    write_new_file(&bench);
    bench.fd = open("costs.old", O_RDWR | O_CLOEXEC);
    check(bench.fd < 0 ? -errno : 0);
    bench.sections = 1;
    report("1 section written in place", best_of(&bench, write_sections), 1, "section");
    bench.sections = 1000;
    report("1,000 sections written in place", best_of(&bench, write_sections), 1000, "section");
    bench.moved = OUTPUT / 2;
    report("half of the output moved by a block", best_of(&bench, move_bytes), OUTPUT / 2, "byte");
    close(bench.fd);
    report("a new output, renamed over the old", best_of(&bench, write_new_file), OUTPUT, "byte");
    bench.size = 256;
    report("a new output of 256 bytes", best_of(&bench, write_new_file), 1, "file");
    unlink("costs.old");
    free(bench.bytes);
    free(bench.other);
    return 0;
}
