/* SPDX-License-Identifier: MIT */
#include "demo_look.h"
#include "cache_mark.h"
#include "import_scanner.h"
#include "shown_text.h"
#include "source_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void print_name(FILE *stream, Slice name, int width)
{
    ByteBuffer text = {0};
    shown_text_put(&text, name);
    fprintf(stream, "%-*.*s", width, (int)text.size, text.size == 0 ? "" : text.data);
    buffer_free(&text);
}

/* Changes to the directory of `path` and returns the file's name in it: a part of `path`, with the
 * last slash overwritten. NULL, with a message, if there is no such directory. */
static const char *enter(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == NULL)
        return path;
    *slash = '\0';
    if (chdir(slash == path ? "/" : path) == 0)
        return slash + 1;
    int error = errno;
    print_name(stderr, slice_from(path), 0);
    fprintf(stderr, ": cannot enter this directory: %s\n", strerror(error));
    return NULL;
}

int look_command(int argument_count, char **arguments, int (*program)(const char *entry))
{
    if (argument_count != 2) {
        fprintf(stderr, "usage: %s [ENTRY.mini]\n", arguments[0]);
        return LOOK_MISUSED;
    }
    const char *entry = enter(arguments[1]);
    return entry == NULL ? LOOK_MISUSED : program(entry);
}

int look_begin(Look *look)
{
    *look = (Look){0};
    look->cache_fd = cache_mark_open(".mini_cache");
    return look->cache_fd < 0 ? look->cache_fd : 0;
}

void look_end(Look *look)
{
    discovery_free(&look->found);
    file_hash_cache_close(&look->files);
    if (look->cache_fd >= 0)
        close(look->cache_fd);
}

LookStatus look_find(Look *look, const char *entry, const Observer *observer)
{
    Diagnostics errors = {0};
    DiscoveryRequest request = {
        .dir_fd = AT_FDCWD,
        .clock_dir_fd = look->cache_fd,
        .entry = slice_from(entry),
        .scan = mini_scan_imports,
        .executor = &executor_serial,
        .observer = observer,
        .diagnostics = &errors,
    };
    if (look->cache_fd >= 0)
        file_hash_cache_load(&look->files, LOOK_STATE); /* missing or damaged: all files are new */
    int status = discover(&look->found, &request, &look->files);
    diagnostics_report(&errors, (Slice){0});
    if (look->found.error == 0)
        return status == 0 ? LOOK_OK : LOOK_SOURCES_WRONG;
    return strcmp(look->found.error_path, entry) == 0 ? LOOK_MISUSED : LOOK_MACHINE_FAILED;
}

void look_report_unreadable(const Look *look, const char *entry)
{
    const Discovery *found = &look->found;
    if (found->error == 0)
        return;
    bool is_entry = strcmp(found->error_path, entry) == 0;
    print_name(stderr, slice_from(found->error_path), 0);
    fprintf(stderr, ": cannot read%s: %s\n", is_entry ? " the entry file" : "",
            strerror(-found->error));
}

int look_save(Look *look)
{
    return look->cache_fd < 0 ? look->cache_fd : file_hash_cache_save(&look->files, LOOK_STATE);
}

const char *look_error_text(int error)
{
    if (error == -ENOTEMPTY)
        return "it has other files in it, and is not marked as a cache";
    if (error == -ELOOP)
        return "it is a symlink, and none is followed";
    if (error == -EPERM)
        return "it is another user's, or others may write to it (chmod go-w)";
    return strerror(-error);
}

void diagnostics_report(Diagnostics *errors, Slice source)
{
    ByteBuffer text = {0};
    Arena arena = {0};
    diagnostics_sort(errors);
    for (size_t first = 0, end; first < errors->count; first = end) {
        const Diagnostic *items = &errors->items[first];
        end = diagnostics_file_end(errors, first);
        if (source_place_within(".", arena_copy(&arena, items->path), &arena) != NULL)
            diagnostics_format_file(items, end - first, items->path, source, &text);
        else
            diagnostics_format_kinds(items, end - first, items->path, &text);
    }
    arena_free(&arena);
    fflush(stdout); /* the verdict comes before its reasons */
    if (text.size > 0)
        fwrite(text.data, 1, text.size, stderr);
    buffer_free(&text);
    diagnostics_free(errors);
}
