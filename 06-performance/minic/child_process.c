/* SPDX-License-Identifier: MIT */
/*
 * How does the parent know that the program has started? It holds a pipe whose other end closes
 * when exec succeeds; if exec fails, its errno comes through instead.
 */
#include "child_process.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

int child_start(ChildProcess *child, const char *path, char *const arguments[],
                const HeldSignals *held)
{
    int ends[2], why = 0;
    if (pipe(ends) != 0)
        return -errno;
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &ignore, &child->interrupt);
    sigaction(SIGQUIT, &ignore, &child->quit);
    child->id = fork();
    if (child->id == 0) {
        sigaction(SIGINT, &child->interrupt, NULL);
        sigaction(SIGQUIT, &child->quit, NULL);
        if (held != NULL)
            held_signals_forget(held);
        close(ends[0]);
        execv(path, arguments);
        why = errno;
        ssize_t written = write(ends[1], &why, sizeof why);
        (void)written;
        _exit(127);
    }
    int fork_error = child->id < 0 ? errno : 0;
    close(ends[1]);
    if (fork_error != 0)
        why = fork_error;
    else if (read(ends[0], &why, sizeof why) != (ssize_t)sizeof why)
        why = 0;
    close(ends[0]);
    return -why;
}

int child_wait(ChildProcess *child, HeldSignals *held, ByteBuffer *error)
{
    int status = 0;
    if (held != NULL)
        status = held_signals_wait(held, child->id);
    else
        while (waitpid(child->id, &status, 0) < 0 && errno == EINTR)
            continue;
    sigaction(SIGINT, &child->interrupt, NULL);
    sigaction(SIGQUIT, &child->quit, NULL);
    if (!WIFSIGNALED(status))
        return WEXITSTATUS(status);
    buffer_put(error, slice_from("the program was ended by a signal: "));
    buffer_put(error, slice_from(strsignal(WTERMSIG(status))));
    return 128 + WTERMSIG(status);
}

char **child_arguments(char *first, char *second, char *const rest[])
{
    size_t count = 0;
    while (rest[count] != NULL)
        count++;
    char **list = memory_allocate((count + 3) * sizeof *list);
    size_t used = 0;
    list[used++] = first;
    if (second != NULL)
        list[used++] = second;
    memcpy(list + used, rest, (count + 1) * sizeof *list);
    return list;
}
