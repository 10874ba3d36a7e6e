/* SPDX-License-Identifier: MIT */
/*
 * The main function of a fuzz target in `make test`: passes it its seeds, one after another, each
 * in its own process, so that the seed that ends it can be named. Speaks TAP.
 *
 *     fuzz_marker               the files in 0?-.../test/fuzz/marker
 *     fuzz_marker FILE...       these files: to rerun what `make fuzz` reports
 */
#include "fuzz_input.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* In memory of exactly its size: a read past its end is noticed. */
static int run_seed(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        return 1;
    size_t size = (size_t)ftell(file);
    rewind(file);
    uint8_t *bytes = memory_allocate(size);
    bool is_read = fread(bytes, 1, size, file) == size;
    fclose(file);
    setenv("FUZZ_ASSEMBLE", "1", 1); /* what a target does only to a sample, it does to seeds */
    if (is_read)
        LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    return is_read ? 0 : 1;
}

static bool survives(const char *path)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        exit(run_seed(path));
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static int replay(char *const *paths, size_t count)
{
    size_t failed = 0;
    printf("1..1\n");
    for (size_t i = 0; i < count; i++)
        if (!survives(paths[i])) {
            printf("# ends at %s\n", paths[i]);
            failed++;
        }
    if (failed == 0 && count != 0)
        printf("ok 1 - %zu seeds\n", count);
    else
        printf("not ok 1 - %zu of %zu seeds\n", failed, count);
    return failed != 0 || count == 0;
}

int main(int argc, char **argv)
{
    char pattern[256];
    glob_t found;
    const char *slash = strrchr(argv[0], '/');
    const char *name = strstr(slash == NULL ? argv[0] : slash, "fuzz_");
    if (argc > 1 || name == NULL)
        return replay(argv + 1, (size_t)argc - 1);
    snprintf(pattern, sizeof pattern, "0*/test/fuzz/%s/*", name + strlen("fuzz_"));
    if (glob(pattern, 0, NULL, &found) != 0)
        return replay(NULL, 0);
    int status = replay(found.gl_pathv, found.gl_pathc);
    globfree(&found);
    return status;
}
