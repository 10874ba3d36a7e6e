/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into a build, makes its allocations fail. FAULT_MEMORY says which:
 *
 *     one:N     the Nth, and no other
 *     from:N    the Nth and all after it
 *     count     none; at exit their number is printed to standard error
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* glibc's own, under the names that it provides for replacements of malloc. */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *pointer, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

static atomic_long count;
static long first, last;

__attribute__((constructor)) static void read_environment(void)
{
    const char *wanted = getenv("FAULT_MEMORY");
    if (wanted != NULL && strncmp(wanted, "one:", 4) == 0)
        first = last = atol(wanted + 4);
    if (wanted != NULL && strncmp(wanted, "from:", 5) == 0) {
        first = atol(wanted + 5);
        last = __LONG_MAX__;
    }
    count = 0; /* the loader's allocations, before a fault can be requested, do not count */
}

__attribute__((destructor)) static void print_count(void)
{
    const char *wanted = getenv("FAULT_MEMORY");
    if (wanted != NULL && strcmp(wanted, "count") == 0)
        fprintf(stderr, "%ld\n", count);
}

static bool fails(void)
{
    long number = atomic_fetch_add(&count, 1) + 1;
    if (number < first || number > last)
        return false;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t items, size_t size)
{
    return fails() ? NULL : __libc_calloc(items, size);
}

void *realloc(void *pointer, size_t size)
{
    return fails() ? NULL : __libc_realloc(pointer, size);
}

int posix_memalign(void **pointer, size_t alignment, size_t size)
{
    *pointer = fails() ? NULL : __libc_memalign(alignment, size);
    return *pointer == NULL ? ENOMEM : 0;
}
