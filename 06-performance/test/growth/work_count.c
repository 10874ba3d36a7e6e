/* SPDX-License-Identifier: MIT */
/*
 * Counts what a program does and, when it ends, writes the counts into the file that WORK_FILE
 * names: the basic blocks of code that were entered (-fsanitize-coverage=trace-pc calls a function
 * at the beginning of each), and the bytes of memory that were requested (--wrap). The counts are
 * the same on every machine of a kind, and under any load.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned long long blocks, bytes;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
    blocks++;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *pointer, size_t size);
int __real_posix_memalign(void **pointer, size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *pointer, size_t size);
int __wrap_posix_memalign(void **pointer, size_t alignment, size_t size);

void *__wrap_malloc(size_t size)
{
    bytes += size;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    bytes += count * size;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *pointer, size_t size)
{
    bytes += size;
    return __real_realloc(pointer, size);
}

int __wrap_posix_memalign(void **pointer, size_t alignment, size_t size)
{
    bytes += size;
    return __real_posix_memalign(pointer, alignment, size);
}

static void __attribute__((destructor)) report(void)
{
    const char *path = getenv("WORK_FILE");
    FILE *file = path == NULL ? NULL : fopen(path, "w");
    if (file == NULL)
        return;
    fprintf(file, "%llu %llu\n", blocks, bytes);
    fclose(file);
}
