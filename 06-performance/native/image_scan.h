/* SPDX-License-Identifier: MIT */
/*
 * Which sections of an image name a slot?
 *
 * Asked when a symbol has got another slot, or when nobody may name a C symbol any more: not for the
 * edit of a body. There is no list of callers to keep right; each section knows what it names, and
 * all of them are read. Cost: one pass over the text, on all workers.
 */
#ifndef IMAGE_SCAN_H
#define IMAGE_SCAN_H

#include "executor.h"
#include "image_head.h"
#include "image_section.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ImageScan {
    int fd;                /* of the image */
    const uint64_t *places; /* file offset per section, and the end */
    const bool *skipped;   /* per section */
    uint32_t section_count;
    const ImageParts *parts;
    const bool *moved_units, *moved_c; /* per slot; NULL: none */
    bool *used_c;                      /* per C slot: set if a section names it */
    bool *names_moved;                 /* per section: set if it names a slot that moved */
    ByteBuffer *buffers;               /* private */
    bool is_damaged;                   /* set if a section is not well formed */
} ImageScan;

/* False if the image is damaged. */
bool image_scan(ImageScan *scan, Executor *executor);

#ifdef __cplusplus
}
#endif
#endif
