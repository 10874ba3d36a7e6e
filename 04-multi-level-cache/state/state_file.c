/* SPDX-License-Identifier: MIT */
/*
 * Nothing here decides what is valid: the StateRef does. Hence the order of a commit:
 *
 *     name.7, name.7.journal up to 480     valid: the manifest says {7, .., 480}
 *     append an entry, 480 to 560          killed here: the manifest still says 480
 *     the owner renames the manifest       valid: {7, .., 560}
 */
#include "state_journal.h"

#include "content_hash.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum {
    LONGEST_NAME = 40,
    FILE_NAME_SIZE = LONGEST_NAME + 32, /* name, '.', 20 digits, ".journal", NUL */
    JOURNAL_SHARE = 8,                  /* a journal may grow to this part of its base */
};

static void format_name(const StateFile *state, uint64_t generation, const char *suffix,
                        char name[FILE_NAME_SIZE])
{
    snprintf(name, FILE_NAME_SIZE, "%.*s.%" PRIu64 "%s", LONGEST_NAME, state->name, generation,
             suffix);
}

/* ---- loading ------------------------------------------------------------------------------ */

static int load_base(const StateFile *state, Image *image)
{
    const StateRef *ref = &state->committed;
    char name[FILE_NAME_SIZE];
    format_name(state, ref->generation, "", name);
    /* Each byte by which the image grew is in the journal, so a larger growth is damage. */
    if (ref->image_size < ref->base_size || ref->image_size - ref->base_size > ref->journal_size)
        return -EBADMSG;
    size_t growth = (size_t)(ref->image_size - ref->base_size);
    int status = image_load(image, state->dir_fd, name, &state->format, growth);
    return status == 0 && image->size != ref->image_size ? -EBADMSG : status;
}

/* Replays the recorded part of the journal onto the base. What follows it was never committed. */
static int replay(const StateFile *state, Image *image, Slice journal)
{
    uint64_t checksum = image->base.checksum;
    int status = journal_replay(journal, image->data, image->size, &checksum);
    return status == 0 && checksum != state->committed.checksum ? -EBADMSG : status;
}

static int load(const StateFile *state, Image *image)
{
    const StateRef *ref = &state->committed;
    ByteBuffer journal = {0};
    char name[FILE_NAME_SIZE];
    int status = 0;
    format_name(state, ref->generation, ".journal", name);
    if (ref->journal_size != 0)
        status = journal_read(state->dir_fd, name, ref->journal_size, &journal);
    if (status == 0)
        status = load_base(state, image);
    if (status == 0)
        status = replay(state, image, buffer_slice(&journal));
    buffer_free(&journal);
    return status;
}

int state_file_load(StateFile *state, Image *image, int dir_fd, const char *name,
                    const BinaryFormat *format, const StateRef *ref)
{
    *image = (Image){0};
    *state = (StateFile){.dir_fd = dir_fd, .format = *format, .committed = *ref};
    size_t length = strlen(name);
    if (length > LONGEST_NAME)
        return -ENAMETOOLONG;
    memcpy(state->name, name, length);
    if (ref->generation == 0)
        return 0;
    int status = load(state, image);
    if (status != 0)
        image_replace(image, &(ByteBuffer){0});
    return status;
}

/* ---- committing --------------------------------------------------------------------------- */

static int commit_journal(StateFile *state, Image *image, bool sync, uint64_t *written)
{
    StateRef *ref = &state->committed;
    ByteBuffer entries = {0};
    char name[FILE_NAME_SIZE];
    format_name(state, ref->generation, ".journal", name);
    uint64_t checksum =
        journal_put(&entries, image->data, image->marks, image->mark_count, ref->checksum);
    int status =
        journal_write(state->dir_fd, name, buffer_slice(&entries), ref->journal_size, sync);
    if (status == 0) {
        ref->journal_size += entries.size;
        ref->image_size = image->size;
        ref->checksum = checksum;
        *written = entries.size;
        image_forget_changes(image);
    }
    buffer_free(&entries);
    return status;
}

static int commit_base(StateFile *state, Image *image, bool sync, uint64_t *written)
{
    StateRef next = {state->committed.generation + 1, image->size, image->size, 0,
                     hash_checksum(image_slice(image))};
    char name[FILE_NAME_SIZE];
    format_name(state, next.generation, "", name);
    int status = image_save(image, state->dir_fd, name, &state->format, sync);
    if (status != 0)
        return status;
    if (state->obsolete == 0)
        state->obsolete = state->committed.generation;
    state->committed = next;
    *written = BINARY_HEADER_SIZE + image->size;
    return 0;
}

static bool fits_journal(const StateFile *state, const Image *image)
{
    const StateRef *ref = &state->committed;
    return !image->replaced && ref->generation != 0 &&
           ref->journal_size + journal_size_of(image->marks, image->mark_count) <=
               ref->base_size / JOURNAL_SHARE;
}

int state_file_commit(StateFile *state, Image *image, bool sync, StateRef *ref, uint64_t *written)
{
    int status = 0;
    uint64_t bytes = 0;
    if (image_is_changed(image)) {
        image->mark_count = journal_join_marks(image->marks, image->mark_count);
        status = fits_journal(state, image) ? commit_journal(state, image, sync, &bytes)
                                            : commit_base(state, image, sync, &bytes);
    }
    if (status != 0)
        return status;
    *ref = state->committed;
    if (written != NULL)
        *written += bytes;
    return 0;
}

int state_file_prune(StateFile *state)
{
    int status = 0;
    if (state->obsolete == 0)
        return 0;
    for (uint64_t old = state->obsolete; old < state->committed.generation; old++) {
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
