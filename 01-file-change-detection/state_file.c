/* SPDX-License-Identifier: MIT */
/*
 * The image lies in one of two places. As loaded, it is the private mapping of the base, which
 * has room behind it for what the journal and later appends add. When that room is used up, or
 * the owner replaces the image, it is a buffer of our own.
 *
 * Nothing here decides what is valid: that is the StateRef's word. Hence the order of a commit:
 *
 *     name.7, name.7.journal up to 480     valid: the manifest says {7, .., 480}
 *     append an entry, 480 to 560          killed here: the manifest still says 480
 *     the owner renames the manifest       valid: {7, .., 560}
 */
#include "state_journal.h"

#include "content_hash.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LONGEST_NAME = 40,
    FILE_NAME_SIZE = LONGEST_NAME + 32, /* name, '.', 20 digits, ".journal", NUL */
    SPARE_ROOM = 1 << 20, /* address space behind a loaded image; costs nothing until used */
    JOURNAL_SHARE = 8,    /* a journal may grow to this part of its base */
};

static void format_name(const StateFile *state, uint64_t generation, const char *suffix,
                        char name[FILE_NAME_SIZE])
{
    snprintf(name, FILE_NAME_SIZE, "%.*s.%" PRIu64 "%s", LONGEST_NAME, state->name, generation,
             suffix);
}

/* ---- loading ------------------------------------------------------------------------------ */

static int map_base(StateFile *state)
{
    const StateRef *ref = &state->committed;
    char name[FILE_NAME_SIZE];
    format_name(state, ref->generation, "", name);
    /* Each byte that the image grew by stands in the journal, so a larger growth is damage. */
    if (ref->image_size < ref->base_size || ref->image_size - ref->base_size > ref->journal_size)
        return -EBADMSG;
    size_t growth = (size_t)(ref->image_size - ref->base_size);
    int status =
        binary_file_map(state->dir_fd, name, &state->format, growth + SPARE_ROOM, &state->base);
    if (status == 0 && state->base.content_size != ref->base_size)
        status = -EBADMSG;
    if (status != 0)
        return status;
    state->image = state->base.content;
    state->size = (size_t)ref->image_size;
    return 0;
}

static void drop_image(StateFile *state)
{
    mapped_file_close(&state->base);
    buffer_free(&state->own);
    state->image = NULL;
    state->size = 0;
    state->mark_count = 0;
}

/* The recorded part of the journal onto the base. What stands behind it was never committed. */
static int replay(StateFile *state, Slice journal)
{
    uint64_t checksum = state->base.checksum;
    int status = journal_replay(journal, state->image, state->size, &checksum);
    return status == 0 && checksum != state->committed.checksum ? -EBADMSG : status;
}

static int load(StateFile *state)
{
    const StateRef *ref = &state->committed;
    ByteBuffer journal = {0};
    char name[FILE_NAME_SIZE];
    int status = 0;
    format_name(state, ref->generation, ".journal", name);
    if (ref->journal_size != 0)
        status = journal_read(state->dir_fd, name, ref->journal_size, &journal);
    if (status == 0)
        status = map_base(state);
    if (status == 0)
        status = replay(state, buffer_slice(&journal));
    buffer_free(&journal);
    return status;
}

int state_file_open(StateFile *state, int dir_fd, const char *name, const BinaryFormat *format,
                    const StateRef *ref)
{
    *state = (StateFile){.dir_fd = dir_fd, .format = *format, .committed = *ref};
    size_t length = strlen(name);
    if (length > LONGEST_NAME)
        return -ENAMETOOLONG;
    memcpy(state->name, name, length);
    if (ref->generation == 0)
        return 0;
    int status = load(state);
    if (status != 0) {
        drop_image(state);
        state->replaced = true;
    }
    return status;
}

/* ---- changing the image ------------------------------------------------------------------- */

void state_file_mark(StateFile *state, size_t offset, size_t size)
{
    if (size == 0)
        return;
    if (state->mark_count == state->mark_capacity) {
        state->mark_capacity = state->mark_capacity == 0 ? 16 : state->mark_capacity * 2;
        state->marks = memory_resize(state->marks, state->mark_capacity * sizeof *state->marks);
    }
    state->marks[state->mark_count++] = (StateMark){offset, size};
}

/* Makes room for `extra` bytes behind the image: in the mapping, else in a buffer of our own. */
static void reserve(StateFile *state, size_t extra)
{
    if (state->base.mapping != NULL) {
        if (extra <= state->base.content_size + state->base.room - state->size)
            return;
        buffer_reserve(&state->own, state->size + state->size / 2 + extra);
        memcpy(state->own.data, state->image, state->size);
        mapped_file_close(&state->base);
    }
    state->own.size = state->size;
    buffer_reserve(&state->own, extra);
    state->image = state->own.data;
}

size_t state_file_append(StateFile *state, const void *bytes, size_t size)
{
    size_t offset = (size_t)journal_align(state->size);
    size_t padding = offset - state->size;
    if (size == 0)
        return offset;
    reserve(state, padding + size);
    memset(state->image + state->size, 0, padding);
    if (bytes == NULL)
        memset(state->image + offset, 0, size);
    else
        memcpy(state->image + offset, bytes, size);
    state_file_mark(state, state->size, padding + size);
    state->size = offset + size;
    return offset;
}

void state_file_replace(StateFile *state, ByteBuffer *image)
{
    drop_image(state);
    state->own = *image;
    *image = (ByteBuffer){0};
    state->image = state->own.data;
    state->size = state->own.size;
    state->replaced = true;
}

bool state_file_is_changed(const StateFile *state)
{
    return state->replaced || state->mark_count != 0;
}

/* ---- committing --------------------------------------------------------------------------- */

static int commit_journal(StateFile *state, bool sync, uint64_t *written)
{
    StateRef *ref = &state->committed;
    ByteBuffer entries = {0};
    char name[FILE_NAME_SIZE];
    format_name(state, ref->generation, ".journal", name);
    uint64_t checksum =
        journal_put(&entries, state->image, state->marks, state->mark_count, ref->checksum);
    int status =
        journal_write(state->dir_fd, name, buffer_slice(&entries), ref->journal_size, sync);
    if (status == 0) {
        ref->journal_size += entries.size;
        ref->image_size = state->size;
        ref->checksum = checksum;
        *written = entries.size;
    }
    buffer_free(&entries);
    return status;
}

static int commit_base(StateFile *state, bool sync, uint64_t *written)
{
    Slice image = slice_of(state->image, state->size);
    StateRef next = {state->committed.generation + 1, state->size, state->size, 0,
                     hash_checksum_parts(&image, 1)};
    char name[FILE_NAME_SIZE];
    format_name(state, next.generation, "", name);
    int status = binary_file_write(state->dir_fd, name, &state->format, &image, 1, sync);
    if (status != 0)
        return status;
    if (state->obsolete == 0)
        state->obsolete = state->committed.generation;
    state->committed = next;
    *written = BINARY_HEADER_SIZE + state->size;
    return 0;
}

static bool fits_journal(const StateFile *state)
{
    const StateRef *ref = &state->committed;
    return !state->replaced && ref->generation != 0 &&
           ref->journal_size + journal_size_of(state->marks, state->mark_count) <=
               ref->base_size / JOURNAL_SHARE;
}

static void forget_changes(StateFile *state)
{
    state->replaced = false;
    state->mark_count = 0;
}

int state_file_commit(StateFile *state, bool sync, StateRef *ref, uint64_t *written)
{
    int status = 0;
    uint64_t bytes = 0;
    if (state_file_is_changed(state)) {
        state->mark_count = journal_join_marks(state->marks, state->mark_count);
        status = fits_journal(state) ? commit_journal(state, sync, &bytes)
                                     : commit_base(state, sync, &bytes);
    }
    if (status != 0)
        return status;
    forget_changes(state);
    *ref = state->committed;
    if (written != NULL)
        *written += bytes;
    return 0;
}

/* Starts one generation too early: a process that was killed between its manifest and this
 * call left that one behind. */
int state_file_settle(StateFile *state)
{
    int status = 0;
    if (state->obsolete == 0)
        return 0;
    uint64_t first = state->obsolete > 1 ? state->obsolete - 1 : 1;
    for (uint64_t old = first; old < state->committed.generation; old++) {
        static const char *const suffixes[] = {"", ".journal"};
        for (int i = 0; i < 2; i++) {
            char name[FILE_NAME_SIZE];
            format_name(state, old, suffixes[i], name);
            if (unlinkat(state->dir_fd, name, 0) != 0 && errno != ENOENT)
                status = -errno;
        }
    }
    state->obsolete = 0;
    return status;
}

void state_file_close(StateFile *state)
{
    drop_image(state);
    free(state->marks);
    *state = (StateFile){0};
}

/* ---- one file ----------------------------------------------------------------------------- */

int state_file_load(StateFile *state, const char *path, const BinaryFormat *format)
{
    *state = (StateFile){0};
    int status = binary_file_map(AT_FDCWD, path, format, SPARE_ROOM, &state->base);
    state->image = state->base.content;
    state->size = state->base.content_size;
    return status;
}

int state_file_save(StateFile *state, const char *path, const BinaryFormat *format)
{
    if (!state_file_is_changed(state))
        return 0;
    Slice image = slice_of(state->image, state->size);
    int status = binary_file_write(AT_FDCWD, path, format, &image, 1, false);
    if (status == 0)
        forget_changes(state);
    return status;
}
