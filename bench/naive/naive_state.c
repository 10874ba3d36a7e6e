/* SPDX-License-Identifier: MIT */
/* The state as objects in memory: the result of parsing a state file, whatever its format. */
#include "naive.h"

#include <stdlib.h>

static char *copy(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(memory_allocate(size), text, size);
}

/* Room for one more in an array that doubles: at 0, 1, 2, 4, 8 ... items. */
static void *grow(void *items, size_t count, size_t item_size)
{
    bool is_full = (count & (count - 1)) == 0;
    return is_full ? memory_resize(items, (count == 0 ? 1 : count * 2) * item_size) : items;
}

NaiveFile *naive_state_add(NaiveState *state, const char *path)
{
    state->files = grow(state->files, state->count, sizeof *state->files);
    NaiveFile *file = &state->files[state->count++];
    *file = (NaiveFile){.path = copy(path)};
    return file;
}

void naive_state_add_import(NaiveState *state, const char *path)
{
    NaiveFile *file = &state->files[state->count - 1];
    file->imports = grow(file->imports, file->import_count, sizeof *file->imports);
    file->imports[file->import_count++] = copy(path);
}

bool naive_hash_from_hex(const char *hex, Hash128 *hash)
{
    uint64_t halves[2] = {0, 0};
    for (size_t i = 0; i < HASH_HEX_SIZE; i++) {
        const char *digits = "0123456789abcdef";
        const char *digit = hex[i] == '\0' ? NULL : strchr(digits, hex[i]);
        if (digit == NULL)
            return false;
        halves[i / 16] = halves[i / 16] << 4 | (uint64_t)(digit - digits);
    }
    *hash = (Hash128){.high = halves[0], .low = halves[1]};
    return hex[HASH_HEX_SIZE] == '\0';
}

void naive_state_free(NaiveState *state)
{
    for (size_t i = 0; i < state->count; i++) {
        for (size_t n = 0; n < state->files[i].import_count; n++)
            free(state->files[i].imports[n]);
        free(state->files[i].imports);
        free(state->files[i].path);
    }
    free(state->files);
    free(state->entry);
    *state = (NaiveState){0};
}
