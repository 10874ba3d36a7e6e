/* SPDX-License-Identifier: MIT */
/* One process at a time: the second to open the directory waits, and is notified. */
#include "cache_directory.h"

#include <stdio.h>

static void report(void *context)
{
    (void)context;
    fputs("another process is at work here; waiting\n", stderr);
}

int main(void)
{
    CacheDirectory directory;
    LockWaiting waiting = {.begins = report};
    if (cache_directory_open(&directory, "my_cache", CACHE_DIRECTORY_MAKE, &waiting) != 0)
        return 1;
    /* nobody else is in my_cache here */
    cache_directory_close(&directory);
    return 0;
}
