/* SPDX-License-Identifier: MIT */
#include "source_place.h"

#include <stdlib.h>

const char *source_place_within(const char *root, const char *path, Arena *arena)
{
    char *real_root = realpath(root, NULL);
    char *place = real_root == NULL ? NULL : realpath(path, NULL);
    const char *result = NULL;
    if (place != NULL) {
        size_t size = strlen(real_root); /* it does not end in a slash, unless it is "/" */
        if (size == 1 || (strncmp(real_root, place, size) == 0 && place[size] == '/'))
            result = arena_copy(arena, slice_from(place));
    }
    free(place);
    free(real_root);
    return result;
}
