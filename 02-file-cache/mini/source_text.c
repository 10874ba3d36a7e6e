/* SPDX-License-Identifier: MIT */
/*
 * Nearly all sources are ASCII. Eight bytes at once are known to be neither NUL nor above 127 if
 * subtracting 1 from each borrows nowhere and no top bit was set; only where that fails are bytes
 * checked one by one.
 */
#include "source_text.h"

size_t utf8_decode(const char *at, const char *end, uint32_t *code_point)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t first = (unsigned char)*at;
    *code_point = first;
    if (first < 0x80)
        return 1;
    if (first < 0xC0 || first >= 0xF8)
        return 0;
    size_t size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    *code_point = first & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++) { /* bytes of the form 10xxxxxx */
        if (at + i >= end || ((unsigned char)at[i] & 0xC0) != 0x80)
            return 0;
        *code_point = *code_point << 6 | ((unsigned char)at[i] & 0x3F);
    }
    if (*code_point < smallest[size] || *code_point > 0x10FFFF ||
        (*code_point >= 0xD800 && *code_point < 0xE000))
        return 0;
    return size;
}

/* The top bits of the bytes that are not plain. */
static uint64_t suspects(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return ((word - 0x0101010101010101u) | word) & 0x8080808080808080u;
}

/* The start of the first 32 bytes, or fewer at the end, that are not all plain. */
static const char *skip_plain(const char *at, const char *end)
{
    while (end - at >= 32 &&
           (suspects(at) | suspects(at + 8) | suspects(at + 16) | suspects(at + 24)) == 0)
        at += 32;
    while (end - at >= 8 && suspects(at) == 0)
        at += 8;
    return at;
}

size_t source_text_find_bad(Slice source, size_t from)
{
    const char *at = source.data + from, *end = source.data + source.size;
    while ((at = skip_plain(at, end)) < end) {
        uint32_t code_point;
        size_t size = utf8_decode(at, end, &code_point);
        if (size == 0 || code_point == 0)
            break;
        at += size;
    }
    return (size_t)(at - source.data);
}

uint32_t source_text_line_starts(Slice source, ByteBuffer *starts)
{
    const char *at = source.data, *end = source.data + source.size;
    uint32_t count = 0;
    while (at != NULL) {
        buffer_put_u32(starts, (uint32_t)(at - source.data));
        count++;
        at = at == end ? NULL : memchr(at, '\n', (size_t)(end - at));
        if (at != NULL)
            at++;
    }
    return count;
}

uint32_t source_text_line(const uint32_t *starts, uint32_t count, uint32_t offset)
{
    uint32_t low = 0, high = count; /* starts[low] <= offset < starts[high] */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (starts[middle] <= offset)
            low = middle;
        else
            high = middle;
    }
    return low + 1;
}
