/* SPDX-License-Identifier: MIT */
/*
 * The first and last steps of a program that keeps files. A library does neither: the descriptors
 * and the signals of a process belong to its program.
 *
 * Descriptors 0, 1 and 2 must be open. Otherwise the next files to be opened get these numbers, and
 * messages are written into them:
 *
 *     minic build main.mini 2>&-            the lock of the cache is descriptor 2 ...
 *     main.mini:1:24: error: ...            ... and holds this line
 *
 * A write that fails must return. The two signals that end a process instead (SIGPIPE, the reader
 * has gone; SIGXFSZ, the file would pass `ulimit -f`) get a handler that does nothing. The write
 * then returns EPIPE or EFBIG, and is reported like any other failure. Ignoring the signals would
 * do the same here. But an ignored signal stays ignored after exec, and a program started from here
 * must find the signals as this one did.
 *
 *     int main(int argc, char **argv)
 *     {
 *         program_begin();
 *         ...
 *         return program_end("minic", status);
 *     }
 */
#ifndef PROGRAM_BEGIN_H
#define PROGRAM_BEGIN_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PROGRAM_OUTPUT_LOST = 3 }; /* the exit status of a failing machine */

/* Opened for the opposite use: a write to a closed descriptor still fails and is reported. Without
 * /dev/null, the root directory takes its place: it can be neither read nor written. */
static inline void program_open_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) < 0)
            (void)!open("/", O_RDONLY);
}

static inline void program_let_write_fail(int signal_number)
{
    (void)signal_number;
}

static inline void program_begin(void)
{
    static const int signals[] = {SIGPIPE, SIGXFSZ};
    program_open_standard_descriptors();
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction action;
        if (sigaction(signals[i], NULL, &action) != 0 || action.sa_handler != SIG_DFL)
            continue; /* our parent ignores it: our children must too */
        memset(&action, 0, sizeof action);
        action.sa_handler = program_let_write_fail;
        action.sa_flags = SA_RESTART;
        sigemptyset(&action.sa_mask);
        sigaction(signals[i], &action, NULL);
    }
}

/* The exit status: `status`, or PROGRAM_OUTPUT_LOST and a line on stderr if that was 0 and output
 * to stdout was lost. A file server may report that only when the file is closed. */
static inline int program_end(const char *name, int status)
{
    bool was_lost = ferror(stdout);
    bool is_lost = fflush(stdout) != 0 || (close(STDOUT_FILENO) != 0 && errno != EINTR);
    if ((!was_lost && !is_lost) || status != 0)
        return status;
    fprintf(stderr, "%s: cannot write to standard output%s%s\n", name, is_lost ? ": " : "",
            is_lost ? strerror(errno) : "");
    return PROGRAM_OUTPUT_LOST;
}

#ifdef __cplusplus
}
#endif
#endif
