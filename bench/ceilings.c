/* SPDX-License-Identifier: MIT */
/*
 * The cost of the machine itself: the least that a build must do, and nothing else.
 *
 *     ceilings DIR [OUTPUT_BYTES [RUNS]]
 *
 *     stat_walk    fstatat of every .mini file below DIR, by its path relative to a descriptor
 *                  of DIR, in byte order of the paths: a build that finds nothing changed
 *     read_all     open, fstat, read, close of every file, into one buffer: a cold build's input
 *     write_output OUTPUT_BYTES into a new file in an empty directory, by one write and a close:
 *                  a cold build's output. Without OUTPUT_BYTES, or with 0, only the walk is measured.
 *
 * One process, one thread, warm page cache: one uncounted run, then the median of RUNS, or of
 * seven. Each begins after a pause, like the builds compared with it: a processor that has just
 * been idle is slower than a busy one. A parallel build can be faster than these, and minic is;
 * they are ceilings for one thread, and the unit in which machines can be compared.
 */
#include "common.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

enum { RUNS = 7, MOST_RUNS = 99 };

typedef struct FileList {
    int directory;      /* descriptor of DIR */
    ByteBuffer text;    /* the paths, each terminated */
    ByteBuffer paths;   /* const char * each, sorted */
    size_t count;
    ByteBuffer content; /* as large as the largest file */
    int runs;           /* of each measurement: the median counts */
    size_t output_bytes;
} FileList;

static void die(const char *what)
{
    fprintf(stderr, "ceilings: %s: %s\n", what, strerror(errno));
    exit(3);
}

/* ---- the list of files ------------------------------------------------------------------------ */

static bool ends_with_mini(const char *name)
{
    size_t length = strlen(name);
    return length > 5 && strcmp(name + length - 5, ".mini") == 0;
}

static void list_files(FileList *list, const char *prefix)
{
    int descriptor = openat(list->directory, *prefix == '\0' ? "." : prefix, O_RDONLY);
    DIR *stream = descriptor < 0 ? NULL : fdopendir(descriptor);
    if (stream == NULL)
        die(*prefix == '\0' ? "the directory" : prefix);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        char path[4096];
        struct stat status;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s%s%s", prefix, *prefix == '\0' ? "" : "/", entry->d_name);
        if (fstatat(list->directory, path, &status, AT_SYMLINK_NOFOLLOW) != 0)
            die(path);
        if (S_ISDIR(status.st_mode))
            list_files(list, path);
        else if (S_ISREG(status.st_mode) && ends_with_mini(path))
            buffer_put(&list->text, slice_of(path, strlen(path) + 1));
    }
    closedir(stream);
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort_files(FileList *list)
{
    for (size_t at = 0; at < list->text.size; at += strlen(list->text.data + at) + 1) {
        const char *path = list->text.data + at;
        buffer_put(&list->paths, slice_of(&path, sizeof path));
        list->count++;
    }
    qsort(list->paths.data, list->count, sizeof(char *), compare_paths);
}

static const char *path_at(const FileList *list, size_t i)
{
    return ((const char *const *)(const void *)list->paths.data)[i];
}

/* ---- the three ceilings ------------------------------------------------------------------------ */

static void stat_walk(FileList *list)
{
    struct stat status;
    for (size_t i = 0; i < list->count; i++)
        if (fstatat(list->directory, path_at(list, i), &status, 0) != 0)
            die(path_at(list, i));
}

static void read_all(FileList *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct stat status;
        int file = openat(list->directory, path_at(list, i), O_RDONLY | O_CLOEXEC);
        if (file < 0 || fstat(file, &status) != 0)
            die(path_at(list, i));
        buffer_reserve(&list->content, (size_t)status.st_size);
        if (read(file, list->content.data, (size_t)status.st_size) != status.st_size)
            die(path_at(list, i));
        close(file);
    }
}

static void write_output(FileList *list)
{
    int file = openat(list->directory, "ceilings.tmp/output", O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (file < 0)
        die("ceilings.tmp/output");
    for (size_t done = 0; done < list->output_bytes;) {
        ssize_t wrote = write(file, list->content.data + done, list->output_bytes - done);
        if (wrote <= 0)
            die("ceilings.tmp/output");
        done += (size_t)wrote;
    }
    close(file);
}

/* ---- measuring --------------------------------------------------------------------------------- */

static int compare_times(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void nothing(FileList *list)
{
    (void)list;
}

static void remove_output(FileList *list)
{
    unlinkat(list->directory, "ceilings.tmp/output", 0);
}

static void measure(const char *name, FileList *list, void (*work)(FileList *),
                    void (*clean_up)(FileList *))
{
    double times[MOST_RUNS];
    work(list);
    clean_up(list);
    for (int run = 0; run < list->runs; run++) {
        take_a_break();
        double start = now_ms();
        work(list);
        times[run] = now_ms() - start;
        clean_up(list);
    }
    qsort(times, (size_t)list->runs, sizeof *times, compare_times);
    printf(", \"%s_ms\": %.3f", name, times[list->runs / 2]);
}

static void measure_output(FileList *list, size_t bytes)
{
    if (mkdirat(list->directory, "ceilings.tmp", 0777) != 0)
        die("ceilings.tmp");
    list->output_bytes = bytes;
    list->content.size = 0;
    buffer_reserve(&list->content, bytes);
    memset(list->content.data, ';', bytes);
    measure("write_output", list, write_output, remove_output);
    unlinkat(list->directory, "ceilings.tmp", AT_REMOVEDIR);
}

static int usage(void)
{
    fprintf(stderr, "usage: ceilings DIR [OUTPUT_BYTES [RUNS]]\n");
    return 2;
}

int main(int argc, char **argv)
{
    if (argc < 2 || argc > 4)
        return usage();
    size_t output_bytes = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    FileList list = {.directory = open(argv[1], O_RDONLY | O_DIRECTORY),
                     .runs = argc > 3 ? atoi(argv[3]) : RUNS};
    if (list.runs < 1 || list.runs > MOST_RUNS)
        return usage();
    if (list.directory < 0)
        die(argv[1]);
    list_files(&list, "");
    sort_files(&list);
    printf("{\"files\": %zu", list.count);
    measure("stat_walk", &list, stat_walk, nothing);
    if (output_bytes > 0) {
        measure("read_all", &list, read_all, nothing);
        measure_output(&list, output_bytes);
    }
    printf("}\n");
    buffer_free(&list.text);
    buffer_free(&list.paths);
    buffer_free(&list.content);
    close(list.directory);
    return 0;
}
