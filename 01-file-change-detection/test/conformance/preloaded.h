/* SPDX-License-Identifier: MIT */
/*
 * What the preloaded libraries have in common. Each defines a clock_gettime that bends the wall
 * clock; the older ways to ask for the time go by it. For one file of a library, after _GNU_SOURCE.
 */
#ifndef PRELOADED_H
#define PRELOADED_H

#include <dlfcn.h>
#include <sys/time.h>
#include <time.h>

/* The function of the C library that this one stands before. */
#define REAL(name, ...) ((int (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name))

int gettimeofday(struct timeval *restrict time, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *time = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *result)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (result != NULL)
        *result = now.tv_sec;
    return now.tv_sec;
}

#endif
