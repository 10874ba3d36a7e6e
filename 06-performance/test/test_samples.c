/* SPDX-License-Identifier: MIT */
/*
 * The sample programs, compiled without any cache: each prints what its `expected` says, and each
 * one in errors/ gets the errors listed there. (That the cached compiler gives the same is tested
 * from outside.)
 */
#include "mini_program.h"

#include "scratch.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { MAX_SAMPLES = 100 };

/* This file's path as given to the compiler: from the root, where the tests run. */
static const char *samples_directory(void)
{
    static char path[4096];
    const char *end = strstr(__FILE__, "test/test_samples.c");
    assert_non_null(end);
    snprintf(path, sizeof path, "%.*ssamples", (int)(end - __FILE__), __FILE__);
    return path;
}

static bool is_file(const char *directory, const char *name)
{
    char path[8192];
    struct stat status;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The subdirectories that hold a main.mini, sorted; the caller frees each. */
static size_t list_samples(const char *directory, char *names[MAX_SAMPLES])
{
    size_t count = 0;
    DIR *dir = opendir(directory);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL && count < MAX_SAMPLES;) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        if (entry->d_name[0] != '.' && is_file(path, "main.mini"))
            names[count++] = strcpy(memory_allocate(strlen(path) + 1), path);
    }
    closedir(dir);
    qsort(names, count, sizeof *names, compare_names);
    return count;
}

/* The file `expected` of a sample, NUL-terminated; the caller frees. */
static char *read_expected(const char *sample)
{
    char path[8192];
    snprintf(path, sizeof path, "%s/expected", sample);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("cannot read %s", path);
    char *text = memory_allocate_zeroed(1, 1 << 16);
    assert_true(fread(text, 1, (1 << 16) - 1, file) < (1 << 16) - 1);
    fclose(file);
    return text;
}

static void check_output(const char *sample)
{
    MiniProgram program = {0};
    ByteBuffer output = {0};
    int status;
    mini_program_load(&program, sample, "main.mini");
    if (!mini_program_compile(&program, "main.mini"))
        fail_msg("%s: %s", sample, program.messages.data);
    mini_program_run(&program, &output, &status);
    char *expected = read_expected(sample);
    if (strcmp(output.data, expected) != 0)
        print_message("in %s:\n", sample);
    assert_string_equal(output.data, expected);
    assert_int_equal(status, 0);
    free(expected);
    buffer_free(&output);
    mini_program_free(&program);
}

static void check_errors(const char *sample)
{
    MiniProgram program = {0};
    mini_program_load(&program, sample, "main.mini");
    mini_program_compile(&program, "main.mini");
    char *expected = read_expected(sample);
    if (strcmp(program.messages.data, expected) != 0)
        print_message("in %s:\n", sample);
    assert_string_equal(program.messages.data, expected);
    free(expected);
    mini_program_free(&program);
}

static void check_all(const char *directory, size_t least, void (*check)(const char *sample))
{
    char *names[MAX_SAMPLES];
    size_t count = list_samples(directory, names);
    assert_true(count >= least);
    for (size_t i = 0; i < count; i++) {
        check(names[i]);
        free(names[i]);
    }
}

static void test_samples_print_what_is_expected(void **state)
{
    (void)state;
    check_all(samples_directory(), 8, check_output);
}

static void test_wrong_samples_get_their_errors(void **state)
{
    (void)state;
    char directory[4200];
    snprintf(directory, sizeof directory, "%s/errors", samples_directory());
    check_all(directory, 8, check_errors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples_print_what_is_expected),
        cmocka_unit_test(test_wrong_samples_get_their_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
