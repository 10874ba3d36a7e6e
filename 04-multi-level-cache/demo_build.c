/* SPDX-License-Identifier: MIT */
#include "demo_build.h"
#include "demo_mini_build.h"
#include "file_stamp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

/* ---- the output ----------------------------------------------------------------------------- */

static const char stamp_blob[] = "output stamp";

/* Is the output the file that the last commit left? One stat. */
static bool output_is_as_left(const Build *build, const char *path)
{
    FileStamp now, left;
    Slice blob;
    if (!build_blob(build, stamp_blob, &blob) || blob.size != sizeof left)
        return false;
    memcpy(&left, blob.data, sizeof left);
    return file_stamp_at(AT_FDCWD, path, &now) == 0 && file_stamp_equal(&now, &left) &&
           !build_output_is_unsettled(build);
}

static void remember_output(Build *build, const char *path)
{
    FileStamp stamp;
    if (file_stamp_at(AT_FDCWD, path, &stamp) != 0)
        stamp = (FileStamp){0};
    build_set_blob(build, stamp_blob, slice_of(&stamp, sizeof stamp));
}

/* An output in the place of a source would be the end of that source. */
static bool is_a_source(Build *build, const char *output)
{
    FileStamp there, source;
    if (file_stamp_at(AT_FDCWD, output, &there) != 0)
        return false;
    for (uint32_t section = 0; section < build_section_count(build); section++)
        if (file_stamp_at(build_project_fd(build), build_section_path(build, section).data,
                          &source) == 0 &&
            source.inode == there.inode && source.device == there.device)
            return true;
    return false;
}

static void put(Slice text, FILE *file)
{
    if (text.size != 0)
        fwrite(text.data, 1, text.size, file);
}

static void put_sections(const Build *build, FILE *file)
{
    for (uint32_t section = 0; section < build_section_count(build); section++) {
        uint32_t count;
        const Slice *texts = build_section_texts(build, section, &count);
        for (uint32_t i = 0; i < count; i++)
            put(texts[i], file);
    }
}

static BuildStatus write_output(Build *build, const char *path)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return build_fail(build, path, "cannot open the output", errno);
    put(build_prelude(build), file);
    put_sections(build, file);
    bool is_written = !ferror(file);
    if (fclose(file) != 0 || !is_written)
        return build_fail(build, path, "cannot write the output", errno);
    remember_output(build, path);
    return BUILD_OK;
}

/* ---- a build -------------------------------------------------------------------------------- */

/* Emits what is missing, writes everything, and makes it valid with one rename. */
static BuildStatus bring_up_to_date(Build *build, const char *output)
{
    build_want_all(build);
    BuildStatus status = build_emit(build);
    if (status == BUILD_OK)
        status = build_save(build);
    if (status == BUILD_OK)
        status = build_begin_output(build);
    if (status == BUILD_OK)
        status = write_output(build, output);
    return status == BUILD_OK ? build_commit(build) : status;
}

/* Files that were touched have new stamps: kept, so that the next build does not read them. */
static BuildStatus keep_stamps(Build *build)
{
    if (!build_wants_commit(build))
        return BUILD_OK;
    BuildStatus status = build_save(build);
    return status == BUILD_OK ? build_commit(build) : status;
}

BuildStatus run_build(Build *build, const char *output, bool *is_fast)
{
    BuildStatus status = build_plan(build);
    if (status != BUILD_OK)
        return status;
    *is_fast = build_is_unchanged(build) && build_counts(build)->files_changed == 0 &&
               output_is_as_left(build, output);
    if (*is_fast)
        return keep_stamps(build);
    if (is_a_source(build, output)) {
        build_fail(build, output, "cannot be the output: it is a source", EINVAL);
        return BUILD_MISUSED;
    }
    return bring_up_to_date(build, output);
}

/* ---- the program ---------------------------------------------------------------------------- */

static BuildStatus build_and_tell(const char *entry, const char *output)
{
    MiniBuild mini;
    Observer observer = {mini_build_tell_unit, &entry};
    bool is_fast = false;
    BuildStatus status = mini_build_open(&mini, entry, &observer);
    if (status == BUILD_OK)
        status = run_build(mini.build, output, &is_fast);
    if (status != BUILD_OK)
        mini_build_tell_errors(&mini);
    if (status <= BUILD_PROGRAM_WRONG)
        mini_build_tell_counts(&mini, is_fast);
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
    return (int)build_and_tell(arguments[1], arguments[2]);
}
