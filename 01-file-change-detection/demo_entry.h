/* SPDX-License-Identifier: MIT */
/*
 * What the demos share: each works in the directory of the entry that it is given.
 */
#ifndef DEMO_ENTRY_H
#define DEMO_ENTRY_H

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Changes to the directory of `path` and returns the name of the file in it: a part of `path`,
 * whose last slash is overwritten. NULL, with a message, if there is no such directory. */
static inline char *demo_enter(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL)
        return path;
    *slash = '\0';
    if (chdir(slash == path ? "/" : path) == 0)
        return slash + 1;
    perror(path);
    return NULL;
}

#endif
