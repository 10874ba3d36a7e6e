/* SPDX-License-Identifier: MIT */
#include "demo_build.h"
#include "demo_mini_build.h"
#include "file_stamp.h"
#include "output_place.h"
#include "system_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- the output ----------------------------------------------------------------------------- */

static const char stamp_blob[] = "output stamp";

/* Is the output still the file that the last commit left? One stat. */
static bool output_is_as_left(const Build *build, const OutputPlace *place)
{
    FileStamp now, left;
    Slice blob;
    if (!build_blob(build, stamp_blob, &blob) || blob.size != sizeof left)
        return false;
    memcpy(&left, blob.data, sizeof left);
    return place->descriptor < 0 && file_stamp_at(AT_FDCWD, place->path, &now) == 0 &&
           file_stamp_equal(&now, &left) && !build_planned(build)->output_is_in_progress;
}

/* Nothing is known of an output once it has gone into a descriptor. */
static void remember_output(Build *build, const OutputPlace *place)
{
    FileStamp stamp;
    if (place->descriptor >= 0 || file_stamp_at(AT_FDCWD, place->path, &stamp) != 0)
        stamp = (FileStamp){0};
    build_set_blob(build, stamp_blob, slice_of(&stamp, sizeof stamp));
}

/* An output written over a source, or over a file of the cache, would destroy it. */
static const char *refusal(Build *build, const OutputPlace *place)
{
    FileStamp there;
    int status = place->descriptor >= 0 ? file_stamp_of(place->descriptor, &there)
                                        : file_stamp_at(AT_FDCWD, place->path, &there);
    if (status != 0)
        there = (FileStamp){0};
    if (output_place_is_source(build, &there))
        return "cannot be the output: it is a source";
    if (output_place_is_in_cache(build, place) || output_place_is_cache_file(build, &there))
        return "cannot be the output: it is in the cache";
    return NULL;
}

static void put(Slice text, FILE *file)
{
    if (text.size != 0)
        fwrite(text.data, 1, text.size, file);
}

/* A new file. */
static int create_output(const char *path)
{
    int fd = open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
    return fd < 0 ? -errno : fd;
}

/* A FIFO or a device, or a file with no other name, which is emptied. What it is can only be known
 * once it is open, so opening truncates nothing. */
static bool can_be_written(int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return false;
    return !S_ISREG(status.st_mode) || (status.st_nlink == 1 && resize_fd(fd, 0) == 0);
}

/* A symlink or a file with a second name is replaced: its other names need not be ours. */
static int open_file(const char *path)
{
    int fd = open_at(AT_FDCWD, path, O_WRONLY | O_NOFOLLOW);
    if (fd < 0 && errno != ELOOP)
        return errno == ENOENT ? create_output(path) : -errno;
    if (fd >= 0 && can_be_written(fd))
        return fd;
    if (fd >= 0)
        close(fd);
    return unlink(path) == 0 ? create_output(path) : -errno;
}

static BuildStatus write_output(Build *build, const OutputPlace *place, const char *path)
{
    /* A descriptor that is already open is written from its current offset. */
    int fd = place->descriptor >= 0 ? output_place_open(place) : open_file(place->path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (file == NULL)
        return build_fail(build, path, "cannot open the output", fd < 0 ? -fd : errno);
    put(build_prelude(build), file);
    for (uint32_t section = 0; section < build_section_count(build); section++) {
        uint32_t count;
        const Slice *texts = build_section_texts(build, section, &count);
        for (uint32_t i = 0; i < count; i++)
            put(texts[i], file);
    }
    bool is_written = !ferror(file);
    if (fclose(file) != 0 || !is_written)
        return build_fail(build, path, "cannot write the output", errno);
    remember_output(build, place);
    return BUILD_OK;
}

/* ---- a build -------------------------------------------------------------------------------- */

/* Emits the units not in the cache, writes everything, and makes it valid with one rename. */
static BuildStatus bring_up_to_date(Build *build, const OutputPlace *place, const char *output)
{
    build_want_all(build);
    BuildStatus status = build_emit(build);
    if (status == BUILD_OK)
        status = build_save(build);
    if (status == BUILD_OK)
        status = build_begin_output(build);
    if (status == BUILD_OK)
        status = write_output(build, place, output);
    return status == BUILD_OK ? build_commit(build) : status;
}

/* The new stamps of touched files are kept, so that the next build does not read them. */
static BuildStatus keep_stamps(Build *build)
{
    if (!build_planned(build)->wants_commit)
        return BUILD_OK;
    BuildStatus status = build_save(build);
    return status == BUILD_OK ? build_commit(build) : status;
}

/* If the output cannot be written there, the compiled units are kept all the same. */
static BuildStatus emit_for_later(Build *build, const char *output, int error)
{
    build_want_all(build);
    BuildStatus status = build_emit(build);
    return status == BUILD_OK ? build_fail(build, output, "cannot open the output", error) : status;
}

BuildStatus run_build(Build *build, const char *output, bool *is_fast)
{
    OutputPlace place;
    BuildStatus status = build_plan(build);
    if (status != BUILD_OK)
        return status;
    int error = output_place_find(&place, output);
    if (error != 0)
        return emit_for_later(build, output, error);
    *is_fast = build_planned(build)->is_unchanged && build_counts(build)->files_changed == 0 &&
               output_is_as_left(build, &place);
    if (*is_fast)
        return keep_stamps(build);
    const char *why_not = refusal(build, &place);
    if (why_not == NULL)
        return bring_up_to_date(build, &place, output);
    build_fail(build, output, why_not, EINVAL);
    return BUILD_MISUSED;
}

/* ---- the program ---------------------------------------------------------------------------- */

const char *output_beside_facts(const char *output, char name[32])
{
    OutputPlace place;
    if (output_place_find(&place, output) != 0 || place.descriptor != STDOUT_FILENO)
        return output;
    int given = dup(STDOUT_FILENO);
    if (given < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return output;
    snprintf(name, 32, "/dev/fd/%d", given);
    return name;
}

static BuildStatus build_and_report(const char *entry, const char *output)
{
    MiniBuild mini;
    Observer observer = {mini_build_report_unit, &entry};
    bool is_fast = false;
    BuildStatus status = mini_build_open(&mini, entry, &observer);
    if (status == BUILD_OK)
        status = run_build(mini.build, output, &is_fast);
    if (status != BUILD_OK)
        mini_build_report_errors(&mini);
    if (status <= BUILD_PROGRAM_WRONG)
        mini_build_report_counts(&mini, is_fast);
    mini_build_close(&mini);
    return status;
}

int build_command(int argument_count, char **arguments)
{
    if (argument_count != 3) {
        fprintf(stderr, "usage: %s ENTRY.mini OUT, or: clean ENTRY.mini\n", arguments[0]);
        return BUILD_MISUSED;
    }
    if (strcmp(arguments[1], "clean") == 0)
        return (int)mini_build_clean(arguments[2]);
    char name[32];
    return (int)build_and_report(arguments[1], output_beside_facts(arguments[2], name));
}
