/* SPDX-License-Identifier: MIT */
/* One process at a time: who opens the directory second waits, and is reported so. */
#include "cache_directory.h"

#include <stdio.h>

static void waiting(void *context)
{
    (void)context;
    fputs("another process is at work here; waiting\n", stderr);
}

int main(void)
{
    CacheDirectory directory;
    if (cache_directory_open(&directory, "my_cache", CACHE_DIRECTORY_MAKE, waiting, NULL) != 0)
        return 1;
    /* here nobody else is in my_cache */
    cache_directory_close(&directory);
    return 0;
}
