/* SPDX-License-Identifier: MIT */
/*
 * The bytes lie in one of two places. After loading, they are a private mapping of the file, with
 * room after it for appending. When that room is used up, or the owner replaces the image, they are
 * in a buffer of our own.
 */
#include "image.h"

#include <stdlib.h>

enum {
    ALIGNMENT = 8,
    SPARE_ROOM = 1 << 20, /* address space after a loaded image; costs nothing until used */
};

/* ---- on disk ------------------------------------------------------------------------------ */

int image_load(Image *image, int dir_fd, const char *name, const BinaryFormat *format,
               size_t growth)
{
    *image = (Image){0};
    int status = binary_file_map(dir_fd, name, format, growth + SPARE_ROOM, &image->base);
    if (status != 0)
        return status;
    image->data = image->base.content;
    image->size = image->base.content_size + growth;
    return 0;
}

int image_save(Image *image, int dir_fd, const char *name, const BinaryFormat *format, bool sync)
{
    if (!image_is_changed(image))
        return 0;
    Slice bytes = image_slice(image);
    int status = binary_file_write(dir_fd, name, format, &bytes, 1, sync);
    if (status == 0)
        image_forget_changes(image);
    return status;
}

void image_close(Image *image)
{
    mapped_file_close(&image->base);
    buffer_free(&image->own);
    memory_free(image->marks);
    *image = (Image){0};
}

/* ---- changing ----------------------------------------------------------------------------- */

void image_mark(Image *image, size_t offset, size_t size)
{
    if (size == 0)
        return;
    if (image->mark_count == image->mark_capacity) {
        image->mark_capacity = image->mark_capacity == 0 ? 16 : image->mark_capacity * 2;
        image->marks = memory_resize(image->marks, image->mark_capacity * sizeof *image->marks);
    }
    image->marks[image->mark_count++] = (ImageMark){offset, size};
}

/* Makes room for `extra` bytes after the last one: in the mapping, else in a buffer of our own. */
static void reserve(Image *image, size_t extra)
{
    if (image->base.mapping != NULL) {
        if (extra <= image->base.content_size + image->base.room - image->size)
            return;
        buffer_reserve(&image->own, image->size + image->size / 2 + extra);
        memcpy(image->own.data, image->data, image->size);
        mapped_file_close(&image->base);
    }
    image->own.size = image->size;
    buffer_reserve(&image->own, extra);
    image->data = image->own.data;
}

size_t image_append(Image *image, const void *bytes, size_t size)
{
    size_t offset = (image->size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    size_t padding = offset - image->size;
    if (size == 0)
        return offset;
    reserve(image, padding + size);
    memset(image->data + image->size, 0, padding);
    if (bytes == NULL)
        memset(image->data + offset, 0, size);
    else
        memcpy(image->data + offset, bytes, size);
    image_mark(image, image->size, padding + size);
    image->size = offset + size;
    return offset;
}

void image_replace(Image *image, ByteBuffer *bytes)
{
    mapped_file_close(&image->base);
    buffer_free(&image->own);
    image->own = *bytes;
    *bytes = (ByteBuffer){0};
    image->data = image->own.data;
    image->size = image->own.size;
    image->mark_count = 0;
    image->replaced = true;
}

void image_forget_changes(Image *image)
{
    image->mark_count = 0;
    image->replaced = false;
}
