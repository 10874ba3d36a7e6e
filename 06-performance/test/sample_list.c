/* SPDX-License-Identifier: MIT */
#include "sample_list.h"

#include "memory.h"
#include "scratch.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

/* This file's path as given to the compiler: from the root, where the tests run. */
const char *samples_directory(void)
{
    static char path[4096];
    const char *end = strstr(__FILE__, "test/sample_list.c");
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

size_t list_samples(const char *directory, char *names[MAX_SAMPLES])
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

char *read_expected(const char *sample)
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
