/* SPDX-License-Identifier: MIT */
/*
 * The file names the holder of the lock in one line of three words: the machine, the process, and
 * when that began, since process numbers are reused. A machine is identified by its boot and by the
 * set of visible processes, which differs in each container.
 */
#include "lock_file.h"

#include "content_hash.h"
#include "system_calls.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    OWNER_SIZE = 128,
    MOST_KILLED = 1000,
    LOOKS = 12000, /* at a holder that cannot be asked: ten minutes */
    LOOK_EVERY_MS = 50,
};

typedef enum Holder { HOLDER_GONE, HOLDER_DEAD, HOLDER_ALIVE, HOLDER_UNKNOWN } Holder;

/* ---- who ------------------------------------------------------------------------------------ */

/* At most `size` - 1 bytes of a file; "" if it cannot be read. */
static int read_text(int dir_fd, const char *name, char *text, size_t size)
{
    int fd = open_file_at(dir_fd, name, O_RDONLY | O_NOFOLLOW);
    ssize_t count = -1;
    text[0] = '\0';
    while (fd >= 0 && (count = read(fd, text, size - 1)) < 0 && errno == EINTR)
        continue;
    int status = count < 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    if (count >= 0)
        text[count] = '\0';
    return status;
}

/* When a process began, in ticks since boot; 0 where that is not reported. It is the 22nd word; the
 * second, in parentheses, may contain blanks. */
static unsigned long long start_of(long process)
{
    char name[64], text[1024];
    snprintf(name, sizeof name, "/proc/%ld/stat", process);
    read_text(AT_FDCWD, name, text, sizeof text);
    const char *word = strrchr(text, ')');
    for (int i = 2; word != NULL && i < 22; i++)
        word = strchr(word + 1, ' ');
    return word == NULL ? 0 : strtoull(word, NULL, 10);
}

static void name_machine(char hex[HASH_HEX_SIZE + 1])
{
    char boot[64], processes[64], host[256] = "";
    ByteBuffer key = {0};
    read_text(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot, sizeof boot);
    ssize_t size = readlink("/proc/self/ns/pid", processes, sizeof processes);
    if (boot[0] == '\0')
        gethostname(host, sizeof host - 1);
    key_put_slice(&key, slice_from(boot));
    key_put_slice(&key, slice_of(processes, size < 0 ? 0 : (size_t)size));
    key_put_slice(&key, slice_from(host));
    hash_to_hex(hash_bytes(buffer_slice(&key)), hex);
    buffer_free(&key);
}

static int write_owner(int fd)
{
    char machine[HASH_HEX_SIZE + 1], text[OWNER_SIZE];
    name_machine(machine);
    int size = snprintf(text, sizeof text, "%s %ld %llu\n", machine, (long)getpid(),
                        start_of(getpid()));
    ssize_t written;
    do
        written = write(fd, text, (size_t)size);
    while (written < 0 && errno == EINTR);
    return written == size ? 0 : written < 0 ? -errno : -ENOSPC;
}

static bool is_running(long process, unsigned long long start)
{
    if (kill((pid_t)process, 0) != 0 && errno == ESRCH)
        return false;
    unsigned long long now = start_of(process);
    return start == 0 || now == 0 || now == start;
}

/* An empty file belongs to a process that is about to write it. */
static Holder look_at_holder(int dir_fd, const char *name)
{
    char text[OWNER_SIZE], machine[HASH_HEX_SIZE + 1], owner[HASH_HEX_SIZE + 1];
    long process;
    unsigned long long start;
    if (read_text(dir_fd, name, text, sizeof text) == -ENOENT)
        return HOLDER_GONE;
    if (sscanf(text, "%32s %ld %llu", owner, &process, &start) != 3 || process <= 0)
        return HOLDER_UNKNOWN;
    name_machine(machine);
    if (strcmp(owner, machine) != 0)
        return HOLDER_UNKNOWN;
    return is_running(process, start) ? HOLDER_ALIVE : HOLDER_DEAD;
}

_Static_assert(HASH_HEX_SIZE == 32, "as sscanf reads it");

/* ---- the lock ------------------------------------------------------------------------------- */

static void name_of(char name[24], unsigned number)
{
    snprintf(name, 24, "lock.%u", number);
}

/* 0, -EEXIST or another negative errno. */
static int make(int dir_fd, const char *name)
{
    int fd = open_at(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    int status = write_owner(fd);
    if (close_fd(fd) != 0 && status == 0)
        status = -errno;
    if (status != 0)
        unlinkat(dir_fd, name, 0);
    return status;
}

void lock_waiting_begin(LockWaiting *waiting)
{
    if (waiting->begins != NULL)
        waiting->begins(waiting->context);
    waiting->begins = NULL;
}

int lock_waiting_pause(LockWaiting *waiting, unsigned *waited_ms)
{
    struct timespec moment = {0, LOOK_EVERY_MS * 1000000L};
    lock_waiting_begin(waiting);
    if (waiting->goes_on != NULL && !waiting->goes_on(waiting->context, *waited_ms))
        return -EBUSY;
    nanosleep(&moment, NULL);
    *waited_ms += LOOK_EVERY_MS;
    return 0;
}

int lock_file_take(LockFile *lock, int dir_fd, LockWaiting *waiting)
{
    unsigned number = 0, looks = 0, waited_ms = 0;
    while (number < MOST_KILLED) {
        char name[24];
        name_of(name, number);
        int status = make(dir_fd, name);
        if (status != -EEXIST) {
            *lock = (LockFile){status == 0, number};
            return status;
        }
        Holder holder = look_at_holder(dir_fd, name);
        if (holder == HOLDER_DEAD) {
            number++;
            continue;
        }
        if (holder != HOLDER_ALIVE && ++looks == LOOKS)
            return -ETIMEDOUT;
        if (holder != HOLDER_GONE && lock_waiting_pause(waiting, &waited_ms) != 0)
            return -EBUSY;
    }
    return -EMLINK;
}

void lock_file_release(LockFile *lock, int dir_fd)
{
    char name[24];
    if (!lock->is_held)
        return;
    name_of(name, lock->number);
    unlinkat(dir_fd, name, 0);
    *lock = (LockFile){0};
}
