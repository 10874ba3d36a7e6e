/* SPDX-License-Identifier: MIT */
#include "source_place.h"

#include <stdlib.h>

/* `root` does not end in a slash, unless it is "/". */
static bool is_below(const char *root, const char *place)
{
    size_t size = strlen(root);
    if (size == 1)
        return true;
    return strncmp(root, place, size) == 0 && place[size] == '/';
}

const char *source_place_within(const char *root, const char *path, Arena *arena)
{
    char *real_root = realpath(root, NULL);
    char *place = real_root == NULL ? NULL : realpath(path, NULL);
    const char *result = NULL;
    if (place != NULL && is_below(real_root, place))
        result = arena_copy(arena, slice_from(place));
    free(place);
    free(real_root);
    return result;
}
