/* SPDX-License-Identifier: MIT */
#include "probe_directory.h"

#include "cache_mark.h"
#include "system_calls.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Besides these: s and a number. */
static const char *const made_names[] = {"looked", "tick", "file",  "renamed", "old",
                                         "new",    "lock", "inode", "mapped"};
enum { MADE_NAMES = sizeof made_names / sizeof *made_names };

/* Is this the name of a probe's file? */
static bool is_ours(const char *name)
{
    for (size_t i = 0; i < MADE_NAMES; i++)
        if (strcmp(name, made_names[i]) == 0)
            return true;
    if (cache_mark_is_trial(name))
        return true;
    return name[0] == 's' && name[1] != '\0' && name[1 + strspn(name + 1, "0123456789")] == '\0';
}

/* Calls `visit` for each name but "." and ".." until one call fails. */
static int for_each_name(int fd, int (*visit)(int fd, const char *name))
{
    int list_fd = open_at(fd, ".", O_RDONLY | O_DIRECTORY), status = 0;
    DIR *list = list_fd < 0 ? NULL : fdopendir(list_fd);
    if (list == NULL) {
        status = -errno;
        if (list_fd >= 0)
            close(list_fd);
        return status;
    }
    for (struct dirent *item; status == 0 && (item = readdir(list)) != NULL;)
        if (strcmp(item->d_name, ".") != 0 && strcmp(item->d_name, "..") != 0)
            status = visit(fd, item->d_name);
    closedir(list);
    return status;
}

static int refuse_foreign(int fd, const char *name)
{
    (void)fd;
    return is_ours(name) ? 0 : -EEXIST;
}

static int remove_name(int fd, const char *name)
{
    return unlinkat(fd, name, 0) == 0 || errno == ENOENT ? 0 : -errno;
}

static void hold_signals(sigset_t *before)
{
    sigset_t ending;
    sigemptyset(&ending);
    sigaddset(&ending, SIGHUP);
    sigaddset(&ending, SIGINT);
    sigaddset(&ending, SIGQUIT);
    sigaddset(&ending, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &ending, before);
}

static void release_signals(const sigset_t *before)
{
    pthread_sigmask(SIG_SETMASK, before, NULL);
}

/* Ensures that the directory is ours, still has its name, and has no other probe in it. 0; -EAGAIN:
 * another probe runs, try again; or another negative errno. */
static int lock_directory(int parent_fd, int fd)
{
    struct stat here, there;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return -EAGAIN; /* without working locks, two probes at once may confuse each other */
    if (fstat(fd, &here) != 0)
        return -errno;
    if (fstatat(parent_fd, PROBE_DIRECTORY_NAME, &there, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? -EAGAIN : -errno;
    if (here.st_ino != there.st_ino || here.st_dev != there.st_dev)
        return -EAGAIN;
    int own = cache_mark_is_own(fd, &here);
    return own == 0 ? -EPERM : own < 0 ? own : 0;
}

static int try_open_directory(int parent_fd)
{
    bool is_made = mkdirat(parent_fd, PROBE_DIRECTORY_NAME, 0700) == 0;
    if (!is_made && errno != EEXIST)
        return -errno;
    int fd = open_at(parent_fd, PROBE_DIRECTORY_NAME, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? -EAGAIN : -errno;
    int status = lock_directory(parent_fd, fd);
    if (status == 0)
        status = for_each_name(fd, refuse_foreign);
    if (status == 0)
        status = for_each_name(fd, remove_name);
    if (status == 0)
        return fd;
    if (is_made && status != -EAGAIN)
        unlinkat(parent_fd, PROBE_DIRECTORY_NAME, AT_REMOVEDIR);
    close(fd);
    return status;
}

int probe_directory_open(ProbeDirectory *directory, int parent_fd)
{
    const struct timespec nap = {0, 5 * 1000 * 1000};
    int fd;
    hold_signals(&directory->before);
    while ((fd = try_open_directory(parent_fd)) == -EAGAIN) {
        release_signals(&directory->before);
        nanosleep(&nap, NULL);
        hold_signals(&directory->before);
    }
    directory->fd = fd;
    directory->parent_fd = parent_fd;
    if (fd < 0)
        release_signals(&directory->before);
    return fd < 0 ? fd : 0;
}

void probe_directory_close(ProbeDirectory *directory)
{
    for (size_t i = 0; i < MADE_NAMES; i++) /* those of the series are removed */
        unlinkat(directory->fd, made_names[i], 0);
    unlinkat(directory->parent_fd, PROBE_DIRECTORY_NAME, AT_REMOVEDIR);
    close(directory->fd);
    release_signals(&directory->before);
}
