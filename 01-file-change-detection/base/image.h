/* SPDX-License-Identifier: MIT */
/*
 * A table in one piece: bytes in memory, and which of them differ from what is on disk.
 *
 *     data    │ as loaded ···▓▓▓▓···········▓▓ │ room to grow in │
 *     marks                  │  │           │└ 96, 2
 *                            └──┴ 40, 4
 *
 * It holds offsets and no pointers and is used in place: loading it is one mmap and one pass of the
 * checksum. Changed bytes are marked. An unchanged image is not written again, and a journal (stage
 * 4) can record only the marked bytes. Here the image is one file and is saved whole.
 *
 *     Image image;
 *     image_load(&image, AT_FDCWD, "table.bin", &format, 0);      missing or damaged: empty
 *     ((Record *)image.data)[7] = changed;
 *     image_mark(&image, 7 * sizeof(Record), sizeof(Record));
 *     image_save(&image, AT_FDCWD, "table.bin", &format, false);
 *     image_close(&image);
 *
 * Threads: any number may read; one may write.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include "binary_file.h"
#include "memory.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ImageMark { /* these bytes differ from what is on disk */
    uint64_t offset;
    uint64_t size;
} ImageMark;

typedef struct Image { /* {0} is empty, with nothing on disk */
    char *data;        /* may be written below `size`; moves in append and replace */
    size_t size;
    bool replaced;    /* all of it differs from what is on disk */
    ImageMark *marks; /* owned; they may overlap */
    size_t mark_count, mark_capacity;
    MappedFile base; /* holds the bytes until they outgrow the mapping */
    ByteBuffer own;  /* holds them after that, or after replace */
} Image;

static inline Slice image_slice(const Image *image)
{
    return slice_of(image->data, image->size);
}

/* Loads what image_save wrote, with `growth` zeroed bytes after it. 0; -ENOENT or -EBADMSG: missing
 * or damaged, and the image is empty and usable; or another negative errno, and it is empty. The
 * caller closes in every case. Cost: one pass over the bytes. */
int image_load(Image *image, int dir_fd, const char *name, const BinaryFormat *format,
               size_t growth);

/* Writes all of it if anything changed since it was loaded or saved; with `sync`, fsyncs. 0 or a
 * negative errno, and the file is as it was. */
int image_save(Image *image, int dir_fd, const char *name, const BinaryFormat *format, bool sync);

void image_close(Image *image);

/* Marks the bytes [offset, offset + size) as changed in place. */
void image_mark(Image *image, size_t offset, size_t size);

/* Adds bytes after the last one, 8-byte aligned, marked; returns their offset. `bytes` may be NULL
 * for zeros. Pointers into the image are invalid afterwards. */
size_t image_append(Image *image, const void *bytes, size_t size);

/* Makes `bytes` (taken over, emptied) the whole image. Pointers into the old one are invalid. */
void image_replace(Image *image, ByteBuffer *bytes);

/* True if anything differs from what is on disk. */
static inline bool image_is_changed(const Image *image)
{
    return image->replaced || image->mark_count != 0;
}

/* Clears the marks: the caller has written those bytes. image_save does this itself. */
void image_forget_changes(Image *image);

#ifdef __cplusplus
}
#endif
#endif
