/* SPDX-License-Identifier: MIT */
/* The sizes are computed before the bytes, from the same parts: the bytes always fit. */
#include "output_layout.h"

#include "file_marker.h"

static char *write_bytes(char *to, Slice bytes)
{
    if (bytes.size != 0)
        memcpy(to, bytes.data, bytes.size);
    return to + bytes.size;
}

/* Pads the blocks that begin at `start` and are written up to `to`. */
static void write_padding(const char *start, char *to)
{
    size_t size = OUTPUT_BLOCK - (size_t)(to - start) % OUTPUT_BLOCK;
    memset(to, ' ', size - 1);
    to[size - 1] = '\n';
}

void prelude_write(char *to, Slice prelude)
{
    write_padding(to, write_bytes(to, prelude));
}

uint64_t section_blocks(Slice path, const Slice *texts, uint32_t text_count)
{
    uint64_t size = file_marker_size(path);
    for (uint32_t i = 0; i < text_count; i++)
        size += texts[i].size;
    return blocks_of(size);
}

void section_write(char *to, Slice path, const Slice *texts, uint32_t text_count)
{
    char *text = to + file_marker_size(path), *end = text;
    for (uint32_t i = 0; i < text_count; i++)
        end = write_bytes(end, texts[i]);
    write_padding(to, end);
    file_marker_write(to, path, hash_bytes(slice_of(text, (size_t)(end - text))));
}

bool blocks_hold_marker(Slice blocks)
{
    Arena paths = {0};
    FileMarker marker;
    bool holds = false;
    for (size_t at = OUTPUT_BLOCK; at < blocks.size && !holds; at += OUTPUT_BLOCK)
        holds = blocks.data[at - 1] == '\n' &&
                file_marker_read(slice_of(blocks.data + at, blocks.size - at), &paths, &marker);
    arena_free(&paths);
    return holds;
}
