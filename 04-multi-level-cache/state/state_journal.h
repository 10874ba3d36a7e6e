/* SPDX-License-Identifier: MIT */
/*
 * The journal of a state file: "these bytes at this offset", one entry after another.
 *
 *     checksum u64  offset u64  size u64 │ bytes, padded to 8 │ checksum ...
 *
 * The checksum of an entry covers the checksum before it and all that follows in the entry. A
 * journal therefore fits only the base it was made for, and only as a whole.
 *
 * Private to state_file. Nothing here decides how much of a journal counts.
 */
#ifndef STATE_JOURNAL_H
#define STATE_JOURNAL_H

#include "state_file.h"

/* Sorts the marks and joins two if the gap between them is shorter than a header. Returns how many
 * are left. */
size_t journal_join_marks(ImageMark *marks, size_t count);

/* How many bytes the entries for these marks take. */
uint64_t journal_size_of(const ImageMark *marks, size_t count);

/* Appends an entry for each mark of the image. Returns the checksum of the last one; `checksum` is
 * the one before the first. */
uint64_t journal_put(ByteBuffer *journal, const char *image, const ImageMark *marks, size_t count,
                     uint64_t checksum);

/* Writes the bytes of all entries into the image. *checksum is the one before the first entry, and
 * on return that of the last. 0, or -EBADMSG: an entry is damaged, or reaches past the image. */
int journal_replay(Slice journal, char *image, size_t image_size, uint64_t *checksum);

/* The first `size` bytes of the file, appended to `journal`; and bytes written at an offset of it.
 * 0 or a negative errno; -EBADMSG if the file is shorter, or not a regular file. */
int journal_read(int dir_fd, const char *name, uint64_t size, ByteBuffer *journal);
int journal_write(int dir_fd, const char *name, Slice entries, uint64_t offset, bool sync);

#endif
