/* SPDX-License-Identifier: MIT */
#include "image_pages.h"

#include "binary_file.h"
#include "output_bytes.h"

static size_t page_count(const ImagePages *pages)
{
    return (size_t)((pages->size + HEAD_PAGE - 1) / HEAD_PAGE);
}

static size_t page_size(const ImagePages *pages, size_t page)
{
    uint64_t left = pages->size - (uint64_t)page * HEAD_PAGE;
    return left < HEAD_PAGE ? (size_t)left : HEAD_PAGE;
}

void image_pages_open(ImagePages *pages, int fd, uint64_t size)
{
    *pages = (ImagePages){.fd = fd, .size = size};
    pages->old = memory_allocate_zeroed(page_count(pages) + 1, sizeof *pages->old);
    pages->now = memory_allocate_zeroed(page_count(pages) + 1, sizeof *pages->now);
}

void image_pages_close(ImagePages *pages)
{
    memory_free(pages->old);
    memory_free(pages->now);
    arena_free(&pages->memory);
    *pages = (ImagePages){.fd = -1};
}

static void load(ImagePages *pages, size_t page)
{
    if (pages->old[page] != NULL)
        return;
    char *bytes = arena_allocate(&pages->memory, HEAD_PAGE);
    int error = read_all_at(pages->fd, bytes, page_size(pages, page), (uint64_t)page * HEAD_PAGE);
    if (error != 0) {
        memset(bytes, 0, HEAD_PAGE);
        pages->error = error;
    }
    pages->old[page] = pages->now[page] = bytes;
}

/* The part of `size` bytes from `offset` on that lies in one page. */
static size_t part_of(const ImagePages *pages, uint64_t offset, size_t size, size_t *page,
                      size_t *at)
{
    *page = (size_t)(offset / HEAD_PAGE);
    *at = (size_t)(offset % HEAD_PAGE);
    size_t room = page_size(pages, *page) - *at;
    return size < room ? size : room;
}

void image_pages_read(ImagePages *pages, uint64_t offset, void *to, size_t size)
{
    char *next = to;
    while (size != 0 && offset < pages->size) {
        size_t page, at, part = part_of(pages, offset, size, &page, &at);
        load(pages, page);
        memcpy(next, pages->now[page] + at, part);
        next += part;
        offset += part;
        size -= part;
    }
    memset(next, 0, size);
}

void image_pages_write(ImagePages *pages, uint64_t offset, const void *from, size_t size)
{
    const char *next = from;
    while (size != 0 && offset < pages->size) {
        size_t page, at, part = part_of(pages, offset, size, &page, &at);
        load(pages, page);
        bool is_change = memcmp(pages->now[page] + at, next, part) != 0;
        if (is_change && pages->now[page] == pages->old[page]) {
            pages->now[page] = arena_allocate(&pages->memory, HEAD_PAGE);
            memcpy(pages->now[page], pages->old[page], HEAD_PAGE);
        }
        if (is_change)
            memcpy(pages->now[page] + at, next, part);
        next += part;
        offset += part;
        size -= part;
    }
}

static void add_run(ByteBuffer *runs, PatchRun run)
{
    PatchRun *end = (PatchRun *)(void *)(runs->data + runs->size);
    if (runs->size != 0 && end[-1].offset + end[-1].size == run.offset)
        end[-1].size += run.size;
    else
        buffer_put(runs, slice_of(&run, sizeof run));
}

void image_pages_collect(const ImagePages *pages, ByteBuffer *runs, ByteBuffer *old,
                         ByteBuffer *now)
{
    for (size_t page = 0; page < page_count(pages); page++) {
        size_t size = page_size(pages, page);
        if (pages->now[page] == pages->old[page] ||
            memcmp(pages->now[page], pages->old[page], size) == 0)
            continue;
        add_run(runs, (PatchRun){(uint64_t)page * HEAD_PAGE, size, 0, now->size});
        buffer_put(old, slice_of(pages->old[page], size));
        buffer_put(now, slice_of(pages->now[page], size));
    }
}

void image_pages_copy(ImagePages *pages, ByteBuffer *to)
{
    for (size_t page = 0; page < page_count(pages); page++) {
        load(pages, page);
        buffer_put(to, slice_of(pages->now[page], page_size(pages, page)));
    }
}
