/* SPDX-License-Identifier: MIT */
/*
 * The promise that outranks speed, against an adversary: bytes are a list of events, and after each
 * build the output, or the errors, must be those of a clean build.
 *
 *     event u8 │ its arguments; the highest bit: no build before the next one; the second: each
 *              │ output and each settings have a state of their own
 *
 * Besides edits, the events are those of a project's life: switching back, builds killed half-way,
 * other settings, another output, a second program in the same cache, and others who change the
 * output or damage a file of the cache.
 */
#include "edit_project.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MOST_EVENTS = 24, MOST_CACHE_FILES = 32 };

typedef struct Life {
    EditProject project;
    EditRequest request; /* of the following builds */
} Life;

/* ---- others ------------------------------------------------------------------------------ */

static const char *output_name(const Life *life)
{
    return life->request.output == NULL ? "out" : life->request.output;
}

/* Overwrites bytes of a file, and restores its mtime. */
static void overwrite(int dir_fd, const char *name, FuzzInput *input)
{
    struct stat status;
    int fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    FUZZ_CHECK(fstat(fd, &status) == 0);
    if (status.st_size != 0) {
        uint8_t byte = fuzz_u8(input);
        FUZZ_CHECK(pwrite(fd, &byte, 1, fuzz_u16(input) % status.st_size) == 1);
    }
    struct timespec times[2] = {status.st_atim, status.st_mtim};
    FUZZ_CHECK(futimens(fd, times) == 0);
    close(fd);
}

static void resize(int dir_fd, const char *name, FuzzInput *input)
{
    int fd = openat(dir_fd, name, O_WRONLY | O_CLOEXEC);
    FUZZ_CHECK(fd < 0 || ftruncate(fd, fuzz_below(input, 4096)) == 0);
    if (fd >= 0)
        close(fd);
}

static void replace_by_link(const Life *life)
{
    const Scratch *scratch = &life->project.scratch;
    scratch_write(scratch, "elsewhere", "not to be written to");
    unlinkat(scratch->fd, output_name(life), 0);
    FUZZ_CHECK(symlinkat("elsewhere", scratch->fd, output_name(life)) == 0);
}

static void change_output(Life *life, FuzzInput *input)
{
    int dir_fd = life->project.scratch.fd;
    switch (fuzz_below(input, 5)) {
    case 0: unlinkat(dir_fd, output_name(life), 0); break;
    case 1: resize(dir_fd, output_name(life), input); break;
    case 2: replace_by_link(life); break;
    default: overwrite(dir_fd, output_name(life), input); break;
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* The name of some file of the cache. The order must not depend on that of the directory. */
static bool choose_cache_file(int dir_fd, FuzzInput *input, char name[256])
{
    char names[MOST_CACHE_FILES][256];
    uint32_t count = 0;
    DIR *dir = fdopendir(dir_fd);
    FUZZ_CHECK(dir != NULL);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL && count < MOST_CACHE_FILES;)
        if (entry->d_name[0] != '.')
            snprintf(names[count++], sizeof names[0], "%s", entry->d_name);
    closedir(dir);
    qsort(names, count, sizeof names[0], compare_names);
    if (count != 0)
        memcpy(name, names[fuzz_below(input, count)], 256);
    return count != 0;
}

static void damage_cache(Life *life, FuzzInput *input)
{
    char name[256];
    int dir_fd = openat(life->project.scratch.fd, "cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir_fd < 0)
        return;
    bool chosen = choose_cache_file(dup(dir_fd), input, name);
    bool marks_directory = chosen && strcmp(name, "CACHEDIR.TAG") == 0; /* see test_cache_mark */
    if (chosen && !marks_directory && strcmp(name, "lock") != 0) {
        switch (fuzz_below(input, 4)) {
        case 0: unlinkat(dir_fd, name, 0); break;
        case 1: resize(dir_fd, name, input); break;
        default: overwrite(dir_fd, name, input); break;
        }
    }
    close(dir_fd);
}

/* ---- builds ------------------------------------------------------------------------------ */

static void kill_build(Life *life, FuzzInput *input)
{
    EditRequest request = life->request;
    request.stop = (EditStop)(1 + fuzz_below(input, 3));
    EditOutcome outcome = edit_project_build(&life->project, &request);
    if (request.stop == STOP_IN_PROGRESS && outcome.status == BUILD_OK)
        overwrite(life->project.scratch.fd, output_name(life), input);
    edit_outcome_free(&outcome);
}

static void change_request(Life *life, FuzzInput *input)
{
    EditRequest *request = &life->request;
    switch (fuzz_below(input, 6)) {
    case 0: request->settings = request->settings == NULL ? "other" : NULL; break;
    case 1: request->output = request->output == NULL ? "out2" : NULL; break;
    case 2: request->entry = request->entry == NULL ? "a.line" : NULL; break;
    case 3: request->paranoid = !request->paranoid; break;
    case 4: request->force = !request->force; break;
    default: request->sync = !request->sync; break;
    }
}

static void expect_clean(Life *life)
{
    EditOutcome built = edit_project_build(&life->project, &life->request);
    EditOutcome clean = edit_project_build_clean(&life->project, &life->request);
    edit_outcome_expect_equal(&built, &clean);
    edit_outcome_free(&built);
    edit_outcome_free(&clean);
}

static void happen(Life *life, FuzzInput *input)
{
    uint8_t event = fuzz_u8(input);
    life->request.keeps_products = (event & 64) != 0;
    switch (event % 16) {
    case 9: case 10: change_output(life, input); break;
    case 11: damage_cache(life, input); break;
    case 12: case 13: kill_build(life, input); break;
    case 14: change_request(life, input); break;
    case 15: scratch_settle(&life->project.scratch); break;
    default: edit_project_edit(&life->project, input); break;
    }
    edit_project_write(&life->project);
    if (event < 128)
        expect_clean(life);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = {data, data + size};
    Life life = {0};
    edit_project_open(&life.project);
    edit_project_write(&life.project);
    expect_clean(&life);
    for (int i = 0; i < MOST_EVENTS && !fuzz_is_over(&input); i++)
        happen(&life, &input);
    expect_clean(&life);
    edit_project_close(&life.project);
    return 0;
}
