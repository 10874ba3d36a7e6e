/* SPDX-License-Identifier: MIT */
/*
 * The head of the last image, a page at a time: read when something in it is looked at, copied when
 * something in it changes.
 *
 * An edit of one function changes one page of the slots and one of the symbols. A program of 30,000
 * functions has 600 pages of them: to read them all would cost more than everything else.
 *
 *     image_pages_read(&pages, offset, &slot, sizeof slot);
 *     image_pages_write(&pages, offset, &slot, sizeof slot);
 *     image_pages_collect(&pages, &runs, &old, &now);        what differs
 *
 * Threads: one.
 */
#ifndef IMAGE_PAGES_H
#define IMAGE_PAGES_H

#include "memory.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ImagePages {
    int fd;
    uint64_t size;
    char **old, **now; /* per page; NULL: not read; equal: not written to */
    Arena memory;
    int error; /* of a page that could not be read: it counts as zeros. Sticky */
} ImagePages;

/* The first `size` bytes of an open file. */
void image_pages_open(ImagePages *pages, int fd, uint64_t size);
void image_pages_close(ImagePages *pages);

/* Bytes as they are by now; what lies behind the end is zeros. */
void image_pages_read(ImagePages *pages, uint64_t offset, void *to, size_t size);

/* Replaces bytes, in memory. Equal ones change nothing. */
void image_pages_write(ImagePages *pages, uint64_t offset, const void *from, size_t size);

/* Appends the pages that differ: PatchRun each to `runs`, whose `source` is an offset in `old` and
 * `now`. */
void image_pages_collect(const ImagePages *pages, ByteBuffer *runs, ByteBuffer *old,
                         ByteBuffer *now);

/* Appends the whole head as it is by now. */
void image_pages_copy(ImagePages *pages, ByteBuffer *to);

#ifdef __cplusplus
}
#endif
#endif
