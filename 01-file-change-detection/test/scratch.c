/* SPDX-License-Identifier: MIT */
#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void scratch_open(Scratch *scratch)
{
    const char *parent = getenv("TMPDIR");
    if (parent == NULL || parent[0] == '\0')
        parent = "/tmp";
    int length = snprintf(scratch->path, sizeof scratch->path, "%s/scratch-XXXXXX", parent);
    assert_true(length > 0 && (size_t)length < sizeof scratch->path);
    assert_non_null(mkdtemp(scratch->path));
    scratch->fd = open(scratch->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(scratch->fd >= 0);
}

/* Recursion is only as deep as the test's directories. */
static void remove_contents(int dir_fd)
{
    DIR *dir = fdopendir(dir_fd);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(dir_fd, entry->d_name, 0) == 0)
            continue;
        int child = openat(dir_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        assert_true(child >= 0);
        remove_contents(child);
        assert_int_equal(unlinkat(dir_fd, entry->d_name, AT_REMOVEDIR), 0);
    }
    closedir(dir);
}

void scratch_close(Scratch *scratch)
{
    remove_contents(scratch->fd);
    assert_int_equal(rmdir(scratch->path), 0);
    *scratch = (Scratch){.fd = -1};
}

int scratch_setup(void **state)
{
    Scratch *scratch = malloc(sizeof *scratch);
    assert_non_null(scratch);
    scratch_open(scratch);
    *state = scratch;
    return 0;
}

int scratch_teardown(void **state)
{
    scratch_close(*state);
    free(*state);
    return 0;
}

static void make_parents(const Scratch *scratch, const char *name)
{
    char parent[4096];
    for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        size_t length = (size_t)(slash - name);
        assert_true(length < sizeof parent);
        memcpy(parent, name, length);
        parent[length] = '\0';
        mkdirat(scratch->fd, parent, 0777); /* it may exist: the open that follows finds out */
    }
}

void scratch_write_bytes(const Scratch *scratch, const char *name, Slice bytes)
{
    make_parents(scratch, name);
    int fd = openat(scratch->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    size_t done = 0;
    while (done < bytes.size) {
        ssize_t count = write(fd, bytes.data + done, bytes.size - done);
        assert_true(count > 0);
        done += (size_t)count;
    }
    assert_int_equal(close(fd), 0);
}

void scratch_write(const Scratch *scratch, const char *name, const char *text)
{
    scratch_write_bytes(scratch, name, slice_from(text));
}

char *scratch_read(const Scratch *scratch, const char *name, size_t *size)
{
    int fd = openat(scratch->fd, name, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    struct stat status;
    assert_int_equal(fstat(fd, &status), 0);
    size_t length = (size_t)status.st_size;
    char *text = malloc(length + 1);
    assert_non_null(text);
    for (size_t done = 0; done < length;) {
        ssize_t count = read(fd, text + done, length - done);
        assert_true(count > 0);
        done += (size_t)count;
    }
    text[length] = '\0';
    assert_int_equal(close(fd), 0);
    if (size != NULL)
        *size = length;
    return text;
}

static bool is_later(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

static struct timespec stamp_now(const Scratch *scratch)
{
    struct stat status;
    scratch_write(scratch, ".tick", "");
    assert_int_equal(fstatat(scratch->fd, ".tick", &status, 0), 0);
    assert_int_equal(unlinkat(scratch->fd, ".tick", 0), 0);
    return status.st_mtim;
}

/* A ctime cannot be set. Wait until the file system stamps new files with a later one. */
static void wait_until_clock_passes(const Scratch *scratch, struct timespec moment)
{
    do {
        struct timespec nap = {0, 1000000};
        nanosleep(&nap, NULL);
    } while (!is_later(stamp_now(scratch), moment));
}

void scratch_settle(const Scratch *scratch)
{
    wait_until_clock_passes(scratch, stamp_now(scratch));
}

void scratch_age(const Scratch *scratch, const char *name, int seconds)
{
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
    struct timespec times[2] = {{0, UTIME_OMIT}, {now.tv_sec - seconds, now.tv_nsec}};
    assert_int_equal(utimensat(scratch->fd, name, times, 0), 0);
    struct stat status;
    assert_int_equal(fstatat(scratch->fd, name, &status, 0), 0);
    wait_until_clock_passes(scratch, status.st_ctim);
}

bool scratch_exists(const Scratch *scratch, const char *name)
{
    struct stat status;
    return fstatat(scratch->fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(a, b);
}

FileList scratch_list(const Scratch *scratch, const char *directory)
{
    FileList list = {0};
    int fd = openat(scratch->fd, directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (dir == NULL)
        return list;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        assert_true(list.count < sizeof list.paths / sizeof *list.paths);
        char *path = list.paths[list.count++];
        int length = snprintf(path, sizeof *list.paths, "%s/%s", directory, entry->d_name);
        assert_true((size_t)length < sizeof *list.paths);
    }
    closedir(dir);
    qsort(list.paths, list.count, sizeof *list.paths, compare_paths);
    return list;
}

void scratch_edit(const Scratch *scratch, const char *name, const char *from, const char *to)
{
    size_t size;
    char *text = scratch_read(scratch, name, &size), *found = strstr(text, from);
    if (found == NULL)
        fail_msg("%s has no \"%s\"", name, from);
    size_t edited_size = size - strlen(from) + strlen(to), at = (size_t)(found - text);
    char *edited = malloc(edited_size + 1);
    assert_non_null(edited);
    memcpy(edited, text, at);
    memcpy(edited + at, to, strlen(to));
    strcpy(edited + at + strlen(to), found + strlen(from));
    scratch_write_bytes(scratch, name, slice_of(edited, edited_size));
    free(edited);
    free(text);
}

void scratch_flip(const Scratch *scratch, const char *name, off_t place, int bits)
{
    char byte;
    int fd = openat(scratch->fd, name, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, place), 1);
    byte = (char)(byte ^ bits);
    assert_int_equal(pwrite(fd, &byte, 1, place), 1);
    assert_int_equal(close(fd), 0);
}

static void limit_files(rlim_t size)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size < limit.rlim_max ? size : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

void full_disk_begin(size_t file_size)
{
    signal(SIGXFSZ, SIG_IGN); /* so that writing fails, as on a full disk */
    limit_files(file_size);
}

void full_disk_end(void)
{
    limit_files(RLIM_INFINITY);
}
