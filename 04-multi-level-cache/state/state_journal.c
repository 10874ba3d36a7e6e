/* SPDX-License-Identifier: MIT */
/*
 * An edit changes a few records near each other. An entry's header costs more than a few unchanged
 * bytes between two of them: records that nearly touch become one entry. All entries of a commit
 * are written in one write.
 */
#include "state_journal.h"

#include "content_hash.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { ALIGNMENT = 8 };

typedef struct EntryHeader {
    uint64_t checksum; /* of the checksum before it, offset, size and the padded bytes */
    uint64_t offset;
    uint64_t size;
} EntryHeader;

_Static_assert(sizeof(EntryHeader) == 24, "an entry's header has no holes");

static uint64_t align(uint64_t size)
{
    return (size + ALIGNMENT - 1) & ~(uint64_t)(ALIGNMENT - 1);
}

/* `covered` is what follows the checksum. */
static uint64_t entry_checksum(uint64_t before, Slice covered)
{
    Slice parts[] = {slice_of(&before, sizeof before), covered};
    return hash_checksum_parts(parts, 2);
}

/* ---- writing ------------------------------------------------------------------------------- */

static int compare_marks(const void *left, const void *right)
{
    const ImageMark *a = left, *b = right;
    return (a->offset > b->offset) - (a->offset < b->offset);
}

size_t journal_join_marks(ImageMark *marks, size_t count)
{
    size_t last = 0;
    if (count == 0)
        return 0;
    qsort(marks, count, sizeof *marks, compare_marks);
    for (size_t i = 1; i < count; i++) {
        uint64_t last_end = marks[last].offset + marks[last].size;
        uint64_t end = marks[i].offset + marks[i].size;
        if (marks[i].offset > last_end + sizeof(EntryHeader))
            marks[++last] = marks[i];
        else if (end > last_end)
            marks[last].size = end - marks[last].offset;
    }
    return last + 1;
}

uint64_t journal_size_of(const ImageMark *marks, size_t count)
{
    uint64_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += sizeof(EntryHeader) + align(marks[i].size);
    return size;
}

static uint64_t put_entry(ByteBuffer *journal, const char *image, ImageMark mark, uint64_t before)
{
    static const char padding[ALIGNMENT];
    EntryHeader header = {0, mark.offset, mark.size};
    size_t start = journal->size;
    buffer_put(journal, slice_of(&header, sizeof header));
    buffer_put(journal, slice_of(image + mark.offset, (size_t)mark.size));
    buffer_put(journal, slice_of(padding, (size_t)(align(mark.size) - mark.size)));
    char *covered = journal->data + start + sizeof header.checksum;
    uint64_t checksum = entry_checksum(
        before, slice_of(covered, journal->size - start - sizeof header.checksum));
    memcpy(journal->data + start, &checksum, sizeof checksum);
    return checksum;
}

uint64_t journal_put(ByteBuffer *journal, const char *image, const ImageMark *marks, size_t count,
                     uint64_t checksum)
{
    for (size_t i = 0; i < count; i++)
        checksum = put_entry(journal, image, marks[i], checksum);
    return checksum;
}

int journal_write(int dir_fd, const char *name, Slice entries, uint64_t offset, bool sync)
{
    uint64_t size;
    int fd = open_regular(dir_fd, name, O_WRONLY | O_CREAT, &size);
    if (fd < 0)
        return fd;
    int status = write_all_at(fd, &entries, 1, offset);
    if (status == 0 && sync && sync_fd(fd) != 0)
        status = -errno;
    if (close_fd(fd) != 0 && status == 0)
        status = -errno;
    if (status == 0 && sync)
        status = sync_directory_of(dir_fd, name);
    return status;
}

/* ---- reading ------------------------------------------------------------------------------- */

/* One entry, from `at` on. Returns the offset after it, or 0 if it is damaged. */
static uint64_t replay_entry(Slice journal, uint64_t at, char *image, size_t image_size,
                             uint64_t *checksum)
{
    EntryHeader header;
    if (journal.size - at < sizeof header)
        return 0;
    memcpy(&header, journal.data + at, sizeof header);
    uint64_t left = journal.size - at - sizeof header;
    if (header.size > left || align(header.size) > left)
        return 0;
    if (header.offset > image_size || header.size > image_size - header.offset)
        return 0;
    uint64_t end = at + sizeof header + align(header.size);
    const char *covered = journal.data + at + sizeof header.checksum;
    Slice entry = slice_of(covered, (size_t)(journal.data + end - covered));
    *checksum = entry_checksum(*checksum, entry);
    if (header.checksum != *checksum)
        return 0;
    memcpy(image + header.offset, journal.data + at + sizeof header, (size_t)header.size);
    return end;
}

int journal_replay(Slice journal, char *image, size_t image_size, uint64_t *checksum)
{
    for (uint64_t at = 0; at != journal.size;) {
        at = replay_entry(journal, at, image, image_size, checksum);
        if (at == 0)
            return -EBADMSG;
    }
    return 0;
}

int journal_read(int dir_fd, const char *name, uint64_t size, ByteBuffer *journal)
{
    uint64_t file_size;
    int fd = open_regular(dir_fd, name, O_RDONLY, &file_size);
    if (fd < 0)
        return fd;
    int status = -EBADMSG;
    if (file_size >= size) { /* otherwise no memory is allocated for bytes that do not exist */
        buffer_reserve(journal, (size_t)size);
        status = read_all_at(fd, journal->data + journal->size, (size_t)size, 0);
        journal->size += status == 0 ? (size_t)size : 0;
    }
    close(fd);
    return status;
}
