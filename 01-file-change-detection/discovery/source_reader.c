/* SPDX-License-Identifier: MIT */
/*
 * What a reader says is checked here, once for all who ask: no stamp survives an error, no bytes
 * are NULL, and there are never more than were asked for.
 */
#include "source_reader.h"

#include "source_path.h"

#include <errno.h>
#include <stdlib.h>

int source_ask_reader(const SourceReader *reader, const char *path, FileStamp *stamp)
{
    *stamp = (FileStamp){0};
    int status = reader->stamp(reader->context, path, stamp);
    if (status != 0)
        *stamp = (FileStamp){0};
    return status;
}

int source_read_bytes(const SourceReader *reader, int dir_fd, const char *path, size_t limit,
                      Arena *arena, Slice *bytes, FileStamp *stamp)
{
    if (reader == NULL)
        return file_read_start(dir_fd, path, limit, arena, bytes, stamp);
    *bytes = (Slice){"", 0};
    *stamp = (FileStamp){0};
    int status = reader->read(reader->context, path, limit, arena, bytes, stamp);
    if (status == 0 && limit == 0 && bytes->size > INT32_MAX)
        status = -EFBIG;
    bool is_cut = status == 0 && limit != 0 && bytes->size > limit;
    if (is_cut)
        *bytes = slice_of(arena_copy(arena, slice_of(bytes->data, limit)), limit);
    if (status != 0 || is_cut)
        *stamp = (FileStamp){0};
    if (status != 0 || bytes->size == 0)
        *bytes = (Slice){"", 0};
    return status;
}

/* ---- overlays -------------------------------------------------------------------------------- */

const SourceOverlay *source_overlays_find(const SourceOverlays *overlays, Slice path)
{
    size_t low = 0, high = overlays->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = slice_compare(slice_from(overlays->items[middle].path), path);
        if (order == 0)
            return &overlays->items[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static int stamp_overlaid(void *context, const char *path, FileStamp *stamp)
{
    const SourceOverlays *overlays = context;
    const SourceOverlay *overlay = source_overlays_find(overlays, slice_from(path));
    if (overlay == NULL)
        return source_stamp(overlays->below, overlays->dir_fd, path, stamp);
    return overlay->bytes.data == NULL ? -ENOENT : 0;
}

static int read_overlaid(void *context, const char *path, size_t limit, Arena *arena, Slice *bytes,
                         FileStamp *stamp)
{
    const SourceOverlays *overlays = context;
    const SourceOverlay *overlay = source_overlays_find(overlays, slice_from(path));
    if (overlay == NULL)
        return source_read_bytes(overlays->below, overlays->dir_fd, path, limit, arena, bytes,
                                 stamp);
    if (overlay->bytes.data == NULL)
        return -ENOENT;
    size_t size = overlay->bytes.size;
    if (limit != 0 && size > limit)
        size = limit;
    *bytes = slice_of(arena_copy(arena, slice_of(overlay->bytes.data, size)), size);
    return 0;
}

typedef struct GivenOverlay {
    SourceOverlay overlay;
    size_t number;
} GivenOverlay;

/* Of one path, the last that was given comes first. */
static int compare_given(const void *a, const void *b)
{
    const GivenOverlay *left = a, *right = b;
    int order = slice_compare(slice_from(left->overlay.path), slice_from(right->overlay.path));
    return order != 0 ? order : left->number < right->number ? 1 : -1;
}

const SourceOverlay *source_overlays_make(SourceOverlays *overlays, const SourceOverlay *files,
                                          size_t count, int dir_fd, const SourceReader *below,
                                          Arena *arena)
{
    GivenOverlay *given = arena_allocate(arena, count * sizeof *given);
    *overlays = (SourceOverlays){.reader = {stamp_overlaid, read_overlaid, overlays},
                                 .below = below,
                                 .dir_fd = dir_fd,
                                 .items = arena_allocate(arena, count * sizeof(SourceOverlay))};
    for (size_t i = 0; i < count; i++) {
        Slice path;
        if (source_path_normalize(slice_from(files[i].path), arena, &path) != PATH_OK)
            return &files[i];
        given[i] = (GivenOverlay){{path.data, files[i].bytes}, i};
    }
    if (count != 0)
        qsort(given, count, sizeof *given, compare_given);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || strcmp(given[i].overlay.path, given[i - 1].overlay.path) != 0)
            overlays->items[overlays->count++] = given[i].overlay;
    return NULL;
}
