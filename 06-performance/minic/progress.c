/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define FIRST_SECONDS 0.2
#define TICK_SECONDS 0.1
enum { LONGEST_LINE = 200 };

static const char erase[] = "\r\033[K";

bool progress_is_possible(void)
{
    const char *terminal = getenv("TERM");
    return isatty(STDERR_FILENO) && terminal != NULL && terminal[0] != '\0' &&
           strcmp(terminal, "dumb") != 0;
}

/* ---- the line ------------------------------------------------------------------------------- */

/* Read each time: a window may change its size. */
static int columns_of_terminal(void)
{
    struct winsize window;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col != 0)
        return window.ws_col;
    const char *columns = getenv("COLUMNS");
    int number = columns == NULL ? 0 : atoi(columns);
    return number > 0 ? number : 80;
}

int progress_line(char *line, int size, int columns, const char *phase, size_t done, size_t total,
                  double seconds)
{
    int used = total == 0 ? snprintf(line, (size_t)size, "%s, %.1f s", phase, seconds)
                          : snprintf(line, (size_t)size, "%s %zu/%zu, %.1f s", phase, done, total,
                                     seconds);
    used = used < 0 ? 0 : used < size ? used : size - 1;
    /* A line that reaches the last column makes some terminals wrap. */
    return used < columns ? used : columns - 1;
}

/* What cannot be written now is drawn at the next tick. */
static void write_out(const char *text, size_t size)
{
    ssize_t written = write(STDERR_FILENO, text, size);
    (void)written;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void draw(Progress *progress)
{
    char text[sizeof erase + LONGEST_LINE];
    size_t done = 0, total = 0, begin = sizeof erase - 1;
    if (progress->phase == NULL)
        return;
    if (progress->pool != NULL && progress->has_items)
        work_pool_progress(progress->pool, &done, &total);
    memcpy(text, erase, begin);
    int size = progress_line(text + begin, LONGEST_LINE, columns_of_terminal(), progress->phase,
                             done, total, seconds_now() - progress->begun);
    write_out(text, begin + (size_t)size);
    progress->is_drawn = true;
}

static void clear(Progress *progress)
{
    if (progress->is_drawn)
        write_out(erase, sizeof erase - 1);
    progress->is_drawn = false;
}

/* ---- the thread ----------------------------------------------------------------------------- */

/* The wall clock: the only clock that timed waits support everywhere. If it is set, a tick is early
 * or late. */
static struct timespec moment_after(double seconds)
{
    struct timespec moment;
    clock_gettime(CLOCK_REALTIME, &moment);
    long long ns = moment.tv_nsec + (long long)(seconds * 1e9);
    moment.tv_sec += (time_t)(ns / 1000000000);
    moment.tv_nsec = (long)(ns % 1000000000);
    return moment;
}

static void *tick(void *arg)
{
    Progress *progress = arg;
    double wait = progress->begun + FIRST_SECONDS - seconds_now();
    pthread_mutex_lock(&progress->mutex);
    while (!progress->is_ended) {
        struct timespec next = moment_after(wait > 0 ? wait : 0);
        int status = 0;
        while (!progress->is_ended && status != ETIMEDOUT)
            status = pthread_cond_timedwait(&progress->ended, &progress->mutex, &next);
        if (!progress->is_ended)
            draw(progress);
        wait = TICK_SECONDS;
    }
    pthread_mutex_unlock(&progress->mutex);
    return NULL;
}

void progress_begin(Progress *progress, const WorkPool *pool, double begun)
{
    *progress = (Progress){.pool = pool, .begun = begun};
    pthread_mutex_init(&progress->mutex, NULL);
    pthread_cond_init(&progress->ended, NULL);
    /* Signals are for the working thread. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    progress->is_begun = pthread_create(&progress->thread, NULL, tick, progress) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void progress_end(Progress *progress)
{
    if (!progress->is_begun)
        return;
    pthread_mutex_lock(&progress->mutex);
    progress->is_ended = true;
    clear(progress);
    pthread_cond_signal(&progress->ended);
    pthread_mutex_unlock(&progress->mutex);
    pthread_join(progress->thread, NULL);
    pthread_cond_destroy(&progress->ended);
    pthread_mutex_destroy(&progress->mutex);
    *progress = (Progress){0};
}

void progress_phase(Progress *progress, const char *phase, bool has_items)
{
    if (!progress->is_begun)
        return;
    pthread_mutex_lock(&progress->mutex);
    progress->phase = phase;
    progress->has_items = has_items;
    pthread_mutex_unlock(&progress->mutex);
}

void progress_hold(Progress *progress)
{
    if (!progress->is_begun)
        return;
    pthread_mutex_lock(&progress->mutex);
    clear(progress);
}

void progress_release(Progress *progress)
{
    if (progress->is_begun)
        pthread_mutex_unlock(&progress->mutex);
}
