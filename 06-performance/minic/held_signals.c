/* SPDX-License-Identifier: MIT */
/*
 * A signal taken by sigwait is sent to this process again: it is blocked, so it stays pending until
 * the end. Waiting for it again would return at once: after the first one, only the child is waited
 * for.
 */
#include "held_signals.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const int ending[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
enum { ENDING = sizeof ending / sizeof *ending };

/* Without a handler, some systems drop the signal although it is waited for. */
static void on_child(int signal_number)
{
    (void)signal_number;
}

void held_signals_begin(HeldSignals *held)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_child;
    sigemptyset(&action.sa_mask);
    sigaction(SIGCHLD, &action, &held->child);
    sigemptyset(&held->held);
    sigaddset(&held->held, SIGCHLD);
    for (size_t i = 0; i < ENDING; i++)
        sigaddset(&held->held, ending[i]);
    pthread_sigmask(SIG_BLOCK, &held->held, &held->before);
}

void held_signals_forget(const HeldSignals *held)
{
    sigaction(SIGCHLD, &held->child, NULL);
    pthread_sigmask(SIG_SETMASK, &held->before, NULL);
}

static int wait_for(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return status;
}

int held_signals_wait(HeldSignals *held, pid_t child)
{
    int status, came;
    pid_t ended;
    while ((ended = waitpid(child, &status, WNOHANG)) == 0) {
        if (sigwait(&held->held, &came) != 0 || came == SIGCHLD)
            continue;
        kill(child, came);
        kill(getpid(), came);
        return wait_for(child);
    }
    return ended == child ? status : wait_for(child);
}

bool held_signals_came(const HeldSignals *held)
{
    sigset_t pending;
    (void)held;
    if (sigpending(&pending) != 0)
        return false;
    for (size_t i = 0; i < ENDING; i++)
        if (sigismember(&pending, ending[i]))
            return true;
    return false;
}

void held_signals_end(HeldSignals *held)
{
    held_signals_forget(held);
}
