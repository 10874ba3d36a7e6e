/* SPDX-License-Identifier: MIT */
/*
 * The functions of the C library through which a build learns of files, redefined: stat's times are
 * rounded to the tick of a coarse file system, and an edit is made just before the N-th call. Time
 * may run faster, so that a tick of 2 s is over in 10 ms.
 *
 * A program that includes this calls these and not the C library's: include it only in a test's own
 * file. In the initial state of `world`, nothing is changed. _GNU_SOURCE must be defined.
 *
 *     begin_ticks(2 * SECOND);
 *     ...                                     builds, whose stamps are whole ticks
 *     end_ticks();
 *     edit_before_call(7, function, context);
 *     ...                                     a build; its seventh call finds the edit done
 *     bool was_reached = cancel_edit();
 */
#ifndef BENT_CALLS_H
#define BENT_CALLS_H

#include "scratch.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SECOND INT64_C(1000000000)

static struct {
    int64_t tick_ns; /* 0: times are unchanged */
    int64_t speed;   /* speed of time, from start_ns on */
    int64_t start_ns;
    bool probe_lies; /* the clock file's mtime is reported an hour late */
    unsigned bent;  /* number of changed times */
    unsigned calls; /* since edit_before_call */
    unsigned edit_at;
    void (*edit)(void *context); /* NULL: no edit is pending */
    void *context;
} world;

static void *next_definition(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL)
        abort();
    return function;
}

/* Called before each call. */
static void note_call(void)
{
    if (world.edit == NULL || ++world.calls != world.edit_at)
        return;
    void (*edit)(void *context) = world.edit;
    world.edit = NULL;
    edit(world.context);
}

/* What was before the ticks began stays as it was. */
static int64_t bend_ns(int64_t ns)
{
    if (world.tick_ns == 0 || ns < world.start_ns)
        return ns;
    return world.start_ns + (ns - world.start_ns) * world.speed;
}

static void bend_time(struct timespec *time, int64_t tick_ns)
{
    int64_t ns = bend_ns((int64_t)time->tv_sec * SECOND + time->tv_nsec);
    if (tick_ns > 1)
        ns -= ns % tick_ns;
    *time = (struct timespec){.tv_sec = ns / SECOND, .tv_nsec = ns % SECOND};
    world.bent++;
}

static void bend_status(struct stat *status)
{
    if (world.tick_ns == 0)
        return;
    bend_time(&status->st_mtim, world.tick_ns);
    bend_time(&status->st_ctim, world.tick_ns);
}

static bool is_probe(int fd)
{
    char link[64], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path);
    return size > 6 && memcmp(path + size - 6, "/clock", 6) == 0;
}

int fstat(int fd, struct stat *status)
{
    int (*real)(int, struct stat *);
    *(void **)&real = next_definition("fstat");
    note_call();
    int result = real(fd, status);
    if (result == 0)
        bend_status(status);
    if (result == 0 && world.probe_lies && is_probe(fd))
        status->st_mtim.tv_sec += 3600;
    return result;
}

static int real_fstatat(int dir_fd, const char *path, struct stat *status, int flags)
{
    int (*real)(int, const char *, struct stat *, int);
    *(void **)&real = next_definition("fstatat");
    return real(dir_fd, path, status, flags);
}

int fstatat(int dir_fd, const char *restrict path, struct stat *restrict status, int flags)
{
    note_call();
    int result = real_fstatat(dir_fd, path, status, flags);
    if (result == 0)
        bend_status(status);
    return result;
}

ssize_t read(int fd, void *bytes, size_t size)
{
    ssize_t (*real)(int, void *, size_t);
    *(void **)&real = next_definition("read");
    note_call();
    return real(fd, bytes, size);
}

int openat(int dir_fd, const char *path, int flags, ...)
{
    int (*real)(int, const char *, int, ...);
    *(void **)&real = next_definition("openat");
    note_call();
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return real(dir_fd, path, flags, mode);
}

int clock_gettime(clockid_t clock, struct timespec *time)
{
    int (*real)(clockid_t, struct timespec *);
    *(void **)&real = next_definition("clock_gettime");
    int result = real(clock, time);
    if (result == 0 && clock == CLOCK_REALTIME && world.tick_ns != 0)
        bend_time(time, 1);
    return result;
}

/* Rounds stamps to `tick_ns` from now on; a tick lasts 10 ms at most. */
static void begin_ticks(int64_t tick_ns)
{
    struct timespec now;
    world.tick_ns = 0;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
    world.start_ns = (int64_t)now.tv_sec * SECOND;
    world.speed = tick_ns > SECOND / 100 ? tick_ns / (SECOND / 100) : 1;
    world.tick_ns = tick_ns;
}

static void end_ticks(void)
{
    world.tick_ns = 0;
    world.probe_lies = false;
}

static void edit_before_call(unsigned number, void (*edit)(void *context), void *context)
{
    world.edit = edit;
    world.context = context;
    world.calls = 0;
    world.edit_at = number;
}

/* True if that many calls were made, and so the edit was. */
static bool cancel_edit(void)
{
    bool was_made = world.edit == NULL;
    world.edit = NULL;
    return was_made;
}

#endif
