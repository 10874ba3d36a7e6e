/* SPDX-License-Identifier: MIT */
/*
 * A run of bytes owned elsewhere.
 *
 * Paths, sources, names and file contents travel through every stage as slices: a pointer and a
 * length, never terminated, never copied just to be read. A slice is valid as long as the memory it
 * points into; each function that returns one says how long that is.
 */
#ifndef SLICE_H
#define SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct Slice {
    const char *data;
    size_t size; /* bytes */
} Slice;

/* The bytes of a C string, without its terminator. Lives as long as `text`. */
static inline Slice slice_from(const char *text)
{
    Slice slice = {text, strlen(text)};
    return slice;
}

static inline Slice slice_of(const void *data, size_t size)
{
    Slice slice = {(const char *)data, size};
    return slice;
}

static inline bool slice_equal(Slice a, Slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Byte order: negative, zero or positive, as memcmp; a prefix comes before what it begins. */
static inline int slice_compare(Slice a, Slice b)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter == 0 ? 0 : memcmp(a.data, b.data, shorter);
    if (order != 0)
        return order;
    return (a.size > b.size) - (a.size < b.size);
}

#endif
