/* SPDX-License-Identifier: MIT */
/*
 * The directory in which a probe of the file system makes its files.
 *
 * It has a fixed name, is locked during the probe and removed after it. Signals that would end the
 * process wait until then: a tenth of a second. If the process is killed all the same, the
 * directory stays, unlocked, and the next probe empties and removes it; so a probe makes no file
 * whose name is not known here.
 *
 *     ProbeDirectory directory;
 *     int status = probe_directory_open(&directory, cache_fd);
 *     if (status != 0)
 *         return status;
 *     ... make files in directory.fd ...
 *     probe_directory_close(&directory);
 *
 * Threads: any, with different parents.
 */
#ifndef PROBE_DIRECTORY_H
#define PROBE_DIRECTORY_H

#include <signal.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PROBE_DIRECTORY_NAME ".file_system_probe"

typedef struct ProbeDirectory {
    int fd, parent_fd;
    sigset_t before; /* the signals that the thread had blocked */
} ProbeDirectory;

/* Makes the directory, or takes over one that a killed probe left; waits for another probe there,
 * and during that wait signals are delivered. `parent_fd` stays open until the close. Holds SIGHUP,
 * SIGINT, SIGQUIT and SIGTERM. 0; -EEXIST if a directory of that name holds files that no probe
 * makes, and is left as it is; or another negative errno. Then nothing is open or held. */
int probe_directory_open(ProbeDirectory *directory, int parent_fd);

/* Removes the files and the directory; signals that arrived take effect. */
void probe_directory_close(ProbeDirectory *directory);

#ifdef __cplusplus
}
#endif
#endif
