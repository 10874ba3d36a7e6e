/* SPDX-License-Identifier: MIT */
/*
 * Shared by the programs of the benchmark, as common.sh is by its scripts: whole files, the clock,
 * random numbers, and numbers on the command line.
 */
#ifndef COMMON_H
#define COMMON_H

#include "binary_file.h"
#include "file_stamp.h"
#include "system_calls.h"

#include <stdlib.h>
#include <time.h>

/* Replaces the contents of `text` by the bytes of a file, NUL-terminated so that string functions
 * can search them. 0 or a negative errno. */
static inline int read_whole_file(const char *path, ByteBuffer *text)
{
    Arena arena = {0};
    Slice bytes = {0};
    FileStamp stamp;
    int status = file_read(AT_FDCWD, path, &arena, &bytes, &stamp);
    text->size = 0;
    buffer_put(text, bytes);
    buffer_put_byte(text, '\0');
    text->size--;
    arena_free(&arena);
    return status;
}

/* Overwrites the file itself, or makes a new one: one part after another. 0 or a negative errno. */
static inline int write_whole_file(const char *path, const Slice *parts, size_t part_count)
{
    int fd = open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC);
    if (fd < 0)
        return -errno;
    int status = write_all_at(fd, parts, part_count, 0);
    return close_fd(fd) != 0 && status == 0 ? -errno : status;
}

/* A processor that has just been idle is slower than a busy one, and a file that was just edited
 * cannot be trusted yet: 50 ms. */
static inline void take_a_break(void)
{
    nanosleep(&(struct timespec){0, 50000000}, NULL);
}

static inline double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* splitmix64: the same numbers for the same start, on every machine. */
static inline uint64_t next_random(uint64_t *random)
{
    uint64_t z = *random += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

/* From `low` to `high`. The bias of the modulo does not matter here. */
static inline int random_between(uint64_t *random, int low, int high)
{
    return low + (int)(next_random(random) % (uint64_t)(high - low + 1));
}

/* False if `text`, which may be NULL, is not a decimal number from `low` to `high`. */
static inline bool parse_number(const char *text, int low, int high, int *number)
{
    char *end;
    long value = text == NULL ? 0 : strtol(text, &end, 10);
    *number = (int)value;
    return text != NULL && end != text && *end == '\0' && value >= low && value <= high;
}

#endif
