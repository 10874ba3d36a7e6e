/* SPDX-License-Identifier: MIT */
/*
 * The image lies in one of two places. As loaded, it is the private mapping of the base, which
 * has room behind it for what the journal and later appends add. When that room is used up, or
 * the owner replaces the image, it is a buffer of our own.
 *
 * A commit sorts the marks, joins those that touch or nearly touch (an entry's header costs
 * more than a few unchanged bytes between two marks), and writes each joined range as one
 * journal entry. All entries of a commit go out in one write.
 *
 * Nothing here decides what is valid: that is the StateRef's word. Hence the order of a commit:
 *
 *     name.7, name.7.journal up to 480     valid: the manifest says {7, .., 480}
 *     append an entry, 480 to 560          killed here: the manifest still says 480
 *     the owner renames the manifest       valid: {7, .., 560}
 */
#include "state_file.h"
#include "content_hash.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct EntryHeader {
    uint64_t checksum; /* of the checksum before it, offset, size and the padded bytes */
    uint64_t offset;
    uint64_t size;
} EntryHeader;

_Static_assert(sizeof(EntryHeader) == 24, "an entry's header has no holes");

enum {
    LONGEST_NAME = 40,
    FILE_NAME_SIZE = LONGEST_NAME + 32, /* name, '.', 20 digits, ".journal", NUL */
    ENTRY_ALIGNMENT = 8,
    SPARE_ROOM = 1 << 20, /* address space behind a loaded image; costs nothing until used */
    JOURNAL_SHARE = 8,    /* a journal may grow to this part of its base */
};

static uint64_t align_up(uint64_t size)
{
    return (size + ENTRY_ALIGNMENT - 1) & ~(uint64_t)(ENTRY_ALIGNMENT - 1);
}

static void format_name(const StateFile *state, uint64_t generation, const char *suffix,
                        char name[FILE_NAME_SIZE])
{
    snprintf(name, FILE_NAME_SIZE, "%.*s.%" PRIu64 "%s", LONGEST_NAME, state->name, generation,
             suffix);
}

/* ---- loading ------------------------------------------------------------------------------ */

/* `covered` is what stands behind the checksum. */
static uint64_t entry_checksum(uint64_t before, Slice covered)
{
    Slice parts[] = {slice_of(&before, sizeof before), covered};
    return hash_checksum_parts(parts, 2);
}

/* One entry of the journal, from `at` on, onto the image; `checksum` is the one before it, and
 * then its own. Returns the place behind the entry, or 0 if it is damaged. */
static uint64_t replay_entry(StateFile *state, Slice journal, uint64_t at, uint64_t *checksum)
{
    EntryHeader header;
    if (journal.size - at < sizeof header)
        return 0;
    memcpy(&header, journal.data + at, sizeof header);
    uint64_t left = journal.size - at - sizeof header;
    if (header.size > left || align_up(header.size) > left)
        return 0;
    if (header.offset > state->size || header.size > state->size - header.offset)
        return 0;
    uint64_t end = at + sizeof header + align_up(header.size);
    const char *covered = journal.data + at + sizeof header.checksum;
    Slice entry = slice_of(covered, (size_t)(journal.data + end - covered));
    *checksum = entry_checksum(*checksum, entry);
    if (header.checksum != *checksum)
        return 0;
    memcpy(state->image + header.offset, journal.data + at + sizeof header, (size_t)header.size);
    return end;
}

static int replay(StateFile *state, Slice journal)
{
    uint64_t checksum = state->base.checksum;
    for (uint64_t at = 0; at != journal.size;) {
        at = replay_entry(state, journal, at, &checksum);
        if (at == 0)
            return -EBADMSG;
    }
    return checksum == state->committed.checksum ? 0 : -EBADMSG;
}

static int read_all(int fd, char *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t count = pread(fd, bytes + done, size - done, (off_t)done);
        if (count < 0 && errno != EINTR)
            return -errno;
        if (count == 0)
            return -EBADMSG;
        if (count > 0)
            done += (size_t)count;
    }
    return 0;
}

/* The recorded part of the journal. What stands behind it was never committed. */
static int read_journal(const StateFile *state, ByteBuffer *journal)
{
    uint64_t recorded = state->committed.journal_size, size;
    if (recorded == 0)
        return 0;
    char name[FILE_NAME_SIZE];
    format_name(state, state->committed.generation, ".journal", name);
    int fd = open_regular(state->dir_fd, name, O_RDONLY, &size);
    if (fd < 0)
        return fd;
    int status = -EBADMSG;
    if (size >= recorded) {
        buffer_reserve(journal, (size_t)recorded);
        status = read_all(fd, journal->data, (size_t)recorded);
        journal->size = (size_t)recorded;
    }
    close(fd);
    return status;
}

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

static int load(StateFile *state)
{
    ByteBuffer journal = {0};
    int status = read_journal(state, &journal);
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
    size_t offset = (size_t)align_up(state->size);
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

static int compare_marks(const void *left, const void *right)
{
    const StateMark *a = left, *b = right;
    return (a->offset > b->offset) - (a->offset < b->offset);
}

/* Sorts the marks and joins two whose gap is shorter than the header it would cost. */
static void join_marks(StateFile *state)
{
    StateMark *marks = state->marks;
    size_t kept = 0;
    if (state->mark_count != 0)
        qsort(marks, state->mark_count, sizeof *marks, compare_marks);
    for (size_t i = 1; i < state->mark_count; i++) {
        uint64_t last_end = marks[kept].offset + marks[kept].size;
        uint64_t end = marks[i].offset + marks[i].size;
        if (marks[i].offset > last_end + sizeof(EntryHeader))
            marks[++kept] = marks[i];
        else if (end > last_end)
            marks[kept].size = end - marks[kept].offset;
    }
    if (state->mark_count != 0)
        state->mark_count = kept + 1;
}

static uint64_t size_of_entries(const StateFile *state)
{
    uint64_t size = 0;
    for (size_t i = 0; i < state->mark_count; i++)
        size += sizeof(EntryHeader) + align_up(state->marks[i].size);
    return size;
}

/* Returns the entry's checksum; `before` is the one before it. */
static uint64_t put_entry(ByteBuffer *journal, const StateFile *state, StateMark mark,
                          uint64_t before)
{
    static const char padding[ENTRY_ALIGNMENT];
    EntryHeader header = {0, mark.offset, mark.size};
    size_t start = journal->size;
    buffer_put(journal, slice_of(&header, sizeof header));
    buffer_put(journal, slice_of(state->image + mark.offset, (size_t)mark.size));
    buffer_put(journal, slice_of(padding, (size_t)(align_up(mark.size) - mark.size)));
    char *covered = journal->data + start + sizeof header.checksum;
    uint64_t checksum = entry_checksum(
        before, slice_of(covered, journal->size - start - sizeof header.checksum));
    memcpy(journal->data + start, &checksum, sizeof checksum);
    return checksum;
}

static int write_journal_at(const StateFile *state, const char *name, Slice entries, bool sync)
{
    uint64_t size;
    int fd = open_regular(state->dir_fd, name, O_WRONLY | O_CREAT, &size);
    if (fd < 0)
        return fd;
    int status = write_all_at(fd, &entries, 1, state->committed.journal_size);
    if (status == 0 && sync && sync_fd(fd) != 0)
        status = -errno;
    if (close_fd(fd) != 0 && status == 0)
        status = -errno;
    if (status == 0 && sync)
        status = sync_directory_of(state->dir_fd, name);
    return status;
}

static int commit_journal(StateFile *state, bool sync, uint64_t *written)
{
    char name[FILE_NAME_SIZE];
    format_name(state, state->committed.generation, ".journal", name);
    ByteBuffer entries = {0};
    uint64_t checksum = state->committed.checksum;
    for (size_t i = 0; i < state->mark_count; i++)
        checksum = put_entry(&entries, state, state->marks[i], checksum);
    int status = write_journal_at(state, name, buffer_slice(&entries), sync);
    if (status == 0) {
        state->committed.journal_size += entries.size;
        state->committed.image_size = state->size;
        state->committed.checksum = checksum;
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
           ref->journal_size + size_of_entries(state) <= ref->base_size / JOURNAL_SHARE;
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
        join_marks(state);
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
void state_file_settle(StateFile *state)
{
    if (state->obsolete == 0)
        return;
    uint64_t first = state->obsolete > 1 ? state->obsolete - 1 : 1;
    for (uint64_t old = first; old < state->committed.generation; old++) {
        char name[FILE_NAME_SIZE];
        format_name(state, old, "", name);
        unlinkat(state->dir_fd, name, 0);
        format_name(state, old, ".journal", name);
        unlinkat(state->dir_fd, name, 0);
    }
    state->obsolete = 0;
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
